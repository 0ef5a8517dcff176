"""Puts idioms side by side: a code block titled with a library's name and one titled purenn become two columns."""

from __future__ import annotations

import re

BLOCK = r'```python title="(?P<{0}_title>{1})"\n(?P<{0}>.*?)^```[ ]*\n'
PAIR = re.compile(BLOCK.format("left", r"[\w.]+") + r"\n*" + BLOCK.format("right", "purenn"), re.M | re.S)


def side_by_side(markdown: str) -> str:
    """Wraps each pair in a grid, which has one column on a phone."""

    def wrap(match: re.Match[str]) -> str:
        blocks = (f'```python title="{match[f"{side}_title"]}"\n{match[side]}```\n' for side in ("left", "right"))
        return '<div class="pair" markdown="1">\n\n' + "\n".join(blocks) + "\n</div>\n"

    return PAIR.sub(wrap, markdown)


def pairs_of(markdown: str) -> list[tuple[str, str, str]]:
    """The pairs of a page: the bold line or heading above each, and the code of both columns."""
    found = []
    for match in PAIR.finditer(markdown):
        above = markdown[: match.start()].rstrip().splitlines()[-1]
        found.append((above.strip("#* "), match["left"], match["right"]))
    return found
