"""Recurrent layers over sequences."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from purenn import check, init
from purenn import functional as F
from purenn.docstring import documented
from purenn.functional.rnn import documentation
from purenn.functional.rnn.packed import PackedSequence
from purenn.init import Initializer
from purenn.layers.base import Bound, Layer, Spec
from purenn.layers.method import bound_property
from purenn.layers.spec import changed
from purenn.typing import Array, ArrayLike, DTypeLike
from purenn.warn import warn_user

__all__ = ["GRU", "LSTM", "RNN", "RNNBase"]

GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}
MODES = {"tanh": "RNN_TANH", "relu": "RNN_RELU"}


def start(hidden_size: int) -> Initializer:
    """Returns torch's initializer for all arrays of a recurrent layer."""
    bound = 1 / math.sqrt(hidden_size) if hidden_size else 0.0
    return init.uniform(-bound, bound)


class RNNBase(Layer):
    r"""The base of recurrent networks: their arrays, but no ``forward``.

    The parameters of every layer :math:`k = 0, 1, \dots` are ``weight_ih_l{k}`` of shape :math:`(GH, I_k)`,
    ``weight_hh_l{k}`` of shape :math:`(GH, P)`, ``bias_ih_l{k}`` and ``bias_hh_l{k}`` of shape :math:`(GH)`, and with a
    projection ``weight_hr_l{k}`` of shape :math:`(P, H)`. The names of a second direction end with ``_reverse``. All
    start uniform in :math:`\pm 1 / \sqrt H`. :math:`G` is the number of gates: 1, 4 for an LSTM, 3 for a GRU.
    :math:`I_0` is :math:`I`; every other :math:`I_k` is the size of the previous layer's output, :math:`DP` with
    :math:`D` directions.

    Args:
        mode: ``'RNN_TANH'``, ``'RNN_RELU'``, ``'LSTM'`` or ``'GRU'``.
        input_size: the size :math:`I` of an element of a sequence.
        hidden_size: the size :math:`H` of the state.
        num_layers: the number of layers.
        bias: whether there are biases.
        batch_first: whether input and output have shape :math:`(N, L, *)` in place of :math:`(L, N, *)`.
        dropout: the probability with which an element between two layers is replaced by 0 in training.
        bidirectional: whether every layer has a second cell, which runs from the end of the sequence to its start.
        proj_size: the size :math:`P` to which h is projected; 0 for no projection and :math:`P = H`.
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the arrays; float32 if None.

    Raises:
        ValueError: ``mode`` is unknown, a size is below 1, ``dropout`` is no probability, or ``proj_size`` isn't below
            ``hidden_size``.
        TypeError: an argument has a wrong type.

    Source: ``torch.nn.RNNBase``.

    Example:
        >>> import jax
        >>> from purenn import layers, nn
        >>> nn.RNNBase("GRU", 3, 4).weight_ih_l0.shape
        (12, 3)
        >>> params, state = layers.RNNBase("GRU", 3, 4).init(jax.random.key(0))  # the same as a pure function
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

    def normalize(self) -> Mapping[str, Any]:
        name = type(self).__name__
        check.choice(name, "mode", self.mode, tuple(GATES))
        for argument in ("input_size", "hidden_size", "num_layers"):
            check.integer(name, argument, getattr(self, argument), 1)
        for argument in ("bias", "batch_first"):
            check.boolean(name, argument, getattr(self, argument))
        if isinstance(self.dropout, bool) or not isinstance(self.dropout, int | float):
            check.fail(name, "dropout", "be a probability, from 0 to 1", self.dropout)
        check.probability(name, "dropout", self.dropout)
        if not 0 <= check.integer(name, "proj_size", self.proj_size) < self.hidden_size:
            check.fail(name, "proj_size", f"be at least 0 and below hidden_size={self.hidden_size}", self.proj_size)
        if self.dropout > 0 and self.num_layers == 1:
            p = float(self.dropout)
            warn_user(f"{name}: dropout={p} does nothing with num_layers=1: dropout comes between layers")
        return {"dropout": float(self.dropout)}

    def _cells(self) -> list[dict[str, Spec]]:
        """Returns the arrays of every layer and direction, in the order of the functions' ``params``."""
        gates = GATES[self.mode] * self.hidden_size
        directions = ("", "_reverse") if self.bidirectional else ("",)
        out, first, cells = self.proj_size or self.hidden_size, start(self.hidden_size), []
        for layer in range(self.num_layers):
            inputs = out * len(directions) if layer else self.input_size
            shapes: dict[str, tuple[int, ...]] = {"weight_ih": (gates, inputs), "weight_hh": (gates, out)}
            if self.bias:
                shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}
            if self.proj_size:
                shapes["weight_hr"] = (out, self.hidden_size)
            for way in directions:
                cells.append({f"{name}_l{layer}{way}": Spec(shape, first) for name, shape in shapes.items()})
        return cells

    def parameters(self) -> Mapping[str, Spec | None]:
        return {name: spec for cell in self._cells() for name, spec in cell.items()}

    @bound_property
    def all_weights(self, m: Bound) -> list[list[Array]]:
        """The arrays of every layer and direction."""
        return [[getattr(m, name) for name in cell] for cell in self._cells()]

    def flatten_parameters(self, m: Bound) -> None:
        """Does nothing: jax has no memory to arrange."""

    def _arguments(self, m: Bound) -> tuple[Any, ...]:
        """Returns the functions' arguments after the input and the state."""
        params = [getattr(m, name) for name in self.parameters()]
        rng = m.make_rng() if m.training and self.dropout and self.num_layers > 1 else None
        options = (self.bias, self.num_layers, self.dropout, m.training, bool(self.bidirectional), self.batch_first)
        return params, *options, rng

    def extra_repr(self) -> str:
        defaults = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0}
        return f"{self.input_size}, {self.hidden_size}{changed(self, {**defaults, 'bidirectional': False})}"


_NETWORK = r"""$summary

    .. math::
        $equations

    for :math:`t = 1, \dots, L`$signs.$note

    With ``num_layers``, the :math:`x_t` of every further layer are the outputs :math:`h_t` of the one before. With
    ``bidirectional``, every layer has a second cell, which runs from the end of the sequence to its start, and the
    outputs of both are concatenated. The parameters of layer :math:`k = 0, 1, \dots` start uniform in
    :math:`\pm 1 / \sqrt H`:

    $arrays

    where :math:`I` is :math:`D$P` from the second layer on. The parameters of a second cell end with ``_reverse``.

    Args:
        input_size: the size :math:`I` of an element of a sequence.
        hidden_size: the size :math:`H` of the state.
        num_layers: the number :math:`K` of layers.$nonlinearity
        bias: whether there are biases.
        batch_first: whether input and output have shape :math:`(N, L, *)` in place of :math:`(L, N, *)`.
        dropout: the probability with which an element between two layers is replaced by 0 in training.
        bidirectional: whether there are two directions, :math:`D = 2`, not one.$proj_size
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the arrays; float32 if None.

    Shape: a call takes ``input`` and the initial states ``hx``, zeros if None. It returns the outputs of the last layer
    and the last states of all layers and directions.

    $shapes

    The output for a PackedSequence is packed too. ``hx`` is $hx.

    Raises:
        ValueError: a size is below 1, ``dropout`` is no probability, or the arrays of a call don't fit.
        TypeError: an argument has a wrong type, or the dtypes of a call differ.

    Source: ``torch.nn.$name``; $source.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones((5, 3, 10))
        >>> net = nn.$name(10, 20, bidirectional=True)
        >>> y, $h = net(x)
        >>> $printed
        $result
        >>> layer = layers.$name(10, 20, bidirectional=True)  # the same as pure functions
        >>> params, state = layer.init(jax.random.key(0))
        >>> (y, $h), state = layer.apply(params, state, x)
    """


def _words(name: str, gates: str, equations: str, source: str) -> dict[str, str]:
    lstm = name == "LSTM"
    states = {"h": "P" if lstm else "H", **({"c": "H"} if lstm else {})}

    def rows(when: str) -> list[tuple[str, ...]]:
        shapes = [(f":math:`(KD, N, {size})`", f":math:`(KD, {size})`") for size in states.values()]
        names = [f":math:`{state}_{when}`" for state in states]
        return [(name, batch, batch, one) for name, (batch, one) in zip(names, shapes, strict=True)]

    def sequences(name: str, size: str) -> tuple[str, ...]:
        return (f"``{name}``", *(f":math:`({lead}, {size})`" for lead in ("L, N", "N, L", "L")))

    head = ("Array", "Shape", "With ``batch_first``", "One sequence")
    sizes = (head, sequences("input", "I"), *rows("0"), sequences("output", f"D{states['h']}"), *rows("L"))
    names = ("weight_{}h_l{{k}}", "bias_{}h_l{{k}}", "weight_hr_l{k}" if lstm else None)
    return {
        "name": name,
        "equations": equations,
        "signs": documentation.SIGNS if len(gates) > 1 else "",
        "arrays": documentation.arrays(gates, *names),
        "shapes": documentation.table(*sizes),
        "P": states["h"],
        "source": documentation.SOURCES[source],
        "h": "(h, c)" if lstm else "h",
        "hx": "the pair of :math:`h_0` and :math:`c_0`" if lstm else ":math:`h_0`",
        "printed": "y.shape, h.shape, c.shape" if lstm else "y.shape, h.shape",
        "result": "((5, 3, 40), (2, 3, 20), (2, 3, 20))" if lstm else "((5, 3, 40), (2, 3, 20))",
    }


@documented(
    _NETWORK,
    None,
    summary="Runs an Elman network over sequences.",
    note=" With ``nonlinearity='relu'``, :math:`\\max(0, \\cdot)`\n    takes the place of :math:`\\tanh`.",
    nonlinearity="\n        nonlinearity: ``'tanh'`` or ``'relu'``.",
    proj_size="",
    **_words("RNN", "h", documentation.RNN_TANH, "RNN"),
)
class RNN(RNNBase):
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
        device: object = None,
        dtype: DTypeLike | None = None,
    ):
        check.choice("RNN", "nonlinearity", nonlinearity, tuple(MODES))
        sizes = (input_size, hidden_size, num_layers)
        super().__init__(MODES[nonlinearity], *sizes, bias, batch_first, dropout, bidirectional, 0, device, dtype)

    def normalize(self) -> Mapping[str, Any]:
        nonlinearity = "tanh" if self.mode == "RNN_TANH" else "relu"
        return {**super().normalize(), "nonlinearity": nonlinearity}

    def forward(self, m: Bound, input: ArrayLike | PackedSequence, hx: ArrayLike | None = None) -> tuple[Any, Array]:
        network = F.rnn_tanh if self.nonlinearity == "tanh" else F.rnn_relu
        return network(input, hx, *self._arguments(m))


@documented(
    _NETWORK,
    None,
    summary="Runs a long short-term memory over sequences.",
    note=" With ``proj_size``,\n    :math:`h_t = W_{hr}\\, (o_t \\odot \\tanh(c_t))` has size :math:`P`.",
    nonlinearity="",
    proj_size="\n        proj_size: the size :math:`P` to which h is projected; 0 for no projection and P = H.",
    **_words("LSTM", "ifgo", documentation.LSTM, "LSTM"),
)
class LSTM(RNNBase):
    mode: str = dataclasses.field(default="LSTM", init=False)

    def forward(
        self, m: Bound, input: ArrayLike | PackedSequence, hx: Sequence[ArrayLike] | None = None
    ) -> tuple[Any, tuple[Array, Array]]:
        output, h, c = F.lstm(input, hx, *self._arguments(m))
        return output, (h, c)


@documented(
    _NETWORK,
    None,
    summary="Runs a gated recurrent unit over sequences.",
    note="",
    nonlinearity="",
    proj_size="",
    **_words("GRU", "rzn", documentation.GRU, "GRU"),
)
class GRU(RNNBase):
    mode: str = dataclasses.field(default="GRU", init=False)
    proj_size: int = dataclasses.field(default=0, init=False)

    def forward(self, m: Bound, input: ArrayLike | PackedSequence, hx: ArrayLike | None = None) -> tuple[Any, Array]:
        return F.gru(input, hx, *self._arguments(m))
