"""Checks calls with extreme numbers: values and gradients beside torch's, in every way to run them.

A `Row` is a call whose arrays consist of the extreme numbers of a dtype. Torch runs twice, on contiguous arrays and on
arrays with gaps, because its vectorized and its scalar code sometimes differ. Either answer is accepted. Torch flushes
denormal numbers meanwhile, as XLA does on the CPU: in float32 and float64 (and in bfloat16, which is computed in
float32) they count as zeros, and results of that size become zeros.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import torch

import purenn.functional as F

DTYPES = ("float32", "float64", "float16", "bfloat16")
HALF = ("float16", "bfloat16")
INF, NAN = np.inf, np.nan


def numpy_dtype(name: str) -> Any:
    return ml_dtypes.bfloat16 if name == "bfloat16" else np.dtype(name)


@dataclasses.dataclass(frozen=True)
class Numbers:
    """The extremes of a dtype: ``big`` has a square that overflows, ``small`` one that underflows."""

    denormal: float
    tiny: float
    small: float
    big: float
    huge: float

    @property
    def every(self) -> list[float]:
        ordinary = [0.25, 0.5, 1, 3, 6, 20, 100]
        sizes = [0, self.denormal, self.tiny, self.small, *ordinary, self.big, self.huge, INF]
        return [sign * size for size in sizes for sign in (1, -1)] + [NAN]


NUMBERS = {
    "float32": Numbers(1e-40, 1.5e-38, 2.0**-66, 2.0**66, 2.0**127),
    "float64": Numbers(1e-310, 3e-308, 2.0**-530, 2.0**530, 2.0**1020),
    "float16": Numbers(2e-6, 7e-5, 2.0**-13, 2.0**8, 2.0**15),
    "bfloat16": Numbers(1e-40, 1.5e-38, 2.0**-66, 2.0**66, 2.0**127),
}


@dataclasses.dataclass(frozen=True)
class Of:
    """An array of a dtype's extremes, and whether it is differentiated."""

    make: Callable[[Numbers], Any]
    floating: bool = True


def of(make: Callable[[Numbers], Any] | Any) -> Of:
    return Of(make if callable(make) else lambda n: make)


def constant(make: Callable[[Numbers], Any] | Any) -> Of:
    return dataclasses.replace(of(make), floating=False)


def integers(values: Any, dtype: Any = np.int64) -> Of:
    return Of(lambda n: np.asarray(values, dtype), False)


@dataclasses.dataclass(frozen=True)
class Row:
    """A call.

    Args:
        name: the function's name.
        args, kwargs: the arguments of the call. Every `Of` becomes an array.
        ulps: the tolerance in float32 and float64, in units in the last place.
        atol: a further absolute tolerance, in multiples of the dtype's epsilon, for terms of size 1 that cancel.
        signs: whether the signs of zeros are compared.
        loud: the reason why purenn gives NaN in some places where torch gives a number.
        better: the reason why purenn gives a number in some places where torch gives NaN, in float64 too.
        rounded: whether the call also runs behind a product that rounds.
        dtypes: the dtypes in which torch has the function.
        theirs: torch's function, if it has another name.
        grad: whether there is a gradient.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = dataclasses.field(default_factory=dict)
    ulps: int = 64
    atol: float = 0
    signs: bool = False
    loud: str = ""
    better: str = ""
    rounded: bool = True
    dtypes: Sequence[str] = DTYPES
    theirs: Callable[..., Any] | None = None
    grad: bool = True

    @property
    def text(self) -> str:
        def shown(v: Any) -> str:
            if isinstance(v, Of):
                a = np.asarray(v.make(NUMBERS["float32"]))
                return f"{a.dtype.kind}{list(a.shape)}"
            if isinstance(v, list | tuple):
                return f"[{', '.join(map(shown, v))}]"
            return repr(v)

        return (
            f"{self.name}({', '.join([*map(shown, self.args), *(f'{k}={shown(v)}' for k, v in self.kwargs.items())])})"
        )

    @functools.cached_property
    def ours(self) -> Callable[..., Any]:
        return functools.reduce(getattr, self.name.split("."), F)

    @functools.cached_property
    def torchs(self) -> Callable[..., Any]:
        if self.theirs is not None:
            return self.theirs
        return getattr(torch.nn.functional, self.name, None) or getattr(torch, self.name)

    def leaves(self, dtype: str) -> tuple[list[Any], list[int], Any]:
        """The leaves of the arguments, with arrays in numpy, which of them are differentiated, and their tree."""
        leaves, tree = jax.tree.flatten((self.args, self.kwargs), is_leaf=lambda v: v is None or isinstance(v, Of))
        made, floating = [], []
        for i, leaf in enumerate(leaves):
            if isinstance(leaf, Of):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    array = np.asarray(leaf.make(NUMBERS[dtype]))
                    array = array.astype(numpy_dtype(dtype)) if array.dtype.kind == "f" else array
                if leaf.floating and self.grad:
                    floating.append(i)
                made.append(array)
            else:
                made.append(leaf)
        return made, floating, tree


@contextmanager
def denormals(flushed: bool) -> Iterator[None]:
    torch.set_flush_denormal(flushed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_flush_denormal(False)


def to_torch(a: np.ndarray, gaps: bool, double: bool = False) -> torch.Tensor:
    """A tensor; with `gaps`, one with a gap after each element."""
    if a.dtype == ml_dtypes.bfloat16:
        t = torch.from_numpy(a.view(np.int16).copy()).view(torch.bfloat16)
    else:
        t = torch.from_numpy(np.array(a))
    if double and t.is_floating_point():
        t = t.double()
    if gaps and t.ndim:
        wide = torch.zeros(*t.shape[:-1], 2 * t.shape[-1], dtype=t.dtype)
        wide[..., ::2] = t
        t = wide[..., ::2]
    return t


def to_numpy(t: Any) -> np.ndarray:
    if isinstance(t, torch.Tensor):
        t = t.detach().resolve_conj().contiguous()
        return t.view(torch.int16).numpy().view(ml_dtypes.bfloat16) if t.dtype == torch.bfloat16 else t.numpy()
    return np.asarray(t)


def flat(result: Any) -> list[Any]:
    if isinstance(result, list | tuple):
        return [x for part in result for x in flat(part)]
    return [result]


def weights(shape: tuple[int, ...]) -> np.ndarray:
    """The cotangents of the sum whose gradient is taken."""
    return np.random.default_rng(0).choice([0.5, 1, -2, 0.25, -1], shape)


def torchs_answer(
    row: Row, dtype: str, factor: float = 1.0, gaps: bool = False, double: bool = False
) -> list[np.ndarray | None]:
    """Torch's values, and then its gradients."""
    leaves, floating, tree = row.leaves(dtype)
    given = [to_torch(v, gaps, double) if isinstance(v, np.ndarray) else v for v in leaves]
    for i in floating:
        given[i] = (given[i] * factor if factor != 1 else given[i]).requires_grad_()
    args, kwargs = jax.tree.unflatten(tree, given)
    values = [v for v in flat(row.torchs(*args, **kwargs)) if isinstance(v, torch.Tensor)]
    smooth = [v for v in values if v.requires_grad]
    gradients: list[Any] = []
    if floating and smooth:
        seeds = [torch.from_numpy(weights(tuple(v.shape))).to(v.dtype) for v in smooth]
        gradients = list(torch.autograd.grad(smooth, [given[i] for i in floating], seeds, allow_unused=True))
        gradients = [torch.zeros_like(given[i]) if g is None else g for g, i in zip(gradients, floating, strict=True)]
    return [to_numpy(v) for v in (*values, *(g * factor if factor != 1 else g for g in gradients))]


@dataclasses.dataclass(frozen=True)
class Way:
    """A way to run a function: compiled or not, and behind which arithmetic. The arrays are prepared to undo it.

    Args:
        factor: the factor of a product in front of the function. torch's arrays are multiplied too, and rounded.
        signs: whether the signs are changed twice.
    """

    jit: bool = True
    company: bool = False
    factor: float = 1.0
    signs: bool = False

    def before(self, x: Any, one: Any) -> Any:
        if not self.company:
            return x
        one = one.astype(x.dtype)
        factor, zero = one * self.factor, -(one - one)
        return -(x * -factor + zero) if self.signs else x * factor + zero

    def after(self, y: Any, one: Any) -> Any:
        return y * one.astype(y.dtype) if self.company and jnp.issubdtype(y.dtype, jnp.inexact) else y


WAYS = {
    "eager": Way(jit=False),
    "jitted": Way(),
    "behind a product": Way(company=True),
    "behind signs": Way(company=True, signs=True),
    "behind a rounded product": Way(company=True, factor=1.1),
}


def our_function(row: Row, dtype: str, way: Way) -> tuple[Callable[..., Any], list[jax.Array]]:
    """A function of the differentiated arrays and a 1 that returns values and gradients."""
    leaves, floating, tree = row.leaves(dtype)
    leaves = [jnp.asarray(v) if isinstance(v, np.ndarray) else v for v in leaves]

    def values(arrays: Sequence[jax.Array], one: jax.Array) -> list[jax.Array]:
        given = list(leaves)
        for i, array in zip(floating, arrays, strict=True):
            given[i] = way.before(array, one)
        args, kwargs = jax.tree.unflatten(tree, given)
        found = [v for v in flat(row.ours(*args, **kwargs)) if isinstance(v, jax.Array)]
        return [way.after(v, one) for v in found]

    def run(arrays: Sequence[jax.Array], one: jax.Array) -> list[jax.Array]:
        if not floating:
            return values(arrays, one)
        smooth: list[int] = []

        def inexact(arrays: Sequence[jax.Array]) -> Any:
            found = values(arrays, one)
            smooth[:] = [i for i, v in enumerate(found) if jnp.issubdtype(v.dtype, jnp.inexact)]
            return [found[i] for i in smooth], found

        _, pull, found = jax.vjp(inexact, list(arrays), has_aux=True)
        seeds = [jnp.asarray(weights(found[i].shape), found[i].dtype) for i in smooth]
        (gradients,) = pull(seeds)
        return [*found, *gradients]

    return run, [leaves[i] for i in floating]


def _ordered(a: np.ndarray) -> np.ndarray:
    """Integers in the order of the numbers. Neighbouring numbers differ by one. They are floats, for subtraction."""
    kind = {2: np.int16, 4: np.int32, 8: np.int64}[a.dtype.itemsize]
    bits = a.view(kind).astype(np.int64)
    return np.where(bits < 0, -(bits & np.int64(np.iinfo(kind).max)), bits).astype(np.longdouble)


def _flush(a: np.ndarray) -> np.ndarray:
    """Replaces denormals by zeros, except in float16, whose arithmetic is float32's."""
    if a.dtype == np.float16:
        return a
    wide = a.astype(np.float64)
    return np.where(np.abs(wide) < float(ml_dtypes.finfo(a.dtype).tiny), np.copysign(0, wide), wide).astype(a.dtype)


def agree(
    ours: np.ndarray, theirs: Sequence[np.ndarray], exact: np.ndarray, ulps: float, atol: float, signs: bool
) -> np.ndarray:
    """Where an array is one of torch's up to rounding, or the exact one, or at most twice as far from it as torch's.

    NaN equals NaN, infinities must be equal, and with `signs` also the signs of zeros.
    """
    if ours.dtype.kind not in "fV":
        return functools.reduce(np.logical_or, [ours == t for t in theirs])

    def same(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        x, y = a.astype(np.float64), b.astype(np.float64)
        near = (np.abs(_ordered(a) - _ordered(b)) <= ulps) | (np.abs(x - y) <= atol)
        near &= np.isfinite(x) & np.isfinite(y)
        if signs:
            near &= (x != 0) | (y != 0) | (np.signbit(x) == np.signbit(y))
        return near | (x == y) & np.isinf(x) | np.isnan(x) & np.isnan(y)

    with np.errstate(all="ignore"):
        rounded = exact.astype(ours.dtype)
        found = [same(_flush(ours), _flush(t)) for t in (*theirs, rounded)]
        error = np.abs(ours.astype(np.float64) - exact)
        found += [error <= 2 * np.abs(t.astype(np.float64) - exact) for t in theirs]
    return functools.reduce(np.logical_or, found)


def candidates(row: Row, dtype: str, factor: float) -> tuple[list[list[np.ndarray | None]], list[np.ndarray | None]]:
    """Torch's answers for arrays without and with gaps, with and without flushed denormals, and in float64."""
    given = []
    for flushed in (True, False):
        with denormals(flushed):
            given += [torchs_answer(row, dtype, factor, gaps) for gaps in (False, True)]
    with denormals(False):
        exact = torchs_answer(row, dtype, factor, double=True)
    return given, exact


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiles as for users, with LLVM's optimizations: they contract products and sums, which is tested here."""
    options: Any = {"xla_backend_optimization_level": 3}
    if "xla_cpu_use_fusion_emitters" in os.environ["XLA_FLAGS"]:
        options["xla_cpu_use_fusion_emitters"] = True
    return jax.jit(function, compiler_options=options)


def problems(
    row: Row, dtype: str, got: Sequence[Any], given: Sequence[Sequence[np.ndarray]], exact: Sequence[np.ndarray]
) -> list[str]:
    """A description of the errors of our values and gradients, compared with torch's `candidates`."""
    if len(got) != len(exact):
        return [f"{row.text}: {len(got)} arrays, torch gives {len(exact)}"]
    finfo = ml_dtypes.finfo(numpy_dtype(dtype))
    working = float(ml_dtypes.finfo(np.float32 if dtype in HALF else numpy_dtype(dtype)).eps)
    atol = row.atol * working + (0 if dtype == "float16" else 8 * float(finfo.tiny))
    ulps = 1 if dtype in HALF else row.ulps * (8 if dtype == "float64" else 1)  # there is no exact one beside float64's
    wrong = []
    for k, value in enumerate(got):
        ours, theirs = np.asarray(value), [g[k] for g in given]
        floating = theirs[0].dtype.kind in "fV"
        if ours.shape != theirs[0].shape or (floating and ours.dtype != theirs[0].dtype):
            wrong.append(f"{row.text}: {ours.shape} {ours.dtype}, torch's is {theirs[0].shape} {theirs[0].dtype}")
            continue
        ok = agree(ours, theirs, exact[k], ulps, atol, row.signs and k == 0)
        if floating and row.loud:
            ok |= np.isnan(ours.astype(np.float64))
        if floating and row.better:
            ok |= ~np.isnan(ours.astype(np.float64)) & np.isnan(exact[k])
        if not np.all(ok):
            places = [tuple(p.tolist()) for p in np.argwhere(~ok)]
            torchs = [", ".join(map(str, sorted({float(t[p]) for t in theirs}))) for p in places[:4]]
            shown = "; ".join(
                f"{p}: {ours[p]}, torch {t}, exact {exact[k][p]:.9g}" for p, t in zip(places[:4], torchs, strict=True)
            )
            wrong.append(f"{row.text}: result {k} differs in {len(places)} of {ok.size} places, {shown}")
    return wrong
