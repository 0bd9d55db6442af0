"""A published client of Linnworks, in an environment of its own because of the old libraries that it pins."""

import os
import subprocess

import pytest

from tests.kit.portal import ROOT

CREDENTIALS = ("PORTAL_URL", "APPLICATION_ID", "APPLICATION_SECRET", "PERMANENT_TOKEN")


# Of the session, so that it comes before the portal, which takes seconds to start.
@pytest.fixture(scope="session")
def airbyte_python() -> str:
    python = os.environ.get("AIRBYTE_PYTHON", "")
    if not python:
        pytest.skip("AIRBYTE_PYTHON names no Python with tests/clients/airbyte-requirements.txt; .ci/run makes one")
    return python


def check(python: str, credentials: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, "tests/clients/airbyte_check.py"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | {name: credentials[name] for name in CREDENTIALS},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_its_connection_check_passes_and_it_reads_all_its_streams(airbyte_python: str, demo: dict[str, str]) -> None:
    """Stock locations of the portal's own, their details and the rest from stand-in answers."""
    done = check(airbyte_python, demo)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == (
        "connection check: SUCCEEDED, no message\n"
        "stock_locations: Default, 00000000-0000-0000-0000-000000000000\n"
        "stock_location_details: Default, 00000000-0000-0000-0000-000000000000\n"
        "stock_items: 0\n"
        "processed_orders: 0\n"
        "processed_order_details: 0\n"
    )


def test_its_connection_check_shows_why_a_wrong_token_is_refused(airbyte_python: str, demo: dict[str, str]) -> None:
    done = check(airbyte_python, demo | {"PERMANENT_TOKEN": "00000000-0000-0000-0000-000000000001"})
    assert done.returncode == 1
    assert "Error while refreshing access token: " in done.stdout
