"""Complex arrays: made of two real ones, and taken apart into parts, angles and conjugates."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from purenn import check
from purenn.functional.dtypes import floating_or_float32
from purenn.interop.ops.operands import kind, numeric
from purenn.typing import Array, ArrayLike

__all__ = [
    "angle",
    "complex",
    "conj",
    "conj_physical",
    "imag",
    "polar",
    "real",
    "resolve_conj",
    "resolve_neg",
    "view_as_complex",
    "view_as_real",
]


def complex(real: ArrayLike, imag: ArrayLike) -> Array:
    """Makes a complex array from its real and imaginary parts, both of one floating dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.complex(jnp.array(1.0), jnp.array(2.0)).item()
        (1+2j)
    """
    return jax.lax.complex(*_parts("complex", real=real, imag=imag))


def polar(abs: ArrayLike, angle: ArrayLike) -> Array:
    """Makes a complex array from moduli and angles in radians.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.polar(jnp.array(2.0), jnp.array(0.0)).item()
        (2+0j)
    """
    r, angle = _parts("polar", abs=abs, angle=angle)
    return jax.lax.complex(r * jnp.cos(angle), r * jnp.sin(angle))


def _parts(where: str, **named: ArrayLike) -> list[jax.Array]:
    arrays = {name: check.array(where, name, x) for name, x in named.items()}
    check.same_dtype(where, **arrays)
    for name, x in arrays.items():
        check.floating(where, name, x)
        check.at_least_single(where, name, x)
    return check.broadcast(where, **arrays)


def angle(input: ArrayLike) -> Array:
    """Computes the angle of every element in radians; for real ones π where negative, 0 else, and NaN for NaN.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.angle(jnp.array([1.0 + 1.0j, -1.0])).round(4).tolist()
        [0.7853999733924866, 3.1415998935699463]
    """
    x = check.array("angle", "input", input)
    if kind(x.dtype) == 3:
        return jnp.angle(x)
    x = lax.stop_gradient(x.astype(floating_or_float32(x.dtype)))
    return jnp.where(jnp.isnan(x), x, jnp.where(x < 0, jnp.asarray(jnp.pi, x.dtype), jnp.zeros((), x.dtype)))


def real(input: ArrayLike) -> Array:
    """Returns the real part; a real array itself.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.real(jnp.array(1 + 2j)).item()
        1.0
    """
    return jnp.real(check.array("real", "input", input))


def imag(input: ArrayLike) -> Array:
    """Returns the imaginary part; a real array is refused, where jnp's gives zeros.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.imag(jnp.array(1 + 2j)).item()
        2.0
    """
    return jnp.imag(numeric("imag", input, 3))


def conj(input: ArrayLike) -> Array:
    """Returns the complex conjugate; a real array itself.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.conj(jnp.array(1 + 2j)).item()
        (1-2j)
    """
    x = check.array("conj", "input", input)
    return jnp.conj(x) if kind(x.dtype) == 3 else x


conj_physical = conj


def resolve_conj(input: ArrayLike) -> Array:
    """Returns the array itself: a conjugate is computed at once here, where torch may leave it to be done.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.resolve_conj(jnp.array(1 + 2j)).item()
        (1+2j)
    """
    return check.array("resolve_conj", "input", input)


resolve_neg = resolve_conj


def view_as_real(input: ArrayLike) -> Array:
    """Splits a complex array into real and imaginary parts, in a new last dimension.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.view_as_real(jnp.array([1 + 2j])).tolist()
        [[1.0, 2.0]]
    """
    x = check.array("view_as_real", "input", input)
    if kind(x.dtype) != 3:
        check.fail("view_as_real", "input", "be a complex array", f"dtype {x.dtype}", TypeError)
    return jnp.stack([x.real, x.imag], -1)


def view_as_complex(input: ArrayLike) -> Array:
    """Joins the real and imaginary parts in a last dimension of size 2.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.view_as_complex(jnp.array([[1.0, 2.0]])).tolist()
        [(1+2j)]
    """
    x = check.array("view_as_complex", "input", input)
    check.floating("view_as_complex", "input", x)
    check.at_least_single("view_as_complex", "input", x)
    if not x.ndim or x.shape[-1] != 2:
        check.fail("view_as_complex", "input", "have a last dimension of size 2", f"shape {x.shape}")
    return jax.lax.complex(x[..., 0], x[..., 1])
