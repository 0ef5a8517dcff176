"""Optimizer states of torch as optax's, and back: Adam, AdamW and SGD with momentum."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np

from purenn.nn.optimizer import Optimizer, parameter_names

if TYPE_CHECKING:
    import optax
    import torch

__all__ = ["optimizer_state_from_torch", "optimizer_state_to_torch"]

# Fields of optax's states, and the keys of torch's.
_FIELDS = {"ScaleByAdamState": {"mu": "exp_avg", "nu": "exp_avg_sq"}, "TraceState": {"trace": "momentum_buffer"}}
_WRAPPERS = ("MaskedState", "PartitionState", "MultiTransformState")
_COUNTED = ("ScaleByScheduleState", "InjectHyperparamsState", "InjectStatefulHyperparamsState")
_INNER = ("inner_state", "inner_states")  # the fields in which they have states


def optimizer_state_from_torch(
    state_dict: Mapping[str, Any],
    like: Optimizer | optax.OptState,
    *,
    names: Sequence[str] | None = None,
    steps: int | None = None,
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
    saved = _TorchState.of(state_dict)
    if names is None:
        names = saved.saved_names
        if names is None and isinstance(like, Optimizer) and len(saved.groups) == 1:
            names = parameter_names(like)
    if names is None:
        raise ValueError(
            "optimizer_state_from_torch: names= must tell the parameters' names in the order of torch's optimizer: a "
            "state without a module, or with several groups, doesn't tell it"
        )
    numbers = [number for group in saved.groups for number in group["params"]]
    if len(numbers) != len(names) or len(set(names)) != len(names):
        raise ValueError(
            f"optimizer_state_from_torch: torch's optimizer has {len(numbers)} parameters, and there are {len(names)} "
            f"names: {_some(names)}"
        )
    by_name = {name: saved.state.get(number, {}) for name, number in zip(names, numbers, strict=True)}
    count = _steps(by_name) if steps is None else steps
    used: set[str] = set()

    def filled(name: str, key: str, old: jax.Array) -> jax.Array:
        if name not in by_name:
            raise ValueError(f"optimizer_state_from_torch: no parameter of torch's optimizer is called {name!r}")
        used.add(name)
        return _array(name, by_name[name], key, old)

    def counted(old: jax.Array) -> jax.Array:
        if count is None and any(map(_has_arrays, by_name.values())):
            raise ValueError("optimizer_state_from_torch: torch's optimizer keeps no step count: give steps=")
        return jnp.asarray(count or 0, old.dtype)

    state = _mapped(like.state if isinstance(like, Optimizer) else like, filled, counted)
    if unused := [name for name, entry in by_name.items() if _has_arrays(entry) and name not in used]:
        raise ValueError(f"optimizer_state_from_torch: optax's state has no place for the state of {_some(unused)}")
    return state


def optimizer_state_to_torch(
    state: Optimizer | optax.OptState,
    like: torch.optim.Optimizer | None = None,
    *,
    names: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Gives the state_dict with which an optimizer of torch's goes on where optax stopped.

    Args:
        state: a `purenn.Optimizer`, or the state of an optax transformation.
        like: the torch optimizer that will load it. Its groups and rates are kept, and the arrays become tensors.
            Without it the arrays are numpy's, and the only group has no rates.
        names: the parameters' dotted names in the order of torch's optimizer, as in `optimizer_state_from_torch`.

    Returns:
        The dict: ``torch_optimizer.load_state_dict(optimizer_state_to_torch(opt, torch_optimizer))``.

    Raises:
        ValueError: torch's Adam, AdamW and SGD have no such state.

    Example:
        >>> import optax
        >>> from purenn import interop, nn
        >>> opt = nn.Optimizer(nn.Linear(2, 1, bias=False), optax.adam(0.1))
        >>> opt.step(lambda net: net.weight.sum()).shape
        ()
        >>> print(interop.optimizer_state_to_torch(opt)["state"][0]["exp_avg"])
        [[0.1 0.1]]
    """
    if names is None:
        if not isinstance(state, Optimizer):
            raise ValueError("optimizer_state_to_torch: names= must tell the parameters' names in torch's order")
        names = parameter_names(state)
    groups = [{"params": [*range(len(names))]}] if like is None else like.state_dict()["param_groups"]
    numbers = [number for group in groups for number in group["params"]]
    if len(numbers) != len(names):
        raise ValueError(
            f"optimizer_state_to_torch: torch's optimizer has {len(numbers)} parameters, and there are {len(names)} "
            f"names: {_some(names)}"
        )
    places = dict(zip(names, numbers, strict=True))
    entries: dict[int, dict[str, Any]] = {}
    steps: list[int] = []

    def noted(name: str, key: str, old: jax.Array) -> jax.Array:
        if name not in places:
            raise ValueError(f"optimizer_state_to_torch: names= has no {name!r}")
        entries.setdefault(places[name], {})[key] = np.asarray(old)
        return old

    def counted(old: jax.Array) -> jax.Array:
        steps.append(int(old))
        return old

    _mapped(state.state if isinstance(state, Optimizer) else state, noted, counted)
    if len(set(steps)) > 1:
        raise ValueError(f"optimizer_state_to_torch: the state has several step counts: {sorted(set(steps))}")
    for entry in entries.values():
        if "exp_avg" in entry:
            entry["step"] = np.asarray(steps[0], np.float32)
    if steps and not steps[0]:
        entries = {}  # torch has none before the first step
    if like is not None:
        entries = {number: {k: _as_torch(v) for k, v in entry.items()} for number, entry in entries.items()}
    return {"state": dict(sorted(entries.items())), "param_groups": groups}


class _TorchState(NamedTuple):
    """A torch optimizer's state_dict: the entries by number, and the groups."""

    state: dict[int, dict[str, Any]]
    groups: list[dict[str, Any]]

    @classmethod
    def of(cls, state_dict: object) -> _TorchState:
        if not isinstance(state_dict, Mapping) or not isinstance(state_dict.get("param_groups"), list):
            raise ValueError(
                "optimizer_state_from_torch: state_dict must be that of a torch optimizer, with param_groups, got "
                + (_some(state_dict) if isinstance(state_dict, Mapping) else type(state_dict).__name__)
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
    "amsgrad": "optax.amsgrad takes the largest second moment after its correction, torch before it",
    "dampening": "optax's momentum has none",
}


def _has_arrays(entry: Mapping[str, Any]) -> bool:
    return any(value is not None for key, value in entry.items() if key != "step")


def _steps(by_name: Mapping[str, Mapping[str, Any]]) -> int | None:
    """The step count that all parameters have."""
    steps = {name: int(_on_host(entry["step"])) for name, entry in by_name.items() if "step" in entry}
    if len(set(steps.values())) > 1:
        largest = max(steps.values())
        different = [f"{name} ({count})" for name, count in steps.items() if count != largest]
        raise ValueError(
            f"optimizer_state_from_torch: torch counts the steps of each parameter, optax one for all: "
            f"{_some(different)} took fewer than {largest}; give steps= to say which count goes on"
        )
    return next(iter(steps.values()), None)


def _array(name: str, entry: Mapping[str, Any], key: str, old: jax.Array) -> jax.Array:
    """torch's array for a leaf of optax's state; zeros for a parameter that has taken no step."""
    value = entry.get(key)
    if value is None:
        if _has_arrays(entry):
            raise ValueError(
                f"optimizer_state_from_torch: {name} has no {key}, but {_some(entry)}: it is another optimizer's state"
            )
        return jnp.zeros_like(old)
    value = _on_host(value)
    if value.shape != old.shape or np.iscomplexobj(value):
        raise ValueError(
            f"optimizer_state_from_torch: {key} of {name} must be real with shape {old.shape}, got {value.dtype} of "
            f"shape {value.shape}: are the names in torch's order?"
        )
    return jnp.asarray(value.astype(old.dtype))


# optax's states.


@runtime_checkable
class _NamedTuple(Protocol):
    """A state of optax's."""

    def _asdict(self) -> dict[str, Any]: ...

    def _replace(self, **fields: object) -> Any: ...


def _mapped(node: object, array: Callable[[str, str, Any], Any], count: Callable[[Any], Any]) -> Any:
    """A state with its moments replaced by ``array(parameter, torch's key, old)``, and its counts by ``count(old)``."""
    kind = type(node).__name__
    if isinstance(node, _NamedTuple) and kind in (*_FIELDS, *_WRAPPERS, *_COUNTED):
        old = node._asdict()
        new = {field: _mapped_tree(old[field], key, array, ()) for field, key in _FIELDS.get(kind, {}).items()}
        new |= {field: _mapped(old[field], array, count) for field in _INNER if field in old}
        return node._replace(**new, **({"count": count(old["count"])} if "count" in old else {}))
    if isinstance(node, tuple) and not isinstance(node, _NamedTuple):
        return tuple(_mapped(part, array, count) for part in node)
    if isinstance(node, Mapping):
        return {key: _mapped(part, array, count) for key, part in node.items()}
    if jax.tree.leaves(node):
        raise ValueError(
            f"the optax state has a part that torch's Adam, AdamW and SGD don't have, {kind}: only scale_by_adam, "
            "trace, schedules and what has no state map"
        )
    return node


def _mapped_tree(tree: object, key: str, array: Callable[[str, str, Any], Any], path: tuple[str, ...]) -> Any:
    """A tree of one array per parameter; optax leaves a node without arrays for parameters of other groups."""
    if isinstance(tree, Mapping):
        return {name: _mapped_tree(part, key, array, (*path, str(name))) for name, part in tree.items()}
    return array(".".join(path), key, tree) if hasattr(tree, "shape") else tree


# Arrays.


def _on_host(value: object) -> np.ndarray:
    detach = getattr(value, "detach", None)
    if detach is None:
        return np.asarray(value)
    tensor = detach().cpu()
    return np.asarray(tensor.float() if tensor.is_floating_point() else tensor)


def _as_torch(array: np.ndarray) -> torch.Tensor:
    """A tensor; torch casts it to its parameter's dtype."""
    import torch

    narrow = array.dtype.kind == "V"  # bfloat16, which torch doesn't take from numpy
    return torch.from_numpy(np.array(array, np.float32 if narrow else array.dtype))


def _some(names: Iterable[str]) -> str:
    listed = [*map(str, names)]
    return ", ".join(listed[:6]) + (f" and {len(listed) - 6} more" if len(listed) > 6 else "")
