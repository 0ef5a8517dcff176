"""Parameters, as they are given to a module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

import jax
import jax.numpy as jnp
import numpy as np

from purenn.layers.bound import running
from purenn.nn.access import own_copy, owner, write
from purenn.nn.remedies import remedy_for
from purenn.variable import Variable

__all__ = ["Buffer", "Parameter"]


def as_array(where: str, name: str, value: Any) -> jax.Array:
    """A value that is an array, of jax's or numpy's."""
    if not isinstance(value, jax.Array | np.ndarray | np.generic) and not hasattr(value, "__jax_array__"):
        raise TypeError(f"{where}: {name} must be an array, got {type(value).__name__}")
    return jnp.asarray(value)


def is_unassigned(value: Any) -> TypeGuard[Any]:
    """Whether a value is a `Parameter` that no module has taken yet."""
    return Parameter in type(value).__mro__


_OPERATORS = """
    add sub mul truediv floordiv mod divmod pow matmul lshift rshift and or xor
    radd rsub rmul rtruediv rfloordiv rmod rdivmod rpow rmatmul rlshift rrshift rand ror rxor
    neg pos abs invert round eq ne lt le gt ge getitem setitem len iter contains
    bool int float complex index array format
"""


class _Marked(type):
    """Makes ``isinstance(net.weight, Parameter)`` true, as in torch: what is read back is a module's array."""

    def __instancecheck__(cls, value: Any) -> bool:
        return cls in type(value).__mro__ or (isinstance(value, jax.Array) and _is_parameter(value))


def _is_parameter(array: jax.Array) -> bool:
    """Whether an array is that of a parameter, of a lasting module or of one in the pure call around this."""
    call = running()
    groups = [] if call is None else [part._parameters.values() for part in call.parts]
    return owner(array) is not None or any(v is not None and v.value is array for group in groups for v in group)


if TYPE_CHECKING:

    class Parameter(jax.Array):
        def __new__(cls, data: Any = None, requires_grad: bool = True) -> jax.Array: ...

    def Buffer(data: Any = None, *, persistent: bool = True) -> jax.Array: ...

else:

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
        __array_priority__ = 100  # as jax's arrays have it: numpy's operators leave it to this

        def __init__(self, data=None, requires_grad=True):
            array = jnp.zeros(0) if data is None else as_array("Parameter", "data", data)
            self.variable = Variable(own_copy(array), False)
            self.requires_grad = requires_grad

        @property
        def data(self):
            return self.variable.value

        @data.setter
        def data(self, value):
            write([self.variable], [own_copy(as_array("Parameter", "data", value))])

        @property
        def requires_grad(self):
            return self.variable.requires_grad

        @requires_grad.setter
        def requires_grad(self, value):
            if value and not jnp.issubdtype(self.data.dtype, jnp.inexact):
                raise RuntimeError(f"Parameter: only floating-point arrays are trained, got dtype {self.data.dtype}")
            self.variable.requires_grad = bool(value)

        def requires_grad_(self, requires_grad=True):
            """Sets whether an optimizer trains it; returns the parameter."""
            self.requires_grad = requires_grad
            return self

        def __jax_array__(self):
            return self.data

        def __getattr__(self, name):
            if name.startswith("__") or name == "variable":
                raise AttributeError(name)
            if remedy := remedy_for(Parameter, name):
                raise AttributeError(f"a parameter has no attribute {name!r}: {remedy}")
            return getattr(self.data, name)

        def __repr__(self):
            return f"Parameter({self.data!r}, requires_grad={self.requires_grad})"

    def _delegate(name):
        """An operator of arrays as one of parameters that aren't assigned yet."""

        def operator(self, *others):
            return getattr(self.data, name)(*(other.data if is_unassigned(other) else other for other in others))

        return operator

    for _name in _OPERATORS.split():
        setattr(Parameter, f"__{_name}__", _delegate(f"__{_name}__"))
    Parameter.__hash__ = object.__hash__
    # a function of jax's is given the array
    jax.tree_util.register_pytree_node(Parameter, lambda p: ((p.data,), None), lambda _, arrays: arrays[0])

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

        def __init__(self, data=None, *, persistent=True):
            self.data = jnp.zeros(0) if data is None else as_array("Buffer", "data", data)
            self.persistent = persistent
