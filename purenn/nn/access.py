"""Reads and writes of the arrays of modules, all arrays of a call at one moment.

Every read and write of a lasting module, one that a user has made and no twin of a pure call, goes through this file.
The `forward` of a user's class runs in steps. Such a call has a *view*, the values at its beginning, so that a thread
that trains meanwhile can't mix new arrays with old ones.
"""

from __future__ import annotations

import contextvars
import operator
import weakref
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import jax
import jax.numpy as jnp
from jax.core import Tracer

from purenn import random
from purenn.context import setting
from purenn.layers.bound import Bound
from purenn.nn.handed_out import check_attributes
from purenn.variable import Variable, swap, value_of
from purenn.warn import warn_user

__all__ = [
    "add_constant",
    "drop_programs",
    "hand_out",
    "holder",
    "in_pure_call",
    "is_constant",
    "is_older",
    "joins",
    "keep",
    "note_requests",
    "own_copy",
    "owned",
    "owner",
    "present",
    "read",
    "read_one",
    "refuse_tracers",
    "standing_for",
    "steady",
    "track",
    "write",
]

_parameters: weakref.WeakValueDictionary[int, Variable] = weakref.WeakValueDictionary()
_buffers: weakref.WeakValueDictionary[int, Variable] = weakref.WeakValueDictionary()
_view: contextvars.ContextVar[dict[Variable, Any] | None] = contextvars.ContextVar("purenn_view", default=None)


def track(module: Bound) -> None:
    """Registers the variables of a lasting module, so that `owner` and `holder` find them."""
    calls = _calls.get()
    for group, known in ((module._parameters, _parameters), (module._buffers, _buffers)):
        for variable in group.values():
            if variable is not None and id(variable) not in known:
                known[id(variable)] = variable
                if calls is not None:
                    _born_in[variable] = weakref.ref(calls)


def owner(array: object) -> Variable | None:
    """The parameter of a lasting module that holds this array, or None."""
    return _find(array, _parameters)


def holder(array: object) -> Variable | None:
    """The parameter or buffer of a lasting module that holds this array, or None."""
    return _find(array, _parameters) or _find(array, _buffers)


def _find(array: object, known: weakref.WeakValueDictionary[int, Variable]) -> Variable | None:
    for reference in known.valuerefs():
        variable = reference()
        if variable is not None and variable.value is array:
            return variable
    return None


def owned() -> set[int]:
    """The ids of all arrays that variables of lasting modules hold."""
    references = [*_parameters.valuerefs(), *_buffers.valuerefs()]
    return {id(variable.value) for reference in references if (variable := reference()) is not None}


def own_copy(array: jax.Array) -> Any:
    """A copy that nobody else holds, so that a step may reuse its memory."""
    return array if isinstance(array, Tracer) else jnp.array(array)


def read(variables: list[Variable]) -> list[Any]:
    """The arrays of variables at one moment: the beginning of the call around, or now."""
    values, view = list(map(value_of, variables)), _view.get()
    return values if view is None else list(map(view.get, variables, values))


def read_one(variable: Variable) -> Any:
    """The array of a variable."""
    view = _view.get()
    return variable.value if view is None else view.get(variable, variable.value)


def hand_out(variable: Variable) -> Any:
    """The array of a variable, for a user, who may read and set its ``requires_grad`` (`note_requests`)."""
    array = read_one(variable)
    if not isinstance(array, Tracer) and hasattr(array, "__dict__"):
        note_requests([variable], [array])
        array.requires_grad = variable.requires_grad
    return array


def note_requests(variables: list[Variable], arrays: list[Any]) -> None:
    """Copies the ``requires_grad`` that users have set on arrays to the variables.

    Raises:
        RuntimeError: ``data`` or ``grad`` was set, which an array can't pass on to its module.
    """
    try:
        if not any(map(_attributes, arrays)):  # a loop in C: this is asked in every step
            return
    except AttributeError:  # shapes and tracers have no attributes
        pass
    for variable, array in zip(variables, arrays, strict=True):
        attributes = getattr(array, "__dict__", None)
        if attributes:
            variable.requires_grad = attributes.get("requires_grad", variable.requires_grad)
            check_attributes(array)


_attributes = operator.attrgetter("__dict__")


def write(variables: list[Variable], values: list[Any]) -> None:
    """Puts arrays into variables, all of them at once."""
    note_requests(variables, list(map(value_of, variables)))
    swap(variables, values)
    if (view := _view.get()) is not None:
        view.update((v, value) for v, value in zip(variables, values, strict=True) if v in view)
    if _constants and not _constants.isdisjoint(variables):
        drop_programs()


def keep(writes: Mapping[Variable, Any], what: str) -> None:
    """Puts arrays into variables of a lasting module, as `write` does, and refuses traced arrays.

    Args:
        writes: the arrays by variable.
        what: the module, in the words of the error.
    """
    refuse_tracers([*writes.values()], what)
    write([*writes], [*writes.values()])


def refuse_tracers(values: list[Any], what: str) -> None:
    """Refuses to keep a traced array in a lasting module, unless a traced generator builds the module."""
    if any(isinstance(value, Tracer) for value in values) and not random.default_generator().traced:
        raise RuntimeError(
            f"{what} would be changed inside a jax transformation, where the change would be lost: use nn.remat in "
            "place of jax.checkpoint, nn.scan of jax.lax.scan and nn.value_and_grad of jax.value_and_grad, or "
            "Optimizer.step, or functional_call(net, params, state, ...), which returns the new state"
        )


def joins(variables: list[Variable]) -> bool:
    """Adds variables to the view of the call around; returns whether there is one."""
    view = _view.get()
    if view is None:
        return False
    for variable in variables:
        if variable not in view:
            view[variable] = variable.value
    return True


def steady(variables: list[Variable]) -> AbstractContextManager[object]:
    """A context in which reads of variables give their present values, or what is written inside."""
    if joins(variables):
        return nullcontext()
    return setting(_view, dict(zip(variables, map(value_of, variables), strict=True)))


# Live modules inside of pure calls.


class PureCalls:
    """A pure call and the pure calls around it; ``twins`` has the twin of each module by the id of the module."""

    __slots__ = ("__weakref__", "around", "twins")

    def __init__(self, twins: Mapping[int, Any], around: PureCalls | None):
        self.twins, self.around = twins, around


_calls: contextvars.ContextVar[PureCalls | None] = contextvars.ContextVar("purenn_pure_calls", default=None)
in_pure_call = _calls.get


_born_in: weakref.WeakKeyDictionary[Variable, weakref.ref[PureCalls]] = weakref.WeakKeyDictionary()


def is_older(variable: Variable) -> bool:
    """Whether a variable is older than the pure call around, which then can't change it."""
    calls, born_in = _calls.get(), _born_in.get(variable)
    return calls is not None and (born_in is None or born_in() is not calls)


def standing_for(twins: Mapping[int, Any]) -> AbstractContextManager[object]:
    """A context in which `present` gives these twins, by the ids of their modules."""
    return setting(_calls, PureCalls(twins, _calls.get()))


def present(module: object, calls: PureCalls | None = None) -> Any:
    """The twin of a module in the pure calls around, or the module itself."""
    calls = calls or _calls.get()
    if calls is None:
        return module
    if calls.around is not None:
        module = present(module, calls.around)
    return calls.twins.get(id(module), module)


# Modules whose arrays are constants of a jax program that purenn didn't make.

_constants: weakref.WeakSet[Any] = weakref.WeakSet()  # modules and their variables
_told = False


def add_constant(module: Bound) -> None:
    """Notes that a jax program which purenn didn't make is being traced with a module's arrays as constants."""
    variables = [v for group in (module._parameters, module._buffers) for v in group.values() if v is not None]
    # a module whose arrays are all traced was made in this trace
    if not variables or not all(isinstance(variable.value, Tracer) for variable in variables):
        _constants.add(module)
        _constants.update(variables)


def is_constant(module: object) -> bool:
    """Whether a jax program may hold the arrays of a module as constants."""
    return bool(_constants) and module in _constants


def drop_programs() -> None:
    """Clears the caches of jax, after a module changed whose arrays are constants of its programs; warns once."""
    global _told
    _constants.clear()
    jax.clear_caches()
    if not _told:
        _told = True
        warn_user(
            "a module changed that was called inside a transformation of jax's (jit, checkpoint, cond, ...) with its "
            "arrays as constants. All programs of jax are compiled again, so that none goes on with the old ones. This "
            "is slow: use net.compile(), nn.remat or functional_call(net, net.params, net.state, ...), which take "
            "arrays as inputs."
        )
