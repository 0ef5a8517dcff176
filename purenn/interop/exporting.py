"""Writes a network to one file: its program for a batch of any size, and its weights. `exported` reads the file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn.interop.checkpoint.writing import save
from purenn.interop.exported import KEY, PROGRAM, VERSION, checksum, import_flatbuffers, shape_text
from purenn.tree import flatten, nest
from purenn.typing import ArrayLike

if TYPE_CHECKING:
    from purenn.layers.base import Layer
    from purenn.nn.module import Module

__all__ = ["export"]


def export(
    layer: Layer | Module,
    params: Mapping[str, Any],
    state: Mapping[str, Any],
    *example: object,
    path: str | os.PathLike[str],
    batch: bool = True,
    shapes: Sequence[str | None] | None = None,
    platforms: Sequence[str] | None = None,
) -> None:
    """Writes a layer in evaluation mode and its arrays to one file, which runs without the layer's code.

    The file is a safetensors file. It holds the arrays under their names and the program, StableHLO as `jax.export`
    serializes it, so it runs with later versions of jax too. It is written whole or not at all.

    Args:
        layer: the layer, or a module.
        params, state: its arrays, as in ``layer.apply(params, state, *example)``.
        example: inputs, arrays or `jax.ShapeDtypeStruct`; also in lists and dicts.
        path: the file.
        batch: whether the first axis of the first input is a batch of any size; so is the first axis of every other
            input whose size is the same. Give an example of 2 or more, of a size that no other first axis has.
        shapes: in place of that, the shape of each array of the inputs as `jax.export.symbolic_shape` has it, such
            as ``"b, 3, h, w"``; None for the example's own.
        platforms: for which the program is made, of ``"cpu"``, ``"cuda"``, ``"rocm"`` and ``"tpu"``; the present one
            by default.

    Raises:
        ValueError: the layer doesn't work for sizes that aren't known.
        ImportError: safetensors or flatbuffers isn't installed (the extra ``interop``).

    Example:
        >>> import os, tempfile, jax, jax.numpy as jnp
        >>> from purenn import interop, layers
        >>> layer = layers.Linear(3, 2)
        >>> params, state = layer.init(jax.random.key(0))
        >>> path = os.path.join(tempfile.mkdtemp(), "linear.purenn")
        >>> interop.export(layer, params, state, jnp.ones((4, 3)), path=path)
        >>> interop.load_exported(path)(jnp.ones((7, 3))).shape
        (7, 2)
    """
    if not example:
        raise TypeError("export: give an example of the inputs behind the state")
    weights = flatten({"params": params, "state": state})
    names = [*weights]
    leaves, tree = jax.tree.flatten(example)
    specs = _specs(leaves, batch, shapes)
    call = _evaluation(layer)

    def program(arrays: list[Any], *inputs: object) -> Any:
        nested = nest(dict(zip(names, arrays, strict=True)))
        return call(nested.get("params", {}), nested.get("state", {}), *inputs)

    arguments = [_spec(array) for array in weights.values()]
    from jax import export as jax_export

    try:
        exported = jax_export.export(jax.jit(program), platforms=list(platforms) if platforms else None)(
            arguments, *jax.tree.unflatten(tree, specs)
        )
    except Exception as error:  # jax's own for a size that isn't known, and what a layer makes of it
        if all(isinstance(n, int) for spec in specs for n in spec.shape):
            raise
        raise ValueError(
            f"export: the layer doesn't work for inputs {', '.join(map(shape_text, specs))} of any size: give shapes= "
            f"that say which sizes are open (a multiple such as 8*h of those that are pooled), or batch=False for "
            f"those of the example alone. {str(error)[:500]}"
        ) from error
    import_flatbuffers()
    raw = np.frombuffer(exported.serialize(), np.uint8)
    arrays = {name: np.asarray(array) for name, array in weights.items()}
    about = {"version": VERSION, "weights": names, "checksum": checksum([raw, *arrays.values()])}
    save(path, {PROGRAM: raw, **arrays}, metadata={KEY: json.dumps(about)})


def _spec(leaf: ArrayLike | jax.ShapeDtypeStruct) -> jax.ShapeDtypeStruct:
    if isinstance(leaf, jax.ShapeDtypeStruct):
        return leaf
    x = jnp.asarray(leaf)
    return jax.ShapeDtypeStruct(x.shape, x.dtype)


def _specs(leaves: list[Any], batch: bool, shapes: Sequence[str | None] | None) -> list[jax.ShapeDtypeStruct]:
    """The inputs' shapes and dtypes, with symbols for the sizes that are open."""
    from jax import export as jax_export

    specs = [_spec(leaf) for leaf in leaves]
    if shapes is not None:
        if len(shapes) != len(specs):
            raise ValueError(
                f"export: shapes must have one shape per array of the example ({len(specs)}), got {shapes}"
            )
        texts = list(shapes)
    elif batch:
        size = specs[0].shape[0] if specs and specs[0].shape else None
        texts = [
            ", ".join(["b", *map(str, spec.shape[1:])]) if spec.shape and spec.shape[0] == size else None
            for spec in specs
        ]
    else:
        texts = [None] * len(specs)
    scope = jax_export.SymbolicScope()
    return [
        spec
        if text is None
        else jax.ShapeDtypeStruct(jax_export.symbolic_shape(text, like=spec.shape, scope=scope), spec.dtype)
        for text, spec in zip(texts, specs, strict=True)
    ]


def _evaluation(layer: Layer | Module) -> Callable[..., Any]:
    """The function of parameters, state and inputs that gives the output in evaluation mode."""
    from purenn.nn.module import Module
    from purenn.nn.pure_calls import functional_call

    def call(params: dict[str, Any], state: dict[str, Any], *inputs: object) -> Any:
        if isinstance(layer, Module):
            return functional_call(layer, params, state, *inputs, training=False)[0]
        return layer.apply(params, state, *inputs, training=False)[0]

    return call
