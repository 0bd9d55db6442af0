"""A backup that is damaged, that other keys read, or that has no place: each is told, and nothing is half done."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from linnapp.backups import archive, restoring, taking
from linnapp.backups.faults import NoBackup
from linnapp.backups.tables import KINDS, tables
from linnapp.errors import NotPossible
from linnapp.models import User
from tests.backups.files import about, lines_of, rewritten
from tests.backups.portals import content, inside
from tests.kit.portal import ROOT, environment, manage

OTHER_KEYS = {"CREDENTIAL_KEYS": [Fernet.generate_key().decode()], "DIGEST_KEY": "the digest key of another portal"}


def untold(line: str) -> None:
    """For what never gets as far as a table."""
    pytest.fail(f"it went on to {line}")


def test_every_kind_of_column_is_known() -> None:
    assert {column.kind for table in tables() for column in table.columns} == set(KINDS.values())


def test_a_whole_one_is_read_to_its_end(file: Path) -> None:
    told, values = taking.check(file)
    assert told.rows == sum(kept["rows"] for kept in about(file)["kept"])
    assert values > 300
    assert told.logos > 1


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.999])
def test_one_that_was_cut_is_told(file: Path, share: float) -> None:
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    with pytest.raises(NoBackup, match="is no backup, or its end is missing"):
        taking.check(file)


def contents(file: Path) -> list[bytes]:
    with archive.opened(file) as reader:
        chunks = (chunk for kept in reader.about.kept for chunk in reader.chunks(kept))
        return [*chunks, *(png for _, png in reader.logos())]


def test_a_byte_that_changed_anywhere_is_told_unless_nothing_reads_it(file: Path) -> None:
    """A ZIP says some things twice, such as when a member was written."""
    whole, wanted = file.read_bytes(), contents(file)
    places = range(0, len(whole), len(whole) // 60)
    told = 0
    for place in places:
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        try:
            assert contents(file) == wanted, place
        except NoBackup:
            told += 1
    assert told > 0.9 * len(places)


def test_a_row_that_is_missing_is_told(file: Path) -> None:
    lines = lines_of(file, "linnapp_account")
    rewritten(file, linnapp_account=b"".join(lines[1:]))
    with pytest.raises(NoBackup, match=f"linnapp_account has {len(lines) - 1} rows of {len(lines)}"):
        taking.check(file)


def test_a_row_that_lacks_a_value_is_told(file: Path) -> None:
    first, *others = lines_of(file, "linnapp_secret")
    rewritten(file, linnapp_secret=b"".join([first.partition(b"\t")[2], *others]))
    with pytest.raises(NoBackup, match="row 1 of linnapp_secret has"):
        taking.check(file)


def replace_in_first(file: Path, table: str, column: str, value: bytes) -> None:
    kept = next(kept for kept in about(file)["kept"] if kept["table"]["name"] == table)
    place = [each["name"] for each in kept["table"]["columns"]].index(column)
    first, *others = lines_of(file, table)
    values = first.split(b"\t")
    values[place] = value
    rewritten(file, **{table: b"".join([b"\t".join(values), *others])})


def test_a_digest_that_finds_nothing_is_told(file: Path) -> None:
    replace_in_first(file, "linnapp_secret", "digest", b"0" * 64)
    with pytest.raises(NoBackup, match="Encrypted in row 1 of linnapp_secret is not found by its digest"):
        taking.check(file)


def test_a_value_under_a_key_that_is_gone_is_told(file: Path) -> None:
    replace_in_first(file, "installs_permanenttoken", "encrypted", Fernet(Fernet.generate_key()).encrypt(b"a token"))
    with pytest.raises(NoBackup, match="These keys cannot read encrypted in row 1 of installs_permanenttoken"):
        taking.check(file)


@pytest.mark.parametrize("name", OTHER_KEYS)
def test_other_keys_are_told_before_anything_is_done(file: Path, settings: Any, name: str, db: None) -> None:
    setattr(settings, name, OTHER_KEYS[name])
    for act in (lambda: taking.check(file), lambda: restoring.restore(file, untold)):
        with pytest.raises(NoBackup, match="does not match this backup"):
            act()


def test_a_file_of_something_else_is_told(tmp_path: Path) -> None:
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as made:
        made.writestr("letter.txt", "Dear all")
    with pytest.raises(NoBackup, match=r"backup\.json cannot be read"):
        taking.check(other)
    with pytest.raises(NoBackup, match="cannot be read: No such file"):
        taking.check(tmp_path / "none.zip")


def test_a_logo_is_written_nowhere_else(file: Path) -> None:
    with zipfile.ZipFile(file, "a") as more:
        more.writestr("logos/../../../escaped.png", b"")
    with pytest.raises(NoBackup, match="its logos are not those"):
        taking.check(file)


@pytest.fixture
def later(file: Path) -> Path:
    told = about(file)
    told["migrations"].append(["linnapp", "9999_of_another_year"])
    rewritten(file, backup=json.dumps(told).encode())
    return file


def test_one_of_a_later_release_is_told(later: Path, db: None) -> None:
    with pytest.raises(NoBackup, match=r"of a later release, which has the migration linnapp\.9999_of_another_year"):
        restoring.restore(later, untold)


def test_one_of_another_format_is_told(file: Path) -> None:
    rewritten(file, backup=json.dumps({**about(file), "format": 2}).encode())
    with pytest.raises(NoBackup, match="has format 2"):
        taking.check(file)


def test_nothing_is_put_over_people(file: Path, alice: User) -> None:
    with pytest.raises(NotPossible, match="has people or accounts already"):
        restoring.restore(file, untold)
    assert User.objects.filter(pk=alice.pk).exists()


def test_nothing_is_written_over_a_file(file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(NoBackup, match="is there already"), archive.written(file):
        pytest.fail("it was begun")
    assert file.read_bytes() == before
    beside = file.with_name("other.zip.part")
    beside.touch()
    with pytest.raises(NoBackup, match="another backup is being written, or broke off"):
        archive.written(file.with_name("other.zip")).__enter__()
    with pytest.raises(NoBackup, match="cannot be written: No such file"):
        archive.written(file.parent / "nowhere" / "portal.zip").__enter__()


def test_a_disk_that_is_full_leaves_nothing(tmp_path: Path, prepared_state: Path) -> None:
    """What the system says of files that may not grow further goes the same way."""
    shutil.copytree(prepared_state, tmp_path / "state")
    env, file = environment(tmp_path / "state", DEMO="true"), tmp_path / "portal.zip"
    # In blocks of 512 bytes or of 1024, by the shell.
    command = ["sh", "-c", 'ulimit -f 100; exec "$@"', "sh", sys.executable, "manage.py", "backup", str(file)]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "could not be written to its end: File too large. Nothing of it was kept." in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


@pytest.mark.slow(seconds=20)
def test_a_damaged_one_leaves_the_database_as_it_was(file: Path, prepared_place: dict[str, str]) -> None:
    whole = file.read_bytes()
    # The last table that is filled, after all others are.
    rewritten(file, linnapp_version=b"".join(lines_of(file, "linnapp_version")[1:]))
    with inside(prepared_place) as asked:
        before = content(asked)
        command = [sys.executable, "manage.py", "restore", str(file)]
        done = subprocess.run(command, cwd=ROOT, env=prepared_place, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "linnapp_version has" in done.stderr
        assert content(asked) == before
    file.write_bytes(whole)
    manage(prepared_place, "restore", str(file))
    with inside(prepared_place) as asked:
        back = {name: rows for name, (rows, _) in content(asked).items()}
    assert back == {kept["table"]["name"]: kept["rows"] for kept in about(file)["kept"]}
