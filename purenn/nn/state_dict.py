"""A module's arrays by their dotted names: given out as a state_dict, and taken in, all of them or none."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from purenn.nn import access
from purenn.nn.hooks import RemovableHandle
from purenn.nn.node import Node
from purenn.nn.program import refuse_tracers
from purenn.nn.structure import structure
from purenn.tree import flatten
from purenn.variable import Variable

if TYPE_CHECKING:
    from purenn.nn.module import Module

__all__ = ["IncompatibleKeys", "Saved", "assign_trees"]

EXTRA_STATE = "_extra_state"


class IncompatibleKeys(NamedTuple):
    """The names that `Module.load_state_dict` found missing and unexpected."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Saved(Node):
    """How a `Module` is saved and loaded, with torch's methods."""

    _save_hooks: dict[Any, Any]
    _load_hooks: dict[Any, Any]

    def state_dict(
        self, *, destination: dict[str, Any] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """All parameters and persistent buffers under torch's names, tied ones under each of theirs.

        Args:
            destination: a dict to put them into; a new one if None.
            prefix: what comes before every name.
            keep_vars: ignored; accepted for compatibility with PyTorch. Arrays have no graph to be cut from.

        Returns:
            The dict. Its arrays are the module's own, which never change.
        """
        here = cast("Saved", access.present(self))
        destination = {} if destination is None else destination
        for hook in _hooks(here, "_save_hooks", "before"):
            hook(here, prefix, keep_vars)
        saved = _own(here)
        destination.update(zip((prefix + n for n in saved), access.read([*saved.values()]), strict=True))
        if type(here).get_extra_state is not Saved.get_extra_state:
            destination[prefix + EXTRA_STATE] = here.get_extra_state()
        for name, child in here._modules.items():
            if child is not None:
                child.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in _hooks(here, "_save_hooks", "after"):
            if hook(here, destination, prefix, {}) is not None:
                raise RuntimeError("a state_dict post-hook changes the dict it is given and must return None")
        return destination

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copies arrays from a state_dict, torch's included, cast to the dtypes here.

        Args:
            state_dict: arrays (jax, numpy or torch) by dotted names; a nested dict is taken too.
            strict: whether missing and unexpected names are errors.
            assign: whether the arrays keep their own dtypes.

        Returns:
            The missing and the unexpected names.

        Raises:
            RuntimeError: all that doesn't fit, in one message; then nothing was changed.
        """
        if self._pure or access.present(self) is not self:
            raise RuntimeError(
                f"{type(self).__name__}: load_state_dict inside a pure call would be lost: load before it"
            )
        _check_kind(state_dict)
        given, versions = flatten(state_dict), getattr(state_dict, "_metadata", None)
        missing, unexpected, problems = list[str](), list[str](), list[str]()
        for path, part in structure(self).parts.items():
            prefix = f"{path}." if path else ""
            for computed in part._computed.values():
                computed.rename(given, prefix)
            for hook in _hooks(part, "_load_hooks", "before"):
                hook(part, given, prefix, {}, strict, missing, unexpected, problems)
        with _sized_by(self, given):
            extra = _extra_states(self)
            variables = _all_saved(self)
            names = [*variables, *extra]
            missing += [n for n in names if n not in given and not (_later(n, self, versions) or n in missing)]
            unexpected += [n for n in given if n not in variables and n not in extra]
            result = IncompatibleKeys(missing, unexpected)
            hooks = [
                (part, hook) for part in structure(self).parts.values() for hook in _hooks(part, "_load_hooks", "after")
            ]
            writes = _fitting(variables, given, problems, assign)
            refuse_tracers([*writes.values()], type(self).__name__)
            if problems or not hooks:
                _check(self, variables, given, problems, result, strict)
            old = access.read([*writes])
            access.write([*writes], [*writes.values()])
            for part, hook in hooks:
                hook(part, result)
            try:
                _check(self, variables, given, problems, result, strict)
            except RuntimeError:
                access.write([*writes], old)
                raise
            for name, part in extra.items():
                if name in given:
                    part.set_extra_state(given[name])
        return result

    def get_extra_state(self) -> Any:
        """What a state_dict holds beside arrays: a class that overrides this and `set_extra_state` has such a state."""
        raise RuntimeError(
            "get_extra_state is called for a class that has none: override it together with set_extra_state"
        )

    def set_extra_state(self, state: Any) -> None:
        """Takes what `get_extra_state` gave."""
        raise RuntimeError(
            "set_extra_state is called for a class that has none: override it together with get_extra_state"
        )

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Calls ``hook(module, prefix, keep_vars)`` before the module's arrays are put into a state_dict."""
        return RemovableHandle(self, _hook_table(self, "_save_hooks"), ("before", hook))

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Calls ``hook(module, state_dict, prefix, local_metadata)`` after they were; it may change the dict."""
        return RemovableHandle(self, _hook_table(self, "_save_hooks"), ("after", hook))

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Calls a hook before a state_dict is loaded; it may change the dict, which is a copy of what was given.

        It is called as ``hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
        error_msgs)``.
        """
        return RemovableHandle(self, _hook_table(self, "_load_hooks"), ("before", hook))

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Calls ``hook(module, incompatible_keys)`` after loading; it may change the two lists in place."""
        return RemovableHandle(self, _hook_table(self, "_load_hooks"), ("after", hook))


def assign_trees(
    module: Module, params: Mapping[str, Any] | None = None, state: Mapping[str, Any] | None = None
) -> None:
    """Puts nested dicts of arrays into a module: all of them, or none and an error that lists what doesn't fit."""
    known, problems, writes = structure(module), list[str](), dict[Variable, Any]()
    for name, tree, variables in (("params", params, known.parameters), ("state", state, known.buffers)):
        if tree is None:
            continue
        given = flatten(tree)
        missing, unexpected = [n for n in variables if n not in given], [n for n in given if n not in variables]
        if missing:
            problems.append(f"Missing key(s) in {name}: " + ", ".join(f'"{n}"' for n in missing) + ".")
        if unexpected:
            problems.append(f"Unexpected key(s) in {name}: " + ", ".join(f'"{n}"' for n in unexpected) + ".")
        writes |= _fitting(variables, given, problems, assign=False, keep=True)
    if problems:
        raise RuntimeError(f"Error(s) in assigning to {type(module).__name__}:\n\t" + "\n\t".join(problems))
    refuse_tracers([*writes.values()], type(module).__name__)
    access.write([*writes], [*writes.values()])


# What is saved.


def _own(part: Node) -> dict[str, Variable]:
    """What a state_dict holds of a module itself."""
    groups = part._parameters, {n: v for n, v in part._buffers.items() if n not in part._volatile}
    return {name: variable for group in groups for name, variable in group.items() if variable is not None}


def _all_saved(module: Node, prefix: str = "") -> dict[str, Variable]:
    """What a state_dict holds, a shared module under each of its names."""
    saved = {prefix + name: variable for name, variable in _own(module).items()}
    for name, child in module._modules.items():
        if child is not None:
            saved |= _all_saved(child, f"{prefix}{name}.")
    return saved


def _extra_states(module: Node) -> dict[str, Any]:
    parts = structure(module).parts.items()
    has = {p: part for p, part in parts if getattr(type(part), "set_extra_state", None) is not Saved.set_extra_state}
    return {f"{path}.{EXTRA_STATE}" if path else EXTRA_STATE: part for path, part in has.items()}


def _later(name: str, module: Node, versions: Any) -> bool:
    """Whether a state_dict may lack a name because torch's first batch norms didn't have it yet."""
    path, _, last = name.rpartition(".")
    return last == "num_batches_tracked" and ((versions or {}).get(path, {}).get("version") or 0) < 2


# What is taken in.


def _check(
    module: Node,
    variables: Mapping[str, Variable],
    given: Mapping[str, Any],
    problems: list[str],
    keys: IncompatibleKeys,
    strict: bool,
) -> None:
    """Raises all that doesn't fit in one error."""
    lists = (("Missing", keys.missing_keys), ("Unexpected", keys.unexpected_keys)) if strict else ()
    named = [f"{kind} key(s) in state_dict: {', '.join(map(_quoted, names))}." for kind, names in lists if names]
    if named or problems:
        text = "\n\t".join([*named, *problems]) + _remedy(variables, given)
        raise RuntimeError(f"Error(s) in loading state_dict for {type(module).__name__}:\n\t{text}")


def _quoted(name: str) -> str:
    return f'"{name}"'


def _fitting(
    variables: Mapping[str, Variable], given: Mapping[str, Any], problems: list[str], assign: bool, keep: bool = False
) -> dict[Variable, Any]:
    """The given arrays for variables, as they are kept; what doesn't fit goes to the problems.

    With ``keep`` an array may be kept as it is, unless another variable holds it.
    """
    writes: dict[Variable, Any] = {}
    owned = access.owned() if keep else ()
    for name, variable in variables.items():
        if name not in given:
            continue
        old, new = variable.value, given[name]
        shape = getattr(new, "shape", None)
        if shape is None:
            problems.append(f'While copying the parameter named "{name}", expected an array, got {type(new).__name__}')
        elif tuple(shape) != old.shape and not (old.shape == () and tuple(shape) == (1,)):
            problems.append(
                f"size mismatch for {name}: copying a param with shape {tuple(shape)} from checkpoint, "
                f"the shape in current model is {old.shape}."
            )
        else:
            array = _as_jax(new).reshape(old.shape)
            array = array if assign else array.astype(old.dtype)
            kept = array is new and keep and id(new) not in owned
            writes[variable] = array if kept or array is not new or isinstance(array, Tracer) else jnp.array(array)
    return writes


def _as_jax(x: Any) -> jax.Array:
    """An array of any library as one of jax's, which shares no memory with it."""
    if isinstance(x, jax.Array):
        return x
    if hasattr(x, "detach"):  # torch's: numpy has no bfloat16
        x = x.detach().cpu()
        if "bfloat16" in str(x.dtype):
            return jnp.array(x.float().numpy()).astype(jnp.bfloat16)
        x = x.resolve_conj().resolve_neg().numpy()
    return jnp.array(np.asarray(x))


def _check_kind(state_dict: Any) -> None:
    if isinstance(state_dict, str | os.PathLike):
        raise TypeError(
            f"load_state_dict takes a dict of arrays by name, got the path {str(state_dict)!r}: read the file first, "
            "as with torch.load(path, weights_only=True) or safetensors.numpy.load_file(path)"
        )
    if isinstance(state_dict, Node):
        raise TypeError("load_state_dict takes a dict of arrays by name, got a module: give its state_dict()")
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"load_state_dict takes a dict of arrays by name, got {type(state_dict).__name__}")


def _remedy(variables: Mapping[str, Variable], given: Mapping[str, Any]) -> str:
    """Advice for names that would fit without what stands before them."""
    wanted = set(variables)
    prefixes = {name[: -len(want)] for name in given for want in wanted if name.endswith(f".{want}")}
    for prefix in sorted(prefixes, key=len):
        found = {name.removeprefix(prefix) for name in given if name.startswith(prefix)}
        if len(found & wanted) > len(wanted) // 2:
            inner = prefix.rstrip(".")
            return (
                f"\nThe names fit without {prefix!r}. Give what is below it, state_dict[{inner!r}], or take it off: "
                f"{{name.removeprefix({prefix!r}): array for name, array in state_dict.items()}}"
            )
    return ""


@contextlib.contextmanager
def _sized_by(module: Node, given: Mapping[str, Any]) -> Iterator[None]:
    """Lazy modules become what the shapes of given arrays say; after an error they are lazy again."""
    before = []
    try:
        for path, part in list(structure(module).parts.items()):
            layer: Any = part._layer
            if layer is None or not layer.lazy:
                continue
            prefix = f"{path}." if path else ""
            held = {n.removeprefix(prefix): array for n, array in given.items() if n.startswith(prefix)}
            if held:
                before.append((part, type(part), dict(vars(part))))
                part._settle(layer.of(held))
        yield
    except BaseException:
        for part, cls, attributes in before:
            object.__setattr__(part, "__class__", cls)
            part._touched()
            vars(part).clear()
            vars(part).update(attributes)
            part._touched()
        raise


def _hook_table(module: Node, name: str) -> dict[Any, Any]:
    return vars(module).setdefault(name, {})


def _hooks(module: Node, name: str, when: str) -> list[Callable[..., Any]]:
    return [hook for at, hook in tuple(vars(module).get(name, {}).values()) if at == when]
