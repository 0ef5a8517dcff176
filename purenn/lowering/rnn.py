"""Recurrent networks over time: the obvious scan, and one whose gradients are few large products.

The obvious scan transposes into one that adds to the gradients of all weights in every step, and a kernel that reads
its gates from several places of a slice of x's products isn't vectorized on the CPU. So here all of a step comes from
one product with weights arranged once for that, and the derivative is a linear map, `Tangents`, with a transpose of its
own. Higher derivatives are autodiff's of these formulations.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from purenn.lowering.dtypes import computed_wide, is_half
from purenn.lowering.linear_map import apply_map
from purenn.lowering.rnn_steps import Cell, Layout, State, affine, kept, over_time
from purenn.lowering.rnn_tangents import Tangents
from purenn.lowering.varying import varying_as

__all__ = ["Weights", "advance", "reference", "scan"]


class Weights(NamedTuple):
    """The weights of one layer in one direction; biases and a projection of h where there are any."""

    ih: jax.Array
    hh: jax.Array
    b_ih: jax.Array | None = None
    b_hh: jax.Array | None = None
    hr: jax.Array | None = None

    @property
    def sizes(self) -> tuple[int, int]:
        """The sizes of h and c: they differ under a projection."""
        return self.hh.shape[1], self.hh.shape[1] if self.hr is None else self.hr.shape[1]


# The operands of a layer: x, the first state, the weights, and which elements are valid. In tangents the last one is of
# float0.
Operands = tuple[jax.Array, State, Weights, jax.Array | None]


def advance(cell: Cell, x: jax.Array, state: State, weights: Weights) -> State:
    """One step from the input's part of the gates."""
    new = cell.step(x, affine(state[0], weights.hh, weights.b_hh), state)
    return new if weights.hr is None else (affine(new[0], weights.hr, None), *new[1:])


def reference(
    cell: Cell, x: jax.Array, state: State, weights: Weights, valid: jax.Array | None, reverse: bool
) -> tuple[jax.Array, State]:
    """A layer in one direction over x (T, B, in): the input's part of all gates at once, then a scan."""

    def step(state: State, now: tuple[jax.Array, jax.Array | None]) -> tuple[State, jax.Array]:
        x, valid = now
        new = kept(valid, 1, advance(cell, x, state, weights), state)
        return new, new[0]

    last, h = over_time(step, state, (affine(x, weights.ih, weights.b_ih), valid), reverse)
    return h, last


def scan(
    cell: Cell, x: jax.Array, state: State, weights: Weights, valid: jax.Array | None, reverse: bool
) -> tuple[jax.Array, State]:
    """A layer in one direction over x (T, B, in) or (T, in): all h, and the last state.

    Where elements aren't `valid` (T, B) the state stays as it is.
    """
    if x.ndim == 2:
        h, last = scan(cell, x[:, None], tuple(s[None] for s in state), weights, valid, reverse)
        return h[:, 0], tuple(s[0] for s in last)
    run = functools.partial(_scan, cell, reverse)
    x, state, weights = varying_as((x, state, weights))
    arrays = (x, state, weights, None if valid is None else jnp.asarray(valid))
    if not is_half(x.dtype):
        return run(*arrays)
    # of half types the CPU's products round in every step, and take twice as long
    return lax.platform_dependent(*arrays, cpu=functools.partial(computed_wide, run), default=run)


@functools.partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def _scan(
    cell: Cell, reverse: bool, x: jax.Array, state: State, weights: Weights, valid: jax.Array | None
) -> tuple[jax.Array, State]:
    fast = lambda *arrays: _forward(cell, reverse, False, *arrays)[:2]  # noqa: E731
    other = lambda x, state, weights, valid: reference(cell, x, state, weights, valid, reverse)  # noqa: E731
    return lax.platform_dependent(x, state, weights, valid, cpu=fast, default=other)


@_scan.defjvp
def _scan_jvp(
    cell: Cell, reverse: bool, primals: Operands, tangents: Operands
) -> tuple[tuple[jax.Array, State], tuple[jax.Array, State]]:
    x, first, weights, valid = primals
    dx, dfirst, dweights, _ = tangents
    layout = Layout(x)
    h, last, saved = _forward(cell, reverse, True, *primals)
    states = tuple(map(layout.turned, first))
    before = tuple(
        jnp.concatenate([kind[1:], start[None]] if reverse else [start[None], kind[:-1]])
        for kind, start in zip(saved["states"], states, strict=True)
    )
    (w, _), (dw, db) = jax.jvp(functools.partial(_arranged, cell), (weights,), (dweights,))
    residuals = {
        "w": w,
        "input": jnp.concatenate([x, layout.turned(before[0])], -1),
        "slopes": cell.slopes(saved["slots"], before, saved["states"]),
        "hr": weights.hr,
        "m": None if saved["m"] is None else layout.turned(saved["m"]),
        "valid": valid,
    }
    arguments = {"x": dx, "first": dfirst, "w": dw, "b": db, "hr": dweights.hr}
    (residuals, tree), (arguments, other) = jax.tree.flatten(residuals), jax.tree.flatten(arguments)
    dh, *dlast = apply_map(Tangents(cell, reverse, layout, tree, other), residuals, arguments)
    return (h, last), (dh, tuple(dlast))


def _arranged(cell: Cell, weights: Weights) -> tuple[jax.Array, jax.Array]:
    w = cell.arranged(weights.ih, weights.hh)
    if weights.b_ih is None or weights.b_hh is None:
        return w, jnp.zeros(w.shape[:1], w.dtype)
    return w, cell.arranged(weights.b_ih, weights.b_hh)


def _forward(
    cell: Cell, reverse: bool, saving: bool, x: jax.Array, state: State, weights: Weights, valid: jax.Array | None
) -> tuple[jax.Array, State, dict[str, Any]]:
    """All h and the last state; if `saving` what the slopes are made of, as the layout has it."""
    layout, inputs = Layout(x), x.shape[-1]
    w, b = _arranged(cell, weights)
    project = None if weights.hr is None else layout.product(weights.hr)
    of_x, of_h = cell.of_x(w[:, :inputs]), cell.of_h(w[:, inputs:])
    if layout.wide:  # the bias laid out, as a kernel that spreads it isn't vectorized
        x, bias = layout.turned(x), jnp.broadcast_to(b[:, None], (*b.shape, x.shape[1]))
        if cell.apart:
            sums = lambda x, h: cell.slots_of(of_x @ x, of_h @ h, 0) + bias  # noqa: E731
        else:  # one product, of [x, h]
            sums = lambda x, h: w @ jnp.concatenate([x, h]) + bias  # noqa: E731
    else:
        x, product = affine(x, of_x, None), layout.product(of_h)
        bias = jnp.broadcast_to(b, (x.shape[1], *b.shape))
        sums = lambda x, h: cell.slots_of(x, product(h), -1) + bias  # noqa: E731

    def step(state: State, now: tuple[jax.Array, jax.Array | None]) -> tuple[State, dict[str, Any]]:
        x, valid = now
        squashed, rest = layout.split(sums(x, state[0]), cell.squashed, cell.slots)
        squashed = jnp.tanh(squashed)
        new = cell.forward(_slots(cell, layout, squashed, rest), state)
        m = None
        if project is not None:
            m, new = new[0], (project(new[0]), *new[1:])
        new = kept(valid, layout.axis, new, state)
        return new, {"states": new, "squashed": squashed, "rest": rest, "m": m} if saving else {"states": new[:1]}

    last, saved = over_time(step, tuple(map(layout.turned, state)), (x, valid), reverse)
    if saving:
        saved["slots"] = _slots(cell, layout, saved["squashed"], saved["rest"])
    return layout.turned(saved["states"][0]), tuple(map(layout.turned, last)), saved


def _slots(cell: Cell, layout: Layout, squashed: jax.Array, rest: jax.Array) -> list[jax.Array]:
    """The slots one by one."""
    parts = [(squashed, cell.squashed), (rest, cell.slots - cell.squashed)]
    return [slot for x, count in parts if count for slot in jnp.split(x, count, layout.axis)]
