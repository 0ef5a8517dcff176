"""Recurrent cells, and networks of them over sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax

from purenn.functional.rnn import engine
from purenn.functional.rnn.packed import PackedSequence
from purenn.lowering.rnn import GRU, LSTM, RNN_RELU, RNN_TANH

__all__ = ["gru", "gru_cell", "lstm", "lstm_cell", "rnn_relu", "rnn_relu_cell", "rnn_tanh", "rnn_tanh_cell"]


def rnn_tanh_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> jax.Array:
    r"""One step of Elman's network: :math:`h' = \tanh(W_{ih}\, x + b_{ih} + W_{hh}\, h + b_{hh})`.

    Args:
        input: :math:`x`, of shape :math:`(N, I)` or :math:`(I)`.
        hx: :math:`h`, of shape :math:`(N, H)` or :math:`(H)`; None for zeros.
        w_ih: of shape :math:`(H, I)`.
        w_hh: of shape :math:`(H, H)`.
        b_ih: of shape :math:`(H)`.
        b_hh: of shape :math:`(H)`.

    Returns:
        :math:`h'`, of the shape of :math:`h`.

    Raises:
        ValueError: ranks or shapes that don't fit.
        TypeError: dtypes that differ.

    Source: ``torch.rnn_tanh_cell``; Elman, 1990.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.rnn_tanh_cell(jnp.ones((2, 3)), jnp.zeros((2, 4)), jnp.ones((4, 3)), jnp.ones((4, 4))).shape
        (2, 4)
    """
    return engine.run_cell("rnn_tanh_cell", RNN_TANH, input, hx, w_ih, w_hh, b_ih, b_hh)[0]


def rnn_relu_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> jax.Array:
    r"""One step of Elman's network with a ramp: :math:`h' = \max(0, W_{ih}\, x + b_{ih} + W_{hh}\, h + b_{hh})`.

    Args:
        input: :math:`x`, of shape :math:`(N, I)` or :math:`(I)`.
        hx: :math:`h`, of shape :math:`(N, H)` or :math:`(H)`; None for zeros.
        w_ih: of shape :math:`(H, I)`.
        w_hh: of shape :math:`(H, H)`.
        b_ih: of shape :math:`(H)`.
        b_hh: of shape :math:`(H)`.

    Returns:
        :math:`h'`, of the shape of :math:`h`.

    Raises:
        ValueError: ranks or shapes that don't fit.
        TypeError: dtypes that differ.

    Source: ``torch.rnn_relu_cell``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.rnn_relu_cell(jnp.ones(3), jnp.zeros(2), jnp.ones((2, 3)), jnp.ones((2, 2))).tolist()
        [3.0, 3.0]
    """
    return engine.run_cell("rnn_relu_cell", RNN_RELU, input, hx, w_ih, w_hh, b_ih, b_hh)[0]


def lstm_cell(
    input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None
) -> tuple[jax.Array, jax.Array]:
    r"""One step of a long short-term memory.

    .. math:: c' = \sigma(f)\, c + \sigma(i) \tanh(g), \qquad h' = \sigma(o) \tanh(c')

    with :math:`(i, f, g, o)` the quarters of :math:`W_{ih}\, x + b_{ih} + W_{hh}\, h + b_{hh}`.

    Args:
        input: :math:`x`, of shape :math:`(N, I)` or :math:`(I)`.
        hx: the pair of :math:`h` and :math:`c`, of shape :math:`(N, H)` or :math:`(H)` each; None for zeros.
        w_ih: of shape :math:`(4H, I)`.
        w_hh: of shape :math:`(4H, H)`.
        b_ih: of shape :math:`(4H)`.
        b_hh: of shape :math:`(4H)`.

    Returns:
        :math:`h'` and :math:`c'`.

    Raises:
        ValueError: ranks or shapes that don't fit.
        TypeError: dtypes that differ, or hx is no pair.

    Source: ``torch.lstm_cell``; Hochreiter and Schmidhuber, 1997.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> h, c = F.lstm_cell(jnp.ones((2, 3)), None, jnp.ones((16, 3)), jnp.ones((16, 4)))
        >>> h.shape, c.shape
        ((2, 4), (2, 4))
    """
    h, c = engine.run_cell("lstm_cell", LSTM, input, hx, w_ih, w_hh, b_ih, b_hh)
    return h, c


def gru_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> jax.Array:
    r"""One step of a gated recurrent unit.

    .. math:: n = \tanh(a_n + \sigma(a_r + b_r)\, b_n), \qquad h' = \bigl(1 - \sigma(a_z + b_z)\bigr)\, n +
        \sigma(a_z + b_z)\, h

    with :math:`(a_r, a_z, a_n)` the thirds of :math:`W_{ih}\, x + b_{ih}` and :math:`(b_r, b_z, b_n)` those of
    :math:`W_{hh}\, h + b_{hh}`.

    Args:
        input: :math:`x`, of shape :math:`(N, I)` or :math:`(I)`.
        hx: :math:`h`, of shape :math:`(N, H)` or :math:`(H)`; None for zeros.
        w_ih: of shape :math:`(3H, I)`.
        w_hh: of shape :math:`(3H, H)`.
        b_ih: of shape :math:`(3H)`.
        b_hh: of shape :math:`(3H)`.

    Returns:
        :math:`h'`, of the shape of :math:`h`.

    Raises:
        ValueError: ranks or shapes that don't fit.
        TypeError: dtypes that differ.

    Source: ``torch.gru_cell``; Cho et al., 2014.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> F.gru_cell(jnp.ones((2, 3)), jnp.zeros((2, 4)), jnp.ones((12, 3)), jnp.ones((12, 4))).shape
        (2, 4)
    """
    return engine.run_cell("gru_cell", GRU, input, hx, w_ih, w_hh, b_ih, b_hh)[0]


Output = jax.Array | PackedSequence


def rnn_tanh(
    input: Any,
    hx: Any,
    params: Sequence[Any],
    has_biases: bool = True,
    num_layers: int = 1,
    dropout: float = 0.0,
    train: bool = False,
    bidirectional: bool = False,
    batch_first: bool = False,
    rng: Any = None,
) -> tuple[Output, jax.Array]:
    r"""Runs layers of `rnn_tanh_cell` over sequences, the next on the outputs of the one before.

    With two directions a second cell runs from the end of the sequence to its start, and the outputs of both are put
    together.

    Args:
        input: of shape :math:`(L, N, I)` or, of one sequence, :math:`(L, I)`; or a PackedSequence.
        hx: the state to start from, of shape :math:`(ND, N, H)` or :math:`(ND, H)` with one row for each of the layers
            and their :math:`D` directions; None for zeros.
        params: the arrays ``w_ih, w_hh, b_ih, b_hh`` of the first layer, then, with two directions, those of its
            way back, then of the next layer, and so on.
        has_biases: whether there are ``b_ih`` and ``b_hh`` among them.
        num_layers: how many layers.
        dropout: the probability with which elements between layers are dropped.
        train: whether any are.
        bidirectional: whether there are two directions.
        batch_first: whether input and output are of shape :math:`(N, L, *)`.
        rng: a jax key; needed where something is dropped.

    Returns:
        The outputs of the last layer, of shape :math:`(L, N, DH)`, or packed as the input was, and the last
        states of all layers, like ``hx``.

    Raises:
        ValueError: ranks, shapes or numbers of params that don't fit, or there is no rng where it's needed.
        TypeError: dtypes that differ.

    Source: ``torch.rnn_tanh``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> params = [jnp.ones((4, 3)), jnp.ones((4, 4))]
        >>> y, h = F.rnn_tanh(jnp.ones((5, 2, 3)), None, params, has_biases=False)
        >>> y.shape, h.shape
        ((5, 2, 4), (1, 2, 4))
    """
    options = (has_biases, num_layers, dropout, train, bidirectional, batch_first, rng)
    output, h = engine.run("rnn_tanh", RNN_TANH, input, hx, params, *options)
    return output, h


def rnn_relu(
    input: Any,
    hx: Any,
    params: Sequence[Any],
    has_biases: bool = True,
    num_layers: int = 1,
    dropout: float = 0.0,
    train: bool = False,
    bidirectional: bool = False,
    batch_first: bool = False,
    rng: Any = None,
) -> tuple[Output, jax.Array]:
    """Runs layers of `rnn_relu_cell` over sequences; arguments and what is returned are those of `rnn_tanh`.

    Source: ``torch.rnn_relu``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> params = [jnp.ones((1, 3)), jnp.ones((1, 1)), jnp.zeros(1), jnp.zeros(1)]
        >>> F.rnn_relu(jnp.ones((3, 3)), None, params)[0].tolist()
        [[3.0], [6.0], [9.0]]
    """
    options = (has_biases, num_layers, dropout, train, bidirectional, batch_first, rng)
    output, h = engine.run("rnn_relu", RNN_RELU, input, hx, params, *options)
    return output, h


def lstm(
    input: Any,
    hx: Any,
    params: Sequence[Any],
    has_biases: bool = True,
    num_layers: int = 1,
    dropout: float = 0.0,
    train: bool = False,
    bidirectional: bool = False,
    batch_first: bool = False,
    rng: Any = None,
) -> tuple[Output, jax.Array, jax.Array]:
    r"""Runs layers of `lstm_cell` over sequences; arguments are those of `rnn_tanh`, but for two.

    Args:
        hx: the pair of :math:`h`, of shape :math:`(ND, N, P)`, and :math:`c`, of shape :math:`(ND, N, H)`; None for
            zeros.
        params: with a fifth array for each cell, or a third without biases, of shape :math:`(P, H)`, its :math:`h` is
            projected by it to size :math:`P`; without, :math:`P` is :math:`H`.

    Returns:
        The outputs of the last layer, of shape :math:`(L, N, DP)`, or packed as the input was, and the last h and the
        last c of all layers.

    Raises:
        ValueError: ranks, shapes or numbers of params that don't fit, or there is no rng where it's needed.
        TypeError: dtypes that differ, or hx is no pair.

    Source: ``torch.lstm``; the projection: Sak, Senior and Beaufays, 2014.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> params = [jnp.ones((16, 3)), jnp.ones((16, 2)), jnp.ones((2, 4))]
        >>> y, h, c = F.lstm(jnp.ones((5, 1, 3)), None, params, has_biases=False)
        >>> y.shape, h.shape, c.shape
        ((5, 1, 2), (1, 1, 2), (1, 1, 4))
    """
    options = (has_biases, num_layers, dropout, train, bidirectional, batch_first, rng)
    output, h, c = engine.run("lstm", LSTM, input, hx, params, *options)
    return output, h, c


def gru(
    input: Any,
    hx: Any,
    params: Sequence[Any],
    has_biases: bool = True,
    num_layers: int = 1,
    dropout: float = 0.0,
    train: bool = False,
    bidirectional: bool = False,
    batch_first: bool = False,
    rng: Any = None,
) -> tuple[Output, jax.Array]:
    """Runs layers of `gru_cell` over sequences; arguments and what is returned are those of `rnn_tanh`.

    Source: ``torch.gru``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        >>> params = [jnp.ones((12, 3)), jnp.ones((12, 4)), jnp.zeros(12), jnp.zeros(12)]
        >>> y, h = F.gru(jnp.ones((2, 5, 3)), None, params, batch_first=True)
        >>> y.shape, h.shape
        ((2, 5, 4), (1, 2, 4))
    """
    options = (has_biases, num_layers, dropout, train, bidirectional, batch_first, rng)
    output, h = engine.run("gru", GRU, input, hx, params, *options)
    return output, h
