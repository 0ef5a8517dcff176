"""torch.nn.init as initializers in jax's form: a call gives a function of a key, a shape and a dtype.

``init.xavier_normal(gain=2)(rng, shape, dtype)`` makes the array with which ``torch.nn.init.xavier_normal_`` fills a
tensor of this shape and dtype, with jax's random numbers. Fans are read from shapes (outputs, inputs, *kernel), as in
torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.core import Tracer
from jax.typing import DTypeLike

from purenn import check, random
from purenn.typing import Key

__all__ = [
    "Initializer",
    "calculate_gain",
    "constant",
    "dirac",
    "eye",
    "kaiming_normal",
    "kaiming_uniform",
    "normal",
    "ones",
    "orthogonal",
    "sparse",
    "trunc_normal",
    "uniform",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]


class Initializer(Protocol):
    """How an array starts: ``init(rng, shape, dtype)``, the form of ``jax.nn.initializers``."""

    def __call__(self, rng: Key, shape: Sequence[int], dtype: DTypeLike = jnp.float32, /) -> jax.Array: ...


_LINEAR = ("linear", *(f"conv{t}{n}d" for t in ("", "_transpose") for n in (1, 2, 3)))


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    r"""The factor for a weight's standard deviation that makes up for the nonlinearity behind it.

    It is 1 for ``'linear'``, the convolutions (``'conv2d'``, ``'conv_transpose2d'``, ...) and ``'sigmoid'``,
    :math:`5/3` for ``'tanh'``, :math:`\sqrt 2` for ``'relu'``, :math:`\sqrt{2 / (1 + a^2)}` for ``'leaky_relu'`` and
    :math:`3/4` for ``'selu'``.

    Args:
        nonlinearity: one of these names.
        param: the negative slope :math:`a` for ``'leaky_relu'``, None for 0.01.

    Raises:
        ValueError: another name, or a slope that is no number.

    Source: ``torch.nn.init.calculate_gain``.

    Example:
        >>> from purenn import init
        >>> init.calculate_gain("leaky_relu", 1.0)
        1.0
    """
    gains = {**dict.fromkeys((*_LINEAR, "sigmoid"), 1.0), "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}
    check.choice("calculate_gain", "nonlinearity", nonlinearity, (*gains, "leaky_relu"))
    if nonlinearity != "leaky_relu":
        return gains[nonlinearity]
    slope = 0.01 if param is None else param
    if isinstance(slope, bool) or not isinstance(slope, int | float):
        check.fail("calculate_gain", "param", "be a number", repr(slope))
    return math.sqrt(2 / (1 + slope**2))


def _number(where: str, argument: str, value: Any) -> None:
    """Refuses an array: torch's functions fill one, these make one."""
    if np.ndim(value):
        shape, fill = np.shape(value), f"purenn.nn.init.{where}_"
        check.fail(
            where, argument, "be a number", f"an array of shape {shape}; {fill} fills a module's array", TypeError
        )


def _ordered(where: str, a: float, b: float) -> None:
    _number(where, "a", a)
    _number(where, "b", b)
    if not a <= b:
        check.fail(where, "b", f"be at least a={a}", b)


def _not_negative(where: str, argument: str, value: float) -> None:
    _number(where, argument, value)
    if not value >= 0:
        check.fail(where, argument, "be at least 0", value)


def _floating(where: str, dtype: DTypeLike) -> None:
    if not jnp.issubdtype(dtype, jnp.floating):
        check.fail(where, "dtype", "be a floating-point dtype", np.dtype(dtype), TypeError)


def _uniform(where: str, rng: Key, shape: Sequence[int], dtype: DTypeLike, a: float, b: float) -> jax.Array:
    _floating(where, dtype)
    return random.uniform(rng, shape, dtype, a, b)


def _normal(where: str, rng: Key, shape: Sequence[int], dtype: DTypeLike, mean: float, std: float) -> jax.Array:
    _floating(where, dtype)
    return random.normal(rng, shape, dtype, mean, std)


def uniform(a: float = 0.0, b: float = 1.0) -> Initializer:
    """Uniform in [a, b), as ``torch.nn.init.uniform_``.

    Args:
        a, b: the bounds.

    Raises:
        ValueError: a above b. TypeError, from the initializer: a dtype that isn't floating-point.

    Example:
        >>> import jax
        >>> from purenn import init
        >>> init.uniform(-1.0, 1.0)(jax.random.key(0), (2, 3)).shape
        (2, 3)
    """
    _ordered("uniform", a, b)
    return lambda rng, shape, dtype=jnp.float32: _uniform("uniform", rng, shape, dtype, a, b)


def normal(mean: float = 0.0, std: float = 1.0) -> Initializer:
    """Normal with the given mean and standard deviation, as ``torch.nn.init.normal_``.

    Raises:
        ValueError: a negative ``std``. TypeError, from the initializer: a dtype that isn't floating-point (torch
            has complex numbers too).

    Example:
        >>> import jax
        >>> from purenn import init
        >>> init.normal(std=0.02)(jax.random.key(0), (2, 3)).shape
        (2, 3)
    """
    _number("normal", "mean", mean)
    _not_negative("normal", "std", std)
    return lambda rng, shape, dtype=jnp.float32: _normal("normal", rng, shape, dtype, mean, std)


def trunc_normal(mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0) -> Initializer:
    r"""Normal with the given mean and standard deviation, restricted to [a, b], as ``torch.nn.init.trunc_normal_``.

    The numbers are :math:`\mu + \sigma\,\Phi^{-1}(u)` with u uniform in :math:`[\Phi(\alpha), \Phi(\beta))`, where
    :math:`\alpha = (a - \mu) / \sigma` and :math:`\beta = (b - \mu) / \sigma`.

    Args:
        mean, std: the mean and the standard deviation before the restriction.
        a, b: the bounds, in units of the result, not of ``std``. More than 11 standard deviations beyond the mean
            an exponential density is used, which is within one percent.

    Raises:
        ValueError: a above b, or ``std`` not above 0 (torch takes one below). TypeError, from the initializer: a
            dtype that isn't floating-point.

    Example:
        >>> import jax
        >>> from purenn import init
        >>> x = init.trunc_normal(std=0.5, a=-0.1, b=0.2)(jax.random.key(0), (1000,))
        >>> bool((x >= -0.1).all() and (x <= 0.2).all())
        True
    """
    _number("trunc_normal", "mean", mean)
    _number("trunc_normal", "std", std)
    _ordered("trunc_normal", a, b)
    if not std > 0:
        check.fail("trunc_normal", "std", "be above 0", std)
    low, high = (a - mean) / std, (b - mean) / std
    scale = std if low + high <= 0 else -std  # in the lower tail small probabilities are precise
    if scale < 0:
        low, high = -high, -low

    first, last, quantile = _tail(low, high)

    def initialize(rng: Key, shape: Sequence[int], dtype: DTypeLike = jnp.float32) -> jax.Array:
        _floating("trunc_normal", dtype)
        work = jnp.float64 if np.dtype(dtype) == np.float64 else jnp.float32
        z = quantile(random.uniform(rng, shape, work, first, last))
        return jnp.clip(z * scale + mean, a, b).astype(dtype)

    return initialize


def _tail(low: float, high: float) -> tuple[float, float, Callable[[jax.Array], jax.Array]]:
    """The bounds of uniform numbers, and a function that maps these to normal numbers from ``low`` to ``high``.

    ``low`` is farther from 0 than ``high``.
    """
    if high < -11:  # probabilities underflow in float32
        return 0.0, 1.0, lambda u: high + jnp.log1p(u * math.expm1(high * (high - low))) / abs(high)
    if high < -1:
        first, last = (math.erfc(-z / math.sqrt(2)) / 2 for z in (low, high))
        return first, last, jax.scipy.special.ndtri
    first, last = (math.erf(z / math.sqrt(2)) for z in (low, high))
    return first, last, _normal_quantile


def _normal_quantile(u: jax.Array) -> jax.Array:
    most = 1 - float(jnp.finfo(u.dtype).epsneg)  # the quantile of 1 is infinite
    return math.sqrt(2) * lax.erf_inv(jnp.clip(u, -most, most))


def constant(val: float) -> Initializer:
    """The same number everywhere, as ``torch.nn.init.constant_``.

    Raises:
        TypeError: ``val`` is no number.

    Example:
        >>> from purenn import init
        >>> init.constant(0.5)(None, (2,)).tolist()
        [0.5, 0.5]
    """
    _number("constant", "val", val)
    if not isinstance(val, int | float | complex | np.number):
        check.fail("constant", "val", "be a number", repr(val), TypeError)
    return lambda rng, shape, dtype=jnp.float32: random.constant(val, shape, dtype, traced=_traced(rng))


def ones() -> Initializer:
    """Ones, as ``torch.nn.init.ones_``.

    Example:
        >>> from purenn import init
        >>> init.ones()(None, (2,)).tolist()
        [1.0, 1.0]
    """
    return constant(1)


def zeros() -> Initializer:
    """Zeros, as ``torch.nn.init.zeros_``.

    Example:
        >>> from purenn import init
        >>> init.zeros()(None, (2,)).tolist()
        [0.0, 0.0]
    """
    return constant(0)


def _traced(rng: Key) -> bool:
    return isinstance(rng, Tracer)


def _rank(where: str, shape: Sequence[int], ranks: tuple[int, ...]) -> None:
    if len(shape) not in ranks:
        check.fail(where, "shape", "have rank " + " or ".join(map(str, ranks)), tuple(shape))


def eye() -> Initializer:
    """Ones on the diagonal of a matrix and zeros elsewhere, as ``torch.nn.init.eye_``.

    Raises:
        ValueError, from the initializer: a rank other than 2.

    Example:
        >>> from purenn import init
        >>> init.eye()(None, (2, 3)).tolist()
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """

    def initialize(rng: Key, shape: Sequence[int], dtype: DTypeLike = jnp.float32) -> jax.Array:
        _rank("eye", shape, (2,))
        xp = jnp if _traced(rng) else np
        return jnp.asarray((xp.arange(shape[0])[:, None] == xp.arange(shape[1])[None]).astype(dtype))

    return initialize


def dirac(groups: int = 1) -> Initializer:
    """The kernel of a convolution that returns its input, as ``torch.nn.init.dirac_``.

    In each group the kernel from input i to output i is 1 at its center, the rest is 0.

    Args:
        groups: the number of groups of outputs.

    Raises:
        ValueError: ``groups`` below 1; from the initializer: a rank other than 3, 4 or 5, outputs that ``groups``
            doesn't divide, or a kernel without elements.

    Example:
        >>> from purenn import init
        >>> init.dirac()(None, (1, 2, 3)).tolist()
        [[[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]]
    """
    _number("dirac", "groups", groups)
    check.integer("dirac", "groups", groups, 1)

    def initialize(rng: Key, shape: Sequence[int], dtype: DTypeLike = jnp.float32) -> jax.Array:
        _rank("dirac", shape, (3, 4, 5))
        outputs, inputs, *kernel = shape
        if outputs % groups:
            check.fail("dirac", "shape", f"have a first dimension divisible by groups={groups}", tuple(shape))
        if 0 in kernel and outputs and inputs:
            check.fail("dirac", "shape", "have a kernel with elements", tuple(shape))
        xp = jnp if _traced(rng) else np
        within = xp.arange(outputs) % max(outputs // groups, 1)
        place = within[:, None] == xp.arange(inputs)[None]
        for size in kernel:
            place = place[..., None] & (xp.arange(size) == size // 2).reshape((1,) * place.ndim + (size,))
        return jnp.asarray(place.astype(dtype))

    return initialize


def _fans(where: str, shape: Sequence[int]) -> tuple[int, int]:
    if len(shape) < 2:
        check.fail(where, "shape", "have rank 2 or more", tuple(shape))
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def fan_in(shape: Sequence[int]) -> int:
    """The number of inputs per output of a weight of shape (outputs, inputs, *kernel)."""
    return _fans("fan_in", shape)[0]


def _xavier(where: str, gain: float, fill: Callable[..., jax.Array]) -> Initializer:
    _not_negative(where, "gain", gain)

    def initialize(rng: Key, shape: Sequence[int], dtype: DTypeLike = jnp.float32) -> jax.Array:
        fans = sum(_fans(where, shape))
        if fans == 0:
            check.fail(where, "shape", "have at least one input or output", tuple(shape))
        return fill(where, rng, shape, dtype, gain * math.sqrt(2 / fans))

    return initialize


def _uniform_of_std(where: str, rng: Key, shape: Sequence[int], dtype: DTypeLike, std: float) -> jax.Array:
    return _uniform(where, rng, shape, dtype, -math.sqrt(3) * std, math.sqrt(3) * std)


def _normal_of_std(where: str, rng: Key, shape: Sequence[int], dtype: DTypeLike, std: float) -> jax.Array:
    return _normal(where, rng, shape, dtype, 0.0, std)


def xavier_uniform(gain: float = 1.0) -> Initializer:
    r"""Uniform in :math:`\pm\,\text{gain}\sqrt{6 / (\text{fan\_in} + \text{fan\_out})}`, as
    ``torch.nn.init.xavier_uniform_``.

    The source is Glorot and Bengio, *Understanding the difficulty of training deep feedforward neural networks*, 2010.

    Args:
        gain: a factor, as `calculate_gain` gives it.

    Raises:
        ValueError: a negative gain; from the initializer: a rank below 2, or no inputs and no outputs.

    Example:
        >>> import jax
        >>> from purenn import init
        >>> weight = init.xavier_uniform()(jax.random.key(0), (200, 400))
        >>> bool(abs(weight).max() <= 0.1)
        True
    """
    return _xavier("xavier_uniform", gain, _uniform_of_std)


def xavier_normal(gain: float = 1.0) -> Initializer:
    r"""Normal with standard deviation :math:`\text{gain}\sqrt{2 / (\text{fan\_in} + \text{fan\_out})}`, as
    ``torch.nn.init.xavier_normal_``; `xavier_uniform` describes the rest.

    Example:
        >>> import jax
        >>> from purenn import init
        >>> init.xavier_normal()(jax.random.key(0), (200, 400)).std().round(2).item()
        0.05999999865889549
    """
    return _xavier("xavier_normal", gain, _normal_of_std)


def _kaiming(where: str, a: float, mode: str, nonlinearity: str, fill: Callable[..., jax.Array]) -> Initializer:
    _number(where, "a", a)
    check.choice(where, "mode", mode.lower(), ("fan_in", "fan_out"))
    gain = calculate_gain(nonlinearity, a)

    def initialize(rng: Key, shape: Sequence[int], dtype: DTypeLike = jnp.float32) -> jax.Array:
        if 0 in shape:
            return jnp.zeros(shape, dtype)
        fan = _fans(where, shape)[mode.lower() == "fan_out"]
        return fill(where, rng, shape, dtype, gain / math.sqrt(fan))

    return initialize


def kaiming_uniform(a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Initializer:
    r"""Uniform in :math:`\pm\,\text{gain}\sqrt{3 / \text{fan}}`, as ``torch.nn.init.kaiming_uniform_``.

    The source is He et al., *Delving deep into rectifiers*, 2015.

    Args:
        a: the negative slope of the leaky ReLU that follows.
        mode: ``'fan_in'``, which keeps the variance in the forward pass, or ``'fan_out'``, in the backward pass.
        nonlinearity: the function that follows, a name that `calculate_gain` takes.

    Raises:
        ValueError: another ``mode`` or ``nonlinearity``, or a slope that is no number; from the initializer: a
            rank below 2.

    Example:
        >>> import jax
        >>> from purenn import init
        >>> weight = init.kaiming_uniform(a=5**0.5)(jax.random.key(0), (4, 100))
        >>> bool(abs(weight).max() <= 0.1)
        True
    """
    return _kaiming("kaiming_uniform", a, mode, nonlinearity, _uniform_of_std)


def kaiming_normal(a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Initializer:
    r"""Normal with standard deviation :math:`\text{gain} / \sqrt{\text{fan}}`, as ``torch.nn.init.kaiming_normal_``;
    `kaiming_uniform` describes the rest.

    Example:
        >>> import jax
        >>> from purenn import init
        >>> init.kaiming_normal(nonlinearity="relu")(jax.random.key(0), (300, 200)).std().round(2).item()
        0.09999999403953552
    """
    return _kaiming("kaiming_normal", a, mode, nonlinearity, _normal_of_std)


def orthogonal(gain: float = 1) -> Initializer:
    r"""A matrix with orthonormal rows or columns, whichever are fewer, times a gain, as ``torch.nn.init.orthogonal_``.

    It is the Q of a normal matrix, with signs that make all orthogonal matrices equally likely. Dimensions after the
    first count as one. The source is Saxe et al., *Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks*, 2013.

    Differs from torch, which has no such decomposition in half types: they are rounded from float32.

    Args:
        gain: the length of the rows or columns.

    Raises:
        TypeError: ``gain`` is no number. ValueError, from the initializer: a rank below 2.

    Example:
        >>> import jax
        >>> from purenn import init
        >>> q = init.orthogonal()(jax.random.key(0), (2, 3))
        >>> (q @ q.T).round(4).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    _number("orthogonal", "gain", gain)
    if not isinstance(gain, int | float):
        check.fail("orthogonal", "gain", "be a number", repr(gain), TypeError)

    def initialize(rng: Key, shape: Sequence[int], dtype: DTypeLike = jnp.float32) -> jax.Array:
        if len(shape) < 2:
            check.fail("orthogonal", "shape", "have rank 2 or more", tuple(shape))
        if 0 in shape:
            return jnp.zeros(shape, dtype)
        work = jnp.float64 if np.dtype(dtype) == np.float64 else jnp.float32
        few, many = sorted((shape[0], math.prod(shape[1:])))
        _floating("orthogonal", dtype)
        q, r = jnp.linalg.qr(random.normal(rng, (many, few), work))
        q = q * jnp.sign(jnp.diagonal(r))[None]
        return ((q if shape[0] == many else q.T).reshape(shape) * gain).astype(dtype)

    return initialize


def sparse(sparsity: float, std: float = 0.01) -> Initializer:
    """A normal matrix with a fraction of each column, rounded up, set to zero, as ``torch.nn.init.sparse_``.

    The source is Martens, *Deep learning via Hessian-free optimization*, 2010.

    Args:
        sparsity: the fraction; from 1 on all elements are zero.
        std: the standard deviation of the other elements.

    Raises:
        ValueError: a negative ``sparsity``, which torch doesn't check, or a negative ``std``; from the initializer: a
            rank other than 2.

    Example:
        >>> import jax
        >>> from purenn import init
        >>> (init.sparse(0.5)(jax.random.key(0), (4, 3)) == 0).sum(0).tolist()
        [2, 2, 2]
    """
    _not_negative("sparse", "sparsity", sparsity)
    _not_negative("sparse", "std", std)

    def initialize(rng: Key, shape: Sequence[int], dtype: DTypeLike = jnp.float32) -> jax.Array:
        _rank("sparse", shape, (2,))
        keys = random.Stream(rng)
        values = _normal("sparse", keys.next(), shape, dtype, 0.0, std)
        ranks = jnp.argsort(jnp.argsort(random.uniform(keys.next(), shape, jnp.float32, 0.0, 1.0), 0), 0)
        return jnp.where(ranks < math.ceil(sparsity * shape[0]), jnp.zeros((), values.dtype), values)

    return initialize
