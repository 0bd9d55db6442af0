"""A backup taken beside exchanges is put back into an empty folder or database, of the other engine too; a portal moves
from SQLite to PostgreSQL."""

import json
import os
import shutil
import sqlite3
import stat
import sys
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.backups.portals import (
    VERIFIED,
    Exchanges,
    authorized,
    content,
    empty_place,
    inside,
    is_open,
    members,
    refusal,
)
from tests.kit.engines import fresh_postgres_database
from tests.kit.inside import Inside
from tests.kit.portal import Portal, demo_portal, environment, manage, serving

OTHER = {"sqlite": "postgres", "postgres": "sqlite"}
# What an exchange leaves, and the jobs that go over it each minute.
OF_EXCHANGES = {
    "installs_session",
    "installs_installation",
    "installs_exchangehour",
    "installs_secrethour",
    "installs_addressday",
    "installs_secret",
    "installs_permanenttoken",
    "linnapp_secret",
}
# All that the lines of a backup escape, what they call nothing, and moments with and without a fraction.
PLANTED = r"""
from datetime import UTC, datetime
from linnapp.models import Application, TimelineEntry
Application.objects.filter(name="Stock Bridge").update(
    description="a\tb\nc\rd\\N \\. \\t e\x0b\x0c\x08 “ä” 北 🙂",
    summary="\\N",
    created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
)
entry = TimelineEntry.objects.first()
TimelineEntry.objects.filter(pk=entry.pk).update(
    facts={"a": ["\\", "\t\n", None, True, 1.5]}, at=datetime(2026, 1, 2, 3, 4, 5, 120000, tzinfo=UTC)
)
"""
KNOWN = """
import json
from installs.models import Session
from linnapp import credentials
digests = set(Session.objects.values_list("digest", flat=True))
print(json.dumps([token for token in {tokens} if credentials.digest(token) in digests]))
"""
# Of a row that is gone again: no other row ever gets it.
NEXT_NUMBER = """
from django.contrib.auth.models import Group
newest = Group.objects.create(name="one")
print(newest.pk)
newest.delete()
"""


@pytest.mark.slow(seconds=60)
def test_what_was_taken_beside_exchanges_is_put_back(tmp_path: Path, prepared_state: Path, engine: str) -> None:
    file, state, other = tmp_path / "portal.zip", tmp_path / "state", tmp_path / "other"
    with demo_portal(state, prepared_state, engine, EXCHANGES_PER_MINUTE="1000000") as portal:
        portal.ask(PLANTED)
        exchanges = Exchanges(portal.url, members(portal))
        with exchanges.going_on():
            began = datetime.now(UTC)
            portal.manage("backup", str(file))
            ended = datetime.now(UTC)
        assert "these keys can read all of its" in portal.manage("check_backup", str(file))
        there = content(portal.inside)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with empty_place(other, OTHER[engine], keys_of=state) as env:
        manage(env, "restore", str(file))
        with inside(env) as asked:
            back = content(asked)
            assert int(asked.ask(VERIFIED)) > 100
            assert_later_sessions_alone_are_gone(asked, exchanges, began, ended)
        assert {name: rows for name, (rows, _) in back.items()} == counts(file)
        assert {name for name in there if there[name] != back[name]} <= OF_EXCHANGES
        assert logos_of(other) == logos_of(state)
        with serving(env) as again:
            assert is_open(again.url, authorized(again.url, exchanges.sent))


def assert_later_sessions_alone_are_gone(asked: Inside, exchanges: Exchanges, began: datetime, ended: datetime) -> None:
    known = set(json.loads(asked.ask(KNOWN.format(tokens=[token for _, _, token in exchanges.begun]))))
    # Of those that were asked for while it was taken either may be.
    earlier = {token for _, answered, token in exchanges.begun if answered < began}
    later = {token for sent, _, token in exchanges.begun if sent > ended}
    assert earlier
    assert later
    assert earlier <= known
    assert not later & known


def logos_of(state: Path) -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for path in (state / "media" / "logos").iterdir()}
    assert len(found) > 1
    return found


def counts(file: Path) -> dict[str, int]:
    """How many rows of each table a backup says that it has."""
    with zipfile.ZipFile(file) as archive:
        told = json.loads(archive.read("backup.json"))
    return {kept["table"]["name"]: kept["rows"] for kept in told["kept"]}


@pytest.mark.postgres
@pytest.mark.slow(seconds=60)
def test_a_portal_moves_to_postgresql_and_back_and_is_the_same(tmp_path: Path, prepared_state: Path) -> None:
    shutil.copytree(prepared_state, tmp_path / "state")
    env = environment(tmp_path / "state", DEMO="true")
    with inside(env) as asked:
        asked.ask(PLANTED)
        there = content(asked)
        number = int(asked.ask(NEXT_NUMBER))
    with fresh_postgres_database() as url:
        told = manage(env, "move_to", url)
        for name, (rows, _) in there.items():
            assert f"\n{name}: {rows:,} of {rows:,} rows" in told
        on_postgres = {**env, "DATABASE_URL": url}
        with inside(on_postgres) as asked:
            assert content(asked) == there
            assert int(asked.ask(NEXT_NUMBER)) == number + 1
            assert int(asked.ask(VERIFIED)) > 100
        with serving(on_postgres) as portal:
            assert is_open(portal.url, authorized(portal.url, members(portal)))
        # With what the jobs of a portal that ran have done.
        with inside(on_postgres) as asked:
            there = content(asked)
        refused = refusal(env, "move_to", url)
        assert "has people or accounts already" in refused
        with empty_place(tmp_path / "back", "sqlite", keys_of=tmp_path / "state") as back:
            file = str(tmp_path / "back.zip")
            manage(on_postgres, "backup", file)
            manage(back, "restore", file)
            with inside(back) as asked:
                assert int(asked.ask(NEXT_NUMBER)) == number + 2
                assert content(asked) == there
    assert searches(tmp_path / "back") == searches(tmp_path / "state")


SEARCHED = """
SELECT a.name FROM linnapp_application a JOIN linnapp_application_keys k ON k.key = a.id
JOIN linnapp_application_trigrams t ON t.rowid = k.id WHERE linnapp_application_trigrams MATCH '"stock"' ORDER BY a.name
"""
# What the database keeps by itself: triggers and indexes, those of searches among them.
MADE = "SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'index') AND sql IS NOT NULL ORDER BY name"


def searches(state: Path) -> list[list[object]]:
    with closing(sqlite3.connect(state / "db.sqlite3")) as database:
        found = [database.execute(statement).fetchall() for statement in (SEARCHED, MADE)]
        assert all(found)
        return found


@pytest.mark.slow(seconds=10)
def test_a_portal_that_runs_does_not_move(live_portal: Portal) -> None:
    said = refusal(live_portal.env, "move_to", "postgres://nobody@127.0.0.1:1/none")
    assert "The portal still uses its database" in said


@pytest.mark.skipif(sys.platform != "linux", reason="which files a process has open is read from /proc, as on Linux")
def test_from_its_start_on_a_portal_has_the_file_open_by_which_a_move_tells_that_it_runs(live_portal: Portal) -> None:
    opened = {os.readlink(file) for file in Path(f"/proc/{live_portal.process.pid}/fd").iterdir()}
    assert str(Path(live_portal.env["STATE_DIR"]).resolve() / "db.sqlite3") in opened
