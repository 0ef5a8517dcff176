"""Every code block of the documentation runs, in the order of its page, and translations agree with the original."""

import ast
import doctest
import re
from pathlib import Path

import jax
import numpy as np
import phrases
import pytest

from purenn import layers, nn

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
PROSE = [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "examples/README.md"]
BLOCK = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<code>.*?)^```[ ]*$", re.M | re.S)
KINDS = {"python", "pycon", "sh", "text", "diff", ""}


@pytest.fixture(autouse=True)
def strict_promotion():
    """Runs as readers run it."""


def name(path):
    return str(path.relative_to(ROOT))


def blocks(path):
    """The kind, the code and the line of every block of a page, without the rows of phrase books."""
    text = path.read_text()
    if phrases.pairs.pairs_of(text):
        text = phrases.pairs.PAIR.sub(lambda m: "\n" * m[0].count("\n"), text)
    for match in BLOCK.finditer(text):
        kind = match["info"].split(" ")[0]
        yield kind, match["code"], text[: match.start()].count("\n") + 2


def test_every_block_is_of_a_known_kind():
    for path in PROSE:
        for kind, _, line in blocks(path):
            assert kind in KINDS, f"{name(path)}:{line}: a block of kind {kind!r}: nothing would run it"


@pytest.mark.parametrize("path", [p for p in PAGES if any(b[0] in ("python", "pycon") for b in blocks(p))], ids=name)
def test_blocks_run(path, tmp_path, monkeypatch):
    """Each page has one namespace, as for a reader who copies one block after the other."""
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__page__"}
    for kind, code, line in blocks(path):
        if kind == "python":
            source = "\n" * (line - 1) + code
            exec(compile(source, str(path), "exec", dont_inherit=True), namespace)
        elif kind == "pycon":
            test = doctest.DocTestParser().get_doctest(code, namespace, f"{name(path)}:{line}", str(path), line - 1)
            report = []
            runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
            runner.run(test, out=report.append, clear_globs=False)
            namespace.update(test.globs)
            assert not runner.failures, "".join(report)
    if path == FIRST:
        assert namespace["accuracy"] > 0.95


FIRST = DOCS / "index.md"


def test_the_first_page_with_data_of_ones_own(tmp_path, monkeypatch):
    """A file of another size, with other numbers of features and classes, sorted by class."""
    monkeypatch.chdir(tmp_path)
    pages = [*blocks(FIRST)]
    own = next(i for i, (kind, _, _) in enumerate(pages) if kind == "text")
    rng = np.random.default_rng(0)
    label = np.repeat([0, 1, 2], 35)
    table = np.column_stack([rng.normal(label[:, None], 0.1, (105, 4)), label])
    np.savetxt("mine.csv", table, delimiter=",", header="a,b,c,d,class")
    codes = [code for kind, code, _ in pages[own:-1] if kind in ("text", "python")]  # the last one is another program's
    namespace = {"__name__": "__page__"}
    exec("\n".join(codes).replace("range(30)", "range(10)"), namespace)
    assert namespace["accuracy"] == 1
    assert Path("mine.npz").exists()


def test_the_rows_for_a_new_layer(monkeypatch):
    """The code of the page, in the places where the suites look for it."""
    import functional_engine
    import layer_engine
    import test_functional
    import test_layers
    import torch

    page = {"__name__": "__page__"}
    codes = [*blocks(DOCS / "add_a_layer.md")]
    exec("\n".join(code for kind, code, _ in codes if kind == "python"), page)
    calls, row, twin = (code for kind, code, _ in codes if kind == "text")
    scope = {**vars(functional_engine), **vars(layer_engine), "torch": torch}
    exec(twin, scope)
    rows = eval(f"[{calls} {row}]", scope)
    places = (
        (functional_engine.F, "snake", page["snake"]),
        (layers, "Snake", page["Snake"]),
        (nn, "Snake", nn.stateful(page["Snake"])),
    )
    for place, word, value in places:
        monkeypatch.setattr(place, word, value, raising=False)
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        test_functional.test_value_and_gradient_in_float32(rows[0])
        test_functional.test_half_types(rows[0], "bfloat16")
        test_functional.test_bad_call_is_refused(rows[1])
        test_layers.test_module_is_torchs(rows[2])
        test_layers.test_repr_is_torchs(rows[2])
    for word in ("snake", "Snake"):
        report = []
        for test in doctest.DocTestFinder().find(page[word], word, module=False, globs={}):
            doctest.DocTestRunner().run(test, out=report.append)
        assert not report, "".join(report)


def test_commands_are_of_this_repository():
    """Commands on pages exist: targets of make, scripts, directories."""
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))
    for path in PROSE:
        shell = "\n".join(code for kind, code, _ in blocks(path) if kind == "sh")
        for line in shell.splitlines():
            command = line.split("#")[0]
            if match := re.match(r"make ([\w -]+)", command.strip()):
                assert set(match[1].split()) <= targets, f"{name(path)}: {line}"
            for script in re.findall(r"\b((?:tools|benchmarks|examples|tests)/[\w./-]+)", command):
                assert (ROOT / script).exists(), f"{name(path)}: {line}"


def test_lines_of_prose_are_short():
    """Lines have at most 120 characters, except tables, quotes, pictures and lines that are mostly code."""
    pages = [p for p in [*PROSE, ROOT / "CHANGELOG.md"] if not p.stem.endswith(".zh")]
    for path in pages:
        text = BLOCK.sub(lambda m: "\n" * m[0].count("\n"), path.read_text())
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > 120 and not line.startswith(("|", "> ", "![")):
                assert len(re.sub(r"`[^`]*`", "", line)) <= 60, f"{name(path)}:{number}: {line[:80]}"


def test_links_lead_somewhere():
    """Links between files of the repository exist. The build of the site checks its own links."""
    for path in PROSE:
        text = BLOCK.sub("", path.read_text())
        for target in re.findall(r"\]\(([^)#\s]+)", text):
            made = target.startswith("reference/")
            assert made or re.match(r"https?://", target) or (path.parent / target).exists(), f"{name(path)}: {target}"


TRANSLATED = [p for p in PAGES if p.stem.endswith(".zh")]


def without_words(code):
    """Code without comments, and with all strings alike."""

    class Blank(ast.NodeTransformer):
        def visit_Constant(self, node):
            return ast.Constant("") if isinstance(node.value, str) and not node.value.isascii() else node

    return ast.unparse(Blank().visit(ast.parse(code)))


def outline(path):
    """The order of headings, code, tables, lists and paragraphs."""
    text = BLOCK.sub("\nCODE\n", path.read_text())
    kinds = []
    for part in re.split(r"\n\s*\n", text.strip()):
        first = part.strip().split("\n")[0]
        kind = re.match(r"#+|CODE|\||- |!\[", first)
        rows = len(part.strip().splitlines()) if kind and kind[0] == "|" else len(re.findall(r"^- ", part, re.M))
        kinds.append((kind[0] if kind else "text", rows))
    return kinds


@pytest.mark.parametrize("path", TRANSLATED, ids=name)
def test_a_translation_says_the_same(path):
    """The same code, headings, tables and lists in the same order, the same links and the same names in code."""
    original = path.with_name(path.name.replace(".zh", ""))
    assert [without_words(c) for _, c, _ in blocks(path)] == [without_words(c) for _, c, _ in blocks(original)]
    assert outline(path) == outline(original)
    texts = [BLOCK.sub("", p.read_text()) for p in (path, original)]
    links = [[t.replace(".zh", "") for t in re.findall(r"\]\(([^)]+)\)", text)] for text in texts]
    assert links[0] == links[1]
    paragraphs = [re.split(r"\n\s*\n", text) for text in texts]
    for ours, theirs in zip(*paragraphs, strict=True):
        assert sorted(set(re.findall(r"`[^`]+`", ours))) == sorted(set(re.findall(r"`[^`]+`", theirs))), ours


def test_the_checks_can_fail(tmp_path):
    broken = tmp_path / "page.md"
    broken.write_text("```python\nassert 1 == 2\n```\n")
    with pytest.raises(AssertionError):
        exec(next(blocks(broken))[1])
    assert without_words("f(x)  # 一") == without_words("f(x)") != without_words("f(y)")
