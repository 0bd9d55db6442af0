"""Test connection shows what a server said, and no secret of it."""

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.test import Client

from installs.connectors import calling
from linnapp import credentials
from linnapp.models import Account, User
from tests.kit.connectors import CALL, OPAQUE, SECRETS, SESSION, SIX, api, as_json, check, connector
from tests.kit.receivers import Reply, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")


@pytest.mark.parametrize("session", [SESSION, OPAQUE, SESSION.replace("-", "").upper(), "terse"])
def test_what_was_said_is_shown_without_a_secret(carols: Client, carol: User, cakes: Account, session: str) -> None:
    with receiving(lambda received: api(received, session)) as receiver:
        row = connector(cakes, receiver.url, carol)
        page = check(carols, row)
        assert "It works." in page
        assert calling.call(row, "GET", CALL).status == 200
    written = json.dumps(list(row.checks.values("steps", "conversation", "fault", "fix")))
    for secret in (session, *SECRETS, *(credentials.canonical(secret) or "-" for secret in SECRETS)):
        assert secret not in page
        assert secret not in written
    assert "Token=…beef" in page
    assert '"Token": "[hidden]"' in page
    assert "grant_type=client_credentials" in page


TOKEN = SIX["token"]
SPELLINGS = [
    ("an address", TOKEN.replace("-", "%2D").encode(), {}),
    ("a script", TOKEN.replace("-", "\\u002d").encode(), {}),
    ("a page", TOKEN.replace("-", "&#45;").encode(), {}),
    ("UTF-16", TOKEN.encode("utf-16-le"), {}),
    ("the end of what was cut", (TOKEN + " ").encode() * 442 + b" " * 20 + TOKEN.encode(), {}),
    ("an address, every byte", "".join(f"%{byte:02x}" for byte in TOKEN.encode()).encode(), {}),
    ("a kind of content", b"", {"Content-Type": f"text/{TOKEN}"}),
    ("another header", b"", {"Server": TOKEN.upper()}),
]


@pytest.mark.parametrize(("where", "body", "headers"), SPELLINGS, ids=[where for where, *_ in SPELLINGS])
def test_a_permanent_token_that_is_answered_in_another_spelling_is_not_shown(
    where: str, body: bytes, headers: dict[str, str], carols: Client, carol: User, cakes: Account
) -> None:
    with receiving(Reply(400, headers, body)) as receiver:
        page = check(carols, connector(cakes, receiver.url, carol))
    answered = page.partition("Answer")[2].replace("\ufffd", "")
    assert "HTTP 400" in answered
    # The first eight digits stand in each of the spellings.
    assert TOKEN[:8] not in answered.lower()


def test_names_of_members_are_told_and_long_values_are_not(carols: Client, carol: User, cakes: Account) -> None:
    names: dict[str, Any] = {"FulfilmentCenterDeductStockWhenProcessed": False}
    names |= {"PrivateDatabaseServer": "", "token_type": "Bearer"}
    with receiving(as_json(Ticket=OPAQUE, Number=10**30, **names, **{OPAQUE: 1})) as receiver:
        page = check(carols, connector(cakes, receiver.url, carol))
    assert '"FulfilmentCenterDeductStockWhenProcessed": false' in page
    assert '"PrivateDatabaseServer": ""' in page
    assert '"token_type": "Bearer"' in page
    assert "0" * 20 not in page
    assert OPAQUE not in page


@pytest.mark.parametrize("session", ["s3cr3t-Sess10n", "ab/cd+ef12345678=="])
@pytest.mark.parametrize("key", ["token", "Ticket"])
def test_no_text_of_an_answer_to_authorising_is_shown_whatever_its_name(
    session: str, key: str, carols: Client, carol: User, cakes: Account
) -> None:
    form = Reply(200, {"Content-Type": "application/x-www-form-urlencoded"}, urlencode({key: session}).encode())
    for number, answer in enumerate((form, Reply(200, {}, json.dumps({key: session}).encode()))):
        with receiving(answer) as receiver:
            page = check(carols, connector(cakes, receiver.url, carol, name=f"Number {number}"))
        assert f'"{key}": "[hidden]"' in page
        assert session not in page
        assert quote(session, safe="") not in page


SHAPES = ['"{}"', "{}", '["{}"]', '{{"code": "{}"}}', '{{"state": {{"ticket": "{}"}}}}', '{{"message": ["{}"]}}']


@pytest.mark.parametrize("shape", SHAPES)
def test_nor_is_one_in_another_shape(shape: str, carols: Client, carol: User, cakes: Account) -> None:
    with receiving(Reply(200, {}, shape.format("s3cr3t-Sess10n").encode())) as receiver:
        page = check(carols, connector(cakes, receiver.url, carol))
    assert "s3cr3t" not in page.partition("Answer")[2]


def test_what_another_server_said_is_kept_without_what_could_open_something() -> None:
    said = json.dumps(
        {"Data": [{"sid": SESSION, "refresh_token": "r", "Note": f"ask {SESSION} or {OPAQUE}"}], "Ok": True}
    )
    kept = json.loads(credentials.without_secrets(said, ["ask"]))
    assert kept == {
        "Data": [{"sid": "[hidden]", "refresh_token": "[hidden]", "Note": f"[…ask] […feed] or […{OPAQUE[-4:]}]"}],
        "Ok": True,
    }
