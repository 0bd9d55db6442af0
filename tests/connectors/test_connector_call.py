"""connector_call: a call with a connector, from a terminal."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from installs.connectors import calling
from installs.connectors.client import AUTHORIZE
from linnapp.errors import NotPossible
from linnapp.models import Account, User
from tests.kit.connectors import CALL, OAUTH, SIX, as_json, connector
from tests.kit.receivers import Received, Reply, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")


def called(*arguments: str) -> str:
    out = StringIO()
    call_command("connector_call", *arguments, stdout=out)
    return out.getvalue()


def test_connector_call_prints_status_and_body_and_renews_the_session(carol: User, cakes: Account) -> None:
    live: list[str] = []

    def answer(received: Received) -> Reply:
        if received.path == AUTHORIZE:
            live[:] = [f"session-{len(live)}"]
            return as_json(token=live[0])
        if received.headers["Authorization"] not in live:
            return as_json(401)
        return Reply(404) if received.path == "/api/Missing" else as_json(200, got=received.body.decode())

    with receiving(answer) as receiver:
        connector(cakes, receiver.url, carol)
        assert called("warehouse", "get", CALL) == '200 OK\n{"got": ""}\n'
        live.clear()
        with pytest.raises(CommandError, match=r"The call was answered 404\."):
            called("Warehouse", "GET", "/api/Missing")
        assert "a=1" in called("Warehouse", "POST", CALL, "--data", "a=1", "--account", "carols-cakes")
        exchanges = [received for received in receiver.received if received.path == AUTHORIZE]
        assert [received.form["Token"] for received in exchanges] == [SIX["token"]] * 2
        assert receiver.received[-1].headers["Content-Type"] == "application/x-www-form-urlencoded"
        called("Warehouse", "POST", CALL, "--data", f'{{"a": {"9" * 5000}}}')
        assert receiver.received[-1].body == f'{{"a": {"9" * 5000}}}'.encode()
        assert receiver.received[-1].headers["Content-Type"] == "application/json"


def test_connector_call_says_what_is_wrong_in_a_sentence(
    carol: User, cakes: Account, dave: User, depot: Account
) -> None:
    with pytest.raises(CommandError, match="There is no connector named Nothing"):
        called("Nothing", "GET", "/api/x")
    with receiving(OAUTH) as receiver:
        connector(cakes, receiver.url, carol)
        with pytest.raises(CommandError, match="has “access_token”, not “token”"):
            called("Warehouse", "GET", "/api/x")
    for path in ("api/x", "https://api.example.com/api/x"):
        with pytest.raises(CommandError, match="Write what follows the base URL, from its slash on"):
            called("Warehouse", "GET", path)
    with pytest.raises(CommandError, match="The body begins as JSON and is none: Expecting"):
        called("Warehouse", "POST", "/api/x", "--data", '{"a"')
    with pytest.raises(CommandError, match="Lists and objects of the body stand too deep in each other"):
        called("Warehouse", "POST", "/api/x", "--data", "[" * 20_000)
    connector(depot, "https://api.example.com", dave)
    with pytest.raises(CommandError, match="Choose one by --account: carols-cakes, daves-depot"):
        called("Warehouse", "GET", "/api/x")


def test_whoever_holds_a_connector_calls_nobody_once_its_account_is_suspended(carol: User, cakes: Account) -> None:
    with receiving(OAUTH) as receiver:
        held = connector(cakes, receiver.url, carol, token_key="access_token")
        caller = calling.caller_of(held, calling.sending())
        assert held.account.suspended_by_staff_at is None
        Account.objects.update(suspended_by_staff_at=timezone.now())
        with pytest.raises(NotPossible, match="has been suspended by this portal's staff"):
            calling.call(held, "GET", CALL)
        with pytest.raises(NotPossible, match="its connectors send nothing"):
            caller.call("GET", CALL)
        assert not receiver.received
        Account.objects.update(suspended_by_staff_at=None)
        caller.call("GET", CALL)
        assert receiver.received
