"""Looks up rows of tables, and makes one-hot vectors."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.core import Tracer

from purenn import check, value_checks
from purenn.lowering.dtypes import widened
from purenn.lowering.norm import vector_norm
from purenn.lowering.reduction import max_or_nan
from purenn.lowering.whole import or_nan, whole
from purenn.typing import Array, ArrayLike

__all__ = ["embedding", "embedding_bag", "one_hot"]


@jax.custom_jvp
def _with_derivative(value: jax.Array, x: jax.Array, factor: jax.Array) -> jax.Array:
    """Returns the value; its derivative is that of x times a constant factor."""
    return value


@_with_derivative.defjvp
def _with_derivative_jvp(
    primals: tuple[jax.Array, ...], tangents: tuple[jax.Array, ...]
) -> tuple[jax.Array, jax.Array]:
    value, x, factor = primals
    return _with_derivative(value, x, factor), tangents[1] * factor


def _table(where: str, weight: ArrayLike) -> jax.Array:
    w = check.array(where, "weight", weight)
    check.rank(where, "weight", w, (2,), "(rows, columns)")
    return w


def _indices(where: str, argument: str, x: ArrayLike) -> jax.Array:
    """Gives signed indices of at least 32 bits, which hold every row of a table, and -1."""
    x = check.array(where, argument, x)
    check.integral(where, argument, x)
    if x.dtype in (jnp.int32, jnp.int64):
        return x
    return x.astype(jnp.int32 if x.dtype.itemsize < 4 else jax.dtypes.canonicalize_dtype(jnp.int64))


def _padding(where: str, padding_idx: int | None, rows: int) -> int | None:
    if padding_idx is None:
        return None
    padding_idx = check.integer(where, "padding_idx", padding_idx)
    if not -rows <= padding_idx < max(rows, 1):  # torch lets 0 pass for an empty table
        check.fail(where, "padding_idx", f"be in [{-rows}, {rows - 1}]", padding_idx)
    return padding_idx % max(rows, 1)


def _looked_up(
    where: str,
    w: jax.Array,
    indices: jax.Array,
    padding: int | None,
    max_norm: float | None,
    norm_type: float,
    scale_grad_by_freq: bool,
) -> jax.Array:
    """Looks up rows and limits their norms; the gradient follows torch's conventions."""
    rows = w.at[indices].get(mode="fill", wrap_negative_indices=False)
    value = rows
    if max_norm is not None:
        check.inexact(where, "weight", w)
        norm = vector_norm(lax.stop_gradient(rows), norm_type, -1, keepdims=True)
        value = jnp.where(norm > max_norm, rows * (max_norm / (norm + 1e-7)).astype(rows.dtype), rows)
    if not jnp.issubdtype(w.dtype, jnp.inexact) or (max_norm is None and padding is None and not scale_grad_by_freq):
        return value
    factor = jnp.ones((*indices.shape, 1), w.dtype)
    if scale_grad_by_freq:
        count = jnp.zeros(w.shape[0], w.real.dtype).at[indices].add(1, mode="drop", wrap_negative_indices=False)
        count = count.at[indices].get(mode="fill", fill_value=1, wrap_negative_indices=False)
        factor = factor / count[..., None].astype(w.dtype)
    if padding is not None:
        factor = jnp.where((indices == padding)[..., None], 0, factor)
    return _with_derivative(lax.stop_gradient(value), rows, factor)


def embedding(
    input: ArrayLike,
    weight: ArrayLike,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Array:
    """Looks up rows of a table: :math:`y_i = w_{x_i}`.

    Args:
        input: indices from 0 to V - 1, of any shape and integer dtype.
        weight: the table :math:`w`, of shape :math:`(V, D)`.
        padding_idx: the row that gets no gradient; a negative number counts from the end. None for no such row.
        max_norm: the largest norm of the returned rows: a longer row is divided by its norm and multiplied by
            ``max_norm``. Torch also changes ``weight`` in place; here the table stays as it is. The gradient ignores
            this, as in torch. None for no limit.
        norm_type: the p of the norm.
        scale_grad_by_freq: whether a row's gradient is divided by the number of times it is looked up in this call.
        sparse: Ignored; accepted for compatibility with PyTorch. Gradients are dense.

    Returns:
        An array of shape :math:`(*, D)` for an input of shape :math:`(*)`; of the table's dtype.

    Raises:
        ValueError: the table isn't of rank 2, or ``padding_idx`` isn't one of its rows.
        TypeError: a dtype doesn't fit.
        IndexError: an index is out of range. Inside ``jit``, where values are unknown, it gives a row of NaN instead,
            or of the least integer for a table of integers.

    Source: ``torch.nn.functional.embedding``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.embedding(jnp.array([2, 0]), jnp.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])).tolist()
        [[4.0, 5.0], [0.0, 1.0]]
    """
    indices, w = _indices("embedding", "input", input), _table("embedding", weight)
    value_checks.require(indices, value_checks.Within("embedding", "input", 0, w.shape[0] - 1))
    padding = _padding("embedding", padding_idx, w.shape[0])
    return _looked_up("embedding", w, indices, padding, max_norm, norm_type, scale_grad_by_freq)


def embedding_bag(
    input: ArrayLike,
    weight: ArrayLike,
    offsets: ArrayLike | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: ArrayLike | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Array:
    r"""Looks up rows of a table and reduces them in bags, for example :math:`y_b = \sum_{i \in b} s_i w_{x_i}`.

    Args:
        input: indices from 0 to V - 1, of any integer dtype: of shape :math:`(B, L)`, one bag per row; or of shape
            :math:`(N)`, with ``offsets``.
        weight: the table :math:`w`, of shape :math:`(V, D)`, floating-point.
        offsets: the index at which every bag starts, of shape :math:`(B)`, ascending from 0. Inside ``jit``, where
            values are unknown, invalid offsets give NaN.
        max_norm: the largest norm of a row: a longer row is divided by its norm and multiplied by ``max_norm`` before
            the reduction. Torch also changes ``weight`` in place; here the table stays as it is. The gradient ignores
            this, as in torch. None for no limit.
        norm_type: the p of the norm.
        scale_grad_by_freq: whether a row's gradient is divided by the number of times it is looked up in this call; not
            for ``'max'``. (The CPU gradient of torch 2.13 divides some rows by the frequency of others.)
        mode: ``'sum'``, ``'mean'`` or ``'max'``. An empty bag gives zeros. Among equal maxima only the first receives
            the gradient.
        sparse: Ignored; accepted for compatibility with PyTorch. Gradients are dense.
        per_sample_weights: the factors :math:`s`, of the input's shape, for ``'sum'`` only; None for 1.
        include_last_offset: whether ``offsets`` has one more element, the end of the last bag. Indices after it are in
            no bag.
        padding_idx: the row that is left out, of the mean's count too; a negative number counts from the end. None for
            no such row.

    Returns:
        An array of shape :math:`(B, D)`; of the table's dtype.

    Raises:
        ValueError: the shapes, the offsets or the options don't fit.
        TypeError: a dtype doesn't fit.
        IndexError: an index is out of range. Inside ``jit``, where values are unknown, it gives NaN instead.

    Source: ``torch.nn.functional.embedding_bag``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> table = jnp.array([[1.0], [2.0], [4.0]])
        >>> F.embedding_bag(jnp.array([0, 1, 2, 2]), table, jnp.array([0, 3]), mode="sum").tolist()
        [[7.0], [4.0]]
    """
    where = "embedding_bag"
    indices, w = _indices(where, "input", input), _table(where, weight)
    check.floating(where, "weight", w)
    check.choice(where, "mode", mode, ("sum", "mean", "max"))
    if mode == "max" and (scale_grad_by_freq or sparse):
        check.fail(where, "scale_grad_by_freq and sparse", "be False with mode='max'", (scale_grad_by_freq, sparse))
    factors = None if per_sample_weights is None else check.array(where, "per_sample_weights", per_sample_weights)
    if factors is not None:
        check.shape(where, "per_sample_weights", factors, indices.shape)
        check.same_dtype(where, weight=w, per_sample_weights=factors)
        if mode != "sum":
            check.fail(where, "mode", "be 'sum' with per_sample_weights", repr(mode))
        factors = factors.reshape(-1, 1)
    value_checks.require(indices, value_checks.Within(where, "input", 0, w.shape[0] - 1))
    padding = _padding(where, padding_idx, w.shape[0])
    owner, bags, length, valid = _owners(where, indices, offsets, include_last_offset)
    indices = indices.reshape(-1)
    rows = _looked_up(where, w, indices, padding, max_norm, norm_type, scale_grad_by_freq)
    present = (owner >= 0) & (owner < bags)
    present = (present if padding is None else present & (indices != padding))[:, None]
    gather = functools.partial(_gathered, owner, bags, length)
    if mode != "max":
        wide = widened(rows)
        total = gather(jnp.where(present, wide if factors is None else wide * factors.astype(wide.dtype), 0), "add", 0)
        if mode == "mean":
            total = total / jnp.maximum(gather(present.astype(wide.dtype), "add", 0), 1)
        return or_nan(valid, total.astype(w.dtype))
    if indices.size == 0:
        return or_nan(valid, jnp.zeros((bags, w.shape[1]), w.dtype))
    first = _first_of_largest(owner, bags, length, present, lax.stop_gradient(rows))
    best = jnp.take_along_axis(rows, jnp.minimum(first, len(rows) - 1), 0)
    return or_nan(valid, jnp.where(first < len(rows), best, 0))


def _gathered(owner: jax.Array, bags: int, length: int | None, x: jax.Array, how: str, start: float) -> jax.Array:
    """Reduces the rows of every bag; densely if all bags have one length."""
    if length is not None:
        kind: Any = {"add": jnp.sum, "max": max_or_nan, "min": jnp.min}[how]
        return kind(x.reshape(bags, length, x.shape[-1]), 1, initial=start)
    empty = jnp.full((bags, x.shape[-1]), start, x.dtype)
    return getattr(empty.at[owner], how)(x, mode="drop", wrap_negative_indices=False)


@functools.partial(whole, static_argnums=(1, 2))
def _first_of_largest(
    owner: jax.Array, bags: int, length: int | None, present: jax.Array, rows: jax.Array
) -> jax.Array:
    """Finds the row of a bag's first largest element, for every column; the number of rows for an empty bag."""
    still = jnp.where(present, rows, -jnp.inf)
    largest = _gathered(owner, bags, length, still, "max", -jnp.inf)
    hit = present & ((still == largest.at[owner].get(mode="clip")) | jnp.isnan(still))
    number = jnp.where(hit, lax.broadcasted_iota(jnp.int32, hit.shape, 0), len(rows))
    return _gathered(owner, bags, length, number, "min", len(rows))


def _owners(
    where: str, indices: jax.Array, offsets: ArrayLike | None, include_last_offset: bool
) -> tuple[jax.Array, int, int | None, jax.Array]:
    """Finds the bag of every index, the number of bags, their common length, and whether the offsets are valid."""
    check.rank(where, "input", indices, (1, 2), "(N) with offsets, or (B, L)")
    if indices.ndim == 2:
        bags, length = indices.shape
        if offsets is not None:
            check.fail(where, "offsets", "be None for an input of rank 2", "an array")
        if length == 0:
            check.fail(where, "input", "have non-zero size in every bag", f"shape {indices.shape}")
        return jnp.repeat(jnp.arange(bags), length), bags, length, jnp.asarray(True)
    if offsets is None:
        check.fail(where, "offsets", "be given for an input of rank 1", None)
    starts = _indices(where, "offsets", offsets)
    check.rank(where, "offsets", starts, (1,), "(B)")
    bags = starts.shape[0] - include_last_offset
    if bags < 0:
        check.fail(where, "offsets", "have at least 1 element with include_last_offset", f"shape {starts.shape}")
    value_checks.require(starts, value_checks.Ascending(where, "offsets", indices.shape[0]))
    position = jnp.arange(indices.shape[0], dtype=starts.dtype)
    ends = jnp.concatenate([jnp.zeros_like(starts[:1]), starts, jnp.full_like(starts[:1], indices.shape[0])])
    valid = jnp.all(ends[1:] >= ends[:-1]) & (starts[:1] == 0).all()
    if isinstance(bags, int):
        return jnp.searchsorted(starts, position, side="right") - 1, bags, None, valid
    # A binary search takes log2(bags) steps, which must be static.
    begun = jnp.zeros(indices.shape, starts.dtype).at[starts].add(1, mode="drop")
    return jnp.cumsum(begun) - 1, bags, None, valid


def one_hot(tensor: ArrayLike, num_classes: int = -1) -> Array:
    r"""Makes vectors with a one at an index and zeros elsewhere: :math:`y_{i,c} = [x_i = c]`.

    Args:
        tensor: class indices, of any shape :math:`(*)` and integer dtype.
        num_classes: the number of classes; -1 takes one more than the largest index, outside of ``jit`` only.

    Returns:
        An integer array of shape :math:`(*, \text{num\_classes})`.

    Raises:
        ValueError: the number of classes isn't positive, or isn't given inside ``jit`` or for an empty array.
        TypeError: the dtype isn't integer.
        IndexError: an index is out of range. Inside ``jit``, where values are unknown, it gives zeros instead.

    Source: ``torch.nn.functional.one_hot``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.one_hot(jnp.array([0, 2]), 3).tolist()
        [[1, 0, 0], [0, 0, 1]]
    """
    x = _indices("one_hot", "tensor", tensor)
    classes = check.integer("one_hot", "num_classes", num_classes)
    if classes == -1:
        if x.size == 0:
            check.fail("one_hot", "num_classes", "be given for an empty array", -1)
        if isinstance(x, Tracer):
            check.fail("one_hot", "num_classes", "be given inside jit, vmap and grad, where the values are unknown", -1)
        classes = max(int(x.max()) + 1, 1)
    if classes < 1:
        check.fail("one_hot", "num_classes", "be at least 1, or -1", num_classes)
    value_checks.require(x, value_checks.Within("one_hot", "tensor", 0, classes - 1))
    return (x[..., None] == lax.broadcasted_iota(x.dtype, (*x.shape, classes), x.ndim)).astype(int)
