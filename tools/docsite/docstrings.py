"""Converts docstrings to Markdown: sections to definition lists, roles to formulas and links, examples to code."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

from formulas import Formulas

SECTION = re.compile(r"^(Args|Attributes|Returns|Raises|Yields|Warns|Shape|Source|Example|Examples|Note):[ ]?(.*)$")
TITLES = {"Args": "Arguments", "Example": "Example", "Examples": "Example", "Note": "Note"}
LISTS = {"Args", "Attributes", "Raises", "Warns"}
Link = Callable[[str], str | None]


def to_markdown(doc: str, formulas: Formulas, link: Link) -> str:
    """Converts a docstring.

    Args:
        doc: the docstring, as it stands in the source.
        formulas: the page's formulas.
        link: gives the address of a name in single backticks, or None.
    """
    lines = inspect.cleandoc(doc).splitlines()
    blocks: list[tuple[str, list[str]]] = [("", [])]
    for line in lines:
        if match := SECTION.match(line):
            blocks.append((match[1], [match[2]] if match[2] else []))
        else:
            blocks[-1][1].append(line)
    out = []
    for section, body in blocks:
        title = f"**{TITLES.get(section, section)}**" if section else ""
        if section in ("Example", "Examples"):
            out += [title, "", "```pycon", *inspect.cleandoc("\n".join(["", *body])).splitlines(), "```", ""]
        elif section in LISTS:
            out += [title, "", *_definitions(body, section, formulas, link), ""]
        else:
            text = _text("\n".join(_dedented(body)), formulas, link)
            out += [f"{title}: {text.lstrip()}" if section and body and body[0] and not body[0].isspace() else text, ""]
            if section and not (body and body[0] and not body[0].isspace()):
                out.insert(-2, title + "\n")
    return "\n".join(out)


def _dedented(body: list[str]) -> list[str]:
    """Removes the indentation of a section whose text begins on the next line."""
    inside = [line for line in body if line.strip()]
    if inside and all(line.startswith("    ") for line in inside):
        return [line.removeprefix("    ") for line in body]
    return body


def _definitions(body: list[str], section: str, formulas: Formulas, link: Link) -> list[str]:
    """Writes ``name: text`` items as a definition list."""
    items: list[tuple[str, list[str]]] = []
    for line in _dedented(body):
        match = re.match(r"^(\*{0,2}[\w.]+(?:, \*{0,2}[\w.]+)*)(?: \([^)]*\))?: ?(.*)$", line)
        if match and not line.startswith(" "):
            items.append((match[1], [match[2]]))
        elif items:
            items[-1][1].append(line.removeprefix("    "))
        elif line.strip():
            items.append(("", [line]))
    out = []
    for names, text in items:
        term = ", ".join(f"`{name}`" for name in names.split(", ")) if names else "&nbsp;"
        described = _text("\n".join(text), formulas, link).strip().splitlines() or [""]
        out += ["", term, f":   {described[0]}", *(f"    {line}" if line else "" for line in described[1:])]
    return out


def _text(text: str, formulas: Formulas, link: Link) -> str:
    """Replaces reST's directives and roles outside of code."""

    def directive(match: re.Match[str]) -> str:
        return f"\n\n{formulas.token(match[1], display=True)}\n\n"

    rule = r"=+(?: +=+)+"
    text = re.sub(rf"^([ ]*)({rule})\n(.*?)\n\1\2$(?:\n(.*?)\n\1\2$)?", _table, text, flags=re.M | re.S)
    text = re.sub(r"^[ ]*\.\. math::((?:.*)(?:\n[ ]{4,}\S.*)*)", directive, text, flags=re.M)
    text = re.sub(r":math:`(.+?)`", lambda m: formulas.token(m[1]), text, flags=re.S)
    text = re.sub(r":(?:class|func|meth|mod|attr|data):`~?(.+?)`", r"`\1`", text)
    pieces = re.split(r"(``.+?``|`[^`]+`)", text, flags=re.S)
    for i, piece in enumerate(pieces):
        if piece.startswith("``"):
            pieces[i] = f"`{' '.join(piece[2:-2].split())}`"
        elif piece.startswith("`"):
            name = " ".join(piece[1:-1].split())
            address = link(name)
            pieces[i] = f"[`{name}`]({address})" if address else f"`{name}`"
        else:
            piece = re.sub(r"(?<![(<\"])(https?://[^\s),;]*[^\s),;.:])", r"<\1>", piece)
            pieces[i] = re.sub(r"\*(?=\w*\()|(?<=[(, ])\*(?=[,)])", r"\\*", piece)
    return "".join(pieces)


def _table(match: re.Match[str]) -> str:
    """Converts reST's simple table. The line of equals signs has the positions of the columns."""
    indent, rule = len(match[1]), match[2]
    starts = [m.start() for m in re.finditer(r"=+", rule)]
    ends = [*starts[1:], None]

    def cells(line: str) -> list[str]:
        return [line[indent:][a:b].strip().replace("|", "&#124;") for a, b in zip(starts, ends, strict=True)]

    rows: list[list[str]] = []
    head, body = (match[3], match[4]) if match[4] is not None else ("", match[3])
    for line in body.splitlines():
        found = cells(line)
        if found[0] or not rows:
            rows.append(found)
        else:  # the cell continues on this line
            rows[-1] = [f"{a} {b}".strip() for a, b in zip(rows[-1], found, strict=True)]
    lines = [cells(head), ["---"] * len(starts), *rows]
    return "\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n\n"
