"""Arrays by their dotted names: what a state_dict holds, and how one is taken in, all of it or nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp

from purenn.nn import call

if TYPE_CHECKING:
    from purenn.nn.module import Module

Slot = tuple[dict[str, Any], str]


class IncompatibleKeys(NamedTuple):
    """What `Module.load_state_dict` found missing and unexpected."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def saved(module: Module, prefix: str = "") -> dict[str, Slot]:
    """Where everything that a state_dict holds lies."""
    slots = {
        prefix + name: (group, name)
        for group in (module._parameters, module._buffers)
        for name, array in group.items()
        if array is not None and not (group is module._buffers and name in module._volatile)
    }
    for name, child in module._modules.items():
        if child is not None:
            slots |= saved(child, f"{prefix}{name}.")
    return slots


@contextlib.contextmanager
def sized_by(module: Module, given: Mapping[str, Any]) -> Iterator[None]:
    """Lazy modules become what the shapes of given arrays say; after an error they are lazy again."""
    before = []
    try:
        for path, part in list(module.named_modules()):
            layer: Any = part._layer
            if layer is None or not layer.lazy:
                continue
            prefix = f"{path}." if path else ""
            held = {n.removeprefix(prefix): array for n, array in given.items() if n.startswith(prefix)}
            if held:
                before.append((part, type(part), dict(vars(part))))
                part.settle(layer.of(held))
        yield
    except BaseException:
        for part, cls, attributes in before:
            part.__class__ = cls
            vars(part).clear()
            vars(part).update(attributes)
        call.touch()
        raise


def assign(module: Module, given: Mapping[str, Any], slots: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:
    """Puts given arrays into their slots, or raises what doesn't fit before anything is changed."""
    missing, unexpected = [n for n in slots if n not in given], [n for n in given if n not in slots]
    problems = []
    if strict and unexpected:
        problems.append("Unexpected key(s) in state_dict: " + ", ".join(f'"{n}"' for n in unexpected) + ".")
    if strict and missing:
        problems.append("Missing key(s) in state_dict: " + ", ".join(f'"{n}"' for n in missing) + ".")
    writes, tied = [], dict[int, Any]()
    for name, (group, key) in slots.items():
        if name not in given:
            continue
        old, new = group[key], given[name]
        if not hasattr(new, "shape") or tuple(new.shape) != old.shape:
            shape = tuple(new.shape) if hasattr(new, "shape") else repr(new)
            problems.append(
                f"size mismatch for {name}: copying a param with shape {shape} from checkpoint, "
                f"the shape in current model is {old.shape}."
            )
        else:
            tied[id(old)] = module._kept(name, _like(new, old))
            writes.append((group, key, id(old)))
    if problems:
        raise RuntimeError(f"Error(s) in loading state_dict for {type(module).__name__}:\n\t" + "\n\t".join(problems))
    if len({id(array) for array in tied.values()}) < len(tied):  # one array given twice ties nothing
        tied = {source: jnp.array(array) for source, array in tied.items()}
    for group, key, source in writes:
        group[key] = tied[source]
    return IncompatibleKeys(missing, unexpected)


def _like(new: Any, old: jax.Array) -> jax.Array:
    """An array of any library with the dtype of another."""
    if hasattr(new, "detach"):  # torch's: numpy has no bfloat16
        new = new.detach().cpu()
        new = (new.float() if "bfloat16" in str(new.dtype) else new).numpy().copy()
    return jnp.asarray(new).astype(old.dtype)
