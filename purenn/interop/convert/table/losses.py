"""Losses. torch's operators take the reduction as a number."""

from __future__ import annotations

import jax.numpy as jnp

from purenn import functional as F
from purenn.interop.convert.graph import AnyArray
from purenn.interop.convert.table.registry import op
from purenn.typing import Array

__all__: list[str] = []

_REDUCTIONS = ("none", "mean", "sum")


@op("mse_loss")
def mse_loss(x: AnyArray, y: AnyArray, reduction: int = 1) -> Array:
    return F.mse_loss(x, y, reduction=_REDUCTIONS[reduction])


@op("l1_loss")
def l1_loss(x: AnyArray, y: AnyArray, reduction: int = 1) -> Array:
    return F.l1_loss(x, y, reduction=_REDUCTIONS[reduction])


@op("smooth_l1_loss")
def smooth_l1_loss(x: AnyArray, y: AnyArray, reduction: int = 1, beta: float = 1.0) -> Array:
    return F.smooth_l1_loss(x, y, reduction=_REDUCTIONS[reduction], beta=beta)


@op("huber_loss")
def huber_loss(x: AnyArray, y: AnyArray, reduction: int = 1, delta: float = 1.0) -> Array:
    return F.huber_loss(x, y, reduction=_REDUCTIONS[reduction], delta=delta)


@op("binary_cross_entropy")
def binary_cross_entropy(x: AnyArray, y: AnyArray, weight: AnyArray | None = None, reduction: int = 1) -> Array:
    return F.binary_cross_entropy(x, y, weight, reduction=_REDUCTIONS[reduction])


@op("binary_cross_entropy_with_logits")
def bce_with_logits(
    x: AnyArray,
    y: AnyArray,
    weight: AnyArray | None = None,
    pos_weight: AnyArray | None = None,
    reduction: int = 1,
) -> Array:
    return F.binary_cross_entropy_with_logits(x, y, weight, reduction=_REDUCTIONS[reduction], pos_weight=pos_weight)


@op("nll_loss", "nll_loss_nd", "nll_loss2d")
def nll_loss(
    x: AnyArray, target: AnyArray, weight: AnyArray | None = None, reduction: int = 1, ignore_index: int = -100
) -> Array:
    return F.nll_loss(x, target, weight, reduction=_REDUCTIONS[reduction], ignore_index=ignore_index)


@op("cross_entropy_loss")
def cross_entropy(
    x: AnyArray,
    target: AnyArray,
    weight: AnyArray | None = None,
    reduction: int = 1,
    ignore_index: int = -100,
    smoothing: float = 0.0,
) -> Array:
    word = _REDUCTIONS[reduction]
    return F.cross_entropy(x, target, weight, None, ignore_index, None, word, smoothing)


@op("multilabel_margin_loss")
def multilabel_margin_loss(x: AnyArray, target: AnyArray, reduction: int = 1) -> Array:
    return F.multilabel_margin_loss(x, target, reduction=_REDUCTIONS[reduction])


@op("poisson_nll_loss")
def poisson_nll_loss(x: AnyArray, y: AnyArray, log_input: bool, full: bool, eps: float, reduction: int) -> Array:
    return F.poisson_nll_loss(x, y, log_input, full, eps=eps, reduction=_REDUCTIONS[reduction])


@op("kl_div")
def kl_div(x: AnyArray, target: AnyArray, reduction: int = 1, *, log_target: bool = False) -> Array:
    word = _REDUCTIONS[reduction]
    if word == "mean":
        return jnp.mean(F.kl_div(x, target, reduction="none", log_target=log_target))
    return F.kl_div(x, target, reduction=word, log_target=log_target)
