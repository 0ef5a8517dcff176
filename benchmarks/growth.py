"""The cost of operators before they run: compile time, instructions and temporary memory, beside naive JAX.

    python benchmarks/growth.py [--only FAMILY] [--rows REGEX] [--json PATH]

The rows of `operator_rows.py` are compiled forward and with all gradients. Time is the CPU time of all threads of the
process, so other load on the machine changes it little. Instructions are those of the optimized program, including
those in fusions and loops. `tests/test_growth.py` and `tests/test_cost.py` bound instructions and memory at larger
sizes.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from operator_rows import NAIVE, PURENN, Row
from operators import PASSES, chosen_rows, passes, row_parser

import purenn

LIBRARIES = {"naive": NAIVE, "purenn": PURENN}
KINDS = {"seconds": "s", "instructions": "", "temporary": "B"}


def cost(function: Callable[..., Any], arguments: Sequence[Any]) -> dict[str, float]:
    """The compile time of a function, and the size of its program."""
    lowered = jax.jit(function).lower(*arguments)
    start = time.process_time()
    program = lowered.compile()
    seconds = time.process_time() - start
    instructions = len(re.findall(r"^\s+(?:ROOT )?%?[\w.-]+ = ", program.as_text() or "", re.MULTILINE))
    memory: Any = program.memory_analysis()
    return {"seconds": seconds, "instructions": instructions, "temporary": memory.temp_size_in_bytes}


def measure(row: Row) -> dict[str, dict[str, dict[str, float]]]:
    """A row's costs by pass and library."""
    noise = np.random.RandomState(0)
    values = [input.make(noise) for input in row.inputs]
    arrays = [jax.random.key(0) if value is None else jnp.asarray(value) for value in values]
    results: dict[str, dict[str, dict[str, float]]] = {name: {} for name in PASSES}
    for library, functions in LIBRARIES.items():
        forward, both = passes(row, functions)
        outputs = jax.eval_shape(forward, *arrays)
        given = [jnp.ones(y.shape, y.dtype) for y in outputs]
        results["forward"][library] = cost(forward, arrays)
        results["gradients"][library] = cost(both, (arrays, given))
    return results


def show(name: str, results: dict[str, dict[str, dict[str, float]]]) -> None:
    cells = []
    for found in results.values():
        for kind, unit in KINDS.items():
            ours, theirs = found["purenn"][kind], found["naive"][kind]
            cells.append(
                f"{ours:>9.3g}{unit} {ours / max(theirs, 1e-9):>5.1f}x" if theirs else f"{ours:>9.3g}{unit}    - "
            )
    print(f"{name:60.60}", *cells, flush=True)


def main() -> int:
    options = row_parser(__doc__).parse_args()
    results = {}
    print(f"purenn {purenn.__version__}: forward, then with gradients; each figure with its ratio to naive JAX")
    for row in chosen_rows(options):
        results[row.name] = measure(row)
        show(row.name, results[row.name])
    for name, what in PASSES.items():
        for kind in KINDS:
            pairs = [(r[name]["purenn"][kind], r[name]["naive"][kind]) for r in results.values()]
            ratios = [ours / theirs for ours, theirs in pairs if ours and theirs]
            if ratios:
                above = sum(ratio > 1.5 for ratio in ratios)
                mean = statistics.geometric_mean(ratios)
                print(f"{what}, {kind}: {mean:.2f} of naive JAX's, {above} of {len(ratios)} rows above 1.5")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
