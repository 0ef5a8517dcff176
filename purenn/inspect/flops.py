"""Counts the floating-point operations of a program on its jaxpr, as XLA's cost analysis counts them.

A product is two operations per pair of numbers that are multiplied and added, without padding. An elementwise operation
is one per element, transcendental functions too. Moves of data and operations on integers aren't counted. The count is
that of the plain formulation; the lowered one, such as a convolution by a transform, may do more or less.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Var

from purenn.inspect.trace import call_of
from purenn.lowering.linear_map import LinearMap

__all__ = ["Flops", "flops", "inner_programs", "is_linear_map"]

Operand: TypeAlias = Var | Literal  # an input or output of an equation

_MOVES = {
    "reshape", "broadcast_in_dim", "transpose", "slice", "dynamic_slice", "dynamic_update_slice", "concatenate", "pad",
    "gather", "squeeze", "expand_dims", "rev", "iota", "copy", "copy_p", "stop_gradient", "device_put", "split",
    "scatter", "select_and_gather_add", "sharding_constraint", "optimization_barrier", "bitcast_convert_type",
    "random_seed", "random_wrap", "random_unwrap", "random_fold_in", "random_bits", "random_split", "threefry2x32",
    "debug_callback", "debug_print", "real", "imag", "pvary", "copysign_bits", "create_token", "empty",
}  # fmt: skip
_UNKNOWN = {
    "eig", "eigh", "svd", "schur", "qr", "householder_product", "lu", "lu_pivots_to_permutation", "geqrf", "ormqr",
    "tridiagonal", "tridiagonal_solve", "hessenberg", "custom_call", "ffi_call", "pure_callback", "io_callback",
    "pallas_call", "approx_top_k",
}  # fmt: skip


class Flops:
    """The operations that were counted.

    Attributes:
        by_call: the operations of each call, without those of calls that it makes, by its number.
        unknown: the primitives that can't be counted.
        open_ended: whether a loop's number of rounds depends on values; such a loop counts as one round.
    """

    def __init__(self) -> None:
        self.by_call: Counter[int] = Counter()
        self.unknown: set[str] = set()
        self.open_ended = False


def flops(program: ClosedJaxpr) -> Flops:
    """Counts the operations of a jaxpr, by call."""
    counted = Flops()
    _count(program.jaxpr, 1, -1, counted)
    return counted


def _count(jaxpr: Jaxpr, times: int, around: int, counted: Flops) -> None:
    for equation in jaxpr.eqns:
        call, name = call_of(equation, around), equation.primitive.name
        if name in _WINDOWS:
            counted.by_call[call] += times * _window(equation)
        elif name in _UNKNOWN:
            counted.unknown.add(name)
        elif is_linear_map(equation):
            operands = tuple(jax.ShapeDtypeStruct(_shape(v), _dtype(v)) for v in equation.invars)
            _add(counted, _linear_map(equation.params["op"], equation.params["count"], operands), times, call)
        elif name == "cond":  # the most costly branch
            branches = [Flops() for _ in equation.params["branches"]]
            for branch, program in zip(branches, inner_programs(equation), strict=True):
                _count(program, 1, call, branch)
            _add(counted, max(branches, key=lambda branch: branch.by_call.total()), times, call)
        elif inner := inner_programs(equation):
            counted.open_ended |= name == "while"
            for program in inner:
                _count(program, times * equation.params["length"] if name == "scan" else times, call, counted)
        else:
            counted.by_call[call] += times * _operations(equation)


def _add(total: Flops, more: Flops, times: int, call: int) -> None:
    for number, operations in more.by_call.items():
        total.by_call[call if number < 0 else number] += times * operations
    total.unknown |= more.unknown
    total.open_ended |= more.open_ended


def is_linear_map(equation: JaxprEqn) -> bool:
    """Whether an equation is a linear map of purenn's lowerings, which can say its plain formulation."""
    return isinstance(equation.params.get("op"), LinearMap)


@functools.lru_cache(maxsize=4096)
def _linear_map(op: LinearMap, count: int, operands: tuple[jax.ShapeDtypeStruct, ...]) -> Flops:
    """Counts the plain formulation of a linear map."""
    counted = Flops()
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        _count(
            jax.make_jaxpr(lambda *arrays: op.apply(arrays[:count], arrays[count:]))(*operands).jaxpr, 1, -1, counted
        )
    return counted


def inner_programs(equation: JaxprEqn) -> list[Jaxpr]:
    """The jaxprs that an equation runs; for a function with a derivative of its own, the function's."""
    for key in ("call_jaxpr", "fun_jaxpr", "jaxpr", "body_jaxpr", "branches"):
        if (value := equation.params.get(key)) is not None:
            return [getattr(program, "jaxpr", program) for program in (value if isinstance(value, tuple) else [value])]
    return []


def _is_floating(variable: Operand) -> bool:
    dtype = _dtype(variable)
    return dtype is not None and not jnp.issubdtype(dtype, jax.dtypes.extended) and jnp.issubdtype(dtype, jnp.inexact)


def _dtype(variable: Operand) -> np.dtype | None:
    return getattr(variable.aval, "dtype", None)  # a token has none


def _shape(variable: Operand) -> tuple[int, ...]:
    return getattr(variable.aval, "shape", ())


def _size(variable: Operand) -> int:
    return math.prod(_shape(variable))


def _operations(equation: JaxprEqn) -> int:
    """The operations of an equation without a program inside."""
    name = equation.primitive.name
    if name in _MOVES or not any(map(_is_floating, (*equation.invars, *equation.outvars))):
        return 0
    size = max(map(_size, equation.outvars), default=0)
    first = _size(equation.invars[0]) if equation.invars else 0
    if name == "dot_general":
        (contracted, _), _ = equation.params["dimension_numbers"]
        return 2 * size * math.prod(_shape(equation.invars[0])[i] for i in contracted)
    if name == "conv_general_dilated":
        return _convolution(equation)
    if name.startswith(("reduce_", "argm")) and name != "reduce_precision":
        return max(first - size, 0)
    if name.startswith("scatter"):
        return _size(equation.invars[2])
    if name == "fft":
        n = math.prod(equation.params["fft_lengths"])
        return int(5 * max(size, first) * max(math.log2(n), 1)) if n > 1 else 0
    if name == "sort":
        n = _shape(equation.invars[0])[equation.params["dimension"]] if _shape(equation.invars[0]) else 1
        return first * max(math.ceil(math.log2(n)), 1) if n > 1 else 0
    if name == "cholesky":
        return first * _shape(equation.invars[0])[-1] // 3
    if name == "triangular_solve":
        return _size(equation.invars[1]) * _shape(equation.invars[0])[-1]
    return size


_WINDOWS = {"reduce_window", "reduce_window_sum", "reduce_window_max", "reduce_window_min", "select_and_scatter_add"}


def _window(equation: JaxprEqn) -> int:
    """One operation per element of a window after the first."""
    window = math.prod(equation.params["window_dimensions"])
    variable = equation.invars[0] if equation.primitive.name == "select_and_scatter_add" else equation.outvars[0]
    return _size(variable) * max(window - 1, 0)


def _convolution(equation: JaxprEqn) -> int:
    """Two operations per product, without products with padding or with the holes of a dilated input."""
    params, numbers = equation.params, equation.params["dimension_numbers"]
    shape, kernel, out = map(_shape, (*equation.invars, equation.outvars[0]))
    products = 1
    for axis, (low, _) in enumerate(params["padding"]):
        n, k = shape[numbers.lhs_spec[2 + axis]], kernel[numbers.rhs_spec[2 + axis]]
        m = out[numbers.out_spec[2 + axis]]
        stride, hole, step = params["window_strides"][axis], params["lhs_dilation"][axis], params["rhs_dilation"][axis]
        products *= _pairs(m, k, n, stride, hole, step, low)
    features = kernel[numbers.rhs_spec[1]] * kernel[numbers.rhs_spec[0]]
    batch = shape[numbers.lhs_spec[0]] // params["batch_group_count"]
    return 2 * products * features * batch


def _pairs(m: int, k: int, n: int, stride: int, hole: int, step: int, low: int) -> int:
    """The number of pairs of an output and a kernel element that meet an element of the input, along one dimension."""
    last = (n - 1) * hole
    pairs = 0
    for j in range(k):
        if hole == 1:  # o with 0 <= o * stride + j * step - low <= last
            first, end = -(-(low - j * step) // stride), (last + low - j * step) // stride
            pairs += max(0, min(m - 1, end) - max(0, first) + 1)
        else:
            places = (o * stride + j * step - low for o in range(m))
            pairs += sum(0 <= place <= last and place % hole == 0 for place in places)
    return pairs
