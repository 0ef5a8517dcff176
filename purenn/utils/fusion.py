"""A linear map and the batch norm behind it as one linear map."""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from purenn.layers.base import Layer
from purenn.nn.module import Module
from purenn.utils.target import Triple

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]


def fuse_conv_bn_weights(
    conv_w: jax.Array,
    conv_b: jax.Array | None,
    bn_rm: jax.Array,
    bn_rv: jax.Array,
    bn_eps: float,
    bn_w: jax.Array | None,
    bn_b: jax.Array | None,
    transpose: bool = False,
) -> tuple[jax.Array, jax.Array]:
    r"""The weight and bias of a convolution that equals a convolution and a batch norm behind it in evaluation.

    .. math:: W' = W \frac{\gamma}{\sqrt{v + \epsilon}}, \quad b' = (b - m) \frac{\gamma}{\sqrt{v + \epsilon}} + \beta

    Args:
        conv_w: the convolution's weight.
        conv_b: its bias, if any.
        bn_rm: the running mean :math:`m`.
        bn_rv: the running variance :math:`v`.
        bn_eps: :math:`\epsilon`.
        bn_w: :math:`\gamma`; None is 1.
        bn_b: :math:`\beta`; None is 0.
        transpose: whether the convolution is transposed, its output channels second.

    Returns:
        :math:`W'` and :math:`b'`, in the dtypes of the weight and the bias.

    Source: ``torch.nn.utils.fusion.fuse_conv_bn_weights``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import utils
        >>> one = jnp.ones(1)
        >>> w, b = utils.fuse_conv_bn_weights(jnp.ones((1, 1, 1)), None, one, 3 * one, 1.0, 2 * one, None)
        >>> w.tolist(), b.tolist()
        ([[[1.0]]], [-1.0])
    """
    weight_dtype = conv_w.dtype
    bias_dtype = weight_dtype if conv_b is None else conv_b.dtype
    conv_b = jnp.zeros_like(bn_rm) if conv_b is None else conv_b
    bn_w = jnp.ones_like(bn_rm) if bn_w is None else bn_w
    bn_b = jnp.zeros_like(bn_rm) if bn_b is None else bn_b
    ones = (1,) * (conv_w.ndim - 2)
    shape = (1, -1, *ones) if transpose else (-1, 1, *ones)
    with jax.numpy_dtype_promotion("standard"):  # the convolution may be of a half type, the statistics float32
        inverse = lax.rsqrt(bn_rv + bn_eps)
        weight = conv_w * (bn_w * inverse).reshape(shape)
        bias = (conv_b - bn_rm) * inverse * bn_w + bn_b
    return weight.astype(weight_dtype), bias.astype(bias_dtype)


def fuse_linear_bn_weights(
    linear_w: jax.Array,
    linear_b: jax.Array | None,
    bn_rm: jax.Array,
    bn_rv: jax.Array,
    bn_eps: float,
    bn_w: jax.Array | None,
    bn_b: jax.Array | None,
) -> tuple[jax.Array, jax.Array]:
    """The weight and bias of a linear layer that equals a linear layer and a batch norm behind it in evaluation.

    Args:
        linear_w: the linear layer's weight.
        linear_b: its bias, if any.
        bn_rm: the running mean, of the size of the outputs or of size 1.
        bn_rv: the running variance.
        bn_eps: the number added to the running variance.
        bn_w: the batch norm's weight; None is 1.
        bn_b: its bias; None is 0.

    Returns:
        The weight and the bias, of the shapes and in the dtypes of the linear layer's.

    Source: ``torch.nn.utils.fusion.fuse_linear_bn_weights``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import utils
        >>> one = jnp.ones(1)
        >>> w, b = utils.fuse_linear_bn_weights(jnp.ones((1, 1)), None, one, 3 * one, 1.0, 2 * one, one)
        >>> w.tolist(), b.tolist()
        ([[1.0]], [0.0])
    """
    weight, bias = fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)
    return weight, jnp.broadcast_to(bias, linear_w.shape[:1])


def _fuse(where: str, target: Any, bn: Any, weights: Callable[..., tuple[jax.Array, jax.Array]]) -> Any:
    """The target with new weights: a module or a triple, as ``target`` is."""
    if isinstance(target, Module) != isinstance(bn, Module):
        raise TypeError(f"{where}: both must be modules, or both triples (layer, params, state)")
    if not isinstance(target, Module):
        layer, params, state = target
        norm = bn[0].bind(*bn[1:])
        m = layer.bind(params, state)
    else:
        layer, m, norm = target._layer, target, bn
        for name, module in (("first", target), ("batch norm", bn)):
            if module.training:
                raise ValueError(f"{where}: fusion is for evaluation only, but the {name} module is in training mode")
    if norm.running_mean is None or norm.running_var is None:
        raise ValueError(f"{where}: the batch norm must have running statistics, got {bn!r}")
    weight, bias = weights(m.weight, m.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias)
    fused = dataclasses.replace(layer, bias=True) if isinstance(layer, Layer) else layer
    if not isinstance(target, Module):
        return fused, {**target[1], "weight": weight, "bias": bias}, target[2]
    module = copy.deepcopy(target)
    vars(module)["_layer"] = fused
    module.weight, module.bias = weight, bias
    return module


def fuse_conv_bn_eval(conv: Module | Triple, bn: Module | Triple, transpose: bool = False) -> Any:
    """A convolution that equals a convolution and the batch norm behind it in evaluation.

    Args:
        conv: a convolution: a module in evaluation mode, or a triple ``(layer, params, state)``.
        bn: a batch norm in the same form.
        transpose: whether the convolution is transposed.

    Returns:
        A new convolution: a module or a triple, as ``conv`` is.

    Raises:
        ValueError: a module is in training mode, or the batch norm keeps no statistics.

    Source: ``torch.nn.utils.fusion.fuse_conv_bn_eval``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn, utils
        >>> conv, bn = nn.Conv1d(2, 3, 3).eval(), nn.BatchNorm1d(3).eval()
        >>> x = jnp.ones((1, 2, 5))
        >>> bool(jnp.allclose(utils.fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)), atol=1e-6))
        True
    """
    return _fuse("fuse_conv_bn_eval", conv, bn, functools.partial(fuse_conv_bn_weights, transpose=transpose))


def fuse_linear_bn_eval(linear: Module | Triple, bn: Module | Triple) -> Any:
    """A linear layer that equals a linear layer and the batch norm behind it in evaluation.

    Args:
        linear: a linear layer: a module in evaluation mode, or a triple ``(layer, params, state)``.
        bn: a batch norm in the same form, with one feature per output or with 1.

    Returns:
        A new linear layer: a module or a triple, as ``linear`` is.

    Raises:
        ValueError: a module is in training mode, the batch norm keeps no statistics, or its size doesn't fit.

    Source: ``torch.nn.utils.fusion.fuse_linear_bn_eval``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn, utils
        >>> linear, bn = nn.Linear(2, 3).eval(), nn.BatchNorm1d(3).eval()
        >>> x = jnp.ones((1, 2))
        >>> bool(jnp.allclose(utils.fuse_linear_bn_eval(linear, bn)(x), bn(linear(x)), atol=1e-6))
        True
    """
    sizes: list[Any] = [(x if isinstance(x, Module) else x[0]) for x in (linear, bn)]
    outputs, features = sizes[0].out_features, sizes[1].num_features
    if features not in (outputs, 1):
        raise ValueError(f"fuse_linear_bn_eval: bn must be of {outputs} features or of 1, got {features}")
    return _fuse("fuse_linear_bn_eval", linear, bn, fuse_linear_bn_weights)
