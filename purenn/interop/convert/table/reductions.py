"""Operators that combine entries along dimensions: sums, extremes, sorts, products of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn import functional as F
from purenn.interop.convert.table.registry import TABLE, alike, axes_of, op, wide

__all__: list[str] = []


@op("sum", "nansum")
def sum_(x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    return jnp.sum(wide(x) if dtype is None else x, axes_of(dim, x.ndim), dtype, keepdims=keepdim)


@op("mean")
def mean(x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    return jnp.mean(x, axes_of(dim, x.ndim), dtype, keepdims=keepdim)


@op("prod")
def prod(x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    return jnp.prod(wide(x) if dtype is None else x, axes_of(dim, x.ndim), dtype, keepdims=keepdim)


def _logical(function: Any) -> Any:
    def call(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        return function(x, axes_of(dim, x.ndim), keepdims=keepdim)

    return call


TABLE["all"], TABLE["any"], TABLE["_is_all_true"] = _logical(jnp.all), _logical(jnp.any), _logical(jnp.all)
TABLE["amax"], TABLE["amin"] = _logical(jnp.max), _logical(jnp.min)
TABLE["_is_any_true"] = _logical(jnp.any)


@op("logsumexp")
def logsumexp(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return jax.scipy.special.logsumexp(x, axes_of(dim, x.ndim), keepdims=keepdim)


def _extreme(value: Any, place: Any) -> Any:
    def call(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        if dim is None:
            return value(x)
        if x.ndim == 0:
            return x, jnp.zeros((), place(jnp.zeros(1)).dtype)
        index = place(x, dim, keepdims=True)
        found = jnp.take_along_axis(x, index, dim)
        return (found, index) if keepdim else (jnp.squeeze(found, dim), jnp.squeeze(index, dim))

    return call


TABLE["max"], TABLE["min"] = _extreme(jnp.max, jnp.argmax), _extreme(jnp.min, jnp.argmin)


def _place(function: Any) -> Any:
    def call(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        if dim is None:
            return function(jnp.ravel(x)).reshape((1,) * x.ndim if keepdim else ())
        return function(x, dim, keepdims=keepdim) if x.ndim else function(x.reshape(1))

    return call


TABLE["argmax"], TABLE["argmin"] = _place(jnp.argmax), _place(jnp.argmin)


def _deviation(x: Any, dim: Any, correction: Any, keepdim: bool) -> tuple[Any, Any]:
    axes = axes_of(dim, x.ndim)
    n = np.prod([x.shape[a] for a in axes])
    mean = jnp.mean(x, axes, keepdims=True)
    total = jnp.sum(jnp.square(jnp.abs(x - mean)), axes, keepdims=keepdim)
    degrees = max(n - (1 if correction is None else correction), 0)
    return total / degrees if degrees else jnp.full_like(total, jnp.nan), mean if keepdim else jnp.squeeze(mean, axes)


def _statistic(x: Any, args: tuple[Any, ...], correction: Any, keepdim: bool) -> tuple[Any, Any]:
    """Variance and mean for any overload: ``(unbiased)``, ``(dim, unbiased, keepdim)`` or ``(dim, *, correction)``."""
    if args and isinstance(args[0], bool):
        return _deviation(x, None, int(args[0]), False)
    dim = args[0] if args else None
    if len(args) > 1:
        correction = int(args[1])
    return _deviation(x, dim, correction, args[2] if len(args) > 2 else keepdim)


@op("var")
def var(x: Any, *args: Any, correction: Any = None, keepdim: bool = False) -> Any:
    return _statistic(x, args, correction, keepdim)[0]


@op("std")
def std(x: Any, *args: Any, correction: Any = None, keepdim: bool = False) -> Any:
    return jnp.sqrt(_statistic(x, args, correction, keepdim)[0])


@op("var_mean")
def var_mean(x: Any, *args: Any, correction: Any = None, keepdim: bool = False) -> Any:
    return _statistic(x, args, correction, keepdim)


@op("std_mean")
def std_mean(x: Any, *args: Any, correction: Any = None, keepdim: bool = False) -> Any:
    variance, mean = _statistic(x, args, correction, keepdim)
    return jnp.sqrt(variance), mean


@op("norm", "linalg_vector_norm")
def norm(x: Any, *args: Any, **kwargs: Any) -> Any:
    names = ("ord", "dim", "keepdim", "dtype")
    given = dict(zip(names, args, strict=False)) | {{"p": "ord"}.get(k, k): v for k, v in kwargs.items()}
    ord, dtype = given.get("ord", 2), given.get("dtype")
    ord = 2 if ord is None else ord
    axes, keep = axes_of(given.get("dim"), x.ndim), given.get("keepdim", False)
    x = x if dtype is None else x.astype(dtype)
    if ord == 2:
        return _root_of_squares(x, axes, keep)
    size = jnp.abs(x)
    if ord == float("inf"):
        return jnp.max(size, axes, keepdims=keep)
    if ord == float("-inf"):
        return jnp.min(size, axes, keepdims=keep)
    if ord == 0:
        return jnp.sum(x != 0, axes, keepdims=keep).astype(size.dtype)
    return jnp.sum(size, axes, keepdims=keep) if ord == 1 else jnp.sum(size**ord, axes, keepdims=keep) ** (1 / ord)


def _root_of_squares(x: Any, axes: tuple[int, ...], keep: bool) -> Any:
    """The 2-norm, with gradient 0 at 0 as torch has it."""
    squares = jnp.sum(jnp.real(x * jnp.conj(x)), axes, keepdims=keep)
    zero = squares == 0
    return jnp.where(zero, 0, jnp.sqrt(jnp.where(zero, 1, squares)))


@op("cumsum")
def cumsum(x: Any, dim: int, *, dtype: Any = None) -> Any:
    return jnp.cumsum(wide(x) if dtype is None else x, dim, dtype) if x.ndim else x


@op("cumprod")
def cumprod(x: Any, dim: int, *, dtype: Any = None) -> Any:
    return jnp.cumprod(wide(x) if dtype is None else x, dim, dtype) if x.ndim else x


@op("logcumsumexp")
def logcumsumexp(x: Any, dim: int) -> Any:
    return jax.lax.cumlogsumexp(x, dim % x.ndim)


def _running_extreme(better: Any) -> Any:
    def call(x: Any, dim: int) -> Any:
        def combine(a: Any, b: Any) -> Any:
            later = better(b[0], a[0])
            return jnp.where(later, b[0], a[0]), jnp.where(later, b[1], a[1])

        places = jax.lax.broadcasted_iota(jnp.int32, x.shape, dim % x.ndim)
        return jax.lax.associative_scan(combine, (x, places), axis=dim % x.ndim)

    return call


TABLE["cummax"], TABLE["cummin"] = _running_extreme(jnp.greater_equal), _running_extreme(jnp.less_equal)


@op("diff")
def diff(x: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    return jnp.diff(x, n, dim, prepend, append)


@op("sort")
def sort(x: Any, *args: Any, **kwargs: Any) -> Any:
    names = ("stable", "dim", "descending") if args and isinstance(args[0], bool) else ("dim", "descending")
    given = dict(zip(names, args, strict=False)) | kwargs
    order = argsort(x, given.get("dim", -1), given.get("descending", False))
    return jnp.take_along_axis(x, order, given.get("dim", -1)), order


@op("argsort")
def argsort(x: Any, dim: int = -1, descending: bool = False, **_: Any) -> Any:
    return jnp.argsort(x, dim, descending=descending, stable=True)


@op("argsort.stable")
def argsort_stable(x: Any, *, stable: bool = True, dim: int = -1, descending: bool = False) -> Any:
    return argsort(x, dim, descending)


@op("topk")
def topk(x: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    moved = jnp.moveaxis(x, dim, -1)
    if largest:
        values, places = jax.lax.top_k(moved, k)
    else:
        places = jnp.argsort(moved, -1, stable=True)[..., :k]
        values = jnp.take_along_axis(moved, places, -1)
    return jnp.moveaxis(values, -1, dim), jnp.moveaxis(places, -1, dim)


@op("kthvalue")
def kthvalue(x: Any, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    order = jax.lax.slice_in_dim(jnp.argsort(x, dim, stable=True), k - 1, k, axis=dim)
    value = jnp.take_along_axis(x, order, dim)
    return (value, order) if keepdim else (jnp.squeeze(value, dim), jnp.squeeze(order, dim))


@op("median")
def median(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    if dim is None:
        return jnp.sort(jnp.ravel(x))[(x.size - 1) // 2]
    return kthvalue(x, (x.shape[dim] + 1) // 2, dim, keepdim)


@op("count_nonzero")
def count_nonzero(x: Any, dim: Any = None) -> Any:
    return jnp.count_nonzero(x, axes_of(dim, x.ndim))


@op("softmax", "_softmax", "special_softmax")
def softmax(x: Any, dim: int, dtype: Any = None) -> Any:
    return F.softmax(x, dim, dtype=None if isinstance(dtype, bool) else dtype)


@op("log_softmax", "_log_softmax", "special_log_softmax")
def log_softmax(x: Any, dim: int, dtype: Any = None) -> Any:
    return F.log_softmax(x, dim, dtype=None if isinstance(dtype, bool) else dtype)


# Products of matrices.


@op("matmul", "mm", "bmm", "mv", "dot", "vdot", "linalg_matmul", "inner")
def matmul(x: Any, y: Any, **_: Any) -> Any:
    return jnp.matmul(*alike(x, y))


@op("addmm", "addmv", "baddbmm")
def addmm(x: Any, a: Any, b: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    product = jnp.matmul(a, b)
    product = product if alpha == 1 else product * alpha
    return product if beta == 0 else product + (x if beta == 1 else x * beta)


@op("addbmm")
def addbmm(x: Any, a: Any, b: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    return beta * x + alpha * jnp.einsum("bij,bjk->ik", a, b)


@op("addr")
def addr(x: Any, a: Any, b: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    return beta * x + alpha * jnp.outer(a, b)


TABLE["outer"] = TABLE["ger"] = jnp.outer
TABLE["kron"] = jnp.kron


@op("einsum")
def einsum(equation: str, operands: Sequence[Any], **_: Any) -> Any:
    return jnp.einsum(equation, *alike(*operands))


@op("tensordot")
def tensordot(x: Any, y: Any, dims_x: Sequence[int], dims_y: Sequence[int]) -> Any:
    return jnp.tensordot(x, y, (tuple(dims_x), tuple(dims_y)))


@op("cross", "linalg_cross")
def cross(x: Any, y: Any, dim: int = -1) -> Any:
    return jnp.cross(x, y, axis=dim)


@op("trace")
def trace(x: Any) -> Any:
    return jnp.trace(x)


@op("linalg_inv", "inverse")
def inverse(x: Any) -> Any:
    return jnp.linalg.inv(x)


@op("linalg_solve")
def solve(a: Any, b: Any, *, left: bool = True) -> Any:
    vector = b.ndim == 1 or b.shape == a.shape[:-1]
    if vector:
        return jnp.linalg.solve(a, b[..., None])[..., 0]
    return jnp.linalg.solve(a, b) if left else jnp.linalg.solve(a.mT, b.mT).mT


TABLE["linalg_det"] = TABLE["det"] = jnp.linalg.det
TABLE["linalg_cholesky"] = lambda x, upper=False: jnp.linalg.cholesky(x, upper=upper)
TABLE["cholesky"] = TABLE["linalg_cholesky"]
TABLE["linalg_eigh"] = lambda x, uplo="L": tuple(jnp.linalg.eigh(x, uplo))
TABLE["linalg_qr"] = lambda x, mode="reduced": tuple(jnp.linalg.qr(x, mode))
TABLE["linalg_svd"] = lambda x, full=True, **_: tuple(jnp.linalg.svd(x, full))
TABLE["linalg_slogdet"] = lambda x: tuple(jnp.linalg.slogdet(x))
TABLE["matrix_exp"] = TABLE["linalg_matrix_exp"] = jax.scipy.linalg.expm
TABLE["linalg_matrix_power"] = TABLE["matrix_power"] = jnp.linalg.matrix_power


# Fourier transforms.


def _fft(function: Any, *, several: bool) -> Any:
    def one(x: Any, n: Any = None, dim: int = -1, norm: Any = None) -> Any:
        return function(x, n, dim, norm)

    def many(x: Any, s: Any = None, dim: Any = None, norm: Any = None) -> Any:
        return function(x, s, dim, norm)

    return many if several else one


for _name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"):
    TABLE[f"fft_{_name}"] = _fft(getattr(jnp.fft, _name), several=False)
for _name in ("fft2", "ifft2", "rfft2", "irfft2"):
    _function = getattr(jnp.fft, _name)
    TABLE[f"fft_{_name}"] = (lambda f: lambda x, s=None, dim=(-2, -1), norm=None: f(x, s, tuple(dim), norm))(_function)
for _name in ("fftn", "ifftn", "rfftn", "irfftn"):
    TABLE[f"fft_{_name}"] = _fft(getattr(jnp.fft, _name), several=True)
TABLE["fft_fftshift"] = lambda x, dim=None: jnp.fft.fftshift(x, dim)
TABLE["fft_ifftshift"] = lambda x, dim=None: jnp.fft.ifftshift(x, dim)
TABLE["fft_fftfreq"] = lambda n, d=1.0, **_: jnp.fft.fftfreq(n, d)
TABLE["fft_rfftfreq"] = lambda n, d=1.0, **_: jnp.fft.rfftfreq(n, d)


@op("stft")
def stft(x: Any, n_fft: int, *args: Any, **kwargs: Any) -> Any:
    """Both overloads; the one with ``center`` pads by itself."""
    return F.stft(x, n_fft, **_stft_words(args, kwargs, "center" in kwargs or len(args) > 7))


def _stft_words(args: tuple[Any, ...], kwargs: dict[str, Any], centered: bool) -> dict[str, Any]:
    names = ["hop_length", "win_length", "window", "normalized", "onesided", "return_complex", "align_to_window"]
    if centered:
        names[3:3] = ["center", "pad_mode"]
    given = dict(zip(names, args, strict=False)) | kwargs
    return {"center": False} | {k: v for k, v in given.items() if v is not None}


@op("istft")
def istft(x: Any, n_fft: int, *args: Any, **kwargs: Any) -> Any:
    names = ("hop_length", "win_length", "window", "center", "normalized", "onesided", "length", "return_complex")
    return F.istft(x, n_fft, **(dict(zip(names, args, strict=False)) | kwargs))


@op("cdist", "_cdist_forward")
def cdist(x: Any, y: Any, p: float = 2.0, *_: Any) -> Any:
    return F.cdist(x, y, p)


@op("cosine_similarity")
def cosine_similarity(x: Any, y: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    return F.cosine_similarity(x, y, dim, eps)


@op("pairwise_distance")
def pairwise_distance(x: Any, y: Any, p: float = 2, eps: float = 1e-6, keepdim: bool = False) -> Any:
    return F.pairwise_distance(x, y, p, eps, keepdim)
