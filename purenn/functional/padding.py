"""Padding."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn import check
from purenn.lowering.resampling import Taps, apply_taps
from purenn.lowering.sizes import as_value, count
from purenn.typing import Array, ArrayLike

__all__ = ["pad"]


def pad(input: ArrayLike, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Array:
    r"""Adds elements on both sides of the last dimensions of an array or, with negative numbers, removes some.

    With :math:`l` elements added before a dimension of size :math:`n`, the output is :math:`y_j = x_{j - l}`. Where
    :math:`i = j - l` is outside of :math:`0 \ldots n - 1`, it is a constant, or the element of :math:`x` at

    .. math::
        \text{reflect: } (n - 1) - \bigl|(n - 1) - |i|\bigr| \qquad
        \text{replicate: } \min(\max(i, 0), n - 1) \qquad
        \text{circular: } i \bmod n

    Args:
        input: of any shape for ``'constant'``. The other modes pad the last dimension of an array of rank 2 or 3, the
            last two of rank 3 or 4, or the last three of rank 4 or 5.
        pad: the numbers of elements ``(left, right)`` for the last dimension, then for the dimension before it, and so
            on.
        mode: ``'constant'``, ``'reflect'``, ``'replicate'`` or ``'circular'``.
        value: the constant, 0 if None; only for ``'constant'``.

    Returns:
        An array of the dtype of ``input``, larger by ``left + right`` in every padded dimension.

    Raises:
        ValueError: the mode, the rank or a size does not fit. With ``'circular'``, negative padding must leave an
            element in every dimension (torch returns uninitialised memory otherwise).
        TypeError: ``pad`` is not a sequence of integers, or the mode does not take the dtype.

    Source: ``torch.nn.functional.pad``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.pad(jnp.array([[1, 2, 3]]), (2, 1)).tolist()
        [[0, 0, 1, 2, 3, 0]]
        >>> F.pad(jnp.array([[1, 2, 3]]), (2, -1), "reflect").tolist()
        [[3, 2, 1, 2]]
    """
    x = check.array("pad", "input", input)
    check.choice("pad", "mode", mode, ("constant", "reflect", "replicate", "circular"))
    if not isinstance(pad, Sequence) or isinstance(pad, str):
        check.fail("pad", "pad", "be a sequence of integers", repr(pad), TypeError)
    amounts = [check.integer("pad", "pad", p) for p in pad]
    if len(amounts) % 2 or len(amounts) > 2 * x.ndim:
        check.fail("pad", "pad", f"have even length, at most {2 * x.ndim} for an input of shape {x.shape}", pad)
    if isinstance(value, complex):
        check.fail("pad", "value", "be a real number", value, TypeError)
    pairs = list(zip(amounts[::2], amounts[1::2], strict=True))[::-1]
    if mode == "constant":
        return _constant(x, [(0, 0)] * (x.ndim - len(pairs)) + pairs, 0 if value is None else value)
    if value:
        check.fail("pad", "value", f"be None for mode {mode!r}", value)
    _check_extending(x, pairs, mode)
    padded = enumerate(pairs, x.ndim - len(pairs))
    sources = {axis: _source(x.shape[axis], low, high, mode, axis) for axis, (low, high) in padded}
    return apply_taps(x, {axis: Taps(source[:, None]) for axis, source in sources.items()})


def _constant(x: jax.Array, pairs: list[tuple[int, int]], value: float) -> jax.Array:
    """Checks the arguments and pads with a constant."""
    if any(size + min(low, 0) + min(high, 0) < 0 for size, (low, high) in zip(x.shape, pairs, strict=True)):
        check.fail("pad", "pad", "remove at most the size of a dimension", f"{pairs} for shape {x.shape}")
    if jnp.issubdtype(x.dtype, jnp.integer):
        info = jnp.iinfo(x.dtype)
        if not (info.min <= value <= info.max):
            check.fail("pad", "value", f"be representable in {x.dtype}", value)
    return lax.pad(x, np.array(value).astype(x.dtype), [(low, high, 0) for low, high in pairs])


def _check_extending(x: jax.Array, pairs: list[tuple[int, int]], mode: str) -> None:
    """Checks the ranks, sizes and dtypes of the modes that repeat elements of the input."""
    n = len(pairs)
    if not (1 <= n <= 3 and x.ndim in (n + 1, n + 2)):
        expected = f"have length 2, 4 or 6 for rank 2 or 3, 3 or 4, 4 or 5 with mode {mode!r}"
        check.fail("pad", "pad", expected, f"length {2 * n} for shape {x.shape}")
    sizes = [size + sum(pair) for size, pair in zip(x.shape[-n:], pairs, strict=True)]
    # In torch, all dimensions but one may shrink to nothing.
    if any(size < 0 for size in sizes) or (mode != "circular" and not any(size >= 1 for size in sizes)):
        check.fail("pad", "pad", "leave at least one element", f"{pairs} for shape {x.shape}")
    if mode != "circular":
        check.nonempty("pad", "input", x, n)
        if x.dtype == bool:
            check.fail("pad", "input", f"be a numeric array for mode {mode!r}", "dtype bool", TypeError)


def _source(size: int, low: int, high: int, mode: str, axis: int) -> np.ndarray | jax.Array:
    """Gives, for each index of a padded dimension, the index of the input's element there."""
    most = {"reflect": size - 1, "circular": size}.get(mode)
    if most is not None and max(low, high) > most:
        check.fail("pad", "pad", f"be at most {most} in dimension {axis} for mode {mode!r}", (low, high))
    place = count(size + low + high) - low
    if mode == "circular":  # repeats the part that negative padding leaves; the other modes repeat the whole input
        remaining = size + min(low, 0) + min(high, 0)
        if remaining < 1:
            if place.size:
                check.fail("pad", "pad", f"leave at least one of the {size} elements in dimension {axis}", (low, high))
            return place
        return (place + min(low, 0)) % as_value(remaining, place.dtype) - min(low, 0)
    last = as_value(size - 1, place.dtype)
    return place.clip(0, last) if mode == "replicate" else last - abs(last - abs(place))
