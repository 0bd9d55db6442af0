"""The indexes behind every search for parts of names: trigrams, by an extension of PostgreSQL, and by FTS5 in SQLite.

They are no part of Django's picture of the tables: `make` makes what is missing, in a migration and at every
`manage.py prepare`. In SQLite a migration that makes a table anew drops the triggers on it.
"""

from collections.abc import Iterator

from django.db import DatabaseError, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

# Rows of an FTS5 table go by a number, which a key that is a UUID has not, and VACUUM gives others to those of a table.
KEYS_FOUND = (
    'SELECT "key" FROM "{table}_keys" WHERE "id" IN '
    '(SELECT rowid FROM "{table}_trigrams" WHERE "{table}_trigrams" MATCH %s)'
)
# The same of so many alone.
SOME_KEYS_FOUND = KEYS_FOUND.removesuffix(")") + " LIMIT %s)"
TABLES = (
    'CREATE TABLE "{table}_keys" ("id" integer PRIMARY KEY, "key" NOT NULL UNIQUE)',
    "CREATE VIRTUAL TABLE \"{table}_trigrams\" USING fts5({names}, tokenize = 'trigram')",
)
OLD = ('DROP TABLE IF EXISTS "{table}_keys"', 'DROP TABLE IF EXISTS "{table}_trigrams"')
FILLED = (
    'INSERT INTO "{table}_keys" ("key") SELECT "{key}" FROM "{table}"',
    'INSERT INTO "{table}_trigrams" (rowid, {names}) '
    'SELECT k."id", {names} FROM "{table}" t JOIN "{table}_keys" k ON k."key" = t."{key}"',
)
NUMBER = '(SELECT "id" FROM "{table}_keys" WHERE "key" = {row}."{key}")'
TRIGGERS = {
    "made": 'AFTER INSERT ON "{table}" BEGIN'
    ' INSERT INTO "{table}_keys" ("key") VALUES (NEW."{key}");'
    f' INSERT INTO "{{table}}_trigrams" (rowid, {{names}}) VALUES ({NUMBER.replace("{row}", "NEW")}, {{new}}); END',
    "changed": 'AFTER UPDATE OF {names} ON "{table}" WHEN {differs} BEGIN'
    f' UPDATE "{{table}}_trigrams" SET {{sets}} WHERE rowid = {NUMBER.replace("{row}", "NEW")}; END',
    "deleted": 'AFTER DELETE ON "{table}" BEGIN'
    f' DELETE FROM "{{table}}_trigrams" WHERE rowid = {NUMBER.replace("{row}", "OLD")};'
    ' DELETE FROM "{table}_keys" WHERE "key" = OLD."{key}"; END',
}


def make(connection: BaseDatabaseWrapper, model: type[models.Model], columns: list[str]) -> bool:
    """Whether these columns of the model's table have their index now. Made anew in SQLite where anything is missing;
    without effect where all is there."""
    if connection.vendor == "sqlite":
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            _make_in_sqlite(cursor, model, columns)
        return True
    with connection.cursor() as cursor:
        return _make_in_postgresql(connection, cursor, model._meta.db_table, columns)


def _make_in_sqlite(cursor: CursorWrapper, model: type[models.Model], columns: list[str]) -> None:
    words = _words(model, columns)
    wanted = {f"{words['table']}_{name}": f'CREATE TRIGGER "{words["table"]}_{name}" ' + body.format(**words)
              for name, body in TRIGGERS.items()}  # fmt: skip
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [words["table"]])
    there = dict(cursor.fetchall())
    if all(there.get(name) == statement for name, statement in wanted.items()):
        return
    for name in wanted:
        cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')
    for statement in (*OLD, *TABLES, *FILLED):
        cursor.execute(statement.format(**words))
    for statement in wanted.values():
        cursor.execute(statement)


def _words(model: type[models.Model], columns: list[str]) -> dict[str, str]:
    key = model._meta.pk
    assert key is not None
    return {
        "table": model._meta.db_table,
        "key": str(key.column),
        "names": ", ".join(f'"{name}"' for name in columns),
        "new": ", ".join(f'NEW."{name}"' for name in columns),
        "sets": ", ".join(f'"{name}" = NEW."{name}"' for name in columns),
        "differs": " OR ".join(f'OLD."{name}" IS NOT NEW."{name}"' for name in columns),
    }


def _make_in_postgresql(connection: BaseDatabaseWrapper, cursor: CursorWrapper, table: str, columns: list[str]) -> bool:
    if not has_extension(connection, cursor):
        return False
    for column in columns:
        make_beside(connection, cursor, f"{table}_{column}_trigrams", f'"{table}" USING gin ("{column}" gin_trgm_ops)')
    return True


def make_beside(connection: BaseDatabaseWrapper, cursor: CursorWrapper, name: str, of: str) -> None:
    """An index of PostgreSQL where it is missing, made beside whoever writes the table; within a transaction, as of a
    migration of an early release, that is not possible."""
    cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [f'"{name}"'])
    if (found := cursor.fetchone()) and found[0]:
        return
    concurrently = "" if connection.in_atomic_block else "CONCURRENTLY "
    # What broke off is left behind, used by no query.
    cursor.execute(f'DROP INDEX {concurrently}IF EXISTS "{name}"')
    cursor.execute(f'CREATE INDEX {concurrently}"{name}" ON {of}')


def has_extension(connection: BaseDatabaseWrapper, cursor: CursorWrapper) -> bool:
    """Made where it can be: a server may lack it, or the role the right to make it."""
    cursor.execute("SELECT installed_version FROM pg_available_extensions WHERE name = 'pg_trgm'")
    found = cursor.fetchone()
    if found is None or found[0]:
        return found is not None
    try:
        with transaction.atomic(using=connection.alias):
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError:
        return False
    return True


def complaints(connection: BaseDatabaseWrapper) -> Iterator[str]:
    """What keeps searches of this database slow, in words for whoever runs it."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        if cursor.fetchone() is None:
            yield (
                "PostgreSQL has no pg_trgm here, so that every search for a part of a name reads a whole table. "
                "Run CREATE EXTENSION pg_trgm in this database as a superuser, then `manage.py prepare`."
            )
            return
        cursor.execute("SELECT cardinality(show_trgm('Дом'))")
        if not cursor.fetchone()[0]:
            yield (
                "The locale of this PostgreSQL database makes no trigrams of Cyrillic, Greek or Chinese letters: "
                "searches in these read a whole table. Make the database with LC_CTYPE C.UTF-8 or en_US.UTF-8."
            )
