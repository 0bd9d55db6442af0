"""One live installation and one permanent token, however many people install at once."""

import re
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest
import requests
from django.db import connection

from installs.exchange import authorization
from installs.exchange.wire import ExchangeRequest
from installs.installations import lifecycle
from installs.models import Installation, PermanentToken, Session
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, User, Version
from tests.kit.consenting import rows
from tests.kit.people import acting
from tests.kit.portal import Portal

CAROL = "carol@carolscakes.example"
CAKES = "SELECT id FROM linnapp_account WHERE slug = 'carols-cakes'"
AT_ONCE = 50
# An application that Carol's Cakes does not have.
UNINSTALLED_ONE = """
from installs.models import Installation
from linnapp.models import Application, Version
taken = Installation.objects.live().filter(account__slug="carols-cakes").values("application")
application = Application.objects.exclude(pk__in=taken).first()
print(application.pk, application.versions.the_latest().pk)
"""


@contextmanager
def database_of(portal: Portal) -> Iterator[Any]:
    url = portal.env.get("DATABASE_URL")
    if url:
        with psycopg.connect(url, autocommit=True) as postgres:
            yield postgres
    else:
        with closing(sqlite3.connect(f"{portal.env['STATE_DIR']}/db.sqlite3", timeout=20)) as sqlite:
            yield sqlite


def signed_in(portal: Portal, email: str) -> requests.Session:
    browser = requests.Session()
    page = browser.get(f"{portal.url}/sign-in/").text
    form = {"csrfmiddlewaretoken": hidden(page, "csrfmiddlewaretoken"), "login": email, "next": "/profile/e-mail/"}
    answer = browser.post(f"{portal.url}/sign-in/", form | {"password": demo_password(portal)})
    assert answer.url.endswith("/profile/e-mail/"), answer.text
    return browser


def demo_password(portal: Portal) -> str:
    return portal.ask("from django.conf import settings; print(settings.DEMO_PASSWORD)").strip()


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, page
    return found[1]


def at_once(action: Callable[[int], Any], times: int) -> list[Any]:
    """Results of so many calls that start together; each thread gives its database connection back."""
    gate = threading.Barrier(times)

    def run(number: int) -> Any:
        gate.wait()
        try:
            return action(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


@pytest.mark.slow
def test_fifty_installs_at_once_leave_one_installation_and_one_permanent_token(own_portal: Portal) -> None:
    application, version = own_portal.ask(UNINSTALLED_ONE).split()
    browser = signed_in(own_portal, CAROL)
    url = f"{own_portal.url}/Authorization/Authorize/{application}"
    key = hidden(browser.get(url).text, "csrfmiddlewaretoken")
    cookies = browser.cookies.get_dict()
    form = {"csrfmiddlewaretoken": key, "account": "carols-cakes", "version": version, "agreed": "on"}

    def install(number: int) -> requests.Response:
        nonce = {"nonce": uuid.uuid4().hex}
        return requests.post(url, form | nonce, cookies=cookies, allow_redirects=False, timeout=60)

    answers = at_once(install, AT_ONCE)
    assert [answer.status_code for answer in answers] == [302] * AT_ONCE
    assert len({answer.headers["Location"] for answer in answers}) == 1
    with database_of(own_portal) as database:
        mine = f"application_id = '{written(own_portal, application)}' AND account_id = ({CAKES})"
        installed = f"SELECT id FROM installs_installation WHERE {mine}"
        assert len(database.execute(installed).fetchall()) == 1
        tokens = f"SELECT id FROM installs_permanenttoken WHERE installation_id = ({installed})"
        assert len(database.execute(tokens).fetchall()) == 1
        refuse_second_live_row(database, mine)
    assert "Traceback" not in own_portal.log.read_text()


def written(portal: Portal, value: str) -> str:
    """A UUID as the engine keeps it."""
    return value if "DATABASE_URL" in portal.env else value.replace("-", "")


def refuse_second_live_row(database: Any, mine: str) -> None:
    """A copy of the live row under another id, past all code."""
    found = database.execute(f"SELECT * FROM installs_installation WHERE {mine}")
    columns = [column[0] for column in found.description]
    # What it began to read would keep SQLite from writing, where somebody else wrote meanwhile.
    found.fetchall()
    values = ", ".join(f"'{uuid.uuid4().hex}'" if name == "id" else name for name in columns)
    insert = f"INSERT INTO installs_installation ({', '.join(columns)}) SELECT {values} FROM installs_installation"
    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.UniqueViolation)):
        database.execute(f"{insert} WHERE {mine}")


@pytest.mark.django_db(transaction=True)
def test_the_same_form_sent_many_times_at_once_counts_once(
    application: Application, version: Version, cakes: Account, carol: User
) -> None:
    def consent(number: int) -> Any:
        return lifecycle.install(application, account=cakes, version=version, consent="once", by=acting(carol))

    before = rows()
    consents = at_once(consent, 8)
    assert sorted(consented.created for consented in consents) == [False] * 7 + [True]
    assert len({consented.token.value() for consented in consents}) == 1
    assert [after - was for after, was in zip(rows(), before, strict=True)] == [1, 1, 1]


@pytest.mark.django_db(transaction=True)
def test_authorising_again_while_it_is_uninstalled_hands_out_no_dead_token(
    installation: Installation, carol: User
) -> None:
    """Whichever comes first: the token handed out is the dead one only if uninstalling came after."""

    def act(number: int) -> Any:
        if number % 4 == 0:
            return end(installation, carol)
        return lifecycle.install(
            installation.application, account=installation.account, version=installation.version, by=acting(carol)
        )

    consents = [done for done in at_once(act, 8) if done]
    live = Installation.objects.live()
    assert live.count() <= 1
    for row in Installation.objects.all():
        assert row.permanent_tokens.live().count() == (1 if row.is_live else 0)
    assert len(consents) == 6


def end(installation: Installation, by: User) -> None:
    try:
        lifecycle.uninstall(installation, by=acting(by))
    except NotPossible:
        return


@pytest.mark.django_db(transaction=True)
def test_exchanges_installs_and_the_end_wait_for_each_other_and_never_in_a_circle(
    installation: Installation, carol: User
) -> None:
    """PostgreSQL ends a transaction that waits in a circle: the caller would see an error of the server."""
    token = lifecycle.current_token(installation).value().replace("-", "")
    secret = installation.application.secrets.get().value().replace("-", "")
    request = ExchangeRequest(installation.application_id.hex, secret, token)

    def act(number: int) -> None:
        for _ in range(10):
            if number == 0:
                again(installation, carol)
            else:
                exchange(request)
        if number == 0:
            end(installation, carol)

    at_once(act, 8)
    assert Session.objects.live().count() == 0
    assert PermanentToken.objects.live().count() == 0


def again(installation: Installation, by: User) -> None:
    lifecycle.install(
        installation.application, account=installation.account, version=installation.version, by=acting(by)
    )


def exchange(request: ExchangeRequest) -> None:
    try:
        authorization.authorize(request, address="127.0.0.1")
    except authorization.Refused:
        return
