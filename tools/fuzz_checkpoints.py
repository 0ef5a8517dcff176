"""Reads damaged checkpoints: ``python tools/fuzz_checkpoints.py [--files 10000] [--seed 0]``.

Every file must be read, or refused by a CheckpointError, within 5 seconds and without a growth of the memory. Each
process reads 500 files, so a crash is noticed. A file that fails is kept in ``out/fuzz``.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 5  # the time limit per file
MEMORY_MIB = 600  # the limit on the growth of a process: twice the size that a file may unfold to
BATCH = 500  # files per process
EXPORTED = 10  # one file in EXPORTED is an exported program


class Hang(BaseException):
    """A file took too long."""


def _too_long(*_: Any) -> None:
    raise Hang


def worker(first: int, count: int, seed: int) -> int:
    """Reads the files with the given numbers, and prints the outcomes."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    import checkpoint_files
    import jax
    import jax.numpy as jnp

    import purenn
    from purenn import interop, layers

    jax.config.update("jax_platforms", "cpu")
    files, outcomes = checkpoint_files.seeds(), Counter[str]()
    keep = ROOT / "out" / "fuzz"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        os.chdir(folder)
        layer = layers.Linear(2, 3)
        interop.export(layer, *layer.init(jax.random.key(0)), jnp.ones((1, 2)), path=folder / "program")
        program = (folder / "program").read_bytes()
        (folder / "x.st").write_bytes(files["safetensors"])
        signal.signal(signal.SIGALRM, _too_long)
        start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number in range(first, first + count):
            rng = random.Random(f"{seed}-{number}")
            exported = number % EXPORTED == 0
            raw = checkpoint_files.mutated(program if exported else rng.choice([*files.values()]), rng)
            path = folder / "mutant"
            path.write_bytes(raw)
            began = time.perf_counter()
            signal.alarm(SECONDS)
            try:
                if exported:
                    interop.load_exported(path)
                else:
                    purenn.load(path, numpy=rng.random() < 0.5)
                outcome = "read"
            except interop.CheckpointError as error:
                outcome = "refused" if str(path) in str(error) else f"refused without the file's name: {error}"
            except BaseException as error:  # a panic of Rust too
                outcome = f"{type(error).__name__}: {traceback.format_exc(limit=-3)}"
            signal.alarm(0)
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) >> 10
            if grown > MEMORY_MIB:
                outcome = f"the process grew by {grown} MiB"
            outcomes[outcome if outcome in ("read", "refused") else "failed"] += 1
            outcomes["slowest, ms"] = max(outcomes["slowest, ms"], int(1000 * (time.perf_counter() - began)))
            if outcome not in ("read", "refused"):
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{seed}-{number}").write_bytes(raw)
                print(f"file {number}: {outcome}", flush=True)
            if sorted(os.listdir(folder)) != ["mutant", "program", "x.st"]:
                print(f"file {number}: a file was made", flush=True)
                outcomes["failed"] += 1
    print("outcomes", dict(outcomes), flush=True)
    return int(outcomes["failed"] > 0)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--worker", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        return worker(*options.worker, options.seed)
    total, failed = Counter[str](), 0
    for first in range(0, options.files, BATCH):
        count = min(BATCH, options.files - first)
        command = [sys.executable, __file__, "--seed", str(options.seed), "--worker", str(first), str(count)]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60 + SECONDS * count)
        for line in run.stdout.splitlines():
            if line.startswith("outcomes "):
                found = Counter[str](eval(line.removeprefix("outcomes ")))
                slowest = max(total["slowest, ms"], found.pop("slowest, ms", 0))
                total += found
                total["slowest, ms"] = slowest
            else:
                print(line)
        if run.returncode:
            failed += 1
            print(f"files {first} to {first + count - 1}: exit code {run.returncode}\n{run.stderr[-2000:]}")
    print(f"{options.files} files: " + ", ".join(f"{name} {n}" for name, n in sorted(total.items())))
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
