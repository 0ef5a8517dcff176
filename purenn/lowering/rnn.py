"""Recurrent networks over time: cells, the obvious scan, and one whose gradients are few large products.

The obvious scan transposes into one that adds to the gradients of all weights in every step, and a kernel that reads
its gates from several places of a slice of x's products isn't vectorized on the CPU. So here all of a step comes from
one product with weights arranged once for that, and a gradient is a scan backwards for the cotangents of the gates
alone, then one product for all weights and one for x.

A step's derivative is elementwise but for its products. Its slopes are worked out for all steps at once, so what is
linear is left for the scan: `Tangents`, a linear map with a transpose of its own. Higher derivatives are autodiff's of
these formulations.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from purenn.lowering.activation import relu
from purenn.lowering.cuda import cuda_capability
from purenn.lowering.dtypes import is_half, widened
from purenn.lowering.linear import Arrays, Linear, Shapes, linear
from purenn.lowering.sizes import known_below
from purenn.lowering.varying import varying_as

__all__ = ["GRU", "LSTM", "RNN_RELU", "RNN_TANH", "Cell", "State", "Weights", "advance", "affine", "obvious", "scan"]

State = tuple[Any, ...]


class Weights(NamedTuple):
    """The weights of one layer in one direction; biases and a projection of h where there are any."""

    ih: Any
    hh: Any
    b_ih: Any = None
    b_hh: Any = None
    hr: Any = None

    @property
    def sizes(self) -> tuple[int, int]:
        """The sizes of h and c: they differ under a projection."""
        return self.hh.shape[1], self.hh.shape[1] if self.hr is None else self.hr.shape[1]


@dataclasses.dataclass(frozen=True)
class Cell:
    """A kind of cell. All its functions are elementwise but `arranged`; the new h is before a projection.

    A slot is a sum that a step needs: a gate, but the GRU's last gate is two. A sigmoid is a tanh of half its argument,
    so the arranged weights of one are halved, and the tanh of all slots that have one is taken at once.

    Args:
        gates: how many rows of weights there are for each hidden unit.
        states: 1 for h, 2 for h and c.
        step: the obvious step: the new state, of the input's part of the gates, the state's part, and the state.
        slots: how many slots there are.
        squashed: of how many of them, the first ones, the following functions take the tanh.
        arranged: of the weights for x and for h those of the slots, for both side by side; of the biases their sums.
        forward: the new state, of the slots and the state.
        slopes: what a step's derivative needs, of the slots, the state before and the one after.
        tangent: the new state's tangent, of the slopes, the tangents of the slots (before a tanh) and the state's.
        apart: whether the last two slots are of x alone and of h alone. What isn't there isn't multiplied by 0, which
            would make NaN of an infinite x.
    """

    gates: int
    states: int
    step: Callable[[Any, Any, State], State]
    slots: int
    squashed: int
    arranged: Callable[[Any, Any], Any]
    forward: Callable[[Sequence[Any], State], State]
    slopes: Callable[[Sequence[Any], State, State], Arrays]
    tangent: Callable[[Arrays, Sequence[Any], State], State]
    apart: bool = False

    def of_x(self, x: Any, axis: int = 0) -> Any:
        """Takes from an array of all slots along an axis those that have a part of x."""
        return self._parts(x, axis, self.slots - 1, 0) if self.apart else x

    def of_h(self, x: Any, axis: int = 0) -> Any:
        """Those that have a part of h."""
        return self._parts(x, axis, self.slots - 2, 1) if self.apart else x

    def _parts(self, x: Any, axis: int, first: int, last: int) -> Any:
        size = x.shape[axis] // self.slots
        parts = [lax.slice_in_dim(x, 0, first * size, axis=axis)]
        parts += [lax.slice_in_dim(x, x.shape[axis] - size, x.shape[axis], axis=axis)] if last else []
        return jnp.concatenate(parts, axis)

    def slots_of(self, x: Any, h: Any, axis: int) -> Any:
        """All slots, of the parts of x and of h."""
        if not self.apart:
            return x + h
        both = x.shape[axis] // (self.slots - 1) * (self.slots - 2)
        (x, x_alone), (h, h_alone) = (jnp.split(part, [both], axis) for part in (x, h))
        return jnp.concatenate([x + h, x_alone, h_alone], axis)


def _sigmoid(t: Any) -> Any:
    """sigmoid(2x), given t = tanh(x)."""
    return 0.5 * t + 0.5


def _slope(t: Any) -> Any:
    """The derivative of a tanh, of its value."""
    return 1 - t * t


def _joined(x: Any, h: Any) -> Any:
    return jnp.concatenate([x, h], 1) if x.ndim == 2 else x + h


def _lstm(x: Any, h: Any, state: State) -> State:
    i, f, g, o = jnp.split(x + h, 4, -1)
    c = jax.nn.sigmoid(f) * state[1] + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def _lstm_arranged(x: Any, h: Any) -> Any:
    i, f, g, o = jnp.split(_joined(x, h), 4)
    return jnp.concatenate([0.5 * i, 0.5 * f, g, 0.5 * o])


def _lstm_forward(slots: Sequence[Any], state: State) -> State:
    i, f, g, o = slots
    c = _sigmoid(f) * state[1] + _sigmoid(i) * g
    return _sigmoid(o) * jnp.tanh(c), c


def _lstm_slopes(slots: Sequence[Any], before: State, after: State) -> Arrays:
    i, f, g, o = slots
    t = jnp.tanh(after[1])
    of_i, of_f, of_g = 0.5 * _slope(i) * g, 0.5 * _slope(f) * before[1], _sigmoid(i) * _slope(g)
    return of_i, of_f, of_g, 0.5 * _slope(o) * t, _sigmoid(f), _sigmoid(o) * _slope(t)


def _lstm_tangent(slopes: Arrays, slots: Sequence[Any], state: State) -> State:
    of_i, of_f, of_g, of_o, of_c, of_new = slopes
    i, f, g, o = slots
    c = of_c * state[1] + of_i * i + of_f * f + of_g * g
    return of_o * o + of_new * c, c


def _gru(x: Any, h: Any, state: State) -> State:
    (x_r, x_z, x_n), (h_r, h_z, h_n) = jnp.split(x, 3, -1), jnp.split(h, 3, -1)
    r, z = jax.nn.sigmoid(x_r + h_r), jax.nn.sigmoid(x_z + h_z)
    n = jnp.tanh(x_n + r * h_n)
    return (n + z * (state[0] - n),)


def _gru_arranged(x: Any, h: Any) -> Any:
    """The sums of r, of z, of n for x and of n for h."""
    rows = x.shape[0] // 3 * 2
    (x_rz, x_n), (h_rz, h_n) = jnp.split(x, [rows]), jnp.split(h, [rows])
    n = _joined(x_n, jnp.zeros_like(h_n)), _joined(jnp.zeros_like(x_n), h_n)
    return jnp.concatenate([0.5 * _joined(x_rz, h_rz), *n])


def _gru_forward(slots: Sequence[Any], state: State) -> State:
    r, z, x_n, h_n = slots
    n = jnp.tanh(x_n + _sigmoid(r) * h_n)
    return (n + _sigmoid(z) * (state[0] - n),)


def _gru_slopes(slots: Sequence[Any], before: State, after: State) -> Arrays:
    r, z, x_n, h_n = slots
    n = jnp.tanh(x_n + _sigmoid(r) * h_n)
    of_n = (1 - _sigmoid(z)) * _slope(n)
    of_r, of_z = of_n * h_n * 0.5 * _slope(r), (before[0] - n) * 0.5 * _slope(z)
    return of_r, of_z, of_n, of_n * _sigmoid(r), _sigmoid(z)


def _gru_tangent(slopes: Arrays, slots: Sequence[Any], state: State) -> State:
    of_r, of_z, of_x, of_n, of_h = slopes
    r, z, x_n, h_n = slots
    return (of_h * state[0] + of_r * r + of_z * z + of_x * x_n + of_n * h_n,)


def _rnn(function: Callable[[Any], Any], squashed: int, slope: Callable[[Any], Any], times: Callable[..., Any]) -> Cell:
    return Cell(
        gates=1,
        states=1,
        step=lambda x, h, state: (function(x + h),),
        slots=1,
        squashed=squashed,
        arranged=_joined,
        forward=lambda slots, state: (slots[0] if squashed else function(slots[0]),),
        slopes=lambda slots, before, after: (slope(slots[0]),),
        tangent=lambda slopes, slots, state: (times(slopes[0], slots[0]),),
    )


def _where(there: Any, tangent: Any) -> Any:
    """The tangent times 0 or 1, but 0 times infinity is 0."""
    return jnp.where(there == 0, jnp.zeros_like(tangent), tangent)


RNN_TANH = _rnn(jnp.tanh, 1, _slope, operator.mul)
RNN_RELU = _rnn(relu, 0, lambda x: 1 - (x <= 0).astype(x.dtype), _where)
LSTM = Cell(4, 2, _lstm, 4, 4, _lstm_arranged, _lstm_forward, _lstm_slopes, _lstm_tangent)
GRU = Cell(3, 1, _gru, 4, 2, _gru_arranged, _gru_forward, _gru_slopes, _gru_tangent, apart=True)


# The obvious formulation.


def affine(x: Any, weight: Any, bias: Any) -> Any:
    """x @ weight.T, with a bias where there is one."""
    y = jnp.matmul(x, weight.T)
    return y if bias is None else y + jnp.broadcast_to(bias, y.shape)


def advance(cell: Cell, x: Any, state: State, weights: Weights) -> State:
    """One step from the input's part of the gates."""
    new = cell.step(x, affine(state[0], weights.hh, weights.b_hh), state)
    return new if weights.hr is None else (affine(new[0], weights.hr, None), *new[1:])


def _kept(there: Any, axis: int, new: State, old: State) -> State:
    """The old state where the batch's elements aren't there."""
    if there is None:
        return new
    there = jnp.expand_dims(there, axis)
    return tuple(jnp.where(there, n, o) for n, o in zip(new, old, strict=True))


def _unroll() -> int:
    """How many steps a turn of a scan's loop takes.

    A turn costs a GPU time of its own: with eight steps in each, an LSTM takes 0.7 of the time, with gradients too.
    The CPU copies more between the steps than that saves.
    """
    return 8 if cuda_capability() > (0, 0) else 1


def obvious(cell: Cell, x: Any, state: State, weights: Weights, there: Any, reverse: bool) -> tuple[Any, State]:
    """A layer in one direction over x (T, B, in): the input's part of all gates at once, then a scan."""

    def step(state: State, now: Any) -> tuple[State, Any]:
        x, there = now
        new = _kept(there, 1, advance(cell, x, state, weights), state)
        return new, new[0]

    last, h = lax.scan(step, state, (affine(x, weights.ih, weights.b_ih), there), reverse=reverse, unroll=_unroll())
    return h, last


# The fast one.


def scan(cell: Cell, x: Any, state: State, weights: Weights, there: Any, reverse: bool) -> tuple[Any, State]:
    """A layer in one direction over x (T, B, in) or (T, in): all h, and the last state.

    Where elements aren't `there` (T, B) the state stays as it is.
    """
    if x.ndim == 2:
        h, last = scan(cell, x[:, None], tuple(s[None] for s in state), weights, there, reverse)
        return h[:, 0], tuple(s[0] for s in last)
    run = functools.partial(_scan, cell, reverse)
    x, state, weights = varying_as((x, state, weights))
    given = (x, state, weights, None if there is None else jnp.asarray(there))
    if not is_half(x.dtype):
        return run(*given)
    return lax.platform_dependent(*given, cpu=functools.partial(_wide, run), default=run)


def _wide(run: Callable[..., Any], x: Any, state: State, weights: Weights, there: Any) -> tuple[Any, State]:
    """In float32, and then rounded: of half types the CPU's products round in every step, and take twice as long."""
    wide = jax.tree.map(widened, (x, state, weights))
    return jax.tree.map(lambda a: a.astype(x.dtype), run(*wide, there))


@functools.partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def _scan(cell: Cell, reverse: bool, x: Any, state: State, weights: Weights, there: Any) -> tuple[Any, State]:
    fast = lambda *arrays: _forward(cell, reverse, False, *arrays)[:2]  # noqa: E731
    other = lambda x, state, weights, there: obvious(cell, x, state, weights, there, reverse)  # noqa: E731
    return lax.platform_dependent(x, state, weights, there, cpu=fast, default=other)


@_scan.defjvp
def _(cell: Cell, reverse: bool, primals: Any, tangents: Any) -> Any:
    x, first, weights, there = primals
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
        "there": there,
    }
    arguments = {"x": dx, "first": dfirst, "w": dw, "b": db, "hr": dweights.hr}
    (residuals, tree), (arguments, other) = jax.tree.flatten(residuals), jax.tree.flatten(arguments)
    dh, *dlast = linear(Tangents(cell, reverse, layout, tree, other), residuals, arguments)
    return (h, last), (dh, tuple(dlast))


@dataclasses.dataclass(frozen=True)
class Layout:
    """How a step's arrays lie, by the size of the batch: (units, batch) if `wide`, else (batch, units).

    In a wide one the weights come first in a product and are read as they are, and gates lie one behind the other; but
    a small batch makes short vectors.
    """

    wide: bool

    def __init__(self, x: Any) -> None:
        object.__setattr__(self, "wide", not known_below(x.shape[1], 16))

    @property
    def axis(self) -> int:
        """The axis of the hidden units, counted from the end."""
        return -2 if self.wide else -1

    def turned(self, x: Any) -> Any:
        """From (*, batch, units) and back."""
        return x.swapaxes(-1, -2) if self.wide else x

    def product(self, weight: Any) -> Callable[[Any], Any]:
        """The product with weights (out, in), which are transposed once, if need be."""
        if self.wide:
            return lambda x: weight @ x
        weight = lax.optimization_barrier(weight.T)
        return lambda x: x @ weight

    def transposed(self, weight: Any) -> Callable[[Any], Any]:
        """The product with the weights' transpose."""
        if not self.wide:
            return lambda x: x @ weight
        weight = lax.optimization_barrier(weight.T)
        return lambda x: weight @ x

    def split(self, x: Any, first: int, parts: int) -> list[Any]:
        """The first of so many parts, and the others."""
        return jnp.split(x, [x.shape[self.axis] // parts * first], self.axis)


def _arranged(cell: Cell, weights: Weights) -> tuple[Any, Any]:
    w = cell.arranged(weights.ih, weights.hh)
    if weights.b_ih is None:
        return w, jnp.zeros(w.shape[:1], w.dtype)
    return w, cell.arranged(weights.b_ih, weights.b_hh)


def _forward(
    cell: Cell, reverse: bool, saving: bool, x: Any, state: State, weights: Weights, there: Any
) -> tuple[Any, State, dict[str, Any]]:
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

    def step(state: State, now: Any) -> tuple[State, Any]:
        x, there = now
        squashed, rest = layout.split(sums(x, state[0]), cell.squashed, cell.slots)
        squashed = jnp.tanh(squashed)
        new = cell.forward(_slots(cell, layout, squashed, rest), state)
        m = None
        if project is not None:
            m, new = new[0], (project(new[0]), *new[1:])
        new = _kept(there, layout.axis, new, state)
        return new, {"states": new, "squashed": squashed, "rest": rest, "m": m} if saving else {"states": new[:1]}

    last, saved = lax.scan(step, tuple(map(layout.turned, state)), (x, there), reverse=reverse, unroll=_unroll())
    if saving:
        saved["slots"] = _slots(cell, layout, saved["squashed"], saved["rest"])
    return layout.turned(saved["states"][0]), tuple(map(layout.turned, last)), saved


def _slots(cell: Cell, layout: Layout, squashed: Any, rest: Any) -> list[Any]:
    """The slots one by one."""
    parts = [(squashed, cell.squashed), (rest, cell.slots - cell.squashed)]
    return [slot for x, count in parts if count for slot in jnp.split(x, count, layout.axis)]


@dataclasses.dataclass(frozen=True)
class Tangents(Linear):
    """The tangents of all h and of the last state, of those of x, the first state and the weights."""

    cell: Cell
    reverse: bool
    layout: Layout
    residuals: Any
    arguments: Any

    def run(self, residuals: Arrays, arguments: Arrays) -> Arrays:
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

        def step(state: State, now: Any) -> tuple[State, Any]:
            sums, more, slopes, there = now
            h = product(state[0])
            slots = jnp.split(sums + cell.slots_of(jnp.zeros_like(h), h, axis), cell.slots, axis)
            new = cell.tangent(slopes, slots, state)
            if project is not None:
                new = (project(new[0]) + more, *new[1:])
            new = _kept(there, layout.axis, new, state)
            return new, new[0]

        first = tuple(map(layout.turned, d["first"]))
        last, h = lax.scan(step, first, (sums, more, r["slopes"], r["there"]), reverse=self.reverse, unroll=_unroll())
        return (layout.turned(h), *map(layout.turned, last))

    def transpose(self, residuals: Arrays, cotangents: Arrays, like: Shapes) -> Arrays:
        r = jax.tree.unflatten(self.residuals, residuals)
        shapes = jax.tree.unflatten(self.arguments, like)
        layout, inputs = self.layout, shapes["x"].shape[-1]
        w_x, w_h = r["w"][:, :inputs], r["w"][:, inputs:]
        cell = self.cell
        product = layout.transposed(cell.of_h(w_h))
        project = None if r["hr"] is None else layout.transposed(r["hr"])
        h, *last = map(layout.turned, cotangents)

        def step(state: State, now: Any) -> tuple[State, Any]:
            h, slopes, there = now
            new = after = (state[0] + h, *state[1:])
            if there is not None:
                new = _kept(there, layout.axis, after, tuple(map(jnp.zeros_like, after)))
            more = None if project is None else new[0]
            if project is not None:
                new = (project(new[0]), *new[1:])
            like = ([new[0]] * cell.slots, new)
            slots, before = jax.linear_transpose(functools.partial(cell.tangent, slopes), *like)(new)
            sums = jnp.concatenate(slots, layout.axis)
            # from h to h; what goes past the gates too is in `before`, but under a projection
            through = product(cell.of_h(sums, sums.ndim + layout.axis))
            before = (through if project is not None else through + before[0], *before[1:])
            if there is not None:
                kept = _kept(there, layout.axis, tuple(map(jnp.zeros_like, after)), after)
                before = tuple(map(jnp.add, before, kept))
            return before, (sums, more)

        given = (h, r["slopes"], r["there"])
        first, (sums, more) = lax.scan(step, tuple(last), given, reverse=not self.reverse, unroll=_unroll())

        def flat(x: Any) -> Any:  # (units, T B): in this order its products below are fast
            x = jnp.moveaxis(x, layout.axis, 0)
            return lax.optimization_barrier(x.reshape(x.shape[0], math.prod(x.shape[1:])))

        def rows(x: Any) -> Any:
            return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])

        found = flat(sums)
        x = lax.optimization_barrier(cell.of_x(w_x).T) @ cell.of_x(found)
        x = jnp.moveaxis(x.reshape(inputs, *shapes["x"].shape[:2]), 0, -1)
        d = {"x": x, "first": tuple(map(layout.turned, first)), "w": found @ rows(r["input"]), "b": jnp.sum(found, 1)}
        d["hr"] = None if project is None else flat(more) @ rows(r["m"])
        return tuple(jax.tree.leaves(d))
