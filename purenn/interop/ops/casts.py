"""Dtypes: casts, promotion, questions about an array. Without x64, int64 is int32 and float64 is float32."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from purenn import check
from purenn.interop.ops.operands import as_dtype, kind, promoted, refuse_traced
from purenn.interop.ops.table import named
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "alias",
    "alias_copy",
    "bfloat16",
    "bool",
    "byte",
    "can_cast",
    "cdouble",
    "cfloat",
    "char",
    "clone",
    "contiguous",
    "detach",
    "dim",
    "double",
    "element_size",
    "float",
    "half",
    "int",
    "is_complex",
    "is_floating_point",
    "is_nonzero",
    "is_tensor",
    "item",
    "lift_fresh",
    "lift_fresh_copy",
    "long",
    "ndimension",
    "nelement",
    "numel",
    "promote_types",
    "result_type",
    "short",
    "size",
    "stride",
    "to",
    "tolist",
    "type",
    "type_as",
]

_DOC = """Casts an array to $dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.$name(jnp.array([0, 1])).dtype
        dtype($shown)
    """


def _cast(name: str, dtype: Any, shown: str | None = None) -> Callable[[ArrayLike], Array]:
    def function(input: ArrayLike) -> Array:
        return _as(name, check.array(name, "input", input), dtype)

    text = np.dtype(dtype).name
    return named(function, name, _DOC, dtype=text, shown=repr(text) if shown is None else shown)


def _as(where: str, x: jax.Array, dtype: Any) -> jax.Array:
    """The cast; a complex array loses its imaginary part, as in torch."""
    dtype = as_dtype(where, dtype)
    if dtype == x.dtype:
        return x
    if kind(x.dtype) == 3 and kind(dtype) < 3:
        x = x.real if dtype != jnp.bool_ else x != 0
    return x.astype(dtype)


bfloat16 = _cast("bfloat16", jnp.bfloat16, "bfloat16")
bool = _cast("bool", np.bool_)
byte = _cast("byte", np.uint8)
cdouble = _cast("cdouble", np.complex128, "'complex64'")
cfloat = _cast("cfloat", np.complex64)
char = _cast("char", np.int8)
double = _cast("double", np.float64, "'float32'")
float = _cast("float", np.float32)
half = _cast("half", np.float16)
int = _cast("int", np.int32)
long = _cast("long", np.int64, "'int32'")
short = _cast("short", np.int16)


def to(input: ArrayLike, *args: Any, dtype: DTypeLike | None = None, copy: builtins.bool = False) -> Array:
    """Casts an array to a dtype, or to the dtype of another array: ``to(x, jnp.float16)``, ``to(x, other)``.

    A device isn't taken: `jax.device_put` moves arrays.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.to(jnp.array([1]), jnp.float32).tolist()
        [1.0]
    """
    x = check.array("to", "input", input)
    if len(args) > 1 or (args and dtype is not None):
        check.fail("to", "arguments", "be one dtype or one array; jax.device_put moves to devices", args, TypeError)
    target = args[0] if args else dtype
    if isinstance(target, jax.Array | np.ndarray):
        target = target.dtype
    if isinstance(target, str) and target.split(":")[0] in ("cpu", "cuda", "mps", "meta", "xla"):
        check.fail("to", "dtype", "be a dtype; jax.device_put moves to devices", repr(target), TypeError)
    return x if target is None else _as("to", x, target)


def type_as(input: ArrayLike, other: ArrayLike) -> Array:
    """Casts an array to another's dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.type_as(jnp.array([1]), jnp.ones(2)).tolist()
        [1.0]
    """
    return _as("type_as", check.array("type_as", "input", input), check.array("type_as", "other", other).dtype)


def type(input: ArrayLike, dtype: DTypeLike) -> Array:
    """Casts an array to a dtype, as `to`.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.type(jnp.array([1]), jnp.float32).tolist()
        [1.0]
    """
    return _as("type", check.array("type", "input", input), dtype)


def result_type(tensor1: Any, tensor2: Any) -> Any:
    """Returns the dtype to which an operation promotes two arrays or numbers.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.result_type(jnp.ones(2, jnp.float16), 1.5)
        dtype('float16')
    """
    return promoted(tensor1, tensor2)


def promote_types(type1: DTypeLike, type2: DTypeLike) -> Any:
    """Returns the smallest dtype that holds two others.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.promote_types(jnp.int32, jnp.float16)
        dtype('float16')
    """
    one, other = (as_dtype("promote_types", t) for t in (type1, type2))
    return promoted(np.zeros(1, one), np.zeros(1, other))


def can_cast(from_: DTypeLike, to: DTypeLike) -> builtins.bool:
    """Tells whether a result of one dtype may be written to an array of another, by kinds: not a float to an integer.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.can_cast(jnp.float64, jnp.float32), ops.can_cast(jnp.float32, jnp.int32)
        (True, False)
    """
    return kind(from_) <= kind(to)


def is_floating_point(input: ArrayLike) -> builtins.bool:
    """Tells whether an array has a real floating-point dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.is_floating_point(jnp.ones(2))
        True
    """
    return kind(check.array("is_floating_point", "input", input).dtype) == 2


def is_complex(input: ArrayLike) -> builtins.bool:
    """Tells whether an array has a complex dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.is_complex(jnp.ones(2))
        False
    """
    return kind(check.array("is_complex", "input", input).dtype) == 3


def is_tensor(obj: Any) -> builtins.bool:
    """Tells whether an object is a jax array.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.is_tensor(jnp.ones(2)), ops.is_tensor(1.0)
        (True, False)
    """
    return isinstance(obj, jax.Array)


def is_nonzero(input: ArrayLike) -> builtins.bool:
    """Tells whether the only element isn't 0.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.is_nonzero(jnp.array([2.0]))
        True
    """
    return builtins.bool(_only("is_nonzero", input))


def _only(where: str, input: Any) -> Any:
    x = check.array(where, "input", input)
    if x.size != 1:
        check.fail(where, "input", "have one element", f"shape {x.shape}")
    refuse_traced(where, "input", x)
    return x.item()


def item(input: ArrayLike) -> Any:
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


def size(input: ArrayLike, dim: builtins.int | None = None) -> Any:
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


def stride(input: ArrayLike, dim: builtins.int | None = None) -> Any:
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


def dim(input: ArrayLike) -> builtins.int:
    """Returns the number of dimensions.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.dim(jnp.ones((2, 3)))
        2
    """
    return check.array("dim", "input", input).ndim


ndimension = dim


def numel(input: ArrayLike) -> builtins.int:
    """Returns the number of elements.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.numel(jnp.ones((2, 3)))
        6
    """
    return check.array("numel", "input", input).size


nelement = numel


def element_size(input: ArrayLike) -> builtins.int:
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
