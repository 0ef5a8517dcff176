"""Saving and loading of a module's arrays by dotted names; a load changes all of them or none."""

from __future__ import annotations

import contextlib
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, cast

from purenn.layers.batchnorm import NormBase
from purenn.nn import access
from purenn.nn.hooks import RemovableHandle
from purenn.nn.loading import EXTRA_STATE, check_kind, fitting, flat_copy, remedy, sized_by
from purenn.nn.node import Node
from purenn.nn.structure import structure
from purenn.tree import flatten
from purenn.variable import Variable
from purenn.warn import warn_user

__all__ = ["IncompatibleKeys", "Saved", "assign_trees"]


class IncompatibleKeys(NamedTuple):
    """The names that `Module.load_state_dict` found missing and unexpected."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"  # torch's words
        return f"IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


class Saved(Node):
    """torch's methods that save and load a `Module`."""

    _version: int = 1
    _save_hooks: dict[Any, Any]
    _load_hooks: dict[Any, Any]

    def state_dict(
        self, *, destination: dict[str, Any] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """All parameters and persistent buffers under torch's names; a tied parameter has several.

        Args:
            destination: a dict to put them into; a new ``OrderedDict`` if None.
            prefix: is put before every name.
            keep_vars: ignored; accepted for compatibility with PyTorch. Arrays have no graph to detach from.

        Returns:
            The dict. Its arrays are the module's own, which never change. As in torch, a new dict has an attribute
            ``_metadata`` with the ``_version`` of each module.
        """
        module = cast("Saved", access.present(self))
        _refuse_overrides(module)
        if destination is None:
            destination = OrderedDict[str, Any]()
            vars(destination)["_metadata"] = OrderedDict[str, Any]()
        local: dict[str, Any] = {"version": max(type(module)._version, getattr(module._layer, "_version", 1))}
        if (metadata := getattr(destination, "_metadata", None)) is not None:
            metadata[prefix[:-1]] = local
        for hook in _hooks(module, "_save_hooks", "before"):
            hook(module, prefix, keep_vars)
        saved = _entries(module)
        destination.update(zip((prefix + n for n in saved), access.read([*saved.values()]), strict=True))
        if type(module).get_extra_state is not Saved.get_extra_state:
            destination[prefix + EXTRA_STATE] = module.get_extra_state()
        for name, child in module._modules.items():
            if child is not None:
                child.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in _hooks(module, "_save_hooks", "after"):
            if hook(module, destination, prefix, local) is not None:
                raise RuntimeError("a state_dict post-hook changes the dict it is given and must return None")
        return destination

    def load_state_dict(
        self, state_dict: Mapping[str, Any] | str | os.PathLike[str], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copies arrays from a state_dict, torch's included, cast to the dtypes and put on the devices here.

        Args:
            state_dict: arrays (jax, numpy or torch) by dotted names; a nested dict is taken too, and the path of a
                checkpoint, which `purenn.load` reads.
            strict: whether missing and unexpected names are errors.
            assign: whether the arrays keep their own dtypes and devices.

        Returns:
            The missing and the unexpected names.

        Raises:
            RuntimeError: names or shapes don't fit. The message lists them all, and nothing was changed.
            CheckpointError: a ValueError: the file can't be read, and nothing was changed.
        """
        if self._pure or access.present(self) is not self:
            raise RuntimeError(
                f"{type(self).__name__}: load_state_dict inside a pure call (compile, Optimizer.step, functional_call, "
                "apply) would be lost: call it before or afterwards"
            )
        path = os.fspath(state_dict) if isinstance(state_dict, str | os.PathLike) else None
        if path is not None:
            from purenn.interop.checkpoint.reading import load  # only files need it, and it takes time to import

            state_dict = load(path, numpy=True)
        check_kind(state_dict)
        state_dict = cast("Mapping[str, Any]", state_dict)
        arrays, metadata = flat_copy(state_dict), getattr(state_dict, "_metadata", None) or {}
        vars(arrays)["_metadata"] = metadata
        missing, unexpected, problems = list[str](), list[str](), list[str]()
        visits, local = [*_visits(self)], dict[str, dict[str, Any]]()
        for prefix, part in visits:
            _refuse_overrides(part)
            local[prefix] = {**metadata.get(prefix[:-1], {}), **({"assign_to_params_buffers": True} if assign else {})}
            for computed in part._computed.values():
                computed.rename(arrays, prefix)
            for hook in _hooks(part, "_load_hooks", "before"):
                hook(part, arrays, prefix, local[prefix], True, missing, unexpected, problems)
        with sized_by(self, arrays):
            visits = [*_visits(self)]
            expected = [name for prefix, part in visits for name in _expected(part, prefix, local[prefix])]
            missing += [name for name in expected if name not in arrays and name not in missing]
            unexpected += [name for name in _unexpected(visits, arrays) if name not in unexpected]
            result = IncompatibleKeys(missing, unexpected)
            variables = {prefix + name: v for prefix, part in visits for name, v in _entries(part).items()}
            writes = fitting(variables, arrays, problems, assign)
            access.refuse_tracers([*writes.values()], type(self).__name__)
            extra = [(p, arrays[n]) for prefix, p in visits if _has_extra(p) and (n := prefix + EXTRA_STATE) in arrays]
            hooks = [(p, hook) for p in _children_first(self) for hook in _hooks(p, "_load_hooks", "after")]
            advice = remedy(variables, state_dict, path) if missing or unexpected else ""
            if problems or not hooks:
                _check(self, problems, result, strict, advice)
            with _all_or_none(writes, [part for part, _ in extra]):
                access.write([*writes], [*writes.values()])
                for part, state in extra:
                    part.set_extra_state(state)
                for part, hook in hooks:
                    if hook(part, result) is not None:
                        raise AssertionError(
                            "a load_state_dict post-hook changes the lists that it is given and must return None"
                        )
                _check(self, problems, result, strict, advice)
        if advice and not writes and not strict:
            warn_user(f"load_state_dict of {type(self).__name__}, with strict=False, found none of its names.{advice}")
        return result

    def get_extra_state(self) -> Any:
        """Further state for the state_dict, in classes that override this and `set_extra_state`."""
        raise RuntimeError(
            "get_extra_state is called for a class that has none: override it together with set_extra_state"
        )

    def set_extra_state(self, state: Mapping[str, Any]) -> None:
        """Takes the state that `get_extra_state` returned."""
        raise RuntimeError(
            "set_extra_state is called for a class that has none: override it together with get_extra_state"
        )

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Calls ``hook(module, prefix, keep_vars)`` before the module's arrays are put into a state_dict."""
        return RemovableHandle(self, "_save_hooks", ("before", hook))

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Calls ``hook(module, state_dict, prefix, local_metadata)`` after that; it may change the dict in place."""
        return RemovableHandle(self, "_save_hooks", ("after", hook))

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Calls a hook before a state_dict is loaded; it may change the dict, which is a copy.

        It is called as ``hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
        error_msgs)``, where ``strict`` is always True, as in torch.
        """
        return RemovableHandle(self, "_load_hooks", ("before", hook))

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Calls ``hook(module, incompatible_keys)`` after loading; it may change the two lists in place."""
        return RemovableHandle(self, "_load_hooks", ("after", hook))


def assign_trees(module: Node, params: Mapping[str, Any] | None = None, state: Mapping[str, Any] | None = None) -> None:
    """Writes nested dicts of arrays into a module; an error lists all that doesn't fit, and nothing is written."""
    known, problems, writes = structure(module), list[str](), dict[Variable, Any]()
    for name, tree, variables in (("params", params, known.parameters), ("state", state, known.buffers)):
        if tree is None:
            continue
        arrays = flatten(tree)
        missing, unexpected = [n for n in variables if n not in arrays], [n for n in arrays if n not in variables]
        problems += _key_errors(name, {"Missing": missing, "Unexpected": unexpected})
        writes |= fitting(variables, arrays, problems, assign=False, keep=True)
    if problems:
        raise RuntimeError(f"Error(s) in assigning to {type(module).__name__}:\n\t" + "\n\t".join(problems))
    access.keep(writes, type(module).__name__)


# Saving.


def _visits(module: Node, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The modules of a tree with the prefixes of their names; a shared module under each of its names."""
    yield prefix, module
    for name, child in module._modules.items():
        if child is not None:
            yield from _visits(child, f"{prefix}{name}.")


def _children_first(module: Node) -> Iterator[Node]:
    for child in module._modules.values():
        if child is not None:
            yield from _children_first(child)
    yield module


def _entries(part: Node) -> dict[str, Variable]:
    """The entries of a state_dict that are the module's own."""
    groups = part._parameters, {n: v for n, v in part._buffers.items() if n not in part._volatile}
    return {name: variable for group in groups for name, variable in group.items() if variable is not None}


def _has_extra(part: Node) -> bool:
    return getattr(type(part), "set_extra_state", None) is not Saved.set_extra_state


def _refuse_overrides(part: Node) -> None:
    """Refuses a class that overrides torch's private methods to save and load, which are never called here."""
    for name, instead in (
        ("_save_to_state_dict", "register_state_dict_post_hook, or get_extra_state"),
        ("_load_from_state_dict", "register_load_state_dict_pre_hook, or set_extra_state"),
    ):
        if hasattr(type(part), name):
            raise RuntimeError(f"{type(part).__name__}.{name} is never called here: use {instead}")


# Loading.


def _expected(part: Node, prefix: str, local: Mapping[str, Any]) -> Iterator[str]:
    """The names that a state_dict must have for a module, without those of its children."""
    for name in _entries(part):
        if name == "num_batches_tracked" and isinstance(part._layer, NormBase) and (local.get("version") or 0) < 2:
            continue  # torch's first batch norms didn't have it
        yield prefix + name
    if _has_extra(part):
        yield prefix + EXTRA_STATE


def _unexpected(visits: list[tuple[str, Any]], arrays: Mapping[str, Any]) -> list[str]:
    """The names that no module has, in the order of the modules; names below a child that is None are ignored."""
    parts, places = dict(visits), {prefix: i for i, (prefix, _) in enumerate(visits)}
    unexpected: list[tuple[int, bool, str]] = []
    for name in arrays:
        prefix, suffix = "", name
        while "." in suffix and f"{prefix}{suffix.partition('.')[0]}." in parts:
            first, _, suffix = suffix.partition(".")
            prefix = f"{prefix}{first}."
        part, (first, dot, _) = parts[prefix], suffix.partition(".")
        known = (
            first in part._modules if dot else first in _entries(part) or (first == EXTRA_STATE and _has_extra(part))
        )
        if not known:
            unexpected.append((places[prefix], suffix != EXTRA_STATE, name))
    return [name for *_, name in sorted(unexpected, key=lambda entry: entry[:2])]


def _check(module: Node, problems: list[str], keys: IncompatibleKeys, strict: bool, advice: str) -> None:
    """Raises one error that lists all that doesn't fit."""
    lists = {"Missing": keys.missing_keys, "Unexpected": keys.unexpected_keys} if strict else {}
    key_errors = _key_errors("state_dict", lists)
    if key_errors or problems:
        text = "\n\t".join([*key_errors, *problems])
        raise RuntimeError(f"Error(s) in loading state_dict for {type(module).__name__}:{advice}\n\t{text}")


def _key_errors(where: str, lists: Mapping[str, list[str]]) -> list[str]:
    """The messages about wrong names in a dict, in torch's words."""
    quoted = {kind: ", ".join(f'"{name}"' for name in names) for kind, names in lists.items()}
    return [f"{kind} key(s) in {where}: {names}." for kind, names in quoted.items() if names]


@contextlib.contextmanager
def _all_or_none(writes: Mapping[Variable, Any], parts: list[Any]) -> Iterator[None]:
    """A context that restores variables and extra states after an error inside."""
    old = access.read([*writes])
    states = [(p, p.get_extra_state()) for p in parts if type(p).get_extra_state is not Saved.get_extra_state]
    try:
        yield
    except BaseException:
        access.write([*writes], old)
        for part, state in states:
            part.set_extra_state(state)
        raise


def _hooks(module: Node, name: str, when: str) -> list[Callable[..., Any]]:
    return [hook for at, hook in tuple(vars(module).get(name, {}).values()) if at == when]
