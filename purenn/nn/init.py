"""torch.nn.init: functions that fill the array of a module anew, and the initializers of `purenn.init`.

``init.ones_(net.weight)`` finds the module that holds this array, puts a new array in its place and returns the new
one. It works where torch's does: inside ``__init__``, in ``net.apply(fn)``, over ``net.named_parameters()``.

All take a module's array, or an `nn.Parameter` that isn't assigned yet, as ``tensor``. Random numbers come from the
default generator, or from ``generator``: a jax key, or a `purenn.random.Stream`, whose next key is taken.
"""

from __future__ import annotations

from typing import Any

import jax

from purenn import init as _init
from purenn import random
from purenn.init import *
from purenn.init import Initializer
from purenn.nn import access
from purenn.nn.arrays import placed_like
from purenn.nn.parameter import is_unassigned
from purenn.random import Stream
from purenn.typing import Key
from purenn.variable import Variable

__all__ = [
    "constant_",
    "dirac_",
    "eye_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "sparse_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]
__all__ += _init.__all__


def _variable(where: str, tensor: jax.Array) -> Variable:
    """The variable that holds an array."""
    if is_unassigned(tensor):
        return tensor.variable
    if not isinstance(tensor, jax.Array):
        raise TypeError(f"{where}: tensor must be the array of a module, got {type(tensor).__name__}")
    variable = access.holder(tensor)
    if access.in_pure_call() is not None and (variable is None or access.is_older(variable)):
        raise RuntimeError(
            f"{where} can't fill an array inside a pure call (compile, Optimizer.step, functional_call, apply), which "
            "would lose the change: do it before"
        )
    if variable is None:
        maker = where.removesuffix("_")
        raise ValueError(
            f"{where}: no module holds this array of shape {tensor.shape}. It may be part of a module's array, be "
            "computed, or have been read before another took its place: read it again, as in "
            f"init.{where}(net.weight), or assign one, as in net.weight = init.{maker}(...)(key, shape)"
        )
    return variable


def _fill(
    where: str, tensor: jax.Array, initializer: Initializer, generator: Key | Stream | None = None, draws: bool = True
) -> jax.Array:
    """Replaces an array by a new one of an initializer, and returns that."""
    variable = _variable(where, tensor)
    old = variable.value
    key: Any = _key(where, generator) if draws else None
    array = placed_like(initializer(key, old.shape, old.dtype), old)
    access.keep({variable: array}, f"init.{where}: the array")
    return access.hand_out(variable)


def _key(where: str, generator: object) -> Any:
    if generator is None:
        return random.default_generator().next()
    if isinstance(generator, random.Stream):
        return generator.next()
    if not random.is_key(generator):
        raise TypeError(
            f"{where}: generator must be a jax key or a purenn.random.Stream, got {type(generator).__name__}"
        )
    return generator


def uniform_(tensor: jax.Array, a: float = 0.0, b: float = 1.0, generator: Key | Stream | None = None) -> jax.Array:
    """Fills an array with uniform numbers in [a, b), as `purenn.init.uniform` makes them.

    Args:
        tensor: a module's array.
        a, b: the bounds.
        generator: a jax key or a `purenn.random.Stream`; None is the default generator.

    Returns:
        The new array.

    Raises:
        ValueError: a above b, or no module holds the array.

    Example:
        >>> from purenn import nn
        >>> net = nn.Linear(3, 2)
        >>> _ = nn.init.uniform_(net.weight, 2.0, 3.0)
        >>> bool((net.weight >= 2).all())
        True
    """
    return _fill("uniform_", tensor, _init.uniform(a, b), generator)


def normal_(tensor: jax.Array, mean: float = 0.0, std: float = 1.0, generator: Key | Stream | None = None) -> jax.Array:
    """Fills an array with normal numbers, as `purenn.init.normal` makes them.

    Args:
        tensor: a module's array.
        mean, std: the mean and the standard deviation.
        generator: a jax key or a `purenn.random.Stream`; None is the default generator.

    Returns:
        The new array.

    Example:
        >>> import jax
        >>> from purenn import nn
        >>> def start(module):
        ...     if isinstance(module, nn.Linear):
        ...         nn.init.normal_(module.weight, std=0.02, generator=jax.random.key(0))
        >>> net = nn.Sequential(nn.Linear(100, 200), nn.ReLU()).apply(start)
        >>> net[0].weight.std().round(3)
        Array(0.02, dtype=float32)
    """
    return _fill("normal_", tensor, _init.normal(mean, std), generator)


def trunc_normal_(
    tensor: jax.Array,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Key | Stream | None = None,
) -> jax.Array:
    """Fills an array with normal numbers restricted to [a, b], as `purenn.init.trunc_normal` makes them.

    Args:
        tensor: a module's array.
        mean, std: the mean and the standard deviation before the restriction.
        a, b: the bounds.
        generator: a jax key or a `purenn.random.Stream`; None is the default generator.

    Returns:
        The new array.
    """
    return _fill("trunc_normal_", tensor, _init.trunc_normal(mean, std, a, b), generator)


def constant_(tensor: jax.Array, val: float) -> jax.Array:
    """Fills an array with a number and returns the new array."""
    return _fill("constant_", tensor, _init.constant(val), draws=False)


def ones_(tensor: jax.Array) -> jax.Array:
    """Fills an array with ones and returns the new array."""
    return _fill("ones_", tensor, _init.ones(), draws=False)


def zeros_(tensor: jax.Array) -> jax.Array:
    """Fills an array with zeros and returns the new array."""
    return _fill("zeros_", tensor, _init.zeros(), draws=False)


def eye_(tensor: jax.Array) -> jax.Array:
    """Fills a matrix with ones on the diagonal and zeros elsewhere, and returns the new array."""
    return _fill("eye_", tensor, _init.eye(), draws=False)


def dirac_(tensor: jax.Array, groups: int = 1) -> jax.Array:
    """Fills the weight of a convolution so that it returns its input, as `purenn.init.dirac`; returns the new array.

    Args:
        tensor: a module's array.
        groups: the number of groups of outputs.
    """
    return _fill("dirac_", tensor, _init.dirac(groups), draws=False)


def xavier_uniform_(tensor: jax.Array, gain: float = 1.0, generator: Key | Stream | None = None) -> jax.Array:
    """Fills a weight with uniform numbers of Glorot's variance, as `purenn.init.xavier_uniform` makes them.

    Args:
        tensor: a module's array.
        gain: a factor, as `calculate_gain` gives it.
        generator: a jax key or a `purenn.random.Stream`; None is the default generator.

    Returns:
        The new array.

    Example:
        >>> from purenn import nn
        >>> class Net(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.fc = nn.Linear(3, 3)
        ...         nn.init.xavier_uniform_(self.fc.weight)
        >>> bool((abs(Net().fc.weight) <= 1).all())
        True
    """
    return _fill("xavier_uniform_", tensor, _init.xavier_uniform(gain), generator)


def xavier_normal_(tensor: jax.Array, gain: float = 1.0, generator: Key | Stream | None = None) -> jax.Array:
    """Fills a weight with normal numbers of Glorot's variance, as `purenn.init.xavier_normal` makes them.

    Args:
        tensor: a module's array.
        gain: a factor, as `calculate_gain` gives it.
        generator: a jax key or a `purenn.random.Stream`; None is the default generator.

    Returns:
        The new array.
    """
    return _fill("xavier_normal_", tensor, _init.xavier_normal(gain), generator)


def kaiming_uniform_(
    tensor: jax.Array,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Key | Stream | None = None,
) -> jax.Array:
    """Fills a weight with uniform numbers of He's variance, as `purenn.init.kaiming_uniform` makes them.

    Args:
        tensor: a module's array.
        a: the negative slope of the leaky ReLU that follows.
        mode: ``'fan_in'`` or ``'fan_out'``.
        nonlinearity: the function that follows, a name that `calculate_gain` takes.
        generator: a jax key or a `purenn.random.Stream`; None is the default generator.

    Returns:
        The new array.
    """
    return _fill("kaiming_uniform_", tensor, _init.kaiming_uniform(a, mode, nonlinearity), generator)


def kaiming_normal_(
    tensor: jax.Array,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Key | Stream | None = None,
) -> jax.Array:
    """Fills a weight with normal numbers of He's variance, as `purenn.init.kaiming_normal` makes them.

    Args:
        tensor: a module's array.
        a: the negative slope of the leaky ReLU that follows.
        mode: ``'fan_in'`` or ``'fan_out'``.
        nonlinearity: the function that follows, a name that `calculate_gain` takes.
        generator: a jax key or a `purenn.random.Stream`; None is the default generator.

    Returns:
        The new array.
    """
    return _fill("kaiming_normal_", tensor, _init.kaiming_normal(a, mode, nonlinearity), generator)


def orthogonal_(tensor: jax.Array, gain: float = 1, generator: Key | Stream | None = None) -> jax.Array:
    """Makes a weight's rows or columns orthonormal, times a gain, as `purenn.init.orthogonal`.

    Args:
        tensor: a module's array.
        gain: the length of the rows or columns.
        generator: a jax key or a `purenn.random.Stream`; None is the default generator.

    Returns:
        The new array.
    """
    return _fill("orthogonal_", tensor, _init.orthogonal(gain), generator)


def sparse_(tensor: jax.Array, sparsity: float, std: float = 0.01, generator: Key | Stream | None = None) -> jax.Array:
    """Fills a matrix with normal numbers and a fraction of zeros in each column, as `purenn.init.sparse`.

    Args:
        tensor: a module's array.
        sparsity: the fraction.
        std: the standard deviation of the rest.
        generator: a jax key or a `purenn.random.Stream`; None is the default generator.

    Returns:
        The new array.
    """
    return _fill("sparse_", tensor, _init.sparse(sparsity, std), generator)
