"""Equations, tables and sources for the docstrings of recurrent functions and layers."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["GRU", "LSTM", "RNN_RELU", "RNN_TANH", "SIGNS", "SOURCES", "arrays", "one_step", "stacked", "table"]

RNN_TANH = r"h_t = \tanh(W_{ih}\, x_t + b_{ih} + W_{hh}\, h_{t-1} + b_{hh})"
RNN_RELU = r"h_t = \max(0,\; W_{ih}\, x_t + b_{ih} + W_{hh}\, h_{t-1} + b_{hh})"
LSTM = r"""\begin{aligned}
        i_t &= \sigma(W_{ii}\, x_t + b_{ii} + W_{hi}\, h_{t-1} + b_{hi}) \\
        f_t &= \sigma(W_{if}\, x_t + b_{if} + W_{hf}\, h_{t-1} + b_{hf}) \\
        g_t &= \tanh(W_{ig}\, x_t + b_{ig} + W_{hg}\, h_{t-1} + b_{hg}) \\
        o_t &= \sigma(W_{io}\, x_t + b_{io} + W_{ho}\, h_{t-1} + b_{ho}) \\
        c_t &= f_t \odot c_{t-1} + i_t \odot g_t \\
        h_t &= o_t \odot \tanh(c_t)
        \end{aligned}"""
GRU = r"""\begin{aligned}
        r_t &= \sigma(W_{ir}\, x_t + b_{ir} + W_{hr}\, h_{t-1} + b_{hr}) \\
        z_t &= \sigma(W_{iz}\, x_t + b_{iz} + W_{hz}\, h_{t-1} + b_{hz}) \\
        n_t &= \tanh\bigl(W_{in}\, x_t + b_{in} + r_t \odot (W_{hn}\, h_{t-1} + b_{hn})\bigr) \\
        h_t &= (1 - z_t) \odot n_t + z_t \odot h_{t-1}
        \end{aligned}"""

SIGNS = ", where :math:`\\sigma` is the logistic function and :math:`\\odot` the product of elements"

SOURCES = {
    "RNN": "Elman, *Finding Structure in Time*, 1990, https://doi.org/10.1207/s15516709cog1402_1",
    "LSTM": "Hochreiter and Schmidhuber, *Long Short-Term Memory*, 1997,\n"
    "    https://doi.org/10.1162/neco.1997.9.8.1735",
    "projection": "Sak, Senior and Beaufays, *Long Short-Term Memory Based Recurrent Neural Network\n"
    "    Architectures for Large Vocabulary Speech Recognition*, 2014, https://arxiv.org/abs/1402.1128",
    "GRU": "Cho et al., *Learning Phrase Representations using RNN Encoder-Decoder for\n"
    "    Statistical Machine Translation*, 2014, https://arxiv.org/abs/1406.1078",
}


def one_step(equations: str) -> str:
    """The equations of one step, without times: the new h and c are h' and c'."""
    for old, new in (("_{t-1}", ""), ("c_t", "c'"), ("h_t", "h'"), ("_t", "")):
        equations = equations.replace(old, new)
    return equations


def stacked(symbol: str, side: str, gates: str) -> str:
    """The matrices or vectors of all gates in one array, such as :math:`W_{ii}, W_{if}, W_{ig}, W_{io}`."""
    names = ", ".join(f"{symbol}_{{{side}{gate}}}" for gate in gates)
    return f":math:`{names}`" + (" stacked" if len(gates) > 1 else "")


def arrays(gates: str, weight: str, bias: str, projection: str | None) -> str:
    """A table of a cell's arrays, by names in which ``{}`` is i or h."""
    rows = f"{len(gates) if len(gates) > 1 else ''}H"
    out = "P" if projection else "H"
    lines = [("Array", "Shape", "Holds")]
    for name, symbol, shapes in ((weight, "W", (f"{rows}, I", f"{rows}, {out}")), (bias, "b", (rows, rows))):
        for side, shape in zip("ih", shapes, strict=True):
            lines.append((f"``{name.format(side)}``", f":math:`({shape})`", stacked(symbol, side, gates)))
    if projection:
        lines.append((f"``{projection}``", ":math:`(P, H)`", ":math:`W_{hr}`, with a projection"))
    return table(*lines)


def table(*rows: Sequence[str]) -> str:
    """A table in reStructuredText, indented like a docstring; the first row is the head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = "  ".join("=" * width for width in widths)
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n    ".join([rule, lines[0], rule, *lines[1:], rule])
