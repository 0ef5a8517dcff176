"""Linear maps."""

from __future__ import annotations

import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.typing import Array, ArrayLike

__all__ = ["bilinear", "linear"]


def linear(input: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None) -> Array:
    r"""Applies an affine map: :math:`y = x A^\top + b`.

    Args:
        input: of shape :math:`(*, \text{in})`, with any number of leading dimensions.
        weight: of shape :math:`(\text{out}, \text{in})` or :math:`(\text{in})`.
        bias: of shape :math:`(\text{out})`, or any other that broadcasts to the output; no bias is added if None.

    Returns:
        An array of shape :math:`(*, \text{out})`, or :math:`(*)` for a weight of rank 1.

    Raises:
        ValueError: a shape does not fit.
        TypeError: the dtypes differ.

    Source: ``torch.nn.functional.linear``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.linear(jnp.ones((2, 3)), jnp.ones((4, 3)), jnp.zeros(4)).shape
        (2, 4)
    """
    x, w = check.array("linear", "input", input), check.array("linear", "weight", weight)
    b = None if bias is None else check.array("linear", "bias", bias)
    check.rank("linear", "weight", w, (1, 2), "(in) or (out, in)")
    check.same_dtype("linear", input=x, weight=w, bias=b)
    if x.ndim == 0 or x.shape[-1] != w.shape[-1]:
        expected = f"have shape (*, {w.shape[-1]}) for a weight of shape {w.shape}"
        check.fail("linear", "input", expected, f"shape {x.shape}")
    # Written with w.T, one row times a weight would have XLA's CPU compiler transpose the weight in memory first.
    y = lax.dot_general(x, w, (((x.ndim - 1,), (w.ndim - 1,)), ((), ())))
    if b is None:
        return y
    check.broadcastable("linear", "bias", b, y.shape)
    return y + jnp.broadcast_to(b, y.shape)


def bilinear(input1: ArrayLike, input2: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None) -> Array:
    r"""Applies a bilinear map of two inputs: :math:`y_o = x_1^\top A_o\, x_2 + b_o`.

    Args:
        input1: of shape :math:`(*, \text{in}_1)`, with any number of leading dimensions.
        input2: of shape :math:`(*, \text{in}_2)`, with the leading dimensions of ``input1``.
        weight: of shape :math:`(\text{out}, \text{in}_1, \text{in}_2)`, the matrices :math:`A_o`.
        bias: of shape :math:`(\text{out})`; no bias is added if None.

    Returns:
        An array of shape :math:`(*, \text{out})`.

    Raises:
        ValueError: a shape does not fit.
        TypeError: the dtypes differ.

    Source: ``torch.nn.functional.bilinear``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.bilinear(jnp.array([[1.0, 2.0]]), jnp.array([[3.0]]), jnp.ones((1, 2, 1))).tolist()
        [[9.0]]
    """
    where = "bilinear"
    x1, x2 = check.array(where, "input1", input1), check.array(where, "input2", input2)
    w, b = check.array(where, "weight", weight), None if bias is None else check.array(where, "bias", bias)
    check.rank(where, "weight", w, (3,), "(out, in1, in2)")
    check.same_dtype(where, input1=x1, input2=x2, weight=w, bias=b)
    for name, x, size in (("input1", x1, w.shape[1]), ("input2", x2, w.shape[2])):
        if x.ndim == 0 or x.shape[-1] != size:
            check.fail(where, name, f"have shape (*, {size}) for a weight of shape {w.shape}", f"shape {x.shape}")
    if x1.shape[:-1] != x2.shape[:-1]:
        check.fail(where, "input2", f"have shape {(*x1.shape[:-1], w.shape[2])} as input1's", f"shape {x2.shape}")
    check.shape(where, "bias", b, w.shape[:1])
    y = jnp.einsum("...i,oij,...j->...o", x1, w, x2)
    return y if b is None else y + jnp.broadcast_to(b, y.shape)
