"""Casts and promotion of dtypes. Without x64, int64 is int32 and float64 is float32."""

from __future__ import annotations

import builtins
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from purenn import check
from purenn.interop.ops.operands import as_dtype, kind, promoted
from purenn.interop.ops.table import named
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "bfloat16",
    "bool",
    "byte",
    "can_cast",
    "cdouble",
    "cfloat",
    "char",
    "double",
    "float",
    "half",
    "int",
    "long",
    "promote_types",
    "result_type",
    "short",
    "to",
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


def _cast(name: str, dtype: DTypeLike, shown: str | None = None) -> Callable[[ArrayLike], Array]:
    def function(input: ArrayLike) -> Array:
        return _as(name, check.array(name, "input", input), dtype)

    text = np.dtype(dtype).name
    return named(function, name, _DOC, dtype=text, shown=repr(text) if shown is None else shown)


def _as(where: str, x: jax.Array, dtype: DTypeLike) -> jax.Array:
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


def to(
    input: ArrayLike, *args: DTypeLike | Array | np.ndarray, dtype: DTypeLike | None = None, copy: builtins.bool = False
) -> Array:
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


def result_type(tensor1: ArrayLike, tensor2: ArrayLike) -> np.dtype:
    """Returns the dtype to which an operation promotes two arrays or numbers.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.result_type(jnp.ones(2, jnp.float16), 1.5)
        dtype('float16')
    """
    return promoted(tensor1, tensor2)


def promote_types(type1: DTypeLike, type2: DTypeLike) -> np.dtype:
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
