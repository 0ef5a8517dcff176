"""Recurrent layers."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Mapping
from typing import Any

from jax.typing import DTypeLike

from purenn import check, init
from purenn import functional as F
from purenn.layers.base import Layer, Spec
from purenn.layers.method import bound_property

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNBase", "RNNCell", "RNNCellBase"]

_NETWORKS = {"RNN_TANH": (1, F.rnn_tanh), "RNN_RELU": (1, F.rnn_relu), "LSTM": (4, F.lstm), "GRU": (3, F.gru)}
_MODES = {"tanh": "RNN_TANH", "relu": "RNN_RELU"}


def _start(hidden_size: int) -> Any:
    """Torch's start for all arrays of a recurrent layer."""
    bound = 1 / math.sqrt(hidden_size) if hidden_size else 0.0
    return init.uniform(-bound, bound)


class RNNBase(Layer):
    r"""What recurrent networks have in common: their arrays, but no ``forward``.

    Its arrays are, for each layer k and with ``_reverse`` behind the name for the way back, ``weight_ih_l{k}`` of shape
    :math:`(GH, I_k)`, ``weight_hh_l{k}`` of shape :math:`(GH, P)`, ``bias_ih_l{k}`` and ``bias_hh_l{k}`` of shape
    :math:`(GH)`, and under a projection ``weight_hr_l{k}`` of shape :math:`(P, H)`, all uniform in
    :math:`\pm 1 / \sqrt H` at first; :math:`G` is the number of gates, 1, 4 or 3, and :math:`I_k` the size of the input
    or that of the outputs of both directions of the layer before.

    Args:
        mode: ``'RNN_TANH'``, ``'RNN_RELU'``, ``'LSTM'`` or ``'GRU'``.
        input_size: the size of each element, :math:`I_0`.
        hidden_size: the size of the state, :math:`H`.
        num_layers: how many layers there are, each on the outputs of the one before.
        bias: whether there are biases.
        batch_first: whether input and output are of shape :math:`(N, L, *)`.
        dropout: the probability with which outputs of all layers but the last are dropped in training.
        bidirectional: whether each layer has a second cell, which runs from the end to the start.
        proj_size: the size :math:`P` to which h is projected; 0 for none, then :math:`P = H`.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.

    Source: ``torch.nn.RNNBase``.

    Example:
        >>> import jax
        >>> from purenn import layers
        >>> params, _ = layers.RNNBase("GRU", 3, 4).init(jax.random.key(0))
        >>> {name: a.shape for name, a in params.items() if "weight" in name}
        {'weight_ih_l0': (12, 3), 'weight_hh_l0': (12, 4)}
    """

    mode: str
    input_size: int
    hidden_size: int
    num_layers: int = 1
    bias: bool = True
    batch_first: bool = False
    dropout: float = 0.0
    bidirectional: bool = False
    proj_size: int = 0
    device: Any = None
    dtype: DTypeLike | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        name = type(self).__name__
        check.choice(name, "mode", self.mode, tuple(_NETWORKS))
        for argument in ("input_size", "hidden_size", "num_layers"):
            check.integer(name, argument, getattr(self, argument), 1)
        for argument in ("bias", "batch_first"):
            check.boolean(name, argument, getattr(self, argument))
        if isinstance(self.dropout, bool) or not isinstance(self.dropout, int | float):
            check.fail(name, "dropout", "be a probability, from 0 to 1", self.dropout)
        check.probability(name, "dropout", self.dropout)
        object.__setattr__(self, "dropout", float(self.dropout))
        if not 0 <= check.integer(name, "proj_size", self.proj_size) < self.hidden_size:
            check.fail(name, "proj_size", f"be at least 0 and below hidden_size={self.hidden_size}", self.proj_size)
        if self.dropout > 0 and self.num_layers == 1:
            text = f"{name}: dropout={self.dropout} does nothing with num_layers=1: it comes between layers"
            warnings.warn(text, stacklevel=4)

    def _cells(self) -> list[dict[str, Spec]]:
        """The arrays of every layer and direction, in the order in which the functions take them."""
        gates = _NETWORKS[self.mode][0] * self.hidden_size
        directions = ("", "_reverse") if self.bidirectional else ("",)
        out, start, cells = self.proj_size or self.hidden_size, _start(self.hidden_size), []
        for layer in range(self.num_layers):
            inputs = out * len(directions) if layer else self.input_size
            shapes: dict[str, tuple[int, ...]] = {"weight_ih": (gates, inputs), "weight_hh": (gates, out)}
            if self.bias:
                shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}
            if self.proj_size:
                shapes["weight_hr"] = (out, self.hidden_size)
            for way in directions:
                cells.append({f"{name}_l{layer}{way}": Spec(shape, start) for name, shape in shapes.items()})
        return cells

    def parameters(self) -> Mapping[str, Spec | None]:
        return {name: spec for cell in self._cells() for name, spec in cell.items()}

    @bound_property
    def all_weights(self, m: Any) -> list[list[Any]]:
        """The arrays of every layer and direction."""
        return [[getattr(m, name) for name in cell] for cell in self._cells()]

    def flatten_parameters(self, m: Any) -> None:
        """Does nothing: there is no memory to arrange."""

    def _network(self, m: Any, input: Any, hx: Any) -> Any:
        params = [getattr(m, name) for name in self.parameters()]
        rng = m.make_rng() if m.training and self.dropout and self.num_layers > 1 else None
        options = (self.bias, self.num_layers, self.dropout, m.training, bool(self.bidirectional), self.batch_first)
        return _NETWORKS[self.mode][1](input, hx, params, *options, rng)

    def extra_repr(self) -> str:
        parts = f"{self.input_size}, {self.hidden_size}"
        defaults = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0}
        for name, default in {**defaults, "bidirectional": False}.items():
            if getattr(self, name) != default:
                parts += f", {name}={getattr(self, name)}"
        return parts


class RNN(RNNBase):
    r"""Runs an Elman network over sequences: :math:`h_t = \tanh(W_{ih}\, x_t + b_{ih} + W_{hh}\, h_{t-1} + b_{hh})`.

    Its arrays are those of `RNNBase`.

    Args:
        input_size: the size of each element, :math:`I`.
        hidden_size: the size of the state, :math:`H`.
        num_layers: how many layers there are, each on the outputs of the one before.
        nonlinearity: ``'tanh'``, or ``'relu'`` in its place.
        bias: whether there are biases.
        batch_first: whether input and output are of shape :math:`(N, L, *)`.
        dropout: the probability with which outputs of all layers but the last are dropped in training.
        bidirectional: whether each layer has a second cell, which runs from the end to the start.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.

    Shape: an input :math:`(L, N, I)` or :math:`(L, I)`, or a PackedSequence, and optionally states
    :math:`(ND, N, H)` or :math:`(ND, H)` of all layers and their :math:`D` directions, to outputs
    :math:`(L, N, DH)` or :math:`(L, DH)`, or packed, and the last states.

    Source: ``torch.nn.RNN``; Elman, 1990.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.RNN(10, 20, 2)
        >>> (y, h), _ = layer.apply(*layer.init(jax.random.key(0)), jnp.ones((5, 3, 10)))
        >>> y.shape, h.shape
        ((5, 3, 20), (2, 3, 20))
    """

    mode: str = dataclasses.field(default="RNN_TANH", init=False)
    proj_size: int = dataclasses.field(default=0, init=False)
    nonlinearity: str = "tanh"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: DTypeLike | None = None,
    ):
        check.choice("RNN", "nonlinearity", nonlinearity, tuple(_MODES))
        given = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        vars(self).update(given, mode=_MODES[nonlinearity])
        self.__post_init__()

    def forward(self, m: Any, input: Any, hx: Any = None) -> Any:
        return self._network(m, input, hx)


class LSTM(RNNBase):
    r"""Runs a long short-term memory over sequences; `purenn.functional.lstm_cell` has the formula.

    Its arrays are those of `RNNBase`, with the gates i, f, g and o one below the other.

    Args:
        input_size: the size of each element, :math:`I`.
        hidden_size: the size of the state, :math:`H`.
        num_layers: how many layers there are, each on the outputs of the one before.
        bias: whether there are biases.
        batch_first: whether input and output are of shape :math:`(N, L, *)`.
        dropout: the probability with which outputs of all layers but the last are dropped in training.
        bidirectional: whether each layer has a second cell, which runs from the end to the start.
        proj_size: the size :math:`P` to which h is projected; 0 for none, then :math:`P = H`.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.

    Shape: an input :math:`(L, N, I)` or :math:`(L, I)`, or a PackedSequence, and optionally a pair of states
    :math:`(ND, N, P)` and :math:`(ND, N, H)` of all layers and their :math:`D` directions, without :math:`N` for an
    input without, to outputs :math:`(L, N, DP)` or :math:`(L, DP)`, or packed, and the pair of the last states.

    Source: ``torch.nn.LSTM``; Hochreiter and Schmidhuber, 1997.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.LSTM(10, 20, bidirectional=True)
        >>> (y, (h, c)), _ = layer.apply(*layer.init(jax.random.key(0)), jnp.ones((5, 3, 10)))
        >>> y.shape, h.shape, c.shape
        ((5, 3, 40), (2, 3, 20), (2, 3, 20))
    """

    mode: str = dataclasses.field(default="LSTM", init=False)

    def forward(self, m: Any, input: Any, hx: Any = None) -> Any:
        output, h, c = self._network(m, input, hx)
        return output, (h, c)


class GRU(RNNBase):
    r"""Runs a gated recurrent unit over sequences; `purenn.functional.gru_cell` has the formula.

    Its arrays are those of `RNNBase`, with the gates r, z and n one below the other.

    Args:
        input_size: the size of each element, :math:`I`.
        hidden_size: the size of the state, :math:`H`.
        num_layers: how many layers there are, each on the outputs of the one before.
        bias: whether there are biases.
        batch_first: whether input and output are of shape :math:`(N, L, *)`.
        dropout: the probability with which outputs of all layers but the last are dropped in training.
        bidirectional: whether each layer has a second cell, which runs from the end to the start.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.

    Shape: as `RNN`'s.

    Source: ``torch.nn.GRU``; Cho et al., 2014.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.GRU(10, 20, 2)
        >>> (y, h), _ = layer.apply(*layer.init(jax.random.key(0)), jnp.ones((5, 3, 10)))
        >>> y.shape, h.shape
        ((5, 3, 20), (2, 3, 20))
    """

    mode: str = dataclasses.field(default="GRU", init=False)
    proj_size: int = dataclasses.field(default=0, init=False)

    def forward(self, m: Any, input: Any, hx: Any = None) -> Any:
        return self._network(m, input, hx)


class RNNCellBase(Layer):
    r"""What recurrent cells have in common: their arrays, but no ``forward``.

    Its arrays are ``weight_ih`` of shape :math:`(GH, I)`, ``weight_hh`` of shape :math:`(GH, H)`, ``bias_ih`` and
    ``bias_hh`` of shape :math:`(GH)`, all uniform in :math:`\pm 1 / \sqrt H` at first.

    Args:
        input_size: the size of the input, :math:`I`.
        hidden_size: the size of the state, :math:`H`.
        bias: whether there are biases.
        num_chunks: the number of gates, :math:`G`.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.

    Source: ``torch.nn.RNNCellBase``.

    Example:
        >>> import jax
        >>> from purenn import layers
        >>> params, _ = layers.RNNCellBase(3, 4, False, 2).init(jax.random.key(0))
        >>> {name: a.shape for name, a in params.items()}
        {'weight_ih': (8, 3), 'weight_hh': (8, 4)}
    """

    input_size: int
    hidden_size: int
    bias: bool
    num_chunks: int
    device: Any = None
    dtype: DTypeLike | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for argument in ("input_size", "hidden_size", "num_chunks"):
            check.integer(type(self).__name__, argument, getattr(self, argument), 0)

    def parameters(self) -> Mapping[str, Spec | None]:
        gates, start = self.num_chunks * self.hidden_size, _start(self.hidden_size)
        return {
            "weight_ih": Spec((gates, self.input_size), start),
            "weight_hh": Spec((gates, self.hidden_size), start),
            "bias_ih": Spec((gates,), start) if self.bias else None,
            "bias_hh": Spec((gates,), start) if self.bias else None,
        }

    def _cell(self, function: Any, m: Any, input: Any, hx: Any) -> Any:
        return function(input, hx, m.weight_ih, m.weight_hh, m.bias_ih, m.bias_hh)

    def extra_repr(self) -> str:
        parts = f"{self.input_size}, {self.hidden_size}"
        return parts if self.bias is True else f"{parts}, bias={self.bias}"


class RNNCell(RNNCellBase):
    r"""One step of Elman's network: :math:`h' = \tanh(W_{ih}\, x + b_{ih} + W_{hh}\, h + b_{hh})`.

    Its arrays are those of `RNNCellBase` with 1 gate.

    Args:
        input_size: the size of the input, :math:`I`.
        hidden_size: the size of the state, :math:`H`.
        bias: whether there are biases.
        nonlinearity: ``'tanh'``, or ``'relu'`` in its place.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.

    Shape: an input :math:`(N, I)` or :math:`(I)`, and optionally a state :math:`(N, H)` or :math:`(H)`, to the next
    state.

    Source: ``torch.nn.RNNCell``; Elman, 1990.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.RNNCell(10, 20)
        >>> h, _ = layer.apply(*layer.init(jax.random.key(0)), jnp.ones((3, 10)))
        >>> h.shape
        (3, 20)
    """

    num_chunks: int = dataclasses.field(default=1, init=False)
    nonlinearity: str = "tanh"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: DTypeLike | None = None,
    ):
        check.choice("RNNCell", "nonlinearity", nonlinearity, tuple(_MODES))
        vars(self).update({name: value for name, value in locals().items() if name not in ("self", "__class__")})
        self.__post_init__()

    def forward(self, m: Any, input: Any, hx: Any = None) -> Any:
        return self._cell(F.rnn_tanh_cell if self.nonlinearity == "tanh" else F.rnn_relu_cell, m, input, hx)

    def extra_repr(self) -> str:
        parts = super().extra_repr()
        return parts if self.nonlinearity == "tanh" else f"{parts}, nonlinearity={self.nonlinearity}"


class LSTMCell(RNNCellBase):
    """One step of a long short-term memory; `purenn.functional.lstm_cell` has the formula.

    Its arrays are those of `RNNCellBase`, with the gates i, f, g and o one below the other.

    Args:
        input_size: the size of the input, :math:`I`.
        hidden_size: the size of the state, :math:`H`.
        bias: whether there are biases.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.

    Shape: an input :math:`(N, I)` or :math:`(I)`, and optionally a pair of h and c, :math:`(N, H)` or :math:`(H)`
    each, to the next pair.

    Source: ``torch.nn.LSTMCell``; Hochreiter and Schmidhuber, 1997.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.LSTMCell(10, 20)
        >>> (h, c), _ = layer.apply(*layer.init(jax.random.key(0)), jnp.ones((3, 10)))
        >>> h.shape, c.shape
        ((3, 20), (3, 20))
    """

    bias: bool = True
    num_chunks: int = dataclasses.field(default=4, init=False)

    def forward(self, m: Any, input: Any, hx: Any = None) -> Any:
        return self._cell(F.lstm_cell, m, input, hx)


class GRUCell(RNNCellBase):
    """One step of a gated recurrent unit; `purenn.functional.gru_cell` has the formula.

    Its arrays are those of `RNNCellBase`, with the gates r, z and n one below the other.

    Args:
        input_size: the size of the input, :math:`I`.
        hidden_size: the size of the state, :math:`H`.
        bias: whether there are biases.
        device: accepted for torch's sake.
        dtype: of the arrays; float32 if None.

    Shape: as `RNNCell`'s.

    Source: ``torch.nn.GRUCell``; Cho et al., 2014.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> layer = layers.GRUCell(10, 20)
        >>> h, _ = layer.apply(*layer.init(jax.random.key(0)), jnp.ones((3, 10)))
        >>> h.shape
        (3, 20)
    """

    bias: bool = True
    num_chunks: int = dataclasses.field(default=3, init=False)

    def forward(self, m: Any, input: Any, hx: Any = None) -> Any:
        return self._cell(F.gru_cell, m, input, hx)
