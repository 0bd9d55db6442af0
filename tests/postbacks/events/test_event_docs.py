"""docs/events.md: its examples have the members of what is sent, and its code believes what the portal sent alone."""

import json
import re
from typing import Any

import pytest

from installs.installations import suspending
from installs.models import EventType, Installation, SigningSecret
from linnapp.models import Application, User
from tests.kit.events import body, send_events
from tests.kit.node import Node
from tests.kit.people import acting
from tests.kit.portal import ROOT
from tests.kit.posting import deliver
from tests.kit.receivers import Received, receiving

PAGE = (ROOT / "docs" / "events.md").read_text()
EXAMPLES = re.findall(r"^### `([^`]+)`\n[^\n]+\n```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
CODE = dict(re.findall(r"^```(python|js)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
JUDGE = """
console.log(JSON.stringify(given.messages.map(({ headers, body, secret }) => {
    return eventOf(headers, Buffer.from(body), secret);
})));
"""
Message = tuple[dict[str, str], bytes, str]


@pytest.fixture
def suspended(
    application: Application, installation: Installation, alice: User, carol: User, to_loopback: None
) -> Received:
    """With a name that is no ASCII: what is signed are its bytes."""
    Application.objects.update(name="Zoë’s Brücke 橋")
    with receiving() as receiver:
        send_events(application, receiver.url, alice)
        suspending.suspend(installation, by=acting(carol))
        deliver()
    return receiver.received[0]


def members(read: Any) -> Any:
    return {name: members(value) for name, value in read.items()} if isinstance(read, dict) else None


def test_every_event_has_an_example_with_the_members_that_are_sent(suspended: Received) -> None:
    assert sorted(name for name, _ in EXAMPLES) == sorted(EventType.values)
    sent = members(body(suspended))
    for name, text in EXAMPLES:
        example = json.loads(text)
        assert example["type"] == name
        of_application = {key: sent["data"][key] for key in ("number", "application", "by", "reason")}
        expected = sent["data"] if name.startswith("installation.") else of_application
        assert members(example) == sent | {"data": expected}, name


@pytest.mark.parametrize("language", ["python", "js"])
def test_its_code_believes_what_was_sent_and_nothing_else(
    suspended: Received, language: str, request: pytest.FixtureRequest
) -> None:
    secret, headers = SigningSecret.objects.get().value(), dict(suspended.headers)
    headers = {name.lower(): value for name, value in headers.items()}
    messages: list[Message] = [
        (headers, suspended.body, secret),
        (headers, suspended.body + b" ", secret),
        (headers, json.dumps(body(suspended)).encode(), secret),
        (headers | {"webhook-id": "another"}, suspended.body, secret),
        (headers, suspended.body, "whsec_" + "A" * 32),
    ]
    if language == "python":
        names: dict[str, Any] = {}
        exec(compile(CODE["python"], "docs/events.md", "exec"), names)
        read = [names["event_of"](*message) for message in messages]
    else:
        node: Node = request.getfixturevalue("node")
        given = [{"headers": given, "body": text.decode(), "secret": key} for given, text, key in messages]
        read = json.loads(node.run(CODE["js"] + JUDGE, messages=given))
    assert read == [body(suspended), None, None, None, None]
    assert read[0]["data"]["application"]["name"] == "Zoë’s Brücke 橋"
