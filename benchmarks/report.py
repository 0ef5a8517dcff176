"""Writes the tables of `docs/performance.md` from the files that `operators.py`, `chains.py` and `models.py` save.

    python benchmarks/report.py [--operators PATH] [--chains PATH] [--models PATH] [--document PATH]

Two comments that name a table enclose it. The text outside of them is written by hand and stays.
"""

from __future__ import annotations

import argparse
import json
import re
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

PASSES = {"forward": "forward", "gradients": "with gradients"}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def ours_of(figures: dict[str, Any]) -> list[str]:
    return [name for name in figures if name != "torch"]


def bold(ratio: float, limit: float) -> str:
    return f"**{ratio:.2f}**" if ratio > limit else f"{ratio:.2f}"


def machine(saved: dict[str, Any]) -> str:
    about = saved["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items() if version)
    text = f"`python {' '.join(about['command'])}`, {about['cores']} cores, Python {about['python']}, {versions}."
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def means(saved: dict[str, Any]) -> str:
    """Geometric means by family."""
    contestants = ours_of(saved["means"]["all"]["forward"])
    head = ["family", "rows", *(f"{what}: {one}" for what in PASSES.values() for one in contestants)]
    rows = []
    for family, found in saved["means"].items():
        ratios = [f"{found[name][one]['to_torch']:.2f}" for name in PASSES for one in contestants]
        rows.append([family, str(found["rows"]), *ratios])
    counts = []
    for name, what in PASSES.items():
        for one in contestants:
            c = saved["means"]["all"][name][one]
            counts.append(
                f"- {what}, {one}: {c['above_1']} rows above torch's time, {c['above_1.5']} above 1.5 ×, at most"
                f" {c['worst']:.2f} ×; {c['naive_above_1.05']} above 1.05 × naive's."
            )
    return "\n".join([machine(saved), "", table(head, rows), "", *counts])


def operators(saved: dict[str, Any]) -> str:
    """One row per operator: torch's time, and the ratios to it."""
    contestants = ours_of(saved["means"]["all"]["forward"])
    ours = contestants[-1]
    head = ["row"]
    for what in PASSES.values():
        head += [f"{what}: torch, µs", *contestants, f"{ours} / naive"]
    rows = []
    for row, figures in saved["rows"].items():
        cells = [row]
        for name in PASSES:
            found = figures[name]
            cells.append(f"{found['torch']['median_us']:,.0f}")
            cells += [bold(found[one]["to_torch"], 1.0) for one in contestants]
            cells.append(bold(found[ours]["to_naive"], 1.05))
        rows.append(cells)
    return table(head, rows)


def chains(saved: dict[str, Any]) -> str:
    """Geometric means by family, then one row per chain."""
    others = ("torch", "naive", "parts")
    limits = {"torch": 1.0, "naive": 1.1, "parts": 1.1}

    def ratios(found: dict[str, Any]) -> list[str]:
        return [bold(found[name][f"to_{other}"], limits[other]) for name in PASSES for other in others]

    columns = [f"{what}: / {other}" for what in PASSES.values() for other in others]
    means = [[family, str(found["rows"]), *ratios(found)] for family, found in saved["means"].items()]
    rows = []
    for row, found in saved["rows"].items():
        own = [f"{found[name]['purenn'] / 1e3:.2f}" for name in PASSES]
        rows.append([row, *own, *ratios(found)])
    counts = []
    for name, what in PASSES.items():
        all_rows = saved["means"]["all"]
        above = ", ".join(f"{all_rows[name][f'above_{other}']} above 1.1 × {other}" for other in others)
        counts.append(f"- {what}, of {all_rows['rows']} chains: {above}.")
    every = table(["chain", *(f"{what}, ms" for what in PASSES.values()), *columns], rows)
    head = ["family", "rows", *columns]
    return "\n".join([machine(saved), "", table(head, means), "", *counts, "", "Every chain:", "", every])


def models(saved: dict[str, Any]) -> str:
    """One table per model."""
    head = ["contestant", "a step, ms", "/ torch", "a call, ms", "/ torch", "first step, s", "peak, MiB"]
    parts = [machine(saved)]
    for name, result in saved["models"].items():
        rows = []
        for one, found in result["contestants"].items():
            cells = [one]
            for part in ("step", "call"):
                cells += [f"{found[part]['median_us'] / 1e3:,.2f}", f"{found[part]['to_torch']:.2f}"]
            rows.append([*cells, f"{found['first_step_s']:.1f}", f"{found['peak_bytes'] / 2**20:,.0f}"])
        parts.append(f"**{name}**: {result['about']}\n\n{table(head, rows)}")
    return "\n\n".join(parts)


def put(text: str, name: str, content: str) -> str:
    """The document with the content between the comments of this name."""
    pattern = re.compile(f"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"the document has no place <!-- {name} --> for this table")
    return pattern.sub(lambda found: f"{found[1]}\n{content}\n\n{found[2]}", text)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--operators", type=Path, metavar="PATH", help="the file of operators.py --json")
    parser.add_argument("--chains", type=Path, metavar="PATH", help="the file of chains.py --json")
    parser.add_argument("--models", type=Path, metavar="PATH", help="the file of models.py --json")
    parser.add_argument("--document", type=Path, default=Path("docs/performance.md"), metavar="PATH")
    options = parser.parse_args()
    text = options.document.read_text()
    if options.operators:
        saved = json.loads(options.operators.read_text())
        text = put(put(text, "means", means(saved)), "operators", operators(saved))
    if options.chains:
        text = put(text, "chains", chains(json.loads(options.chains.read_text())))
    if options.models:
        text = put(text, "models", models(json.loads(options.models.read_text())))
    options.document.write_text(text)


if __name__ == "__main__":
    main()
