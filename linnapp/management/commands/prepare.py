"""`manage.py prepare`: what a start needs, after an installation and after every upgrade."""

import hashlib
import os
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, OutputWrapper
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.utils import CursorWrapper

from linnapp.models import KeyCanary, sqlite_statistics, trigrams, wording
from linnapp.models.folded import columns_of, folded_fields

# Of PostgreSQL's advisory locks: a number that nothing else here takes, and seconds until it is asked for again.
LOCK, ASKS_AGAIN_AFTER = 0x6C696E6E, 0.5


class Command(BaseCommand):
    help = "Update tables, static files and, with DEMO=true, demo data. Quick when there is nothing to do."

    def handle(self, *args: Any, **options: Any) -> None:
        close_to_others(Path(settings.STATE_DIR))
        with alone(self.stdout):
            # Before anything is changed: whoever starts with another `.env` by mistake has the database as it was.
            if KeyCanary._meta.db_table in connection.introspection.table_names():
                KeyCanary.refuse_other_keys()
            call_command("migrate", interactive=False, verbosity=0)
            make_searches_fast(self.stderr)
            sqlite_statistics.tell(connection)
            call_command("createcachetable", verbosity=0)
        collect_changed_static_files(Path(settings.STATIC_ROOT))
        if settings.DEMO:
            call_command("demo", stdout=self.stdout)


@contextmanager
def alone(told: OutputWrapper) -> Iterator[None]:
    """Of several machines that start together one prepares the database; the others wait, and find all done."""
    if connection.vendor != "postgresql":
        yield
        return
    own = connections.create_connection(DEFAULT_DB_ALIAS)
    with closing(own), own.cursor() as cursor:
        waits = False
        # A statement that waits for the lock would keep the other from making an index beside it: it would wait for the
        # end of this one, and this one for it.
        while not has_lock(cursor):
            if not waits:
                told.write("Another prepare is at work on this database: waiting for it.")
                told.flush()
            waits = True
            time.sleep(ASKS_AGAIN_AFTER)
        yield


def has_lock(cursor: CursorWrapper) -> bool:
    cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
    return bool(cursor.fetchone()[0])


def close_to_others(folder: Path) -> None:
    """What an older release, or a copy that was put back, left open to other users of the machine; where it is this
    user's to close."""
    paths = [folder, *(Path(at, name) for at, *names in os.walk(folder) for found in names for name in found)]
    for path in paths:
        with suppress(OSError):
            mode = path.lstat().st_mode
            if mode & 0o077 and not stat.S_ISLNK(mode):
                path.chmod(stat.S_IMODE(mode) & 0o700)


def make_searches_fast(told: OutputWrapper) -> None:
    """The indexes of searches where they are missing: a table that was made anew has none, and PostgreSQL may have got
    the extension since."""
    for model in filter(folded_fields, apps.get_models()):
        trigrams.make(connection, model, columns_of(model))
    for words in wording.wordings():
        wording.make(connection, words)
    for complaint in trigrams.complaints(connection):
        told.write(complaint)


def collect_changed_static_files(root: Path) -> None:
    """Collecting hashes and compresses every file, which takes seconds: only done when one has changed."""
    seen, mark = fingerprint(), root / ".fingerprint"
    if mark.exists() and mark.read_text() == seen:
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    mark.write_text(seen)


def fingerprint() -> str:
    return hashlib.sha256("\n".join(sorted(static_files())).encode()).hexdigest()


def static_files() -> Iterator[str]:
    for finder in get_finders():
        for name, storage in finder.list(None):
            stat = Path(storage.path(name)).stat()
            yield f"{name} {stat.st_size} {stat.st_mtime_ns}"
