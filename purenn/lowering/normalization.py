"""Standardising over some axes, with an affine map: one function for batch, layer, group, instance and rms norms.

The derivative is written out. XLA's CPU compiler gives every sum to a library together with the arithmetic around it,
as long as nothing else needs that; what several sums share, even a broadcast weight, it stores at full size first. So
each sum of the backward pass gets arrays of its own, which `lax.optimization_barrier` keeps apart, and there is no
temporary of the input's size.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import lax

from purenn.lowering.cuda import cuda_capability
from purenn.lowering.linear_map import Arrays, LinearMap, Shapes, apply_map, rule
from purenn.lowering.rounding import rounded
from purenn.lowering.stored import stored
from purenn.lowering.whole import or_nan

__all__ = ["affine", "moments", "normalized"]

AxisName = str | tuple[str, ...] | None


def moments(
    x: jax.Array, axes: tuple[int, ...], axis_name: AxisName = None, *, centred: bool = True
) -> tuple[jax.Array, jax.Array]:
    """Mean and biased variance over some axes, which stay, with size 1, in two passes.

    Of nothing they are 0 rather than nan, which would reach the weight's gradient.

    Args:
        x: the array.
        axes: over which the mean is taken.
        axis_name: axes of a mesh or vmap over which it is taken too.
        centred: if not, the mean is given as 0, and the variance is the mean square.
    """

    def nothing() -> jax.Array:
        return jnp.zeros([1 if i in axes else n for i, n in enumerate(x.shape)], x.dtype)

    if x.size == 0:
        return nothing(), nothing()

    def mean_of(x: jax.Array) -> jax.Array:
        mean = jnp.mean(x, axes, keepdims=True)
        return mean if axis_name is None else lax.pmean(mean, axis_name)

    x = rounded(x, summed=True)
    mean = mean_of(x) if centred else nothing()
    return mean, mean_of(jnp.square(x - mean if centred else x))


def _moments_at_once(x: jax.Array, axes: tuple[int, ...]) -> tuple[jax.Array, jax.Array]:
    """The moments in one pass, over differences from the first element, so that a large mean costs no digits."""
    first = lax.slice(x, (0,) * x.ndim, [1 if i in axes else n for i, n in enumerate(x.shape)])
    mean, square = (jnp.mean(a, axes, keepdims=True) for a in (x - first, jnp.square(x - first)))
    return first + mean, jnp.maximum(square - mean * mean, 0)


def affine(
    x: jax.Array,
    mean: jax.Array,
    var: jax.Array,
    weight: jax.Array | None,
    bias: jax.Array | None,
    eps: float | jax.Array,
) -> jax.Array:
    """The affine image of an array standardised by given moments; everything has one rank and broadcasts."""
    return _scaled(x, mean, lax.rsqrt(var + eps), weight, bias)


def _scaled(
    x: jax.Array, mean: jax.Array, scale: jax.Array, weight: jax.Array | None, bias: jax.Array | None
) -> jax.Array:
    y = (rounded(x) - mean) * (scale if weight is None else scale * weight)
    return y if bias is None else y + bias


def _own_scale(var: jax.Array, eps: float | jax.Array, centred: bool) -> jax.Array:
    """The factor that standardises an array of this variance: NaN, not 0, where the squares overflowed."""
    scale = lax.rsqrt(var + eps)
    return or_nan(var != jnp.inf, scale) if centred else scale


def normalized(
    x: jax.Array,
    axes: tuple[int, ...],
    weight: jax.Array | None,
    bias: jax.Array | None,
    eps: float | jax.Array,
    axis_name: AxisName = None,
    *,
    centred: bool = True,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """An array standardised by its own moments, and the moments, which have no gradient.

    Args:
        x: the array, in the dtype that is computed in.
        axes, axis_name, centred: as in `moments`.
        weight, bias: of one shape that has the array's rank and broadcasts; or None.
        eps: added to the variance.
    """
    if axis_name is not None or x.size == 0 or isinstance(eps, jax.Array):  # a traced eps has a derivative, too
        mean, var = moments(x, axes, axis_name, centred=centred)
        y = _scaled(x, mean, _own_scale(var, eps, centred), weight, bias)
        return y, *lax.stop_gradient((mean, var))
    shape = next((a.shape for a in (weight, bias) if a is not None), (1,) * x.ndim)
    weight = jnp.ones(shape, x.dtype) if weight is None else weight
    bias = jnp.zeros(shape, x.dtype) if bias is None else bias
    return _normalized(x, weight, bias, axes, eps, centred)


@functools.partial(jax.custom_jvp, nondiff_argnums=(3, 4, 5))
def _normalized(
    x: jax.Array, weight: jax.Array, bias: jax.Array, axes: tuple[int, ...], eps: float, centred: bool
) -> tuple[jax.Array, jax.Array, jax.Array]:
    x = stored(x)  # the moments and the result read it
    mean, var = apart(*moments(x, axes, centred=centred))
    return _scaled(x, mean, _own_scale(var, eps, centred), weight, bias), mean, var


@_normalized.defjvp
def _normalized_jvp(
    axes: tuple[int, ...], eps: float, centred: bool, primals: Arrays, tangents: Arrays
) -> tuple[Arrays, Arrays]:
    x, weight, bias = stored(primals[0]), *primals[1:]
    # On a GPU the derivative of rows then takes fewer kernels: 0.6 of the time; alone the two passes are faster.
    at_once = centred and axes == tuple(range(axes[0], x.ndim)) and cuda_capability() > (0, 0)
    mean, var = apart(*(_moments_at_once(x, axes) if at_once else moments(x, axes, centred=centred)))
    scale = _own_scale(var, eps, centred)
    y = _scaled(x, mean, scale, weight, bias)
    (tangent,) = apply_map(_Tangent(axes, centred), (x, mean, scale, weight), tangents)
    return (y, mean, var), (tangent, jnp.zeros_like(mean), jnp.zeros_like(var))


@dataclasses.dataclass(frozen=True)
class _Tangent(LinearMap):
    """The derivative in the array, the weight and the bias; its residuals are the array, mean, scale and weight."""

    axes: tuple[int, ...]
    centred: bool

    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        x, mean, scale, weight = residuals
        dx, dweight, dbias = arguments
        standard = (rounded(x) - mean) * scale
        moved = dx - standard * jnp.mean(standard * dx, self.axes, keepdims=True)
        if self.centred:
            moved -= jnp.mean(dx, self.axes, keepdims=True)
        return ((weight * scale) * moved + standard * dweight + dbias,)


@rule(_Tangent, "cpu")
class _TangentCpu(_Tangent):
    def transpose(self, residuals: Arrays, cotangents: Arrays, shapes: Shapes) -> Arrays:
        x, mean, scale, weight = residuals
        dy = stored(cotangents[0])  # each of the sums reads it
        barrier = lax.optimization_barrier
        # Where neither weight nor moments vary, all four sums are made of two: those of dy and of dy * standard.
        alike = [i for i in range(x.ndim) if weight.shape[i] == mean.shape[i] == 1]
        if alike:
            total, product = jnp.sum(barrier(dy), alike, keepdims=True), _product(alike, *barrier((dy, x, mean, scale)))
            dbias, dweight = _summed(total, weight), _summed(product, weight)
            total, product = _summed(weight * total, mean), _summed(weight * product, mean)
        else:
            dbias, dweight = _summed(barrier(dy), weight), _summed(_product((), *barrier((dy, x, mean, scale))), weight)
            g, w = barrier((dy, weight))
            total = _summed(g * w, mean)
            *operands, w = barrier((dy, x, mean, scale, weight))
            product = _summed(_product((), *operands) * w, mean)
        count = math.prod(x.shape[i] for i in self.axes)
        dy, x, mean, scale, weight, total, product = barrier(
            (dy, x, mean, scale, weight, total / count, product / count)
        )
        moved = dy * weight - (rounded(x) - mean) * (scale * product)
        return scale * (moved - total if self.centred else moved), dweight, dbias


def _product(axes: Sequence[int], dy: jax.Array, x: jax.Array, mean: jax.Array, scale: jax.Array) -> jax.Array:
    product = dy * ((rounded(x, summed=True) - mean) * scale)
    return jnp.sum(product, axes, keepdims=True) if axes else product


def _summed(x: jax.Array, like: jax.Array) -> jax.Array:
    """The transpose of broadcasting from `like`'s shape."""
    axes = tuple(i for i, (one, other) in enumerate(zip(x.shape, like.shape, strict=True)) if other == 1 != one)
    return jnp.sum(x, axes, keepdims=True) if axes else x


@dataclasses.dataclass(frozen=True)
class _Apart(LinearMap):
    """A barrier. `stored` is a call: it takes more instructions, and is left out of a divided program."""

    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return arguments

    def transposed(self, shapes: Shapes) -> LinearMap:
        return self


@rule(_Apart, "cpu")
class _ApartCpu(_Apart):
    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        return lax.optimization_barrier(arguments)


def apart(*arrays: jax.Array) -> Arrays:
    """The same arrays; on the CPU what makes them is compiled apart from what uses them."""
    return apply_map(_Apart(), (), arrays)
