"""torch's functions that change a tensor, ``add_`` and its like, as functions that return the changed array.

The result has the shape and the dtype of the first argument. As in torch, what can't be cast to that dtype (a float to
an integer) and what would need another shape is refused.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec

import jax
import jax.numpy as jnp

from purenn import check
from purenn.functional.activation import relu
from purenn.interop.ops import arithmetic as a
from purenn.interop.ops import arrangement, bitwise, casts, cumulative, indexing, masks, products, shape, subscript
from purenn.interop.ops import comparison as c
from purenn.interop.ops import pointwise as p
from purenn.interop.ops import random as r
from purenn.interop.ops.operands import array, kind
from purenn.typing import Array, ArrayLike, Key

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
    "asin_",
    "atan_",
    "baddbmm_",
    "bernoulli_",
    "bitwise_and_",
    "bitwise_not_",
    "bitwise_or_",
    "bitwise_xor_",
    "ceil_",
    "clamp_",
    "clamp_max_",
    "clamp_min_",
    "clip_",
    "copy_",
    "cos_",
    "cosh_",
    "cumprod_",
    "cumsum_",
    "deg2rad_",
    "detach_",
    "div_",
    "divide_",
    "erf_",
    "erfinv_",
    "exp2_",
    "exp_",
    "expm1_",
    "exponential_",
    "fill",
    "fill_",
    "fill_diagonal_",
    "floor_",
    "floor_divide_",
    "fmod_",
    "frac_",
    "index_add_",
    "index_copy_",
    "index_fill_",
    "index_put_",
    "index_reduce_",
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
    "mul_",
    "multiply_",
    "nan_to_num_",
    "neg_",
    "negative_",
    "normal_",
    "pow_",
    "put_",
    "rad2deg_",
    "random_",
    "reciprocal_",
    "relu_",
    "remainder_",
    "round_",
    "rsqrt_",
    "scatter_",
    "scatter_add_",
    "scatter_reduce_",
    "sigmoid_",
    "sign_",
    "sin_",
    "sinh_",
    "sqrt_",
    "square_",
    "squeeze_",
    "sub_",
    "subtract_",
    "swapaxes_",
    "t_",
    "tan_",
    "tanh_",
    "transpose_",
    "tril_",
    "triu_",
    "true_divide_",
    "trunc_",
    "uniform_",
    "unsqueeze_",
    "xlogy_",
    "zero",
    "zero_",
]

P = ParamSpec("P")


def _in_place(function: Callable[P, Any]) -> Callable[P, Any]:
    """The function under torch's name with an underscore, its result cast to the first argument."""
    name = f"{function.__name__}_"

    @functools.wraps(function)
    def changed(*args: P.args, **kwargs: P.kwargs) -> Any:
        given: Any = args[0] if args else next(iter(kwargs.values()))
        x = check.array(name, "input", given)
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


abs_ = _in_place(p.abs)
acos_ = _in_place(p.acos)
add_ = _in_place(a.add)
addbmm_ = _in_place(products.addbmm)
addcdiv_ = _in_place(a.addcdiv)
addcmul_ = _in_place(a.addcmul)
addmm_ = _in_place(products.addmm)
addmv_ = _in_place(products.addmv)
addr_ = _in_place(products.addr)
asin_ = _in_place(p.asin)
atan_ = _in_place(p.atan)
baddbmm_ = _in_place(products.baddbmm)
bitwise_and_ = _in_place(bitwise.bitwise_and)
bitwise_not_ = _in_place(bitwise.bitwise_not)
bitwise_or_ = _in_place(bitwise.bitwise_or)
bitwise_xor_ = _in_place(bitwise.bitwise_xor)
ceil_ = _in_place(p.ceil)
clamp_ = clip_ = _in_place(c.clamp)
clamp_max_ = _in_place(c.clamp_max)
clamp_min_ = _in_place(c.clamp_min)
cos_ = _in_place(p.cos)
cosh_ = _in_place(p.cosh)
cumprod_ = _in_place(cumulative.cumprod)
cumsum_ = _in_place(cumulative.cumsum)
deg2rad_ = _in_place(p.deg2rad)
detach_ = _in_place(casts.detach)
div_ = divide_ = true_divide_ = _in_place(a.div)
erf_ = _in_place(p.erf)
erfinv_ = _in_place(p.erfinv)
exp2_ = _in_place(p.exp2)
exp_ = _in_place(p.exp)
expm1_ = _in_place(p.expm1)
floor_ = _in_place(p.floor)
floor_divide_ = _in_place(a.floor_divide)
fmod_ = _in_place(a.fmod)
frac_ = _in_place(p.frac)
index_add_ = _in_place(indexing.index_add)
index_copy_ = _in_place(indexing.index_copy)
index_fill_ = _in_place(indexing.index_fill)
index_put_ = _in_place(subscript.index_put)
index_reduce_ = _in_place(indexing.index_reduce)
lerp_ = _in_place(a.lerp)
log10_ = _in_place(p.log10)
log1p_ = _in_place(p.log1p)
log2_ = _in_place(p.log2)
log_ = _in_place(p.log)
logical_and_ = _in_place(bitwise.logical_and)
logical_not_ = _in_place(bitwise.logical_not)
logical_or_ = _in_place(bitwise.logical_or)
logical_xor_ = _in_place(bitwise.logical_xor)
masked_fill_ = _in_place(masks.masked_fill)
masked_scatter_ = _in_place(masks.masked_scatter)
mul_ = multiply_ = _in_place(a.mul)
nan_to_num_ = _in_place(p.nan_to_num)
neg_ = negative_ = _in_place(p.neg)
pow_ = _in_place(a.pow)
put_ = _in_place(indexing.put)
rad2deg_ = _in_place(p.rad2deg)
reciprocal_ = _in_place(p.reciprocal)
relu_ = _in_place(relu)
remainder_ = _in_place(a.remainder)
round_ = _in_place(p.round)
rsqrt_ = _in_place(p.rsqrt)
scatter_ = _in_place(indexing.scatter)
scatter_add_ = _in_place(indexing.scatter_add)
scatter_reduce_ = _in_place(indexing.scatter_reduce)
sigmoid_ = _in_place(p.sigmoid)
sign_ = _in_place(p.sign)
sin_ = _in_place(p.sin)
sinh_ = _in_place(p.sinh)
sqrt_ = _in_place(p.sqrt)
square_ = _in_place(p.square)
squeeze_ = shape.squeeze
sub_ = subtract_ = _in_place(a.sub)
swapaxes_ = shape.swapaxes
t_ = shape.t
tan_ = _in_place(p.tan)
tanh_ = _in_place(p.tanh)
transpose_ = shape.transpose
tril_ = _in_place(arrangement.tril)
triu_ = _in_place(arrangement.triu)
trunc_ = _in_place(p.trunc)
unsqueeze_ = shape.unsqueeze
xlogy_ = _in_place(a.xlogy)


def copy_(input: ArrayLike, src: ArrayLike) -> Array:
    """Returns the source in the shape and dtype of the input; floats are cut off where the input has integers.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.copy_(jnp.zeros((2, 2)), jnp.array([1, 2])).tolist()
        [[1.0, 2.0], [1.0, 2.0]]
    """
    x, s = check.array("copy_", "input", input), array("copy_", "src", src)
    check.broadcastable("copy_", "src", s, x.shape)
    return jnp.broadcast_to(casts.to(s, x.dtype), x.shape)


def fill_(input: ArrayLike, value: ArrayLike) -> Array:
    """Returns an array of the input's shape and dtype full of one value.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.fill_(jnp.zeros(2), 7).tolist()
        [7.0, 7.0]
    """
    x, v = check.array("fill_", "input", input), array("fill_", "value", value)
    check.rank("fill_", "value", v, (0,))
    return jnp.broadcast_to(casts.to(v, x.dtype), x.shape)


fill = fill_


def zero_(input: ArrayLike) -> Array:
    """Returns zeros of the input's shape and dtype.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.zero_(jnp.ones(2)).tolist()
        [0.0, 0.0]
    """
    return jnp.zeros_like(check.array("zero_", "input", input))


zero = zero_


def fill_diagonal_(input: ArrayLike, fill_value: Any, wrap: bool = False) -> Array:
    """Returns an array with its main diagonal full of one value; with ``wrap`` it begins again in tall matrices.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.fill_diagonal_(jnp.zeros((2, 2)), 1.0).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    x = check.array("fill_diagonal_", "input", input)
    if x.ndim < 2 or (x.ndim > 2 and len(set(x.shape)) > 1):
        check.fail("fill_diagonal_", "input", "have rank 2 or more, and one size for more", f"shape {x.shape}")
    value = array("fill_diagonal_", "fill_value", fill_value, x.dtype)
    return jnp.fill_diagonal(x, value, wrap=wrap, inplace=False)


def _drawn(where: str, input: Any) -> jax.Array:
    x = check.array(where, "input", input)
    check.inexact(where, "input", x)
    return x


def normal_(input: ArrayLike, mean: float = 0.0, std: float = 1.0, *, rng: Key | None = None) -> Array:
    """Returns normal numbers of the input's shape and dtype.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.normal_(jnp.ones(3), rng=jax.random.key(0)).shape
        (3,)
    """
    x = _drawn("normal_", input)
    return r.normal(mean, std, x.shape, dtype=x.dtype, rng=rng)


def uniform_(input: ArrayLike, from_: float = 0.0, to: float = 1.0, *, rng: Key | None = None) -> Array:
    """Returns uniform numbers from [from_, to) of the input's shape and dtype; torch's ``from`` is no name in Python.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.uniform_(jnp.ones(3), 2.0, 2.0, rng=jax.random.key(0)).tolist()
        [2.0, 2.0, 2.0]
    """
    x = _drawn("uniform_", input)
    if from_ > to:
        check.fail("uniform_", "from_", f"be at most to={to}", from_)
    width = array("uniform_", "to", to - from_, x.dtype)
    return r.rand_like(x, rng=rng) * width + array("uniform_", "from_", from_, x.dtype)


def exponential_(input: ArrayLike, lambd: float = 1.0, *, rng: Key | None = None) -> Array:
    """Returns numbers of an exponential distribution, of the input's shape and dtype.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.exponential_(jnp.ones(3), rng=jax.random.key(0)).shape
        (3,)
    """
    x = _drawn("exponential_", input)
    if not lambd > 0:
        check.fail("exponential_", "lambd", "be above 0", lambd)
    return -jnp.log1p(-r.rand_like(x, rng=rng)) / array("exponential_", "lambd", lambd, x.dtype)


def bernoulli_(input: ArrayLike, p: Any = 0.5, *, rng: Key | None = None) -> Array:
    """Returns ones with a probability, else zeros, of the input's shape and dtype.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.bernoulli_(jnp.ones(3), 0.0, rng=jax.random.key(0)).tolist()
        [0.0, 0.0, 0.0]
    """
    return r.bernoulli(input, p, rng=rng)


def random_(input: ArrayLike, from_: int = 0, to: int | None = None, *, rng: Key | None = None) -> Array:
    """Returns integers from ``from_`` up to ``to``, which is left out, of the input's shape and dtype.

    Without ``to`` they go up to the largest that the dtype holds exactly, at most 2**31 - 1.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn.interop import ops
        >>> ops.random_(jnp.ones(3), 2, 3, rng=jax.random.key(0)).tolist()
        [2.0, 2.0, 2.0]
    """
    x = check.array("random_", "input", input)
    if to is None:
        digits = jnp.finfo(x.dtype).nmant + 1 if kind(x.dtype) == 2 else 31
        to = min(1 << digits, (jnp.iinfo(x.dtype).max if kind(x.dtype) == 1 else 1 << digits), (1 << 31) - 1)
    return r.randint(from_, to, x.shape, dtype=x.dtype, rng=rng)
