"""The state of an `Optimizer`: an optax tree that fits the trained parameters, to read and to set.

`purenn.nn.optimizer.Optimizer` is a `FittedState` that takes steps. Before each it calls `_follow`, and `_take_back`,
since a user may have written into the state that was given out last.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp

from purenn.nn import access
from purenn.nn.structure import Structure, structure
from purenn.tree import nest
from purenn.variable import Variable, noted_flag

if TYPE_CHECKING:
    import optax

    from purenn.nn.module import Module

__all__ = ["FittedState", "Followed", "parameters_of", "with_masks"]

Owner = tuple[weakref.ref[Any], str] | None  # a parameter's module and its name there


class Followed(NamedTuple):
    """The parameters that a state fits: variables and owners by name, which are trained, and the specs of these."""

    structures: tuple[Structure, ...]
    variables: dict[str, Variable]
    owners: dict[str, Owner]
    trained: tuple[bool, ...]
    specs: dict[str, Any]

    def facts(self) -> dict[str, Any]:
        """Whether each parameter is trained, in words."""
        return {f"{name}.requires_grad": name in self.specs for name in self.variables}


class FittedState:
    """The state of an optax transformation for the trained parameters of modules.

    Args:
        modules: the modules by the prefix of their parameters' names.
        transformation: optax's.
        donate: whether a step may reuse the memory of the state's arrays.
    """

    def __init__(
        self,
        modules: dict[str, Module],
        transformation: optax.GradientTransformationExtraArgs,
        donate: bool,
    ):
        self._modules, self.transformation, self.donate = modules, transformation, donate
        self._masked = False
        self._tree: Any = None
        self._leaves = Variable([])
        self._handed_out: Any = None
        self._old: list[tuple[Any, list[Any]]] = []  # states given out before a step that the user still holds
        self._resting: dict[Any, tuple[Owner, Any]] = {}
        self._followed: Followed | None = None
        self._follow()

    @property
    def state(self) -> Any:
        self._take_back()
        self._handed_out = jax.tree.unflatten(self._tree, self._leaves.value)
        return self._handed_out

    def _take_back(self) -> None:
        """Takes over changes in the dicts of the state that was given out last, such as a new learning rate."""
        handed_out, self._handed_out = self._handed_out, None
        old, self._old = self._old, []
        for tree, leaves in old:
            if not _holds(tree, leaves):
                raise RuntimeError(
                    "Optimizer: a state that opt.state gave out before a step was changed in place, which doesn't "
                    "change the present state: read opt.state again, and change that"
                )
            if sys.getrefcount(tree) > _OURS:
                self._old.append((tree, leaves))
        if handed_out is not None:
            if not _holds(handed_out, self._leaves.value):
                self.state = handed_out
            if sys.getrefcount(handed_out) > _OURS - 1:
                self._old.append((handed_out, jax.tree.leaves(handed_out)))

    @state.setter
    def state(self, state: object) -> None:
        self._handed_out = None
        leaves, tree = jax.tree.flatten(state)
        if tree != self._tree:
            raise ValueError(f"Optimizer: state must have the structure {self._tree}, got {tree}")
        problems = []
        paths = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(state)]
        new = []
        for path, old, leaf in zip(paths, self._leaves.value, leaves, strict=True):
            array = leaf if isinstance(leaf, jax.Array) else jnp.asarray(leaf, getattr(leaf, "dtype", old.dtype))
            if array.shape != old.shape or array.dtype != old.dtype:
                problems.append(f"{path} must be {old.dtype}{list(old.shape)}, got {array.dtype}{list(array.shape)}")
            new.append(access.own_copy(array) if self.donate else array)
        if problems:
            raise ValueError("Optimizer: state doesn't fit: " + "; ".join(problems))
        self._leaves.value = new

    def _follow(self) -> Followed:
        """Fits the state to the parameters that are trained now: new ones get a fresh state, the others keep theirs."""
        structures = tuple(map(structure, self._modules.values()))
        old = self._followed
        if old is not None and old.structures != structures:
            old = None
        variables = parameters_of(self._modules) if old is None else old.variables
        arrays_now = access.read([*variables.values()])
        access.note_requests([*variables.values()], arrays_now)
        trained = tuple(map(noted_flag, variables.values()))
        if old is not None and old.trained == trained:
            return old
        arrays = dict(zip(variables, arrays_now, strict=True))
        specs = {n: (a.shape, a.dtype) for (n, a), t in zip(arrays.items(), trained, strict=True) if t}
        owners = _owners(self._modules, variables) if old is None else old.owners
        last = self._followed
        if last is None or last.specs != specs or any(last.owners[name] != owners[name] for name in specs):
            self._start({name: arrays[name] for name in specs}, arrays, owners)
        self._followed = Followed(structures, variables, owners, trained, specs)
        return self._followed

    def _start(self, trained: dict[str, Any], arrays: dict[str, Any], owners: dict[str, Owner]) -> None:
        """Makes the state for the parameters that are trained now.

        The state of a parameter is kept as long as its module has a parameter of this name and shape, frozen or not.
        """
        with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
            try:
                state, masked = self.transformation.init(nest(trained)), False
            except (ValueError, KeyError):  # a tree of labels or masks names frozen parameters too
                if len(trained) == len(arrays):
                    raise
                state, masked = self.transformation.init(with_masks(trained, arrays)), True
        old = dict(self._resting)
        if self._followed is not None:
            before = jax.tree.unflatten(self._tree, self._leaves.value)
            for path, leaf in jax.tree_util.tree_leaves_with_path(before):
                old[path] = self._followed.owners.get(_parameter_of(path, self._followed.owners)), leaf
        taken = {id(array) for array in arrays.values()}
        used = set()

        def kept(path: tuple[Any, ...], leaf: jax.Array) -> Any:
            owner, last = old.get(path, (None, None))
            same = owner == owners.get(_parameter_of(path, owners))
            used.add(path)
            if same and last is not None and last.shape == jnp.shape(leaf) and last.dtype == jnp.result_type(leaf):
                return last
            leaf = jnp.asarray(leaf)
            if id(leaf) in taken:  # a parameter or another leaf: memory that a step may reuse must be its own
                return access.own_copy(leaf)
            taken.add(id(leaf))
            return leaf

        leaves, tree = jax.tree.flatten(jax.tree_util.tree_map_with_path(kept, state))
        present = set(owners.values())
        self._resting = {path: (o, leaf) for path, (o, leaf) in old.items() if path not in used and o in present}
        self._tree, self._leaves.value, self._masked = tree, leaves, masked


_OURS = 3  # references to a tree that aren't the user's: the entry, the loop variable, the argument of the count


def _holds(tree: object, leaves: list[Any]) -> bool:
    """Whether a tree still has these leaves."""
    now = jax.tree.leaves(tree)
    return len(now) == len(leaves) and all(a is b for a, b in zip(now, leaves, strict=True))


def parameters_of(modules: Mapping[str, Module]) -> dict[str, Variable]:
    """The parameters of modules by name, each once."""
    names: dict[Variable, str] = {}
    for prefix, module in modules.items():
        for name, variable in structure(module).parameters.items():
            names.setdefault(variable, f"{prefix}.{name}" if prefix else name)
    return {name: variable for variable, name in names.items()}


def _owners(modules: Mapping[str, Module], variables: Mapping[str, Variable]) -> dict[str, Owner]:
    """The owner of each parameter."""
    owners: dict[str, Owner] = {}
    for prefix, module in modules.items():
        for path, part in structure(module).parts.items():
            for key in part._parameters:
                name = ".".join(filter(None, (prefix, path, key)))
                if name in variables:
                    owners[name] = weakref.ref(part), key
    return owners


def _parameter_of(path: Sequence[Any], names: Mapping[str, Any]) -> str:
    """The parameter that a leaf of a state is about: the longest name that its path ends with, or ""."""
    keys: list[str] = []
    for entry in reversed(path):
        if not isinstance(entry, jax.tree_util.DictKey):
            break
        keys.insert(0, str(entry.key))
    return next((n for i in range(len(keys)) if (n := ".".join(keys[i:])) in names), "")


def with_masks(trained: Mapping[str, Any], every: Iterable[str]) -> dict[str, Any]:
    """The tree of all parameters, with ``optax.MaskedNode()`` in place of frozen ones."""
    import optax

    return nest({name: trained.get(name, optax.MaskedNode()) for name in every})
