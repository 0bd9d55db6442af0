"""The drill itself, and that it would notice what it is there for."""

from collections import Counter
from pathlib import Path

import pytest
from django.utils.datastructures import CaseInsensitiveMapping

from tests.drill.engines import Binaries
from tests.drill.ledger import Ledger
from tests.drill.run import Figures
from tests.kit.ahead import Done
from tests.kit.receivers import Received, Reply


def postback(tracking: str, webhook_id: str) -> Received:
    headers = CaseInsensitiveMapping({"webhook-id": webhook_id})
    return Received("POST", "/", headers, f"Tracking={tracking}".encode(), 0)


def figures(ledger: Ledger, *, planned: int, rows: int) -> Figures:
    arrivals = ledger.arrivals({f"drill-{number}" for number in range(1, planned + 1)})
    return Figures(planned, arrivals, Counter(), 0, 0, {"DELIVERED": rows}, [], "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "owed",
    [
        pytest.param(
            300,
            id="PostgreSQL and Redis",
            marks=[pytest.mark.ahead("tests.drill", "300", "engines"), pytest.mark.postgres, pytest.mark.redis],
        ),
        pytest.param(60, id="SQLite", marks=pytest.mark.ahead("tests.drill", "300", "sqlite")),
    ],
)
def test_nothing_is_lost_whatever_is_killed(owed: int, done_ahead: Done) -> None:
    if ": skipped, " in done_ahead.printed:
        pytest.skip(done_ahead.printed)
    assert done_ahead.returncode == 0, done_ahead.printed
    assert f"{owed} owed, {owed} arrived, 0 lost in " in done_ahead.printed


def test_it_notices_what_is_lost() -> None:
    ledger = Ledger()
    for tracking in ("drill-1", "drill-2"):
        ledger.owe(tracking)
    ledger.answer(postback("drill-1", "a"))
    assert figures(ledger, planned=2, rows=2).faults == ["lost: drill-2"]
    ledger.answer(postback("drill-2", "b"))
    assert figures(ledger, planned=2, rows=2).faults == []


def test_a_second_webhook_id_is_a_fault_and_a_second_time_is_none() -> None:
    ledger = Ledger()
    ledger.owe("drill-1")
    for webhook_id in ("a", "a", "b"):
        ledger.answer(postback("drill-1", webhook_id))
    found = figures(ledger, planned=1, rows=2)
    assert found.arrivals.repeated == 1
    assert found.faults == ["under two webhook-ids: drill-1", "2 rows for 1 postbacks"]


def test_what_was_refused_has_not_arrived_and_is_refused_once() -> None:
    ledger = Ledger()
    ledger.owe("drill-7")
    refused, accepted = (ledger.answer(postback("drill-7", "a")) for _ in range(2))
    assert isinstance(refused, Reply)
    assert isinstance(accepted, Reply)
    assert (refused.status, accepted.status) == (503, 200)
    assert figures(ledger, planned=1, rows=1).arrivals.repeated == 0


def test_a_machine_without_the_engines_is_told_what_it_lacks() -> None:
    assert Binaries(Path("/usr/bin"), "redis-server").missing == ""
    assert Binaries(None, None).missing.startswith("no PostgreSQL and no Redis on this machine")
