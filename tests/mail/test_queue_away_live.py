"""The queue goes away under a portal that runs, while people sign up, invite and install: no page fails, every mail
arrives, and once it is back the worker takes jobs again without a restart."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from tests.drill.engines import Redis, binaries
from tests.installations.test_install_races import CAROL, UNINSTALLED_ONE, hidden, signed_in
from tests.kit.portal import Portal, demo_portal
from tests.mail.sink import Sink, mail_sink

ALICE, PAULA = "alice@northwind.example", "paula@linnapp.example"
PATIENCE_SECONDS = 20
ASK = "from linnapp import jobs, outbox; print(jobs.ask(outbox.wake))"
WAIT_IN_QUEUE = "from django.conf import settings; print(len(settings.HUEY))"
UNSENT = "from linnapp.models import OutgoingMail; print(OutgoingMail.objects.exclude(state='SENT').count())"


@dataclass
class People:
    """What each does at a portal, again and again, in a browser of their own."""

    portal: Portal
    statuses: list[int] = field(default_factory=list)
    owed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.browsers = {email: signed_in(self.portal, email) for email in (ALICE, CAROL, PAULA)}

    def sign_up(self, number: int) -> None:
        email = f"new-{number}@somewhere.example"
        form = {"name": "N", "company": f"Bakery {number}", "email": email, "password1": "kettle-and-lamp-47"}
        self._post(requests.Session(), "/sign-up/", form)
        self.owed.append(email)

    def invite(self, number: int) -> None:
        email = f"invited-{number}@somewhere.example"
        self._post(self.browsers[ALICE], "/a/northwind/team/invite/", {"email": email, "role": "DEVELOPER"})
        self.owed.append(email)

    def install(self, number: int) -> None:
        application, version = self.portal.ask(UNINSTALLED_ONE).split()
        form = {"account": "carols-cakes", "version": version, "agreed": "on", "nonce": uuid4().hex}
        self._post(self.browsers[CAROL], f"/Authorization/Authorize/{application}", form)

    def export(self, number: int) -> None:
        self._post(self.browsers[PAULA], "/admin/linnapp/account/export/xlsx/", {"way": "xlsx"})

    def all_at_once(self, number: int) -> None:
        acts = (self.sign_up, self.invite, self.install, self.export)
        threads = [threading.Thread(target=act, args=(number,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _post(self, browser: requests.Session, path: str, form: dict[str, str]) -> None:
        url = f"{self.portal.url}{path}"
        page = browser.get(url, timeout=30)
        key = hidden(page.text, "csrfmiddlewaretoken")
        answer = browser.post(url, form | {"csrfmiddlewaretoken": key}, allow_redirects=False, timeout=30)
        self.statuses += [page.status_code, answer.status_code]


def soon(holds: Callable[[], bool], what: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, what()
        time.sleep(0.05)


@dataclass
class Stage:
    portal: Portal
    sink: Sink
    go_away: Callable[[], None]
    come_back: Callable[[], None]


@contextmanager
def staged(
    folder: Path, prepared_state: Path, goes: Callable[[], None], returns: Callable[[], None], **more: str
) -> Iterator[Stage]:
    with mail_sink() as sink, demo_portal(folder, prepared_state, "sqlite", EMAIL_URL=sink.url, **more) as portal:
        yield Stage(portal, sink, goes, returns)


@pytest.fixture
def on_redis(tmp_path: Path, prepared_state: Path) -> Iterator[Stage]:
    program = binaries().redis
    assert program is not None, binaries().missing
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    redis = Redis(tmp_path, program)
    redis.start()
    try:
        with staged(tmp_path / "state", prepared_state, redis.stop, redis.start, REDIS_URL=redis.url) as stage:
            yield stage
    finally:
        redis.stop()


@pytest.fixture
def on_a_file(tmp_path: Path, prepared_state: Path) -> Iterator[Stage]:
    state = tmp_path / "state"

    def remove() -> None:
        for path in state.glob("huey.sqlite3*"):
            path.unlink()

    with staged(state, prepared_state, remove, lambda: None) as stage:
        yield stage


def sent(sink: Sink) -> list[str]:
    """To those of this test; the demo has mails of its own."""
    return [address for address in sink.addresses() if address.endswith("@somewhere.example")]


def show_nothing_is_lost(stage: Stage) -> None:
    people, portal = People(stage.portal), stage.portal
    people.all_at_once(0)
    stage.go_away()
    for number in (1, 2):
        people.all_at_once(number)
    assert set(people.statuses) == {200, 302}
    soon(lambda: sent(stage.sink) == sorted(people.owed), lambda: (sent(stage.sink), people.owed))
    soon(lambda: portal.ask(UNSENT).strip() == "0", portal.log.read_text)
    # A link that was mailed meanwhile opens.
    confirmation = next(mail for mail in stage.sink.mails if mail["To"] == "new-2@somewhere.example")
    link = re.search(r"http://\S+/verify/\S+", confirmation.get_content())
    assert link
    assert requests.get(link[0], timeout=30).status_code == 200
    stage.come_back()
    soon(lambda: portal.ask(ASK).strip() == "True", portal.log.read_text)
    soon(lambda: portal.ask(WAIT_IN_QUEUE).strip() == "0", portal.log.read_text)
    assert not re.findall("ERROR (?:django|linnapp|installs).*", portal.log.read_text())


@pytest.mark.redis
@pytest.mark.slow
def test_redis_is_killed_while_people_sign_up_invite_and_install(on_redis: Stage) -> None:
    show_nothing_is_lost(on_redis)


@pytest.mark.slow
def test_the_queue_file_is_removed_while_people_sign_up_invite_and_install(on_a_file: Stage) -> None:
    show_nothing_is_lost(on_a_file)
