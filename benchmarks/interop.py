"""Public torch architectures through `purenn.interop.from_torch`: values, gradients, training, and the cost of calls.

    python benchmarks/interop.py ZOO [NAME ...] [--times] [--docs docs/interop.md] [--json out/interop.json]

ZOO is a Python file that builds the architectures: it has ``REGISTRY``, ``build(name)``, ``leaves``, ``loss`` and
``distance``. An entry whose package is missing is skipped. Each architecture runs in its own process. ``--times``
compares the time of a compiled call and of a compiled training step (gradient and plain gradient descent) with torch
eager, and with torchax if it is installed: medians of interleaved runs. Rows that the JSON file already has are kept,
and made again only if they are named. The exit status is the number of rows that don't match.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

from interop_page import matches, page


def load(path: str) -> Any:
    """The zoo as a module."""
    spec = importlib.util.spec_from_file_location("zoo", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["zoo"] = module
    spec.loader.exec_module(module)
    return module


def one(zoo_path: str, name: str, times: bool) -> dict[str, Any]:
    """One architecture in this process."""
    warnings.filterwarnings("ignore")
    zoo = load(zoo_path)
    from interop_check import check
    from interop_times import timed

    try:
        row, case, converted = check(zoo, name)
        return row | (timed(zoo, name, case, converted) if times else {})
    except Exception as error:
        traceback.print_exc()
        text = " ".join(str(error).split())
        return {"name": name, "package": zoo.REGISTRY[name].package, "error": f"{type(error).__name__}: {text[:200]}"}


def apart(zoo_path: str, name: str, times: bool) -> dict[str, Any]:
    """One architecture in its own process."""
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
    every = list(load(given.zoo).REGISTRY)
    known = json.loads(given.json.read_text()) if given.json and given.json.exists() else []
    rows = {row["name"]: row for row in known}
    for name in given.names or [n for n in every if n not in rows]:
        row = apart(given.zoo, name, given.times)
        if "ModuleNotFoundError" in row.get("error", ""):
            print(f"skipped {name}: {row['error']}")
            continue
        rows[name] = row
        print("ok  " if matches(row) else "FAIL", json.dumps(row), flush=True)
        if given.json:
            given.json.parent.mkdir(parents=True, exist_ok=True)
            given.json.write_text(json.dumps(list(rows.values()), indent=1))
    table = [rows[n] for n in every if n in rows]
    if given.docs:
        given.docs.write_text(page(table))
    print(f"{sum(map(matches, table))} of {len(table)} match")
    return sum(not matches(row) for row in table)


if __name__ == "__main__":
    sys.exit(main())
