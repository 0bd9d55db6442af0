"""Databases that are away, refuse or spell otherwise, logos that are missing or cut short, and what fails when all rows
are there: each ends in a sentence that is true."""

import json
import resource
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from installs.models import Review
from linnapp import logos
from linnapp.backups import archive, moving, restoring, sqlite, taking
from linnapp.backups.faults import NoBackup
from linnapp.errors import NotPossible
from linnapp.models import Application
from tests.backups.files import about, lines_of, rewritten
from tests.backups.portals import content, inside, refusal
from tests.kit.engines import DROP, POSTGRES_URL, fresh_postgres_database, postgres_url
from tests.kit.portal import environment, manage

AWAY = "postgres://portal:secret-word@127.0.0.1:1/none"
LATIN = sql.SQL("CREATE DATABASE {} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")


@pytest.mark.slow(seconds=10)
@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_database_that_is_away_is_told_without_its_password(
    file: Path, prepared_place: dict[str, str], command: str
) -> None:
    path = {"backup": file.with_name("new.zip"), "restore": file}[command]
    said = refusal({**prepared_place, "DATABASE_URL": AWAY}, command, str(path))
    assert "The database says: " in said
    assert "secret-word" not in said
    assert not file.with_name("new.zip").exists()


@pytest.mark.slow(seconds=10)
def test_an_index_that_cannot_be_made_anew_is_told(file: Path, prepared_place: dict[str, str]) -> None:
    """Two secrets of one application that both stay, which no table refuses by itself, and an index does."""
    table, told = "installs_signingsecret", about(file)
    kept = next(kept for kept in told["kept"] if kept["table"]["name"] == table)
    first, *others = lines_of(file, table)
    again = b"\t".join([b"999999", *first.split(b"\t")[1:]])
    kept["rows"] += 1
    rewritten(file, **{table: b"".join([first, *others, again]), "backup": json.dumps(told).encode()})
    with inside(prepared_place) as asked:
        before = content(asked)
        said = refusal(prepared_place, "restore", str(file))
        assert "The database says: UNIQUE constraint failed: installs_signingsecret.application_id." in said
        assert content(asked) == before


@pytest.mark.slow(seconds=10)
def test_rows_that_came_back_are_told_when_the_rest_fails(file: Path, prepared_place: dict[str, str]) -> None:
    close_static(Path(prepared_place["STATE_DIR"]))
    said = refusal(prepared_place, "restore", str(file))
    assert "All rows are there, and stay." in said
    assert "Do not restore again: run `manage.py prepare`" in said
    with inside(prepared_place) as asked:
        back = {name: rows for name, (rows, _) in content(asked).items()}
    assert back == {kept["table"]["name"]: kept["rows"] for kept in about(file)["kept"]}


def close_static(state: Path) -> None:
    """A file where `prepare` puts static files."""
    shutil.rmtree(state / "static")
    (state / "static").touch()


@pytest.mark.postgres
@pytest.mark.slow(seconds=20)
def test_rows_that_moved_are_told_when_the_rest_fails(tmp_path: Path, prepared_state: Path) -> None:
    shutil.copytree(prepared_state, tmp_path / "state")
    close_static(tmp_path / "state")
    with fresh_postgres_database() as url:
        said = refusal(environment(tmp_path / "state", DEMO="false"), "move_to", url)
        with psycopg.connect(url) as connection:
            found = connection.execute("SELECT count(*) FROM linnapp_user").fetchone()
    assert "All rows are there, and stay." in said
    assert "Do not move again" in said
    assert found
    assert found[0] > 0


@contextmanager
def latin_database() -> Iterator[str]:
    name = f"linnapp_live_{secrets.token_hex(4)}"
    with psycopg.connect(POSTGRES_URL, autocommit=True) as connection:
        connection.execute(LATIN.format(sql.Identifier(name)))
        try:
            yield postgres_url(name)
        finally:
            connection.execute(DROP.format(sql.Identifier(name)))


@pytest.mark.postgres
def test_a_database_that_has_not_all_letters_is_refused() -> None:
    refused = pytest.raises(NotPossible, match=r"has the encoding LATIN1.*createdb --encoding UTF8")
    with latin_database() as url, refused, moving.connected(url):
        pytest.fail("it was taken")


@pytest.mark.postgres
def test_lines_go_as_utf_8_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    with fresh_postgres_database() as url, moving.connected(url) as target:
        assert target.connection.info.encoding == "utf-8"


def test_an_address_that_cannot_be_read_is_not_repeated() -> None:
    with pytest.raises(NotPossible, match="That address cannot be read") as refused:
        moving.connected("postgres://portal:secret-word@[::1/none").__enter__()
    assert "secret-word" not in str(refused.value)


@pytest.fixture
def media(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


def written_logos(file: Path, media: Path) -> dict[str, bytes]:
    with archive.opened(file) as reader:
        restoring.keep_logos(reader)
        assert {f"logos/{path.name}" for path in (media / "logos").iterdir()} == {name for name, _ in reader.logos()}
        return dict(reader.logos())


def test_a_logo_that_was_cut_short_is_written_anew(file: Path, media: Path) -> None:
    (media / "logos").mkdir(parents=True)
    with archive.opened(file) as reader:
        for name, png in reader.logos():
            (media / name).write_bytes(png[:100])
    for name, png in written_logos(file, media).items():
        assert (media / name).read_bytes() == png


def test_a_logo_that_a_full_disk_cuts_short_is_not_left(file: Path, media: Path) -> None:
    refused = pytest.raises(NotPossible, match="cannot be written: File too large")
    with archive.opened(file) as reader, files_that_end_at(50), refused:
        restoring.keep_logos(reader)
    assert list((media / "logos").iterdir()) == []
    written_logos(file, media)


@contextmanager
def files_that_end_at(length: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_logos_that_rows_name_are_looked_for(application: Application, media: Path) -> None:
    assert taking.missing_logos() == []
    there = logos.store(b"a picture")
    Application.objects.filter(pk=application.pk).update(logo_digest=there)
    assert taking.missing_logos() == []
    Review.objects.create(application=application, logo_digest="a" * 64)
    assert taking.missing_logos() == [f"logos/{'a' * 64}.png"]
    with pytest.raises(NoBackup, match="Rows name 1 logos that this machine does not have"):
        taking.refuse_missing_logos()


@pytest.mark.slow(seconds=10)
def test_a_backup_without_its_logos_is_not_taken_unasked(tmp_path: Path, prepared_state: Path) -> None:
    shutil.copytree(prepared_state, tmp_path / "state")
    shutil.rmtree(tmp_path / "state" / "media")
    env, path = environment(tmp_path / "state", DEMO="true"), str(tmp_path / "portal.zip")
    assert "--without-missing-logos goes on" in refusal(env, "backup", path)
    assert not Path(path).exists()
    assert ", 0 logos" in manage(env, "backup", path, "--without-missing-logos")


@pytest.mark.parametrize("length", [1, 2, 3, 5, 100])
def test_lines_are_the_same_wherever_they_are_cut(length: int) -> None:
    lines = b"a\tb\n\\N\t\n\nlong\\tvalue\td\n"
    chunks = (lines[at : at + length] for at in range(0, len(lines), length))
    assert list(sqlite.rows_in(chunks)) == [["a", "b"], [None, ""], [""], ["long\tvalue", "d"]]
    with pytest.raises(NoBackup, match="in the middle of a row"):
        list(sqlite.rows_in([lines, b"e"]))


def test_a_line_without_end_is_told_before_it_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "MOST_OF_A_LINE", 1 << 20)
    taken = []

    def endless() -> Iterator[bytes]:
        while True:
            taken.append(1)
            yield b"x" * (1 << 18)

    with pytest.raises(NoBackup, match="a row of more than 1 MB"):
        list(sqlite.rows_in(endless()))
    assert len(taken) == 5
