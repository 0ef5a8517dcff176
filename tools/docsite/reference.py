"""The pages of the API reference. They are made from the objects, because many docstrings are filled in at import."""

from __future__ import annotations

import importlib
import inspect
import posixpath
import re
from collections import Counter
from pathlib import Path

import names
from docstrings import to_markdown
from formulas import Formulas
from names import Entry

TITLES = {
    "reference/modules.md": ("Modules", "Objects that hold their arrays, and their base classes."),
    "reference/training.md": (
        "Training and transformations",
        "Optimizers, gradients, loops, and conversions between the faces.",
    ),
}
SHORT = {"F": "purenn.functional", "functional": "purenn.functional"}
PREFERRED = ("purenn.functional", "purenn.nn", "purenn.layers", "purenn", "purenn.utils", "purenn.init")


def title_of(page: str) -> tuple[str, str]:
    """The title of a page and a sentence about it."""
    if page in TITLES:
        return TITLES[page]
    stem = Path(page).stem
    if page.startswith(("reference/functional/", "reference/layers/")):
        package = f"purenn.{page.split('/')[1]}"
        known = names.TITLES.get(stem, stem.replace("_", " ").capitalize())
        module = importlib.import_module(f"{package}.{stem}") if _exists(f"{package}.{stem}") else None
        return known, _first_paragraph(module) if module else ""
    dotted = names.pages()[page][0].package
    return dotted.removeprefix("purenn."), _first_paragraph(importlib.import_module(dotted))


def _exists(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _first_paragraph(module: object) -> str:
    text = inspect.cleandoc(getattr(module, "__doc__", None) or "").split("\n\n")[0]
    return " ".join(text.replace("``", "`").split())


def resolve(name: str, near: Entry | None = None) -> tuple[str, str] | None:
    """The page and anchor of a name in the spelling of a docstring or page, or None."""
    name = name.removesuffix("()")
    if not re.fullmatch(r"[A-Za-z_][\w.]*", name):
        return None
    head, _, rest = name.partition(".")
    candidates = [name]
    if near is not None:
        candidates += [f"{near.anchor}.{name}", *(f"{n.rpartition('.')[0]}.{name}" for n in near.names)]
    if rest:
        candidates += [f"{SHORT[head]}.{rest}"] if head in SHORT else [f"purenn.{name}", f"purenn.nn.{name}"]
    elif near is not None:
        candidates += [f"{package}.{name}" for package in PREFERRED]
    for candidate in candidates:
        if candidate in anchors():
            return anchors()[candidate]
    return None


_anchors: dict[str, tuple[str, str]] = {}


def anchors() -> dict[str, tuple[str, str]]:
    """The page and anchor of each public name."""
    if not _anchors:
        for name, entry in names.entries().items():
            _anchors[name] = (entry.page, name)
            for member, _ in names.members(entry):
                _anchors[f"{name}.{member}"] = (entry.page, f"{entry.anchor}.{member}")
        for package in names.packages():
            pages = {e.page for n, e in names.entries().items() if n.rpartition(".")[0] == package and n == e.anchor}
            page = pages.pop() if len(pages) == 1 else "reference/index.md"
            _anchors.setdefault(package, (page, package))
    return _anchors


def page(uri: str, formulas: Formulas) -> str:
    """The Markdown of one page."""
    title, about = title_of(uri)
    out = [f"# {title}", ""]
    packages = [p for p in names.packages() if anchors().get(p) == (uri, p)]
    out += [f'<a id="{package}"></a>' for package in packages]
    if about:
        out += [about, ""]
    faces = uri.startswith("reference/layers/") and not uri.endswith("base.md")
    if faces:
        out += ["Each is `purenn.layers.X`, a pair of pure functions, and `purenn.nn.X`, an object, with the same", ""]
        out[-2] += " arguments."
    for entry in names.pages()[uri]:
        out += _entry(entry, formulas)
    return "\n".join(out) + "\n"


def _linker(entry: Entry):
    """Makes links of names, except names of arguments."""
    try:
        arguments = set(inspect.signature(entry.value).parameters)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError):
        arguments = set()

    def link(name: str) -> str | None:
        found = None if name in arguments or name == entry.title else resolve(name, entry)
        if found is None:
            return None
        page, anchor = found
        return f"{posixpath.relpath(page, posixpath.dirname(entry.page)) if page != entry.page else ''}#{anchor}"

    return link


def _entry(entry: Entry, formulas: Formulas) -> list[str]:
    out = ["", f"## {entry.title} {{ #{entry.anchor} }}", ""]
    out += [f'<a id="{name}"></a>' for name in entry.names[1:]]
    prefixes = [
        n.rpartition(".")[0] for n in entry.names if not n.startswith(("purenn.nn.functional", "purenn.nn.utils"))
    ]
    out += ["", " · ".join(f"`{prefix}.{entry.anchor.rpartition('.')[2]}`" for prefix in prefixes), "{ .names }", ""]
    out += _signature(entry.title, entry.value)
    link = _linker(entry)
    out += [to_markdown(getattr(entry.value, "__doc__", None) or "", formulas, link)]
    for name, member in names.members(entry):
        target = getattr(member, "fget", None) or getattr(member, "__func__", None) or member
        out += ["", f"### {entry.title}.{name} {{ #{entry.anchor}.{name} }}", ""]
        if not isinstance(member, property) and not hasattr(member, "func"):
            out += _signature(f"{entry.title}.{name}", inspect.unwrap(target), method=True)
        out += [to_markdown(getattr(target, "__doc__", None) or "", formulas, link)]
    return out


def _signature(name: str, value: object, method: bool = False) -> list[str]:
    if inspect.isclass(value) and issubclass(value, tuple) and hasattr(value, "_fields"):
        return ["```python", f"{name}({', '.join(value._fields)})", "```", ""]
    try:
        signature = inspect.signature(value)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError):
        return []
    parameters = list(signature.parameters.values())
    if method and parameters and parameters[0].name in ("self", "cls"):
        parameters = parameters[1:]
    texts, star = [], False
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            texts.append("*")
            star = True
        star = star or parameter.kind is parameter.VAR_POSITIONAL
        texts.append(_parameter(parameter))
    back = signature.return_annotation
    result = "" if back in (inspect.Signature.empty, "None", None) else f" -> {_annotation(back)}"
    line = f"{name}({', '.join(texts)}){result}"
    if len(line) > 88:
        line = f"{name}(\n" + "".join(f"    {text},\n" for text in texts) + f"){result}"
    return ["```python", line, "```", ""]


def _parameter(parameter: inspect.Parameter) -> str:
    stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    text = stars + parameter.name
    if parameter.annotation is not parameter.empty:
        text += f": {_annotation(parameter.annotation)}"
    if parameter.default is not parameter.empty:
        default = parameter.default
        shown = default.__name__ if callable(default) and hasattr(default, "__name__") else repr(default)
        shown = re.sub(r"<(?:factory|class '[\w.]*?|object) ?.*>", "...", shown)
        text += f" = {shown}" if ": " in text else f"={shown}"
    return text


def _annotation(annotation: object) -> str:
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return text.replace("typing.", "").replace("collections.abc.", "").strip("'")


def index() -> str:
    """The first page of the reference: every name, by package and page."""
    out = ["# Reference", "", "Every public name. The search box finds them too.", ""]
    counts = Counter(e.page for e in {id(e): e for e in names.entries().values()}.values())
    groups = {
        "Functions": "reference/functional/",
        "Layers, as pairs and as objects": "reference/layers/",
        "Modules, training, tools": "reference/",
    }
    done: set[str] = set()
    for group, prefix in groups.items():
        out += [f"## {group}", ""]
        for uri in sorted(p for p in names.pages() if p.startswith(prefix) and p not in done):
            done.add(uri)
            title, _ = title_of(uri)
            target = uri.removeprefix("reference/")
            listed = " ".join(f"[`{e.title}`]({target}#{e.anchor})" for e in names.pages()[uri])
            out += [f"**[{title}]({target})** ({counts[uri]})", "", listed, "{ .index }", ""]
    out[3:3] = [f'<a id="{p}"></a>' for p in names.packages() if anchors()[p][0] == "reference/index.md"] + [""]
    return "\n".join(out)


def nav() -> list[object]:
    """The navigation of the reference."""

    def part(prefix: str) -> list[object]:
        return [
            {title_of(p)[0]: p} for p in sorted(names.pages(), key=lambda p: title_of(p)[0]) if p.startswith(prefix)
        ]

    rest = [p for p in sorted(names.pages()) if p.count("/") == 1]
    return [
        "reference/index.md",
        {"Functions": part("reference/functional/")},
        {"Layers": part("reference/layers/")},
        *({title_of(p)[0]: p} for p in rest),
    ]
