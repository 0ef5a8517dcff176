"""Resampling along one axis: the indices and weights of the inputs from which an output is computed.

All geometry is static, so numpy computes it while tracing. It computes in torch's precision (double for float64, else
single), because the rounding decides halfway between two neighbours. Where a size is a symbol of
`jax.export`, the program computes the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.lowering.resampling import Taps, apply_taps
from purenn.lowering.sizes import are_known, as_value, count
from purenn.typing import DTypeLike, Size

MAX_DENOMINATOR = 1024  # of a scale factor for an unknown size, whose products are exact then


def sizes_and_scales(
    where: str, x: jax.Array, size: Size | None, scale_factor: Any, recompute: bool
) -> tuple[tuple[int, ...], tuple[float | None, ...]]:
    """Gives the sizes of the output and the scale factors, per dimension; None where the sizes determine a factor."""
    n = x.ndim - 2
    if (size is None) == (scale_factor is None):
        actual = "neither" if size is None else f"size={size} and scale_factor={scale_factor}"
        check.fail(where, "either size or scale_factor", "be given", actual)
    if size is not None:
        if recompute:
            check.fail(where, "recompute_scale_factor", "be None or False with size", recompute)
        _fits(where, "size", size, n)
        return check.integers(where, "size", size, n), (None,) * n
    _fits(where, "scale_factor", scale_factor, n)
    scales = tuple(scale_factor) if isinstance(scale_factor, Sequence) else (scale_factor,) * n
    if not all(isinstance(s, int | float | np.number) and 0 < s < float("inf") for s in scales):
        check.fail(where, "scale_factor", "be a positive number, or one per dimension", scale_factor)
    sizes = tuple(_scaled(where, m, s) for m, s in zip(x.shape[2:], scales, strict=True))
    return sizes, (None,) * n if recompute else tuple(map(float, scales))


def _scaled(where: str, size: int, scale: float) -> int:
    """Gives the size of the output: the product, rounded down."""
    if are_known([size]):
        return int(size * scale)
    exact = Fraction(float(scale))
    if exact.denominator > MAX_DENOMINATOR:
        check.fail(where, "scale_factor", f"be a multiple of 1/{MAX_DENOMINATOR} for an input of unknown size", scale)
    return size * exact.numerator // exact.denominator


def _fits(where: str, name: str, value: object, n: int) -> None:
    """Checks that a sequence has one value per dimension."""
    if isinstance(value, Sequence) and len(value) != n:
        check.fail(where, name, f"be one number, or {n} numbers, one per dimension", value)


def _source(
    size: int, out: int, scale: float | None, align_corners: bool, real: type[np.floating[Any]]
) -> tuple[Any, Any]:
    """Gives the number of inputs per output, and the position of every output among the inputs."""
    i = count(out).astype(real)
    if align_corners:
        step = as_value(size - 1, real) / as_value(out - 1, real) if out > 1 else real(0)
        return step, i * step
    step = _step(size, out, scale, real)
    return step, (i + real(0.5)) * step - real(0.5)


def _step(size: int, out: int, scale: float | None, real: type[np.floating[Any]]) -> Any:
    """Gives the number of inputs per output."""
    return real(1.0 / scale) if scale is not None else as_value(size, real) / as_value(out, real)


def _nearest(size: int, out: int, scale: float | None, shift: float, real: type[np.floating[Any]]) -> Taps:
    source = (count(out).astype(real) + real(shift)) * _step(size, out, scale, real)
    places = source.astype(np.float32).astype(np.int32)  # torch's floorf
    return Taps(places.clip(max=as_value(size - 1, np.int32))[:, None])


def _linear(size: int, out: int, scale: float | None, align_corners: bool, real: type[np.floating[Any]]) -> Taps:
    source, last = _source(size, out, scale, align_corners, real)[1].clip(real(0)), as_value(size - 1, np.int32)
    low = source.astype(np.int32).clip(max=last)
    t = (source - low.astype(real)).clip(real(0), real(1))
    stack = np.stack if isinstance(low, np.ndarray) else jnp.stack
    return Taps(stack([low, (low + 1).clip(max=last)], 1), stack([real(1) - t, t], 1))


def cubic_weights(t: Any, a: float = -0.75) -> list[Any]:
    """Gives the weights of the four neighbours of a point at `t` in [0, 1] between the middle two (Keys, 1981)."""
    return [_far(t + 1, a), _near(t, a), _near(1 - t, a), _far(2 - t, a)]


def _near(d: Any, a: float) -> Any:
    """Keys' cubic kernel for a distance from 0 to 1."""
    return ((a + 2) * d - (a + 3)) * d * d + 1


def _far(d: Any, a: float) -> Any:
    """Keys' cubic kernel for a distance from 1 to 2."""
    return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a


def _cubic(size: int, out: int, scale: float | None, align_corners: bool, real: type[np.floating[Any]]) -> Taps:
    source, last = _source(size, out, scale, align_corners, real)[1], as_value(size - 1, np.int32)
    numpy = np if isinstance(source, np.ndarray) else jnp
    low = numpy.floor(source).astype(np.int32).clip(max=last)
    weights = cubic_weights((source - low.astype(real)).clip(real(0), real(1)))
    places = low[:, None] + np.arange(-1, 3, dtype=np.int32)[None]
    return Taps(places.clip(0, last), numpy.stack(weights, 1))


def _hat(x: np.ndarray) -> np.ndarray:
    return np.maximum(1 - np.abs(x), 0)


def _keys(x: np.ndarray) -> np.ndarray:
    x = np.abs(x)
    return np.where(x < 1, _near(x, -0.5), np.where(x < 2, _far(x, -0.5), 0))


def _lanczos(x: np.ndarray) -> np.ndarray:
    return np.where((x >= -3) & (x < 3), np.sinc(x) * np.sinc(x / 3), 0)


# per mode, the filter and its reach in elements
FILTERS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], int]] = {
    "bilinear": (_hat, 1),
    "bicubic": (_keys, 2),
    "lanczos": (_lanczos, 3),
}


def _filtered(
    mode: str, size: int, out: int, scale: float | None, align_corners: bool, real: type[np.floating[Any]]
) -> Taps:
    """Gives windows that widen with the number of inputs per output, so that every input has a weight."""
    function, reach = FILTERS[mode]
    step = _source(size, out, scale, align_corners, real)[0]
    support = real(reach) * step if step >= 1 else real(reach)
    inverse = real(1) / step if step >= 1 else real(1)
    center = step * (np.arange(out, dtype=real) + real(0.5))
    low = np.maximum((center - support + real(0.5)).astype(np.int64), 0)
    high = np.minimum((center + support + real(0.5)).astype(np.int64), size)
    count = np.clip(high - low, 0, math.ceil(support) * 2 + 1)
    k = np.arange(max(int(count.max()), 1))
    used = k < count[:, None]
    weight = np.where(used, function((k + low[:, None] - center[:, None] + real(0.5)) * inverse), 0)
    total = weight.sum(1, keepdims=True)
    weight = (weight / np.where(total == 0, 1, total)).astype(real)
    return Taps(np.clip(low[:, None] + k, 0, size - 1), weight, None if used.all() else used)


def taps(
    mode: str, size: int, out: int, scale: float | None, align_corners: bool, antialias: bool, dtype: DTypeLike
) -> Taps:
    """Gives the taps of one axis; ``scale`` is the caller's scale factor, or None."""
    real = np.float64 if dtype == jnp.float64 else np.float32
    if size == out and (antialias or mode.endswith("linear")):  # as in torch, for every scale
        return Taps(count(out)[:, None])
    if antialias:
        return _filtered(mode, size, out, scale, align_corners, real)
    if mode in ("nearest", "nearest-exact"):
        return _nearest(size, out, scale, 0.5 if mode == "nearest-exact" else 0.0, real)
    return (_cubic if mode == "bicubic" else _linear)(size, out, scale, align_corners, real)


def resampled_bytes(x: jax.Array, tables: Mapping[int, Taps]) -> jax.Array:
    """Computes the weighted sums of bytes as torch does: in integers, last axis first, each rounded to a byte."""
    for axis, table in sorted(tables.items(), reverse=True):
        if table.weight is None:
            continue
        table, shift = _fixed_point(table)
        x = jnp.clip((apply_taps(x, {axis: table}) + (1 << shift >> 1)) >> shift, 0, 255)
    return x


def _fixed_point(table: Taps) -> tuple[Taps, int]:
    """Merges repeated inputs, and gives the weights times 2 ** shift as integers of at most 15 bits, and the shift."""
    weight, same = np.array(table.weight), table.source[:, 1:] == table.source[:, :-1]
    if table.used is not None:
        same = same & table.used[:, 1:]
    for k in range(same.shape[1]):
        weight[:, k + 1] += np.where(same[:, k], weight[:, k], 0)
        weight[:, k][same[:, k]] = 0
    shift = next((n for n in range(22) if int(0.5 + weight.max() * 2 ** (n + 1)) >= 2**15), 22)
    integers = np.trunc(weight * 2**shift + np.copysign(0.5, weight)).astype(np.int32)
    return table._replace(weight=integers), shift
