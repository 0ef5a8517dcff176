"""The charts and badges agree with the tables."""

import importlib.util
import sys
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("pictures", Path(__file__).parent.parent / "tools" / "pictures.py")
pictures = importlib.util.module_from_spec(SPEC)
sys.modules["pictures"] = pictures
SPEC.loader.exec_module(pictures)
MADE = pictures.pictures()


@pytest.mark.parametrize("name", MADE)
def test_it_is_not_stale(name):
    assert (pictures.PICTURES / name).read_text() == MADE[name], "run python tools/pictures.py"


def test_a_change_of_a_table_changes_the_chart():
    text = (pictures.ROOT / "docs/performance.md").read_text()
    row = next(line for line in text.splitlines() if line.startswith("| conv2d | 39"))
    changed = "|".join([*row.split("|")[:3], " 9.99 ", *row.split("|")[4:]])
    assert pictures.operators(text.replace(row, changed)) != MADE["operators.svg"]


def test_steps_and_calls_are_not_mistaken_for_each_other():
    """Both tables have a column named "/ torch"."""
    text = (pictures.ROOT / "docs/performance.md").read_text()
    lines = [line.split("|") for line in text.splitlines() if line.startswith("| purenn, jax.jit |")]
    drawn = pictures.models(text)
    for step, call in ((line[3].strip(), line[5].strip()) for line in lines):
        assert f"purenn: {float(step):.10g}<" in drawn and f"purenn: {float(call):.10g}<" in drawn
    assert drawn.index(f"purenn: {float(lines[0][3]):.10g}<") < drawn.index("a call (time")


def test_every_picture_is_shown_beside_its_command():
    """A chart is on the page whose commands print its figures."""
    text = (pictures.ROOT / "docs/performance.md").read_text()
    commands = {name: f"make {name}" for name in ("operators", "chains", "models")} | {"calls": "make overhead"}
    for name, command in commands.items():
        assert f"pictures/{name}.svg" in text
        assert command in text
