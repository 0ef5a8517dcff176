"""Reading of a state_dict, with arrays of any library, and advice for names that don't fit.

`purenn.nn.state_dict` writes the arrays into a module.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn.nn import access
from purenn.nn.arrays import cast, placed_like
from purenn.nn.node import Node
from purenn.nn.structure import structure
from purenn.variable import Variable

__all__ = ["EXTRA_STATE", "check_kind", "fitting", "flat_copy", "remedy", "sized_by", "tensor_values"]

EXTRA_STATE = "_extra_state"


def check_kind(state_dict: object) -> None:
    """Refuses anything but a dict."""
    if isinstance(state_dict, Node) or hasattr(state_dict, "state_dict"):
        raise TypeError(
            f"load_state_dict takes a dict of arrays by name, got the module {type(state_dict).__name__}: give its "
            "state_dict()"
        )
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"load_state_dict takes a dict of arrays by name, got {type(state_dict).__name__}")


def flat_copy(state_dict: Mapping[Any, Any]) -> OrderedDict[str, Any]:
    """A flat copy of a state_dict, which may be nested, with dotted names; an extra state stays nested."""
    return OrderedDict(_leaves(state_dict, ""))


def _leaves(tree: Mapping[Any, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, Mapping) and str(name).rpartition(".")[2] != EXTRA_STATE:
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def fitting(
    variables: Mapping[str, Variable], arrays: Mapping[str, Any], problems: list[str], assign: bool, keep: bool = False
) -> dict[Variable, Any]:
    """The arrays to write by variable; messages about arrays that don't fit are added to ``problems``.

    Args:
        variables: the variables by name.
        arrays: the given ones by name.
        problems: a list to add messages to.
        assign: whether the arrays keep their own dtypes and devices.
        keep: whether an array may be kept without a copy, unless another variable holds it.
    """
    writes: dict[Variable, Any] = {}
    owned = access.owned() if keep else ()
    for name, variable in variables.items():
        if name not in arrays:
            continue
        old, new = variable.value, arrays[name]
        shape = getattr(new, "shape", None)
        if shape is None:
            problems.append(f'While copying the parameter named "{name}", expected an array, got {type(new).__name__}')
            continue
        if tuple(shape) != old.shape and not (old.shape == () and tuple(shape) == (1,)):
            problems.append(
                f"size mismatch for {name}: copying a param with shape {tuple(shape)} from checkpoint, "
                f"the shape in current model is {old.shape}."
            )
            continue
        try:
            array = _as_jax(new, old, assign)
        except (TypeError, ValueError, RuntimeError, NotImplementedError) as error:
            problems.append(f'While copying the parameter named "{name}", an exception occurred: {error}')
            continue
        kept = array is new and keep and id(new) not in owned
        writes[variable] = array if kept or array is not new else access.own_copy(array)
    return writes


def _as_jax(x: Any, old: Any, assign: bool) -> jax.Array:
    """An array of any library as a jax array that shares no memory with that library."""
    if isinstance(x, jax.Array):
        x = x.reshape(old.shape)
        return x if assign else placed_like(cast(x, old.dtype), old)
    if hasattr(x, "detach"):
        x = tensor_values(x)
    x = np.asarray(x).reshape(old.shape)
    if x.dtype.kind not in "biufcV":
        raise TypeError(f"it must hold numbers, got dtype {x.dtype}")
    return jnp.array(x) if assign else placed_like(jax.device_put(np.array(cast(x, old.dtype))), old)


def tensor_values(x: Any) -> np.ndarray:
    """The values of a torch tensor; numpy's array may share its memory.

    Raises:
        TypeError: a sparse tensor, or one of another layout without strides.
    """
    x = x.detach().cpu()
    if str(x.layout) != "torch.strided":
        raise TypeError(f"a tensor of layout {x.layout} can't be converted: call to_dense() on it first")
    name = str(x.dtype).removeprefix("torch.")
    if name.startswith(("bfloat16", "float8", "float4")):  # numpy has these only by jax's dtypes
        return x.float().numpy().astype(jnp.dtype(name))
    return x.resolve_conj().resolve_neg().numpy()


@contextlib.contextmanager
def sized_by(module: Node, arrays: Mapping[str, Any]) -> Iterator[None]:
    """A context in which lazy modules have the sizes of the given arrays; after an error they are lazy again."""
    before = []
    try:
        for path, part in list(structure(module).parts.items()):
            layer: Any = part._layer
            if layer is None or not layer.lazy:
                continue
            prefix = f"{path}." if path else ""
            part_arrays = {n.removeprefix(prefix): array for n, array in arrays.items() if n.startswith(prefix)}
            if part_arrays:
                before.append((part, type(part), dict(vars(part))))
                part._materialize(layer.of(part_arrays))
        yield
    except BaseException:
        for part, cls, attributes in before:
            object.__setattr__(part, "__class__", cls)
            part._touched()
            vars(part).clear()
            vars(part).update(attributes)
            part._touched()
        raise


def remedy(variables: Mapping[str, Variable], state_dict: Mapping[str, Any], path: str | None = None) -> str:
    """Advice for names that would fit with or without a prefix; "" if there is none.

    Args:
        variables: the variables of the module by name.
        state_dict: the given dict.
        path: the file from which it was read.
    """
    expected, saved = set(variables), set(flat_copy(state_dict))
    if whole_prefix := _prefix(saved, expected):
        if path is not None:
            return (
                f"\nThe names fit without {whole_prefix!r}: give purenn.load({path!r}, select={whole_prefix[:-1]!r})."
            )
        where, prefix = "state_dict", whole_prefix
        while prefix:  # follows the prefix through nested dicts
            first, _, rest = prefix.partition(".")
            if not isinstance(state_dict.get(first), Mapping):
                break
            where, prefix, state_dict = f"{where}[{first!r}]", rest, state_dict[first]
        if not prefix:
            return f"\nThe names fit without {whole_prefix!r}: give {where}."
        names = f"{{name.removeprefix({prefix!r}): array for name, array in {where}.items()}}"
        return f"\nThe names fit without {whole_prefix!r}: give {names}."
    if whole_prefix := _prefix(expected, saved):
        return f"\nThe names fit with {whole_prefix!r} before them: load into net.{whole_prefix.rstrip('.')}."
    return ""


def _prefix(long: set[str], short: set[str]) -> str:
    """The prefix without which names of one set are most names of another; "" if there is none."""
    counts: dict[str, int] = {}
    for name in long:
        at = name.find(".")
        while at >= 0:
            if name[at + 1 :] in short:
                counts[name[: at + 1]] = counts.get(name[: at + 1], 0) + 1
            at = name.find(".", at + 1)
    best = max(counts, key=lambda prefix: (counts[prefix], -len(prefix)), default="")
    return best if best and 2 * counts[best] > len(short - long) > 0 else ""
