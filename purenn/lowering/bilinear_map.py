"""Maps of two arguments that are linear in each, such as products and convolutions.

Seen from the output, such a map is a trilinear form. Its three maps, to the output and to either argument, are each
other's transposes, so that these three are enough for derivatives of every order.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import ClassVar, Self

import jax

from purenn.lowering.linear_map import Arrays, Axes, Formulated, LinearMap, Shapes, apply_map, like

__all__ = ["BilinearMap"]


class BilinearMap(Formulated):
    """A map y of x and w that is linear in each. Subclasses are frozen dataclasses of what is static.

    Only `y` has to be given; the others follow by autodiff. The formulation of a platform is a subclass that `rule`
    enters. ``op(x, w)`` applies the map and ``op.transposed(w, y, shape)`` its transpose in x.
    """

    folds: ClassVar[bool] = False  # whether the first axes of x and y are a batch, of which one may be made of several

    def y(self, x: jax.Array, w: jax.Array) -> jax.Array:
        """Computes the output."""
        raise NotImplementedError

    def x(self, w: jax.Array, y: jax.Array, shape: jax.ShapeDtypeStruct) -> jax.Array:
        """Computes the gradient in x, which has this shape and dtype, from the output's cotangent y."""
        return jax.linear_transpose(lambda x: self.y(x, w), shape)(y)[0]

    def w(self, x: jax.Array, y: jax.Array, shape: jax.ShapeDtypeStruct) -> jax.Array:
        """Computes the gradient in w, which has this shape and dtype, from the output's cotangent y."""
        return jax.linear_transpose(lambda w: self.y(x, w), shape)(y)[0]

    def __call__(self, x: jax.Array, w: jax.Array) -> jax.Array:
        shapes = like(x), like(w), _output_shape(self.y, like(x), like(w))
        return apply_map(_Map(self, "y", "x", shapes), (w,), (x,))[0]

    def transposed(self, w: jax.Array, y: jax.Array, shape: jax.ShapeDtypeStruct) -> jax.Array:
        """Applies the transpose of ``x -> op(x, w)``, which is linear in w and y; `shape` is that of x."""
        shapes = like(shape), like(w), _output_shape(self.y, like(shape), like(w))
        return apply_map(_Map(self, "x", "y", shapes), (w,), (y,))[0]


_output_shape = functools.lru_cache(maxsize=4096)(jax.numpy_dtype_promotion("standard")(jax.eval_shape))


@dataclasses.dataclass(frozen=True)
class _Map(LinearMap):
    """One of the three maps: to the role `to` of "x", "w" and "y", linear in the role `of`; the third one is fixed."""

    form: BilinearMap
    to: str
    of: str
    shapes: Shapes

    @property
    def fixed(self) -> str:
        """The role of the residual."""
        (role,) = {"x", "w", "y"} - {self.to, self.of}
        return role

    def on(self, platform: str, divided: bool = False) -> Self:
        return dataclasses.replace(self, form=self.form.on(platform, divided))

    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        operands = {self.fixed: residuals[0], self.of: arguments[0]}
        x, w, _ = self.shapes
        if self.to == "y":
            return (self.form.y(operands["x"], operands["w"]),)
        if self.to == "x":
            return (self.form.x(operands["w"], operands["y"], x),)
        return (self.form.w(operands["x"], operands["y"], w),)

    def transposed(self, shapes: Shapes) -> LinearMap:
        return dataclasses.replace(self, to=self.of, of=self.to)

    def transpose(self, residuals: Arrays, cotangents: Arrays, shapes: Shapes) -> Arrays:
        return self.transposed(shapes).apply(residuals, cotangents)

    def tangent(self, residuals: Arrays, tangents: Arrays, arguments: Arrays) -> Arrays:
        return apply_map(dataclasses.replace(self, of=self.fixed), arguments, tangents)

    def batched(self, residuals: Axes, arguments: Axes, size: int, arrays: Arrays) -> Arrays:
        axes = dict(zip((self.fixed, self.of), (*residuals, *arguments), strict=True))
        if not self.form.folds or "w" not in axes or axes["w"] is not None:
            return super().batched(residuals, arguments, size, arrays)
        # several batches with one weight are one batch
        folded = [
            array if axis is None else array.reshape(-1, *array.shape[2:])
            for array, axis in zip(arrays, axes.values(), strict=True)
        ]
        x, w, y = self.shapes
        x, y = (jax.ShapeDtypeStruct((size * a.shape[0], *a.shape[1:]), a.dtype) for a in (x, y))
        (output,) = apply_map(dataclasses.replace(self, shapes=(x, w, y)), folded[:1], folded[1:])
        return (output.reshape(size, -1, *output.shape[1:]),)
