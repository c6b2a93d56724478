"""What holds for all tests: no deadlines for property tests, and one closing line on how many ran."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

UNLOCKED = "could not import 'mediapipe"  # an extra that holds numpy below 2, so the locked requirements leave it out
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
    if session.config.getoption("--none-skipped") and _skipped(session.config) and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(config: pytest.Config) -> None:
    """One line on how many tests ran, and which were skipped for what reason."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    ran = sum(len(reporter.stats.get(kind, [])) for kind in ("passed", "failed", "xfailed", "xpassed"))
    skipped, unlocked = len(_skipped(config)), len(reporter.stats.get("skipped", [])) - len(_skipped(config))
    without = f", {unlocked} left out for want of the extra mediapipe" if unlocked else ""
    reporter.write_line(f"{ran} tests ran, {skipped or 'none'} skipped{without}")
    for report in _skipped(config):
        reporter.write_line(f"  skipped: {report.nodeid}: {report.longrepr[2]}")


def _skipped(config: pytest.Config) -> list[Any]:
    """Reports of skipped tests, but for those of the engine that the locked requirements leave out."""
    stats = getattr(config.pluginmanager.get_plugin("terminalreporter"), "stats", {})  # xdist's workers report nothing
    return [report for report in stats.get("skipped", []) if UNLOCKED not in str(report.longrepr)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's chromium, without a window; the test skips where it is absent."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip(f"needs Debian's chromium at {CHROMIUM}")
    with playwright.sync_playwright() as running:
        yield running.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)
