"""Parameters, as they are given to a module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn.nn.access import own_copy
from purenn.variable import Variable

__all__ = ["Buffer", "Parameter"]


def as_array(where: str, name: str, value: Any) -> jax.Array:
    """A value that is an array, of jax's or numpy's."""
    if not isinstance(value, jax.Array | np.ndarray | np.generic) and not hasattr(value, "__jax_array__"):
        raise TypeError(f"{where}: {name} must be an array, got {type(value).__name__}")
    return jnp.asarray(value)


if TYPE_CHECKING:

    def Parameter(data: Any = None, requires_grad: bool = True) -> jax.Array: ...
    def Buffer(data: Any = None, *, persistent: bool = True) -> jax.Array: ...
else:

    class Parameter:
        """Marks an array as a parameter when it is assigned to a module; read back, it is the array itself.

        Args:
            data: the array; None is an empty one.
            requires_grad: whether an optimizer trains it.

        Example:
            >>> import jax.numpy as jnp
            >>> from purenn import nn
            >>> net = nn.Module()
            >>> net.scale = nn.Parameter(jnp.ones(2))
            >>> net.scale, net.params
            (Array([1., 1.], dtype=float32), {'scale': Array([1., 1.], dtype=float32)})
        """

        def __init__(self, data=None, requires_grad=True):
            array = jnp.zeros(0) if data is None else as_array("Parameter", "data", data)
            if requires_grad and not jnp.issubdtype(array.dtype, jnp.inexact):
                raise TypeError(f"Parameter: only floating-point arrays are trained, got dtype {array.dtype}")
            self.variable = Variable(own_copy(array), requires_grad)

        @property
        def data(self):
            return self.variable.value

        @property
        def requires_grad(self):
            return self.variable.requires_grad

        def __jax_array__(self):
            return self.data

        def __getattr__(self, name):
            if name.startswith("__") or name == "variable":
                raise AttributeError(name)
            return getattr(self.data, name)

        def __repr__(self):
            return f"Parameter({self.data!r}, requires_grad={self.requires_grad})"

    def _delegate(name):
        """An operator of arrays as one of parameters that aren't assigned yet."""

        def operator(self, *others):
            return getattr(self.data, name)(*(o.data if isinstance(o, Parameter) else o for o in others))

        return operator

    _OPERATORS = (
        "add sub mul truediv floordiv mod pow matmul radd rsub rmul rtruediv rfloordiv rmod rpow rmatmul neg pos abs"
    )
    for _name in f"{_OPERATORS} eq ne lt le gt ge getitem len iter bool float int array".split():
        setattr(Parameter, f"__{_name}__", _delegate(f"__{_name}__"))
    Parameter.__hash__ = object.__hash__

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
