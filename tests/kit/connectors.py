"""What tests of connectors share: the six credentials, a Linnworks API, and a connector that is tested."""

import html
import json
import re
from typing import Any

from django.test import Client
from django.urls import reverse

from installs.connectors import checking, making
from installs.connectors.client import AUTHORIZE
from installs.models import Connector, ConnectorCheck
from linnapp.models import Account, User
from tests.kit.people import acting
from tests.kit.receivers import Received, Reply

SIX = {
    "scope": "GlobalPermissions.OrderBook",
    "token": "6a5ef9a1-0000-4000-8000-00000000beef",
    "application_id": "6a5ef9a1-0000-4000-8000-000000000001",
    "application_secret": "6a5ef9a1-0000-4000-8000-00000000cafe",
    "grant_type": "client_credentials",
    "token_key": "token",
}
FILLED = {"name": "Warehouse", "base_url": "https://api.linnworks.net", **SIX}
SECRETS = [SIX[name] for name in ("token", "application_id", "application_secret")]
# Of all shapes that servers give: each is to stand on no page.
SESSION = "0f9d4e7c-1111-4222-8333-4444deadfeed"
OPAQUE = "eyJhbGciOiJIUzI1NiJ9.c2Vzc2lvbg.dGhlLXNpZ25hdHVyZQ"
CALL = "/api/Inventory/GetStockLocations"


def url(name: str, *more: object, account: str = "carols-cakes") -> str:
    return reverse(name, args=[account, *more])


def seen(response: Any) -> str:
    """The page as it is read: without tags, its spaces as one."""
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", html.unescape(text))


def connector(account: Account, base_url: str, by: User, **fields: str) -> Connector:
    return making.make(account, making.Values(**FILLED | {"base_url": base_url} | fields), by=acting(by))


def check(client: Client, row: Connector) -> str:
    """The page of the connector after it was tested."""
    asked = client.post(url("connector_check", row.pk))
    assert asked.headers["Location"] == url("connector_check", row.pk)
    assert row.checks.filter(state=ConnectorCheck.State.WAITING).exists()
    checking.work()
    answer = client.get(asked.headers["Location"])
    assert answer.status_code == 200
    return seen(answer)


def lines(page: str) -> list[tuple[str, str]]:
    return re.findall(r"(\w+) \((passed|failed|running|not reached)\)", page)


def as_json(status: int = 200, **members: object) -> Reply:
    return Reply(status, {"Content-Type": "application/json"}, json.dumps(members).encode())


def api(received: Received, session: str = SESSION) -> Reply:
    """A Linnworks API with two stock locations."""
    if received.path == AUTHORIZE:
        return as_json(Token=session, TTL=1800, Id=session)
    if received.headers.get("Authorization") != session:
        return as_json(401, Message="No session.")
    return Reply(200, {"Content-Type": "application/json"}, b'[{"LocationName": "Default"}, {"LocationName": "Two"}]')


OAUTH = as_json(access_token=OPAQUE, token_type="Bearer", expires_in=3600)
