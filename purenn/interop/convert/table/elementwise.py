"""Operators that work entry by entry."""

from __future__ import annotations

import math
import operator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from purenn import functional as F
from purenn.interop.convert.table.registry import TABLE, alike, op

__all__: list[str] = []

_is_array = (jax.Array, np.ndarray, np.generic)


def _binary(function: Any) -> Any:
    def call(x: Any, y: Any) -> Any:
        return function(*alike(x, y))

    return call


for _name, _function in {
    "mul": jnp.multiply, "multiply": jnp.multiply, "maximum": jnp.maximum, "minimum": jnp.minimum,
    "max.other": jnp.maximum, "min.other": jnp.minimum, "fmax": jnp.fmax, "fmin": jnp.fmin, "atan2": jnp.arctan2,
    "eq": jnp.equal, "ne": jnp.not_equal, "lt": jnp.less, "le": jnp.less_equal, "gt": jnp.greater,
    "ge": jnp.greater_equal, "logical_and": jnp.logical_and, "logical_or": jnp.logical_or,
    "logical_xor": jnp.logical_xor, "bitwise_and": jnp.bitwise_and, "bitwise_or": jnp.bitwise_or,
    "bitwise_xor": jnp.bitwise_xor, "__and__": jnp.bitwise_and, "__or__": jnp.bitwise_or, "__xor__": jnp.bitwise_xor,
    "bitwise_left_shift": jnp.left_shift, "__lshift__": jnp.left_shift, "bitwise_right_shift": jnp.right_shift,
    "__rshift__": jnp.right_shift, "remainder": jnp.remainder, "fmod": jnp.fmod, "hypot": jnp.hypot,
    "logaddexp": jnp.logaddexp, "logaddexp2": jnp.logaddexp2, "floor_divide": jnp.floor_divide,
    "copysign": jnp.copysign, "nextafter": jnp.nextafter, "gcd": jnp.gcd, "lcm": jnp.lcm, "ldexp": jnp.ldexp,
    "xlogy": jax.scipy.special.xlogy, "special_xlogy": jax.scipy.special.xlogy,
    "special_xlog1py": jax.scipy.special.xlog1py, "heaviside": jnp.heaviside,
}.items():  # fmt: skip
    TABLE[_name] = _binary(_function)


def _float(x: Any) -> Any:
    x = jnp.asarray(x)
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(jnp.float32)


def _unary(function: Any, *, floats: bool) -> Any:
    return (lambda x: function(_float(x))) if floats else function


for _name, _function in {
    "exp": jnp.exp, "exp2": jnp.exp2, "expm1": jnp.expm1, "log": jnp.log, "log2": jnp.log2, "log10": jnp.log10,
    "log1p": jnp.log1p, "sqrt": jnp.sqrt, "rsqrt": jax.lax.rsqrt, "sin": jnp.sin, "cos": jnp.cos, "tan": jnp.tan,
    "asin": jnp.arcsin, "arcsin": jnp.arcsin, "acos": jnp.arccos, "arccos": jnp.arccos, "atan": jnp.arctan,
    "arctan": jnp.arctan, "sinh": jnp.sinh, "cosh": jnp.cosh, "asinh": jnp.arcsinh, "acosh": jnp.arccosh,
    "atanh": jnp.arctanh, "tanh": jnp.tanh, "erf": jax.lax.erf, "erfc": jax.lax.erfc, "erfinv": jax.lax.erf_inv,
    "special_erf": jax.lax.erf, "special_erfinv": jax.lax.erf_inv, "special_expm1": jnp.expm1, "sinc": jnp.sinc,
    "sigmoid": F.sigmoid, "special_expit": F.sigmoid, "lgamma": jax.scipy.special.gammaln,
    "digamma": jax.scipy.special.digamma, "reciprocal": jnp.reciprocal, "deg2rad": jnp.deg2rad,
    "rad2deg": jnp.rad2deg, "i0": jnp.i0, "special_i0": jnp.i0,
}.items():  # fmt: skip
    TABLE[_name] = _unary(_function, floats=True)

for _name, _function in {
    "neg": jnp.negative, "negative": jnp.negative, "abs": jnp.abs, "absolute": jnp.abs, "sign": jnp.sign,
    "sgn": jnp.sign, "ceil": jnp.ceil, "floor": jnp.floor, "trunc": jnp.trunc, "fix": jnp.trunc,
    "square": jnp.square, "isnan": jnp.isnan, "isinf": jnp.isinf, "isfinite": jnp.isfinite,
    "isposinf": jnp.isposinf, "isneginf": jnp.isneginf, "signbit": jnp.signbit, "positive": jnp.positive,
    "logical_not": jnp.logical_not, "bitwise_not": jnp.bitwise_not, "real": jnp.real, "imag": jnp.imag,
    "angle": jnp.angle, "conj": jnp.conj, "_conj": jnp.conj, "resolve_conj": jnp.asarray, "resolve_neg": jnp.asarray,
    "conj_physical": jnp.conj, "frac": lambda x: x - jnp.trunc(x),
}.items():  # fmt: skip
    TABLE[_name] = _function

_FLOAT_CHECKS = ("ceil", "floor", "trunc", "fix")
for _name in _FLOAT_CHECKS:  # integers are left as they are
    TABLE[_name] = (
        lambda f: lambda x: f(x) if not isinstance(x, _is_array) or jnp.issubdtype(x.dtype, jnp.inexact) else x
    )(TABLE[_name])


@op("add", "add_relu")
def add(x: Any, y: Any, *, alpha: Any = 1) -> Any:
    x, y = alike(x, y)
    return jnp.add(x, y if alpha == 1 else y * alpha)


@op("sub", "subtract")
def sub(x: Any, y: Any, *, alpha: Any = 1) -> Any:
    x, y = alike(x, y)
    return jnp.subtract(x, y if alpha == 1 else y * alpha)


@op("add.Scalar")
def add_scalar(x: Any, y: Any, alpha: Any = 1) -> Any:
    return jnp.add(x, y * alpha)


@op("sub.Scalar")
def sub_scalar(x: Any, y: Any, alpha: Any = 1) -> Any:
    return jnp.subtract(x, y * alpha)


@op("rsub")
def rsub(x: Any, y: Any, alpha: Any = 1) -> Any:
    x, y = alike(x, y)
    return jnp.subtract(y, x if alpha == 1 else x * alpha)


@op("div", "divide", "true_divide")
def div(x: Any, y: Any, *, rounding_mode: str | None = None) -> Any:
    x, y = alike(x, y)
    if rounding_mode is None:
        return jnp.true_divide(x, y)
    if rounding_mode == "floor":
        return jnp.floor_divide(x, y)
    if isinstance(x, _is_array) and not jnp.issubdtype(jnp.result_type(x, y), jnp.inexact):
        dtype = jnp.result_type(x, y)
        return jax.lax.div(*jnp.broadcast_arrays(jnp.asarray(x, dtype), jnp.asarray(y, dtype)))
    return jnp.trunc(jnp.true_divide(x, y)).astype(jnp.result_type(x, y))


@op("pow")
def power(x: Any, y: Any) -> Any:
    x, y = alike(x, y)
    if isinstance(y, int | float) and not isinstance(y, bool):
        if y == int(y) and abs(y) <= 8 and (y >= 0 or jnp.issubdtype(jnp.asarray(x).dtype, jnp.inexact)):
            result = jax.lax.integer_pow(jnp.asarray(x), int(y))
            return result if isinstance(y, int) else result.astype(jnp.result_type(x, y))
        if y == 0.5:
            return jnp.sqrt(_float(x))
    return jnp.power(x, y)


@op("round")
def round_(x: Any, *, decimals: int = 0) -> Any:
    return jnp.round(x, decimals) if jnp.issubdtype(jnp.asarray(x).dtype, jnp.inexact) else x


@op("lerp")
def lerp(start: Any, end: Any, weight: Any) -> Any:
    return start + weight * (end - start)


@op("addcmul")
def addcmul(x: Any, a: Any, b: Any, *, value: Any = 1) -> Any:
    return x + value * a * b


@op("addcdiv")
def addcdiv(x: Any, a: Any, b: Any, *, value: Any = 1) -> Any:
    return x + value * a / b


@op("clamp", "clip")
def clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    x, min, max = alike(x, min, max)
    if min is not None:
        x = jnp.maximum(x, min)
    return x if max is None else jnp.minimum(x, max)


@op("clamp_min")
def clamp_min(x: Any, min: Any) -> Any:
    return clamp(x, min)


@op("clamp_max")
def clamp_max(x: Any, max: Any) -> Any:
    return clamp(x, None, max)


@op("where")
def where(condition: Any, x: Any, y: Any) -> Any:
    return jnp.where(condition, *alike(x, y))


@op("masked_fill")
def masked_fill(x: Any, mask: Any, value: Any) -> Any:
    return jnp.where(mask, jnp.asarray(value, x.dtype), x)


@op("nan_to_num")
def nan_to_num(x: Any, nan: Any = None, posinf: Any = None, neginf: Any = None) -> Any:
    return jnp.nan_to_num(x, nan=nan or 0.0, posinf=posinf, neginf=neginf)


@op("logit", "special_logit")
def logit(x: Any, eps: Any = None) -> Any:
    x = x if eps is None else jnp.clip(x, eps, 1 - eps)
    return jnp.log(x / (1 - x))


@op("complex")
def complex_(real: Any, imag: Any) -> Any:
    return jax.lax.complex(real, imag)


@op("polar")
def polar(length: Any, angle: Any) -> Any:
    return jax.lax.complex(length * jnp.cos(angle), length * jnp.sin(angle))


@op("view_as_complex")
def view_as_complex(x: Any) -> Any:
    return jax.lax.complex(x[..., 0], x[..., 1])


@op("view_as_real")
def view_as_real(x: Any) -> Any:
    return jnp.stack((jnp.real(x), jnp.imag(x)), -1)


@op("fill")
def fill(x: Any, value: Any) -> Any:
    return jnp.full_like(x, value)


@op("zero")
def zero(x: Any) -> Any:
    return jnp.zeros_like(x)


# Activations whose names and arguments are purenn.functional's.

for _name in (
    "relu", "relu6", "silu", "gelu", "mish", "hardswish", "hardsigmoid", "hardtanh", "leaky_relu", "selu", "celu",
    "softplus", "softshrink", "hardshrink", "threshold", "glu", "prelu",
):  # fmt: skip
    TABLE[_name] = getattr(F, _name)
TABLE["_prelu_kernel"] = lambda x, weight: jnp.where(x > 0, x, weight * x)
TABLE["log_sigmoid"] = F.logsigmoid


@op("elu")
def elu(x: Any, alpha: Any = 1, scale: Any = 1, input_scale: Any = 1) -> Any:
    if scale == 1 and input_scale == 1:
        return F.elu(x, alpha)
    negative = alpha * jnp.expm1(jnp.minimum(x, 0) * input_scale)
    return scale * jnp.where(x > 0, x, negative)


# Sizes: Python numbers.

for _name in ("add", "sub", "mul", "floordiv", "truediv", "mod", "pow", "neg", "eq", "ne", "lt", "le", "gt", "ge"):
    TABLE[f"operator.{_name}"] = getattr(operator, _name)
TABLE["operator.and_"] = operator.and_
TABLE["operator.or_"] = operator.or_
TABLE["operator.not_"] = operator.not_
TABLE["operator.getitem"] = operator.getitem
TABLE["sym_max"] = max
TABLE["sym_min"] = min
TABLE["sym_not"] = operator.not_
TABLE["sym_int"] = math.trunc
TABLE["sym_float"] = float
TABLE["sym_ite"] = lambda condition, x, y: x if condition else y
TABLE["sym_sum"] = lambda values: sum(values)
TABLE["sym_sqrt"] = math.sqrt
for _name in ("ceil", "floor", "trunc", "sqrt"):
    TABLE[f"math.{_name}"] = getattr(math, _name)
