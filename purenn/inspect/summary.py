"""`purenn.summary`: a model as a table, from a run on shapes."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from purenn.inspect.rows import Row, rows_of, short
from purenn.inspect.trace import check_depth, trace
from purenn.layers.base import Layer
from purenn.nn.module import Module

if TYPE_CHECKING:
    from rich.console import Group
__all__ = ["Summary", "summary"]


HEAD = ("path", "layer", "output", "dtype", "trained", "frozen", "buffers", "FLOPs", "memory")


@dataclasses.dataclass(frozen=True)
class Summary:
    """A model as a table: printed as text, by rich or as HTML, or a dict by `to_dict`.

    Attributes:
        rows: a row for each layer, the model first; each says what is in it and below it.
        notes: what the numbers leave out.
        depth: the number of levels that are shown; None for all.
    """

    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    depth: int | None = None

    @property
    def total(self) -> Row:
        """The row of the whole model."""
        return self.rows[0]

    def fold(self, depth: int | None) -> Summary:
        """The same with so many levels shown; None for all."""
        return dataclasses.replace(self, depth=depth)

    def shown(self) -> list[Row]:
        """The rows that are shown. Deeper rows are part of the numbers of these."""
        return [row for row in self.rows if self.depth is None or row.depth <= self.depth]

    def to_dict(self) -> dict[str, Any]:
        """The table for programs: ``rows`` (those that are shown), ``total`` and ``notes``, of plain Python values."""

        def plain(row: Row) -> dict[str, Any]:
            outputs = [{"shape": list(shape), "dtype": dtype} for shape, dtype in row.outputs]
            return {**dataclasses.asdict(row), "parameters": row.parameters, "outputs": outputs}

        return {"rows": [plain(r) for r in self.shown()], "total": plain(self.total), "notes": list(self.notes)}

    def lines(self) -> list[str]:
        """The line below the table, and the notes."""
        t = self.total
        parts = [
            f"{t.parameters:,} parameters ({t.trained:,} trained, {t.frozen:,} frozen)",
            f"{t.buffers:,} in buffers",
        ]
        parts.append(f"{short(t.bytes, 1024, 'B')} of memory")
        if t.flops is not None:
            parts.append(f"{short(t.flops, 1000, '')} FLOPs per call")
        return [", ".join(parts), *self.notes]

    def __str__(self) -> str:
        table = [HEAD, *(row.cells() for row in self.shown())]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = []
        for cells in table:
            padded = (c.rjust(w) if i > 3 else c.ljust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True)))
            lines.append("  ".join(padded).rstrip())
        rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
        return "\n".join([lines[0], rule, *lines[1:], rule, *self.lines()])

    __repr__ = __str__

    def print(self) -> None:
        """Prints the table: by rich, where it is installed, in the terminal's width and colours."""
        try:
            from rich import print as show
        except ImportError:
            show = print
        show(self)

    def __rich__(self) -> Group:
        from rich import box
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0), pad_edge=False)
        for i, name in enumerate(HEAD):
            table.add_column(name, justify="right" if i > 3 else "left", overflow="fold", no_wrap=i > 2)
        for row in self.shown():
            table.add_row(*map(Text, row.cells()))
        return Group(table, *map(Text, self.lines()))

    def _repr_html_(self) -> str:
        def line(cells: tuple[str, ...], tag: str) -> str:
            aligned = (f'<{tag} style="text-align:{"right" if i > 3 else "left"}">' for i in range(len(cells)))
            return "".join(f"{a}{html.escape(c)}</{tag}>" for a, c in zip(aligned, cells, strict=True))

        body = "".join(f"<tr>{line(row.cells(), 'td')}</tr>" for row in self.shown())
        below = "".join(f"<div>{html.escape(text)}</div>" for text in self.lines())
        return f"<table><thead><tr>{line(HEAD, 'th')}</tr></thead><tbody>{body}</tbody></table>{below}"


def summary(
    model: Layer | Module,
    /,
    *inputs: object,
    depth: int | None = None,
    params: Mapping[str, Any] | None = None,
    state: Mapping[str, Any] | None = None,
    training: bool = False,
    **kwargs: object,
) -> Summary:
    """Tells the shapes, parameters, memory and arithmetic of a model and of each layer in it.

    The model runs on shapes alone: nothing is computed and no array is made, so that a layer of any size can be looked
    at. Operations are counted as XLA's cost analysis counts those of the plain formulation, for one call: two for
    each multiplication and addition of a product, padding left out, one for each element of an elementwise operation.

    Args:
        model: a layer or a module.
        inputs: what it is called with: arrays, or ``jax.ShapeDtypeStruct`` in place of them. Without any input the
            table has no outputs and no FLOPs.
        depth: the number of levels to show; what is deeper is part of the level above. None shows all.
        params: a layer's parameters, or their shapes, in place of those that `init` would make.
        state: a layer's buffers, likewise.
        training: the mode of the run.
        kwargs: further arguments of ``forward``.

    Returns:
        A `Summary`: it prints as a table, ``print()`` uses rich where it is installed, a notebook shows it as HTML,
        and ``to_dict()`` is for programs.

    Raises:
        TypeError: ``model`` is neither a layer nor a module, or ``depth`` is no integer.
        ValueError: a lazy module was not called yet, ``depth`` is negative, or the inputs don't fit.

    Example:
        >>> import jax, jax.numpy as jnp, purenn
        >>> from purenn import layers
        >>> net = layers.Sequential(layers.Linear(4, 8), layers.ReLU(), layers.Linear(8, 2))
        >>> table = purenn.summary(net, jax.ShapeDtypeStruct((3, 4), jnp.float32))
        >>> print(table)
        path  layer       output  dtype    trained  frozen  buffers  FLOPs  memory
        --------------------------------------------------------------------------
              Sequential  [3, 2]  float32       58       0        0    366   232 B
        0     Linear      [3, 8]  float32       40       0        0    216   160 B
        1     ReLU        [3, 8]  float32        0       0        0     48     0 B
        2     Linear      [3, 2]  float32       18       0        0    102    72 B
        --------------------------------------------------------------------------
        58 parameters (58 trained, 0 frozen), 0 in buffers, 232 B of memory, 366 FLOPs per call
        >>> table.total.parameters, table.to_dict()["rows"][1]["outputs"]
        (58, [{'shape': [3, 8], 'dtype': 'float32'}])
    """
    check_depth("summary", depth)
    run = trace("summary", model, inputs, kwargs, params=params, state=state, training=training)
    return Summary(*rows_of(model if isinstance(model, Module) else run.root, run), depth)
