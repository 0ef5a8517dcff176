"""Matrix products by groups of rows, which `scaled_matmul` uses too."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from purenn import check
from purenn.docstring import documented
from purenn.lowering.dtypes import compute_dtype
from purenn.lowering.grouped import row_products, row_sums
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["grouped_mm"]


def product(equation: str, a: jax.Array, b: jax.Array) -> jax.Array:
    """Returns the einsum of two arrays, in at least float32."""
    return jnp.einsum(equation, a, b, preferred_element_type=compute_dtype(a.dtype))


def grouped_product(where: str, a: jax.Array, b: jax.Array, offs: ArrayLike | None) -> jax.Array:
    """Returns the products of the groups, in at least float32."""
    for name, x in (("mat_a", a), ("mat_b", b)):
        check.rank(where, name, x, (2, 3))
    flat = a.ndim == 2, b.ndim == 2
    if flat != (True, True) and a.shape[-1] != b.shape[-2]:
        expected = f"have shape (*, {a.shape[-1]}, N) for a mat_a of shape {a.shape}"
        check.fail(where, "mat_b", expected, f"shape {b.shape}")
    if flat == (False, False):
        if offs is not None:
            check.fail(where, "offs", "be None where both matrices are of rank 3", "an array")
        if a.shape[0] != b.shape[0]:
            check.fail(where, "mat_b", f"have {a.shape[0]} groups, like mat_a", f"shape {b.shape}")
        return product("gmk,gkn->gmn", a, b)
    if offs is None:
        check.fail(where, "offs", "be given where a matrix is of rank 2", None)
    ends = check.array(where, "offs", offs)
    if ends.dtype != jnp.int32 or ends.ndim != 1:
        check.fail(where, "offs", "have dtype int32 and rank 1", f"{ends.dtype} of shape {ends.shape}", TypeError)
    groups = ends.shape[0]
    for x in (a, b):
        if x.ndim == 3 and x.shape[0] != groups:
            check.fail(where, "offs", f"have shape ({x.shape[0]},), one end per group", f"shape {ends.shape}")
    wide = compute_dtype(a.dtype)
    if flat == (True, True):
        total = min(a.shape[1], b.shape[0])
        return row_sums(a[:, :total].T, b[:total], ends, wide)
    if flat[0]:
        return row_products(a, b, ends, wide)
    return row_products(b.T, jnp.swapaxes(a, 1, 2), ends, wide).T


GROUPS = r"""
    In a matrix of rank 2, group :math:`i` is the range from :math:`o_{i-1}` to :math:`o_i`; group 0 starts at 0:

    =================== =================== ========================= =====================
    ``mat_a``           ``mat_b``           group :math:`i`           output
    =================== =================== ========================= =====================
    :math:`(G, M, K)`   :math:`(G, K, N)`   :math:`A_i B_i`           :math:`(G, M, N)`
    :math:`(T, K)`      :math:`(G, K, N)`   rows of :math:`A`         :math:`(T, N)`
    :math:`(G, M, K)`   :math:`(K, T)`      columns of :math:`B`      :math:`(M, T)`
    :math:`(M, T)`      :math:`(T, N)`      terms of the sums         :math:`(G, M, N)`
    =================== =================== ========================= =====================
"""


@documented(
    r"""Multiplies matrices by groups, for example the rows that go to each expert with that expert's weights.
$groups
    Args:
        mat_a: :math:`A`, of a shape above, floating-point of 16 bits or more.
        mat_b: :math:`B`, of a shape above, of the same dtype.
        offs: the ends :math:`o` of the groups, ascending int32; only with a matrix of rank 2.
        bias: must be None: torch doesn't take a bias yet.
        out_dtype: None or the dtype of the matrices.

    Returns:
        An array of the shape above. Elements outside of all groups are 0; torch doesn't initialize them.

    Raises:
        ValueError: the shapes don't fit.
        TypeError: the dtypes don't fit.

    torch takes no float64, and needs rows that are multiples of 16 bytes; neither limit holds here.

    Source: ``torch.nn.functional.grouped_mm``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> weights = jnp.array([[[1.0]], [[10.0]]])
        >>> F.grouped_mm(jnp.ones((3, 1)), weights, offs=jnp.array([1, 3], jnp.int32)).tolist()
        [[1.0], [10.0], [10.0]]
    """,
    groups=GROUPS,
)
def grouped_mm(
    mat_a: ArrayLike,
    mat_b: ArrayLike,
    *,
    offs: ArrayLike | None = None,
    bias: None = None,
    out_dtype: DTypeLike | None = None,
) -> Array:
    where = "grouped_mm"
    a, b = check.array(where, "mat_a", mat_a), check.array(where, "mat_b", mat_b)
    check.same_dtype(where, mat_a=a, mat_b=b)
    check.floating(where, "mat_a", a)
    if is_float8(a):
        check.fail(where, "mat_a", "have at least 16 bits (scaled_grouped_mm takes 8)", f"dtype {a.dtype}", TypeError)
    if bias is not None:
        check.fail(where, "bias", "be None", "an array")
    if out_dtype is not None and jnp.dtype(out_dtype) != a.dtype:
        check.fail(where, "out_dtype", f"be None or {a.dtype}", out_dtype, TypeError)
    return grouped_product(where, a, b, offs).astype(a.dtype)


def is_float8(x: jax.Array) -> bool:
    return jnp.issubdtype(x.dtype, jnp.floating) and x.dtype.itemsize == 1
