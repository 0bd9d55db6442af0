"""Twelve events from the acts that cause them, through a real receiver: each once, numbered without a gap, in order,
none with a secret, and genuine to the public Standard Webhooks libraries."""

from collections.abc import Iterator

import pytest
from standardwebhooks import Webhook

from installs.application import removal
from installs.installations import lifecycle, moving, rotating, suspending
from installs.models import Attempt, Delivery, EventType, Installation, PermanentToken, SigningSecret
from linnapp.models import Account, Application, Secret, TimelineEntry, User
from tests.kit.events import body, of_each, send_events, told, without_gap
from tests.kit.node import Node
from tests.kit.people import acting
from tests.kit.posting import deliver, install, wait_for_200, with_postback
from tests.kit.receivers import Receiver, Reply, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")
ALL = [
    ("installation.failed", 1),
    ("installation.installed", 1),
    ("installation.authorised", 2),
    ("installation.updated", 3),
    ("installation.went_back", 4),
    ("installation.suspended", 5),
    ("installation.resumed", 6),
    ("installation.token_rotated", 7),
    ("application.suspended", 1),
    ("application.resumed", 2),
    ("installation.uninstalled", 8),
    ("application.retired", 3),
]
VERIFY = """
const { Webhook } = require("standardwebhooks");
const webhook = new Webhook(given.secret);
console.log(JSON.stringify(given.messages.map(({ headers, body }) => webhook.verify(body, headers).type)));
"""


@pytest.fixture
def everything_happened(
    application: Application, cakes: Account, alice: User, carol: User, paula: User
) -> Iterator[Receiver]:
    """From the first installation, which fails, to the end of the application."""
    wait_for_200(application)
    replies = [Reply(500)]
    with receiving(lambda _: replies.pop() if replies else Reply()) as postbacks, receiving() as events:
        send_events(application, events.url + "/events", alice)
        first = with_postback(application, postbacks.url + "?token=[{TOKEN}]", alice)
        install(application, cakes, first, carol)
        deliver()
        row = install(application, cakes, first, carol).installation
        deliver()
        install(application, cakes, first, carol)
        newest = with_postback(application, postbacks.url, alice, (1, 1, 0))
        moving.update(row, to=newest, by=acting(carol))
        moving.go_back(row, to=first, by=acting(carol))
        suspending.suspend(row, by=acting(carol))
        suspending.resume(row, by=acting(carol))
        rotating.rotate(row, by=acting(carol))
        deliver()
        suspending.suspend_application(application, by=acting(paula, reason="It sends spam"))
        deliver()
        suspending.resume_application(application, by=acting(paula, reason="It does no more"))
        lifecycle.uninstall(row, by=acting(carol))
        deliver()
        removal.remove_application(application, by=acting(alice))
        deliver()
        yield events


def test_each_comes_once_numbered_without_a_gap_and_in_order(everything_happened: Receiver) -> None:
    came = told(everything_happened)
    assert sorted(came) == sorted(ALL)
    assert set(dict(came)) == set(EventType.values)
    for numbers in of_each(everything_happened).values():
        assert without_gap(numbers)
    line = TimelineEntry.objects.get(kind="EVENT", facts__event="uninstalled")
    assert (line.facts["number"], line.facts["outcome"]) == (8, "Answered 200 OK")


def test_none_holds_a_token_or_a_secret(everything_happened: Receiver) -> None:
    planted = [row.value() for row in (*PermanentToken.objects.all(), *SigningSecret.objects.all())]
    planted += [row.value() for row in Secret.objects.all()]
    assert len(planted) >= 5
    sent = "\n".join(f"{one.path} {dict(one.headers)} {one.body.decode()}" for one in everything_happened.received)
    kept = "\n".join(f"{row.payload} {row.url}" for row in Delivery.objects.events())
    logged = "\n".join(f"{row.request} {row.answer}" for row in Attempt.objects.all())
    for text in (sent, kept, logged):
        assert not [value for value in planted if value in text or value.replace("-", "") in text]


def test_the_libraries_for_python_and_javascript_find_each_genuine(everything_happened: Receiver, node: Node) -> None:
    secret = SigningSecret.objects.get().value()
    received = everything_happened.received
    types = [Webhook(secret).verify(one.body, dict(one.headers))["type"] for one in received]
    messages = [{"headers": dict(one.headers), "body": one.body.decode()} for one in received]
    assert node.run(VERIFY, secret=secret, messages=messages).count("installation.") == 9
    assert types == [body(one)["type"] for one in received]
    assert {one.headers["Content-Type"] for one in received} == {"application/json"}
    assert [one.headers["webhook-id"] for one in received] == [
        str(row.pk) for one in received for row in Delivery.objects.filter(pk=one.headers["webhook-id"])
    ]


def test_each_says_what_its_developer_may_read(everything_happened: Receiver) -> None:
    told_of = {event["type"]: event["data"] for event in map(body, everything_happened.received)}
    row = Installation.objects.get(state=Installation.State.UNINSTALLED)
    updated = told_of["installation.updated"]
    assert updated["application"] == {"id": str(row.application_id), "name": "Stock Bridge", "state": "active"}
    assert updated["account"] == {"id": str(row.account_id), "name": "Carol's Cakes"}
    assert updated["installation"] == {
        "id": str(row.pk),
        "state": "active",
        "version": "1.1.0",
        "previous_version": "1.0.0",
    }
    assert (updated["by"], updated["reason"]) == ("customer", None)
    assert told_of["installation.went_back"]["installation"]["previous_version"] == "1.1.0"
    assert told_of["installation.suspended"]["installation"]["state"] == "suspended"
    assert told_of["installation.failed"]["reason"] == (
        "Answered 500 Internal Server Error: only 200 completes an installation of this application."
    )
    assert told_of["installation.failed"]["by"] == "portal"
    suspended = told_of["application.suspended"]
    assert (suspended["application"]["state"], suspended["by"], suspended["reason"]) == (
        "suspended",
        "staff",
        "It sends spam",
    )
    assert "Paula" not in str(told_of)
    assert told_of["application.retired"]["application"]["state"] == "retired"
    assert told_of["installation.uninstalled"]["installation"]["state"] == "uninstalled"
