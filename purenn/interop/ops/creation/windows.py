"""Windows of signals: torch.hann_window and its siblings."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.interop.ops.operands import as_dtype
from purenn.typing import Array, DTypeLike

__all__ = ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"]


def _window(
    where: str, length: int, periodic: bool, dtype: DTypeLike | None, values: Callable[[np.ndarray], np.ndarray]
) -> jax.Array:
    """Values at places from 0 to 1; a periodic window is one longer, without its last element."""
    length = check.integer(where, "window_length", length, 0)
    dtype = as_dtype(where, dtype or jnp.float32)
    if not jnp.issubdtype(dtype, jnp.floating):
        check.fail(where, "dtype", "be a floating-point dtype", dtype, TypeError)
    if length < 2:
        return jnp.ones(length, dtype)
    places = np.arange(length) / (length if periodic else length - 1)
    return jnp.asarray(values(places), dtype)


def hann_window(window_length: int, periodic: bool = True, *, dtype: DTypeLike | None = None) -> Array:
    """Returns a Hann window, by default periodic, where jnp.hanning is symmetric.

    Example:
        >>> from purenn.interop import ops
        >>> ops.hann_window(4).tolist()
        [0.0, 0.5, 1.0, 0.5]
    """
    return hamming_window(window_length, periodic, 0.5, 0.5, dtype=dtype)


def hamming_window(
    window_length: int,
    periodic: bool = True,
    alpha: float = 0.54,
    beta: float = 0.46,
    *,
    dtype: DTypeLike | None = None,
) -> Array:
    """Returns a Hamming window, by default periodic: ``alpha - beta * cos(2 pi t)``.

    Example:
        >>> from purenn.interop import ops
        >>> ops.hamming_window(2).round(2).tolist()
        [0.07999999821186066, 1.0]
    """
    cosine = lambda t: alpha - beta * np.cos(2 * np.pi * t)  # noqa: E731
    return _window("hamming_window", window_length, periodic, dtype, cosine)


def blackman_window(window_length: int, periodic: bool = True, *, dtype: DTypeLike | None = None) -> Array:
    """Returns a Blackman window, by default periodic.

    Example:
        >>> from purenn.interop import ops
        >>> ops.blackman_window(2).round(2).tolist()
        [-0.0, 1.0]
    """
    cosines = lambda t: 0.42 - 0.5 * np.cos(2 * np.pi * t) + 0.08 * np.cos(4 * np.pi * t)  # noqa: E731
    return _window("blackman_window", window_length, periodic, dtype, cosines)


def bartlett_window(window_length: int, periodic: bool = True, *, dtype: DTypeLike | None = None) -> Array:
    """Returns a triangular window, by default periodic.

    Example:
        >>> from purenn.interop import ops
        >>> ops.bartlett_window(4).tolist()
        [0.0, 0.5, 1.0, 0.5]
    """
    return _window("bartlett_window", window_length, periodic, dtype, lambda t: 1 - np.abs(2 * t - 1))


def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: DTypeLike | None = None
) -> Array:
    """Returns a Kaiser window, by default periodic.

    Example:
        >>> from purenn.interop import ops
        >>> [f"{x:.4f}" for x in ops.kaiser_window(4)]
        ['0.0001', '0.2157', '1.0000', '0.2157']
    """
    bessel = lambda t: np.i0(beta * np.sqrt(1 - (2 * t - 1) ** 2)) / np.i0(beta)  # noqa: E731
    return _window("kaiser_window", window_length, periodic, dtype, bessel)
