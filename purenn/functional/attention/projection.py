"""The projections of multi-head attention: weights, appended keys and values, and static ones."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from purenn import check
from purenn.functional.linear import linear
from purenn.typing import ArrayLike

__all__ = ["WHERE", "heads", "in_weights", "projected", "with_bias"]

WHERE = "multi_head_attention_forward"  # the name in error messages

Three = tuple[jax.Array, jax.Array, jax.Array]


def in_weights(
    qkv: Three, in_proj_weight: ArrayLike | None, separate: tuple[ArrayLike | None, ...] | None
) -> list[jax.Array]:
    """Returns the weights of the projections of queries, keys and values: one array, or three."""
    E = qkv[0].shape[-1]
    if separate is None:
        weight, key = _required("in_proj_weight", in_proj_weight), qkv[1]
        check.shape(WHERE, "in_proj_weight", weight, (3 * E, E))
        check.shape(WHERE, "key", key, (*key.shape[:2], E))
        return [weight]
    names = ("q_proj_weight", "k_proj_weight", "v_proj_weight")
    weights = [_required(name, weight) for name, weight in zip(names, separate, strict=True)]
    for name, weight, x in zip(names, weights, qkv, strict=True):
        check.shape(WHERE, name, weight, (E, x.shape[-1]))
    return weights


def _required(name: str, x: ArrayLike | None) -> jax.Array:
    if x is None:
        check.fail(WHERE, name, "be given", None)
    return check.array(WHERE, name, x)


def projected(
    qkv: Three, same: tuple[bool, bool], weights: list[jax.Array], in_proj_bias: ArrayLike | None
) -> tuple[jax.Array, ...]:
    """Projects queries, keys and values; inputs that are one array are projected together."""
    E = qkv[0].shape[-1]
    bias = None if in_proj_bias is None else check.array(WHERE, "in_proj_bias", in_proj_bias)
    check.shape(WHERE, "in_proj_bias", bias, (3 * E,))
    if len(weights) > 1:
        biases = [None] * 3 if bias is None else jnp.split(bias, 3)
        return tuple(linear(x, w, b) for x, w, b in zip(qkv, weights, biases, strict=True))
    runs = [(0, 3)] if all(same) else [(0, 1), (1, 3)] if same[1] else [(0, 1), (1, 2), (2, 3)]
    parts: list[jax.Array] = []
    for start, stop in runs:
        rows = slice(start * E, stop * E)
        y = linear(qkv[start], weights[0][rows], None if bias is None else bias[rows])
        parts += jnp.split(y, stop - start, -1)
    return tuple(parts)


def with_bias(
    k: jax.Array, v: jax.Array, bias_k: ArrayLike | None, bias_v: ArrayLike | None, static: bool
) -> tuple[jax.Array, jax.Array, int]:
    """Appends the learned key and value, if any; also returns their number."""
    if (bias_k is None) != (bias_v is None):
        check.fail(WHERE, "bias_k and bias_v", "be both given or both None", "one of them")
    if bias_k is None or bias_v is None:
        return k, v, 0
    if static:
        check.fail(WHERE, "bias_k and bias_v", "be None with static_k or static_v", "arrays")
    return _appended("bias_k", k, bias_k), _appended("bias_v", v, bias_v), 1


def _appended(name: str, x: jax.Array, bias: ArrayLike) -> jax.Array:
    """Appends one element, the same for the whole batch, to sequences."""
    b = check.array(WHERE, name, bias)
    check.shape(WHERE, name, b, (1, 1, x.shape[-1]))
    check.same_dtype(WHERE, query=x, **{name: b})
    return jnp.concatenate([x, jnp.broadcast_to(b, (1, *x.shape[1:]))])


def heads(qkv: Three, num_heads: int, static_k: ArrayLike | None, static_v: ArrayLike | None) -> Three:
    """Returns queries, keys and values as (N, heads, length, E / heads); static ones replace the projected ones."""
    N, E = qkv[0].shape[1:]
    q, k, v = (x.reshape(x.shape[0], N, num_heads, E // num_heads).transpose(1, 2, 0, 3) for x in qkv)
    k, v = _static("static_k", static_k, k), _static("static_v", static_v, v)
    if k.shape[2] != v.shape[2]:
        check.fail(WHERE, "static_k and static_v", "have one length", f"{k.shape[2]} and {v.shape[2]}")
    return q, k, v


def _static(name: str, array: ArrayLike | None, x: jax.Array) -> jax.Array:
    if array is None:
        return x
    a, (N, H, _, D) = check.array(WHERE, name, array), x.shape
    if a.ndim != 3 or (a.shape[0], a.shape[2]) != (N * H, D):
        check.fail(WHERE, name, f"have shape ({N * H}, S, {D})", f"shape {a.shape}")
    check.same_dtype(WHERE, query=x, **{name: a})
    return a.reshape(N, H, a.shape[1], D)
