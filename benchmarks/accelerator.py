"""The cost of large operators on a GPU: torch eager and compiled, naive JAX and purenn, in float32 and bfloat16.

    python benchmarks/accelerator.py [--rows REGEX] [--dtype DTYPE] [--compile] [--seconds S] [--json PATH]

The rows are functions of `operator_rows.py` at sizes that keep a GPU busy. Calls are queued and waited for together, so
the device is timed and not the dispatch. In all contestants float32 products have the 10 bits of TensorFloat-32, jax's
default. Before a row is timed, every contestant's outputs and gradients are compared with torch's. Each round times all
contestants, in a random order. A time is the median over the rounds; a ratio is the median of the ratios within rounds.
"""

# ruff: noqa: N803, E731  (the platform is named before jax starts; F is functional, here an argument)

from __future__ import annotations

import argparse
import functools
import json
import os
import random
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("JAX_PLATFORMS", "cuda,cpu")  # otherwise `operators.py` chooses the CPU

import jax
import jax.numpy as jnp
import numpy as np
import torch
from operator_rows import NAIVE, PURENN, TORCH, Row, convolutions, indices, normal, of_x, rows, uniform, weight
from operators import PASSES, passes, several
from overhead import machine

import purenn

DTYPES = {"float32": (jnp.float32, torch.float32), "bfloat16": (jnp.bfloat16, torch.bfloat16)}
# Relative to the norm of an array: the factors of products have 10 and 7 bits.
TOLERANCE = {"float32": 5e-3, "bfloat16": 4e-2}
ROUND_S, ROUNDS = 0.02, 9
Run = Callable[[], Any]


def large() -> Iterator[Row]:
    """The rows. Convolutions are ResNet's, attention and its linears are those of a transformer with 16 heads of 64."""
    linear = [(32, 512, 1024), weight(4096, 1024), normal(4096)]
    yield from rows("linear", "linear to 4096", lambda F, x, w, b: F.linear(x, w, b), linear)
    yield from convolutions(3, 64, (128, 64, 56, 56))
    yield from convolutions(3, 256, (128, 256, 14, 14))
    yield from convolutions(1, 256, (128, 64, 56, 56))
    yield from convolutions(7, 64, (128, 3, 224, 224), stride=2)
    yield from convolutions(3, 1, (128, 256, 28, 28), groups=0)
    yield from convolutions(7, 1, (128, 96, 56, 56), groups=0)
    yield from convolutions(3, 128, (64, 128, 1024))
    yield from convolutions(3, 32, (8, 32, 16, 64, 64))
    yield from convolutions(2, 64, (32, 128, 64, 64), transposed=True, stride=2)
    yield from convolutions(4, 64, (32, 128, 32, 32), transposed=True, stride=2, padding=1)
    heads = [(16, 16, 1024, 64)] * 3
    for causal in (False, True):
        attend = lambda F, q, k, v, causal=causal: F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        yield from rows("attention", "attention" + " causal" * causal, attend, heads)
    attend = functools.partial(attend, causal=True)
    yield from rows("attention", "attention causal", attend, [(2, 16, 4096, 64)] * 3)
    norm = [(32, 512, 1024), uniform(0.5, 1.5, 1024), normal(1024)]
    yield from rows("norm", "layer_norm", lambda F, x, w, b: F.layer_norm(x, w.shape, w, b), norm)
    image = [(128, 64, 56, 56), uniform(0.5, 1.5, 64), normal(64)]
    yield from rows("norm", "batch_norm train", lambda F, x, w, b: F.batch_norm(x, None, None, w, b, True), image)
    yield from rows("norm", "group_norm 8", lambda F, x, w, b: F.group_norm(x, 8, w, b), image)
    yield from of_x("pool", "max_pool2d k3 s2", lambda F, x: F.max_pool2d(x, 3, 2, 1), (128, 64, 112, 112))
    yield from of_x("pool", "avg_pool2d k2", lambda F, x: F.avg_pool2d(x, 2), (128, 64, 112, 112))
    yield from of_x("activation", "gelu", lambda F, x: F.gelu(x), (32, 512, 4096))
    yield from of_x("activation", "softmax", lambda F, x: F.softmax(x, -1), (32, 512, 1024))
    classes = [(8192, 32000), indices(32000, 8192)]
    yield from rows("loss", "cross_entropy", lambda F, x, t: F.cross_entropy(x, t), classes)
    words = [indices(32000, 32, 512), (32000, 1024)]
    yield from rows("embedding", "embedding", lambda F, ids, w: F.embedding(ids, w), words)
    resize = lambda F, x: F.interpolate(x, (112, 112), mode="bilinear")
    yield from of_x("vision", "interpolate bilinear to 112", resize, (32, 64, 56, 56))
    params = [normal(*s, scale=512**-0.5) for s in ((2048, 512), (2048, 512), (2048,), (2048,))]
    lstm = lambda F, x, h, c, *w: F.lstm(x, (h, c), w, 1, False)
    yield from rows("rnn", "lstm", lstm, [(128, 64, 512), (1, 64, 512), (1, 64, 512), *params])


def in_torch(row: Row, values: list[Any], dtype: Any, compiled: bool) -> tuple[dict[str, Run], list[Any], list[Any]]:
    """Torch's runs, the cotangents, and torch's outputs and gradients."""
    arrays: list[Any] = [torch.from_numpy(value).cuda() for value in values]
    arrays = [a.to(dtype) if a.is_floating_point() else a for a in arrays]
    leaves = [a.detach().requires_grad_() if i.trained else a for a, i in zip(arrays, row.inputs, strict=True)]
    trained = [a for a, i in zip(leaves, row.inputs, strict=True) if i.trained]
    call = functools.partial(row.call, TORCH)
    if compiled:
        torch.compiler.reset()  # otherwise torch compiles the code that rows share eight times, and then no more
        call = torch.compile(call)
    noise = np.random.RandomState(1)
    made = several(call(*leaves))
    cotangents = [np.asarray(noise.standard_normal(tuple(y.shape)), np.float32) for y in made]
    given = [torch.from_numpy(cotangent).cuda().to(dtype) for cotangent in cotangents]

    def both() -> Any:
        made = several(call(*leaves))
        return made, torch.autograd.grad(made, trained, given)

    def forward() -> Any:
        with torch.no_grad():
            return several(call(*arrays))

    made, gradients = both()
    forward()
    found = [array.detach().float().cpu().numpy() for array in (*made, *gradients)]
    return {"forward": forward, "gradients": both}, cotangents, found


def in_jax(
    row: Row, functions: Any, jit: Callable[..., Any], values: list[Any], cotangents: list[Any], dtype: Any
) -> tuple[dict[str, Run], list[Any]]:
    """A contestant's runs, its outputs and gradients."""
    arrays = [jnp.asarray(v, dtype if v.dtype == np.float32 else None) for v in values]
    given = tuple(jnp.asarray(cotangent, dtype) for cotangent in cotangents)
    forward_jit, both_jit = map(jit, passes(row, functions))
    outputs, gradients = both_jit(arrays, given)
    forward_jit(*arrays)
    runs = {"forward": lambda: forward_jit(*arrays), "gradients": lambda: both_jit(arrays, given)}
    return runs, [np.asarray(array, np.float32) for array in (*outputs, *gradients)]


def difference(got: list[Any], expected: list[Any]) -> float:
    """The largest difference, relative to the norm of an array."""
    return max(
        float(np.linalg.norm(one - other) / max(float(np.linalg.norm(other)), 1e-30))
        for one, other in zip(got, expected, strict=True)
    )


def seconds(run: Run, count: int) -> float:
    """The seconds of one call, when many are queued and then waited for."""
    begun = time.perf_counter()
    for _ in range(count - 1):
        run()
    last = run()
    leaves = jax.tree.leaves(last)
    if isinstance(leaves[0], jax.Array):
        jax.block_until_ready(leaves)
    else:
        torch.cuda.synchronize()
    return (time.perf_counter() - begun) / count


def measure(row: Row, name: str, compiled: bool) -> dict[str, Any]:
    """The figures of a row in one dtype."""
    of_jax, of_torch = DTYPES[name]
    noise = np.random.RandomState(0)
    values = [input.make(noise) for input in row.inputs]
    made, cotangents, expected = in_torch(row, values, of_torch, False)
    runs, differences = {"torch": made}, {}
    if compiled:
        runs["torch.compile"] = in_torch(row, values, of_torch, True)[0]
    for who, functions, jit in (("naive", NAIVE, jax.jit), ("purenn", PURENN, purenn.jit)):
        runs[who], got = in_jax(row, functions, jit, values, cotangents, of_jax)
        differences[who] = difference(got, expected)
    if differences["purenn"] > TOLERANCE[name]:
        raise ValueError(f"differs from torch by {differences['purenn']:.1e} of an array's norm")
    result: dict[str, Any] = {"family": row.family, "difference": differences}
    for what in PASSES:
        counts = {who: max(1, round(ROUND_S / seconds(run[what], 3))) for who, run in runs.items()}
        clocks: dict[str, list[float]] = {who: [] for who in runs}
        order = list(runs)
        for _ in range(ROUNDS):
            random.shuffle(order)
            for who in order:
                clocks[who].append(seconds(runs[who][what], counts[who]))
        best = min((who for who in runs if who != "purenn"), key=lambda who: statistics.median(clocks[who]))
        result[what] = {who: statistics.median(mine) * 1e6 for who, mine in clocks.items()}
        ratios = [mine / other for mine, other in zip(clocks["purenn"], clocks[best], strict=True)]
        result[what]["to best"] = statistics.median(ratios)
    return result


def shown(results: dict[str, Any]) -> str:
    """A table in Markdown: microseconds, and the ratio of purenn to the best of the others."""
    who = [name for name in next(iter(results.values()))["forward"] if name != "to best"]
    head = ["row", *(f"{short} {name}" for short in ("fwd", "f+b") for name in (*who, "/ best"))]
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    for row, figures in results.items():
        cells = [row]
        for what in PASSES:
            cells += [f"{figures[what][name]:,.0f}" for name in who] + [f"{figures[what]['to best']:.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=re.compile, metavar="REGEX", help="only rows whose name matches")
    parser.add_argument("--dtype", choices=DTYPES, help="only this dtype")
    parser.add_argument("--compile", action="store_true", help="also time torch.compile")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="start no further row after this time")
    parser.add_argument("--json", type=Path, metavar="PATH", help="where to save the figures")
    options = parser.parse_args()
    if jax.default_backend() != "gpu" or not torch.cuda.is_available():
        parser.error(f"a GPU is needed for both libraries, got jax's {jax.default_backend()}")
    torch.set_float32_matmul_precision("high")
    begun, results, failures = time.perf_counter(), {}, {}
    about = {**machine(), "device": torch.cuda.get_device_name(), "command": sys.argv}
    chosen = [row for row in large() if options.rows is None or options.rows.search(row.name)]
    for row in chosen:
        for name in [options.dtype] if options.dtype else reversed(DTYPES):
            if time.perf_counter() - begun > options.seconds:
                failures[f"{row.name} {name}"] = "not run: out of time"
                continue
            start = time.perf_counter()
            try:
                results[f"{row.name} {name}"] = measure(row, name, options.compile)
            except Exception as error:  # the other rows are still timed; the exit status reports the failure
                failures[f"{row.name} {name}"] = f"{type(error).__name__}: {str(error)[:300]}"
            print(f"{row.name} {name} {time.perf_counter() - start:.1f} s", file=sys.stderr, flush=True)
            if options.json:
                saved = {"machine": about, "rows": results, "failures": failures}
                options.json.write_text(json.dumps(saved, indent=1) + "\n")
    print(about["device"], about["versions"])
    if results:
        print(shown(results))
    for name, failure in failures.items():
        print(f"error: {name}: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
