"""The portal on which every page is looked at, and the window in which that is done."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.kit import stage
from tests.kit.hands import PATIENCE_MS
from tests.kit.places.inspector import Inspector
from tests.kit.portal import Portal, demo_portal


@pytest.fixture(scope="session")
def staged(tmp_path_factory: pytest.TempPathFactory, prepared_state: Path) -> Iterator[Portal]:
    """A portal of its own: what the stage adds would be in the way of other tests."""
    with demo_portal(tmp_path_factory.mktemp("staged"), prepared_state, "sqlite") as portal:
        yield portal


@pytest.fixture(scope="session")
def facts(staged: Portal) -> stage.Facts:
    return stage.set_by(staged)


@pytest.fixture
def inspector(browser: Browser, staged: Portal) -> Iterator[Inspector]:
    context = browser.new_context(base_url=staged.url, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    yield Inspector(context.new_page(), staged.url)
    context.close()
