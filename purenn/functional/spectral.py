"""Short-time Fourier transforms."""

from __future__ import annotations

import jax
import jax.core
import jax.numpy as jnp
from jax import lax

from purenn import check, value_checks
from purenn.functional.dtypes import result_type
from purenn.functional.padding import pad
from purenn.typing import Array, ArrayLike

__all__ = ["istft", "stft"]


def stft(
    input: ArrayLike,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: ArrayLike | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Array:
    r"""Computes the short-time Fourier transform: the spectra of overlapping frames of a signal.

    .. math:: X_{\omega,t} = \sum_{k=0}^{N-1} w_k\, x_{tH + k}\, e^{-2\pi i\, \omega k / N}

    with :math:`N` = ``n_fft`` and :math:`H` = ``hop_length``.

    Args:
        input: of shape :math:`(L)` or :math:`(B, L)`, real or complex.
        n_fft: the length of a frame.
        hop_length: the number :math:`H` of elements from one frame to the next; None is a quarter of ``n_fft``.
        win_length: the length of the window, which has zeros on both sides if it is below ``n_fft``; None is ``n_fft``.
        window: of shape :math:`(\text{win\_length})`; None is ones.
        center: whether the signal is padded so that frame t is centered at element :math:`tH`.
        pad_mode: the kind of padding: ``'reflect'``, ``'constant'``, ``'replicate'`` or ``'circular'``.
        normalized: whether the result is divided by :math:`\sqrt N`.
        onesided: whether only the frequencies up to the middle are returned; None is True where input and window
            are real.
        return_complex: whether the result is complex; if not, a last dimension holds the real and imaginary parts.
            Must be given unless input or window is complex.
        align_to_window: whether frame t begins at the window's first element; only without ``center``.

    Returns:
        An array of shape :math:`(B, F, T)` or :math:`(F, T)`, with :math:`F = \lfloor N / 2 \rfloor + 1` or N.

    Raises:
        ValueError: the lengths don't fit, the signal is shorter than a frame, ``onesided`` is True for complex numbers,
            or ``return_complex`` is missing for real ones.
        TypeError: the input isn't of single or double precision.

    Source: ``torch.stft``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.stft(jnp.ones(16), n_fft=8, window=jnp.hanning(8), return_complex=True).shape
        (5, 9)
    """
    x = check.array("stft", "input", input)
    if not jnp.issubdtype(x.dtype, jnp.inexact) or x.dtype.itemsize < 4:
        check.fail("stft", "input", "have single or double precision", f"dtype {x.dtype}", TypeError)
    check.rank("stft", "input", x, (1, 2), "(L) or (B, L)")
    n_fft = check.integer("stft", "n_fft", n_fft, 1)
    hop = check.integer("stft", "hop_length", n_fft // 4 if hop_length is None else hop_length, 1)
    w, win = _window("stft", window, win_length, n_fft)
    complex_result = jnp.iscomplexobj(x) or (w is not None and jnp.iscomplexobj(w))
    if return_complex is None and not complex_result:
        check.fail("stft", "return_complex", "be True or False for real arrays", None)
    if onesided and complex_result:
        check.fail("stft", "onesided", "be False for complex arrays", onesided)
    check.choice("stft", "pad_mode", pad_mode, ("reflect", "constant", "replicate", "circular"))
    length = x.shape[-1]
    if center:
        if align_to_window is not None:
            check.fail("stft", "align_to_window", "be None where center=True", align_to_window)
        least = {"reflect": n_fft // 2 + 1, "circular": n_fft // 2, "replicate": 1}.get(pad_mode, 0)
        if length < least:
            check.fail("stft", "input", f"be at least {least} long for n_fft={n_fft}, {pad_mode!r}", f"shape {x.shape}")
        x = pad(x.reshape(1, -1, length), (n_fft // 2, n_fft // 2), pad_mode).reshape(*x.shape[:-1], -1)
    elif length < n_fft:
        check.fail("stft", "input", f"be at least n_fft={n_fft} long", f"shape {x.shape}")
    elif align_to_window:
        missing = n_fft - win
        x = pad(x, (missing // 2, missing - missing // 2))
    frames = _frames(x, n_fft, hop)
    if w is not None:
        dtype = result_type(frames, w)
        frames = frames.astype(dtype) * w.astype(dtype).reshape((1,) * (frames.ndim - 1) + w.shape)
    norm = "ortho" if normalized else "backward"
    if onesided is None:
        onesided = not complex_result
    transform = jnp.fft.rfft if onesided else jnp.fft.fft
    y = jnp.swapaxes(transform(frames, axis=-1, norm=norm), -1, -2)
    return jnp.stack([y.real, y.imag], -1) if return_complex is False else y


def _window(where: str, window: ArrayLike | None, win_length: int | None, n_fft: int) -> tuple[jax.Array | None, int]:
    """The window with zeros on both sides, or None if it is all ones; and its length without the zeros."""
    win = check.integer(where, "win_length", n_fft if win_length is None else win_length, 1)
    if win > n_fft:
        check.fail(where, "win_length", f"be at most n_fft={n_fft}", win)
    w = None if window is None else check.array(where, "window", window)
    check.shape(where, "window", w, (win,))
    left = (n_fft - win) // 2
    if win == n_fft:
        return w, win
    return jnp.pad(jnp.ones(win, bool) if w is None else w, (left, n_fft - win - left)), win


def _frames(x: jax.Array, n: int, hop: int) -> jax.Array:
    """Cuts frames of n elements, hop apart: (..., L) to (..., T, n).

    It slices a signal that is cut at every hop, so that the transpose, which adds overlapping frames, consists of pads.
    """
    count, parts = 1 + (x.shape[-1] - n) // hop, -(-n // hop)
    zeros = [(0, 0, 0)] * (x.ndim - 1)
    x = lax.pad(x, jnp.zeros((), x.dtype), [*zeros, (0, (count + parts - 1) * hop - x.shape[-1], 0)])
    hops = x.reshape(*x.shape[:-1], count + parts - 1, hop)
    pieces = [lax.slice_in_dim(hops, k, k + count, axis=-2) for k in range(parts)]
    return lax.slice_in_dim(jnp.concatenate(pieces, -1), 0, n, axis=-1)


def _overlapped(frames: jax.Array, hop: int) -> jax.Array:
    """Adds frames that are hop apart, the transpose of `_frames`: (..., T, n) to (..., L)."""
    count, n = frames.shape[-2:]
    signal = jax.ShapeDtypeStruct((*frames.shape[:-2], n + hop * (count - 1)), frames.dtype)
    return jax.linear_transpose(lambda x: _frames(x, n, hop), signal)(frames)[0]


def istft(
    input: ArrayLike,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: ArrayLike | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Array:
    r"""Inverts `stft`: computes the signal whose frames fit the given spectra best, in the least-squares sense.

    .. math:: x_k = \sum_t w_{k - tH}\, y_{t, k - tH} \Big/ \sum_t w_{k - tH}^2

    with :math:`y_t` the inverse transform of spectrum t.

    Args:
        input: complex, of shape :math:`(F, T)` or :math:`(B, F, T)`.
        n_fft: the length :math:`N` of a frame.
        hop_length: the number :math:`H` of elements from one frame to the next, at most ``win_length``; None is a
            quarter of ``n_fft``.
        win_length: the length of the window, which has zeros on both sides if it is below ``n_fft``; None is ``n_fft``.
        window: :math:`w`, of shape :math:`(\text{win\_length})`; None is ones.
        center: whether `stft` has padded the signal so that frame t is centered at element :math:`tH`.
        normalized: whether `stft` has divided the spectra by :math:`\sqrt N`.
        onesided: whether F is :math:`\lfloor N / 2 \rfloor + 1`; None is True unless F is N.
        length: the length of the signal; elements after the last frame are zero. None for the length of the frames.
        return_complex: whether the signal is complex; then ``onesided`` must be False.

    Returns:
        An array of shape :math:`(\text{length})` or :math:`(B, \text{length})`.

    Raises:
        ValueError: the lengths don't fit, or no window covers an element. Under ``jit``, where the window is unknown,
            such an element is NaN or infinite instead.
        TypeError: the input isn't complex.

    Source: ``torch.istft``; Griffin and Lim, *Signal Estimation from Modified Short-Time Fourier Transform*, 1984,
    https://doi.org/10.1109/TASSP.1984.1164317.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> spectra = F.stft(jnp.arange(8.0), n_fft=4, return_complex=True)
        >>> F.istft(spectra, n_fft=4).round(4).tolist()
        [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    """
    x = check.array("istft", "input", input)
    if not jnp.iscomplexobj(x):
        check.fail("istft", "input", "be a complex array", f"dtype {x.dtype}", TypeError)
    check.rank("istft", "input", x, (2, 3), "(F, T) or (B, F, T)")
    if x.size == 0:
        check.fail("istft", "input", "have non-zero size", f"shape {x.shape}")
    n_fft = check.integer("istft", "n_fft", n_fft, 1)
    hop = check.integer("istft", "hop_length", n_fft // 4 if hop_length is None else hop_length, 1)
    w, win = _window("istft", window, win_length, n_fft)
    if hop > win:
        check.fail("istft", "hop_length", f"be at most win_length={win}", hop)
    frequencies, count = x.shape[-2:]
    onesided = frequencies != n_fft if onesided is None else onesided
    if frequencies != (n_fft // 2 + 1 if onesided else n_fft):
        expected = f"have {n_fft // 2 + 1 if onesided else n_fft} frequencies for n_fft={n_fft}, onesided={onesided}"
        check.fail("istft", "input", expected, f"shape {x.shape}")
    if return_complex and onesided:
        check.fail("istft", "onesided", "be False where return_complex=True", onesided)
    if w is not None and jnp.iscomplexobj(w) and not return_complex:
        check.fail("istft", "window", "be real where return_complex=False", f"dtype {w.dtype}")
    start, whole = n_fft // 2 if center else 0, n_fft + hop * (count - 1)
    end = whole - start if length is None else start + check.integer("istft", "length", length, 1)
    if min(end, whole) <= start:
        check.fail("istft", "input", "have enough frames for a non-empty signal", f"shape {x.shape}")

    spectra, norm = jnp.swapaxes(x, -1, -2), "ortho" if normalized else "backward"
    if return_complex:
        y = jnp.fft.ifft(spectra, axis=-1, norm=norm)
    else:
        y = jnp.fft.irfft(spectra[..., : n_fft // 2 + 1], n_fft, axis=-1, norm=norm)
    w = jnp.ones(n_fft, y.dtype) if w is None else w
    dtype = result_type(y, w)
    w = w.astype(dtype)
    y = _overlapped(y.astype(dtype) * w.reshape((1,) * (y.ndim - 1) + w.shape), hop)
    weight = _overlapped(jnp.broadcast_to(jnp.square(w), (count, n_fft)), hop)
    y, weight = (lax.slice_in_dim(v, start, min(end, whole), axis=-1) for v in (y, weight))
    if (least := value_checks.known(jnp.min(jnp.abs(weight)))) is not None and least < 1e-11:
        check.fail("istft", "window", "have squares whose overlapping sum is nowhere zero", "a window with gaps")
    y = y / jnp.broadcast_to(weight, y.shape)
    return jnp.pad(y, [(0, 0)] * (y.ndim - 1) + [(0, max(end - whole, 0))])
