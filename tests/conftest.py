"""What holds for all tests: no deadlines for property tests, and one closing line on how many ran."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip

settings.register_profile("kinesics", deadline=None)  # no test fails for being slow on a busy machine
settings.load_profile("kinesics")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--none-skipped", action="store_true", help="fail where a test is skipped for want of something")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With --none-skipped a skipped test is a failure."""
    if session.config.getoption("--none-skipped") and _counts(session.config)["skipped"] and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(config: pytest.Config) -> None:
    """One line on how many tests ran, and which were skipped for what reason."""
    counts = _counts(config)
    ran = counts["passed"] + counts["failed"] + counts["xfailed"] + counts["xpassed"]
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    skipped = f"{counts['skipped']} skipped" if counts["skipped"] else "none skipped"
    reporter.write_line(f"{ran} tests ran, {skipped}")
    for report in reporter.stats.get("skipped", []):
        reporter.write_line(f"  skipped: {report.nodeid}: {report.longrepr[2]}")


def _counts(config: pytest.Config) -> dict[str, int]:
    stats = getattr(config.pluginmanager.get_plugin("terminalreporter"), "stats", {})  # xdist's workers report nothing
    return {kind: len(stats.get(kind, [])) for kind in ("passed", "failed", "skipped", "xfailed", "xpassed")}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's chromium, without a window; the test skips where it is absent."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip(f"needs Debian's chromium at {CHROMIUM}")
    with playwright.sync_playwright() as running:
        yield running.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
