"""Recurrent networks: layers of cells over sequences."""

from __future__ import annotations

from collections.abc import Sequence

from purenn.docstring import documented
from purenn.functional.rnn import documentation, engine
from purenn.functional.rnn.packed import PackedSequence
from purenn.lowering.rnn_steps import GRU, LSTM, RNN_RELU, RNN_TANH
from purenn.typing import Array, ArrayLike, Key

__all__ = ["gru", "lstm", "rnn_relu", "rnn_tanh"]

Sequences = ArrayLike | PackedSequence
Output = Array | PackedSequence

_NETWORK = r"""$summary

    .. math::
        $equations

    for :math:`t = 1, \dots, L`$signs.$projection

    The next layer runs over the outputs :math:`h_t` of the one before as its :math:`x_t`. With two directions, every
    layer has a second cell, which runs from the end of the sequence to its start, and the outputs of both are
    concatenated. Every cell has the arrays

    $arrays

    where :math:`L` is the length of the sequences, :math:`N` their number, :math:`I` the size of an element (from the
    second layer on :math:`D$P`), :math:`H` the size of the state, :math:`K` the number of layers and :math:`D` the
    number of directions.

    Args:
        input: the sequences, of shape :math:`(L, N, I)`, or :math:`(L, I)` for one sequence; or a PackedSequence.
        hx: $state
        params: the arrays of the first layer's cell in the order of the table, then with two directions the arrays of
            its second cell, then the arrays of the next layer, and so on.
        has_biases: whether ``b_ih`` and ``b_hh`` are among ``params``.
        num_layers: the number :math:`K` of layers.
        dropout: the probability with which an element between two layers is replaced by 0.
        train: whether dropout is applied.
        bidirectional: whether there are two directions.
        batch_first: whether input and output are of shape :math:`(N, L, *)`.
        rng: a jax key, needed for dropout.

    Returns:
        The outputs of the last layer, of shape :math:`(L, N, D$P)` or :math:`(L, D$P)`, packed if the input is packed;
        and $last of all layers, like ``hx``.

    Raises:
        ValueError: the ranks, the shapes or the number of ``params`` don't fit, or ``rng`` is missing.
        TypeError: the dtypes differ$pair.

    Source: ``torch.$name``; $source.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        $example
    """


def _words(name: str, gates: str, equations: str, *sources: str) -> dict[str, str]:
    lstm, zeros = gates == "ifgo", "without :math:`N` for\n            one sequence; None for zeros."
    h = f"the state :math:`h_0` of every layer and direction, of shape :math:`(KD, N, H)`, {zeros}"
    pair = (
        "the pair of :math:`h_0`, of shape :math:`(KD, N, P)`, and :math:`c_0`, of shape :math:`(KD, N, H)`, of every"
        "\n            layer and direction, without :math:`N` for one sequence; None for zeros."
    )
    return {
        "name": name,
        "equations": equations,
        "arrays": documentation.arrays(gates, "w_{}h", "b_{}h", "w_hr" if lstm else None),
        "P": "P" if lstm else "H",
        "state": pair if lstm else h,
        "last": "the last :math:`h` and the last :math:`c`" if lstm else "the last states",
        "pair": ", or ``hx`` is no pair" if lstm else "",
        "signs": documentation.SIGNS if len(gates) > 1 else "",
        "projection": " With a projection, :math:`h_t = W_{hr}\\, (o_t \\odot \\tanh(c_t))` has a size\n"
        "    :math:`P`; without, :math:`P` is :math:`H`."
        if lstm
        else "",
        "source": ";\n    ".join(documentation.SOURCES[source] for source in sources),
    }


@documented(
    _NETWORK,
    None,
    summary="Runs an Elman network over sequences.",
    example=""">>> params = [jnp.ones((4, 3)), jnp.ones((4, 4))]
        >>> y, h = F.rnn_tanh(jnp.ones((5, 2, 3)), None, params, has_biases=False)
        >>> y.shape, h.shape
        ((5, 2, 4), (1, 2, 4))""",
    **_words("rnn_tanh", "h", documentation.RNN_TANH, "RNN"),
)
def rnn_tanh(
    input: Sequences,
    hx: ArrayLike | None,
    params: Sequence[ArrayLike],
    has_biases: bool = True,
    num_layers: int = 1,
    dropout: float = 0.0,
    train: bool = False,
    bidirectional: bool = False,
    batch_first: bool = False,
    rng: Key | None = None,
) -> tuple[Output, Array]:
    options = has_biases, num_layers, dropout, train, bidirectional, batch_first, rng
    return engine.run("rnn_tanh", RNN_TANH, input, hx, params, *options)


@documented(
    _NETWORK,
    None,
    summary="Runs an Elman network whose nonlinearity is ReLU over sequences.",
    example=""">>> params = [jnp.ones((1, 3)), jnp.ones((1, 1)), jnp.zeros(1), jnp.zeros(1)]
        >>> F.rnn_relu(jnp.ones((3, 3)), None, params)[0].tolist()
        [[3.0], [6.0], [9.0]]""",
    **_words("rnn_relu", "h", documentation.RNN_RELU, "RNN"),
)
def rnn_relu(
    input: Sequences,
    hx: ArrayLike | None,
    params: Sequence[ArrayLike],
    has_biases: bool = True,
    num_layers: int = 1,
    dropout: float = 0.0,
    train: bool = False,
    bidirectional: bool = False,
    batch_first: bool = False,
    rng: Key | None = None,
) -> tuple[Output, Array]:
    options = has_biases, num_layers, dropout, train, bidirectional, batch_first, rng
    return engine.run("rnn_relu", RNN_RELU, input, hx, params, *options)


@documented(
    _NETWORK,
    None,
    summary="Runs a long short-term memory over sequences.",
    example=""">>> params = [jnp.ones((16, 3)), jnp.ones((16, 2)), jnp.ones((2, 4))]
        >>> y, h, c = F.lstm(jnp.ones((5, 1, 3)), None, params, has_biases=False)
        >>> y.shape, h.shape, c.shape
        ((5, 1, 2), (1, 1, 2), (1, 1, 4))""",
    **_words("lstm", "ifgo", documentation.LSTM, "LSTM", "projection"),
)
def lstm(
    input: Sequences,
    hx: Sequence[ArrayLike] | None,
    params: Sequence[ArrayLike],
    has_biases: bool = True,
    num_layers: int = 1,
    dropout: float = 0.0,
    train: bool = False,
    bidirectional: bool = False,
    batch_first: bool = False,
    rng: Key | None = None,
) -> tuple[Output, Array, Array]:
    options = has_biases, num_layers, dropout, train, bidirectional, batch_first, rng
    return engine.run("lstm", LSTM, input, hx, params, *options)


@documented(
    _NETWORK,
    None,
    summary="Runs a gated recurrent unit over sequences.",
    example=""">>> params = [jnp.ones((12, 3)), jnp.ones((12, 4)), jnp.zeros(12), jnp.zeros(12)]
        >>> y, h = F.gru(jnp.ones((2, 5, 3)), None, params, batch_first=True)
        >>> y.shape, h.shape
        ((2, 5, 4), (1, 2, 4))""",
    **_words("gru", "rzn", documentation.GRU, "GRU"),
)
def gru(
    input: Sequences,
    hx: ArrayLike | None,
    params: Sequence[ArrayLike],
    has_biases: bool = True,
    num_layers: int = 1,
    dropout: float = 0.0,
    train: bool = False,
    bidirectional: bool = False,
    batch_first: bool = False,
    rng: Key | None = None,
) -> tuple[Output, Array]:
    options = has_biases, num_layers, dropout, train, bidirectional, batch_first, rng
    return engine.run("gru", GRU, input, hx, params, *options)
