"""The softmax over many classes in clusters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import export
from jax.typing import DTypeLike

from purenn import check, value_checks
from purenn.functional.loss import adaptive_softmax
from purenn.layers.base import Composite, Layer
from purenn.layers.container import ModuleList, Sequential
from purenn.layers.linear import Linear

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class _ASMoutput(NamedTuple):  # torch's name for it
    output: jax.Array
    loss: jax.Array


export.register_namedtuple_serialization(_ASMoutput, serialized_name="purenn.AdaptiveLogSoftmaxWithLoss.output")


class AdaptiveLogSoftmaxWithLoss(Composite):
    r"""A log-softmax over many classes of which few are frequent: rare ones come in clusters of less capacity.

    The child ``head`` gives logits of the classes below ``cutoffs[0]`` and one of each cluster; ``tail`` has for each
    cluster two `Linear` layers with :math:`\lfloor \text{in} / \text{div\_value}^{i + 1} \rfloor` features between.
    The log-probability of a class in cluster i is the cluster's plus the class's within it.

    Args:
        in_features: the size of each input.
        n_classes: how many classes there are.
        cutoffs: where clusters begin, ascending; the attribute of this name has ``n_classes`` as its last.
        div_value: by how much the clusters' sizes decrease.
        head_bias: whether the head has a bias.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.

    Shape: an input of shape :math:`(N, \text{in})` and targets of shape :math:`(N)`, or :math:`(\text{in})` and
    :math:`()`, to ``output``, the targets' log-probabilities, of their shape, and ``loss``, minus their mean. A target
    that is no class is refused; inside ``jit``, where values are unknown, it gives NaN. All clusters are computed for
    every input, as shapes are static.

    Source: ``torch.nn.AdaptiveLogSoftmaxWithLoss``; Grave et al., 2017.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.AdaptiveLogSoftmaxWithLoss(8, 20, cutoffs=[4, 10], div_value=2.0)
        >>> params, state = layer.init(jax.random.key(0))
        >>> (output, loss), _ = layer.apply(params, state, jnp.ones((3, 8)), jnp.array([0, 5, 19]))
        >>> output.shape, loss.shape
        ((3,), ())
    """

    in_features: int
    n_classes: int
    cutoffs: tuple[int, ...]
    div_value: float = 4.0
    head_bias: bool = False
    device: Any = None
    dtype: DTypeLike | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        cutoffs = (self.cutoffs,) if isinstance(self.cutoffs, int) else tuple(self.cutoffs)
        rising = all(low < high for low, high in zip((0, *cutoffs), (*cutoffs, self.n_classes), strict=True))
        if not cutoffs or not rising or any(int(c) != c for c in cutoffs):
            expected = f"be ascending integers from 1 to n_classes - 1 = {self.n_classes - 1}"
            check.fail("AdaptiveLogSoftmaxWithLoss", "cutoffs", expected, cutoffs)
        # with attributes as torch has them
        vars(self).update(
            cutoffs=(*map(int, cutoffs), self.n_classes),
            shortlist_size=int(cutoffs[0]),
            n_clusters=len(cutoffs),
            head_size=int(cutoffs[0]) + len(cutoffs),
        )

    def children(self) -> Mapping[str, Layer]:
        features, clusters = self.in_features, len(self.cutoffs) - 1

        def linear(inputs: int, outputs: int, bias: bool = False) -> Linear:
            return Linear(inputs, outputs, bias, dtype=self.dtype)

        between = [int(features // self.div_value ** (i + 1)) for i in range(clusters)]
        outputs = [high - low for low, high in zip(self.cutoffs, self.cutoffs[1:], strict=False)]
        tail = [Sequential(linear(features, n), linear(n, o)) for n, o in zip(between, outputs, strict=True)]
        return {"head": linear(features, self.cutoffs[0] + clusters, self.head_bias), "tail": ModuleList(tail)}

    def forward(self, m: Any, input_: Any, target_: Any) -> _ASMoutput:
        where = "AdaptiveLogSoftmaxWithLoss"
        x, target = check.array(where, "input_", input_), check.array(where, "target_", target_)
        check.rank(where, "target_", target, (0, 1), "() or (N)")
        check.integral(where, "target_", target)
        check.shape(where, "input_", x, (*target.shape, self.in_features))
        value_checks.require(target, value_checks.Within(where, "target_", 0, self.n_classes - 1))
        whole, batch = (x, target) if target.ndim else (x[None], target[None])
        output = adaptive_softmax.log_probability(*self._logits(m, whole), batch)
        return _ASMoutput(output.reshape(target.shape), -jnp.mean(output))

    def log_prob(self, m: Any, input: Any) -> jax.Array:
        """The log-probabilities of all classes.

        Args:
            input: of shape (N, in_features).

        Returns:
            An array of shape (N, n_classes).
        """
        return adaptive_softmax.log_probabilities(*self._logits(m, input))

    def predict(self, m: Any, input: Any) -> jax.Array:
        """The classes of the largest probability: the argmax of `log_prob`.

        Args:
            input: of shape (N, in_features).

        Returns:
            Integers of shape (N).
        """
        return adaptive_softmax.likeliest(*self._logits(m, input))

    def _logits(self, m: Any, input: Any) -> tuple[jax.Array, list[jax.Array]]:
        x = check.array("AdaptiveLogSoftmaxWithLoss", "input", input)
        check.rank("AdaptiveLogSoftmaxWithLoss", "input", x, (2,), "(N, in_features)")
        return m.head(x), [cluster(x) for cluster in m.tail]
