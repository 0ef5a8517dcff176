"""torch's functions that change a tensor, ``add_`` and its like, as functions that return the changed array.

Each is made of the function without the underscore. The result has the shape and the dtype of the first argument. As in
torch, what can't be cast to that dtype (a float to an integer) and what would need another shape is refused.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec

from purenn import check
from purenn.functional import activation
from purenn.interop.ops import attributes
from purenn.interop.ops.elementwise import arithmetic, binary, bitwise, division, limits, pointwise, rounding, signs
from purenn.interop.ops.indexing import index_along, masks, scatter_gather, subscript
from purenn.interop.ops.matrices import added_products
from purenn.interop.ops.operands import kind
from purenn.interop.ops.reductions import cumulative
from purenn.interop.ops.shapes import diagonals, reshaping, slicing, transposing

__all__ = [
    "abs_",
    "acos_",
    "add_",
    "addbmm_",
    "addcdiv_",
    "addcmul_",
    "addmm_",
    "addmv_",
    "addr_",
    "as_strided_",
    "asin_",
    "atan_",
    "baddbmm_",
    "bitwise_and_",
    "bitwise_not_",
    "bitwise_or_",
    "bitwise_xor_",
    "ceil_",
    "celu_",
    "clamp_",
    "clamp_max_",
    "clamp_min_",
    "clip_",
    "cos_",
    "cosh_",
    "cumprod_",
    "cumsum_",
    "deg2rad_",
    "detach_",
    "div_",
    "divide_",
    "elu_",
    "erf_",
    "erfinv_",
    "exp2_",
    "exp_",
    "expm1_",
    "floor_",
    "floor_divide_",
    "fmod_",
    "frac_",
    "hardsigmoid_",
    "hardswish_",
    "hardtanh_",
    "index_add_",
    "index_copy_",
    "index_fill_",
    "index_put_",
    "index_reduce_",
    "leaky_relu_",
    "lerp_",
    "log1p_",
    "log2_",
    "log10_",
    "log_",
    "logical_and_",
    "logical_not_",
    "logical_or_",
    "logical_xor_",
    "masked_fill_",
    "masked_scatter_",
    "mish_",
    "mul_",
    "multiply_",
    "nan_to_num_",
    "neg_",
    "negative_",
    "pow_",
    "put_",
    "rad2deg_",
    "reciprocal_",
    "relu6_",
    "relu_",
    "remainder_",
    "round_",
    "rsqrt_",
    "scatter_",
    "scatter_add_",
    "scatter_reduce_",
    "selu_",
    "sigmoid_",
    "sign_",
    "silu_",
    "sin_",
    "sinh_",
    "softplus_",
    "sqrt_",
    "square_",
    "squeeze_",
    "sub_",
    "subtract_",
    "swapaxes_",
    "t_",
    "tan_",
    "tanh_",
    "threshold_",
    "transpose_",
    "tril_",
    "triu_",
    "true_divide_",
    "trunc_",
    "unsqueeze_",
    "xlogy_",
]

P = ParamSpec("P")


def _in_place(function: Callable[P, Any]) -> Callable[P, Any]:
    """The function under torch's name with an underscore, its result cast to the first argument."""
    name = f"{function.__name__}_"

    @functools.wraps(function)
    def changed(*args: P.args, **kwargs: P.kwargs) -> Any:
        input: Any = args[0] if args else next(iter(kwargs.values()))
        x = check.array(name, "input", input)
        result = function(*args, **kwargs)
        if result.shape != x.shape:
            check.fail(name, "input", f"have the shape of the result, {result.shape}", f"shape {x.shape}")
        if kind(result.dtype) > kind(x.dtype):
            check.fail(
                name, "input", f"have a dtype that holds a result of {result.dtype}", f"dtype {x.dtype}", TypeError
            )
        return result.astype(x.dtype)

    changed.__name__ = changed.__qualname__ = name
    changed.__doc__ = f"""Returns what `{function.__name__}` does, in the shape and dtype of the first argument.

    Raises:
        ValueError: a result of another shape. TypeError: one that the dtype can't hold, such as floats as integers.
    """
    return changed


abs_ = _in_place(signs.abs)
acos_ = _in_place(pointwise.acos)
add_ = _in_place(arithmetic.add)
addbmm_ = _in_place(added_products.addbmm)
addcdiv_ = _in_place(arithmetic.addcdiv)
addcmul_ = _in_place(arithmetic.addcmul)
addmm_ = _in_place(added_products.addmm)
addmv_ = _in_place(added_products.addmv)
addr_ = _in_place(added_products.addr)
as_strided_ = slicing.as_strided
asin_ = _in_place(pointwise.asin)
atan_ = _in_place(pointwise.atan)
baddbmm_ = _in_place(added_products.baddbmm)
bitwise_and_ = _in_place(bitwise.bitwise_and)
bitwise_not_ = _in_place(bitwise.bitwise_not)
bitwise_or_ = _in_place(bitwise.bitwise_or)
bitwise_xor_ = _in_place(bitwise.bitwise_xor)
ceil_ = _in_place(rounding.ceil)
clamp_ = clip_ = _in_place(limits.clamp)
clamp_max_ = _in_place(limits.clamp_max)
clamp_min_ = _in_place(limits.clamp_min)
cos_ = _in_place(pointwise.cos)
cosh_ = _in_place(pointwise.cosh)
cumprod_ = _in_place(cumulative.cumprod)
cumsum_ = _in_place(cumulative.cumsum)
deg2rad_ = _in_place(pointwise.deg2rad)
detach_ = _in_place(attributes.detach)
div_ = divide_ = true_divide_ = _in_place(division.div)
erf_ = _in_place(pointwise.erf)
erfinv_ = _in_place(pointwise.erfinv)
exp2_ = _in_place(pointwise.exp2)
exp_ = _in_place(pointwise.exp)
expm1_ = _in_place(pointwise.expm1)
floor_ = _in_place(rounding.floor)
floor_divide_ = _in_place(division.floor_divide)
fmod_ = _in_place(division.fmod)
frac_ = _in_place(rounding.frac)
index_add_ = _in_place(index_along.index_add)
index_copy_ = _in_place(index_along.index_copy)
index_fill_ = _in_place(index_along.index_fill)
index_put_ = _in_place(subscript.index_put)
index_reduce_ = _in_place(index_along.index_reduce)
lerp_ = _in_place(arithmetic.lerp)
log10_ = _in_place(pointwise.log10)
log1p_ = _in_place(pointwise.log1p)
log2_ = _in_place(pointwise.log2)
log_ = _in_place(pointwise.log)
logical_and_ = _in_place(bitwise.logical_and)
logical_not_ = _in_place(bitwise.logical_not)
logical_or_ = _in_place(bitwise.logical_or)
logical_xor_ = _in_place(bitwise.logical_xor)
masked_fill_ = _in_place(masks.masked_fill)
masked_scatter_ = _in_place(masks.masked_scatter)
mul_ = multiply_ = _in_place(arithmetic.mul)
nan_to_num_ = _in_place(rounding.nan_to_num)
neg_ = negative_ = _in_place(signs.neg)
pow_ = _in_place(binary.pow)
put_ = _in_place(index_along.put)
rad2deg_ = _in_place(pointwise.rad2deg)
reciprocal_ = _in_place(pointwise.reciprocal)
celu_ = _in_place(activation.celu)
elu_ = _in_place(activation.elu)
hardsigmoid_ = _in_place(activation.hardsigmoid)
hardswish_ = _in_place(activation.hardswish)
hardtanh_ = _in_place(activation.hardtanh)
leaky_relu_ = _in_place(activation.leaky_relu)
mish_ = _in_place(activation.mish)
relu_ = _in_place(activation.relu)
relu6_ = _in_place(activation.relu6)
selu_ = _in_place(activation.selu)
silu_ = _in_place(activation.silu)
softplus_ = _in_place(activation.softplus)
threshold_ = _in_place(activation.threshold)
remainder_ = _in_place(division.remainder)
round_ = _in_place(rounding.round)
rsqrt_ = _in_place(pointwise.rsqrt)
scatter_ = _in_place(scatter_gather.scatter)
scatter_add_ = _in_place(scatter_gather.scatter_add)
scatter_reduce_ = _in_place(scatter_gather.scatter_reduce)
sigmoid_ = _in_place(pointwise.sigmoid)
sign_ = _in_place(signs.sign)
sin_ = _in_place(pointwise.sin)
sinh_ = _in_place(pointwise.sinh)
sqrt_ = _in_place(pointwise.sqrt)
square_ = _in_place(pointwise.square)
squeeze_ = reshaping.squeeze
sub_ = subtract_ = _in_place(arithmetic.sub)
swapaxes_ = transposing.swapaxes
t_ = transposing.t
tan_ = _in_place(pointwise.tan)
tanh_ = _in_place(pointwise.tanh)
transpose_ = transposing.transpose
tril_ = _in_place(diagonals.tril)
triu_ = _in_place(diagonals.triu)
trunc_ = _in_place(rounding.trunc)
unsqueeze_ = reshaping.unsqueeze
xlogy_ = _in_place(binary.xlogy)
