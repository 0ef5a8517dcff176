"""Questions about an array: its kind, shape, strides, sizes and values; and `clone` and `detach`, which return it."""

from __future__ import annotations

import math
from typing import Any

import jax
from jax import lax

from purenn import check
from purenn.interop.ops.operands import Number, kind, refuse_traced
from purenn.typing import Array, ArrayLike

__all__ = [
    "alias",
    "alias_copy",
    "clone",
    "contiguous",
    "detach",
    "dim",
    "element_size",
    "is_complex",
    "is_floating_point",
    "is_nonzero",
    "is_tensor",
    "item",
    "lift_fresh",
    "lift_fresh_copy",
    "ndimension",
    "nelement",
    "numel",
    "size",
    "stride",
    "tolist",
]


def is_floating_point(input: ArrayLike) -> bool:
    """Tells whether an array has a real floating-point dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.is_floating_point(jnp.ones(2))
        True
    """
    return kind(check.array("is_floating_point", "input", input).dtype) == 2


def is_complex(input: ArrayLike) -> bool:
    """Tells whether an array has a complex dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.is_complex(jnp.ones(2))
        False
    """
    return kind(check.array("is_complex", "input", input).dtype) == 3


def is_tensor(obj: object) -> bool:
    """Tells whether an object is a jax array.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.is_tensor(jnp.ones(2)), ops.is_tensor(1.0)
        (True, False)
    """
    return isinstance(obj, jax.Array)


def is_nonzero(input: ArrayLike) -> bool:
    """Tells whether the only element isn't 0.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.is_nonzero(jnp.array([2.0]))
        True
    """
    return bool(_only("is_nonzero", input))


def _only(where: str, input: ArrayLike) -> Number:
    x = check.array(where, "input", input)
    if x.size != 1:
        check.fail(where, "input", "have one element", f"shape {x.shape}")
    refuse_traced(where, "input", x)
    return x.item()


def item(input: ArrayLike) -> Number:
    """Returns the only element as a Python number.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.item(jnp.array([2.0]))
        2.0
    """
    return _only("item", input)


def tolist(input: ArrayLike) -> Any:
    """Returns the elements as nested lists of Python numbers.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.tolist(jnp.array([[1, 2]]))
        [[1, 2]]
    """
    x = check.array("tolist", "input", input)
    refuse_traced("tolist", "input", x)
    return x.tolist()


def size(input: ArrayLike, dim: int | None = None) -> Any:
    """Returns the shape, or the size of one dimension; jnp's ``.size`` is the number of elements.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.size(jnp.ones((2, 3))), ops.size(jnp.ones((2, 3)), -1)
        ((2, 3), 3)
    """
    x = check.array("size", "input", input)
    if dim is None:
        return x.shape
    if not x.ndim:
        check.fail("size", "dim", "be None for a scalar", dim, IndexError)
    return x.shape[check.axis("size", "dim", dim, x.ndim)]


def stride(input: ArrayLike, dim: int | None = None) -> Any:
    """Returns the strides of a contiguous array, in elements, or the one of a dimension.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.stride(jnp.ones((2, 3)))
        (3, 1)
    """
    x = check.array("stride", "input", input)
    strides = tuple(math.prod(max(n, 1) for n in x.shape[i + 1 :]) for i in range(x.ndim))
    return strides if dim is None else strides[check.axis("stride", "dim", dim, x.ndim)]


def dim(input: ArrayLike) -> int:
    """Returns the number of dimensions.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.dim(jnp.ones((2, 3)))
        2
    """
    return check.array("dim", "input", input).ndim


ndimension = dim


def numel(input: ArrayLike) -> int:
    """Returns the number of elements.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.numel(jnp.ones((2, 3)))
        6
    """
    return check.array("numel", "input", input).size


nelement = numel


def element_size(input: ArrayLike) -> int:
    """Returns the bytes per element.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.element_size(jnp.ones(2))
        4
    """
    return check.array("element_size", "input", input).dtype.itemsize


def clone(input: ArrayLike) -> Array:
    """Returns the array itself, which nothing can change; the gradient passes.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.clone(jnp.array([1.0])).tolist()
        [1.0]
    """
    return check.array("clone", "input", input)


contiguous = clone
alias = clone
alias_copy = clone
lift_fresh = clone
lift_fresh_copy = clone


def detach(input: ArrayLike) -> Array:
    """Returns an array through which no gradient passes.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> jax.grad(lambda x: x * ops.detach(x))(2.0).item()
        2.0
    """
    return lax.stop_gradient(check.array("detach", "input", input))
