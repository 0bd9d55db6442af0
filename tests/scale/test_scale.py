"""The databases that `bench.scale` fills: what a portal with so many installations has, and its pages timed."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.scale import addresses, databases, pages, part, tables, work
from bench.scale.pages import Time
from linnapp.models import Account
from tests.kit.inside import Inside

# Tests of one module may run in several processes.
NAME = f"linnapp_scale_of_{os.environ.get('PYTEST_XDIST_WORKER', 'one')}"
# Made by hand, within a request, or not at all where mails are never sent.
BARE = {"linnapp_user_user_permissions", "linnapp_deletion", "linnapp_keptpost", "account_emailconfirmation"}
WHAT_IS_THERE = """
import json
from django.apps import apps
from django.db import connection
from bench.scale import names, rows
from installs.models import Installation, PermanentToken
from linnapp import credentials
from linnapp.folding import folded
from linnapp.models import Account
from linnapp.models.folded import folded_fields

odd = [
    f"{model.__name__} {row.pk}"
    for model in apps.get_models() for field in folded_fields(model) for row in model._base_manager.all()
    if getattr(row, field.name) != folded(getattr(row, field.of))
]
with connection.cursor() as cursor:
    loose = cursor.execute("PRAGMA foreign_key_check").fetchall()
token = PermanentToken.objects.get(digest=credentials.digest(names.key("t", 7)))
print(json.dumps({
    "bare": rows.bare(), "odd": odd, "loose": [list(map(str, row)) for row in loose],
    "installations": Installation.objects.count(),
    "found": Account.objects.filter(name_folded__has=names.md5("n55")[:8]).count(),
    "of": token.installation_id == Installation.objects.get(pk=names.key("i", 7)).pk,
}))
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a portal on SQLite with a thousand installations, filled in PostgreSQL and copied."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(databases, "FOLDER", tmp_path_factory.mktemp("scale"))
        yield databases.make(1000, "sqlite", NAME)


@pytest.mark.postgres
@pytest.mark.slow(seconds=30)
def test_every_table_has_rows_that_belong_together(filled: dict[str, str]) -> None:
    inside = Inside(filled)
    try:
        told = json.loads(inside.ask(WHAT_IS_THERE))
    finally:
        inside.close()
    assert set(told.pop("bare")) == BARE
    assert told == {"odd": [], "loose": [], "installations": 1000, "found": 1, "of": True}


@pytest.mark.postgres
@pytest.mark.slow(seconds=30)
def test_pages_and_searches_are_timed_signed_in(filled: dict[str, str]) -> None:
    """Staff by their second factor too. A list brings its filters and sorts along."""
    times = pages.measure("sqlite", NAME, "^(Installations, one account|Support, common word|Admin, installations)$", 3)
    assert {time.status for time in times.values()} == {200}
    assert {"Installations, one account", "Support, common word", "Admin, installations"} <= times.keys()
    assert [time.name for time in times.values() if time.of == "Admin, installations"]
    assert all(time.wall > 0 and time.web > 0 and time.html > time.wire > 0 for time in times.values())
    assert "| Support, common word |" in part.tables_of("sqlite", NAME, NAME)


@pytest.mark.postgres
@pytest.mark.slow(seconds=30)
def test_requests_and_jobs_are_measured_on_a_copy(filled: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "DELIVERIES", 20)
    before = Path(filled["STATE_DIR"], "db.sqlite3").read_bytes()
    costs, jobs = work.measure("sqlite", NAME, 0.2)
    of_clock = {"an exchange, 50 a second", "the same, alongside counting and telling hours"}
    assert costs.keys() == {"an exchange", "a data call", "an installation", "a delivery"} | of_clock
    assert all(cost.slow >= cost.wall > 0 and (cost.cpu > 0 or cost.name in of_clock) for cost in costs.values())
    assert jobs["counting hours, with what they open to"].held > 0
    assert jobs["telling hours"].transactions > 0
    assert "| the same, alongside counting and telling hours |" in tables.of_costs(costs, costs)
    assert "| telling hours |" in tables.of_jobs(jobs, jobs)
    assert Path(filled["STATE_DIR"], "db.sqlite3").read_bytes() == before


def test_a_page_keeps_the_aim_by_fifty_milliseconds_or_by_half_as_much_again() -> None:
    small, large = Time("One", "/", 200, wall=40), Time("One", "/", 200, wall=59)
    assert tables.keeps(small, large)
    assert not tables.keeps(Time("One", "/", 200, wall=30), Time("One", "/", 200, wall=51))
    assert tables.keeps(Time("One", "/", 200, wall=1), Time("One", "/", 200, wall=50))


def test_a_page_that_does_not_come_with_many_installations_misses_the_aim() -> None:
    small, large = Time("One", "/", 200, wall=40, html=9, wire=1, rounds=3), Time("One", "/", 503)
    told = tables.of_pages({"One": small}, {"One": large})
    assert "1 pages, filters and sorts, 1 of them beyond the aim. Not timed: One (503)." in told


def test_the_table_of_pages_has_those_beyond_the_aim_and_the_slowest_of_each_area() -> None:
    walls = {"Admin": 20, "Admin, people": 45, "Admin, sessions": 400, "Support, a token": 30, "Support, nobody": 12}
    times = {name: Time(name, "/", 200, wall=wall, html=9, wire=1, rounds=3) for name, wall in walls.items()}
    few = {name: Time(name, "/", 200, wall=10, html=9, wire=1, rounds=3) for name in walls}
    told = tables.of_pages(few, times).splitlines()
    assert [line.split(" | ")[0] for line in told[2:-2]] == ["| Admin, sessions (beyond)", "| Support, a token"]


@pytest.mark.django_db
def test_each_list_of_the_admin_is_asked_for_a_page_that_it_has() -> None:
    assert addresses.far_on(Account, 10) == 1
    Account.objects.bulk_create(Account(name=f"Account {number}", slug=f"a-{number}") for number in range(95))
    assert addresses.far_on(Account, 10) == 9
    assert addresses.far_on(Account, 1) == addresses.PAGE_OF_ADMIN
