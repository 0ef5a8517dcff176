"""The steps of recurrent networks: cells and their derivatives, products and the layout of a step's arrays."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Sequence
from typing import TypeVar

import jax
import jax.numpy as jnp
from jax import lax

from purenn.lowering.activation import relu
from purenn.lowering.cuda import cuda_capability
from purenn.lowering.linear_map import Arrays
from purenn.lowering.sizes import known_below

__all__ = ["GRU", "LSTM", "RNN_RELU", "RNN_TANH", "Cell", "Layout", "State", "affine", "kept", "over_time"]

MIN_WIDE_BATCH = 16  # a smaller batch makes short vectors

State = Arrays
X = TypeVar("X")
Y = TypeVar("Y")


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
    step: Callable[[jax.Array, jax.Array, State], State]
    slots: int
    squashed: int
    arranged: Callable[[jax.Array, jax.Array], jax.Array]
    forward: Callable[[Sequence[jax.Array], State], State]
    slopes: Callable[[Sequence[jax.Array], State, State], Arrays]
    tangent: Callable[[Arrays, Sequence[jax.Array], State], State]
    apart: bool = False

    def of_x(self, x: jax.Array, axis: int = 0) -> jax.Array:
        """Takes from an array of all slots along an axis those that have a part of x."""
        return self._parts(x, axis, self.slots - 1, 0) if self.apart else x

    def of_h(self, x: jax.Array, axis: int = 0) -> jax.Array:
        """Takes those that have a part of h."""
        return self._parts(x, axis, self.slots - 2, 1) if self.apart else x

    def _parts(self, x: jax.Array, axis: int, first: int, last: int) -> jax.Array:
        size = x.shape[axis] // self.slots
        parts = [lax.slice_in_dim(x, 0, first * size, axis=axis)]
        parts += [lax.slice_in_dim(x, x.shape[axis] - size, x.shape[axis], axis=axis)] if last else []
        return jnp.concatenate(parts, axis)

    def slots_of(self, x: jax.Array, h: jax.Array, axis: int) -> jax.Array:
        """Makes all slots from the parts of x and of h."""
        if not self.apart:
            return x + h
        both = x.shape[axis] // (self.slots - 1) * (self.slots - 2)
        (x, x_alone), (h, h_alone) = (jnp.split(part, [both], axis) for part in (x, h))
        return jnp.concatenate([x + h, x_alone, h_alone], axis)


def _sigmoid(t: jax.Array) -> jax.Array:
    """sigmoid(2x), given t = tanh(x)."""
    return 0.5 * t + 0.5


def _slope(t: jax.Array) -> jax.Array:
    """The derivative of a tanh, of its value."""
    return 1 - t * t


def _joined(x: jax.Array, h: jax.Array) -> jax.Array:
    return jnp.concatenate([x, h], 1) if x.ndim == 2 else x + h


def _lstm(x: jax.Array, h: jax.Array, state: State) -> State:
    i, f, g, o = jnp.split(x + h, 4, -1)
    c = jax.nn.sigmoid(f) * state[1] + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def _lstm_arranged(x: jax.Array, h: jax.Array) -> jax.Array:
    i, f, g, o = jnp.split(_joined(x, h), 4)
    return jnp.concatenate([0.5 * i, 0.5 * f, g, 0.5 * o])


def _lstm_forward(slots: Sequence[jax.Array], state: State) -> State:
    i, f, g, o = slots
    c = _sigmoid(f) * state[1] + _sigmoid(i) * g
    return _sigmoid(o) * jnp.tanh(c), c


def _lstm_slopes(slots: Sequence[jax.Array], before: State, after: State) -> Arrays:
    i, f, g, o = slots
    t = jnp.tanh(after[1])
    of_i, of_f, of_g = 0.5 * _slope(i) * g, 0.5 * _slope(f) * before[1], _sigmoid(i) * _slope(g)
    return of_i, of_f, of_g, 0.5 * _slope(o) * t, _sigmoid(f), _sigmoid(o) * _slope(t)


def _lstm_tangent(slopes: Arrays, slots: Sequence[jax.Array], state: State) -> State:
    of_i, of_f, of_g, of_o, of_c, of_new = slopes
    i, f, g, o = slots
    c = of_c * state[1] + of_i * i + of_f * f + of_g * g
    return of_o * o + of_new * c, c


def _gru(x: jax.Array, h: jax.Array, state: State) -> State:
    (x_r, x_z, x_n), (h_r, h_z, h_n) = jnp.split(x, 3, -1), jnp.split(h, 3, -1)
    r, z = jax.nn.sigmoid(x_r + h_r), jax.nn.sigmoid(x_z + h_z)
    n = jnp.tanh(x_n + r * h_n)
    return (n + z * (state[0] - n),)


def _gru_arranged(x: jax.Array, h: jax.Array) -> jax.Array:
    """The sums of r, of z, of n for x and of n for h."""
    rows = x.shape[0] // 3 * 2
    (x_rz, x_n), (h_rz, h_n) = jnp.split(x, [rows]), jnp.split(h, [rows])
    n = _joined(x_n, jnp.zeros_like(h_n)), _joined(jnp.zeros_like(x_n), h_n)
    return jnp.concatenate([0.5 * _joined(x_rz, h_rz), *n])


def _gru_forward(slots: Sequence[jax.Array], state: State) -> State:
    r, z, x_n, h_n = slots
    n = jnp.tanh(x_n + _sigmoid(r) * h_n)
    return (n + _sigmoid(z) * (state[0] - n),)


def _gru_slopes(slots: Sequence[jax.Array], before: State, after: State) -> Arrays:
    r, z, x_n, h_n = slots
    n = jnp.tanh(x_n + _sigmoid(r) * h_n)
    of_n = (1 - _sigmoid(z)) * _slope(n)
    of_r, of_z = of_n * h_n * 0.5 * _slope(r), (before[0] - n) * 0.5 * _slope(z)
    return of_r, of_z, of_n, of_n * _sigmoid(r), _sigmoid(z)


def _gru_tangent(slopes: Arrays, slots: Sequence[jax.Array], state: State) -> State:
    of_r, of_z, of_x, of_n, of_h = slopes
    r, z, x_n, h_n = slots
    return (of_h * state[0] + of_r * r + of_z * z + of_x * x_n + of_n * h_n,)


def _rnn(
    function: Callable[[jax.Array], jax.Array],
    squashed: int,
    slope: Callable[[jax.Array], jax.Array],
    times: Callable[..., jax.Array],
) -> Cell:
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


def _where(valid: jax.Array, tangent: jax.Array) -> jax.Array:
    """The tangent times 0 or 1, but 0 times infinity is 0."""
    return jnp.where(valid == 0, jnp.zeros_like(tangent), tangent)


RNN_TANH = _rnn(jnp.tanh, 1, _slope, operator.mul)
RNN_RELU = _rnn(relu, 0, lambda x: 1 - (x <= 0).astype(x.dtype), _where)
LSTM = Cell(4, 2, _lstm, 4, 4, _lstm_arranged, _lstm_forward, _lstm_slopes, _lstm_tangent)
GRU = Cell(3, 1, _gru, 4, 2, _gru_arranged, _gru_forward, _gru_slopes, _gru_tangent, apart=True)


def affine(x: jax.Array, weight: jax.Array, bias: jax.Array | None) -> jax.Array:
    """x @ weight.T, with a bias where there is one."""
    y = jnp.matmul(x, weight.T)
    return y if bias is None else y + jnp.broadcast_to(bias, y.shape)


def kept(valid: jax.Array | None, axis: int, new: State, old: State) -> State:
    """The new state where the batch's elements are valid, else the old one."""
    if valid is None:
        return new
    valid = jnp.expand_dims(valid, axis)
    return tuple(jnp.where(valid, n, o) for n, o in zip(new, old, strict=True))


def steps_per_turn() -> int:
    """How many steps a turn of a scan's loop takes.

    A turn costs a GPU time of its own: with eight steps in each, an LSTM takes 0.7 of the time, with gradients too.
    The CPU copies more between the steps than that saves.
    """
    return 8 if cuda_capability() > (0, 0) else 1


def over_time(step: Callable[[State, X], tuple[State, Y]], first: State, xs: X, reverse: bool) -> tuple[State, Y]:
    """Scans over the first axis of the arrays given."""
    return lax.scan(step, first, xs, reverse=reverse, unroll=steps_per_turn())


@dataclasses.dataclass(frozen=True)
class Layout:
    """How a step's arrays lie, by the size of the batch: (units, batch) if `wide`, else (batch, units).

    In a wide one the weights come first in a product and are read as they are, and gates lie one behind the other; but
    a small batch makes short vectors.
    """

    wide: bool

    def __init__(self, x: jax.Array) -> None:
        object.__setattr__(self, "wide", not known_below(x.shape[1], MIN_WIDE_BATCH))

    @property
    def axis(self) -> int:
        """The axis of the hidden units, counted from the end."""
        return -2 if self.wide else -1

    def turned(self, x: jax.Array) -> jax.Array:
        """From (*, batch, units) and back."""
        return x.swapaxes(-1, -2) if self.wide else x

    def product(self, weight: jax.Array) -> Callable[[jax.Array], jax.Array]:
        """The product with weights (out, in), which are transposed once, if need be."""
        if self.wide:
            return lambda x: weight @ x
        weight = lax.optimization_barrier(weight.T)
        return lambda x: x @ weight

    def transposed(self, weight: jax.Array) -> Callable[[jax.Array], jax.Array]:
        """The product with the weights' transpose."""
        if not self.wide:
            return lambda x: x @ weight
        weight = lax.optimization_barrier(weight.T)
        return lambda x: weight @ x

    def split(self, x: jax.Array, first: int, parts: int) -> list[jax.Array]:
        """Splits an array of `parts` parts into the first `first` of them and the others."""
        return jnp.split(x, [x.shape[self.axis] // parts * first], self.axis)
