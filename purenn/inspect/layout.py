"""Places the nodes of a picture: layers from top to bottom, with blocks inside blocks.

Every block is laid out by itself, inside out, as in Sugiyama's method: layers by the longest path, an order within each
by the neighbours' means, places by isotonic regression towards the neighbours. An edge that crosses the border of a
block does so at a port of it, which is laid out with the block; on its way past a layer it has a place there too, so
that it passes between the nodes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable
from typing import Any, TypeAlias

from purenn.inspect.flow import Block, Flow, Node

__all__ = ["Box", "Picture", "picture"]

GAP, RISE, MARGIN, TITLE = 26.0, 38.0, 16.0, 22.0  # between neighbours and layers; inside of a block's border


@dataclasses.dataclass(eq=False)
class Box:
    """A thing with a place: a node, a block, a port of the block around, or an edge that passes.

    Attributes:
        what: the node or block, or the node whose value passes.
        width, height: its size.
        x, y: the middle of its top, in the block around.
        inside: the picture of a block.
    """

    what: Any
    width: float
    height: float
    layer: int = 0
    x: float = 0.0
    y: float = 0.0
    inside: Picture | None = None
    is_port: bool = False

    def port(self, source: Node, side: str) -> float:
        """The distance from the middle of the box to the place where an edge with a node's value meets it."""
        return 0.0 if self.inside is None else self.inside.ports[side, source].x - self.inside.width / 2


Link: TypeAlias = tuple[Box, Box, Node]  # an edge from a box to a box, and the node whose value it carries


@dataclasses.dataclass
class Picture:
    """A block with all that is in it.

    Attributes:
        boxes: nodes and blocks.
        ports: where values go in and out, by "in" or "out" and the node that they come from.
        lines: for every edge, or its part inside the block: the value's node, its points, and the box where it ends.
    """

    boxes: list[Box]
    ports: dict[tuple[str, Node], Box]
    lines: list[tuple[Node, list[tuple[float, float]], Box]]
    width: float
    height: float


def picture(flow: Flow, size: Callable[[Node], tuple[float, float]]) -> Picture:
    """Lays a model out.

    Args:
        flow: its nodes and edges.
        size: gives a node's width and height.
    """
    return _laid_out(flow.root, flow, size)


def _laid_out(block: Block, flow: Flow, size: Callable[[Node], tuple[float, float]]) -> Picture:
    boxes: dict[Node | Block, Box] = {}
    ports: dict[tuple[str, Node], Box] = {}

    def inside(node: Node) -> Node | Block | None:
        """Returns what stands for a node in this block: the node itself, a block below, or None for one outside."""
        assert node.block is not None
        if node.block is block:
            return node
        chain = [*node.block.around()]
        return chain[chain.index(block) - 1] if block in chain else None

    for node in flow.nodes:
        item = inside(node)
        if item is not None and item not in boxes:
            if isinstance(item, Block):
                part = _laid_out(item, flow, size)
                boxes[item] = Box(item, part.width, part.height, inside=part)
            else:
                boxes[item] = Box(item, *size(item))
    links: dict[tuple[int, int, Node], Link] = {}
    for source, target in flow.edges:
        a, b = inside(source), inside(target)
        if a is b and (a is None or isinstance(a, Block)):
            continue
        start, end = (None if item is None else boxes[item] for item in (a, b))
        if start is None:
            start = ports.setdefault(("in", source), Box(source, 8, 0, is_port=True))
        if end is None:
            end = ports.setdefault(("out", source), Box(source, 8, 0, is_port=True))
        links[id(start), id(end), source] = start, end, source
    return _arranged([*boxes.values()], ports, [*links.values()], block.outer is not None)


def _arranged(boxes: list[Box], ports: dict[tuple[str, Node], Box], links: list[Link], framed: bool) -> Picture:
    entries, exits = ([box for (side, _), box in ports.items() if side == which] for which in ("in", "out"))
    last = _set_layers(boxes, entries, exits, links)
    rows: list[list[Box]] = [[] for _ in range(last + 1)]
    for box in (*entries, *boxes, *exits):
        rows[box.layer].append(box)
    steps: list[Link] = []  # edges from one layer to the next
    ways: list[tuple[Node, list[Box]]] = []
    passing: dict[Hashable, Box] = {}
    for start, end, source in links:
        way = [start]
        for layer in range(start.layer + 1, end.layer):
            key = id(start), source, layer
            if key not in passing:
                passing[key] = Box(source, 8, 0, layer)
                rows[layer].append(passing[key])
                steps.append((way[-1], passing[key], source))
            way.append(passing[key])
        steps.append((way[-1], end, source))
        ways.append((source, [*way, end]))
    _order(rows, steps)
    _place(rows, steps)
    margin, title = (MARGIN, TITLE) if framed else (0.0, 0.0)
    edge = min((box.x - box.width / 2 for row in rows for box in row), default=0) - margin
    width = max((box.x + box.width / 2 for row in rows for box in row), default=0) + margin - edge
    y = title
    for i, row in enumerate(rows):
        height = max((box.height for box in row), default=0)
        for box in row:
            box.x -= edge
            box.y = y + (height - box.height) / 2
            if not box.height and not box.is_port:
                box.y, box.height = y, height  # an edge passes by the whole layer
        if i < last:
            y += height + (RISE if _has_nodes(row) and _has_nodes(rows[i + 1]) else RISE / 2)
        else:
            y += height
    height = y + (margin if framed and not exits else 0)
    for box in entries:
        box.y = 0
    for box in exits:
        box.y = height
    lines = [(source, _points(source, way), way[-1]) for source, way in ways]
    return Picture(boxes, ports, lines, width, height)


def _has_nodes(row: list[Box]) -> bool:
    return not all(box.is_port for box in row)


def _set_layers(boxes: list[Box], entries: list[Box], exits: list[Box], links: list[Link]) -> int:
    """Gives every box its layer, by the longest path; a source stands in the layer above its first reader."""
    after: dict[int, list[Box]] = {}
    for start, end, _ in links:
        after.setdefault(id(start), []).append(end)
    first = int(bool(entries))
    for box in boxes:
        box.layer = first
    changed = True
    while changed:
        changed = False
        for start, end, _ in links:
            if end.layer < start.layer + 1 and not end.is_port:
                end.layer, changed = start.layer + 1, True
    targets = {id(end) for _, end, _ in links}
    for box in boxes:
        if id(box) not in targets and (followers := [end.layer for end in after.get(id(box), []) if not end.is_port]):
            box.layer = min(followers) - 1
    last = max((box.layer for box in boxes), default=0) + int(bool(exits))
    for box in exits:
        box.layer = last
    return last


def _order(rows: list[list[Box]], steps: list[Link]) -> None:
    """Orders every layer by the means of its neighbours' places, down and up in turn."""
    above, below = _neighbours(steps)
    best, fewest = [[*row] for row in rows], None
    for turn in range(8):
        crossings = _crossings(rows, below)
        if fewest is None or crossings < fewest:
            best, fewest = [[*row] for row in rows], crossings
        near = above if turn % 2 == 0 else below
        place = {id(box): i / max(len(row), 1) for row in rows for i, box in enumerate(row)}
        for row in rows if turn % 2 == 0 else reversed(rows):
            means = {}
            for i, box in enumerate(row):
                around = [place[id(other)] for other, _ in near.get(id(box), [])]
                means[id(box)] = sum(around) / len(around) if around else i / max(len(row), 1)
            row.sort(key=lambda box: means[id(box)])
            place.update({id(box): i / max(len(row), 1) for i, box in enumerate(row)})
    rows[:] = best


def _crossings(rows: list[list[Box]], below: dict[int, list[tuple[Box, Node]]]) -> int:
    place = {id(box): i for row in rows for i, box in enumerate(row)}
    crossings = 0
    for row in rows:
        ends = [
            place[id(other)]
            for box in row
            for other in sorted((b for b, _ in below.get(id(box), [])), key=lambda b: place[id(b)])
        ]
        crossings += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return crossings


def _neighbours(steps: list[Link]) -> tuple[dict[int, list[tuple[Box, Node]]], ...]:
    above: dict[int, list[tuple[Box, Node]]] = {}
    below: dict[int, list[tuple[Box, Node]]] = {}
    for start, end, source in steps:
        above.setdefault(id(end), []).append((start, source))
        below.setdefault(id(start), []).append((end, source))
    return above, below


def _place(rows: list[list[Box]], steps: list[Link]) -> None:
    """Moves every box towards the ends of its edges, as far as its neighbours in the layer let it."""
    above, below = _neighbours(steps)
    for row in rows:
        x = 0.0
        for box in row:
            box.x = x + box.width / 2
            x += box.width + GAP
        for box in row:
            box.x -= (x - GAP) / 2
    for turn in range(24):
        for row in rows if turn % 2 == 0 else reversed(rows):
            wanted, weights = [], []
            for box in row:
                ends = [(o, o.x + o.port(s, "out") - box.port(s, "in")) for o, s in above.get(id(box), [])]
                if turn % 2 or not ends:
                    ends = [(o, o.x + o.port(s, "in") - box.port(s, "out")) for o, s in below.get(id(box), [])] or ends
                pulls = [4.0 if o.height or o.is_port else 1.0 for o, _ in ends]  # a chain of nodes stays straight
                middle = sum(pull * x for pull, (_, x) in zip(pulls, ends, strict=True)) / (sum(pulls) or 1)
                wanted.append(middle if ends else box.x)
                weights.append(1.0 if box.height or box.is_port else 3.0)
            for box, x in zip(row, _apart(row, wanted, weights), strict=True):
                box.x = x


def _apart(row: list[Box], wanted: list[float], weights: list[float]) -> list[float]:
    """The nearest places to the wanted ones at which neighbours don't touch: isotonic regression."""
    offset, offsets = 0.0, []
    for i, box in enumerate(row):
        offset += (row[i - 1].width + box.width) / 2 + GAP if i else 0.0
        offsets.append(offset)
    pools: list[list[float]] = []  # mean, weight, count
    for x, shift, weight in zip(wanted, offsets, weights, strict=True):
        pools.append([x - shift, weight, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, total, count = pools.pop()
            before = pools[-1]
            before[0] = (before[0] * before[1] + mean * total) / (before[1] + total)
            before[1], before[2] = before[1] + total, before[2] + count
    places = [mean for mean, _, count in pools for _ in range(int(count))]
    return [place + shift for place, shift in zip(places, offsets, strict=True)]


def _points(source: Node, way: list[Box]) -> list[tuple[float, float]]:
    """The points of an edge: out of the bottom of a box, past layers, into the top of another."""
    start, end = way[0], way[-1]
    points = [(start.x + start.port(source, "out"), start.y + (0 if start.is_port else start.height))]
    for box in way[1:-1]:
        points += [(box.x, box.y), (box.x, box.y + box.height)]
    return [*points, (end.x + end.port(source, "in"), end.y)]
