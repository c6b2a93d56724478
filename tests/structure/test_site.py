"""The documentation builds without a warning, needs nothing from the net, and a browser reads it without an error."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from support import paths, source

LOADED = {"img": "src", "script": "src", "link": "href", "source": "src", "iframe": "src"}  # what a browser fetches

ABORTED = "net::ERR_ABORTED"  # what a browser says of a picture it no longer wants, since the next page was opened


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=paths.ROOT, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


class Page(HTMLParser):
    """A page's links, and what it loads when it is opened."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors.add(given.get("id", ""))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in LOADED and LOADED[tag] in given and given.get("rel") not in ("canonical", "next", "prev"):
            self.loaded.append(given[LOADED[tag]])


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(site.rglob("*.html")) if path.name != "404.html"}


def test_no_link_is_broken(pages: dict[Path, Page]) -> None:
    broken = []
    for path, page in pages.items():
        for link in page.links + page.loaded:
            parts = urlsplit(link)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if parts.scheme:
                continue
            anchors = pages[target].anchors if target in pages else {parts.fragment}
            if not target.is_file() or (parts.fragment and unquote(parts.fragment) not in anchors):
                broken.append(f"{path.name}: {link}")
    assert not broken


def test_nothing_is_loaded_from_the_net(site: Path, pages: dict[Path, Page]) -> None:
    assert not [link for page in pages.values() for link in page.loaded if urlsplit(link).netloc]
    styles = [style for path in site.rglob("*.css") for style in re.findall(r"url\(([^)]*)\)", path.read_text("utf-8"))]
    assert not [style for style in styles if "//" in style and "data:" not in style[:6]]


def test_every_public_name_is_on_a_page_of_the_api(pages: dict[Path, Page]) -> None:
    shown = set().union(*(page.anchors for page in pages.values()))
    missing = []
    for found in source.definitions():
        module = ["kinesics", *found.file.removesuffix(".py").removesuffix("/__init__").split("/")]
        name = ".".join([*module, *(owner.name for owner in found.owners), found.node.name])
        if found.public and found.docstring and not module[-1].startswith("_") and name not in shown:
            missing.append(name)
    assert not missing


def test_command_line_page_is_in_step(tmp_path: Path) -> None:
    written = tmp_path / "command_line.md"
    subprocess.run([sys.executable, paths.ROOT / "scripts" / "command_line.py", "--out", written], check=True)
    assert written.read_text() == (paths.DOCS / "command_line.md").read_text(), "run python scripts/command_line.py"


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    handler = functools.partial(QuietHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_browser_reads_it_without_an_error(address: str, browser: Any) -> None:
    page = browser.new_page()
    page.set_default_timeout(120_000)
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("requestfailed", lambda request: errors.append(request.url) if request.failure != ABORTED else None)
    page.on("request", lambda request: errors.append(request.url) if not request.url.startswith(address) else None)
    for name in ("index.html", "guides/observer.html", "api/inference.html", "results/speed.html"):
        page.goto(address + name)
        assert page.locator("h1").count() == 1, name
    page.goto(address)
    assert page.locator("img[src*=report]").evaluate("image => image.naturalWidth") > 600
    page.locator("input.md-search__input").fill("touching or scratching neck")
    page.locator(".md-search-result__item").first.wait_for()
    assert not errors
