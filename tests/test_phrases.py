"""The phrase books: every row runs, and both columns compute the same.

The left columns of the JAX libraries run with the slow rows, if the library is installed.
"""

import functools
import importlib.util

import phrases
import pytest

PAGES = {"phrase_book.md": "torch", "from_flax.md": "flax", "from_equinox.md": "equinox", "from_haiku.md": "haiku"}
ROWS = [pytest.param(page, *row, id=f"{PAGES[page]}: {row[0]}") for page in PAGES for row in phrases.rows(page)[1]]
LEFT = [row for row in ROWS if row.values[0] != "phrase_book.md"]


@pytest.fixture(autouse=True)
def strict_promotion():
    """Runs as readers run it."""


@functools.cache
def starts(page):
    """The namespaces in which the rows of a page start. The left one is None if its library isn't installed."""
    left, right = phrases.rows(page)[0]
    installed = importlib.util.find_spec(PAGES[page]) is not None
    theirs = phrases.start(left) if installed else None
    ours = phrases.start(right)
    if PAGES[page] == "torch":
        ours["net"].load_state_dict(theirs["net"].state_dict())
        ours["torch"] = theirs["torch"]
    return theirs, ours


def test_there_are_about_80_from_pytorch():
    labels = [label for label, _, _ in phrases.rows("phrase_book.md")[1]]
    assert len(labels) >= 80
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(("page", "label", "left", "right"), ROWS)
def test_row(page, label, left, right):
    theirs, ours = starts(page)
    phrases.check(left, right, (theirs if page == "phrase_book.md" else None, ours))


@pytest.mark.slow
@pytest.mark.parametrize(("page", "label", "left", "right"), LEFT)
def test_both_columns(page, label, left, right):
    phrases.check(left, right, starts(page))


def test_a_row_that_differs_is_found():
    with pytest.raises(AssertionError):
        phrases.check("y = a.t()", "y = a", starts("phrase_book.md"))
    with pytest.raises(AssertionError):
        phrases.check("y = a + 1", "y = a + 1.001", starts("phrase_book.md"))
