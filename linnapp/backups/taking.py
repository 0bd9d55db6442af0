"""A backup is taken beside a portal that runs, and read back to its last value."""

import re
from datetime import UTC, datetime
from pathlib import Path

from django.apps import apps
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from linnapp import credentials, logos
from linnapp.backups import archive, engines
from linnapp.backups.archive import DAMAGED, LOGO, LOGOS, About, Kept, Reader, Writer
from linnapp.backups.faults import NoBackup, database_told
from linnapp.backups.sqlite import rows_in
from linnapp.backups.tables import Table, tables
from linnapp.models import KeyCanary

# Second factors are encrypted within the JSON that django-allauth keeps of each, and begin as Fernet tokens do.
WITHIN = {("mfa_authenticator", "data"): re.compile(r"gAAAAA[\w=-]+")}
# Of every table whose rows show a logo.
LOGO_COLUMN = "logo_digest"
OTHER_KEYS = (
    "CREDENTIAL_KEYS or DIGEST_KEY does not match this backup, so its encrypted data could not be read. Use "
    "the `.env` that the portal had when the backup was taken."
)


@database_told("No backup was taken.")
def take(path: Path, *, missing_logos_allowed: bool = False) -> About:
    """Writes all rows as they stood at one moment, and the logos. Nobody waits for it. Raises NotPossible where the
    database is away; NoBackup (one of these) where the file cannot be written, where the tables are not those of this
    release, or where rows name logos that are not on this machine, unless these may be missing."""
    refuse_missing_migrations()
    if not missing_logos_allowed:
        refuse_missing_logos()
    with archive.written(path) as writer, engines.opened() as engine:
        with engine.reading():
            made_at = datetime.now(UTC).isoformat(timespec="seconds")
            kept = [_keep(writer, engine, table) for table in tables()]
        # After the rows: what they show is there, and no logo is ever removed.
        pictures = _add_logos(writer)
        migrations = MigrationLoader(connection).graph.leaf_nodes()
        canaries = [credentials.new_canary(), *KeyCanary.objects.values_list("encrypted", flat=True)]
        about = About(made_at, connection.vendor, migrations, canaries, kept, pictures)
        writer.finish(about)
    return about


def refuse_missing_migrations() -> None:
    loader = MigrationLoader(connection)
    if missing := len(loader.graph.nodes.keys() - loader.applied_migrations.keys()):
        raise NoBackup(f"The database lacks {missing} migrations. Run `python manage.py prepare` first.")


def _keep(writer: Writer, engine: engines.Engine, table: Table) -> Kept:
    rows = writer.add_table(table, engine.lines(table))
    return Kept(table, rows, engine.last_number(table) if table.numbered else 0)


def refuse_missing_logos() -> None:
    if missing := missing_logos():
        raise NoBackup(
            f"Rows name {len(missing):,} logos that this machine does not have, {missing[0]} among them. Take the "
            "backup where they are, or share their folder. If they are lost, --without-missing-logos goes on."
        )


def missing_logos() -> list[str]:
    """Names of the logos that some row shows and that have no file."""
    digests: set[str] = set()
    for model in apps.get_models():
        if any(field.name == LOGO_COLUMN for field in model._meta.concrete_fields):
            digests.update(model._base_manager.values_list(LOGO_COLUMN, flat=True).distinct())
    return sorted({logos.path_of(digest) for digest in digests - {""}} - set(_logo_names()))


def _logo_names() -> list[str]:
    if not default_storage.exists(LOGOS):
        return []
    return sorted(name for file in default_storage.listdir(LOGOS)[1] if LOGO.fullmatch(name := LOGOS + file))


def _add_logos(writer: Writer) -> int:
    names = _logo_names()
    for name in names:
        with default_storage.open(name) as file:
            writer.add_logo(name, file.read())
    return len(names)


def refuse_other_keys(about: About) -> None:
    if not about.canaries or not all(map(credentials.reads, about.canaries)):
        raise NoBackup(OTHER_KEYS)


def check(path: Path) -> tuple[About, int]:
    """Reads every byte, counts the rows of each table, and decrypts every encrypted value with the keys of the
    settings; how many that were. Needs no database. Raises NoBackup with what is wrong."""
    with archive.opened(path) as reader:
        refuse_other_keys(reader.about)
        values = sum(_values_read(reader, kept) for kept in reader.about.kept)
        for _ in reader.logos():
            pass
        return reader.about, values


def _values_read(reader: Reader, kept: Kept) -> int:
    """How many encrypted values of a table were read. Beside a credential stands the digest that it is found by."""
    table, width = kept.table, len(kept.table.columns)
    encrypted = [(at, column.name) for at, column in enumerate(table.columns) if column.is_encrypted]
    found = [(table.place_of(name), pattern) for (owner, name), pattern in WITHIN.items() if owner == table.name]
    digest = table.place_of("digest")
    count = 0
    with archive.damage_told(table.name):
        for number, row in enumerate(rows_in(reader.chunks(kept)), start=1):
            if len(row) != width:
                raise NoBackup(DAMAGED.format(f"row {number:,} of {table.name} has {len(row)} values of {width}."))
            told = [(name, value) for at, name in encrypted if (value := row[at])]
            told += [("data", value) for at, pattern in found for value in pattern.findall(row[at or 0] or "")]
            count += len(told)
            for name, value in told:
                proof = row[digest] if digest is not None and name == "encrypted" else None
                _read(value, proof, f"{name} in row {number:,} of {table.name}")
    return count


def _read(encrypted: str, digest: str | None, place: str) -> None:
    try:
        value = credentials.decrypt_bytes(encrypted)
    except credentials.WrongKey:
        raise NoBackup(
            f"These keys cannot read {place}. CREDENTIAL_KEYS lacks the one of it: put that back at the end."
        ) from None
    if digest is not None and not credentials.same(credentials.digest(value.decode()), digest):
        raise NoBackup(f"{place.capitalize()} is not found by its digest: DIGEST_KEY is another than it was made with.")
