"""Adds to the Markdown files of docs: root files, notebooks, the reference, formulas, links, languages."""

from __future__ import annotations

import os
import posixpath
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

import notebooks  # noqa: E402
import pairs  # noqa: E402
import reference  # noqa: E402
from formulas import Formulas  # noqa: E402
from mkdocs.plugins import event_priority  # noqa: E402
from mkdocs.structure.files import File, Files  # noqa: E402

ROOT = HERE.parents[1]
ROOT_PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "README.md": "readme.md",
    "examples/README.md": "examples.md",
}
EXAMPLES = ROOT / "examples"
SCRIPTS = sorted(
    path.relative_to(EXAMPLES).with_suffix("").as_posix()
    for folder in (EXAMPLES, EXAMPLES / "pretrained")
    for path in folder.glob("*.py")
)
formulas: dict[str, Formulas] = {}


def on_startup(**_: Any) -> None:
    """Chooses the CPU: the reference is read from the objects, which needs no accelerator."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")


def _repository_pages() -> dict[str, str]:
    """The places of the repository's files on the site."""
    found = dict(ROOT_PAGES)
    found |= {f"examples/{name}.py": f"examples/{name}.md" for name in SCRIPTS}
    for path in (ROOT / "examples/notebooks").glob("*.ipynb"):
        found[f"examples/notebooks/{path.name}"] = f"notebooks/{path.stem}.md"
    for path in (ROOT / "examples/pictures").glob("*.png"):
        found[f"examples/pictures/{path.name}"] = f"pictures/{path.name}"
    return found


def moved_links(text: str, source: str, uri: str) -> str:
    """Rewrites the links of a file of the repository for its place on the site."""
    known = _repository_pages()

    def move(match: re.Match[str]) -> str:
        before, target, anchor = match[1], match[2], match[3] or ""
        if re.match(r"[a-z]+:", target) or not target:
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        there = known.get(path) or (path.removeprefix("docs/") if path.startswith("docs/") else None)
        if there is None:
            raise ValueError(f"{source}: {target} has no page on the site")
        return f"{before}{posixpath.relpath(there, posixpath.dirname(uri) or '.')}{anchor}"

    pieces = re.split(r"(^```.*?^```)", text, flags=re.S | re.M)
    for i in range(0, len(pieces), 2):
        pieces[i] = re.sub(r"(\]\(|src=\")([^)#\s\"]*)(#[^)\s\"]*)?", move, pieces[i])
    return "".join(pieces)


@event_priority(100)
def on_files(files: Files, config: Any) -> Files:
    """Adds the generated pages and their part of the navigation."""

    def add(uri: str, content: str | bytes) -> None:
        files.append(File.generated(config, uri, content=content))

    for source, uri in ROOT_PAGES.items():
        add(uri, moved_links((ROOT / source).read_text(), source, uri))
    for name in SCRIPTS:
        add(f"examples/{name}.md", f"# {name}.py\n\n```python\n{(ROOT / 'examples' / f'{name}.py').read_text()}```\n")
    for path in (ROOT / "examples/pictures").glob("*.png"):
        add(f"pictures/{path.name}", path.read_bytes())
    books = sorted((ROOT / "examples/notebooks").glob("*.ipynb"))
    for path in books:
        text, pictures = notebooks.convert(path)
        add(f"notebooks/{path.stem}.md", moved_links_of_notebook(text, path))
        for name, content in pictures.items():
            add(f"notebooks/{name}", content)
    for uri in reference.names.pages():
        formulas[uri] = Formulas()
        add(uri, reference.page(uri, formulas[uri]))
    add("reference/index.md", reference.index())
    lists = {
        "NOTEBOOKS": [f"notebooks/{p.stem}.md" for p in books if not p.stem.endswith(".zh")],
        "REST": _unlisted(config.nav, [f.src_uri for f in files.documentation_pages() if f.generated_by is None]),
    }
    _fill_nav(config.nav, lists)
    return files


def moved_links_of_notebook(text: str, path: Path) -> str:
    """Moves the links of a notebook, except those to pictures of its outputs."""
    pieces = re.split(r"(!\[output of the cell above\]\([^)]*\)|^```.*?^```)", text, flags=re.S | re.M)
    source = f"examples/notebooks/{path.name}"
    return "".join(p if i % 2 else moved_links(p, source, f"notebooks/{path.stem}.md") for i, p in enumerate(pieces))


def _fill_nav(nav: list[Any], lists: dict[str, list[str]]) -> None:
    """Puts lists of pages in the places that have names in capitals in mkdocs.yml."""
    for item in nav:
        for title, value in item.items():
            if value == "REFERENCE":
                item[title] = reference.nav()
            elif isinstance(value, list):
                item[title] = [page for entry in value for page in lists.get(str(entry), [entry])]


def _unlisted(nav: list[Any], pages: list[str]) -> list[str]:
    """The pages of docs that mkdocs.yml doesn't name, without translations, which their pages link."""
    named = str(nav)
    return sorted(page for page in pages if f"'{page}'" not in named and not page.endswith(".zh.md"))


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Sets pairs of code blocks side by side, and takes formulas out."""
    uri = page.file.src_uri
    if uri.startswith("reference/"):
        return markdown
    formulas[uri] = Formulas()
    if uri == "index.md":
        page.meta["hide"] = ["navigation", "toc"]
    elif pairs.pairs_of(markdown):
        page.meta["hide"] = ["toc"]  # two columns need the full width
    markdown = markdown.replace("## Every operator\n", "## Every operator { data-search-exclude }\n")
    if page.file.generated_by is None:
        markdown = re.sub(r"\]\((\.\./[^)\s]*)\)", lambda m: moved_links(m[0], f"docs/{uri}", uri), markdown)
    return formulas[uri].in_markdown(pairs.side_by_side(markdown), dollars=uri.startswith("notebooks/"))


def on_page_content(html: str, page: Any, config: Any, files: Files) -> str:
    """Puts formulas in, and makes links of names in code."""
    uri = page.file.src_uri
    if uri in formulas:
        html = formulas[uri].in_html(html)

    def link(match: re.Match[str]) -> str:
        name = match[1]
        found = reference.resolve(name) if "." in name else None
        if found is None or (found[0] == uri and found[1] == name):
            return match[0]
        url = files.get_file_from_path(found[0]).url_relative_to(page.file)
        return f'<a class="api" href="{url}#{found[1]}"><code>{name}</code></a>'

    pieces = re.split(
        r"(<pre.*?</pre>|<a .*?</a>|<h\d.*?</h\d>|<table class=\"highlighttable.*?</table>)", html, flags=re.S
    )
    for i in range(0, len(pieces), 2):
        pieces[i] = re.sub(r"<code>((?:F|nn|layers|purenn|utils)\.[\w.]+(?:\(\))?)</code>", link, pieces[i])
    return re.sub(r"(</h1>)", lambda m: m[1] + _language_switch(page, files), "".join(pieces), count=1)


def on_page_context(context: dict[str, Any], page: Any, config: Any, **_: Any) -> dict[str, Any]:
    """Shows the theme's words in the page's language."""
    config.theme["language"] = "zh" if page.file.src_uri.endswith(".zh.md") else "en"
    return context


def _language_switch(page: Any, files: Files) -> str:
    """Links between the forms of a page in two languages, or nothing."""
    english = page.file.src_uri.replace(".zh.md", ".md")
    forms = {"English": english, "中文": english.replace(".md", ".zh.md")}
    there = {name: files.get_file_from_path(uri) for name, uri in forms.items()}
    if not all(there.values()):
        return ""
    parts = [
        f"<b>{name}</b>" if file is page.file else f'<a href="{file.url_relative_to(page.file)}">{name}</a>'
        for name, file in there.items()
    ]
    return f'<p class="language">{" · ".join(parts)}</p>'
