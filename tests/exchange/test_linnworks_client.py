"""linnworks-api-python, a published client with strict types, finds what it expects."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.kit.portal import ROOT


@pytest.fixture(scope="module")
def told(demo: dict[str, str]) -> dict[str, Any]:
    """What the client was told by the portal."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.clients.linnworks_check"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | demo,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_it_authorises_and_makes_an_authorised_call(told: dict[str, Any], demo: dict[str, str]) -> None:
    assert told["session"] == [1800, "EU", demo["PORTAL_URL"]]
    assert told["state"] == "AVAILABLE"
    assert told["locations"] == ["Default"]


def test_a_wrong_secret_reaches_it_as_a_bad_request(told: dict[str, Any]) -> None:
    assert "ApplicationId, ApplicationSecret or Token is wrong." in told["refused"]
