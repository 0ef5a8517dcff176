"""Recurrent cells: one step of a network."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from purenn import check
from purenn import functional as F
from purenn.docstring import documented
from purenn.functional.rnn import documentation
from purenn.layers.base import Bound, Layer, Spec
from purenn.layers.rnn import MODES, start
from purenn.layers.spec import changed
from purenn.typing import Array, ArrayLike, DTypeLike

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]


class RNNCellBase(Layer):
    r"""The base of recurrent cells: their arrays, but no ``forward``.

    The parameters are ``weight_ih`` of shape :math:`(GH, I)`, ``weight_hh`` of shape :math:`(GH, H)`, ``bias_ih`` and
    ``bias_hh`` of shape :math:`(GH)`. All start uniform in :math:`\pm 1 / \sqrt H`.

    Args:
        input_size: the size :math:`I` of the input.
        hidden_size: the size :math:`H` of the state.
        bias: whether there are biases.
        num_chunks: the number :math:`G` of gates.
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the arrays; float32 if None.

    Raises:
        ValueError: a size is below 0.
        TypeError: a size isn't an integer.

    Source: ``torch.nn.RNNCellBase``.

    Example:
        >>> import jax
        >>> from purenn import layers, nn
        >>> nn.RNNCellBase(3, 4, False, 2).weight_ih.shape
        (8, 3)
        >>> params, state = layers.RNNCellBase(3, 4, False, 2).init(jax.random.key(0))  # the same as a pure function
        >>> {name: a.shape for name, a in params.items()}
        {'weight_ih': (8, 3), 'weight_hh': (8, 4)}
    """

    input_size: int
    hidden_size: int
    bias: bool
    num_chunks: int
    device: Any = None
    dtype: DTypeLike | None = None

    def normalize(self) -> Mapping[str, Any]:
        for argument in ("input_size", "hidden_size", "num_chunks"):
            check.integer(type(self).__name__, argument, getattr(self, argument), 0)
        return {}

    def parameters(self) -> Mapping[str, Spec | None]:
        gates, first = self.num_chunks * self.hidden_size, start(self.hidden_size)
        return {
            "weight_ih": Spec((gates, self.input_size), first),
            "weight_hh": Spec((gates, self.hidden_size), first),
            "bias_ih": Spec((gates,), first) if self.bias else None,
            "bias_hh": Spec((gates,), first) if self.bias else None,
        }

    def extra_repr(self) -> str:
        parts = f"{self.input_size}, {self.hidden_size}"
        return parts if self.bias is True else f"{parts}, bias={self.bias}"


_CELL = r"""$summary

    .. math::
        $equations

    $note

    The parameters start uniform in :math:`\pm 1 / \sqrt H`:

    $arrays

    Args:
        input_size: the size :math:`I` of the input.
        hidden_size: the size :math:`H` of the state.
        bias: whether there are biases.$nonlinearity
        device: Ignored; accepted for compatibility with PyTorch.
        dtype: the dtype of the arrays; float32 if None.

    Shape: a call takes ``input`` and the state ``hx``, zeros if None. It returns the next state.

    $shapes

    $pair

    Raises:
        ValueError: a size is below 0, or the arrays of a call don't fit.
        TypeError: a size isn't an integer, or the dtypes of a call differ.

    Source: ``torch.nn.$name``; $source.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> x = jnp.ones((3, 10))
        >>> cell = nn.$name(10, 20)
        >>> $h = cell(x)
        >>> $printed
        >>> layer = layers.$name(10, 20)  # the same as pure functions
        >>> params, state = layer.init(jax.random.key(0))
        >>> $pure, state = layer.apply(params, state, x)
    """


def _words(name: str, gates: str, equations: str, source: str) -> dict[str, str]:
    states = ("h", "c") if name == "LSTMCell" else ("h",)
    rows = [(f":math:`{state}`, :math:`{state}'`", ":math:`(N, H)`", ":math:`(H)`") for state in states]
    head, first = ("Array", "Shape", "One sample"), ("``input``", ":math:`(N, I)`", ":math:`(I)`")
    return {
        "name": name,
        "equations": documentation.one_step(equations),
        "arrays": documentation.arrays(gates, "weight_{}h", "bias_{}h", None),
        "shapes": documentation.table(head, first, *rows),
        "source": documentation.SOURCES[source],
        "pair": "``hx`` is the pair of :math:`h` and :math:`c`, the result the pair of :math:`h'` and :math:`c'`."
        if name == "LSTMCell"
        else "``hx`` is :math:`h`, the result :math:`h'`.",
        "h": ", ".join(states),
        "pure": "(h, c)" if name == "LSTMCell" else "h",
        "printed": "h.shape, c.shape\n        ((3, 20), (3, 20))" if name == "LSTMCell" else "h.shape\n        (3, 20)",
        "note": documentation.SIGNS.removeprefix(", ") + ".",
        "nonlinearity": "",
    }


@documented(
    _CELL,
    None,
    **{
        **_words("RNNCell", "h", documentation.RNN_TANH, "RNN"),
        "summary": "Takes one step of an Elman network.",
        "note": "With ``nonlinearity='relu'``, :math:`\\max(0, \\cdot)` takes the place of :math:`\\tanh`.",
        "nonlinearity": "\n        nonlinearity: ``'tanh'`` or ``'relu'``.",
    },
)
class RNNCell(RNNCellBase):
    num_chunks: int = dataclasses.field(default=1, init=False)
    nonlinearity: str = "tanh"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: object = None,
        dtype: DTypeLike | None = None,
    ):
        object.__setattr__(self, "nonlinearity", nonlinearity)
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)

    def normalize(self) -> Mapping[str, Any]:
        check.choice("RNNCell", "nonlinearity", self.nonlinearity, tuple(MODES))
        return super().normalize()

    def forward(self, m: Bound, input: ArrayLike, hx: ArrayLike | None = None) -> Array:
        cell = F.rnn_tanh_cell if self.nonlinearity == "tanh" else F.rnn_relu_cell
        return cell(input, hx, m.weight_ih, m.weight_hh, m.bias_ih, m.bias_hh)

    def extra_repr(self) -> str:
        return super().extra_repr() + changed(self, {"nonlinearity": "tanh"})


@documented(
    _CELL,
    None,
    summary="Takes one step of a long short-term memory.",
    **_words("LSTMCell", "ifgo", documentation.LSTM, "LSTM"),
)
class LSTMCell(RNNCellBase):
    bias: bool = True
    num_chunks: int = dataclasses.field(default=4, init=False)

    def forward(self, m: Bound, input: ArrayLike, hx: Sequence[ArrayLike] | None = None) -> tuple[Array, Array]:
        return F.lstm_cell(input, hx, m.weight_ih, m.weight_hh, m.bias_ih, m.bias_hh)


@documented(
    _CELL,
    None,
    summary="Takes one step of a gated recurrent unit.",
    **_words("GRUCell", "rzn", documentation.GRU, "GRU"),
)
class GRUCell(RNNCellBase):
    bias: bool = True
    num_chunks: int = dataclasses.field(default=3, init=False)

    def forward(self, m: Bound, input: ArrayLike, hx: ArrayLike | None = None) -> Array:
        return F.gru_cell(input, hx, m.weight_ih, m.weight_hh, m.bias_ih, m.bias_hh)
