"""The table of torch's functions and methods that are one expression in jax.

A row is ``names: parameters -> callee arguments``. The parameters are those after the tensor. A callee that begins with
a dot is a method of arrays, or for a function the name in ``jnp``; ``self.ndim`` is an attribute of the tensor; an
operator stands for itself. ``self`` is the tensor; ``axis=dim`` passes the parameter ``dim`` on as ``axis``. A call
with a parameter that the row doesn't pass on becomes a call of `purenn.interop.ops`, whose arguments are torch's.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FUNCTION_ONLY", "ROWS", "Row"]

_TEXT = """
dim ndimension: -> self.ndim
numel nelement: -> self.size
element_size: -> self.itemsize
t: -> self.T
detach: -> jax.lax.stop_gradient self
sum nansum mean prod: dim keepdim dtype -> .{} axis=dim keepdims=keepdim dtype=dtype
all any argmax argmin: dim keepdim -> .{} axis=dim keepdims=keepdim
amax: dim keepdim -> .max axis=dim keepdims=keepdim
amin: dim keepdim -> .min axis=dim keepdims=keepdim
cumsum cumprod: dim dtype -> .{} axis=dim dtype=dtype
logsumexp: dim keepdim -> jax.nn.logsumexp self axis=dim keepdims=keepdim
exp exp2 expm1 log log2 log10 log1p sqrt sin cos tan sinh cosh tanh floor ceil trunc abs sign square: -> jnp.{} self
isnan isinf isfinite reciprocal logical_not deg2rad rad2deg conj sinc signbit: -> jnp.{} self
asin arcsin: -> jnp.arcsin self
acos arccos: -> jnp.arccos self
atan arctan: -> jnp.arctan self
neg negative: -> jnp.negative self
absolute: -> jnp.abs self
rsqrt: -> jax.lax.rsqrt self
erf erfinv: -> jax.scipy.special.{} self
digamma lgamma: -> ops.{} self
round: decimals -> jnp.round self decimals
sigmoid relu: -> F.{} self
softmax log_softmax: dim dtype -> F.{} self dim=dim dtype=dtype
add: other -> +
sub subtract: other -> -
mul multiply: other -> *
div divide true_divide: other -> /
floor_divide: other -> //
pow: exponent -> **
remainder: other -> jnp.remainder self other
eq: other -> ==
ne not_equal: other -> !=
lt less: other -> <
le less_equal: other -> <=
gt greater: other -> >
ge greater_equal: other -> >=
maximum minimum fmod logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor: other -> jnp.{} self other
atan2 arctan2: other -> jnp.arctan2 self other
matmul: other -> jnp.matmul self other
mm bmm: mat2 -> jnp.matmul self mat2
mv: vec -> jnp.matmul self vec
dot: tensor -> jnp.dot self tensor
outer ger: vec2 -> jnp.outer self vec2
kron: other -> jnp.kron self other
transpose swapaxes swapdims: dim0 dim1 -> .swapaxes axis1=dim0 axis2=dim1
movedim moveaxis: source destination -> jnp.moveaxis self source destination
unsqueeze: dim -> jnp.expand_dims self dim
roll: shifts dims -> jnp.roll self shifts axis=dims
tril triu: diagonal -> jnp.{} self k=diagonal
diag: diagonal -> jnp.diag self k=diagonal
diagonal: offset dim1 dim2 -> jnp.diagonal self offset=offset axis1=dim1 axis2=dim2
masked_fill: mask value -> jnp.where mask value self
index_select: dim index -> jnp.take self index axis=dim
argsort: dim descending -> jnp.argsort self axis=dim descending=descending
repeat_interleave: repeats dim -> jnp.repeat self repeats axis=dim
allclose isclose: other rtol atol equal_nan -> jnp.{} self other rtol=rtol atol=atol equal_nan=equal_nan
heaviside: values -> jnp.heaviside self values
unflatten: dim sizes -> ops.unflatten self dim sizes
"""

_FUNCTIONS = """
stack: tensors dim -> jnp.stack tensors axis=dim
cat concat concatenate: tensors dim -> jnp.concatenate tensors axis=dim
hstack vstack dstack: tensors -> jnp.{} tensors
einsum: equation operands -> jnp.einsum equation operands
is_floating_point: input -> ops.is_floating_point input
"""


@dataclass(frozen=True)
class Row:
    """The translation of a function of torch.

    Attributes:
        parameters: torch's parameters, without the tensor.
        callee: a dotted name, a method of arrays that begins with a dot, or an operator.
        arguments: pairs of a keyword, or None for an argument by position, and a parameter.
    """

    parameters: tuple[str, ...]
    callee: str
    arguments: tuple[tuple[str | None, str], ...]


def _rows(text: str) -> dict[str, Row]:
    rows = {}
    for line in text.strip().splitlines():
        head, _, tail = line.partition(" -> ")
        names, _, parameters = head.partition(":")
        callee, *arguments = tail.split()
        pairs = [tuple(word.split("=")) if "=" in word else (None, word) for word in arguments]
        for name in names.split():
            rows[name] = Row(tuple(parameters.split()), callee.format(name), tuple(pairs))  # pyright: ignore[reportArgumentType]
    return rows


ROWS = _rows(_TEXT)
FUNCTION_ONLY = _rows(_FUNCTIONS)
