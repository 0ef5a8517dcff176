"""The cross entropy of a linear map."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from purenn import check
from purenn import functional as F
from purenn.layers.base import Bound, Layer, Spec
from purenn.layers.linear import Linear
from purenn.layers.loss.common import given_array
from purenn.layers.spec import array_spec
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["LinearCrossEntropyLoss"]


class LinearCrossEntropyLoss(Layer):
    r"""Computes the cross entropy of the logits :math:`x A^\top + b`, without holding all of them in memory.

    With :math:`p = \log\operatorname{softmax}(x A^\top + b)` over the classes, smoothing :math:`s` and C classes,

    .. math::
        \ell_n = -(1 - s)\, w_{y_n} p_{n, y_n} - \tfrac{s}{C} \sum_c w_c\, p_{n,c}
        \quad\text{or}\quad
        \ell_n = -\sum_c w_c\, \bigl((1 - s)\, y_{n,c} + \tfrac{s}{C}\bigr)\, p_{n,c}

    for classes, or for probabilities. Logits of more than 32 MiB are computed in chunks of the batch, and again for the
    gradient, so that all N times C of them are never in memory together. With ``options``, logits of any size are.
    :math:`A` and :math:`b` are the arrays of the child ``linear``, a `Linear`.

    Args:
        in_features: the size of each input.
        num_classes: the number of classes C.
        out_features: the sizes :math:`d_1, \dots, d_K`, for :math:`d_1 \cdots d_K` targets per input.
        bias: whether :math:`b` is added.
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the arrays; float32 if None.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        weight: one weight :math:`w_c` per class, of shape :math:`(C)`; it is a buffer. None is the weight 1.
        ignore_index: the class whose loss is 0 and which the mean leaves out, -100 if None; not for probabilities.
        label_smoothing: the weight :math:`s` of the uniform distribution in the target, from 0 to 1.
        options: the division of the batch, a ``LinearCrossEntropyOptions``; None divides large batches only.

    Shape: :math:`(\text{in})` or :math:`(N, \text{in})`, and classes from 0 to C - 1 of shape :math:`()`, :math:`(N)`
    or :math:`(N, d_1, \dots, d_K)`, or probabilities of the logits' shape :math:`(N, C, d_1, \dots, d_K)`, to the
    logits' shape without C for ``'none'``, else to a scalar.

    Raises:
        ValueError: ``weight``, ``label_smoothing`` or the shapes of a call don't fit, or ``reduction`` is unknown.
        TypeError: ``weight`` is not an array, or a dtype of a call doesn't fit.
        IndexError: a target is out of range. Inside ``jit``, where values are unknown, the loss is NaN instead.

    Source: ``torch.nn.LinearCrossEntropyLoss``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, y = jnp.ones((3, 8)), jnp.array([0, 4, 2])
        >>> loss = nn.LinearCrossEntropyLoss(8, 5)
        >>> loss(x, y).shape, loss.linear.weight.shape
        ((), (5, 8))
        >>> init, apply = layers.LinearCrossEntropyLoss(8, 5)  # the same as a pure function
        >>> params, state = init(jax.random.key(0))
        >>> value, state = apply(params, state, x, y)
    """

    in_features: int
    num_classes: int
    _: dataclasses.KW_ONLY
    out_features: tuple[int, ...] = ()
    bias: bool = False
    device: Any = None
    dtype: DTypeLike | None = None
    reduction: str = "mean"
    weight: ArrayLike | None = None
    ignore_index: int | None = None
    label_smoothing: float = 0.0
    options: F.LinearCrossEntropyOptions | None = None

    def normalize(self) -> Mapping[str, Any]:
        where, options = "LinearCrossEntropyLoss", self.options
        weight = given_array(where, "weight", self.weight)
        if weight is not None and weight.array.shape != (self.num_classes,):
            check.fail(where, "weight", f"have shape {(self.num_classes,)}", f"shape {weight.array.shape}")
        if not 0 <= self.label_smoothing <= 1:
            check.fail(where, "label_smoothing", "be from 0 to 1", self.label_smoothing)
        if options is not None and not hasattr(options, "rows"):  # torch's class
            fields = {f.name: getattr(options, f.name) for f in dataclasses.fields(options)}
            options = F.LinearCrossEntropyOptions(**fields)
        return {"options": options}

    def buffers(self) -> Mapping[str, Spec | None]:
        return {"weight": array_spec(self.weight)}

    def children(self) -> Mapping[str, Layer]:
        outputs = math.prod(self.out_features, start=self.num_classes)
        return {"linear": Linear(self.in_features, outputs, self.bias, dtype=self.dtype)}

    def forward(self, m: Bound, input: ArrayLike, target: ArrayLike) -> Array:
        shape, bias = (self.num_classes, *self.out_features), m.linear.bias
        return F.linear_cross_entropy(
            input,
            m.linear.weight.reshape(*shape, self.in_features),
            target,
            linear_bias=None if bias is None else bias.reshape(shape),
            weight=m.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            options=self.options,
        )

    def extra_repr(self) -> str:
        hidden = ("device", "dtype", "weight")
        names = [f.name for f in dataclasses.fields(self) if f.name not in hidden]
        return ", ".join(f"{name}={getattr(self, name)}" for name in names)
