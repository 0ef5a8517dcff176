"""The softmax over many classes, with clusters of rare ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import export

from purenn import check, value_checks
from purenn.functional.loss import adaptive_softmax
from purenn.layers.base import Bound, Composite, Layer
from purenn.layers.container import ModuleList, Sequential
from purenn.layers.linear import Linear
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class _ASMoutput(NamedTuple):  # torch's name for it
    output: jax.Array
    loss: jax.Array


export.register_namedtuple_serialization(_ASMoutput, serialized_name="purenn.AdaptiveLogSoftmaxWithLoss.output")


class AdaptiveLogSoftmaxWithLoss(Composite):
    r"""Computes a log-softmax over many classes; rare classes form clusters of smaller capacity.

    The child ``head`` gives logits :math:`h` for the classes below ``cutoffs[0]`` and for the clusters. The child
    ``tail`` gives logits :math:`t_i` for the classes of cluster :math:`i`, by two `Linear` layers with
    :math:`\lfloor \text{in} / \text{div\_value}^{i + 1} \rfloor` features between them. The log-probability of a
    class is :math:`\log\operatorname{softmax}(h)_c`; for a class of a cluster it is the log-probability of the cluster
    plus :math:`\log\operatorname{softmax}(t_i)_c`. All clusters are computed for every input, since shapes are static.

    Args:
        in_features: the size of each input.
        n_classes: the number of classes.
        cutoffs: the first class of every cluster, ascending. The attribute ``cutoffs`` ends with ``n_classes``.
        div_value: the factor by which every cluster has fewer features than the one before.
        head_bias: whether the head has a bias.
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the arrays; float32 if None.

    Shape: :math:`(N, \text{in})` and classes :math:`(N)`, or :math:`(\text{in})` and :math:`()`, to a named pair:
    ``output``, the log-probabilities of the classes, in their shape; and ``loss``, minus the mean of ``output``.

    Raises:
        ValueError: ``cutoffs`` doesn't ascend, or isn't between 0 and ``n_classes``; or the shapes of a call don't fit.
        TypeError: the targets of a call aren't integers.
        IndexError: a target is out of range. Inside ``jit``, where values are unknown, it gives NaN instead.

    Source: ``torch.nn.AdaptiveLogSoftmaxWithLoss``; Grave, Joulin, Cissé, Grangier and Jégou, *Efficient Softmax
    Approximation for GPUs*, 2016, https://arxiv.org/abs/1609.04309.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x, y = jnp.ones((3, 8)), jnp.array([0, 5, 19])
        >>> softmax = nn.AdaptiveLogSoftmaxWithLoss(8, 20, cutoffs=[4, 10], div_value=2.0)
        >>> output, loss = softmax(x, y)
        >>> output.shape, loss.shape, softmax.predict(x).shape
        ((3,), (), (3,))
        >>> init, apply = layers.AdaptiveLogSoftmaxWithLoss(8, 20, cutoffs=[4, 10], div_value=2.0)
        >>> params, state = init(jax.random.key(0))
        >>> (output, loss), state = apply(params, state, x, y)  # the same as a pure function
    """

    in_features: int
    n_classes: int
    cutoffs: Sequence[int]
    div_value: float = 4.0
    head_bias: bool = False
    device: Any = None
    dtype: DTypeLike | None = None

    def normalize(self) -> Mapping[str, Any]:
        cutoffs = (self.cutoffs,) if isinstance(self.cutoffs, int) else tuple(self.cutoffs)
        rising = all(low < high for low, high in zip((0, *cutoffs), (*cutoffs, self.n_classes), strict=True))
        if not cutoffs or not rising or any(int(c) != c for c in cutoffs):
            expected = f"be ascending integers from 1 to n_classes - 1 = {self.n_classes - 1}"
            check.fail("AdaptiveLogSoftmaxWithLoss", "cutoffs", expected, cutoffs)
        return {  # torch's attributes
            "cutoffs": (*map(int, cutoffs), self.n_classes),
            "shortlist_size": int(cutoffs[0]),
            "n_clusters": len(cutoffs),
            "head_size": int(cutoffs[0]) + len(cutoffs),
        }

    def children(self) -> Mapping[str, Layer]:
        features, clusters = self.in_features, len(self.cutoffs) - 1

        def linear(inputs: int, outputs: int, bias: bool = False) -> Linear:
            return Linear(inputs, outputs, bias, dtype=self.dtype)

        between = [int(features // self.div_value ** (i + 1)) for i in range(clusters)]
        outputs = [high - low for low, high in zip(self.cutoffs, self.cutoffs[1:], strict=False)]
        tail = [Sequential(linear(features, n), linear(n, o)) for n, o in zip(between, outputs, strict=True)]
        return {"head": linear(features, self.cutoffs[0] + clusters, self.head_bias), "tail": ModuleList(tail)}

    def forward(self, m: Bound, input_: ArrayLike, target_: ArrayLike) -> _ASMoutput:
        where = "AdaptiveLogSoftmaxWithLoss"
        x, target = check.array(where, "input_", input_), check.array(where, "target_", target_)
        check.rank(where, "target_", target, (0, 1), "() or (N)")
        check.integral(where, "target_", target)
        check.shape(where, "input_", x, (*target.shape, self.in_features))
        value_checks.require(target, value_checks.Within(where, "target_", 0, self.n_classes - 1))
        whole, batch = (x, target) if target.ndim else (x[None], target[None])
        output = adaptive_softmax.log_probability(*self._logits(m, whole), batch)
        return _ASMoutput(output.reshape(target.shape), -jnp.mean(output))

    def log_prob(self, m: Bound, input: ArrayLike) -> Array:
        r"""Computes the log-probabilities of all classes.

        Args:
            input: of shape :math:`(N, \text{in})`.

        Returns:
            An array of shape :math:`(N, \text{n\_classes})`.

        Raises:
            ValueError: the input's rank isn't 2.
        """
        return adaptive_softmax.log_probabilities(*self._logits(m, input))

    def predict(self, m: Bound, input: ArrayLike) -> Array:
        r"""Finds the most probable classes: the argmax of `log_prob`.

        Args:
            input: of shape :math:`(N, \text{in})`.

        Returns:
            Integers of shape :math:`(N)`.

        Raises:
            ValueError: the input's rank isn't 2.
        """
        return adaptive_softmax.likeliest(*self._logits(m, input))

    def _logits(self, m: Bound, input: ArrayLike) -> tuple[jax.Array, list[jax.Array]]:
        x = check.array("AdaptiveLogSoftmaxWithLoss", "input", input)
        check.rank("AdaptiveLogSoftmaxWithLoss", "input", x, (2,), "(N, in_features)")
        return m.head(x), [cluster(x) for cluster in m.tail]
