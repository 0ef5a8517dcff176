"""The cost of chains of operators: torch eager, naive JAX and purenn in one jit, and purenn with one jit per part.

    python benchmarks/chains.py [--only FAMILY] [--rows REGEX] [--json PATH] [--chart PATH] [--quick] [--list]

The chains are in `chain_rows.py`. Each is timed forward and with all gradients. `parts` is the sum of the
times of the stages when each has its own jit. One jit of all stages should take less, because it writes no results
between stages. It takes more if XLA computes a stage again for every element of the next stage's windows. Before a
chain is timed, its outputs and gradients are compared with torch's. In this comparison dropout keeps every element.
"""

# ruff: noqa: N803  (F is functional, here an argument)

from __future__ import annotations

import re
import statistics
import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from chain_rows import CHAINS, LIBRARIES, Chain, without_chance
from operator_rows import Row, normal
from operators import (
    PASSES,
    Disagreement,
    Runs,
    bars,
    check,
    coloured,
    in_jax,
    in_torch,
    interleaved,
    passes,
    run,
)
from overhead import Once, summary

import purenn

OTHERS = ("torch", "naive", "parts")  # the contestants that the single jit is compared with


def prepared(chain: Chain) -> tuple[Runs, dict[str, float]]:
    """The runs by pass and contestant, after a check that they agree, and the difference of each from torch."""
    row, noise = chain.row(), np.random.RandomState(0)
    values = [input.make(noise) for input in row.inputs]
    compared = row._replace(call=lambda F, *arrays: row.call(without_chance(F), *arrays)) if chain.random else row
    of_torch, cotangents, expected = in_torch(compared, values, LIBRARIES["torch"])
    if chain.random:
        of_torch = in_torch(row, values, LIBRARIES["torch"])[0]
    runs: Runs = {name: {"torch": of_torch[name]} for name in PASSES}
    differences = {}
    for contestant, jit in (("naive", jax.jit), ("purenn", purenn.jit)):
        made, computed = in_jax(compared, LIBRARIES[contestant], jit, values, cotangents)
        try:
            differences[contestant] = check(row, computed(), expected, values, cotangents)
        except Disagreement as error:
            if contestant != "naive":
                raise Disagreement(f"{contestant}: {error}") from None
            print(f"naive: {error}", file=sys.stderr)
        if chain.random:
            made, _ = in_jax(row, LIBRARIES[contestant], jit, values, cotangents)
        for name in PASSES:
            runs[name][contestant] = made[name]
    for name, once in in_parts(chain, values).items():
        runs[name]["parts"] = once
    return runs, differences


def in_parts(chain: Chain, values: list[Any]) -> dict[str, Once]:
    """Runs of all stages, each in its own jit and on arrays that exist already."""
    arrays = [jax.random.key(0) if value is None else jnp.asarray(value) for value in values]
    results, rest = chain.run(LIBRARIES["purenn"], *arrays), arrays[1:]
    forwards, boths = [], []
    for number, stage in enumerate(chain.stages):
        own = [rest.pop(0) for _ in stage.inputs]
        places = [i if i >= 0 else number for i in stage.reads]
        read = [results[i] for i in places]
        # results of stages have gradients, the chain's input only if it asks for one
        inputs = [normal(*results[i].shape, trained=i > 0 or chain.first.trained) for i in places]
        alone = Row(chain.family, stage.name, stage.call, (*inputs, *stage.inputs))
        forward, both = map(purenn.jit, passes(alone, LIBRARIES["purenn"]))
        given = [jnp.ones_like(result) for result in forward(*read, *own)]
        forwards.append((forward, (*read, *own)))
        if any(i.trained for i in alone.inputs):
            boths.append((both, ([*read, *own], given)))
    return {"forward": lambda: each(forwards), "gradients": lambda: each(boths)}


def each(calls: list[Any]) -> Any:
    """Runs all calls, and waits for each before the next."""
    result = None
    for function, arguments in calls:
        result = jax.block_until_ready(function(*arguments))
    return result


def measure(chain: Chain, quick: bool) -> dict[str, Any]:
    """A chain's figures: per pass the time of each contestant, and the ratios of the single jit to the others."""
    runs, differences = prepared(chain)
    results: dict[str, Any] = {"family": chain.family, "difference": differences}
    for name, by_contestant in runs.items():
        clocks = interleaved(by_contestant, quick)
        results[name] = {who: summary(mine, clocks["torch"])["median_us"] for who, mine in clocks.items()}
        for other in OTHERS:
            results[name][f"to_{other}"] = summary(clocks["purenn"], clocks[other])["ratio"]
    return results


def geometric_means(results: dict[str, Any]) -> dict[str, Any]:
    """The mean ratios by family, over all chains, and over the chains with a convolution before a pool."""
    families: dict[str, list[str]] = {}
    for name, figures in results.items():
        families.setdefault(figures["family"], []).append(name)
        if re.search(r"conv.* > .*pool", name):
            families.setdefault("conv before pool", []).append(name)
    families["all"] = list(results)
    return {
        family: {
            "rows": len(names),
            **{
                name: {
                    f"to_{other}": statistics.geometric_mean(results[row][name][f"to_{other}"] for row in names)
                    for other in OTHERS
                }
                | {f"above_{other}": sum(results[row][name][f"to_{other}"] > 1.1 for row in names) for other in OTHERS}
                for name in PASSES
            },
        }
        for family, names in families.items()
    }


def show(results: dict[str, Any], means: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 170)

    def drawn(title: str, lines: dict[str, Any], number: str) -> None:
        table = Table(title=title, title_justify="left", title_style="bold")
        table.add_column("chain")
        for name in PASSES:
            short = {"forward": "fwd", "gradients": "f+b"}[name]
            table.add_column(f"{short} {number}", justify="right")
            for other in OTHERS:
                table.add_column(f"/ {other}", justify="right")
        for line, figures in lines.items():
            cells = []
            for name in PASSES:
                of_pass = figures[name]
                cells.append(f"{of_pass['purenn'] / 1e3:,.2f}" if "purenn" in of_pass else str(figures["rows"]))
                limits = {"torch": 1.0, "naive": 1.1, "parts": 1.1}
                cells += [coloured(of_pass[f"to_{other}"], limits[other]) for other in OTHERS]
            table.add_row(line, *cells)
        console.print(table)

    drawn("Chains in one jit; a ratio below 1 is faster", results, "ms")
    drawn("Geometric means", means, "rows")
    for name, what in PASSES.items():
        above = means["all"][name]
        counts = ", ".join(f"{above[f'above_{other}']} above 1.1 x {other}" for other in OTHERS)
        console.print(f"{what}: of {means['all']['rows']} chains {counts}")


def draw(results: dict[str, Any], path: Path) -> None:
    colours = {"torch": "C0", "naive": "0.75", "parts": "C2"}
    axis = "time of one jit / the other's; left is faster"
    bars(results, colours, lambda of_pass, other: of_pass[f"to_{other}"], path, axis)


if __name__ == "__main__":
    raise SystemExit(run(__doc__, CHAINS, measure, geometric_means, show, draw))
