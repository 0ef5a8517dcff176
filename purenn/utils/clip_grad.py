"""Clipping of gradients: pure functions of any tree of arrays."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import jax
import jax.numpy as jnp
from jax.core import Tracer

from purenn.lowering.dtypes import compute_dtype, widened
from purenn.lowering.reduction import max_or_nan, min_or_nan
from purenn.nn import access
from purenn.typing import ArrayLike

__all__ = ["clip_grad_norm", "clip_grad_value", "clip_grads_with_norm", "get_total_norm"]


def _tree(tensors: Any) -> Any:
    """A tree unchanged; a generator, or another iterable that jax doesn't know as a tree, as a list."""
    is_leaf = jax.tree_util.all_leaves([tensors])
    return list(tensors) if is_leaf and isinstance(tensors, Iterable) and not hasattr(tensors, "dtype") else tensors


def _gradients(where: str, tensors: object) -> Any:
    """A tree of gradients; the parameters of a module are refused."""
    grads = _tree(tensors)
    owned = access.owned()
    if any(id(g) in owned for g in jax.tree.leaves(grads)):
        raise TypeError(
            f"{where}: got parameters of a module, which have no gradients in them: give the gradients, as "
            "nn.value_and_grad or jax.grad returns them, or put the clipping into the optimizer's chain, as in "
            f"optax.chain(optax.stateless(lambda grads, _: {where}(...)), optax.sgd(0.1))"
        )
    return grads


def _norm(x: jax.Array, p: float) -> jax.Array:
    """The p-norm of all elements, summed in float32 or wider."""
    if not jnp.issubdtype(x.dtype, jnp.inexact):
        raise TypeError(f"get_total_norm: tensors must be floating-point or complex arrays, got dtype {x.dtype}")
    a = jnp.abs(x).ravel()
    narrow, a = a.dtype, widened(a)
    if p == math.inf:
        y = max_or_nan(a, initial=0.0)
    elif p == -math.inf:
        y = min_or_nan(a, initial=math.inf)
    elif p == 0:
        y = jnp.sum(a != 0).astype(a.dtype)
    elif p == 1:
        y = jnp.sum(a)
    elif p == 2:
        y = jnp.sqrt(jnp.sum(a * a))
    else:
        y = jnp.sum(a**p) ** (1 / p)
    return y.astype(narrow)


def get_total_norm(
    tensors: object, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> jax.Array:
    r"""The norm of all arrays of a tree, as if they were one vector.

    .. math:: \bigl\lVert (\lVert g_1 \rVert_p, \dots, \lVert g_n \rVert_p) \bigr\rVert_p

    Args:
        tensors: a tree of arrays, or an iterable such as ``net.parameters()``.
        norm_type: :math:`p`; also ``float("inf")`` or ``"inf"``.
        error_if_nonfinite: whether an infinite or NaN norm is an error; not inside a jit.
        foreach: ignored; accepted for compatibility with PyTorch.

    Raises:
        RuntimeError: the norm isn't finite, with ``error_if_nonfinite``.
        ValueError: ``error_if_nonfinite`` inside a jit, where the norm isn't known.

    Source: ``torch.nn.utils.get_total_norm``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import utils
        >>> utils.get_total_norm({"a": jnp.array([3.0]), "b": jnp.array([4.0])})
        Array(5., dtype=float32)
    """
    p = float(norm_type)
    norms = [_norm(jnp.asarray(g), p) for g in jax.tree.leaves(_tree(tensors))]
    if not norms:
        return jnp.zeros(())
    with jax.numpy_dtype_promotion("standard"):
        total = _norm(jnp.stack([norm.astype(jnp.result_type(*norms)) for norm in norms]), p)
    if error_if_nonfinite:
        if isinstance(total, Tracer):
            raise ValueError(
                "get_total_norm: error_if_nonfinite can't raise inside a jit: check the norm outside of it"
            )
        if not bool(jnp.isfinite(total)):
            raise RuntimeError(
                f"The total norm of order {p} for gradients from `parameters` is non-finite, so it cannot be clipped. "
                "With error_if_nonfinite=False the gradients are scaled by it all the same"
            )
    return total


def clip_grads_with_norm(grads: object, max_norm: float, total_norm: ArrayLike, foreach: bool | None = None) -> Any:
    r"""Scales the arrays of a tree whose norm is known, so that their norm is at most ``max_norm``.

    .. math:: g \cdot \min\bigl(\frac{\text{max\_norm}}{\text{total\_norm} + 10^{-6}}, 1\bigr)

    Args:
        grads: a tree of arrays, or an iterable of them.
        max_norm: the greatest norm.
        total_norm: their norm, as `get_total_norm` returns it.
        foreach: ignored; accepted for compatibility with PyTorch.

    Returns:
        The scaled tree; for an iterator a list.

    Source: ``torch.nn.utils.clip_grads_with_norm_``, which changes its arguments.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import utils
        >>> utils.clip_grads_with_norm([jnp.array([3.0, 4.0])], 10.0, 5.0)
        [Array([3., 4.], dtype=float32)]
    """
    grads, total = _gradients("clip_grads_with_norm", grads), jnp.asarray(total_norm)
    scale = jnp.minimum(float(max_norm) / (total + 1e-6), 1.0)

    def scaled(g: jax.Array) -> jax.Array:
        g = jnp.asarray(g)
        wide = compute_dtype(g.dtype)
        return (g.astype(wide) * scale.astype(jnp.finfo(wide).dtype).astype(wide)).astype(g.dtype)

    return jax.tree.map(scaled, grads)


def clip_grad_norm(
    grads: object,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> tuple[Any, jax.Array]:
    r"""Scales the arrays of a tree by one factor, so that their norm is at most ``max_norm``.

    In a chain of optax: ``optax.chain(optax.stateless(lambda g, _: clip_grad_norm(g, 1.0)[0]), optax.sgd(0.1))``.

    Args:
        grads: a tree of arrays, or an iterable of them.
        max_norm: the greatest norm.
        norm_type: the :math:`p` of the norm; also ``float("inf")`` or ``"inf"``.
        error_if_nonfinite: whether an infinite or NaN norm is an error; not inside a jit.
        foreach: ignored; accepted for compatibility with PyTorch.

    Returns:
        The scaled tree (for an iterator a list), and the norm before.

    Raises:
        RuntimeError: the norm isn't finite, with ``error_if_nonfinite``.
        ValueError: ``error_if_nonfinite`` inside a jit, where the norm isn't known.
        TypeError: a module's parameters are given instead of gradients.

    Source: ``torch.nn.utils.clip_grad_norm_``, which changes its arguments.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import utils
        >>> grads, norm = utils.clip_grad_norm({"w": jnp.array([3.0, 4.0])}, 1.0)
        >>> grads["w"].round(3).tolist(), float(norm)
        ([0.6000000238418579, 0.800000011920929], 5.0)
    """
    grads = _gradients("clip_grad_norm", grads)
    total = get_total_norm(grads, norm_type, error_if_nonfinite, foreach)
    return clip_grads_with_norm(grads, max_norm, total, foreach), total


def clip_grad_value(grads: object, clip_value: float, foreach: bool | None = None) -> Any:
    r"""Clips every element to :math:`[-c, c]`.

    In a chain of optax: ``optax.chain(optax.stateless(lambda g, _: clip_grad_value(g, 1.0)), optax.sgd(0.1))``.

    Args:
        grads: a tree of arrays, or an iterable of them.
        clip_value: :math:`c`.
        foreach: ignored; accepted for compatibility with PyTorch.

    Returns:
        The clipped tree; for an iterator a list.

    Source: ``torch.nn.utils.clip_grad_value_``, which changes its arguments.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import utils
        >>> utils.clip_grad_value([jnp.array([-3.0, 0.5])], 1.0)
        [Array([-1. ,  0.5], dtype=float32)]
    """
    grads, bound = _gradients("clip_grad_value", grads), float(clip_value)
    return jax.tree.map(lambda g: jnp.minimum(jnp.maximum(jnp.asarray(g), -bound), bound), grads)
