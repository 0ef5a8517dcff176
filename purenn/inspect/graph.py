"""`purenn.graph`: a picture of how data flows through a model."""

from __future__ import annotations

import dataclasses
import html
import inspect
import itertools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from purenn.inspect.flow import Block, Flow, Node, flow
from purenn.inspect.layout import TITLE, Box, Picture, picture
from purenn.inspect.trace import check_depth, trace
from purenn.layers.base import Bound, Layer
from purenn.nn.module import Module

__all__ = ["Graph", "graph"]

_BORDER = 24.0
_COLOURS = {  # fill, line
    "layer": ("#e8f1fd", "#3b73b9"),
    "block": ("#dbe4f3", "#2c4f85"),
    "operation": ("#fff6df", "#b58a1b"),
    "input": ("#e3f4e6", "#3b8a4b"),
    "output": ("#fbe6e6", "#b04a4a"),
    "array": ("#f1f1f1", "#8a8a8a"),
}


@dataclasses.dataclass(frozen=True)
class Graph:
    """A picture of a model. A notebook shows it; `save` writes a file.

    Attributes:
        svg: the picture, which needs nothing else.
        nodes: what is shown: the kind ("layer", "block" if folded, "operation", "input", "output", "array"), label,
            class, dotted name and shape of each.
        edges: pairs of numbers of nodes.
    """

    svg: str
    nodes: tuple[dict[str, str], ...]
    edges: tuple[tuple[int, int], ...]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the picture to a file."""
        Path(path).write_text(self.svg, encoding="utf-8")

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"Graph of {len(self.nodes)} nodes and {len(self.edges)} edges"


def graph(
    model: Layer | Module,
    /,
    *inputs: object,
    depth: int | None = None,
    params: Mapping[str, Any] | None = None,
    state: Mapping[str, Any] | None = None,
    training: bool = False,
    **kwargs: object,
) -> Graph:
    """Draws how data flows through a model.

    Each call of a layer is a node with its name, class and the shape that it gives; a layer that calls others is a
    block around them, or, folded, one node. A layer that gives back its input, as dropout in evaluation, computes
    nothing and is no node. Operations between layers, such as the sum of a residual, are nodes too;
    those that only move data (``reshape``, ``transpose``, slices) are left out. Arrays of the model are shown where
    such an operation reads them. The model runs on shapes alone, as for `summary`.

    Args:
        model: a layer or a module.
        inputs: what it is called with: arrays, or ``jax.ShapeDtypeStruct`` in place of them.
        depth: how many levels of layers are unfolded: with 0, the model is one node, with 1, its own children are
            nodes. None unfolds all.
        params: a layer's parameters, or their shapes, in place of those that `init` would make.
        state: a layer's buffers, likewise.
        training: the mode of the run.
        kwargs: further arguments of ``forward``.

    Returns:
        A `Graph`, whose ``svg`` is the picture.

    Raises:
        TypeError: ``model`` is neither a layer nor a module, or ``depth`` is no integer.
        ValueError: there is no input, a lazy module was not called yet, ``depth`` is negative, or the inputs don't fit.

    Example:
        >>> import jax.numpy as jnp, purenn
        >>> from purenn import nn
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        >>> picture = purenn.graph(net, jnp.ones((3, 4)))
        >>> picture
        Graph of 5 nodes and 4 edges
        >>> [(node["label"], node["class"], node["shape"]) for node in picture.nodes[1:3]]
        [('0', 'Linear', '3×8'), ('1', 'ReLU', '3×8')]
        >>> picture.svg.startswith("<svg")
        True
    """
    check_depth("graph", depth)
    run = trace("graph", model, inputs, kwargs, params=params, state=state, training=training)
    if run.program is None:
        raise ValueError("graph: give the model's inputs, as arrays or jax.ShapeDtypeStruct: graph(model, x)")
    data_flow = flow(run, _names(run.root, run.names[run.count :]), depth)
    numbers = {id(node): i for i, node in enumerate(data_flow.nodes)}
    edges = tuple((numbers[id(a)], numbers[id(b)]) for a, b in data_flow.edges)
    nodes = [
        {"kind": n.kind, "label": n.label, "class": n.detail, "path": n.path, "shape": n.shape} for n in data_flow.nodes
    ]
    return Graph(_svg(data_flow), tuple(nodes), edges)


def _names(root: Bound, names: list[str]) -> dict[str, str]:
    """The names of arguments in ``forward``, by their names in the trace, where those by position are numbers."""
    forward = root._forward_function()
    leading = 1 if forward is getattr(type(root), "forward", None) else 2  # of a module (self), of a layer (self, m)
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    words = [p.name for p in inspect.signature(forward).parameters.values() if p.kind in kinds][leading:]
    renamed = {}
    for name in names:
        first, _, suffix = name.partition(".")
        word = words[int(first)] if first.isdigit() and int(first) < len(words) else first
        renamed[name] = ".".join(filter(None, (f"input {word}" if word.isdigit() else word, suffix)))
    return renamed


# Drawing.


def _size(node: Node) -> tuple[float, float]:
    if node.kind in ("layer", "block"):
        return max(7.2 * len(node.label), 6.2 * len(node.detail)) + 26, 40.0
    if node.kind == "operation" and len(node.label) == 1:
        return 24.0, 24.0
    return 6.6 * len(node.label) + 22, 24.0


def _svg(data_flow: Flow) -> str:
    whole = picture(data_flow, _size)
    ends = _ends(whole)
    parts = [*_blocks(whole, 0, 0), *_lines(whole, 0, 0, ends), *_nodes(whole, 0, 0)]
    labels = 6.0 * max((len(node.shape) for node in data_flow.nodes), default=0)
    width, height = whole.width + 2 * _BORDER + labels / 2, whole.height + 2 * _BORDER + 18
    title = html.escape(f"{data_flow.root.detail}")
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="Helvetica, Arial, sans-serif" font-size="11">'
        f'<title>{title}</title><rect width="100%" height="100%" fill="white"/>'
        '<defs><marker id="purenn-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0,0.5 L8,4 L0,7.5 z" fill="#666"/></marker></defs>'
        f'<text x="{_BORDER:.0f}" y="18" font-weight="bold" font-size="12">{title}</text>'
        f'<g transform="translate({_BORDER:.0f},{_BORDER + 8:.0f})">'
    )
    return head + "".join(parts) + "</g></svg>"


def _ends(whole: Picture) -> dict[tuple[int, int], float]:
    """The distance from the middle of a box to the end of each of its edges, which end side by side."""
    offsets: dict[tuple[int, int], float] = {}
    by_box: dict[int, list[tuple[float, int, Box]]] = {}
    for i, (_, points, box) in enumerate(whole.lines):
        if isinstance(box.what, Node) and not box.is_port:
            by_box.setdefault(id(box), []).append((points[-2][0], i, box))
    for lines in by_box.values():
        step = min(14.0, 0.6 * lines[0][2].width / len(lines))
        for place, (_, i, box) in enumerate(sorted(lines, key=lambda line: line[:2])):
            offsets[id(box), i] = step * (place - (len(lines) - 1) / 2)
    return offsets


def _blocks(part: Picture, x: float, y: float) -> Iterator[str]:
    for box in part.boxes:
        if box.inside is not None:
            block: Block = box.what
            left, top = x + box.x - box.width / 2, y + box.y
            yield (
                f'<g><title>{html.escape(block.path)}</title><rect x="{left:.1f}" y="{top:.1f}" rx="8" '
                f'width="{box.width:.1f}" height="{box.height:.1f}" fill="#3b73b9" fill-opacity="0.05" '
                'stroke="#9db4d3"/></g>'
            )
            yield from _blocks(box.inside, left, top)


def _lines(part: Picture, x: float, y: float, ends: dict[tuple[int, int], float]) -> Iterator[str]:
    for i, (_, points, box) in enumerate(part.lines):
        corners = [(x + px, y + py) for px, py in points]
        corners[-1] = corners[-1][0] + ends.get((id(box), i), 0.0), corners[-1][1]
        path = f"M{corners[0][0]:.1f},{corners[0][1]:.1f}"
        for (ax, ay), (bx, by) in itertools.pairwise(corners):
            middle = (ay + by) / 2
            straight = abs(ax - bx) < 0.5
            path += (
                f" L{bx:.1f},{by:.1f}"
                if straight
                else f" C{ax:.1f},{middle:.1f} {bx:.1f},{middle:.1f} {bx:.1f},{by:.1f}"
            )
        arrow = ' marker-end="url(#purenn-arrow)"' if isinstance(box.what, Node) and not box.is_port else ""
        yield f'<path d="{path}" fill="none" stroke="#666"{arrow}/>'
    for box in part.boxes:
        if box.inside is not None:
            yield from _lines(box.inside, x + box.x - box.width / 2, y + box.y, _ends(box.inside))


def _nodes(part: Picture, x: float, y: float) -> Iterator[str]:
    for box in part.boxes:
        if box.inside is not None:
            left, top = x + box.x - box.width / 2, y + box.y
            name = html.escape(f"{box.what.label}: {box.what.detail}")
            yield (
                f'<text x="{left + 8:.1f}" y="{top + TITLE - 8:.1f}" fill="#2c4f85" font-size="10" stroke="#f3f7fc" '
                f'stroke-width="3" paint-order="stroke">{name}</text>'
            )
            yield from _nodes(box.inside, left, top)
            continue
        node: Node = box.what
        fill, stroke = _COLOURS[node.kind]
        middle, left, top = x + box.x, x + box.x - box.width / 2, y + box.y
        label, detail, shape = (html.escape(text) for text in (node.label, node.detail, node.shape))
        radius = 4 if node.kind in ("layer", "block") else 12
        width = (
            ' stroke-width="2"' if node.kind == "block" else ' stroke-dasharray="3 2"' if node.kind == "array" else ""
        )
        tip = " ".join(filter(None, (html.escape(node.path), detail, shape)))
        text = f'<text x="{middle:.1f}" y="{top + 16:.1f}" text-anchor="middle"'
        yield (
            f'<g><title>{tip or label}</title><rect x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" '
            f'height="{box.height:.1f}" rx="{radius}" fill="{fill}" stroke="{stroke}"{width}/>'
        )
        if detail:
            yield f'{text} font-weight="bold">{label}</text>'
            below = text.replace(f'y="{top + 16:.1f}"', f'y="{top + 31:.1f}"')
            yield f'{below} fill="#444" font-size="10">{detail}</text>'
        else:
            yield f"{text}>{label}</text>"
        if shape and node.kind != "output":
            yield (
                f'<text x="{middle + 5:.1f}" y="{top + box.height + 12:.1f}" fill="#777" font-size="9" stroke="white" '
                f'stroke-width="3" paint-order="stroke">{shape}</text>'
            )
        yield "</g>"
