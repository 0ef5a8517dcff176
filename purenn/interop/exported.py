"""Reads and runs a network that is one file: its compiled program for a batch of any size, and its weights.

The file is one of safetensors, whose metadata has a description under `KEY`; `exporting` writes it.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn.interop.checkpoint.errors import CheckpointError, naming_file
from purenn.interop.checkpoint.reading import load
from purenn.interop.checkpoint.safetensors_files import read_metadata, strict_json

if TYPE_CHECKING:
    from jax.core import ShapedArray
    from jax.export import Exported

__all__ = [
    "KEY",
    "PROGRAM",
    "VERSION",
    "ExportedLayer",
    "checksum",
    "import_flatbuffers",
    "load_exported",
    "shape_text",
]

VERSION = 1
# The calls out of a program that jax guarantees to keep working, all to its own numerical functions.
_CALLS = re.compile(
    r"(lapack|cu|cusolver|cusparse|hip|hipsolver|hipblas)_\w+_ffi|(cu|hip)_lu_pivots_to_permutation|Sharding|ApproxTopK"
    r"|SPMDFullToShardShape|SPMDShardToFullShape|shape_assertion|AllocateBuffer|annotate_device_placement|Eigh|Qr"
    r"|LuDecomposition|ProductOfElementaryHouseholderReflectors|(mhlo|stablehlo|chlo)\.\w+"
)
KEY = "purenn.export"  # of the metadata
PROGRAM = "program"


def import_flatbuffers() -> None:
    """The library by which jax serializes programs.

    Raises:
        ImportError: it isn't installed.
    """
    try:
        importlib.import_module("flatbuffers")
    except ImportError as error:
        raise ImportError("exported programs need flatbuffers: pip install 'purenn[interop]'") from error


def checksum(arrays: Sequence[np.ndarray]) -> str:
    """A hash of arrays' bytes: a damaged program must not get as far as a compiler."""
    hasher = hashlib.sha256()
    for array in arrays:
        hasher.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return hasher.hexdigest()


class ExportedLayer:
    """A program of a file with its weights: call it with inputs of the shapes that `inputs` tells.

    Attributes:
        inputs: the shapes and dtypes of the inputs, such as ``["float32[b,3]"]``.
        platforms: those that the program was made for.
        weights: the arrays by name.
    """

    def __init__(self, exported: Exported, weights: dict[str, jax.Array]):
        self._exported, self.weights = exported, weights
        self._arrays = [*weights.values()]
        self._specs = exported.in_avals[len(weights) :]
        self.inputs = [shape_text(spec) for spec in self._specs]
        self.platforms = tuple(exported.platforms)
        self._call = jax.jit(exported.call)

    def __repr__(self) -> str:
        return f"ExportedLayer({', '.join(self.inputs)}; {', '.join(self.platforms)})"

    def __call__(self, *inputs: object) -> Any:
        """The output for inputs of the shapes that the program was made for.

        Raises:
            ValueError: an input has another shape or dtype, or the program is for another platform.
        """
        platform = {"gpu": "cuda"}.get(jax.default_backend(), jax.default_backend())
        if platform not in self.platforms:
            raise ValueError(
                f"the exported program is for {', '.join(self.platforms)}, and this is {platform}: export it with "
                f"platforms=({platform!r},) or more of them"
            )
        self._check(inputs)
        return self._call(self._arrays, *inputs)

    def _check(self, inputs: tuple[object, ...]) -> None:
        leaves = jax.tree.leaves(inputs)
        expected = self._exported.in_tree.children()[0].children()[1:]
        trees = [jax.tree.structure(each) for each in inputs]
        if trees != expected:
            raise ValueError(f"the exported program takes {len(expected)} inputs of the form {expected}, got {trees}")
        sizes: dict[str, int] = {}
        for i, (leaf, spec) in enumerate(zip(leaves, self._specs, strict=True)):
            shape, dtype = jnp.shape(leaf), getattr(leaf, "dtype", jax.dtypes.canonicalize_dtype(type(leaf)))
            fits = len(shape) == len(spec.shape) and dtype == spec.dtype
            for size, expected_size in zip(shape, spec.shape, strict=False):
                if isinstance(expected_size, int):
                    fits &= size == expected_size
                elif str(expected_size).isidentifier():
                    fits &= sizes.setdefault(str(expected_size), size) == size
            if not fits:
                also = ", ".join(f"{name} = {size}" for name, size in sizes.items())
                raise ValueError(
                    f"input {i} of the exported program must be {shape_text(spec)}, got {dtype}{list(shape)}"
                    + (f" ({also})" if also else "")
                )


def load_exported(path: str | os.PathLike[str]) -> ExportedLayer:
    """Reads what `export` wrote, to be run without the code of the layer.

    A program is checked against its checksum before anything looks into it, and one that calls back into Python is
    refused. A program computes what it likes, though: run those of people you trust.

    Args:
        path: the file.

    Returns:
        The program: a function of the inputs.

    Raises:
        CheckpointError: a ValueError: the file is damaged, or of a later version of purenn or jax.
        ImportError: safetensors or flatbuffers isn't installed (the extra ``interop``).

    Example:
        >>> import os, tempfile, jax, jax.numpy as jnp
        >>> from purenn import interop, layers
        >>> layer = layers.Linear(3, 2)
        >>> path = os.path.join(tempfile.mkdtemp(), "linear.purenn")
        >>> interop.export(layer, *layer.init(jax.random.key(0)), jnp.ones((4, 3)), path=path)
        >>> interop.load_exported(path)
        ExportedLayer(float32[b,3]; cpu)
    """
    with naming_file(path):
        about = _about(path)
        arrays = _unnamed(load(path, numpy=True), about)
        return _program(arrays.pop(PROGRAM), arrays)


def _about(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The description of an exported program in a file's metadata."""
    metadata = read_metadata(path)
    if KEY not in metadata:
        raise CheckpointError("the file is no exported program: read its arrays by purenn.load")
    about = strict_json(metadata[KEY].encode())
    version = about.get("version")
    if type(version) is not int or not 1 <= version <= VERSION:
        raise CheckpointError(
            f"the exported program has version {str(version)[:20]}, this purenn reads up to {VERSION}: use a later one"
        )
    return about


def _unnamed(content: dict[str, Any], about: dict[str, Any]) -> dict[str, np.ndarray]:
    """The program and the weights in the order of the program's arguments, compared with their checksum."""
    names = about.get("weights")
    if not isinstance(names, list) or {PROGRAM, *map(str, names)} != set(content) or len(names) != len(content) - 1:
        raise CheckpointError("the list of weights is not that of the arrays")
    arrays = {name: content[name] for name in [PROGRAM, *names]}
    if checksum([*arrays.values()]) != about.get("checksum"):
        raise CheckpointError("the checksum is wrong: the file is damaged")
    return arrays


def _program(raw: np.ndarray, weights: dict[str, np.ndarray]) -> ExportedLayer:
    from jax import export as jax_export

    import_flatbuffers()
    try:
        exported = jax_export.deserialize(bytearray(raw.tobytes()))
        calls = _calls(exported.mlir_module())
    except Exception as error:  # of flatbuffers, of MLIR, of jax
        raise CheckpointError(f"jax can't read the program: {str(error)[:300]}") from error
    if unknown := sorted(name[:100] for name in calls if not _CALLS.fullmatch(name)):
        raise CheckpointError(f"the program calls {', '.join(unknown[:3])}, which may run any code: it is refused")
    specs = exported.in_avals[: len(weights)]
    wide = [str(spec.dtype) for spec in exported.in_avals if jax.dtypes.canonicalize_dtype(spec.dtype) != spec.dtype]
    if wide:
        raise CheckpointError(f"the program has {wide[0]}: call jax.config.update('jax_enable_x64', True) before")
    fits = [(s.shape, s.dtype) == (w.shape, w.dtype) for s, w in zip(specs, weights.values(), strict=False)]
    if len(fits) != len(weights) or not all(fits):
        raise CheckpointError("the weights don't fit the program")
    return ExportedLayer(exported, {name: jax.device_put(array) for name, array in weights.items()})


def _calls(text: str) -> set[str]:
    """The names of all functions outside of a program that it calls."""
    calls = re.findall(r'custom_call @("[^"]*"|[^\s(]+)|call_target_name = "([^"]*)"', text)
    return {(bare or quoted).strip('"') for bare, quoted in calls}


def shape_text(spec: jax.ShapeDtypeStruct | ShapedArray) -> str:
    return f"{spec.dtype}[{','.join(map(str, spec.shape))}]"
