"""The file of a backup, a ZIP: `tables/NAME` with the lines of a table, `logos/DIGEST.png`, and `backup.json`, which
is written last and says what has to be there.

The file holds all that people told the portal, and its secrets encrypted: only its owner may read it.
"""

import json
import lzma
import os
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from linnapp.backups.faults import NoBackup
from linnapp.backups.tables import Column, Kind, Table

FORMAT = 1
ABOUT, TABLES, LOGOS = "backup.json", "tables/", "logos/"
LOGO = re.compile(rf"{LOGOS}[0-9a-f]{{64}}\.png")
BYTES_AT_ONCE = 1 << 17
# Bytes of `backup.json`, and of a logo, at most: far more than either has.
MOST_AT_ONCE = 16 << 20
# Whatever the library makes of bytes that are not those that were written.
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, KeyError, ValueError, TypeError, RuntimeError,
)  # fmt: skip
# Half of the bytes of the usual 6 are spent on nothing: what is encrypted does not shrink.
LEVEL = 1
DAMAGED = "This backup is damaged: {0} Take an earlier one, or another copy of it."


@dataclass(frozen=True)
class Kept:
    """A table in a backup: how many rows, and the last number that its database had given out."""

    table: Table
    rows: int
    last_number: int


@dataclass(frozen=True)
class About:
    """What `backup.json` says. `made_at` is in ISO 8601, UTC; `migrations` are the last of each app, by app and name;
    `canaries` are read by no keys but those of the backup."""

    made_at: str
    engine: str
    migrations: list[tuple[str, str]]
    canaries: list[str]
    kept: list[Kept]
    logos: int

    @property
    def rows(self) -> int:
        return sum(kept.rows for kept in self.kept)


class Writer:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def add_table(self, table: Table, chunks: Iterable[bytes]) -> int:
        """How many rows it has: a line each."""
        rows = 0
        with self._archive.open(_member(TABLES + table.name), "w", force_zip64=True) as file:
            for chunk in chunks:
                rows += chunk.count(b"\n")
                file.write(chunk)
        return rows

    def add_logo(self, name: str, png: bytes) -> None:
        self._archive.writestr(_member(name, zipfile.ZIP_STORED), png)

    def finish(self, about: About) -> None:
        self._archive.writestr(_member(ABOUT), json.dumps({"format": FORMAT, **asdict(about)}, indent=1))


def _member(name: str, compression: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.compress_type, member.external_attr = compression, 0o600 << 16
    member._compresslevel = LEVEL  # type: ignore[attr-defined]
    return member


@contextmanager
def written(path: Path) -> Iterator[Writer]:
    """Under its name it is whole: until then it is called NAME.part, and is gone should anything fail. Raises NoBackup
    where a file of that name is there, or cannot be written."""
    part = path.with_name(f"{path.name}.part")
    refuse_taken(path)
    try:
        file = os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except FileExistsError:
        raise NoBackup(
            f"{part} is there: another backup is being written, or broke off. Remove it if none is."
        ) from None
    except OSError as error:
        raise NoBackup(f"{part} cannot be written: {error.strerror}.") from error
    try:
        with file:
            with zipfile.ZipFile(file, "w") as archive:
                yield Writer(archive)
            file.flush()
            os.fsync(file.fileno())
        refuse_taken(path)
        part.rename(path)
    except OSError as error:
        raise NoBackup(f"{path} could not be written to its end: {error.strerror}. Nothing of it was kept.") from error
    finally:
        with suppress(OSError):
            part.unlink()


def refuse_taken(path: Path) -> None:
    if path.exists():
        raise NoBackup(f"{path} is there already. Choose another name: a backup overwrites nothing.")


class Reader:
    """Raises NoBackup wherever the file turns out to be damaged."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.about = _about(archive)

    def chunks(self, kept: Kept) -> Iterator[bytes]:
        """The lines of a table. That they are whole, and as many as were written, is known in the end."""
        rows, last = 0, b"\n"
        with damage_told(kept.table.name), self._archive.open(TABLES + kept.table.name) as file:
            while chunk := file.read(BYTES_AT_ONCE):
                rows, last = rows + chunk.count(b"\n"), chunk
                yield chunk
        if rows != kept.rows or not last.endswith(b"\n"):
            raise NoBackup(DAMAGED.format(f"{kept.table.name} has {rows:,} rows of {kept.rows:,}."))

    def logos(self) -> Iterator[tuple[str, bytes]]:
        """Their names, `logos/DIGEST.png`, and their bytes."""
        names = [name for name in self._archive.namelist() if name.startswith(LOGOS)]
        if len(names) != self.about.logos or not all(map(LOGO.fullmatch, names)):
            raise NoBackup(DAMAGED.format("its logos are not those that were written."))
        for name in names:
            with damage_told(name):
                png = _small(self._archive, name)
            yield name, png


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    try:
        file: IO[bytes] = path.open("rb")
    except OSError as error:
        raise NoBackup(f"{path} cannot be read: {error.strerror}.") from error
    with file:
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            raise NoBackup(f"{path} is no backup, or its end is missing. Copy it once more, or take another.") from None
        with archive:
            yield Reader(archive)


@contextmanager
def damage_told(what: str) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise NoBackup(DAMAGED.format(f"{what} cannot be read ({error}).")) from error


def _small(archive: zipfile.ZipFile, name: str) -> bytes:
    """Of what is read as a whole: a few bytes may say that they are many."""
    if archive.getinfo(name).file_size > MOST_AT_ONCE:
        raise ValueError("it is larger than any that is written")
    return archive.read(name)


def _about(archive: zipfile.ZipFile) -> About:
    with damage_told(ABOUT):
        told: dict[str, Any] = json.loads(_small(archive, ABOUT))
    if (found := told.pop("format", None)) != FORMAT:
        raise NoBackup(
            f"This backup has format {found}, and this release reads {FORMAT}: use the release that made it."
        )
    with damage_told(ABOUT):
        return About(
            **told
            | {
                "migrations": [(app, name) for app, name in told["migrations"]],
                "kept": [_kept(**each) for each in told["kept"]],
            }
        )


def _kept(table: dict[str, Any], rows: int, last_number: int) -> Kept:
    columns = tuple(Column(each["name"], Kind(each["kind"])) for each in table["columns"])
    return Kept(Table(table["name"], columns, table["numbered"]), rows, last_number)
