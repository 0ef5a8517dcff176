"""The checks of the table of calls: purenn's functions beside torch's.

A `Case` is a call: the function's name, its arguments and keywords. Arguments that are draws (`normal`, `uniform`,
`integers`, `booleans`) become arrays. Floating draws have the dtype of the test, and gradients with respect to all of
them are compared. A `Bad` is a call that must be refused, with a pattern for the message.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import warnings
import zlib
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch

import purenn.functional as F


@dataclasses.dataclass(frozen=True)
class Draw:
    """A random array: a function that makes it from a generator, and whether it is differentiated."""

    make: Callable[[np.random.Generator], np.ndarray]
    text: str
    floating: bool = True

    def __repr__(self) -> str:
        return self.text


def normal(*shape: int, scale: float = 1.0) -> Draw:
    return Draw(lambda g: g.standard_normal(shape) * scale, f"normal{shape}")


def uniform(*shape: int, low: float = 0.0, high: float = 1.0) -> Draw:
    return Draw(lambda g: g.uniform(low, high, shape), f"uniform{shape}[{low}, {high}]")


def integers(high: int, *shape: int, low: int = 0) -> Draw:
    return Draw(lambda g: g.integers(low, high, shape), f"integers{shape}[{low}, {high}]", False)


def booleans(*shape: int) -> Draw:
    return Draw(lambda g: g.random(shape) < 0.5, f"booleans{shape}", False)


def values(array: Any, differentiate: bool = True) -> Draw:
    """A given array. If it is floating, it takes the dtype of the test."""
    array = np.asarray(array)
    return Draw(lambda g: array, f"values{array.shape}", array.dtype.kind == "f" and differentiate)


def constant(draw: Draw) -> Draw:
    """The draw without a gradient, for arguments for which torch has none."""
    return dataclasses.replace(draw, text=f"constant {draw.text}", floating=False)


def transposed(draw: Draw) -> Draw:
    """The draw as the transpose of a contiguous array, for torch's strides."""
    return Draw(lambda g: np.ascontiguousarray(draw.make(g).T).T, f"transposed {draw.text}", draw.floating)


def call_text(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """The printed form of a call, which is the same in every process."""
    text = lambda v: v.__name__ if isinstance(v, types.FunctionType) else repr(v)  # noqa: E731
    return f"{name}({', '.join([*map(text, args), *(f'{k}={text(v)}' for k, v in kwargs.items())])})"


@dataclasses.dataclass(frozen=True)
class Case:
    """A call that torch accepts.

    Args:
        name: the function's name, the same in both libraries.
        args, kwargs: the arguments of the call, including draws.
        grad: whether there is a gradient; ``second``: whether torch has a second derivative too.
        half: the half dtypes that are checked, with a loose tolerance. Those that torch refuses are left out.
        tolerance: a factor for the dtype's tolerance. If it is not 1, the case says why.
        theirs: torch's side, if it is not the same call.
        vmap: whether the call is checked under ``jax.vmap``; false if shapes depend on data.
        dtypes: the dtypes that torch takes.
    """

    name: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = dataclasses.field(default_factory=dict)
    grad: bool = True
    second: bool = True
    half: bool = True
    tolerance: float = 1.0
    theirs: Callable[..., Any] | None = None
    vmap: bool = True
    jit: bool = True

    def __repr__(self) -> str:
        return call_text(self.name, self.args, self.kwargs)

    @functools.cached_property
    def ours(self) -> Callable[..., Any]:
        return functools.reduce(getattr, self.name.split("."), F)

    def torch_function(self) -> Callable[..., Any]:
        if self.theirs is not None:
            return self.theirs
        return getattr(torch.nn.functional, self.name, None) or getattr(torch, self.name)

    @functools.cached_property
    def drawn(self) -> tuple[list[Any], Any]:
        """The leaves of (args, kwargs), with arrays for the draws, and their tree."""
        generator = np.random.default_rng(zlib.crc32(repr(self).encode()))
        leaves, tree = jax.tree.flatten((self.args, self.kwargs), is_leaf=lambda v: v is None or isinstance(v, Draw))
        return [(v, v.make(generator)) if isinstance(v, Draw) else (v, v) for v in leaves], tree


@dataclasses.dataclass(frozen=True)
class Bad:
    """A call that is refused: the type of the error, and a pattern for its message."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = dataclasses.field(default_factory=dict)
    match: str = ""
    error: type[Exception] | tuple[type[Exception], ...] = (ValueError, TypeError, IndexError)
    theirs: bool = True  # torch refuses it too

    def __repr__(self) -> str:
        return call_text(self.name, self.args, self.kwargs)


TOLERANCE = {"float64": 1e-10, "float32": 2e-5, "float16": 4e-3, "bfloat16": 3e-2}


def ours_and_theirs(case: Case, dtype: str) -> tuple[list[Any], list[Any], list[int], Any]:
    """The leaves of the call for purenn and for torch, and which of them are differentiated."""
    ours, theirs, floating = [], [], []
    leaves, tree = case.drawn
    for i, (leaf, value) in enumerate(leaves):
        if isinstance(leaf, Draw):
            is_float = value.dtype.kind == "f"
            tensor = torch.from_numpy(np.array(value, order="K"))
            tensor = tensor.to(getattr(torch, dtype)) if is_float else tensor
            ours.append(jnp.asarray(value, dtype=dtype) if is_float else jnp.asarray(value))
            theirs.append(tensor.requires_grad_(is_float and leaf.floating and case.grad))
            if is_float and leaf.floating and case.grad:
                floating.append(i)
        else:
            ours.append(value)
            theirs.append(value)
    return ours, theirs, floating, tree


def tensors(result: Any) -> list[Any]:
    """The arrays of a result as a list; other values are unchanged."""
    if isinstance(result, list | tuple):
        return [t for part in result for t in tensors(part)]
    return [result]


def call(function: Callable[..., Any], leaves: list[Any], tree: Any) -> list[Any]:
    args, kwargs = jax.tree.unflatten(tree, leaves)
    return tensors(function(*args, **kwargs))


def call_torch(case: Case, leaves: list[Any], tree: Any) -> list[Any]:
    with warnings.catch_warnings():  # ours are errors, torch's are torch's
        warnings.simplefilter("ignore")
        return call(case.torch_function(), leaves, tree)


def assert_close(ours: Any, theirs: torch.Tensor, dtype: str, tolerance: float, what: str) -> None:
    """Asserts equality within the dtype's tolerance, also relative to the largest value, for sums that cancel."""
    expected = theirs.detach().resolve_conj().to(torch.float32 if theirs.dtype == torch.bfloat16 else theirs.dtype)
    expected = expected.numpy(force=True)
    got = np.asarray(ours.astype(jnp.float32) if ours.dtype == jnp.bfloat16 else ours)
    assert got.shape == expected.shape, f"{what}: shape {got.shape}, torch's is {expected.shape}"
    precision = max(TOLERANCE[dtype], TOLERANCE.get(str(theirs.dtype).removeprefix("torch."), 0.0))
    limit = precision * tolerance
    finite = np.abs(expected[np.isfinite(expected)]) if expected.dtype.kind in "fc" else np.zeros(0)
    scale = max(1.0, float(finite.max())) if finite.size else 1.0
    np.testing.assert_allclose(got, expected, rtol=limit, atol=limit * scale, err_msg=what)


def check_dtype(ours: Any, theirs: torch.Tensor, what: str) -> None:
    expected = str(theirs.dtype).removeprefix("torch.")
    if not jax.config.jax_enable_x64:
        expected = {"int64": "int32", "float64": "float32", "complex128": "complex64"}.get(expected, expected)
    assert str(ours.dtype) == expected, f"{what}: dtype {ours.dtype}, torch's is {theirs.dtype}"


def check_value_and_gradient(case: Case, dtype: str, second: bool = False) -> None:
    """Asserts that values, dtypes and gradients (with `second` also the gradient of the gradients' sum) are torch's."""
    ours, theirs, floating, tree = ours_and_theirs(case, dtype)
    expected = call_torch(case, theirs, tree)
    generator = np.random.default_rng(0)

    def rest(diff: list[Any]) -> list[Any]:
        leaves = list(ours)
        for i, value in zip(floating, diff, strict=True):
            leaves[i] = value
        return call(case.ours, leaves, tree)

    arrays = [i for i, t in enumerate(expected) if isinstance(t, torch.Tensor)]
    if not floating or not any(expected[i].requires_grad for i in arrays):
        got = _jitted(case, ours, tree)
        assert len(got) == len(expected), f"{len(got)} results, torch's are {len(expected)}"
        for i, (o, t) in enumerate(zip(got, expected, strict=True)):
            if i not in arrays:
                assert o == t or (o is None and t is None), f"result {i}: {o}, torch's is {t}"
                continue
            check_dtype(o, t, f"result {i}")
            assert_close(o, t, dtype, case.tolerance, f"result {i}")
        return
    smooth = [i for i in arrays if expected[i].requires_grad]
    weights = [generator.standard_normal(expected[i].shape) for i in smooth]

    def weighted(diff: list[Any]) -> tuple[Any, list[Any]]:
        got = rest(diff)
        total = sum(jnp.sum(jnp.asarray(w, got[i].dtype) * got[i]) for w, i in zip(weights, smooth, strict=True))
        return total.real, [got[i] for i in arrays]

    def gradients(diff: list[Any]) -> tuple[Any, ...]:
        (_, got), grads = jax.value_and_grad(weighted, has_aux=True)(diff)
        return got, grads

    diff = [ours[i] for i in floating]
    inputs = [theirs[i] for i in floating]
    total = sum(
        (torch.from_numpy(w).to(expected[i].dtype) * expected[i]).sum() for w, i in zip(weights, smooth, strict=True)
    )
    their_grads = torch.autograd.grad(total.real, inputs, create_graph=second, allow_unused=True)
    if not second:
        got, grads = (jax.jit(gradients) if case.jit else gradients)(diff)
        for i, o in zip(arrays, got, strict=True):
            check_dtype(o, expected[i], f"result {i}")
            assert_close(o, expected[i], dtype, case.tolerance, f"result {i}")
        for i, o, t in zip(floating, grads, their_grads, strict=True):
            t = torch.zeros_like(theirs[i]) if t is None else t
            assert o.dtype == ours[i].dtype
            assert_close(o, t, dtype, case.tolerance, f"gradient of leaf {i}")
        return
    twice = [g for g in their_grads if g is not None and g.requires_grad]
    vectors = [generator.standard_normal(g.shape) for g in their_grads if g is not None]

    def contracted(diff: list[Any]) -> Any:
        _, grads = gradients(diff)
        kept = [g for g, t in zip(grads, their_grads, strict=True) if t is not None]
        return sum(jnp.sum(jnp.asarray(v, g.dtype) * g) for v, g in zip(vectors, kept, strict=True))

    if not twice:  # linear in everything: the second derivative is zero
        return
    kept = [g for g in their_grads if g is not None]
    their_sum = sum((torch.from_numpy(v).to(g.dtype) * g).sum() for v, g in zip(vectors, kept, strict=True))
    their_second = torch.autograd.grad(their_sum, inputs, allow_unused=True)
    our_second = (jax.jit(jax.grad(contracted)) if case.jit else jax.grad(contracted))(diff)
    for i, o, t in zip(floating, our_second, their_second, strict=True):
        t = torch.zeros_like(theirs[i]) if t is None else t
        assert_close(o, t, dtype, 10 * case.tolerance, f"second derivative of leaf {i}")


def _jitted(case: Case, ours: list[Any], tree: Any) -> list[Any]:
    """The call under jit, with traced arrays and static other arguments."""
    if not case.jit:
        return call(case.ours, ours, tree)
    traced = [i for i, v in enumerate(ours) if isinstance(v, jax.Array)]
    static: list[Any] = []

    def run(arrays: list[Any]) -> list[Any]:
        leaves = list(ours)
        for i, array in zip(traced, arrays, strict=True):
            leaves[i] = array
        got = call(case.ours, leaves, tree)
        static[:] = [... if isinstance(g, jax.Array) else g for g in got]
        return [g for g in got if isinstance(g, jax.Array)]

    arrays = iter(jax.jit(run)([ours[i] for i in traced]))
    return [next(arrays) if s is ... else s for s in static]


def check_transforms(case: Case) -> None:
    """Eager equals jit (in half of the rows), vmap equals single calls, and jvp agrees with vjp."""
    ours, _, floating, tree = ours_and_theirs(case, "float32")
    if case.jit and zlib.crc32(repr(case).encode()) // 6 % 2 == 0:  # there each operation is compiled separately
        eager = [g for g in call(case.ours, ours, tree) if isinstance(g, jax.Array)]
        for a, b in zip(eager, [g for g in _jitted(case, ours, tree) if isinstance(g, jax.Array)], strict=True):
            _agree(a, b, "eager and jit")
    traced = [i for i, v in enumerate(ours) if isinstance(v, jax.Array)]
    compiled = jax.jit if case.jit else lambda function: function  # one program compiles faster than its parts

    def run(arrays: list[Any], where: list[int]) -> list[Any]:
        leaves = list(ours)
        for i, array in zip(where, arrays, strict=True):
            leaves[i] = array
        return [g for g in call(case.ours, leaves, tree) if isinstance(g, jax.Array)]

    if case.vmap and traced:
        stacked = [jnp.stack([ours[i], jnp.flip(ours[i])]) for i in traced]
        single = compiled(lambda arrays: run(arrays, traced))
        mapped = compiled(jax.vmap(lambda arrays: run(arrays, traced)))(stacked)
        for lane in (0, 1):
            for a, b in zip([m[lane] for m in mapped], single([s[lane] for s in stacked]), strict=True):
                _agree(a, b, f"vmap's lane {lane}")
    if floating:
        primal = [ours[i] for i in floating]
        generator = np.random.default_rng(1)
        tangent = [jnp.asarray(generator.standard_normal(p.shape), p.dtype) for p in primal]

        def inexact(arrays: list[Any]) -> list[Any]:
            return [g for g in run(arrays, floating) if jnp.issubdtype(g.dtype, jnp.floating)]

        shapes = jax.eval_shape(inexact, primal) if case.jit else inexact(primal)
        cotangent = [jnp.asarray(generator.standard_normal(o.shape), o.dtype) for o in shapes]

        @compiled
        def both(primal: list[Any], tangent: list[Any], cotangent: list[Any]) -> tuple[Any, Any]:
            return jax.jvp(inexact, (primal,), (tangent,))[1], jax.vjp(inexact, primal)[1](cotangent)[0]

        forward, backward = both(primal, tangent, cotangent)
        one = sum(float(jnp.vdot(c, f)) for c, f in zip(cotangent, forward, strict=True))
        two = sum(float(jnp.vdot(b, t)) for b, t in zip(backward, tangent, strict=True))
        size = sum(
            float(jnp.linalg.norm(c.ravel()) * jnp.linalg.norm(f.ravel()))
            for c, f in zip(cotangent, forward, strict=True)
        )
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-4 * (1 + size), err_msg="jvp and vjp")


def _agree(a: jax.Array, b: jax.Array, what: str) -> None:
    assert a.shape == b.shape and a.dtype == b.dtype, f"{what}: {a.shape} {a.dtype}, {b.shape} {b.dtype}"
    finite = np.abs(np.asarray(b))[np.isfinite(np.asarray(b))] if b.dtype.kind in "fc" else np.zeros(0)
    scale = max(1.0, float(finite.max())) if finite.size else 1.0
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-5, atol=1e-5 * scale, err_msg=what)


def torch_takes(case: Case, dtype: str) -> bool:
    """Whether torch has this function, and its gradient, for this dtype."""
    _, theirs, _, tree = ours_and_theirs(case, dtype)
    try:
        result = [t for t in call_torch(case, theirs, tree) if isinstance(t, torch.Tensor) and t.requires_grad]
        if result:
            torch.autograd.backward([r.float().sum() for r in result])
    except (RuntimeError, TypeError, ValueError, NotImplementedError):
        return False
    return True


def make(leaf: Any, seed: int = 0) -> Any:
    return (
        jnp.asarray(leaf.make(np.random.default_rng(seed)), "float32" if leaf.floating else None)
        if isinstance(leaf, Draw)
        else leaf
    )
