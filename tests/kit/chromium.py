"""Which Chromium, and how it is started."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Quiet, and root may start it too.
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def on_path() -> str | None:
    """Where the one of the system lies; None leaves it to Playwright's own."""
    return next(filter(None, map(shutil.which, NAMES)), None)
