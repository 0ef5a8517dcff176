"""The page of the documentation about conversions of public torch architectures."""

from __future__ import annotations

import importlib.metadata
import math
import os
import platform
import textwrap
from typing import Any

__all__ = ["GRADIENT_BOUND", "VALUE_BOUND", "matches", "page"]

VALUE_BOUND, GRADIENT_BOUND, EXACT_BOUND = 1e-4, 1e-3, 1e-8
VERSIONS = ("torch", "jax", "torchax")


def matches(row: dict[str, Any]) -> bool:
    """Whether a row is within the bounds, in evaluation and in training."""
    return "error" not in row and _close(row["evaluation"]) and ("random" in row["training"] or _close(row["training"]))


def _close(errors: dict[str, Any]) -> bool:
    """Whether errors relative to torch are within the bounds in float32, or else vanish in float64."""
    if "refused" in errors:
        return False
    near = errors["value"] <= VALUE_BOUND and errors["gradient"] <= GRADIENT_BOUND
    return near or errors.get("exact", math.inf) <= EXACT_BOUND


def _ratios(rows: list[dict[str, Any]], ours: str, theirs: str) -> str:
    """The geometric mean of the speed of ours relative to theirs, with the number of rows."""
    found = [math.log(r[theirs] / r[ours]) for r in rows if ours in r and theirs in r]
    return f"{math.exp(sum(found) / len(found)):.2f} ({len(found)} rows)" if found else "not measured"


def _errors(errors: dict[str, Any], what: str) -> str:
    """Our error and torch's own, or why there is none."""
    if "refused" in errors:
        return f"refused: {errors['refused']}"
    if "random" in errors:
        return "random"
    if f"far_{what}" not in errors:
        return f"{errors[what]:.0e} (float32)"
    far = f"{errors[f'far_{what}']:.0e} / {errors[f'torch_{what}']:.0e}"
    return f"{far}, in float64 {errors['exact']:.0e}" if what == "gradient" and "exact" in errors else far


def _cells(r: dict[str, Any], timed: bool) -> list[str]:
    if "error" in r:
        return [r["name"], r["package"], r["error"].replace("|", "/")]
    cells = [
        r["name"],
        r["package"],
        r["way"] + (f", {r['assumptions']} assumed" if r["assumptions"] else ""),
        f"{r['convert']:.0f}",
        _errors(r["evaluation"], "value"),
        _errors(r["evaluation"], "gradient"),
        _errors(r["training"], "gradient"),
    ]
    if timed:
        cells += [f"{r[f'torch_{n}'] / r[n]:.1f}" if n in r else "" for n in ("call", "step")]
        fails = "fails" if "torchax" in r else ""
        cells += [f"{r[f'torchax_{n}'] / r[n]:.1f}" if f"torchax_{n}" in r else fails for n in ("call", "step")]
    return cells


def _filled(text: str) -> str:
    """A paragraph, or an item of a list, in lines of at most 120 characters."""
    rest = "  " * text.startswith("- ")
    return textwrap.fill(
        " ".join(text.split()), 120, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def page(rows: list[dict[str, Any]]) -> str:
    """The page, as Markdown."""
    timed = [r for r in rows if "call" in r]
    versions = ", ".join(f"{n} {importlib.metadata.version(n)}" for n in VERSIONS)
    lines = [
        "# Public torch architectures as layers",
        "",
        "<!-- Made by benchmarks/interop.py; don't edit it. -->",
        "",
        _filled(
            """Each row is an architecture of a public package, with random weights, that
            [`from_torch`](from_pytorch.md) has converted. The table has the errors of its outputs and of the
            gradients of all its parameters relative to torch, and the speed of the compiled layer relative to
            torch."""
        ),
        "",
        _filled(
            f"""**{sum(map(matches, rows))} of {len(rows)} match.** In float32, outputs are within {VALUE_BOUND:g}
            of torch's, relative to the largest entry of an output, and gradients are within {GRADIENT_BOUND:g},
            relative to the largest entry of a parameter's gradient. If they are not, both sides agree within
            {EXACT_BOUND:g} in float64."""
        ),
        "",
    ]
    if timed:
        lines += [
            _filled(
                f"""In the geometric mean, a compiled call is {_ratios(rows, "call", "torch_call")} times as fast as
                a call in torch eager, and a compiled training step {_ratios(rows, "step", "torch_step")} times
                as fast. torchax compiles too, but needs torch at every trace. Relative to torchax, a call is
                {_ratios(rows, "call", "torchax_call")} times as fast, and a step
                {_ratios(rows, "step", "torchax_step")} times as fast. The networks are small, so much of
                torch's time is its overhead per operation."""
            ),
            "",
            _filled(
                """torchax 0.0.13 can't be imported beside torch 2.13: it names operators for named tensors, which
                torch no longer has. The benchmark gives it other operators instead."""
            ),
            "",
        ]
    lines += [
        _filled(
            f"""`make zoo ZOO=FILE` (`python benchmarks/interop.py FILE --times`) made this page with {versions}, on
            {os.cpu_count()} cores ({platform.machine()}, {platform.system()}). FILE is a Python file that
            builds the architectures; the docstring of `benchmarks/interop.py` describes it. The rows come from
            several runs, possibly with different versions of purenn. A file of results keeps them."""
        ),
        "",
        _filled(
            """- *Way*: `export` is torch.export, `tape` is a recorded run. *Assumed* counts the values of the
            example that the module's code read."""
        ),
        _filled("- *Convert*: seconds for the conversion, in both modes. They depend on the load of the machine."),
        _filled(
            """- *Value*, *gradient*, *training* (the gradient in training mode, without dropout): the largest
            error relative to torch in float64, then torch's own error in float32. *Random* marks a network that
            draws random numbers even without dropout. *(float32)* marks a network that torch can't run in
            float64; it was compared in float32."""
        ),
    ]
    if timed:
        lines += [
            _filled(
                """- *Call*, *step*: speed relative to torch eager. *torchax call*, *torchax step*: speed relative
                to torchax. A step is the gradient of a scalar and plain gradient descent. An empty cell was not
                measured."""
            ),
        ]
    lines.append("")
    header = ["architecture", "package", "way", "convert", "value", "gradient", "training"]
    header += ["call", "step", "torchax call", "torchax step"] if timed else []
    lines += [f"| {' | '.join(header)} |", f"| {' | '.join(['---'] * len(header))} |"]
    for r in rows:
        cells = _cells(r, bool(timed))
        lines.append(f"| {' | '.join(cells + [''] * (len(header) - len(cells)))} |")
    if failed := [r for r in rows if "torchax" in r]:
        lines += ["", "## Where torchax fails", ""]
        lines += [f"- {r['name']}: `{r['torchax'].replace('`', '')}`" for r in failed]
    return "\n".join(lines) + "\n"
