"""The documentation site: built strictly, every public name explained, looked at in a browser."""

import functools
import html.parser
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHOTS = ROOT / "out" / "screenshots"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed (apt-get install chromium)")
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
SEEN = {
    "phone": [
        "index", "faces.zh", "phrase_book", "performance", "architecture", "add_a_layer", "reference/functional/conv",
        "reference/layers/rnn", "notebooks/01_functions_pairs_objects",
    ],
    "desk": ["index", "phrase_book", "reference/index", "reference/functional/conv"],
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site as `make docs` builds it, with its notebooks."""
    place = tmp_path_factory.mktemp("site")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(place)]
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    assert "WARNING" not in built.stderr
    return place


class Page(html.parser.HTMLParser):
    """The anchors, links and sources of a page, and its text."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.sources, self.text = set(), [], [], ""
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids.add(given.get("id"))
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in ("script", "img", "link", "iframe", "source") and "canonical" not in given.get("rel", ""):
            self.sources += filter(None, (given.get("src"), given.get("href") if tag == "link" else None))

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def pages(site):
    return {str(path.relative_to(site)): Page(path) for path in sorted(site.rglob("*.html"))}


LIST = """
import sys
import names
for package in names.packages():
    print(package)
    for name in getattr(sys.modules[package], "__all__", ()):
        print(f"{package}.{name}")
"""


def public_names():
    """In a separate process, like the build of the site: the visible modules depend on earlier imports."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "tools/docsite"), str(ROOT)])}
    run = subprocess.run([sys.executable, "-c", LIST], env=environment, capture_output=True, text=True, check=True)
    return run.stdout.split()


def test_every_public_name_has_an_anchor(pages):
    anchors = {i for name, page in pages.items() if name.startswith("reference") for i in page.ids}
    found = public_names()
    assert len(found) > 600
    assert [name for name in found if name not in anchors] == []


def test_no_link_is_dead(pages, site):
    """Mkdocs checks links in Markdown. This checks generated links and their anchors."""
    dead = []
    for name, page in pages.items():
        for link in page.links:
            target, _, anchor = link.partition("#")
            if re.match(r"[a-z]+:", link) or name == "404.html":
                continue
            path = os.path.normpath(os.path.join(os.path.dirname(name), target)) if target else name
            path = "index.html" if path == "." else path
            there = pages.get(path)
            known = (site / path).is_file() if there is None else anchor in {"", "__skip", *there.ids}
            if not known:
                dead.append((name, link))
    assert dead == []


def test_nothing_comes_from_elsewhere(pages):
    """The site works without a network: no script, font or picture from another host."""
    assert [(n, s) for n, p in pages.items() for s in p.sources if re.match(r"(https?:)?//", s)] == []


def test_nothing_of_rest_or_tex_is_left(pages):
    for name, page in pages.items():
        if name.startswith("reference"):
            left = re.findall(r":math:.*|\.\. math.*|={5,}.*|⟦\d+⟧|:class:.*|\\[a-z]+\{.*", page.text)
            assert not left, (name, left[:3])


def test_examples_and_links_are_in_the_reference(pages):
    conv = pages["reference/functional/conv.html"]
    assert ">>> F.conv_transpose2d" in conv.text
    assert any(link.endswith("#purenn.functional.conv2d") for link in conv.links)
    assert any("reference/functional/conv.html#purenn.functional.conv2d" in link for link in pages["faces.html"].links)


@pytest.fixture(scope="module")
def browser(site):
    """A browser, and the address of the site."""
    from playwright.sync_api import sync_playwright

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    SHOTS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield chromium, f"http://127.0.0.1:{server.server_port}"
        chromium.close()
    server.shutdown()
    server.server_close()
    thread.join()


def wrong_on(page):
    """The problems of a page: errors in the console, exceptions, missing files."""
    wrong = []
    page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: wrong.append(str(e)))
    page.on("response", lambda r: wrong.append(r.url) if r.status >= 400 else None)
    aborted = "net::ERR_ABORTED"  # what was still on its way when the next page was opened
    page.on("requestfailed", lambda r: wrong.append(r.url) if r.failure != aborted else None)
    return wrong


OVERFLOWING = """() => [...document.querySelectorAll('.md-content *')].filter(e => {
    const box = e.getBoundingClientRect();
    if (box.right <= innerWidth + 1 || box.width === 0) return false;
    for (let p = e; p; p = p.parentElement) if (/auto|scroll|hidden/.test(getComputedStyle(p).overflowX)) return false;
    return true;
}).map(e => e.outerHTML.slice(0, 120))"""
FLAT = """() => [...document.querySelectorAll('math')].filter(
    e => e.getClientRects().length === 0 || e.getBoundingClientRect().height < 6 || /\\\\/.test(e.textContent)
).map(e => e.outerHTML.slice(0, 200))"""


def look(browser, size, names, shots=True):
    """No error in the console, nothing wider than the screen, every formula drawn. Screenshots stay in out."""
    chromium, address = browser
    page = chromium.new_page(viewport=PHONE if size == "phone" else DESK)
    wrong = wrong_on(page)
    for name in names:
        page.goto(f"{address}/{name}.html")
        assert not wrong, (name, wrong)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert page.evaluate(OVERFLOWING) == [], name
        assert page.evaluate(FLAT) == [], name
        if shots:
            page.screenshot(path=SHOTS / f"{name.replace('/', '-')}-{size}.png")
    page.close()


@needs_browser
@pytest.mark.parametrize("size", SEEN)
def test_pages_in_a_browser(browser, size):
    look(browser, size, SEEN[size])


@needs_browser
@pytest.mark.slow
@pytest.mark.parametrize("size", SEEN)
def test_all_pages_in_a_browser(browser, pages, size):
    look(browser, size, [name.removesuffix(".html") for name in pages], shots=False)


@needs_browser
def test_search_finds_a_function(browser):
    chromium, address = browser
    page = chromium.new_page(viewport=DESK)
    wrong = wrong_on(page)
    page.goto(f"{address}/index.html")
    page.click(".md-search__input")
    page.keyboard.type("conv_transpose2d")
    page.wait_for_selector(".md-search-result__link[href*='conv_transpose2d']")
    page.screenshot(path=SHOTS / "search-desk.png")
    page.click(".md-search-result__link[href*='purenn.functional.conv_transpose2d']")
    page.wait_for_selector("[id='purenn.functional.conv_transpose2d'] >> visible=true")
    assert not wrong, wrong
    page.close()


@needs_browser
def test_the_language_is_switched(browser):
    """On the page itself, if it has a translation. The words of the theme change too."""
    chromium, address = browser
    page = chromium.new_page(viewport=DESK)
    page.goto(f"{address}/faces.html")
    assert page.evaluate("document.documentElement.lang") == "en"
    page.click(".language a")
    page.wait_for_url("**/faces.zh.html")
    assert page.evaluate("document.documentElement.lang") == "zh"
    assert "函数" in page.inner_text("h1") and page.get_attribute(".md-search__input", "placeholder") == "搜索"
    page.click(".language a")
    page.wait_for_url("**/faces.html")
    page.close()


def test_the_switch_is_where_a_translation_is(pages):
    switched = {name for name, page in pages.items() if "English · 中文" in page.text}
    translated = {name for name in pages if ".zh." in name}
    assert translated and switched == translated | {name.replace(".zh", "") for name in translated}


def test_the_search_index_has_every_function(site):
    from purenn import functional

    index = json.loads((site / "search/search_index.json").read_text())
    titles = {doc["title"] for doc in index["docs"]}
    assert {name for name in functional.__all__ if name not in titles} == set()
