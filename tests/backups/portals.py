"""What the tests of backups do with a portal: what stands in its database, and exchanges that go on meanwhile."""

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import requests

from tests.kit.engines import fresh_postgres_database
from tests.kit.inside import Inside
from tests.kit.portal import ROOT, Portal, environment, shell_assignments

# Of each table how many rows it has and a digest of all that stands in them, which neither engine's order or spelling
# changes.
CONTENT = """
import hashlib, json
from django.apps import apps
found = {}
for model in apps.get_models(include_auto_created=True):
    rows = sorted(json.dumps(row, default=str, sort_keys=True) for row in model._base_manager.values_list())
    found[model._meta.db_table] = [len(rows), hashlib.sha256("\\n".join(rows).encode()).hexdigest()]
print(json.dumps(found))
"""
VERIFIED = """
from installs.models import PermanentToken
from linnapp import credentials
from linnapp.models import Secret
found = [row for model in (Secret, PermanentToken) for row in model.objects.all()]
assert all(row.digest == credentials.digest(row.value()) for row in found)
print(len(found))
"""
AUTHORIZE = "/api/Auth/AuthorizeByApplication"
LOCATIONS = "/api/Inventory/GetStockLocations"
A_SECOND = 50
SENDERS = 4


def content(inside: Inside) -> dict[str, list[object]]:
    found: dict[str, list[object]] = json.loads(inside.ask(CONTENT))
    return found


@contextmanager
def inside(env: dict[str, str]) -> Iterator[Inside]:
    """Python on the database of a portal that does not run."""
    asked = Inside(env)
    try:
        yield asked
    finally:
        asked.close()


@contextmanager
def empty_place(state: Path, engine: str, keys_of: Path) -> Iterator[dict[str, str]]:
    """The environment of a portal that has keys and nothing else: an empty folder, or an empty database beside it."""
    with ExitStack() as stack:
        state.mkdir()
        shutil.copy(keys_of / ".env", state / ".env")
        # What was exchanged in the minute before the backup counts in the place where it is put back, too.
        env = environment(state, DEMO="true", EXCHANGES_PER_MINUTE="1000000")
        if engine == "postgres":
            env["DATABASE_URL"] = stack.enter_context(fresh_postgres_database())
        yield env


def refusal(env: dict[str, str], *arguments: str) -> str:
    """What a command says that fails, without a traceback."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr


def members(portal: Portal) -> dict[str, str]:
    told = shell_assignments(portal.manage("demo_env"))
    names = {"ApplicationId": "APPLICATION_ID", "ApplicationSecret": "APPLICATION_SECRET", "Token": "PERMANENT_TOKEN"}
    return {member: told[name] for member, name in names.items()}


def authorized(url: str, sent: dict[str, str]) -> str:
    """The session token of one exchange."""
    answer = requests.post(url + AUTHORIZE, json=sent, timeout=20)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["Token"])


def is_open(url: str, token: str) -> bool:
    answer = requests.get(url + LOCATIONS, headers={"Authorization": token}, timeout=20)
    assert answer.status_code in (200, 401), answer.text
    return answer.status_code == 200


@dataclass
class Exchanges:
    """Fifty a second of one installation, as far as the machine can; each with the moments it was sent and answered."""

    url: str
    sent: dict[str, str]
    begun: list[tuple[datetime, datetime, str]] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._send) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        try:
            self._wait_for(SENDERS)
            yield
            self._wait_for(len(self.begun) + 2 * SENDERS)
        finally:
            self._stopped.set()
            for thread in threads:
                thread.join()

    def _wait_for(self, count: int) -> None:
        deadline = time.monotonic() + 30
        while len(self.begun) < count:
            assert time.monotonic() < deadline, "exchanges are not answered"
            time.sleep(0.02)

    def _send(self) -> None:
        while not self._stopped.wait(SENDERS / A_SECOND):
            at = datetime.now(UTC)
            token = authorized(self.url, self.sent)
            self.begun.append((at, datetime.now(UTC), token))
