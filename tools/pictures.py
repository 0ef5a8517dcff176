"""Draws the charts and badges of the documentation as SVG.

``python tools/pictures.py`` writes docs/pictures, ``--check`` fails if a picture is stale. The charts show the tables
of docs/performance.md. The badges show facts of pyproject.toml and docs/parity.md. This file contains no figures.
"""

from __future__ import annotations

import dataclasses
import math
import re
import sys
import tomllib
from collections.abc import Sequence
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
COLORS = {
    "naive": "#e07a3f", "flax.nnx": "#e07a3f", "equinox": "#8a63b8", "haiku": "#4e9a5b", "torch": "#555555",
    "purenn": "#1f6fb4", "by hand": "#a0a0a0", "parts": "#1f6fb4",
}  # fmt: skip
ROW, LABEL, PANEL, GAP = 22, 150, 250, 40  # pixels


@dataclasses.dataclass
class Panel:
    """Points of several series on a logarithmic axis, one row per label."""

    title: str
    points: dict[str, list[tuple[str, float]]]  # label: pairs of a series and its value
    unit: str
    line: float | None = None  # where a vertical line is drawn


def tables(text: str, heading: str) -> list[list[dict[str, str]]]:
    """Reads the tables of a section: rows by column name.

    The first column has the name ''. A column whose name begins with / has the name of the column before it in front.
    """
    section = re.split(rf"^#+ {re.escape(heading)}$", text, maxsplit=1, flags=re.M)[1]
    section = re.split(r"^## ", section, maxsplit=1, flags=re.M)[0]
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", section, re.M):
        lines = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in block.strip().split("\n")]
        head = ["", *lines[0][1:]]
        head = [f"{head[i - 1]} {name}" if name.startswith("/") else name for i, name in enumerate(head)]
        found.append([dict(zip(head, line, strict=True)) for line in lines[2:]])
    return found


def number(cell: str) -> float:
    return float(cell.replace(",", "").replace("*", ""))


def chart(panels: Sequence[Panel], series: Sequence[str], title: str) -> str:
    """Draws panels beside each other, with the labels of the first at the left."""
    labels = list(panels[0].points)
    width, height = LABEL + len(panels) * (PANEL + GAP), 76 + ROW * len(labels)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif"'
        f' font-size="12" role="img"><title>{escape(title)}</title>',
        f'<rect width="{width}" height="{height}" rx="6" fill="#ffffff"/>',
    ]
    at = 14
    for name in series:
        out += [_dot(at, 16, name), _text(at + 9, 20, name)]
        at += 34 + 7 * len(name)
    for i, label in enumerate(labels):
        out.append(_text(LABEL - 10, 66 + ROW * i, label, "end"))
    for k, panel in enumerate(panels):
        out += _panel(panel, LABEL + k * (PANEL + GAP), 66 + ROW * len(labels))
    return "\n".join([*out, "</svg>\n"])


def _panel(panel: Panel, left: int, bottom: int) -> list[str]:
    values = [value for points in panel.points.values() for _, value in points]
    low, high = math.log10(min(values) / 1.25), math.log10(max(values) * 1.25)

    def x(value: float) -> float:
        return round(left + (math.log10(value) - low) / (high - low) * PANEL, 1)

    out = [_text(left, 42, f"{panel.title} ({panel.unit})", weight="bold")]
    for power in range(math.floor(low), math.ceil(high) + 1):
        for step in (1, 2, 5):
            tick = step * 10.0**power
            if low <= math.log10(tick) <= high:
                out.append(f'<path d="M{x(tick)} 50V{bottom - 10}" stroke="#e4e4e4"/>')
                out.append(_text(x(tick), bottom + 4, f"{tick:,.10g}", "middle", color="#777777", size=10))
    if panel.line is not None:
        out.append(f'<path d="M{x(panel.line)} 48V{bottom - 10}" stroke="#555555" stroke-width="1.5"/>')
    for i, points in enumerate(panel.points.values()):
        y = 62 + ROW * i
        reach = sorted(x(value) for _, value in points)
        out.append(f'<path d="M{reach[0]} {y}H{reach[-1]}" stroke="#c9c9c9" stroke-width="2"/>')
        out += [_dot(x(value), y, name, f"{name}: {value:,.10g}") for name, value in points]
    return out


def _dot(x: float, y: float, name: str, note: str = "") -> str:
    tip = f"<title>{escape(note)}</title>" if note else ""
    return f'<circle cx="{x}" cy="{y}" r="5" fill="{COLORS[name]}">{tip}</circle>'


def _text(
    x: float, y: float, text: str, anchor: str = "start", weight: str = "normal", color: str = "#222222", size: int = 12
) -> str:
    look = f'text-anchor="{anchor}" font-weight="{weight}" fill="{color}" font-size="{size}"'
    return f'<text x="{x}" y="{y}" {look}>{escape(text)}</text>'


def operators(text: str) -> str:
    """Families of operators: naive and purenn, as shares of torch's time."""
    means = tables(text, "Operators")[0]
    panels = [
        Panel(
            kind,
            {row[""]: [(name, number(row[f"{kind}: {name}"])) for name in ("naive", "purenn")] for row in means},
            "time / torch's",
            line=1.0,
        )
        for kind in ("forward", "with gradients")
    ]
    return chart(panels, ("naive", "purenn"), "Operators: time as a share of torch's, by family")


def chains(text: str) -> str:
    """Families of chains: one jit of purenn relative to torch, to naive JAX and to its parts."""
    means = tables(text, "Operators in company")[0]
    others = ("torch", "naive", "parts")
    panels = [
        Panel(
            kind,
            {row[""]: [(other, number(row[f"{kind}: / {other}"])) for other in others] for row in means},
            "time of one jit / the other's",
            line=1.0,
        )
        for kind in ("forward", "with gradients")
    ]
    return chart(panels, others, "Chains of operators in one jit: time as a share of others', by family")


def models(text: str) -> str:
    """Whole models: steps and calls of each library, as shares of torch's time."""
    names = re.findall(r"^\*\*(\w+)\*\*: ", text, re.M)
    rows = dict(zip(names, tables(text, "Models"), strict=True))
    shown = {"flax.nnx": "flax.nnx", "equinox": "equinox", "purenn, jax.jit": "purenn"}
    panels = []
    for title, column in (("a training step", "a step, ms / torch"), ("a call", "a call, ms / torch")):
        points: dict[str, list[tuple[str, float]]] = {}
        for name, table in rows.items():
            found = {row[""]: number(row[column]) for row in table}
            points[name] = [(series, found[contestant]) for contestant, series in shown.items()]
        panels.append(Panel(title, points, "time / torch's", line=1.0))
    return chart(panels, list(shown.values()), "Models: time as a share of torch's")


CALLS = {  # label: the series, its row in the table of calls, its row in the table of steps
    "by hand": ("by hand", "by hand", "by hand"),
    "purenn, pure": ("purenn", "purenn, `jax.jit(layer.apply)`", "purenn, `jax.jit` over `layer.apply`"),
    "purenn, object": ("purenn", "purenn, `net.compile()`", "purenn, `Optimizer.step`"),
    "flax.nnx, nnx.jit": ("flax.nnx", "flax.nnx, `nnx.jit`", "flax.nnx, `nnx.jit`"),
    "equinox, filter_jit": ("equinox", "equinox, `filter_jit`", "equinox, `filter_jit`"),
    "haiku": ("haiku", "haiku, `jax.jit`", "haiku, `jax.jit`"),
    "torch, eager": ("torch", "torch, eager", "torch, eager"),
}


def calls(text: str) -> str:
    """Calls and training steps of small networks, in which the overhead of the library dominates."""
    call, step = tables(text, "What a call costs")[:2]
    panels = []
    for k, (title, table, column) in enumerate(
        (("a call, 48 arrays", call, "12 blocks, 48 arrays"), ("an Adam step, 48 arrays", step, "48 arrays"))
    ):
        found = {row[""]: number(row[column]) for row in table}
        points = {label: [(series, found[rows[k]])] for label, (series, *rows) in CALLS.items()}
        panels.append(Panel(title, points, "µs"))
    return chart(panels, (), "What calls and training steps of a small network cost")


def badge(label: str, value: str) -> str:
    """A badge with two fields."""
    first, second = 12 + 6.6 * len(label), 12 + 6.6 * len(value)
    width = round(first + second)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" font-family="sans-serif" font-size="11"'
        f' role="img"><title>{escape(label)}: {escape(value)}</title>'
        f'<rect width="{width}" height="20" rx="3" fill="#444"/>'
        f'<path d="M{first:.0f} 0h{second - 3:.0f}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{second - 3:.0f}z" fill="#1f6fb4"/>'
        f'<g fill="#fff" text-anchor="middle"><text x="{first / 2:.0f}" y="14">{escape(label)}</text>'
        f'<text x="{first + second / 2:.0f}" y="14">{escape(value)}</text></g></svg>\n'
    )


def badges(parity: str) -> dict[str, str]:
    """Badges with facts of the project: its requirements, its licence, and the share of torch's names that it has."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    jax = next(d for d in project["dependencies"] if d.startswith("jax>"))
    counts = {row[""].strip("`"): row for row in _summary(parity)}
    checked = {name: int(counts[name]["checked"]) for name in ("torch.nn", "torch.nn.functional")}
    facts = {
        "python": project["requires-python"],
        "jax": jax.removeprefix("jax"),
        "license": project["license"],
        **{name: f"{n} of {n + int(counts[name]['missing'])} names" for name, n in checked.items()},
    }
    return {f"badge_{label.replace('.', '_')}.svg": badge(label, value) for label, value in facts.items()}


def _summary(parity: str) -> list[dict[str, str]]:
    lines = [line for line in parity.split("\n## ")[0].splitlines() if line.startswith("|")]
    head = ["", *(cell.strip() for cell in lines[0].strip("|").split("|")[1:])]
    return [dict(zip(head, (c.strip() for c in line.strip("|").split("|")), strict=True)) for line in lines[2:]]


def pictures() -> dict[str, str]:
    """All pictures by file name."""
    performance = (ROOT / "docs/performance.md").read_text()
    parity = (ROOT / "docs/parity.md").read_text()
    charts = {"operators.svg": operators, "chains.svg": chains, "models.svg": models, "calls.svg": calls}
    return {**{name: draw(performance) for name, draw in charts.items()}, **badges(parity)}


def main(arguments: list[str]) -> int:
    made = pictures()
    if "--check" not in arguments:
        PICTURES.mkdir(exist_ok=True)
        for name, text in made.items():
            (PICTURES / name).write_text(text)
    stale = [
        name for name, text in made.items() if not (PICTURES / name).exists() or (PICTURES / name).read_text() != text
    ]
    print(*(f"docs/pictures/{name} is stale" for name in stale), sep="\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
