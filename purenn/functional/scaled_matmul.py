"""Matrix products of scaled 8-bit numbers."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from purenn import check
from purenn.docstring import documented
from purenn.functional.matmul import GROUPS, grouped_product, is_float8, product
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["ScalingType", "SwizzleType", "scaled_grouped_mm", "scaled_mm"]


class ScalingType(enum.IntEnum):
    """The elements that share a scale: the matrix, a row (of the second matrix, a column), or a block."""

    TensorWise = 0
    RowWise = 1
    BlockWise1x16 = 2
    BlockWise1x32 = 3
    BlockWise1x128 = 4
    BlockWise128x128 = 5


class SwizzleType(enum.IntEnum):
    """The layout of scales in memory; scales per tensor and per row have only one."""

    NO_SWIZZLE = 0
    SWIZZLE_32_4_4 = 1


def _one(where: str, name: str, value: object) -> Any:
    """Returns a value or the only element of a list: torch takes both."""
    if isinstance(value, list | tuple):
        if len(value) != 1:
            check.fail(where, name, "be one value, or a list of one", f"a list of {len(value)}")
        return value[0]
    return value


def _scaled_operands(
    where: str, mats: dict[str, Any], scales: dict[str, Any], recipes: dict[str, Any]
) -> tuple[list[jax.Array], list[jax.Array], ScalingType]:
    """Returns the matrices, their scales and the recipe, which must be the same for both."""
    xs = [check.array(where, n, x) for n, x in mats.items()]
    for name, x in zip(mats, xs, strict=True):
        if not is_float8(x):
            check.fail(where, name, "have a float8 dtype", f"dtype {x.dtype}", TypeError)
    ss = [check.array(where, n, _one(where, n, s)) for n, s in scales.items()]
    for name, s in zip(scales, ss, strict=True):
        if s.dtype != jnp.float32:
            check.fail(where, name, "have dtype float32", f"dtype {s.dtype}", TypeError)
    rs = [_one(where, n, r) for n, r in recipes.items()]
    if rs[0] != rs[1] or rs[0] not in (ScalingType.TensorWise, ScalingType.RowWise):
        actual = f"{rs[0]!r} and {rs[1]!r}"
        check.fail(where, " and ".join(recipes), "be both ScalingType.TensorWise or both ScalingType.RowWise", actual)
    return xs, ss, ScalingType(rs[0])


def _contracted(where: str, contraction_dim: Sequence[int]) -> None:
    if len(contraction_dim) and [d % 2 for d in contraction_dim] != [1, 0]:
        check.fail(where, "contraction_dim", "be empty or (-1, -2)", tuple(contraction_dim))


def _cast(x: jax.Array, dtype: DTypeLike) -> jax.Array:
    """Casts to a dtype; one without infinity saturates at its largest number, as in torch."""
    if dtype in (jnp.float8_e4m3fn, jnp.float8_e4m3fnuz, jnp.float8_e5m2fnuz):
        x = jnp.clip(x, -float(jnp.finfo(dtype).max), float(jnp.finfo(dtype).max))
    return x.astype(dtype)


def scaled_mm(
    mat_a: ArrayLike,
    mat_b: ArrayLike,
    scale_a: ArrayLike | Sequence[ArrayLike],
    scale_recipe_a: ScalingType | list[ScalingType],
    scale_b: ArrayLike | Sequence[ArrayLike],
    scale_recipe_b: ScalingType | list[ScalingType],
    swizzle_a: SwizzleType | list[SwizzleType] | None = None,
    swizzle_b: SwizzleType | list[SwizzleType] | None = None,
    bias: ArrayLike | None = None,
    output_dtype: DTypeLike | None = jnp.bfloat16,
    contraction_dim: Sequence[int] = (),
    use_fast_accum: bool = False,
) -> Array:
    r"""Multiplies two matrices of 8-bit floating-point numbers, each with scales.

    .. math:: Y_{mn} = a_m b_n \sum_k A_{mk} B_{kn} + c_n

    Args:
        mat_a: :math:`A`, of shape :math:`(M, K)` and a float8 dtype.
        mat_b: :math:`B`, of shape :math:`(K, N)` and a float8 dtype.
        scale_a: :math:`a`, float32: a single number, or of shape :math:`(M, 1)`.
        scale_recipe_a: `ScalingType.TensorWise` for a single number and else `ScalingType.RowWise`; torch takes these
            two on a CPU.
        scale_b: :math:`b`, float32: a single number, or of shape :math:`(1, N)`.
        scale_recipe_b: the same as ``scale_recipe_a``.
        swizzle_a: Ignored; accepted for compatibility with PyTorch.
        swizzle_b: Ignored; accepted for compatibility with PyTorch.
        bias: :math:`c`, float32, float16 or bfloat16, of shape :math:`(N)` or :math:`(1, N)`; None for zeros.
        output_dtype: the dtype of the output; None for ``mat_a``'s.
        contraction_dim: empty or (-1, -2).
        use_fast_accum: Ignored; accepted for compatibility with PyTorch. Sums are in float32.

    Returns:
        An array of shape :math:`(M, N)`.

    Raises:
        ValueError: the shapes or recipes don't fit.
        TypeError: the dtypes don't fit.

    Source: ``torch.nn.functional.scaled_mm``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> x, one = jnp.ones((2, 4), jnp.float8_e4m3fn), jnp.array(1.0)
        >>> F.scaled_mm(x, x.T, 3 * one, F.ScalingType.TensorWise, one, F.ScalingType.TensorWise)[0].tolist()
        [12.0, 12.0]
    """
    where = "scaled_mm"
    recipes = {"scale_recipe_a": scale_recipe_a, "scale_recipe_b": scale_recipe_b}
    (a, b), scales, recipe = _scaled_operands(
        where, {"mat_a": mat_a, "mat_b": mat_b}, {"scale_a": scale_a, "scale_b": scale_b}, recipes
    )
    check.rank(where, "mat_a", a, (2,), "(M, K)")
    if b.ndim != 2 or b.shape[0] != a.shape[1]:
        check.fail(where, "mat_b", f"have shape ({a.shape[1]}, N) for a mat_a of shape {a.shape}", f"shape {b.shape}")
    _contracted(where, contraction_dim)
    M, N = a.shape[0], b.shape[1]
    for name, s, full in zip(("scale_a", "scale_b"), scales, ((M, 1), (1, N)), strict=True):
        if recipe == ScalingType.RowWise:
            check.shape(where, name, s, full)
        elif s.size != 1:
            check.fail(where, name, "be a single number with ScalingType.TensorWise", f"shape {s.shape}")
    y = product("mk,kn->mn", a.astype(jnp.float32), b.astype(jnp.float32))
    for s, full in zip(scales, ((M, 1), (1, N)), strict=True):
        y = y * jnp.broadcast_to(s.reshape(full if recipe == ScalingType.RowWise else (1, 1)), y.shape)
    if bias is not None:
        c = check.array(where, "bias", bias)
        if c.dtype not in (jnp.float32, jnp.bfloat16, jnp.float16):
            check.fail(where, "bias", "have dtype float32, bfloat16 or float16", f"dtype {c.dtype}", TypeError)
        if c.shape not in ((N,), (1, N)):
            check.fail(where, "bias", f"have shape ({N},)", f"shape {c.shape}")
        y = y + jnp.broadcast_to(c.astype(jnp.float32).reshape(1, N), y.shape)
    return _cast(y, a.dtype if output_dtype is None else jnp.dtype(output_dtype))


@documented(
    r"""Multiplies matrices of 8-bit floating-point numbers by groups, with one scale per row of A and per column of B.
$groups
    Args:
        mat_a: :math:`A`, of a shape above and dtype float8_e4m3fn.
        mat_b: :math:`B`, of a shape above and dtype float8_e4m3fn.
        scale_a: one float32 scale per row of :math:`A`, in :math:`A`'s shape without the last dimension. If both
            matrices are of rank 2: of shape :math:`(G M)`, the scales of one group after another.
        scale_recipe_a: `ScalingType.RowWise`. torch has block scales too, on some GPUs only.
        scale_b: one float32 scale per column of :math:`B`, in :math:`B`'s shape without the second to last dimension;
            or of shape :math:`(G N)`.
        scale_recipe_b: `ScalingType.RowWise`.
        swizzle_a: Ignored; accepted for compatibility with PyTorch.
        swizzle_b: Ignored; accepted for compatibility with PyTorch.
        bias: must be None: torch doesn't take a bias yet.
        offs: the ends :math:`o` of the groups, ascending int32; only with a matrix of rank 2.
        output_dtype: None or bfloat16.
        contraction_dim: empty or (-1, -2).
        use_fast_accum: Ignored; accepted for compatibility with PyTorch. Sums are in float32.

    Returns:
        An array of the shape above and dtype bfloat16.

    Raises:
        ValueError: the shapes or recipes don't fit.
        TypeError: the dtypes don't fit.

    torch has this function on some GPUs only, for these shapes and dtypes.

    Source: ``torch.nn.functional.scaled_grouped_mm``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> a, b = (jnp.ones(shape, jnp.float8_e4m3fn) for shape in ((3, 1), (2, 1, 1)))
        >>> rows, columns = jnp.array([1.0, 2.0, 3.0]), jnp.array([[1.0], [10.0]])
        >>> recipe, ends = F.ScalingType.RowWise, jnp.array([1, 3], jnp.int32)
        >>> F.scaled_grouped_mm(a, b, rows, recipe, columns, recipe, offs=ends).ravel().tolist()
        [1.0, 20.0, 30.0]
    """,
    groups=GROUPS,
)
def scaled_grouped_mm(
    mat_a: ArrayLike,
    mat_b: ArrayLike,
    scale_a: ArrayLike | Sequence[ArrayLike],
    scale_recipe_a: ScalingType | list[ScalingType],
    scale_b: ArrayLike | Sequence[ArrayLike],
    scale_recipe_b: ScalingType | list[ScalingType],
    swizzle_a: SwizzleType | list[SwizzleType] | None = None,
    swizzle_b: SwizzleType | list[SwizzleType] | None = None,
    bias: None = None,
    offs: ArrayLike | None = None,
    output_dtype: DTypeLike | None = jnp.bfloat16,
    contraction_dim: Sequence[int] = (),
    use_fast_accum: bool = False,
) -> Array:
    where = "scaled_grouped_mm"
    recipes = {"scale_recipe_a": scale_recipe_a, "scale_recipe_b": scale_recipe_b}
    (a, b), scales, recipe = _scaled_operands(
        where, {"mat_a": mat_a, "mat_b": mat_b}, {"scale_a": scale_a, "scale_b": scale_b}, recipes
    )
    if recipe != ScalingType.RowWise:
        check.fail(where, "scale_recipe_a", "be ScalingType.RowWise", repr(recipe))
    if a.dtype != jnp.float8_e4m3fn or b.dtype != jnp.float8_e4m3fn:
        check.fail(where, "mat_a and mat_b", "have dtype float8_e4m3fn", f"{a.dtype} and {b.dtype}", TypeError)
    if bias is not None:
        check.fail(where, "bias", "be None", "an array")
    if output_dtype is not None and jnp.dtype(output_dtype) != jnp.bfloat16:
        check.fail(where, "output_dtype", "be None or bfloat16", output_dtype, TypeError)
    _contracted(where, contraction_dim)
    for name, x in (("mat_a", a), ("mat_b", b)):
        check.rank(where, name, x, (2, 3))
    both = a.ndim == 2 and b.ndim == 2 and offs is not None
    groups = check.array(where, "offs", offs).size if both else 1
    rows, columns = ((*x.shape[:-2], x.shape[axis]) for x, axis in ((a, -2), (b, -1)))
    check.shape(where, "scale_a", scales[0], (groups * a.shape[-2],) if both else rows)
    check.shape(where, "scale_b", scales[1], (groups * b.shape[-1],) if both else columns)
    x, y = a.astype(jnp.float32), b.astype(jnp.float32)
    if both:
        z = grouped_product(where, x, y, offs)
        for s, full in zip(scales, ((groups, z.shape[1], 1), (groups, 1, z.shape[2])), strict=True):
            z = z * jnp.broadcast_to(s.reshape(full), z.shape)
        return z.astype(jnp.bfloat16)
    x = x * jnp.broadcast_to(scales[0][..., None], x.shape)
    y = y * jnp.broadcast_to(scales[1][..., None, :], y.shape)
    return grouped_product(where, x, y, offs).astype(jnp.bfloat16)
