"""`Parameter` and `Buffer`, which mark arrays that are assigned to a module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, TypeGuard, cast

import jax
import jax.numpy as jnp
import numpy as np

from purenn.layers.bound import running
from purenn.nn.access import own_copy, owner, write
from purenn.nn.remedies import remedy_for
from purenn.typing import ArrayLike
from purenn.variable import Variable

__all__ = ["Buffer", "Parameter"]


def as_array(where: str, name: str, value: object) -> jax.Array:
    """An array of jax or numpy as a jax array; any other value is refused."""
    if not isinstance(value, jax.Array | np.ndarray | np.generic) and not hasattr(value, "__jax_array__"):
        raise TypeError(f"{where}: {name} must be an array, got {type(value).__name__}")
    return jnp.asarray(value)


def is_unassigned(value: object) -> TypeGuard[Any]:
    """Whether a value is a `Parameter` that no module has taken yet."""
    return Parameter in type(value).__mro__


_OPERATORS = """
    add sub mul truediv floordiv mod divmod pow matmul lshift rshift and or xor
    radd rsub rmul rtruediv rfloordiv rmod rdivmod rpow rmatmul rlshift rrshift rand ror rxor
    neg pos abs invert round eq ne lt le gt ge getitem setitem len iter contains
    bool int float complex index array format
"""


class _Marked(type):
    """Makes ``isinstance(net.weight, Parameter)`` true, as in torch, although ``net.weight`` is an array."""

    def __instancecheck__(cls, value: object) -> bool:
        return cls in type(value).__mro__ or (isinstance(value, jax.Array) and _is_parameter(value))


def _is_parameter(array: jax.Array) -> bool:
    """Whether a parameter holds the array, in a lasting module or in the pure call around."""
    call = running()
    groups = [] if call is None else [part._parameters.values() for part in call.parts]
    return owner(array) is not None or any(v is not None and v.value is array for group in groups for v in group)


class Parameter(metaclass=_Marked):
    """Marks an array as a parameter when it is assigned to a module; read back, it is the array itself.

    Before that it can be used like the array: in arithmetic, by index, as an argument of jax's and numpy's
    functions.

    Args:
        data: the array; None is an empty one.
        requires_grad: whether an optimizer trains it.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn
        >>> net = nn.Module()
        >>> net.scale = nn.Parameter(jnp.ones(2))
        >>> net.scale, net.params, isinstance(net.scale, nn.Parameter)
        (Array([1., 1.], dtype=float32), {'scale': Array([1., 1.], dtype=float32)}, True)
    """

    __slots__ = ("__weakref__", "variable")
    __array_priority__ = 100  # as jax arrays have: numpy's operators defer to these

    variable: Variable

    def __new__(cls, data: ArrayLike | None = None, requires_grad: bool = True) -> jax.Array:
        array = jnp.zeros(0) if data is None else as_array("Parameter", "data", data)
        self = super().__new__(cls)
        self.variable = Variable(own_copy(array), False)
        self.requires_grad = requires_grad
        return cast(jax.Array, self)  # a module gives the array back

    @property
    def data(self) -> jax.Array:
        return self.variable.value

    @data.setter
    def data(self, value: ArrayLike) -> None:
        write([self.variable], [own_copy(as_array("Parameter", "data", value))])

    @property
    def requires_grad(self) -> bool:
        return self.variable.requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if value and not jnp.issubdtype(self.data.dtype, jnp.inexact):
            raise RuntimeError(f"Parameter: only floating-point arrays are trained, got dtype {self.data.dtype}")
        self.variable.requires_grad = bool(value)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Sets whether an optimizer trains it; returns the parameter."""
        self.requires_grad = requires_grad
        return self

    def __jax_array__(self) -> jax.Array:
        return self.data

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "variable":
            raise AttributeError(name)
        if remedy := remedy_for(Parameter, name):
            raise AttributeError(f"a parameter has no attribute {name!r}: {remedy}")
        return getattr(self.data, name)

    def __repr__(self) -> str:
        return f"Parameter({self.data!r}, requires_grad={self.requires_grad})"


def _delegate(name: str) -> Callable[..., Any]:
    """An operator of arrays as one of parameters that aren't assigned yet."""

    def operator(self: Any, *others: Any) -> Any:
        return getattr(self.data, name)(*(other.data if is_unassigned(other) else other for other in others))

    return operator


for _name in _OPERATORS.split():
    setattr(Parameter, f"__{_name}__", _delegate(f"__{_name}__"))
Parameter.__hash__ = object.__hash__
# jax's functions receive the array
jax.tree_util.register_pytree_node(Parameter, lambda p: ((p.data,), None), lambda _, arrays: cast(Any, arrays[0]))


class Buffer:
    """Marks an array as a buffer when it is assigned to a module; read back, it is the array itself.

    Args:
        data: the array; None is an empty one.
        persistent: whether it is in the state_dict.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn
        >>> net = nn.Module()
        >>> net.count = nn.Buffer(jnp.zeros(()))
        >>> net.state
        {'count': Array(0., dtype=float32)}
    """

    data: jax.Array
    persistent: bool

    def __new__(cls, data: ArrayLike | None = None, *, persistent: bool = True) -> jax.Array:
        self = super().__new__(cls)
        self.data = jnp.zeros(0) if data is None else as_array("Buffer", "data", data)
        self.persistent = persistent
        return cast(jax.Array, self)  # a module gives the array back
