"""`manage.py prepare` on PostgreSQL beside those who work there, and beside another that prepares the same database."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.kit.portal import ROOT, environment, prepared_postgres

pytestmark = [pytest.mark.postgres, pytest.mark.slow(seconds=40)]
SECONDS = 120
INDEX = "linnapp_account_name_folded_trigrams"
WRITES = "LOCK TABLE linnapp_account IN ROW EXCLUSIVE MODE"
MAKES = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'CREATE INDEX %'"


@contextmanager
def preparing(env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "manage.py", "prepare"]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_an_index_that_is_missing_keeps_nobody_who_writes_waiting_and_a_second_prepare_waits(
    tmp_path: Path, empty_state: Path
) -> None:
    state = shutil.copytree(empty_state, tmp_path / "state")
    with prepared_postgres("empty") as url, psycopg.connect(url, autocommit=True) as asked:
        env = environment(state, DEMO="false", DATABASE_URL=url)
        asked.execute(f'DROP INDEX "{INDEX}"')
        with psycopg.connect(url) as writer, preparing(env) as first:
            writer.execute(WRITES)
            deadline = time.monotonic() + SECONDS
            while not asked.execute(MAKES).fetchone():
                assert first.poll() is None, first.communicate()[0]
                assert time.monotonic() < deadline
                time.sleep(0.05)
            # Whoever makes the index waits for the first writer. The second must not wait for whoever makes it.
            with psycopg.connect(url) as another:
                another.execute("SET lock_timeout = '5s'")
                another.execute(WRITES)
            with preparing(env) as second:
                assert second.stdout
                assert second.stdout.readline() == "Another prepare is at work on this database: waiting for it.\n"
                writer.commit()
                for prepare in (first, second):
                    said, _ = prepare.communicate(timeout=SECONDS)
                    assert prepare.returncode == 0, said
        found = asked.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [INDEX]).fetchone()
        assert found == (True,)
