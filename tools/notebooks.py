"""Runs the example notebooks from an empty kernel and saves them with their outputs.

    python tools/notebooks.py [PATH ...]

Without paths it runs all of ``examples/notebooks``. It prints each notebook's time and size.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def run(path: Path) -> float:
    """Runs one notebook and returns the seconds it took. Metadata that differs between machines is not saved."""
    notebook = nbformat.read(path, as_version=4)
    start = time.monotonic()
    NotebookClient(
        notebook,
        timeout=600,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],  # the kernel would warn about its own connection
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    seconds = time.monotonic() - start
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
    nbformat.write(notebook, path)
    return seconds


def main() -> None:
    """Runs the given notebooks, or all."""
    paths = [Path(name).resolve() for name in sys.argv[1:]] or sorted((ROOT / "examples/notebooks").glob("*.ipynb"))
    for path in paths:
        seconds = run(path)
        print(f"{path.name:50} {seconds:5.0f} s {path.stat().st_size / 1000:5.0f} kB", flush=True)


if __name__ == "__main__":
    main()
