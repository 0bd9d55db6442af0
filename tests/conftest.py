import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserType

from tests.kit import chromium
from tests.kit.engines import drop_templates, missing

pytest_plugins = [
    "tests.kit.ahead",
    "tests.kit.certificates",
    "tests.kit.node",
    "tests.kit.order",
    "tests.kit.people",
    "tests.kit.portal",
    "tests.kit.posting",
    "tests.house.world",
    "tests.scale.as_new",
]

# CI has everything that tests need: a skipped test there is a test that nobody runs.
NO_SKIPS = os.environ.get("CI", "").lower() in {"1", "true"}


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The process that started the workers ends after them."""
    if not hasattr(session.config, "workerinput"):
        drop_templates()


def pytest_runtest_setup(item: pytest.Item) -> None:
    for engine in ("postgres", "redis"):
        if item.get_closest_marker(engine) and (reason := missing(engine)):
            pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report = yield
    return without_skip(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    report = yield
    return without_skip(report)


def without_skip(report: Any) -> Any:
    """The report of a skipped test as that of a failed one, where nothing may be skipped."""
    if NO_SKIPS and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The chromium on the PATH, else Playwright's own."""
    path = chromium.on_path() or browser_type.executable_path
    if not Path(path).exists():
        pytest.skip("no Chromium: install one, or run `.venv/bin/python -m playwright install chromium`")
    return browser_type_launch_args | {"executable_path": path, "args": chromium.ARGUMENTS}
