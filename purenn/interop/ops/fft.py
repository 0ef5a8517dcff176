"""Fourier transforms, torch.fft: jnp.fft's with ``dim`` for ``axis``, and integers as float32."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp

from purenn import check
from purenn.docstring import documented
from purenn.functional.dtypes import floating_or_float32
from purenn.interop.ops.operands import Dims, as_dtype, kind, numeric
from purenn.typing import Array, ArrayLike, DTypeLike, Size

__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "hfft2",
    "hfftn",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "ihfft2",
    "ihfftn",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]

_NORMS = (None, "backward", "forward", "ortho")


def _input(where: str, input: ArrayLike, real: bool = False) -> jax.Array:
    x = numeric(where, input, 0, 2 if real else 3)
    check.at_least_single(where, "input", x) if kind(x.dtype) == 2 else None
    return x.astype(floating_or_float32(x.dtype))


def _one(
    where: str,
    transform: Callable[..., jax.Array],
    input: ArrayLike,
    n: int | None,
    dim: int,
    norm: str | None,
    real: bool = False,
) -> jax.Array:
    x = _input(where, input, real)
    if not x.ndim:
        check.fail(where, "input", "have rank 1 or more", f"shape {x.shape}")
    check.choice(where, "norm", norm, _NORMS)
    dim = check.axis(where, "dim", dim, x.ndim)
    if n is not None:
        n = check.integer(where, "n", n, 1)
    elif not x.shape[dim]:
        check.fail(where, "input", "have elements to transform", f"shape {x.shape}")
    return transform(x, n, dim, norm)


def _several(
    where: str,
    transform: Callable[..., jax.Array],
    input: ArrayLike,
    s: Size | None,
    dim: Dims,
    norm: str | None,
    real: bool = False,
) -> jax.Array:
    x = _input(where, input, real)
    check.choice(where, "norm", norm, _NORMS)
    sizes = (s,) if isinstance(s, int) else None if s is None else tuple(s)
    dims = (dim,) if isinstance(dim, int) else None if dim is None else tuple(dim)
    if dims is None:
        dims = tuple(range(x.ndim)) if sizes is None else tuple(range(x.ndim - len(sizes), x.ndim))
    axes = tuple(check.axis(where, "dim", d, x.ndim) for d in dims)
    if len(set(axes)) != len(axes):
        check.fail(where, "dim", "have no repetitions", dims)
    if sizes is not None:
        if len(sizes) != len(axes):
            check.fail(where, "s", f"have {len(axes)} sizes, as dim", sizes)
        sizes = tuple(
            x.shape[a] if n == -1 else check.integer(where, "s", n, 1) for n, a in zip(sizes, axes, strict=True)
        )
    if not axes or any(not x.shape[a] for a in axes if sizes is None):
        check.fail(where, "input", "have elements to transform", f"shape {x.shape}")
    return transform(x, sizes, axes, norm)


_ONE = r"""Computes the $what along one dimension.

    Args:
        input: of rank 1 or more, no half type.
        n: the length to which the dimension is cut or filled with zeros first$length; None keeps it.
        dim: the dimension.
        norm: which direction is divided: None and ``'backward'``, ``'forward'``, or both by the root, ``'ortho'``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.fft.$name(jnp.ones(4)).shape
        $shape
    """

_TWO = r"""Computes the $what along two dimensions, by default the last.

    Args:
        input: of rank 2 or more, no half type.
        s: the two sizes$length; None keeps them.
        dim: the dimensions.
        norm: which direction is divided: None and ``'backward'``, ``'forward'``, or both by the root, ``'ortho'``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.fft.$name(jnp.ones((4, 4))).shape
        $shape
    """

_ANY = _TWO.replace("two dimensions, by default the last", "several dimensions, by default all").replace(
    "two sizes", "sizes"
)
_OUT = " (of the result)"


@documented(_ONE, name="fft", what="Fourier transform", length="", shape="(4,)")
def fft(input: ArrayLike, n: int | None = None, dim: int = -1, norm: str | None = None) -> Array:
    return _one("fft.fft", jnp.fft.fft, input, n, dim, norm)


@documented(_ONE, name="ifft", what="inverse Fourier transform", length="", shape="(4,)")
def ifft(input: ArrayLike, n: int | None = None, dim: int = -1, norm: str | None = None) -> Array:
    return _one("fft.ifft", jnp.fft.ifft, input, n, dim, norm)


@documented(_ONE, name="rfft", what="non-negative half of a real array's Fourier transform", length="", shape="(3,)")
def rfft(input: ArrayLike, n: int | None = None, dim: int = -1, norm: str | None = None) -> Array:
    return _one("fft.rfft", jnp.fft.rfft, input, n, dim, norm, True)


@documented(_ONE, name="irfft", what="real array whose `rfft` is given,", length=_OUT, shape="(6,)")
def irfft(input: ArrayLike, n: int | None = None, dim: int = -1, norm: str | None = None) -> Array:
    return _one("fft.irfft", jnp.fft.irfft, input, n, dim, norm)


@documented(_ONE, name="hfft", what="real Fourier transform of half a Hermitian array", length=_OUT, shape="(6,)")
def hfft(input: ArrayLike, n: int | None = None, dim: int = -1, norm: str | None = None) -> Array:
    return _one("fft.hfft", jnp.fft.hfft, input, n, dim, norm)


@documented(_ONE, name="ihfft", what="half of a Hermitian array whose `hfft` is given", length="", shape="(3,)")
def ihfft(input: ArrayLike, n: int | None = None, dim: int = -1, norm: str | None = None) -> Array:
    return _one("fft.ihfft", jnp.fft.ihfft, input, n, dim, norm, True)


def _hfftn(x: jax.Array, s: Sequence[int] | None, axes: Sequence[int], norm: str | None) -> jax.Array:
    """A Fourier transform in all dimensions but the last, which is that of half a Hermitian array."""
    if s is not None and len(axes) > 1:
        x = jnp.fft.fftn(x, s[:-1], axes[:-1], norm)
    elif len(axes) > 1:
        x = jnp.fft.fftn(x, None, axes[:-1], norm)
    return jnp.fft.hfft(x, None if s is None else s[-1], axes[-1], norm)


def _ihfftn(x: jax.Array, s: Sequence[int] | None, axes: Sequence[int], norm: str | None) -> jax.Array:
    x = jnp.fft.ihfft(x, None if s is None else s[-1], axes[-1], norm)
    return jnp.fft.ifftn(x, None if s is None else s[:-1], axes[:-1], norm) if len(axes) > 1 else x


_LAST = (-2, -1)


@documented(_TWO, name="fft2", what="Fourier transform", length="", shape="(4, 4)")
def fft2(input: ArrayLike, s: Size | None = None, dim: Sequence[int] = _LAST, norm: str | None = None) -> Array:
    return _several("fft.fft2", jnp.fft.fftn, input, s, dim, norm)


@documented(_TWO, name="ifft2", what="inverse Fourier transform", length="", shape="(4, 4)")
def ifft2(input: ArrayLike, s: Size | None = None, dim: Sequence[int] = _LAST, norm: str | None = None) -> Array:
    return _several("fft.ifft2", jnp.fft.ifftn, input, s, dim, norm)


@documented(_TWO, name="rfft2", what="half of a real array's Fourier transform", length="", shape="(4, 3)")
def rfft2(input: ArrayLike, s: Size | None = None, dim: Sequence[int] = _LAST, norm: str | None = None) -> Array:
    return _several("fft.rfft2", jnp.fft.rfftn, input, s, dim, norm, True)


@documented(_TWO, name="irfft2", what="real array whose `rfft2` is given,", length=_OUT, shape="(4, 6)")
def irfft2(input: ArrayLike, s: Size | None = None, dim: Sequence[int] = _LAST, norm: str | None = None) -> Array:
    return _several("fft.irfft2", jnp.fft.irfftn, input, s, dim, norm)


@documented(_TWO, name="hfft2", what="real Fourier transform of half a Hermitian array", length=_OUT, shape="(4, 6)")
def hfft2(input: ArrayLike, s: Size | None = None, dim: Sequence[int] = _LAST, norm: str | None = None) -> Array:
    return _several("fft.hfft2", _hfftn, input, s, dim, norm)


@documented(_TWO, name="ihfft2", what="half of a Hermitian array whose `hfft2` is given", length="", shape="(4, 3)")
def ihfft2(input: ArrayLike, s: Size | None = None, dim: Sequence[int] = _LAST, norm: str | None = None) -> Array:
    return _several("fft.ihfft2", _ihfftn, input, s, dim, norm, True)


@documented(_ANY, name="fftn", what="Fourier transform", length="", shape="(4, 4)")
def fftn(input: ArrayLike, s: Size | None = None, dim: Dims = None, norm: str | None = None) -> Array:
    return _several("fft.fftn", jnp.fft.fftn, input, s, dim, norm)


@documented(_ANY, name="ifftn", what="inverse Fourier transform", length="", shape="(4, 4)")
def ifftn(input: ArrayLike, s: Size | None = None, dim: Dims = None, norm: str | None = None) -> Array:
    return _several("fft.ifftn", jnp.fft.ifftn, input, s, dim, norm)


@documented(_ANY, name="rfftn", what="half of a real array's Fourier transform", length="", shape="(4, 3)")
def rfftn(input: ArrayLike, s: Size | None = None, dim: Dims = None, norm: str | None = None) -> Array:
    return _several("fft.rfftn", jnp.fft.rfftn, input, s, dim, norm, True)


@documented(_ANY, name="irfftn", what="real array whose `rfftn` is given,", length=_OUT, shape="(4, 6)")
def irfftn(input: ArrayLike, s: Size | None = None, dim: Dims = None, norm: str | None = None) -> Array:
    return _several("fft.irfftn", jnp.fft.irfftn, input, s, dim, norm)


@documented(_ANY, name="hfftn", what="real Fourier transform of half a Hermitian array", length=_OUT, shape="(4, 6)")
def hfftn(input: ArrayLike, s: Size | None = None, dim: Dims = None, norm: str | None = None) -> Array:
    return _several("fft.hfftn", _hfftn, input, s, dim, norm)


@documented(_ANY, name="ihfftn", what="half of a Hermitian array whose `hfftn` is given", length="", shape="(4, 3)")
def ihfftn(input: ArrayLike, s: Size | None = None, dim: Dims = None, norm: str | None = None) -> Array:
    return _several("fft.ihfftn", _ihfftn, input, s, dim, norm, True)


def fftfreq(n: int, d: float = 1.0, *, dtype: DTypeLike | None = None) -> Array:
    """Returns the frequencies of a transform of n elements, ``d`` apart.

    Example:
        >>> from purenn.interop import ops
        >>> ops.fft.fftfreq(4).tolist()
        [0.0, 0.25, -0.5, -0.25]
    """
    return jnp.fft.fftfreq(n, d, dtype=as_dtype("fft.fftfreq", dtype or jnp.float32))


def rfftfreq(n: int, d: float = 1.0, *, dtype: DTypeLike | None = None) -> Array:
    """Returns the frequencies of a real transform of n elements, ``d`` apart.

    Example:
        >>> from purenn.interop import ops
        >>> ops.fft.rfftfreq(4).tolist()
        [0.0, 0.25, 0.5]
    """
    return jnp.fft.rfftfreq(n, d, dtype=as_dtype("fft.rfftfreq", dtype or jnp.float32))


def _shifted(where: str, shift: Callable[..., jax.Array], input: ArrayLike, dim: Dims) -> jax.Array:
    x = check.array(where, "input", input)
    return shift(x, check.axes(where, "dim", dim, x.ndim))


def fftshift(input: ArrayLike, dim: Dims = None) -> Array:
    """Moves frequency 0 to the middle.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.fft.fftshift(jnp.array([0, 1, -2, -1])).tolist()
        [-2, -1, 0, 1]
    """
    return _shifted("fft.fftshift", jnp.fft.fftshift, input, dim)


def ifftshift(input: ArrayLike, dim: Dims = None) -> Array:
    """Moves frequency 0 back to the front.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.fft.ifftshift(jnp.array([-2, -1, 0, 1])).tolist()
        [0, 1, -2, -1]
    """
    return _shifted("fft.ifftshift", jnp.fft.ifftshift, input, dim)
