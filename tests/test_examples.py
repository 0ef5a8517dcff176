"""The example scripts run and print the promised results."""

import os
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}


def test_both_styles_of_the_demo_agree_to_the_last_digit(tmp_path):
    """One epoch, compiled as for users: the vector width and fusions differ from those of the other tests."""
    command = [sys.executable, EXAMPLES / "mnist.py", "--epochs", "1", "--out", tmp_path]
    run = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "agree to the last digit: yes" in run.stdout


def test_the_scripts_of_the_two_styles_print_the_same_numbers():
    """One epoch of each script."""
    printed = set()
    for name in ("functional_loop.py", "object_style.py"):
        command = [sys.executable, EXAMPLES / name, "1"]
        run = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
        assert run.stdout.startswith("epoch 1: training loss ")
        printed.add(run.stdout)
    assert len(printed) == 1, printed
