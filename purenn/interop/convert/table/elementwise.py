"""Activations, and arithmetic of sizes."""

from __future__ import annotations

import math
import operator

import jax.numpy as jnp

from purenn import functional as F
from purenn.interop import ops
from purenn.interop.convert.graph import AnyArray
from purenn.interop.convert.table.registry import TABLE, op
from purenn.typing import Array, ArrayLike

__all__: list[str] = []

for _name in (
    "relu", "relu6", "silu", "gelu", "mish", "hardswish", "hardsigmoid", "hardtanh", "leaky_relu", "selu", "celu",
    "softplus", "softshrink", "hardshrink", "threshold", "glu", "prelu",
):  # fmt: skip
    TABLE[_name] = getattr(F, _name)
TABLE["_prelu_kernel"] = lambda x, weight: jnp.where(x > 0, x, weight * x)
TABLE["log_sigmoid"] = F.logsigmoid


@op("elu")
def elu(x: AnyArray, alpha: float = 1, scale: float = 1, input_scale: float = 1) -> Array:
    if scale == 1 and input_scale == 1:
        return F.elu(x, alpha)
    negative = alpha * jnp.expm1(jnp.minimum(x, 0) * input_scale)
    return scale * jnp.where(x > 0, x, negative)


@op("add.Scalar")
def add_scalar(x: AnyArray, y: complex, alpha: complex = 1) -> Array:
    return ops.add(x, y, alpha=alpha)


@op("sub.Scalar")
def sub_scalar(x: AnyArray, y: complex, alpha: complex = 1) -> Array:
    return ops.sub(x, y, alpha=alpha)


@op("rsub")
def rsub(x: AnyArray, y: ArrayLike, alpha: complex = 1) -> Array:
    return ops.rsub(x, y, alpha=alpha)


# Sizes: Python numbers.

for _name in ("add", "sub", "mul", "floordiv", "truediv", "mod", "pow", "neg", "eq", "ne", "lt", "le", "gt", "ge"):
    TABLE[f"operator.{_name}"] = getattr(operator, _name)
for _name in ("and_", "or_", "not_", "getitem"):
    TABLE[f"operator.{_name}"] = getattr(operator, _name)
for _name in ("ceil", "floor", "trunc", "sqrt"):
    TABLE[f"math.{_name}"] = getattr(math, _name)
TABLE["sym_max"] = max
TABLE["sym_min"] = min
TABLE["sym_not"] = operator.not_
TABLE["sym_int"] = math.trunc
TABLE["sym_float"] = float
TABLE["sym_ite"] = lambda condition, x, y: x if condition else y
TABLE["sym_sum"] = lambda values: sum(values)
TABLE["sym_sqrt"] = math.sqrt
TABLE["sym_size"] = lambda x, dim=None: x.shape if dim is None else x.shape[dim]
TABLE["sym_numel"] = lambda x: math.prod(x.shape)
