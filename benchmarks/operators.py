"""The cost of operators: torch eager, naive JAX and purenn, forward and with all gradients, on the CPU.

    python benchmarks/operators.py [--only FAMILY] [--rows REGEX] [--json PATH] [--chart PATH] [--quick] [--list]

The rows are in `operator_rows.py`, naive JAX is in `operator_naive.py`. Before a row is timed, every contestant's
outputs and gradients (for one random cotangent) are compared with torch's. A disagreement is an error, but one of naive
JAX is only reported. Then the contestants are timed in many short rounds. Each round times all contestants, in a random
order. A time is the median over the rounds; a ratio is the median of the ratios within rounds.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np
import torch
from operator_rows import NAIVE, PURENN, ROWS, TORCH, Row
from overhead import Once, Seconds, machine, one_by_one, summary

import purenn

PASSES = {"forward": "forward", "gradients": "output and all gradients"}
# Relative to the largest number of an array. Both sides are float32, and neither is exact.
TOLERANCE = 1e-4
SLICE_S, BUDGET_S, MOST_ROUNDS, LEAST_ROUNDS = 0.003, 0.5, 20, 7
SPIN_S = 0.015  # torch's threads spin for 10 ms after an operator and would take a core from the next contestant


def contestants() -> dict[str, tuple[Any, Callable[..., Any]]]:
    """The functions and the jit of each contestant that runs on jax."""
    own = getattr(purenn, "jit", None)
    found = {"naive": (NAIVE, jax.jit), "purenn": (PURENN, jax.jit)}
    return found | ({"purenn.jit": (PURENN, own)} if own else {})


class Disagreement(Exception):
    """A contestant's result differs from torch's."""


# The contestants of a row: per pass, a function without arguments.

Runs = dict[str, dict[str, Once]]


def in_torch(
    row: Row, values: list[Any], functions: Any = TORCH
) -> tuple[dict[str, Once], list[Any], list[np.ndarray]]:
    """Torch's runs, the cotangents, and the arrays that all others are compared with: outputs, then gradients."""
    arrays: list[Any] = [None if value is None else torch.from_numpy(value) for value in values]
    leaves = [a.detach().requires_grad_() if i.trained else a for a, i in zip(arrays, row.inputs, strict=True)]
    trained = [a for a, i in zip(leaves, row.inputs, strict=True) if i.trained]
    outputs = [y.detach().numpy() for y in several(row.call(functions, *arrays))]
    noise = np.random.RandomState(1)
    cotangents = [np.asarray(noise.standard_normal(y.shape), np.float32) for y in outputs]
    given = [torch.from_numpy(cotangent) for cotangent in cotangents]

    def both() -> Any:
        made = several(row.call(functions, *leaves))
        return made, torch.autograd.grad(made, trained, given)

    def forward() -> Any:
        with torch.no_grad():
            return several(row.call(functions, *arrays))[0]

    made, gradients = both()
    arrays_of = [array.detach().numpy() for array in (*made, *gradients)]
    # One tensor is returned. Its type shows that it is torch's, so nothing has to be waited for.
    return {"forward": forward, "gradients": lambda: both()[1][-1]}, cotangents, arrays_of


def in_jax(
    row: Row, functions: Any, jit: Callable[..., Any], values: list[Any], cotangents: list[Any]
) -> tuple[dict[str, Once], Callable[[], list[np.ndarray]]]:
    """A contestant's runs, and its outputs and gradients."""
    arrays = [jax.random.key(0) if value is None else jnp.asarray(value) for value in values]
    given = [jnp.asarray(cotangent) for cotangent in cotangents]
    forward_jit, both_jit = map(jit, passes(row, functions))
    runs = {"forward": lambda: forward_jit(*arrays), "gradients": lambda: both_jit(arrays, given)}

    def computed() -> list[np.ndarray]:
        outputs, gradients = both_jit(arrays, given)
        alone = forward_jit(*arrays)
        for number, (one, other) in enumerate(zip(alone, outputs, strict=True)):
            compare(f"output {number} without gradients", np.asarray(one), np.asarray(other))
        return [np.asarray(array) for array in (*outputs, *gradients)]

    return runs, computed


def passes(row: Row, functions: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Two functions of a row: the outputs, and the outputs with all gradients for given cotangents."""
    places = [place for place, input in enumerate(row.inputs) if input.trained]

    def forward(*arrays: Any) -> Any:
        return several(row.call(functions, *arrays))

    def both(arrays: Any, given: Any) -> Any:
        def of_trained(*trained: Any) -> Any:
            replaced = list(arrays)
            for place, array in zip(places, trained, strict=True):
                replaced[place] = array
            return forward(*replaced)

        outputs, back = jax.vjp(of_trained, *(arrays[place] for place in places))
        return outputs, back(tuple(given))

    return forward, both


def several(result: Any) -> tuple[Any, ...]:
    return tuple(result) if isinstance(result, list | tuple) else (result,)


def compare(what: str, got: np.ndarray, expected: np.ndarray, tolerance: float = TOLERANCE) -> float:
    """The largest difference, relative to the largest number. A difference above the tolerance is an error."""
    if got.shape != expected.shape or got.dtype != expected.dtype:
        raise Disagreement(f"{what}: {got.dtype} {got.shape}, torch {expected.dtype} {expected.shape}")
    difference = float(abs(got - expected).max() / max(float(abs(expected).max()), 1e-30))
    if not difference <= tolerance:
        raise Disagreement(f"{what}: differs by {difference:.1e} of the largest number")
    return difference


def check(row: Row, got: list[np.ndarray], expected: list[np.ndarray], values: list[Any], cotangents: Any) -> float:
    """The largest difference over all arrays."""
    if row.dropped:  # any mask is valid: it is read from the output
        (p, draws), x, y = row.dropped, values[0], got[0]
        kept = y != 0
        if abs(kept.mean() - (1 - p)) > 5 * (p * (1 - p) / draws) ** 0.5 + 1e-6:
            raise Disagreement(f"a share of {kept.mean():.4f} is kept, expected {1 - p}")
        factor = kept / np.float32(1 - p)
        expected = [x * factor, cotangents[0] * factor]
    outputs = len(cotangents)
    names = [f"output {i}" if i < outputs else f"gradient {i - outputs}" for i in range(len(expected))]
    tolerance = row.tolerance or TOLERANCE
    return max(compare(*arrays, tolerance) for arrays in zip(names, got, expected, strict=True))


def prepared(row: Row) -> tuple[Runs, dict[str, float]]:
    """The runs by pass and contestant, after a check that they agree, and the difference of each from torch."""
    noise = np.random.RandomState(0)
    values = [input.make(noise) for input in row.inputs]
    of_torch, cotangents, expected = in_torch(row, values)
    runs: Runs = {name: {"torch": of_torch[name]} for name in PASSES}
    differences = {}
    for contestant, (functions, jit) in contestants().items():
        made, computed = in_jax(row, functions, jit, values, cotangents)
        try:
            differences[contestant] = check(row, computed(), expected, values, cotangents)
        except Disagreement as error:
            if contestant != "naive":
                raise Disagreement(f"{contestant}: {error}") from None
            print(f"naive: {error}", file=sys.stderr)  # its derivatives at ties and its sums may differ
        for name in PASSES:
            runs[name][contestant] = made[name]
    return runs, differences


def interleaved(runs: dict[str, Once], quick: bool) -> dict[str, list[Seconds]]:
    """Seconds of every contestant in every round. All have run before. Slow contestants get fewer rounds."""
    once_s = {
        contestant: min(one_by_one(once, 1)[0] for _ in range(1 + (not quick))) for contestant, once in runs.items()
    }
    counts = {contestant: max(1, round(SLICE_S / seconds)) for contestant, seconds in once_s.items()}
    round_s = sum(counts[contestant] * seconds for contestant, seconds in once_s.items())
    rounds = 3 if quick else min(MOST_ROUNDS, max(LEAST_ROUNDS, round(BUDGET_S / round_s)))
    order, shuffle = list(runs), random.Random(0).shuffle
    clocks: dict[str, list[Seconds]] = {contestant: [] for contestant in runs}
    gc.collect()
    gc.disable()
    try:
        before = ""
        for _ in range(rounds):
            shuffle(order)
            for contestant in order:
                if before.startswith("torch"):
                    time.sleep(SPIN_S)
                if counts[contestant] > 1:
                    one_by_one(runs[contestant], 1)
                clocks[contestant].append(one_by_one(runs[contestant], counts[contestant]))
                before = contestant
    finally:
        gc.enable()
    return clocks


def measure(row: Row, quick: bool) -> dict[str, Any]:
    """A row's figures: per pass and contestant the time, and its ratios to torch and to naive JAX."""
    runs, differences = prepared(row)
    results: dict[str, Any] = {"family": row.family, "difference": differences}
    for name, by_contestant in runs.items():
        clocks = interleaved(by_contestant, quick)
        results[name] = {}
        for contestant, mine in clocks.items():
            figures = summary(mine, clocks["torch"])
            figures["to_torch"] = figures.pop("ratio")
            figures["to_naive"] = summary(mine, clocks["naive"])["ratio"]
            results[name][contestant] = figures
    return results


def geometric_means(results: dict[str, Any]) -> dict[str, Any]:
    """Figures by family and over all rows: per pass and contestant mean ratios and counts of slow rows."""
    families = dict.fromkeys(figures["family"] for figures in results.values())
    means: dict[str, Any] = {}
    for family in (*families, "all"):
        chosen = [figures for figures in results.values() if family in (figures["family"], "all")]
        means[family] = {"rows": len(chosen)}
        for name in PASSES:
            means[family][name] = {}
            for contestant in chosen[0][name]:
                ratios = {kind: [row[name][contestant][kind] for row in chosen] for kind in ("to_torch", "to_naive")}
                means[family][name][contestant] = {
                    **{kind: statistics.geometric_mean(of_kind) for kind, of_kind in ratios.items()},
                    "above_1": sum(ratio > 1 for ratio in ratios["to_torch"]),
                    "above_1.5": sum(ratio > 1.5 for ratio in ratios["to_torch"]),
                    "naive_above_1.05": sum(ratio > 1.05 for ratio in ratios["to_naive"]),
                    "worst": max(ratios["to_torch"]),
                }
    return means


# Display.


def coloured(ratio: float, limit: float = 1.0) -> str:
    style = "red" if ratio > 1.5 * limit else "yellow" if ratio > limit else "green"
    return f"[{style}]{ratio:.2f}[/]"


def show(results: dict[str, Any], means: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 160)
    others = list(contestants())
    ours = others[-1]

    def drawn(
        title: str, first: str, lines: dict[str, Any], number: str, cell: Callable[[dict[str, Any], str], str]
    ) -> None:
        table = Table(title=title, title_justify="left", title_style="bold")
        table.add_column(first, no_wrap=True)
        for name in PASSES:
            short = {"forward": "fwd", "gradients": "f+b"}[name]
            table.add_column(f"{short} {number}", justify="right")
            for other in others:
                table.add_column(f"{other}\n/ torch", justify="right")
            table.add_column(f"{ours}\n/ naive", justify="right")
        for line, figures in lines.items():
            cells = []
            for name in PASSES:
                of_pass = figures[name]
                cells.append(cell(figures, name))
                cells += [coloured(of_pass[other]["to_torch"]) for other in others]
                cells.append(coloured(of_pass[ours]["to_naive"], 1.05))
            table.add_row(line, *cells)
        console.print(table)

    drawn(
        "Operators; a ratio below 1 is faster",
        "row",
        results,
        "torch µs",
        lambda figures, name: f"{figures[name]['torch']['median_us']:,.0f}",
    )
    drawn(
        f"Geometric means, and how many rows of {ours} are slower than torch",
        "family",
        means,
        "slower",
        lambda figures, name: f"{figures[name][ours]['above_1']} of {figures['rows']}",
    )
    for name, what in PASSES.items():
        for other in others:
            figures = means["all"][name][other]
            console.print(
                f"{what}, {other}: {figures['above_1']} of {means['all']['rows']} rows above torch,"
                f" {figures['above_1.5']} above 1.5 x, worst {figures['worst']:.2f} x;"
                f" {figures['naive_above_1.05']} above 1.05 x naive"
            )


def draw(results: dict[str, Any], path: Path) -> None:
    colours = ("0.75", *(f"C{number}" for number in range(len(contestants()))))
    others = dict(zip(contestants(), colours, strict=False))
    bars(results, others, lambda of_pass, other: of_pass[other]["to_torch"], path, "time / torch's; left is faster")


def bars(
    results: dict[str, Any],
    series: dict[str, str],
    ratio: Callable[[dict[str, Any], str], float],
    path: Path,
    axis: str,
) -> None:
    """Bars of ratios, one panel per pass. `series` has the colours."""
    try:
        import matplotlib
    except ImportError:
        print("no chart: matplotlib is not installed", file=sys.stderr)
        return
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    names = list(results)
    figure, panels = plt.subplots(1, 2, figsize=(15, 2 + 0.24 * len(names)), sharey=True, layout="constrained")
    height = 0.8 / len(series)
    for panel, (name, what) in zip(panels, PASSES.items(), strict=True):
        for number, (other, colour) in enumerate(series.items()):
            ratios = [ratio(results[row][name], other) for row in names]
            places = np.arange(len(names)) + (number - (len(series) - 1) / 2) * height
            panel.barh(places, np.asarray(ratios) - 1, height, left=1, label=other, color=colour)
        panel.axvline(1, color="black", linewidth=1)
        panel.set(xscale="log", title=what, xlabel=axis)
        panel.set_yticks(np.arange(len(names)), names, fontsize=7)
        panel.set_ylim(len(names) - 0.4, -0.6)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=len(series))
    figure.savefig(path, dpi=110)


def row_parser(about: str | None, rows: Sequence[Any] = ROWS) -> argparse.ArgumentParser:
    """The options of a benchmark of rows with a family and a name: the choice of rows, and the file for the figures."""
    families = list(dict.fromkeys(row.family for row in rows))
    parser = argparse.ArgumentParser(description=(about or "").splitlines()[0])
    parser.add_argument("--only", choices=families, metavar="FAMILY", help=f"one family of {', '.join(families)}")
    parser.add_argument("--rows", type=re.compile, metavar="REGEX", help="only rows whose name matches")
    parser.add_argument("--json", type=Path, metavar="PATH", help="where to save the figures")
    return parser


def chosen_rows(options: argparse.Namespace, rows: Sequence[Any] = ROWS) -> list[Any]:
    """The rows that the options of `row_parser` select."""
    rows = [row for row in rows if options.only in (None, row.family)]
    return [row for row in rows if options.rows is None or options.rows.search(row.name)]


def run(
    about: str | None,
    rows: Sequence[Any],
    measure: Callable[[Any, bool], dict[str, Any]],
    geometric_means: Callable[[dict[str, Any]], dict[str, Any]],
    show: Callable[[dict[str, Any], dict[str, Any]], None],
    draw: Callable[[dict[str, Any], Path], None],
) -> int:
    """Measures the selected rows, shows and saves their figures, and returns the exit status."""
    parser = row_parser(about, rows)
    parser.add_argument("--chart", type=Path, metavar="PATH", help="where to save a bar chart (needs matplotlib)")
    parser.add_argument("--quick", action="store_true", help="three rounds, to check that everything runs and agrees")
    parser.add_argument("--list", action="store_true", help="only print the families and names of the rows")
    options = parser.parse_args()
    chosen = chosen_rows(options, rows)
    if options.list or not chosen:
        print("\n".join(f"{row.family:15} {row.name}" for row in chosen) or "no such row")
        return 0 if chosen else 1
    where = {**machine(), "torch_threads": torch.get_num_threads(), "command": sys.argv}
    if where["load"][0] > 0.5:
        print(f"the machine is busy, load {where['load'][0]:.1f}: figures of small rows mean little", file=sys.stderr)
    results, failures = {}, {}
    for number, row in enumerate(chosen, 1):
        begun = time.perf_counter()
        try:
            results[row.name] = measure(row, options.quick)
        except Exception as error:  # the other rows are still timed; the exit status reports the failure
            failures[row.name] = f"{type(error).__name__}: {str(error).splitlines()[0]}"
        print(
            f"{number} of {len(chosen)}: {row.name}, {failures.get(row.name, 'agrees')}"
            f" ({time.perf_counter() - begun:.1f} s)",
            file=sys.stderr,
        )
        jax.clear_caches()
    means = geometric_means(results) if results else {}
    if results:
        show(results, means)
    for path in filter(None, (options.json, options.chart)):
        path.parent.mkdir(parents=True, exist_ok=True)
    if options.json:
        saved = {"machine": where, "quick": options.quick, "rows": results, "means": means, "failures": failures}
        options.json.write_text(json.dumps(saved, indent=1) + "\n")
    if options.chart and results:
        draw(results, options.chart)
    for name, failure in failures.items():
        print(f"error: {name}: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(run(__doc__, ROWS, measure, geometric_means, show, draw))
