"""Public torch architectures through `purenn.interop.from_torch`: values, gradients, training, and what calls cost.

    python benchmarks/interop.py ZOO [NAME ...] [--times] [--docs docs/interop.md] [--json out/interop.json]

ZOO is a Python file that builds the architectures: it has ``REGISTRY``, ``build(name)``, ``leaves``, ``loss`` and
``distance``. An entry whose package is missing is skipped. Each architecture runs in a process of its own. With
``--times`` a compiled call and a compiled training step (gradient and plain gradient descent) are timed beside torch
eager and, where it is installed, torchax: medians of interleaved runs. The exit status counts what doesn't match.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import statistics
import subprocess
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

VALUE_BOUND, GRADIENT_BOUND = 1e-4, 1e-3
RANDOM = ("rand", "randn", "bernoulli", "uniform", "normal", "multinomial", "exponential", "random")
NETWORKS = ("lstm", "gru", "rnn_tanh", "rnn_relu")
DROPOUTS = ("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout", "native_dropout")


def load(path: str) -> Any:
    """The zoo as a module."""
    spec = importlib.util.spec_from_file_location("zoo", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["zoo"] = module
    spec.loader.exec_module(module)
    return module


def arrays(value: Any) -> Any:
    """torch tensors in containers as numpy arrays."""
    import torch
    from torch.utils import _pytree as pytree

    return pytree.tree_map(lambda x: x.detach().numpy() if isinstance(x, torch.Tensor) else x, value)


def leaves(output: Any) -> list[Any]:
    """The arrays of an output, in order."""
    if isinstance(output, dict):
        output = list(output.values())
    if isinstance(output, tuple | list):
        return [x for part in output for x in leaves(part)]
    return [output] if hasattr(output, "dtype") else []


def jax_loss(outputs: list[Any], counted: list[bool]) -> Any:
    """The zoo's scalar: every float entry counts with a weight of its own."""
    import jax.numpy as jnp
    import numpy as np

    total = 0.0
    for x, counts in zip(outputs, counted, strict=True):
        if counts:
            y = jnp.stack((x.real, x.imag), -1) if jnp.iscomplexobj(x) else x
            y = jnp.where(jnp.isfinite(y), y, 0.0).ravel().astype(jnp.float32)
            weights = np.cos(np.arange(y.size) * 0.7 + 0.3) / max(y.size, 1) ** 0.5
            total = total + (y * weights.astype(np.float32)).sum()
    return total


def gradient_distance(got: dict[str, Any], wanted: dict[str, Any]) -> float:
    """The largest difference, relative to the parameter's largest entry or a thousandth of the largest of all."""
    import numpy as np

    largest = max((float(w.abs().max()) for w in wanted.values() if w is not None and w.numel()), default=0.0)
    worst = 0.0
    for name, w in wanted.items():
        g = np.asarray(got[name])
        expected = np.zeros(g.shape, g.dtype) if w is None else w.numpy()
        scale = max(float(np.abs(expected).max(initial=0.0)), 1e-3 * largest, 1e-12)
        worst = max(worst, float(np.abs(g - expected).max(initial=0.0)) / scale)
    return worst


def draws(mode: Any) -> bool:
    """Whether a graph uses random numbers."""
    for node in mode.graph.nodes:
        base = node.op.partition(".")[0]
        place = 6 if node.op.endswith(".data") else 5
        if base in NETWORKS and node.args[place] and node.args[place + 1]:
            return True
        if base in DROPOUTS and node.args[1] and node.args[2]:
            return True
        if base.removesuffix("_like") in RANDOM or (
            base == "scaled_dot_product_attention" and len(node.args) > 4 and node.args[4]
        ):
            return True
    return False


def check(zoo: Any, name: str, times: bool) -> dict[str, Any]:
    """One architecture: the row of the table."""
    import jax
    import torch

    from purenn.interop import from_torch
    from purenn.interop.convert.layer import Converted
    from purenn.tree import flatten

    case = zoo.build(name)
    row: dict[str, Any] = {"name": name, "package": zoo.REGISTRY[name].package}
    begun = time.perf_counter()
    layer, params, state = from_torch(case.module, *case.args, **case.kwargs)
    row["convert"] = time.perf_counter() - begun
    program = layer.program if isinstance(layer, Converted) else None
    row["way"] = program.evaluation.way if program else "stock"
    row["assumptions"] = len(program.evaluation.remarks()) if program else 0
    row["parameters"] = sum(p.numel() for p in case.module.parameters())
    args, kwargs = arrays(case.args), arrays(case.kwargs)
    parameters = {n: p for n, p in case.module.named_parameters() if p.requires_grad}

    def compare(training: bool) -> tuple[float, float]:
        kept = {n: b.clone() for n, b in case.module.named_buffers()}
        case.module.train(training)
        wanted = case.module(*case.args, **case.kwargs)
        tensors = zoo.leaves(wanted)
        counted = [(x.is_floating_point() or x.is_complex()) and x.requires_grad for x in tensors]

        def run(params: Any) -> Any:
            y, _ = layer.apply(params, state, *args, training=training, rng=jax.random.key(0), **kwargs)
            return jax_loss(leaves(y), counted), leaves(y)

        (_, got), grads = jax.jit(jax.value_and_grad(run, has_aux=True))(params)
        expected = torch.autograd.grad(zoo.loss(wanted), list(parameters.values()), allow_unused=True)
        case.module.eval()
        with torch.no_grad():
            for n, b in case.module.named_buffers():
                b.copy_(kept[n])
        distance = gradient_distance(flatten(grads), dict(zip(parameters, expected, strict=True)))
        return zoo.distance(list(got), tensors), distance

    row["value"], row["gradient"] = compare(False)
    if program and isinstance(program.training, str):
        row["training"] = program.training.partition("\n")[2].strip().splitlines()[0]
    elif program and draws(program.training):
        row["training"] = "random"
    else:
        value, gradient = compare(True)
        row["training"] = max(value, gradient * VALUE_BOUND / GRADIENT_BOUND)
    if times:
        row |= timed(zoo, case, layer, params, state, args, kwargs)
    return row


def timed(zoo: Any, case: Any, layer: Any, params: Any, state: Any, args: Any, kwargs: Any) -> dict[str, float]:
    """Milliseconds per call and per training step."""
    import jax
    import torch

    counted = [
        (x.is_floating_point() or x.is_complex()) and x.requires_grad
        for x in zoo.leaves(case.module(*case.args, **case.kwargs))
    ]
    apply = jax.jit(lambda p: leaves(layer.apply(p, state, *args, **kwargs)[0]))

    @jax.jit
    def step(p: Any) -> Any:
        grads = jax.grad(lambda p: jax_loss(leaves(layer.apply(p, state, *args, **kwargs)[0]), counted))(p)
        return jax.tree.map(lambda a, g: a - 1e-6 * g, p, grads)

    trained = [p for p in case.module.parameters() if p.requires_grad]

    def torch_call() -> None:
        with torch.no_grad():
            case.module(*case.args, **case.kwargs)

    def torch_step() -> None:
        grads = torch.autograd.grad(zoo.loss(case.module(*case.args, **case.kwargs)), trained, allow_unused=True)
        with torch.no_grad():
            for p, g in zip(trained, grads, strict=True):
                if g is not None:
                    p.sub_(g, alpha=1e-6)

    contestants: dict[str, Any] = {
        "call": lambda: jax.block_until_ready(apply(params)),
        "step": lambda: jax.block_until_ready(step(params)),
        "torch_call": torch_call,
        "torch_step": torch_step,
    }
    if (beside := torchax_call(case, args, kwargs)) is not None:
        contestants["torchax_call"] = beside
    taken: dict[str, list[float]] = {n: [] for n in contestants}
    for run in contestants.values():
        run()
    for _ in range(15):
        for n, run in contestants.items():
            run()  # not timed: the other library's threads may still be waiting for work
            begun = time.perf_counter()
            run()
            taken[n].append(time.perf_counter() - begun)
    return {n: statistics.median(ts) * 1e3 for n, ts in taken.items()}


def torchax_call(case: Any, args: Any, kwargs: Any) -> Any:
    """A compiled call by torchax; None where it isn't installed or fails."""
    try:
        import jax
        import torchax

        weights, function = torchax.extract_jax(case.module)
        compiled = jax.jit(lambda w: leaves(function(w, args, kwargs)))
        jax.block_until_ready(compiled(weights))
    except Exception:
        return None
    return lambda: jax.block_until_ready(compiled(weights))


def matches(row: dict[str, Any]) -> bool:
    """Whether a row is within the bounds."""
    if "error" in row:
        return False
    trained = row["training"] == "random" or (not isinstance(row["training"], str) and row["training"] <= VALUE_BOUND)
    return row["value"] <= VALUE_BOUND and row["gradient"] <= GRADIENT_BOUND and trained


def ratios(rows: list[dict[str, Any]], ours: str, theirs: str) -> str:
    """The geometric mean of how many times faster a compiled call is."""
    found = [math.log(r[theirs] / r[ours]) for r in rows if ours in r and theirs in r]
    return f"{math.exp(sum(found) / len(found)):.2f}" if found else "not measured"


def page(rows: list[dict[str, Any]]) -> str:
    """The page of the documentation."""
    good = sum(map(matches, rows))
    timed_rows = [r for r in rows if "call" in r]
    lines = [
        "# Public torch architectures as layers",
        "",
        "Made by `benchmarks/interop.py`; don't edit it. Each row is a public architecture with random weights that "
        "`purenn.interop.from_torch` has converted. *Value* and *gradient* are the largest differences from torch in "
        "float32, outputs relative to each output's largest entry, gradients relative to each parameter's. *Training* "
        "is the difference in training mode, or *random* where the architecture draws numbers there. *Way* is how the "
        "graph was had: torch.export, or a tape of one run, whose assumptions are counted.",
        "",
        f"{good} of {len(rows)} match: values within {VALUE_BOUND:g}, gradients within {GRADIENT_BOUND:g}.",
    ]
    if timed_rows:
        lines += [
            "",
            f"A compiled call is {ratios(rows, 'call', 'torch_call')} times as fast as torch eager in the geometric "
            f"mean, a compiled training step {ratios(rows, 'step', 'torch_step')} times; beside torchax, a call "
            f"{ratios(rows, 'call', 'torchax_call')} times. *Call* and *step* say how many times faster than torch.",
        ]
    header = [
        "architecture",
        "package",
        "way",
        "value",
        "gradient",
        "training",
        *(["call", "step"] if timed_rows else []),
    ]
    lines += ["", f"| {' | '.join(header)} |", f"| {' | '.join(['---'] * len(header))} |"]
    for r in rows:
        if "error" in r:
            lines.append(f"| {r['name']} | {r['package']} | {r['error']} |" + " |" * (len(header) - 3))
            continue
        way = r["way"] + (f", {r['assumptions']} assumptions" if r["assumptions"] else "")
        training = r["training"] if isinstance(r["training"], str) else f"{r['training']:.0e}"
        cells = [r["name"], r["package"], way, f"{r['value']:.0e}", f"{r['gradient']:.0e}", training]
        if timed_rows:
            cells += [f"{r[f'torch_{n}'] / r[n]:.1f}" if n in r else "" for n in ("call", "step")]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def one(zoo_path: str, name: str, times: bool) -> dict[str, Any]:
    """One architecture in this process."""
    warnings.filterwarnings("ignore")
    zoo = load(zoo_path)
    try:
        return check(zoo, name, times)
    except Exception as error:
        traceback.print_exc()
        text = " ".join(str(error).split())
        return {"name": name, "package": zoo.REGISTRY[name].package, "error": f"{type(error).__name__}: {text[:200]}"}


def apart(zoo_path: str, name: str, times: bool) -> dict[str, Any]:
    """One architecture in a process of its own."""
    command = [sys.executable, __file__, zoo_path, name, "--inside", *(["--times"] if times else [])]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"})
    for line in done.stdout.splitlines():
        if line.startswith("ROW "):
            return json.loads(line.removeprefix("ROW "))
    return {"name": name, "package": "", "error": f"exit status {done.returncode}: {done.stderr[-200:]}"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zoo")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--times", action="store_true")
    parser.add_argument("--docs", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        print("ROW " + json.dumps(one(given.zoo, given.names[0], given.times)))
        return 0
    rows = []
    for name in given.names or list(load(given.zoo).REGISTRY):
        row = apart(given.zoo, name, given.times)
        if "ModuleNotFoundError" in row.get("error", ""):
            print(f"skipped {name}: {row['error']}")
            continue
        rows.append(row)
        print("ok  " if matches(row) else "FAIL", json.dumps(row), flush=True)
        if given.json:
            given.json.parent.mkdir(parents=True, exist_ok=True)
            given.json.write_text(json.dumps(rows, indent=1))
        if given.docs:
            given.docs.write_text(page(rows))
    print(f"{sum(map(matches, rows))} of {len(rows)} match")
    return sum(not matches(row) for row in rows)


if __name__ == "__main__":
    sys.exit(main())
