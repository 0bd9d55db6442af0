"""Suspending, uninstalling and retiring while two hundred clients exchange: no live session is left behind."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

import psycopg
import pytest

from tests.kit.portal import Portal, demo_portal

CLIENTS = 200
CAP = 100
ANSWERED_BEFORE_THE_ACT = 40
# Each act happens to an application of its own, because the tests share a portal.
ACTS = {
    "Stock Bridge": "suspending.suspend_by_staff(installation, by=paula)",
    "Parcel Sync": "suspending.suspend_application(installation.application, by=paula)",
    "Blue Market": "lifecycle.uninstall(installation, by=owner)",
    "Ledger Link": "suspending.suspend(installation, by=owner)",
    "Review Lamp": "secret_ends.retire_secret(secret, after=endings.AFTER['now'], by=paula)",
}
AT_THE_CAP = "Order Board"
INSTALLED_LATE = "Ledger Link"
PREPARE = """
from installs.application import secret_ends, withdrawing
from installs.installations import lifecycle, suspending
from installs.models import Installation, Session
from linnapp import endings
from linnapp.actors import Actor, Side
from linnapp.models import User
from linnapp.services import secrets
paula = Actor(User.objects.get(email="paula@linnapp.example"), Side.STAFF, "Test")
installation = Installation.objects.active().filter(application__name={name!r}).order_by("installed_at", "pk").first()
secret = installation.application.secrets.live().first()
owner = Actor(installation.account.owners()[0], Side.CUSTOMER)
"""
# The last live secret is not retired.
NEXT_SECRET = "secrets.create_secret(application=installation.application, by=paula)"
SHOW = """
token = lifecycle.current_token(installation)
print(installation.application_id, secret.value(), token.value(), installation.pk)
"""
# Whole accounts are resumed afterwards: other tests need what they have.
ACCOUNTS = {"on the account": "installation.account", "of the developer": "installation.application.account"}
SUSPEND_ACCOUNT = """
from installs.installations import suspending_accounts
installation = Installation.objects.get(pk={installation!r})
assert suspending_accounts.{act}_account({account}, by=paula)
"""
INSTALL = """
from linnapp.models import Account
application = installation.application
there = Installation.objects.live().filter(application=application).values("account")
others = Account.objects.exclude(pk__in=there).exclude(pk=application.account_id)
account = others.filter(memberships__role="OWNER").first()
owner = Actor(account.memberships.get(role="OWNER").user, Side.CUSTOMER)
"""
DO_INSTALL = "lifecycle.install(application, account=account, version=application.versions.the_latest(), by=owner)"
ROTATE = """
from installs.installations import rotating
from tests.kit.exchanging import exchange
rotation = rotating.rotation_of(installation) or rotating.rotate(installation, by=owner)
"""
# By hand, and by the first exchange with the new one, in a process that is none of the two that exchange the old one.
ENDS = {
    "by hand": "rotating.end_old_token(installation, by=owner)",
    "by use": "assert exchange(rotation.new).status_code == 200",
}
OLD_LEFT = """
old = rotating.PermanentToken.objects.get(digest=credentials.digest({token!r}))
print(Session.objects.filter(permanent_token=old, ended_at=None).count(), old.ends_at is not None)
"""
LIVE = """
from installs.models import Session
print(Session.objects.filter(installation={installation!r}).live().count())
"""


@dataclass
class Exchanges:
    """What the clients were answered, in the order of the answers."""

    statuses: list[int] = field(default_factory=list)
    enough: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)

    def note(self, status: int) -> None:
        self.statuses.append(status)
        if len(self.statuses) >= ANSWERED_BEFORE_THE_ACT:
            self.enough.set()


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def roomy_portal(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, prepared_state: Path
) -> Iterator[Portal]:
    """A portal whose limits let one installation exchange as often as the tests do."""
    state = tmp_path_factory.mktemp("races")
    limits = {"EXCHANGES_PER_MINUTE": "1000000", "SESSIONS_PER_INSTALLATION": str(CAP), "WEB_WORKERS": "2"}
    with demo_portal(state, prepared_state, request.param, **limits) as portal:
        yield portal


def installation_of(portal: Portal, name: str, prepare: str = NEXT_SECRET) -> tuple[str, str]:
    """The body of an exchange, and the installation's ID."""
    application_id, secret, token, installation = portal.ask(PREPARE.format(name=name) + prepare + SHOW).split()
    members = {"ApplicationId": application_id, "ApplicationSecret": secret, "Token": token}
    return json.dumps(members), installation


def live_sessions(portal: Portal, installation: str) -> int:
    return int(portal.ask(LIVE.format(installation=installation)))


def exchange(portal: Portal, body: str) -> int:
    connection = HTTPConnection("localhost", portal.port, timeout=60)
    try:
        connection.request("POST", "/api/Auth/AuthorizeByApplication", body, {"Content-Type": "application/json"})
        return connection.getresponse().status
    finally:
        connection.close()


def keep_exchanging(portal: Portal, body: str, start: threading.Barrier, exchanges: Exchanges) -> int:
    """Exchanges until the act is done, and once more; the status of that last one."""
    start.wait()
    while not exchanges.done.is_set():
        exchanges.note(exchange(portal, body))
    return exchange(portal, body)


def during(portal: Portal, body: str, act: str) -> tuple[Exchanges, list[int]]:
    """All clients exchange at the same time; the act happens among them. Their answers, and the last one of each."""
    exchanges, start = Exchanges(), threading.Barrier(CLIENTS)
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(keep_exchanging, portal, body, start, exchanges) for _ in range(CLIENTS)]
        try:
            assert exchanges.enough.wait(60)
            portal.ask(act)
        finally:
            exchanges.done.set()
        return exchanges, [client.result() for client in clients]


@pytest.mark.parametrize("name", ACTS)
def test_no_session_outlives_the_act(roomy_portal: Portal, name: str) -> None:
    body, installation = installation_of(roomy_portal, name)
    exchanges, last = during(roomy_portal, body, PREPARE.format(name=name) + ACTS[name])
    assert exchanges.statuses.count(200) >= ANSWERED_BEFORE_THE_ACT
    # 429: an address that keeps failing is asked to wait.
    assert {*exchanges.statuses, *last} <= {200, 400, 429}
    assert set(last) <= {400, 429}
    assert live_sessions(roomy_portal, installation) == 0


@pytest.mark.parametrize("side", ACCOUNTS)
def test_no_session_outlives_the_suspension_of_an_account(roomy_portal: Portal, side: str) -> None:
    body, installation = installation_of(roomy_portal, AT_THE_CAP, prepare="")
    prepared = PREPARE.format(name=AT_THE_CAP)
    facts = {"installation": installation, "account": ACCOUNTS[side]}
    exchanges, last = during(roomy_portal, body, prepared + SUSPEND_ACCOUNT.format(act="suspend", **facts))
    try:
        assert exchanges.statuses.count(200) >= ANSWERED_BEFORE_THE_ACT
        assert {*exchanges.statuses, *last} <= {200, 400, 429}
        assert set(last) <= {400, 429}
        assert live_sessions(roomy_portal, installation) == 0
    finally:
        resume(roomy_portal, facts)
    assert exchange(roomy_portal, body) == 200


def resume(portal: Portal, facts: dict[str, str]) -> None:
    """While it is suspended none of its installations is active."""
    anyone = PREPARE.format(name=AT_THE_CAP).replace("active()", "all()")
    portal.ask(anyone + SUSPEND_ACCOUNT.format(act="resume", **facts))


def test_whoever_runs_a_version_that_is_withdrawn_keeps_exchanging(roomy_portal: Portal) -> None:
    body, _ = installation_of(roomy_portal, AT_THE_CAP, prepare="")
    withdraw = "assert withdrawing.withdraw_version(installation.version, by=paula)"
    exchanges, last = during(roomy_portal, body, PREPARE.format(name=AT_THE_CAP) + withdraw)
    assert len(exchanges.statuses) >= ANSWERED_BEFORE_THE_ACT
    assert {*exchanges.statuses, *last} == {200}


def test_no_more_sessions_than_the_cap_are_left(roomy_portal: Portal) -> None:
    body, installation = installation_of(roomy_portal, AT_THE_CAP)
    with ThreadPoolExecutor(CLIENTS) as pool:
        statuses = list(pool.map(lambda _: exchange(roomy_portal, body), range(2 * CLIENTS)))
    assert set(statuses) == {200}
    assert live_sessions(roomy_portal, installation) == CAP


@pytest.mark.parametrize("end", ENDS)
def test_no_session_outlives_the_old_permanent_token(roomy_portal: Portal, end: str) -> None:
    body, _ = installation_of(roomy_portal, AT_THE_CAP, prepare="")
    prepared = PREPARE.format(name=AT_THE_CAP) + ROTATE
    roomy_portal.ask(prepared)
    exchanges, last = during(roomy_portal, body, prepared + ENDS[end])
    assert exchanges.statuses.count(200) >= ANSWERED_BEFORE_THE_ACT
    assert {*exchanges.statuses, *last} <= {200, 400, 429}
    assert set(last) <= {400, 429}
    asked = "from linnapp import credentials\n" + OLD_LEFT.format(token=json.loads(body)["Token"])
    assert roomy_portal.ask(prepared.replace(" or rotating.rotate(installation, by=owner)", "") + asked) == "0 True\n"


@contextmanager
def application_held(portal: Portal, application: str) -> Iterator[None]:
    """The application as somebody who changes it holds it: its row, or on SQLite the whole database."""
    if url := portal.env.get("DATABASE_URL"):
        with psycopg.connect(url) as database:
            database.execute("SELECT 1 FROM linnapp_application WHERE id = %s FOR NO KEY UPDATE", [application])
            yield
        return
    file = sqlite3.connect(Path(portal.env["STATE_DIR"]) / "db.sqlite3", isolation_level=None, timeout=20)
    file.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        file.execute("ROLLBACK")
        file.close()


def test_installing_waits_for_whoever_changes_the_application(roomy_portal: Portal) -> None:
    """Two consents at once find each other's installation only because each holds the application from the start."""
    application = roomy_portal.ask(PREPARE.format(name=INSTALLED_LATE) + "print(installation.application_id)").strip()
    code = PREPARE.format(name=INSTALLED_LATE) + INSTALL + DO_INSTALL
    with ThreadPoolExecutor(1) as somebody:
        with application_held(roomy_portal, application):
            installed = somebody.submit(roomy_portal.ask, code)
            with pytest.raises(TimeoutError):
                installed.result(timeout=2)
        installed.result(timeout=30)


@pytest.mark.parametrize("side", ACCOUNTS)
def test_suspending_an_account_waits_for_whoever_ends_sessions_of_an_application(
    roomy_portal: Portal, side: str
) -> None:
    """Both end the same ones, and would wait for each other's rows in a circle."""
    prepared = PREPARE.format(name=AT_THE_CAP)
    application, installation = roomy_portal.ask(
        prepared + "print(installation.application_id, installation.pk)"
    ).split()
    facts = {"installation": installation, "account": ACCOUNTS[side]}
    with ThreadPoolExecutor(1) as somebody:
        with application_held(roomy_portal, application):
            code = prepared + SUSPEND_ACCOUNT.format(act="suspend", **facts)
            suspended = somebody.submit(roomy_portal.ask, code)
            with pytest.raises(TimeoutError):
                suspended.result(timeout=1)
        suspended.result(timeout=30)
    resume(roomy_portal, facts)
