"""The committed notebooks are in good form. The second command of `make test` runs them."""

import ast
import json
import re
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
NOTEBOOKS = sorted((EXAMPLES / "notebooks").glob("*.ipynb"))
SCREEN = 30  # lines


def cells(path, kind):
    return [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == kind]


def text(cell):
    return "".join(cell["source"])


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return request.param


def test_it_is_small(notebook):
    assert notebook.stat().st_size < 500_000


def test_no_cell_is_longer_than_a_screen(notebook):
    for cell in cells(notebook, "code") + cells(notebook, "markdown"):
        assert len(text(cell).splitlines()) <= SCREEN, text(cell)


def test_it_was_run_from_the_first_cell_to_the_last_without_a_warning(notebook):
    code = cells(notebook, "code")
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        for output in cell["outputs"]:
            assert output["output_type"] != "error" and output.get("name") != "stderr", output


def test_it_has_a_quick_form_and_a_picture(notebook):
    code = cells(notebook, "code")
    assert any('quick = "QUICK" in os.environ' in text(cell) for cell in code[:3])
    kinds = {kind for cell in code for output in cell["outputs"] for kind in output.get("data", ())}
    assert kinds & {"image/png", "image/jpeg"}


def test_it_opens_with_a_title_and_ends_with_where_to_go_on(notebook):
    first, *_, last = json.loads(notebook.read_text())["cells"]
    assert first["cell_type"] == last["cell_type"] == "markdown"
    assert text(first).startswith("# ")
    assert re.search(r"\]\(.*\.ipynb\)", text(last))


def test_its_links_lead_somewhere(notebook):
    for cell in cells(notebook, "markdown"):
        for link in re.findall(r"\]\(([^)#\s]+)", text(cell)):
            assert link.startswith("https://") or (notebook.parent / link).exists(), link


def without_words(path):
    """A notebook's code without comments and with all strings alike."""

    class Blank(ast.NodeTransformer):
        def visit_Constant(self, node):
            return ast.Constant("") if isinstance(node.value, str) else node

        def visit_JoinedStr(self, node):
            return ast.Tuple(
                [self.visit(v.value) for v in node.values if isinstance(v, ast.FormattedValue)], ast.Load()
            )

    return [ast.unparse(Blank().visit(ast.parse(text(cell)))) for cell in cells(path, "code")]


@pytest.mark.parametrize("translated", [p for p in NOTEBOOKS if ".zh" in p.name], ids=lambda path: path.stem)
def test_a_translation_has_the_same_cells_and_the_same_code(translated):
    original = translated.with_name(translated.name.replace(".zh", ""))
    kinds = [[cell["cell_type"] for cell in json.loads(path.read_text())["cells"]] for path in (translated, original)]
    assert kinds[0] == kinds[1]
    assert without_words(translated) == without_words(original)


def test_the_map_shows_all_and_nothing_else():
    linked = re.findall(r"\]\((notebooks/[^)]+\.ipynb|[a-z_]+\.py)\)", (EXAMPLES / "README.md").read_text())
    there = [f"notebooks/{path.name}" for path in NOTEBOOKS] + [path.name for path in EXAMPLES.glob("*.py")]
    assert sorted(set(linked)) == sorted(there)
    for picture in re.findall(r'src="([^"]+)"', (EXAMPLES / "README.md").read_text()):
        assert (EXAMPLES / picture).exists(), picture
