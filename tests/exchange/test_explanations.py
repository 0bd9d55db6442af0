"""A reference of a refusal leads to its cause: for the team of the application that was named, and for support."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone

from installs.application import secret_ends
from installs.exchange import ledger, records
from installs.exchange.explanations import Explanation, explain
from installs.installations import rotating, suspending
from installs.models import Installation, RefusalGroup, RefusalSample, Session
from linnapp.models import Account, Application, Secret, User
from linnapp.services import applications, secrets
from tests.kit.exchanging import JSON, LOCATIONS, URL, WRONG, post
from tests.kit.people import acting

pytestmark = pytest.mark.usefixtures("nothing_noted")
PROFILE = "/api/Auth/GetApplicationProfileBySecretKey"


def call(value: str, path: str = LOCATIONS, method: str = "GET") -> Any:
    headers = {"Authorization": value} if value else {}
    return Client().generic(method, path, headers=headers)


def right_of(right: dict[str, str], *names: str) -> dict[str, str]:
    return {name: right[name] for name in names}


def profile(members: dict[str, str]) -> Any:
    return Client().post(PROFILE, members, content_type=JSON)


def reference_of(answer: Any) -> str:
    return str(answer.headers["X-Request-Id"])


def read(answer: Any, reader: User) -> Explanation:
    """What is written of it by now."""
    ledger.flush()
    found = explain(str(answer.content, "utf-8") if "reference" in answer.text else reference_of(answer), reader)
    assert found
    assert found.reference == reference_of(answer)
    return found


def told(answer: Any, reader: User) -> str:
    return " ".join(read(answer, reader).findings)


@pytest.fixture
def session_token(right: dict[str, str]) -> str:
    return str(post(right).json()["Token"])


@pytest.fixture
def retired(right: dict[str, str], application: Application, alice: User) -> dict[str, str]:
    """Credentials with a secret that Alice has retired."""
    first = Secret.objects.get(application=application)
    secrets.create_secret(application=application, by=acting(alice))
    secret_ends.retire_secret(first, after=timedelta(0), by=acting(alice))
    return right


@pytest.fixture
def order_board(depot: Account, dave: User) -> tuple[Application, Secret]:
    """An application of another team."""
    return applications.create_application(
        account=depot, name="Order Board", kind=Application.Type.SYSTEM, by=acting(dave)
    )


# Each kind of refusal, and who is told of it: the team that was named, the customer whose installation was proven.
Make = Callable[[dict[str, str], str], Any]
REFUSALS: dict[str, tuple[Make, bool, bool]] = {
    "nothing right": (lambda right, _: post(dict.fromkeys(right, WRONG)), False, False),
    "wrong secret": (lambda right, _: post(right | {"ApplicationSecret": WRONG}), True, False),
    "wrong Application ID": (lambda right, _: post(right | {"ApplicationId": WRONG}), True, False),
    "wrong ID and secret": (
        lambda right, _: post(dict.fromkeys(right, WRONG) | {"Token": right["Token"]}),
        False,
        False,
    ),
    "wrong token": (lambda right, _: post(right | {"Token": WRONG}), True, False),
    "no UUID": (lambda right, _: post(right | {"Token": "x"}), True, False),
    "session token sent": (lambda right, session: post(right | {"Token": session}), True, False),
    "secret sent": (lambda right, _: post(right | {"Token": right["ApplicationSecret"]}), True, False),
    "ID sent": (lambda right, _: post(right | {"Token": right["ApplicationId"]}), True, False),
    "unreadable": (lambda right, _: post(b"{"), False, False),
    "another type": (lambda right, _: post("<a/>", "text/xml"), False, False),
    "another method": (lambda right, _: call("", URL, "PUT"), False, False),
    "profile": (lambda right, _: profile(right | {"userId": "1", "ApplicationSecret": WRONG}), True, False),
    "profile, unreadable": (lambda right, _: profile({}), False, False),
    "call without a token": (lambda right, _: call(""), False, False),
    "call with nothing known": (lambda right, _: call(WRONG), False, False),
    "call with another text": (lambda right, _: call("Bearer of news"), False, False),
    "call with the permanent token": (lambda right, _: call(right["Token"]), True, True),
    "call with the secret": (lambda right, _: call(right["ApplicationSecret"]), True, False),
    "call with the Application ID": (lambda right, _: call(right["ApplicationId"]), True, False),
    "another method of a call": (lambda right, session: call(session, LOCATIONS, "DELETE"), True, True),
    "not served": (lambda right, session: call(session, "/api/Orders/GetOpenOrders"), True, True),
    "not served, of nobody": (lambda right, _: call("", "/api/Orders/GetOpenOrders"), False, False),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_every_reference_leads_to_its_cause_for_whoever_may_and_for_nobody_else(
    name: str, right: dict[str, str], session_token: str, people: dict[str, User]
) -> None:
    make, for_team, for_customer = REFUSALS[name]
    answer = make(right, session_token)
    assert answer.status_code in (400, 401, 404, 405, 415)
    said = answer.json()["Message"]
    assert f"(reference {reference_of(answer)})" in said
    readers = {"sam": True, "paula": True, "alice": for_team, "bob": for_team, "carol": for_customer, "dave": False}
    for written in (False, True):
        if written:
            ledger.flush()
            assert RefusalSample.objects.filter(reference=reference_of(answer)).count() == 1
        for reader, may in readers.items():
            # What is not written yet is known by the reference alone, to the team; who is the customer is not.
            if written or reader != "carol":
                assert (explain(said, people[reader]) is not None) is may, (reader, written)


@pytest.fixture
def people(alice: User, bob: User, carol: User, dave: User, depot: Account, sam: User, paula: User) -> dict[str, User]:
    return {"alice": alice, "bob": bob, "carol": carol, "dave": dave, "sam": sam, "paula": paula}


def test_the_refusals_of_a_suspended_installation_and_over_the_quota(
    right: dict[str, str], installation: Installation, carol: User, alice: User, dave: User, settings: Any
) -> None:
    settings.EXCHANGES_PER_MINUTE = 1
    assert post(right).status_code == 200
    over = post(right)
    assert (over.status_code, read(over, alice).cause) == (429, "More exchanges in a minute than allowed")
    suspending.suspend(installation, by=acting(carol))
    answer = post(right)
    for reader in (alice, carol):
        assert read(answer, reader).cause == "The installation is suspended by the account"
    assert read(answer, carol).values == {}
    assert explain(reference_of(answer), dave) is None


# The 10,000th of a flood.


def test_a_reference_beyond_the_samples_leads_to_its_group(right: dict[str, str], alice: User, dave: User) -> None:
    answers = [post(right | {"ApplicationSecret": str(uuid4())}) for _ in range(30)]
    found = read(answers[-1], alice)
    assert (found.sample, found.count) == (None, 30)
    assert found.at == timezone.now().replace(minute=0, second=0, microsecond=0)
    assert "No secret of this application, live or retired, is this one" in " ".join(found.findings)
    assert explain(reference_of(answers[-1]), dave) is None


@pytest.mark.parametrize("room", ["the application's", "everybody's", "none written"])
def test_a_reference_fallen_among_the_rest_leads_to_hour_and_cause(
    right: dict[str, str], alice: User, dave: User, sam: User, monkeypatch: pytest.MonkeyPatch, room: str
) -> None:
    monkeypatch.setattr(records, "UNPROVEN_GROUPS", 0)
    monkeypatch.setattr(records, "SAMPLES_PER_GROUP", 1)
    if room != "the application's":
        monkeypatch.setattr(records, "UNPROVEN_RESTS", 0)
    wrong = right | {"ApplicationSecret": WRONG}
    post(wrong)
    answer = post(wrong)
    if room == "none written":
        # As after kill -9.
        ledger.take()
    for reader in (alice, sam):
        found = read(answer, reader)
        assert found.cause == "Application ID, Application Secret or token is wrong"
        assert found.at == timezone.now().replace(minute=0, second=0, microsecond=0)
        assert found.count == (0 if room == "none written" else 2)
    findings = told(answer, alice)
    assert findings.startswith("The Application ID of Stock Bridge was named, but not proven")
    # It was the right one of the three: which is known no more, but not that it was wrong.
    assert findings.endswith("The token sent is a permanent token; of which installation was not kept.")
    assert explain(reference_of(answer), dave) is None


# Which of the three was wrong.


def test_a_retired_secret_is_told_with_when_and_by_whom(
    retired: dict[str, str], application: Application, alice: User, sam: User
) -> None:
    first, live = Secret.objects.filter(application=application).order_by("pk")
    assert first.ends_at
    answer = post(retired)
    said = f"The secret sent was …{first.tail}, retired on {first.ends_at.day} {first.ends_at:%B at %H:%M} by Alice; "
    for reader in (alice, sam):
        assert f"{said}the live one ends …{live.tail}." in told(answer, reader)
    assert "is the permanent token of Stock Bridge on Carol's Cakes" in told(answer, alice)
    group = RefusalGroup.objects.get()
    assert (group.application_id, group.named_application_id) == (None, application.pk)
    assert read(answer, alice).is_unproven
    assert read(answer, alice).fix.startswith("Give the client the live Application Secret")


def test_a_wrong_secret_is_no_secret_of_the_application(
    right: dict[str, str], order_board: tuple[Application, Secret], alice: User, sam: User
) -> None:
    """Also where it is one of another team, which support alone is told."""
    _, secret = order_board
    answer = post(right | {"ApplicationSecret": secret.value()})
    ours = f"No secret of this application, live or retired, is this one, …{secret.tail}; the live one ends …"
    assert ours in told(answer, alice)
    assert "Order Board" not in told(answer, alice)
    assert f"The secret sent, …{secret.tail}, is of Order Board" in told(answer, sam)


def test_the_token_of_another_application_is_told_to_support_alone(
    right: dict[str, str], order_board: tuple[Application, Secret], dave: User, sam: User, alice: User
) -> None:
    board, secret = order_board
    answer = post(right | {"ApplicationId": str(board.pk), "ApplicationSecret": secret.value()})
    assert "The token sent belongs to no installation of this application." in told(answer, dave)
    assert "Cakes" not in told(answer, dave)
    assert "is the permanent token of Stock Bridge on Carol's Cakes; Application ID and secret are of Order Board" in (
        told(answer, sam)
    )
    assert explain(reference_of(answer), alice) is None


def test_an_unknown_application_id_is_told_to_the_team_of_the_secret(
    right: dict[str, str], alice: User, sam: User, dave: User
) -> None:
    answer = post(right | {"ApplicationId": WRONG})
    for reader in (alice, sam):
        said = told(answer, reader)
        assert "The Application ID that was sent, …0000, is not that of Stock Bridge." in said
        assert f"The secret sent, …{right['ApplicationSecret'][-4:]}, is of Stock Bridge" in said
    assert explain(reference_of(answer), dave) is None


def test_a_permanent_token_that_was_replaced(right: dict[str, str], installation: Installation, alice: User) -> None:
    rotating.rotate(installation, by=acting(alice))
    rotating.end_old_token(installation, by=acting(alice))
    said = told(post(right), alice)
    assert f"The token sent, …{right['Token'][-4:]}, is the permanent token of Stock Bridge on Carol's Cakes" in said
    assert "Carol's Cakes, and ended on" in said


# Calls.


def test_a_permanent_token_in_a_call_is_to_be_exchanged_first(right: dict[str, str], alice: User) -> None:
    said = told(call(right["Token"]), alice)
    assert said == (
        f"This is a permanent token, …{right['Token'][-4:]}, of Stock Bridge on Carol's Cakes: exchange it first."
    )


def test_a_session_that_was_ended_is_told_with_the_act_also_without_its_row(
    session_token: str, installation: Installation, alice: User, carol: User
) -> None:
    suspending.suspend(installation, by=acting(carol))
    answer = call(session_token)
    said = told(answer, alice)
    assert said.startswith("This session ended on ")
    assert (
        "because installation, application or account was suspended (Installation suspended by Carol's Cakes)" in said
    )
    Session.objects.all().delete()
    assert told(answer, alice) == said


@pytest.mark.parametrize("field", ["last_used_at", "expires_at"])
def test_a_session_that_ended_by_itself(session_token: str, alice: User, field: str) -> None:
    Session.objects.update(**{field: timezone.now() - timedelta(hours=1)})
    assert "because it was not used for half an hour, or was a day old" in told(call(session_token), alice)


def test_what_callers_carried_stands_in_no_record(right: dict[str, str], session_token: str) -> None:
    Session.objects.update(expires_at=timezone.now())
    path = f"/api/Orders/{right['Token']}/x"
    for answer in (call(session_token), call(right["Token"], path), post(right | {"Token": session_token})):
        assert answer.status_code in (400, 401, 404)
    ledger.flush()
    kept = [*RefusalGroup.objects.values(), *RefusalSample.objects.values()]
    for value in (right["ApplicationSecret"], right["Token"], session_token):
        assert value not in str(kept)
    assert f"[…{right['Token'][-4:]}]" in str(kept)


def test_callers_read_what_they_read_before(retired: dict[str, str], right: dict[str, str]) -> None:
    answers = [post(retired), post(right | {"ApplicationId": str(UUID(int=7))}), post(dict.fromkeys(right, WRONG))]
    said = {answer.json()["Message"].partition(" (reference")[0] for answer in answers}
    assert len(said) == 1
