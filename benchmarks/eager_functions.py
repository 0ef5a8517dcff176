"""The cost of one eager call of a function at small sizes: purenn, torch and jax.nn, in microseconds.

    python benchmarks/eager_functions.py [--rounds N]

All calls of a row are timed in turns, in an order that changes from round to round. A round takes the mean of 100
calls, with their results. A figure is the median over the rounds. torch runs on one thread: at these sizes more threads
only take time.
"""

from __future__ import annotations

import argparse
import platform
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch

from purenn import functional as F

CALLS = 100
ELEMENTWISE = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "logsigmoid",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
]
# name: the shapes of arrays, or lists of integer values; other arguments
OTHERS: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "softmax": ([(4, 16)], {"dim": -1}),
    "log_softmax": ([(4, 16)], {"dim": -1}),
    "layer_norm": ([(4, 16)], {"normalized_shape": (16,)}),
    "linear": ([(4, 16), (8, 16)], {}),
    "conv2d": ([(1, 3, 8, 8), (4, 3, 3, 3)], {}),
    "avg_pool1d": ([(2, 3, 16)], {"kernel_size": 2}),
    "avg_pool2d": ([(2, 3, 8, 8)], {"kernel_size": 2}),
    "max_pool1d": ([(2, 3, 16)], {"kernel_size": 2}),
    "max_pool2d": ([(2, 3, 8, 8)], {"kernel_size": 2}),
    "max_pool3d": ([(1, 2, 4, 4, 4)], {"kernel_size": 2}),
    "adaptive_avg_pool2d": ([(2, 3, 8, 8)], {"output_size": 2}),
    "adaptive_max_pool2d": ([(2, 3, 8, 8)], {"output_size": 2}),
    "lp_pool2d": ([(2, 3, 8, 8)], {"norm_type": 2, "kernel_size": 2}),
    "mse_loss": ([(4, 16), (4, 16)], {}),
    "l1_loss": ([(4, 16), (4, 16)], {}),
    "huber_loss": ([(4, 16), (4, 16)], {}),
    "smooth_l1_loss": ([(4, 16), (4, 16)], {}),
    "soft_margin_loss": ([(4, 16), (4, 16)], {}),
    "kl_div": ([(4, 16), (4, 16)], {"reduction": "batchmean"}),
    "poisson_nll_loss": ([(4, 16), (4, 16)], {}),
    "binary_cross_entropy_with_logits": ([(4, 16), (4, 16)], {}),
    "cosine_embedding_loss": ([(4, 16), (4, 16), (4,)], {}),
    "triplet_margin_loss": ([(4, 16), (4, 16), (4, 16)], {}),
    "cross_entropy": ([(4, 16), [0, 3, 1, 15]], {}),
    "nll_loss": ([(4, 16), [0, 3, 1, 15]], {}),
    "multi_margin_loss": ([(4, 16), [0, 3, 1, 15]], {}),
}


def rows() -> dict[str, tuple[list[Any], dict[str, Any]]]:
    return {name: ([(4, 16)], {}) for name in ELEMENTWISE} | OTHERS


def contestants(name: str, arrays: list[Any], options: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    """The calls of a row by library."""
    generator = np.random.default_rng(0)
    drawn = [np.array(a) if isinstance(a, list) else generator.standard_normal(a, np.float32) for a in arrays]
    ours, theirs = [jnp.asarray(a) for a in drawn], [torch.from_numpy(a) for a in drawn]
    mine, its = getattr(F, name), getattr(torch.nn.functional, name)
    calls = {"purenn": lambda: mine(*ours, **options), "torch": lambda: its(*theirs, **options)}
    peer = getattr(jax.nn, name, None)
    if peer is not None and len(ours) == 1:
        keywords = {"axis": options["dim"]} if "dim" in options else {}
        calls["jax.nn"] = lambda: peer(ours[0], **keywords)
    return calls


def microseconds(call: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    for _ in range(CALLS):
        result = call()
    getattr(result, "block_until_ready", lambda: None)()
    return (time.perf_counter() - begun) / CALLS * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    print(f"jax {jax.__version__}, torch {torch.__version__}, {platform.processor() or platform.machine()}")
    print(f"{'function':34}{'purenn':>9}{'torch':>9}{'jax.nn':>9}   microseconds per call")
    medians = []
    for name, (arrays, options) in rows().items():
        calls = contestants(name, arrays, options)
        times: dict[str, list[float]] = {library: [] for library in calls}
        for call in calls.values():
            call()
        for _ in range(rounds):
            for library in random.sample([*calls], len(calls)):
                times[library].append(microseconds(calls[library]))
        median = {library: statistics.median(values) for library, values in times.items()}
        medians.append(median["purenn"])
        print(f"{name:34}" + "".join(f"{median.get(k, float('nan')):9.1f}" for k in ("purenn", "torch", "jax.nn")))
    print(f"purenn: median {statistics.median(medians):.1f}, most {max(medians):.1f}")


if __name__ == "__main__":
    main()
