"""Converts TeX to MathML when the site is built. Browsers render MathML without a script."""

from __future__ import annotations

import functools
import re
import xml.etree.ElementTree as ET

from latex2mathml.converter import convert

LIMITS = set("∑∏⋃⋂") | {"max", "min", "lim", "sup", "inf"}
BRACKETS = set("⌊⌋⌈⌉")
FENCE = re.compile(
    r"(^(?P<fence>```+).*?^(?P=fence)[ \t]*$|(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))", re.M | re.S
)
NAMESPACE = "http://www.w3.org/1998/Math/MathML"
ET.register_namespace("", NAMESPACE)


@functools.cache
def mathml(tex: str, display: bool = False) -> str:
    """Converts a formula.

    Raises:
        ValueError: a command is left that the converter doesn't know.
    """
    source = " ".join(tex.split()).replace(r"\bigl\lVert", r"\lVert").replace(r"\bigr\rVert", r"\rVert")
    source = source.replace(r"\_", "UNDERSCORE").replace("<", r"\lt ")
    source = source.replace(r"\begin{aligned}", r"\begin{array}{rl}").replace(r"\end{aligned}", r"\end{array}")
    made = convert(source, display="block" if display else "inline")
    try:
        root = ET.fromstring(made)
    except ET.ParseError as error:
        raise ValueError(f"formula not understood: {tex}: {made}") from error
    for element in root.iter():
        _mend(element, display)
    text = ET.tostring(root, encoding="unicode").replace("UNDERSCORE", "_")
    if "\\" in text or "merror" in text:
        raise ValueError(f"formula not understood: {tex}")
    return text


def _mend(element: ET.Element, display: bool) -> None:
    """Puts limits of sums below them in a displayed formula, and makes brackets operators."""
    tag = element.tag.removeprefix(f"{{{NAMESPACE}}}")
    if tag == "mi" and element.text in BRACKETS:
        element.tag = f"{{{NAMESPACE}}}mo"
        element.set("stretchy", "false")
    if tag == "mtd" and (side := element.attrib.pop("columnalign", None)):
        element.set("style", f"text-align: {side}")  # the only way that browsers support
    if display and tag in ("msub", "msubsup") and len(element) and element[0].text in LIMITS:
        element.tag = f"{{{NAMESPACE}}}{'munder' if tag == 'msub' else 'munderover'}"


class Formulas:
    r"""The formulas of one page: tokens that survive the conversion of Markdown, and the MathML that replaces them."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def token(self, tex: str, display: bool = False) -> str:
        self.made.append(mathml(tex, display))
        return f"⟦{len(self.made) - 1}⟧"

    def in_markdown(self, text: str, dollars: bool = False) -> str:
        r"""Puts tokens for the formulas in ``\(...\)``, ``\[...\]`` and, in notebooks, ``$...$``, outside of code."""
        parts = FENCE.split(text)
        # split gives text, match, fence, ticks, text, ...
        out = []
        for i in range(0, len(parts), 4):
            part = parts[i]
            part = re.sub(r"\\\[(.+?)\\\]", lambda m: f"\n\n{self.token(m[1], True)}\n\n", part, flags=re.S)
            part = re.sub(r"\\\((.+?)\\\)", lambda m: self.token(m[1]), part, flags=re.S)
            if dollars:
                part = re.sub(r"\$\$(.+?)\$\$", lambda m: f"\n\n{self.token(m[1], True)}\n\n", part, flags=re.S)
                part = re.sub(r"\$([^$\n]+)\$", lambda m: self.token(m[1]), part)
            out.append(part + (parts[i + 1] if i + 1 < len(parts) else ""))
        return "".join(out)

    def in_html(self, html: str) -> str:
        return re.sub(r"⟦(\d+)⟧", lambda m: self.made[int(m[1])], html)
