"""The derivative of a recurrent network over time, as a linear map.

A step's derivative is elementwise but for its products. Its slopes are worked out for all steps at once, so what is
linear is left for the scan. The transpose is a scan backwards for the cotangents of the gates alone, then one product
for all weights and one for x.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from purenn.lowering.linear_map import Arrays, LinearMap, Shapes, rule
from purenn.lowering.rnn_steps import Cell, Layout, State, affine, kept, over_time

__all__ = ["Tangents"]


@dataclasses.dataclass(frozen=True)
class Tangents(LinearMap):
    """The tangents of all h and of the last state, of those of x, the first state and the weights."""

    cell: Cell
    reverse: bool
    layout: Layout
    residuals: Any  # the structures of the two trees
    arguments: Any

    def apply(self, residuals: Arrays, arguments: Arrays) -> Arrays:
        r, d = jax.tree.unflatten(self.residuals, residuals), jax.tree.unflatten(self.arguments, arguments)
        layout, inputs = self.layout, d["x"].shape[-1]
        cell, axis = self.cell, layout.axis
        product = layout.product(cell.of_h(r["w"][:, inputs:]))
        project = None if r["hr"] is None else layout.product(r["hr"])
        x, h = jnp.split(r["input"], [inputs], -1)
        of_x = affine(d["x"], cell.of_x(r["w"][:, :inputs]), None) + affine(x, cell.of_x(d["w"][:, :inputs]), None)
        of_h = affine(h, cell.of_h(d["w"][:, inputs:]), None)
        sums = layout.turned(cell.slots_of(of_x, of_h, -1) + jnp.broadcast_to(d["b"], (*x.shape[:2], *d["b"].shape)))
        more = None if project is None else layout.turned(affine(r["m"], d["hr"], None))

        def step(
            state: State, now: tuple[jax.Array, jax.Array | None, Arrays, jax.Array | None]
        ) -> tuple[State, jax.Array]:
            sums, more, slopes, valid = now
            h = product(state[0])
            slots = jnp.split(sums + cell.slots_of(jnp.zeros_like(h), h, axis), cell.slots, axis)
            new = cell.tangent(slopes, slots, state)
            if project is not None and more is not None:
                new = (project(new[0]) + more, *new[1:])
            new = kept(valid, layout.axis, new, state)
            return new, new[0]

        first = tuple(map(layout.turned, d["first"]))
        last, h = over_time(step, first, (sums, more, r["slopes"], r["valid"]), self.reverse)
        return (layout.turned(h), *map(layout.turned, last))

    def transpose(self, residuals: Arrays, cotangents: Arrays, shapes: Shapes) -> Arrays:
        r = jax.tree.unflatten(self.residuals, residuals)
        layout, inputs = self.layout, jax.tree.unflatten(self.arguments, shapes)["x"].shape[-1]
        w_x, w_h = r["w"][:, :inputs], r["w"][:, inputs:]
        cell = self.cell
        product = layout.transposed(cell.of_h(w_h))
        project = None if r["hr"] is None else layout.transposed(r["hr"])
        h, *last = map(layout.turned, cotangents)

        def step(
            state: State, now: tuple[jax.Array, Arrays, jax.Array | None]
        ) -> tuple[State, tuple[jax.Array, jax.Array | None]]:
            h, slopes, valid = now
            new = after = (state[0] + h, *state[1:])
            if valid is not None:
                new = kept(valid, layout.axis, after, tuple(map(jnp.zeros_like, after)))
            more = None if project is None else new[0]
            if project is not None:
                new = (project(new[0]), *new[1:])
            step_like = ([new[0]] * cell.slots, new)
            slots, before = jax.linear_transpose(functools.partial(cell.tangent, slopes), *step_like)(new)
            sums = jnp.concatenate(slots, layout.axis)
            # from h to h; what goes past the gates too is in `before`, but under a projection
            through = product(cell.of_h(sums, sums.ndim + layout.axis))
            before = (through if project is not None else through + before[0], *before[1:])
            if valid is not None:
                old = kept(valid, layout.axis, tuple(map(jnp.zeros_like, after)), after)
                before = tuple(map(jnp.add, before, old))
            return before, (sums, more)

        xs = (h, r["slopes"], r["valid"])
        first, (sums, more) = over_time(step, tuple(last), xs, not self.reverse)

        d: dict[str, Any] = {"first": tuple(map(layout.turned, first))}
        d["x"], d["w"], d["b"] = self.products(layout.turned(sums), w_x, r["input"])
        d["hr"] = None if more is None else _sum_of_products(layout.turned(more), r["m"])
        return tuple(jax.tree.leaves(d))

    def products(self, sums: jax.Array, w_x: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        """The gradients of x, the weights and the biases from the slots' cotangents and [x, h], both (T, B, *)."""
        cell, inputs = self.cell, w_x.shape[1]
        of_x = cell.of_x(sums, -1) @ cell.of_x(w_x)
        if not cell.apart:
            return of_x, _sum_of_products(sums, x), jnp.sum(sums, (0, 1))
        w_x = _sum_of_products(cell.of_x(sums, -1), x[..., :inputs])  # without the zeros, which would be added up too
        w_h = _sum_of_products(cell.of_h(sums, -1), x[..., inputs:])
        w_x, w_h = jnp.pad(w_x, ((0, 0), (0, w_h.shape[1]))), jnp.pad(w_h, ((0, 0), (inputs, 0)))
        return of_x, cell.slots_of(w_x, w_h, 0), jnp.sum(sums, (0, 1))


def _sum_of_products(a: jax.Array, b: jax.Array) -> jax.Array:
    """The sum of a^T b over time and batch, two dimensions, since a mesh may divide the batch."""
    return lax.dot_general(a, b, (((0, 1), (0, 1)), ((), ())))


@rule(Tangents, "cpu")
class _TangentsCpu(Tangents):
    divisible = False

    def products(self, sums: jax.Array, w_x: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        # (slots, T B): in this order the products are fast
        flat = jnp.moveaxis(sums, -1, 0)
        flat = lax.optimization_barrier(flat.reshape(flat.shape[0], math.prod(flat.shape[1:])))
        of_x = lax.optimization_barrier(self.cell.of_x(w_x).T) @ self.cell.of_x(flat)
        of_x = jnp.moveaxis(of_x.reshape(w_x.shape[1], *sums.shape[:2]), 0, -1)
        return of_x, flat @ x.reshape(math.prod(x.shape[:-1]), x.shape[-1]), jnp.sum(flat, 1)
