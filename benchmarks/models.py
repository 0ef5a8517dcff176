"""The cost of whole models: a training step with Adam and a call, in torch, flax.nnx, equinox and purenn.

    python benchmarks/models.py [--only MODEL] [--torch-compile] [--options] [--json PATH] [--chart PATH] [--quick]
    JAX_PLATFORMS=cuda,cpu python benchmarks/models.py [--batches N] [--dtype bfloat16] [--seconds S]   on a GPU

The models are in `model_rows.py`. All contestants start with torch's arrays and learn the same batch. Before anything
is timed, their outputs are compared with torch's. The losses of the first steps are compared too, unless dropout makes
them random, and the losses must fall. The first step of a contestant is timed alone: it traces and compiles. Then steps
and calls are timed in rounds. Each round times all contestants, in a random order. A time is the median over the
rounds; a ratio is the median of the ratios within rounds.

The peak is the memory in use at one time during a step, including arrays, gradients and the optimizer. For torch its
allocator reports it, for jax it is XLA's plan for the program. On a GPU torch runs on the GPU too, and float32 products
have the 10 bits of TensorFloat-32 in all contestants.
"""

from __future__ import annotations

import argparse
import functools
import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # otherwise torch's profiler reports its start

import jax
import numpy as np
import torch
from model_contestants import Made, by_options, torch_device, ways
from model_rows import DTYPES, MODELS, Model
from operators import Disagreement, coloured, interleaved
from overhead import installed, machine, summary

PASSES = {"step": "a training step", "call": "a call"}
LOSSES, MOST_LOSSES = 4, 40
# Relative to the largest number: for outputs and first losses, then for the losses of further steps. The first steps of
# Adam depend only on the signs of gradients, which amplifies rounding errors. The LSTM of flax and equinox has one bias
# where torch has two.
TOLERANCE, LATER_TOLERANCE = {"float32": 1e-4, "tf32": 2e-2, "bfloat16": 1e-1}, {"float32": 1e-2}

Makers = dict[str, Callable[..., Made]]


def contestants(name: str, torch_compile: bool, options: bool) -> Makers:
    """The installed contestants, torch first."""
    if options:
        return by_options()
    ours = ways()
    found = {"torch": ours.pop("torch"), "torch.compile": ours.pop("torch.compile")}
    if not torch_compile:
        del found["torch.compile"]
    if torch_device() == "cuda":
        del ours["purenn, jax.jit"]  # no options are set for GPUs
    if installed("flax.nnx"):
        import model_nnx

        found["flax.nnx"] = functools.partial(model_nnx.make, name)
    if installed("equinox"):
        import model_equinox

        found["equinox"] = functools.partial(model_equinox.make, name)
    return found | ours


def planned() -> dict[int, Any]:
    """Jax's programs by identity. They stay alive here, because the identity of a freed program could be used again."""
    return {id(program): program for program in jax.devices()[0].client.live_executables()}


def peak_of(programs: list[Any]) -> int:
    """The bytes of the largest program: its inputs, outputs and temporaries. Donated arrays count once."""
    stats = [program.get_compiled_memory_stats() for program in programs]
    return max(
        s.argument_size_in_bytes + s.output_size_in_bytes - s.alias_size_in_bytes + s.temp_size_in_bytes for s in stats
    )


def difference(got: Any, expected: np.ndarray) -> float:
    """The largest difference, relative to the largest number. Classes may be last; positions may be one axis or two."""
    got = np.asarray(got)
    if got.ndim == 4:  # a class per pixel
        got = got if got.shape == expected.shape else np.moveaxis(got, -1, 1)
    return float(abs(got.reshape(expected.shape) - expected).max() / abs(expected).max())


def check(figures: dict[str, Any], of_torch: dict[str, Any], model: Model) -> None:
    losses, expected = (np.asarray(of["losses"]) for of in (figures, of_torch))
    first = slice(min(len(losses), len(expected)))
    precision = "tf32" if model.dtype == "float32" and torch_device() == "cuda" else model.dtype
    tolerance = TOLERANCE[precision]
    if not figures["difference"] <= tolerance:
        raise Disagreement(f"the output differs by {figures['difference']:.1e} of the largest number")
    far = abs(losses[first] - expected[first]) / expected[first]
    if not model.dropout and not (far[0] <= tolerance and (far <= LATER_TOLERANCE.get(precision, 0.3)).all()):
        raise Disagreement(f"the losses are {losses}, torch's {expected}")
    if not losses[-1] < losses[0]:
        raise Disagreement(f"the losses don't fall: {losses}")


def prepared(model: Model, makers: Makers) -> tuple[dict[str, Made], dict[str, Any], dict[str, str]]:
    """The contestants after some steps that agree with torch's, their first figures, and the failures of the others."""
    start, made, seen, failures = model.start(), {}, {}, {}
    outputs: Any = None
    for name, make in makers.items():
        before = planned()
        try:
            contestant = make(model, start)
            before |= planned()
            begun = time.perf_counter()
            losses = [float(contestant.step())]
        except Exception as error:
            if name == "torch" or name.startswith("purenn"):
                raise
            failures[name] = f"{type(error).__name__}: {str(error).splitlines()[0]}"
            continue
        figures: dict[str, Any] = {"first_step_s": time.perf_counter() - begun}
        programs = [program for key, program in planned().items() if key not in before]
        losses += [float(contestant.step()) for _ in range(LOSSES - 1)]
        while losses[-1] >= losses[0] and len(losses) < MOST_LOSSES:  # the loss may rise in the first steps
            losses.append(float(contestant.step()))
        figures["losses"] = losses
        output = contestant.infer()
        output = np.asarray(output.float().cpu() if isinstance(output, torch.Tensor) else output, np.float32)
        outputs = output if outputs is None else outputs
        figures["difference"] = difference(output, outputs)
        figures["peak_bytes"] = contestant.peak() if contestant.peak else peak_of(programs)
        made[name], seen[name] = contestant, figures
        try:
            check(figures, seen["torch"], model)
        except Disagreement as error:
            raise Disagreement(f"{name}: {error}") from None
        print(f"    {name}: first step {figures['first_step_s']:.1f} s", file=sys.stderr)
    return made, seen, failures


def measure(model: Model, makers: Makers, quick: bool) -> dict[str, Any]:
    """A model's figures by contestant: times and ratios to torch, of both passes, and the first figures."""
    made, figures, failures = prepared(model, makers)
    for name in PASSES:
        runs = {who: of.step if name == "step" else of.infer for who, of in made.items()}
        clocks = interleaved(runs, quick)
        for who, mine in clocks.items():
            figures[who][name] = summary(mine, clocks["torch"])
            figures[who][name]["to_torch"] = figures[who][name].pop("ratio")
    return {"about": model.about, "contestants": figures, "failures": failures}


# Display.


def show(results: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 110)
    columns = ("ms a step", "/ torch", "ms a call", "/ torch", "first step s", "peak MiB")
    for model, result in results.items():
        console.print(f"[bold]{model}[/]: {result['about']}", highlight=False)
        table = Table()
        table.add_column("", no_wrap=True)
        for column in columns:
            table.add_column(column, justify="right")
        for who, figures in result["contestants"].items():
            cells = [
                cell
                for name in PASSES
                for cell in (f"{figures[name]['median_us'] / 1e3:,.2f}", coloured(figures[name]["to_torch"]))
            ]
            cells += [f"{figures['first_step_s']:.2f}", f"{figures['peak_bytes'] / 2**20:,.1f}"]
            table.add_row(who, *cells, style="bold" if who.startswith("purenn") else "")
        console.print(table)
        for who, failure in result["failures"].items():
            console.print(f"{who} can't run: {failure}", markup=False)
    if len(results) < 2:
        return
    table = Table(title="Time / torch's; below 1 is faster", title_justify="left", title_style="bold")
    table.add_column("", no_wrap=True)
    names = contestants_of(results)
    for name in PASSES:
        for who in names:
            table.add_column(f"{name}\n{who}", justify="right")
    for model, ratios in ratios_of(results).items():
        cells = [ratios[name].get(who) for name in PASSES for who in names]
        table.add_row(model, *("" if ratio is None else coloured(ratio) for ratio in cells))
    console.width = None if sys.stdout.isatty() else 150
    console.print(table)


def contestants_of(results: dict[str, Any]) -> list[str]:
    """All contestants except torch."""
    return list(dict.fromkeys(who for result in results.values() for who in result["contestants"] if who != "torch"))


def ratios_of(results: dict[str, Any]) -> dict[str, dict[str, dict[str, float]]]:
    """The ratios to torch by model, pass and contestant, and at the end the geometric means."""
    table = {
        model: {name: {who: f[name]["to_torch"] for who, f in of["contestants"].items()} for name in PASSES}
        for model, of in results.items()
    }
    means = {
        name: {
            who: statistics.geometric_mean(row[name][who] for row in table.values() if who in row[name])
            for who in contestants_of(results)
        }
        for name in PASSES
    }
    return table | {"geometric mean": means}


def draw(results: dict[str, Any], path: Path) -> None:
    """Bars of the ratios to torch, one panel per pass."""
    try:
        import matplotlib
    except ImportError:
        print("no chart: matplotlib is not installed", file=sys.stderr)
        return
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    ratios, names = ratios_of(results), contestants_of(results)
    figure, panels = plt.subplots(1, 2, figsize=(13, 2 + 0.14 * len(ratios) * len(names)), sharey=True)
    figure.set_layout_engine("constrained")
    height = 0.8 / len(names)
    for panel, (name, what) in zip(panels, PASSES.items(), strict=True):
        for number, who in enumerate(names):
            places = np.arange(len(ratios)) + (number - (len(names) - 1) / 2) * height
            widths = np.asarray([row[name].get(who, 1.0) for row in ratios.values()]) - 1
            panel.barh(places, widths, height, left=1, label=who, color=f"C{number}")
        panel.axvline(1, color="black", linewidth=1)
        panel.set(xscale="log", title=what, xlabel="time / torch's; left is faster")
        panel.set_yticks(np.arange(len(ratios)), list(ratios))
        panel.set_ylim(len(ratios) - 0.4, -0.6)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=len(names))
    figure.savefig(path, dpi=110)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", choices=list(MODELS), metavar="MODEL", nargs="+", help=f"of {', '.join(MODELS)}")
    parser.add_argument("--torch-compile", action="store_true", help="also time torch.compile (needs a C++ compiler)")
    parser.add_argument("--options", action="store_true", help="compare XLA's options for purenn instead of libraries")
    parser.add_argument("--batches", type=int, default=1, metavar="N", help="multiplies the number of examples")
    parser.add_argument("--dtype", choices=DTYPES, default="float32", help="the dtype of arrays and inputs")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="start no further model after this time")
    parser.add_argument("--json", type=Path, metavar="PATH", help="where to save the figures")
    parser.add_argument("--chart", type=Path, metavar="PATH", help="where to save a bar chart (needs matplotlib)")
    parser.add_argument("--quick", action="store_true", help="three rounds, to check that everything runs and agrees")
    options = parser.parse_args()
    torch.set_float32_matmul_precision("highest" if torch_device() == "cpu" else "high")
    about = {**machine(), "torch_threads": torch.get_num_threads(), "command": sys.argv}
    if torch_device() == "cuda":
        about["device"] = torch.cuda.get_device_name()
    if about["load"][0] > 0.5:
        print(f"the machine is busy, load {about['load'][0]:.1f}", file=sys.stderr)
    results, failures, started = {}, {}, time.perf_counter()
    for name in options.only or MODELS:
        begun = time.perf_counter()
        if begun - started > options.seconds:
            failures[name] = "not run: out of time"
            continue
        try:
            makers = contestants(name, options.torch_compile, options.options)
            model = MODELS[name].sized(options.batches, options.dtype)
            results[name] = measure(model, makers, options.quick)
        except Exception as error:  # the other models are still timed; the exit status reports the failure
            failures[name] = f"{type(error).__name__}: {str(error).splitlines()[0]}"
        took = time.perf_counter() - begun
        print(f"{name}: {failures.get(name, 'all agree')} ({took:.1f} s)", file=sys.stderr)
        jax.clear_caches()
        gc.collect()
    if results:
        show(results)
    for path in filter(None, (options.json, options.chart)):
        path.parent.mkdir(parents=True, exist_ok=True)
    if options.json:
        saved = {"machine": about, "quick": options.quick, "models": results, "failures": failures}
        options.json.write_text(json.dumps(saved, indent=1) + "\n")
    if options.chart and results:
        draw(results, options.chart)
    for name, failure in failures.items():
        print(f"error: {name}: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
