"""Recurrent cells: one step of a network."""

from __future__ import annotations

from collections.abc import Sequence

from purenn.docstring import documented
from purenn.functional.rnn import documentation, engine
from purenn.lowering.rnn_steps import GRU, LSTM, RNN_RELU, RNN_TANH
from purenn.typing import Array, ArrayLike

__all__ = ["gru_cell", "lstm_cell", "rnn_relu_cell", "rnn_tanh_cell"]

_CELL = r"""$summary

    .. math::
        $equations$signs

    Args:
        input: :math:`x`, of shape :math:`(N, I)` or :math:`(I)`; floating-point.
        hx: $state
        w_ih: $w_ih, of shape :math:`(${G}H, I)`.
        w_hh: $w_hh, of shape :math:`(${G}H, H)`.
        b_ih: $b_ih, of shape :math:`(${G}H)`; None for zeros.
        b_hh: $b_hh, of shape :math:`(${G}H)`; None for zeros.

    Returns:
        $result

    Raises:
        ValueError: the ranks or shapes don't fit.
        TypeError: the dtypes differ$pair.

    Source: ``torch.$name``; $source.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import functional as F
        $example
    """


def _words(name: str, gates: str, equations: str, source: str) -> dict[str, str]:
    h = ":math:`h`, of shape :math:`(N, H)` or :math:`(H)`; None for zeros."
    pair = "the pair of :math:`h` and :math:`c`, of shape :math:`(N, H)` or :math:`(H)` each; None for zeros."
    return {
        "name": name,
        "equations": documentation.one_step(equations),
        "signs": f"\n\n    {documentation.SIGNS.removeprefix(', ')}." if len(gates) > 1 else "",
        "G": str(len(gates)) if len(gates) > 1 else "",
        "state": pair if gates == "ifgo" else h,
        "result": "The pair of :math:`h'` and :math:`c'`, of the shapes of :math:`h` and :math:`c`."
        if gates == "ifgo"
        else ":math:`h'`, of the shape of :math:`h`.",
        "pair": ", or ``hx`` is no pair" if gates == "ifgo" else "",
        "source": documentation.SOURCES[source],
        **{f"{x.lower()}_{side}h": documentation.stacked(x, side, gates) for x in "Wb" for side in "ih"},
    }


@documented(
    _CELL,
    None,
    summary="Takes one step of an Elman network.",
    example=""">>> F.rnn_tanh_cell(jnp.ones((2, 3)), jnp.zeros((2, 4)), jnp.ones((4, 3)), jnp.ones((4, 4))).shape
        (2, 4)""",
    **_words("rnn_tanh_cell", "h", documentation.RNN_TANH, "RNN"),
)
def rnn_tanh_cell(
    input: ArrayLike,
    hx: ArrayLike | None,
    w_ih: ArrayLike,
    w_hh: ArrayLike,
    b_ih: ArrayLike | None = None,
    b_hh: ArrayLike | None = None,
) -> Array:
    return engine.run_cell("rnn_tanh_cell", RNN_TANH, input, hx, w_ih, w_hh, b_ih, b_hh)[0]


@documented(
    _CELL,
    None,
    summary="Takes one step of an Elman network whose nonlinearity is ReLU.",
    example=""">>> F.rnn_relu_cell(jnp.ones(3), jnp.zeros(2), jnp.ones((2, 3)), jnp.ones((2, 2))).tolist()
        [3.0, 3.0]""",
    **_words("rnn_relu_cell", "h", documentation.RNN_RELU, "RNN"),
)
def rnn_relu_cell(
    input: ArrayLike,
    hx: ArrayLike | None,
    w_ih: ArrayLike,
    w_hh: ArrayLike,
    b_ih: ArrayLike | None = None,
    b_hh: ArrayLike | None = None,
) -> Array:
    return engine.run_cell("rnn_relu_cell", RNN_RELU, input, hx, w_ih, w_hh, b_ih, b_hh)[0]


@documented(
    _CELL,
    None,
    summary="Takes one step of a long short-term memory.",
    example=""">>> h, c = F.lstm_cell(jnp.ones((2, 3)), None, jnp.ones((16, 3)), jnp.ones((16, 4)))
        >>> h.shape, c.shape
        ((2, 4), (2, 4))""",
    **_words("lstm_cell", "ifgo", documentation.LSTM, "LSTM"),
)
def lstm_cell(
    input: ArrayLike,
    hx: Sequence[ArrayLike] | None,
    w_ih: ArrayLike,
    w_hh: ArrayLike,
    b_ih: ArrayLike | None = None,
    b_hh: ArrayLike | None = None,
) -> tuple[Array, Array]:
    return engine.run_cell("lstm_cell", LSTM, input, hx, w_ih, w_hh, b_ih, b_hh)


@documented(
    _CELL,
    None,
    summary="Takes one step of a gated recurrent unit.",
    example=""">>> F.gru_cell(jnp.ones((2, 3)), jnp.zeros((2, 4)), jnp.ones((12, 3)), jnp.ones((12, 4))).shape
        (2, 4)""",
    **_words("gru_cell", "rzn", documentation.GRU, "GRU"),
)
def gru_cell(
    input: ArrayLike,
    hx: ArrayLike | None,
    w_ih: ArrayLike,
    w_hh: ArrayLike,
    b_ih: ArrayLike | None = None,
    b_hh: ArrayLike | None = None,
) -> Array:
    return engine.run_cell("gru_cell", GRU, input, hx, w_ih, w_hh, b_ih, b_hh)[0]
