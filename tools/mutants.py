"""Shows that the tests find each fault that was corrected: it brings the fault back and runs the test that must fail.

    python tools/mutants.py [NUMBER ...]

A mutant is one edit of one file, in a copy of the repository. It is found if its test fails. The command fails if a
mutant survives. Hypothesis does not shrink its examples here, because that would take minutes. The state machine runs
as many examples as in `make test-all`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
MACHINE, SHARING, ACCESS = "tests/test_state_machine.py", "tests/test_sharing.py", "tests/test_access.py"
REACH, TRANSFORMS, VALUES = "tests/test_reach.py", "tests/test_nn_transforms.py", "tests/test_values.py"


class Mutant(NamedTuple):
    """An edit that brings a fault back.

    Args:
        fault: the effect that users would see.
        file: its path below ``purenn``.
        mended, undone: the present text, and the faulty text that replaces it.
        test: the test that must fail.
    """

    fault: str
    file: str
    mended: str
    undone: str
    test: str


MUTANTS = [
    Mutant(
        "a module that is twice in a container runs once",
        "layers/container.py",
        "        for child in m:\n",
        "        for child in dict.fromkeys(m.children()):\n",
        MACHINE,
    ),
    Mutant(
        "loading keeps references to the given arrays",
        "nn/loading.py",
        "        kept = array is new and keep and id(new) not in owned\n",
        "        kept = True\n",
        SHARING,
    ),
    Mutant(
        "parameters made of one array share its memory",
        "nn/access.py",
        "    return array if isinstance(array, Tracer) else jnp.array(array)",
        "    return array",
        SHARING,
    ),
    Mutant(
        "closures are as they were at the first call",
        "nn/walk_code.py",
        "        for name, cell in zip(code.co_freevars, cells, strict=True):",
        "        for name, cell in ():",
        MACHINE,
    ),
    Mutant(
        "globals are as they were at the first call",
        "nn/walk_code.py",
        "        for name in names.globals:\n",
        "        for name in ():\n",
        MACHINE,
    ),
    Mutant(
        "functions are run over live modules",
        "nn/copies.py",
        "        if self.reach.path_of(value) is None:\n",
        "        if self.reach.path_of(value) is None or callable(value):\n",
        MACHINE,
    ),
    Mutant(
        "a change since the last call is ignored",
        "nn/reach.py",
        "        return list(map(id, self.read())) == self.ids",
        "        return True",
        MACHINE,
    ),
    Mutant(
        "modes are as they were at the first call",
        "nn/structure.py",
        "                    part.training,\n",
        "",
        MACHINE,
    ),
    Mutant(
        "requires_grad on an array is ignored",
        "nn/access.py",
        '            variable.requires_grad = attributes.get("requires_grad", variable.requires_grad)',
        "            pass",
        MACHINE,
    ),
    Mutant(
        "a thread that reads mixes old and new arrays",
        "nn/access.py",
        "    return setting(_view, dict(zip(variables, map(value_of, variables), strict=True)))",
        "    return setting(_view, None)",
        ACCESS,
    ),
    Mutant(
        "an interrupt leaves a step half done",
        "variable.py",
        "    deque(map(_set_value, variables, values), 0)",
        "    for variable, value in zip(variables, values, strict=True):\n        variable.value = value",
        ACCESS,
    ),
    Mutant(
        "a deleted entry stays",
        "nn/module_container.py",
        "        self._modules.update(numbered)\n        self._touched()",
        "        self._modules.update(numbered)",
        MACHINE,
    ),
    Mutant(
        "an added hook isn't called",
        "nn/hooks.py",
        "else {**hooks, self: hook}\n        node._touched()",
        "else {**hooks, self: hook}",
        MACHINE,
    ),
    Mutant(
        "a new tie is ignored",
        "nn/members.py",
        "        self._parameters[name] = variable\n        access.track(self)\n        self._touched()",
        "        self._parameters[name] = variable\n        access.track(self)",
        MACHINE,
    ),
    Mutant(
        "arrays in containers are constants of the first call",
        "nn/walk.py",
        "        if not (lift and self.reach.lift):\n            self._fact(path, ById(array))",
        "        if True:\n            self._fact(path, ('a', array.shape))",
        REACH,
    ),
    Mutant(
        "Python modules in objects are as they were at the first call",
        "nn/walk.py",
        "            self._namespace(path, value, frozenset(filter(self._counts, names_in(value))))\n",
        "",
        REACH,
    ),
    Mutant(
        "a transformation reads the values of the first step",
        "nn/optimizer.py",
        '        modules.append(("the transformation", self._constant))\n',
        "",
        "tests/test_optimizer.py",
    ),
    Mutant(
        "a copy of an optimizer starts anew",
        "nn/optimizer.py",
        "        if followed.specs == specs:\n            self.state = state\n",
        "",
        "tests/test_optimizer.py",
    ),
    Mutant(
        "one dropout mask for all rows of a vmap",
        "random.py",
        "        if tracing.current() != self.made_in and (inner",
        "        if False and (inner",
        TRANSFORMS,
    ),
    Mutant(
        "a buffer that changes inside a transformation becomes a tracer",
        "layers/bound.py",
        "            if inner := tracing.transformations_since(self._made_in):",
        "            if inner := None:",
        TRANSFORMS,
    ),
    Mutant(
        "a write of a compiled forward into a list is lost",
        "nn/copies.py",
        "        for value, content, before in self._contents:\n",
        "        for value, content, before in ():\n",
        REACH,
    ),
    Mutant(
        "labels out of range pass in eager modules",
        "nn/eager.py",
        "    checks.make(inputs)\n",
        "",
        VALUES,
    ),
]


def survives(mutant: Mutant, copy: Path) -> str | None:
    """None if the mutant's test fails; otherwise the last line of pytest's output."""
    path = copy / "purenn" / mutant.file
    text = path.read_text()
    if text.count(mutant.mended) != 1:
        raise SystemExit(f"{mutant.fault}: {mutant.file} has changed, look at tools/mutants.py")
    path.write_text(text.replace(mutant.mended, mutant.undone))
    try:
        command = [sys.executable, "-m", "pytest", mutant.test, "-q", "-x", "-p", "no:cacheprovider", "--tb=line"]
        environment = {**os.environ, "PYTHONPATH": str(copy), "NO_SHRINKING": "1", "EXAMPLES": "400"}
        run = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    finally:
        path.write_text(text)
    return None if run.returncode == 1 else run.stdout.strip().rpartition("\n")[2]


def main() -> None:
    """Tries the mutants with the given numbers, or all."""
    numbers = list(map(int, sys.argv[1:])) or range(len(MUTANTS))
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory)
        for part in ("purenn", "tests"):
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        alive = 0
        for number in numbers:
            mutant, start = MUTANTS[number], time.monotonic()
            said = survives(mutant, copy)
            alive += said is not None
            verdict = "found" if said is None else f"SURVIVED ({said})"
            print(
                f"{number:3} {time.monotonic() - start:4.0f} s  {mutant.fault} [{mutant.test}]: {verdict}", flush=True
            )
    raise SystemExit(alive > 0)


if __name__ == "__main__":
    main()
