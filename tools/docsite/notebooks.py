"""Makes pages of the committed notebooks: their text, code and saved outputs."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def convert(path: Path) -> tuple[str, dict[str, bytes]]:
    """Converts a notebook to Markdown.

    Returns:
        The Markdown, and the pictures that it shows, by file name.
    """
    out: list[str] = []
    pictures: dict[str, bytes] = {}
    for cell in json.loads(path.read_text())["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            out += [source, ""]
            continue
        if cell["cell_type"] != "code" or not source.strip():
            continue
        out += ["```python", source, "```", ""]
        for output in cell["outputs"]:
            out += _output(output, path.stem, pictures)
    return "\n".join(out) + "\n", pictures


def _output(output: dict, stem: str, pictures: dict[str, bytes]) -> list[str]:
    data = output.get("data", {})
    for kind, ending in (("image/png", "png"), ("image/jpeg", "jpg")):
        if kind in data:
            name = f"{stem}_{len(pictures) + 1}.{ending}"
            pictures[name] = base64.b64decode("".join(data[kind]))
            return [f"![output of the cell above]({name})", ""]
    if "text/html" in data and "audio" in "".join(data["text/html"])[:400]:
        return ['<div class="output" markdown="0">', "".join(data["text/html"]).strip(), "</div>", ""]
    text = output.get("text") or data.get("text/plain") or ""
    text = ANSI.sub("", "".join(text)).rstrip()
    return ["```text", text, "```", "{ .output }", ""] if text else []
