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


# As the client writes a page again: without TotalPages, which it only reads.
PAGE = {"PageNumber": 1, "EntriesPerPage": 100, "TotalEntries": 0, "Data": []}


def test_each_answer_that_comes_with_the_portal_is_of_its_types(told: dict[str, Any]) -> None:
    found = told["stand_in"]
    location, item = found.pop("get_location"), found.pop("get_inventory_item_by_id")
    assert (location["LocationName"], location["StockLocationIntId"]) == ("Default", 0)
    assert (item["StockItemId"], item["Quantity"]) == ("00000000-0000-0000-0000-000000000000", 0)
    lists = {
        *("get_categories", "get_countries", "get_inventory_item_images", "get_all_open_orders", "get_orders_by_id"),
        *("get_postal_services", "get_stock_items_full"),
    }
    pages = {"get_open_orders", "get_stock_items", "get_item_changes_history", "search_processed_orders_paged"}
    assert found == {
        **dict.fromkeys(lists, 0),
        **dict.fromkeys(pages, PAGE),
        "search_processed_orders": {"ProcessedOrders": PAGE},
    }


def test_a_wrong_secret_reaches_it_as_a_bad_request(told: dict[str, Any]) -> None:
    assert "ApplicationId, ApplicationSecret or Token is wrong." in told["refused"]
