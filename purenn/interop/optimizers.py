"""Optimizer states of torch as optax's, and back: Adam, AdamW and SGD with momentum."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from purenn.nn.optimizer import Optimizer, parameter_names
from purenn.tree import flatten, nest

if TYPE_CHECKING:
    import torch

__all__ = ["optimizer_state_from_torch", "optimizer_state_to_torch"]

# Fields of optax's states, and the keys of torch's.
_FIELDS = {"ScaleByAdamState": {"mu": "exp_avg", "nu": "exp_avg_sq"}, "TraceState": {"trace": "momentum_buffer"}}
_COUNTED = ("ScaleByScheduleState", "InjectHyperparamsState", "InjectStatefulHyperparamsState")


def optimizer_state_from_torch(
    state_dict: Mapping[str, Any], like: Any, *, names: Sequence[str] | None = None, steps: int | None = None
) -> Any:
    """Gives the optax state that goes on where an optimizer of torch's stopped.

    torch's Adam and AdamW become the state of ``optax.adam`` and ``optax.adamw``, SGD with momentum that of
    ``optax.sgd(..., momentum=...)``, also inside of chains, schedules, ``inject_hyperparams`` and ``multi_transform``.
    The rates are no part of optax's state: make the transformation with those that ``state_dict["param_groups"]`` has.

    Args:
        state_dict: the ``state_dict()`` of a torch optimizer, as it is or as `purenn.load` gives it with
            ``select="optimizer"``; its arrays are torch's, numpy's or jax's.
        like: a `purenn.Optimizer` of the same parameters, or its ``state``, or the state that an optax transformation
            gives for a tree of parameters.
        names: the parameters' dotted names in the order in which torch's optimizer was given them. Without them the
            names are those of the optimizer's module, in the order of ``parameters()``, or those that torch saved.
        steps: the number of steps, where torch doesn't keep one (SGD under a schedule), or keeps several.

    Returns:
        A state like ``like``'s, to be set: ``opt.state = optimizer_state_from_torch(...)``.

    Raises:
        ValueError: the two don't belong together, or optax has no such state (amsgrad, dampening); the message tells
            the parameter.

    Example:
        >>> import numpy as np, optax
        >>> from purenn import interop, nn
        >>> net = nn.Linear(2, 1, bias=False)
        >>> opt = nn.Optimizer(net, optax.sgd(0.1, momentum=0.9))
        >>> group = {"lr": 0.1, "momentum": 0.9, "dampening": 0, "params": [0]}
        >>> saved = {"state": {0: {"momentum_buffer": np.ones((1, 2))}}, "param_groups": [group]}
        >>> opt.state = interop.optimizer_state_from_torch(saved, opt)
        >>> opt.state[0].trace["weight"].tolist()
        [[1.0, 1.0]]
    """
    given = _Given.of(state_dict)
    if names is None:
        names = given.saved_names
        if names is None and isinstance(like, Optimizer) and len(given.groups) == 1:
            names = parameter_names(like)
    if names is None:
        raise ValueError(
            "optimizer_state_from_torch: names= must tell the parameters' names in the order of torch's optimizer: a "
            "state without a module, or with several groups, doesn't tell it"
        )
    numbers = [number for group in given.groups for number in group["params"]]
    if len(numbers) != len(names) or len(set(names)) != len(names):
        raise ValueError(
            f"optimizer_state_from_torch: torch's optimizer has {len(numbers)} parameters, and there are {len(names)} "
            f"names: {_some(names)}"
        )
    by_name = {name: given.state.get(number, {}) for name, number in zip(names, numbers, strict=True)}
    filling = _Filling(by_name, _steps(by_name) if steps is None else steps)
    state = filling.convert(like.state if isinstance(like, Optimizer) else like)
    if unused := [name for name, entry in by_name.items() if _has_arrays(entry) and name not in filling.used]:
        raise ValueError(f"optimizer_state_from_torch: optax's state has no place for the state of {_some(unused)}")
    return state


class _Given(NamedTuple):
    """A torch optimizer's state_dict: the entries by number, and the groups."""

    state: dict[int, dict[str, Any]]
    groups: list[dict[str, Any]]

    @classmethod
    def of(cls, state_dict: Any) -> _Given:
        if not isinstance(state_dict, Mapping) or not isinstance(state_dict.get("param_groups"), list):
            raise ValueError(
                "optimizer_state_from_torch: state_dict must be that of an optimizer of torch's, with param_groups, got "
                f"{_some(state_dict) if isinstance(state_dict, Mapping) else type(state_dict).__name__}"
            )
        state: dict[int, dict[str, Any]] = {}
        for number, entry in (state_dict.get("state") or {}).items():
            state[int(number)] = dict(entry)
        for name, value in state_dict.items():
            if str(name).startswith("state."):  # as purenn.load gives it
                _, number, key = str(name).split(".", 2)
                state.setdefault(int(number), {})[key] = value
        groups = [dict(group) for group in state_dict["param_groups"]]
        for group in groups:
            for option, reason in _REFUSED.items():
                if group.get(option):
                    raise ValueError(f"optimizer_state_from_torch: {option}={group[option]!r}: {reason}")
        return cls(state, groups)

    @property
    def saved_names(self) -> list[str] | None:
        """The names, where torch's optimizer was given named parameters."""
        if not all("param_names" in group for group in self.groups):
            return None
        return [name for group in self.groups for name in group["param_names"]]


_REFUSED = {
    "amsgrad": "optax.amsgrad takes the largest corrected second moment, torch the largest before the correction",
    "dampening": "optax's momentum has none",
}


def _has_arrays(entry: Mapping[str, Any]) -> bool:
    return any(value is not None for key, value in entry.items() if key != "step")


def _steps(by_name: Mapping[str, Mapping[str, Any]]) -> int | None:
    """The step count that all parameters have."""
    found = {name: int(_on_host(entry["step"])) for name, entry in by_name.items() if "step" in entry}
    if len(counts := set(found.values())) > 1:
        most = max(counts)
        others = [f"{name} ({count})" for name, count in found.items() if count != most]
        raise ValueError(
            f"optimizer_state_from_torch: torch counts the steps of each parameter, optax one for all: {_some(others)} "
            f"took fewer than {most}; give steps= to say which count goes on"
        )
    return counts.pop() if counts else None


class _Filling(NamedTuple):
    """The walk over optax's state that puts torch's arrays into it."""

    by_name: Mapping[str, Mapping[str, Any]]
    steps: int | None

    @property
    def used(self) -> set[str]:
        return set(self.by_name).intersection(_used.get(id(self.by_name), ()))

    def convert(self, node: Any) -> Any:
        def arrays(kind: str, field: str, tree: Any) -> Any:
            key = _FIELDS[kind][field]
            return _mapped(tree, lambda name, old: self.array(name, key, old))

        return _walk(node, arrays, self.count)

    def count(self, old: Any) -> Any:
        if self.steps is None and any(map(_has_arrays, self.by_name.values())):
            raise ValueError(
                "optimizer_state_from_torch: torch's optimizer keeps no step count, which optax's state has: give steps="
            )
        return jnp.asarray(self.steps or 0, old.dtype)

    def array(self, name: str, key: str, old: Any) -> Any:
        if name not in self.by_name:
            raise ValueError(f"optimizer_state_from_torch: no parameter of torch's optimizer is called {name!r}")
        _used.setdefault(id(self.by_name), set()).add(name)
        value = self.by_name[name].get(key)
        if value is None:
            if _has_arrays(self.by_name[name]):
                raise ValueError(
                    f"optimizer_state_from_torch: {name} has no {key}, but {_some(self.by_name[name])}: it is the state "
                    "of another optimizer"
                )
            return jnp.zeros_like(old)
        value = _on_host(value)
        if value.shape != old.shape or np.iscomplexobj(value):
            raise ValueError(
                f"optimizer_state_from_torch: {key} of {name} must be real with shape {old.shape}, got {value.dtype} of "
                f"shape {value.shape}: are the names in torch's order?"
            )
        return jnp.asarray(value.astype(old.dtype))


_used: dict[int, set[str]] = {}
