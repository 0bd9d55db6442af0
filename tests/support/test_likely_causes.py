"""The likely causes that refusals and sessions show, each from exchanges and calls as clients send them."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from installs.application import secret_ends
from installs.installations import lifecycle, rotating
from installs.models import Installation, RefusalGroup, Session
from installs.support.acts import Act
from installs.support.likely import rules
from linnapp.models import Account, Application, Secret, User, Version
from linnapp.services import applications, secrets
from tests.kit.exchanging import WRONG, exchange, post
from tests.kit.people import acting
from tests.support.likely import call, causes, first, names, page_of

pytestmark = pytest.mark.usefixtures("nothing_noted")


def works(right: dict[str, str]) -> str:
    """A good exchange; its session token."""
    answer = post(right)
    assert answer.status_code == 200
    return str(answer.json()["Token"])


def days_pass(installation: Installation) -> None:
    """Since it was installed."""
    Installation.objects.filter(pk=installation.pk).update(installed_at=timezone.now() - timedelta(hours=25))


@pytest.fixture
def next_secret(application: Application, installation: Installation, alice: User) -> Secret:
    """The live one, after Alice has retired the first."""
    old = Secret.objects.get(application=application)
    made = secrets.create_secret(application=application, by=acting(alice))
    secret_ends.retire_secret(old, after=timedelta(0), by=acting(alice))
    return made


@pytest.fixture
def order_board(depot: Account, dave: User) -> tuple[Application, Secret]:
    """An application of another team."""
    return applications.create_application(
        account=depot, name="Order Board", kind=Application.Type.SYSTEM, by=acting(dave)
    )


# Nothing is wrong.


def test_where_nothing_is_wrong_none_stands_and_the_page_says_what_was_checked(
    console: Client, installation: Installation, right: dict[str, str]
) -> None:
    assert causes(console, installation) == []
    assert call(works(right)).status_code == 200
    assert causes(console, installation) == []
    page = page_of(console, installation)
    assert all(rule.checked in page for rule in rules.RULES)
    assert "?cause=" not in page


def test_they_are_for_support_alone(
    installation: Installation, right: dict[str, str], alice: User, carol: User
) -> None:
    days_pass(installation)
    row = Installation.objects.with_its_facts().get(pk=installation.pk)
    for person in (alice, carol):
        assert rules.likely_causes(row, person) == []
        assert rules.named(row, person, "never-connected") is None


def test_a_name_of_no_rule_and_a_rule_that_does_not_hold_are_none(installation: Installation, sam: User) -> None:
    row = Installation.objects.with_its_facts().get(pk=installation.pk)
    assert rules.named(row, sam, "never-connected") is None
    assert rules.named(row, sam, "nonsense") is None


# Which of the three was wrong.


def test_a_retired_secret_that_is_still_sent(
    console: Client, installation: Installation, right: dict[str, str], next_secret: Secret
) -> None:
    answer = post(right)
    assert answer.status_code == 400
    cause = first(console, installation)
    assert cause.rule == "retired-secret"
    assert f"by Alice; the live one ends …{next_secret.tail}." in " ".join(cause.evidence)
    assert cause.evidence[0].startswith("The Application ID of Stock Bridge was named, but not proven")
    assert cause.evidence[-1].startswith("1 exchange was refused since")
    assert cause.reference == answer.headers["X-Request-Id"]
    assert [fix.act for fix in cause.fixes] == [Act.TELL_DEVELOPER]
    assert "General page of Stock Bridge" in cause.for_developer
    found = console.post("/support/", {"q": f"It does not work. It says: {answer.json()['Message']}"})
    assert found.headers["Location"] == f"/support/installations/{installation.pk}/?reference={cause.reference}"
    assert "Refused exchange" in console.get(found.headers["Location"]).content.decode()
    works(right | {"ApplicationSecret": next_secret.value()})
    assert causes(console, installation) == []
    post(right)
    assert first(console, installation).rule == "retired-secret"


def test_a_retired_secret_without_any_permanent_token_is_told_as_of_whom_it_may_be(
    console: Client, installation: Installation, right: dict[str, str], next_secret: Secret
) -> None:
    post(right | {"Token": WRONG})
    cause = first(console, installation)
    assert cause.rule == "retired-secret"
    assert "It names no installation: Stock Bridge has 1 live installation, and no session of this one is live." in (
        cause.evidence
    )


def test_a_wrong_secret(console: Client, installation: Installation, right: dict[str, str]) -> None:
    post(right | {"ApplicationSecret": WRONG})
    cause = first(console, installation)
    assert cause.rule == "wrong-secret"
    assert "No secret of this application, live or retired, is this one, …0000" in " ".join(cause.evidence)
    # With a token of nobody, anybody may have sent it.
    RefusalGroup.objects.all().delete()
    post(right | {"ApplicationSecret": WRONG, "Token": WRONG})
    assert causes(console, installation) == []


def test_what_shows_the_refusal_that_was_pasted_stands_first(
    console: Client, installation: Installation, right: dict[str, str]
) -> None:
    pasted = [post(right | {name: WRONG}).headers["X-Request-Id"] for name in ("ApplicationSecret", "ApplicationId")]
    page_of(console, installation)
    for reference, sentence in zip(pasted, ("wrong Application Secret", "wrong Application ID"), strict=True):
        page = console.post("/support/", {"q": f"(reference {reference})"}, follow=True).content.decode()
        assert sentence in page.partition("Likely cause")[2].partition("</h2>")[0]


def test_a_wrong_application_id(console: Client, installation: Installation, right: dict[str, str]) -> None:
    post(right | {"ApplicationId": WRONG})
    assert first(console, installation).rule == "wrong-application-id"
    works(right)
    assert causes(console, installation) == []


@pytest.mark.parametrize("members", ["both", "secret alone"])
def test_the_credentials_of_another_application(
    console: Client,
    installation: Installation,
    right: dict[str, str],
    order_board: tuple[Application, Secret],
    members: str,
) -> None:
    board, secret = order_board
    sent = {"ApplicationSecret": secret.value()} | ({"ApplicationId": str(board.pk)} if members == "both" else {})
    post(right | sent)
    cause = first(console, installation)
    assert cause.rule == "wrong-application"
    assert "Order Board" in " ".join(cause.evidence)
    found = console.post("/support/", {"q": cause.reference})
    assert found.headers["Location"] == f"/support/installations/{installation.pk}/?reference={cause.reference}"


def test_a_permanent_token_from_before_a_rotation(
    console: Client, installation: Installation, right: dict[str, str], alice: User
) -> None:
    new = rotating.rotate(installation, by=acting(alice)).new
    rotating.end_old_token(installation, by=acting(alice))
    post(right)
    cause = first(console, installation)
    assert cause.rule == "old-token"
    assert f"The token sent, …{right['Token'][-4:]}, is the permanent token of" in " ".join(cause.evidence)
    assert exchange(new).status_code == 200
    assert causes(console, installation) == []


def test_a_session_token_sent_as_the_permanent_one(
    console: Client, installation: Installation, right: dict[str, str], depot: Account, version: Version, dave: User
) -> None:
    """Also where the row of the session is gone; not of any other installation."""
    other = lifecycle.install(installation.application, account=depot, version=version, by=acting(dave)).installation
    post(right | {"Token": works(right)})
    cause = first(console, installation)
    assert cause.rule == "session-token-sent"
    assert f"send the permanent token, …{right['Token'][-4:]}, instead" in " ".join(cause.evidence)
    assert causes(console, other) == []
    Session.objects.all().delete()
    assert first(console, installation).rule == "session-token-sent"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ApplicationId", "the Application ID instead of the permanent token"),
        ("ApplicationSecret", "the Application Secret instead of the permanent token"),
        (WRONG, "a value that is not a token of this portal instead of the permanent token"),
    ],
)
def test_another_value_in_the_place_of_the_token(
    console: Client, installation: Installation, right: dict[str, str], name: str, words: str
) -> None:
    post(right | {"Token": right.get(name, name)})
    cause = first(console, installation)
    assert (cause.rule, cause.sentence) == (
        "other-value-sent",
        f"A client that may be this installation's sends {words}.",
    )


def test_what_names_no_installation_is_of_one_that_is_silent(
    console: Client, installation: Installation, right: dict[str, str], depot: Account, version: Version, dave: User
) -> None:
    other = lifecycle.install(installation.application, account=depot, version=version, by=acting(dave)).installation
    works(right)
    post(right | {"Token": right["ApplicationId"]})
    assert causes(console, installation) == []
    assert first(console, other).rule == "other-value-sent"
    # A day later, from where its exchanges came from.
    Session.objects.update(ended_at=timezone.now())
    cause = first(console, installation)
    assert cause.rule == "other-value-sent"
    why = "it came from 127.0.0.0/24, as exchanges of this one did."
    assert f"It names no installation, and may belong to another of Stock Bridge: {why}" in cause.evidence


def test_of_many_installations_a_refusal_that_names_none_is_of_nobody(
    console: Client, installation: Installation, right: dict[str, str]
) -> None:
    accounts = Account.objects.bulk_create(
        Account(name=f"Customer {n}", slug=f"customer-{n}", contact_email="c@x.example") for n in range(5)
    )
    Installation.objects.bulk_create(
        Installation(application=installation.application, account=account, version=installation.version)
        for account in accounts
    )
    post(right | {"Token": right["ApplicationId"]})
    assert causes(console, installation) == []
    days_pass(installation)
    cause = first(console, installation)
    assert cause.rule == "never-connected"
    assert "1 request was refused that came from a client of Stock Bridge" in cause.evidence[-1]
    assert "named, not proven" in cause.evidence[-1]


# Calls and sessions.


def test_a_permanent_token_in_calls(console: Client, installation: Installation, right: dict[str, str]) -> None:
    assert call(right["Token"]).status_code == 401
    cause = first(console, installation)
    assert cause.rule == "permanent-token-in-calls"
    assert "exchange it first" in cause.evidence[0]


def test_a_client_that_never_authorises_again(
    console: Client, installation: Installation, right: dict[str, str]
) -> None:
    session_token = works(right)
    Session.objects.update(last_used_at=timezone.now() - timedelta(minutes=31))
    assert call(session_token).status_code == 401
    # One such answer is how a client learns it.
    assert causes(console, installation) == []
    call(session_token)
    cause = first(console, installation)
    assert cause.rule == "never-authorises-again"
    assert "because it was not used for half an hour" in cause.evidence[0]
    works(right)
    assert causes(console, installation) == []


def test_over_the_quota_also_where_some_are_answered_in_between(
    console: Client, installation: Installation, right: dict[str, str], settings: Any
) -> None:
    settings.EXCHANGES_PER_MINUTE = 2
    works(right)
    works(right)
    assert post(right).status_code == 429
    Session.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    works(right)
    cause = first(console, installation)
    assert (cause.rule, cause.sentence) == (
        "over-quota",
        "It exchanges its permanent token more than 2 times a minute.",
    )
    RefusalGroup.objects.update(last_at=timezone.now() - timedelta(minutes=61))
    assert causes(console, installation) == []


def test_sessions_ended_by_the_cap(
    console: Client, installation: Installation, right: dict[str, str], settings: Any
) -> None:
    for _ in range(settings.SESSIONS_PER_INSTALLATION):
        works(right)
    assert causes(console, installation) == []
    works(right)
    cause = first(console, installation)
    assert cause.rule == "sessions-capped"
    assert cause.evidence[0].startswith("In the last 24 hours, 1 of its sessions ended like this")
    assert Act.END_SESSIONS in [fix.act for fix in cause.fixes]


def test_a_call_that_is_not_served(console: Client, installation: Installation, right: dict[str, str]) -> None:
    assert call(works(right), "/api/Orders/GetOpenOrders").status_code == 404
    assert first(console, installation).rule == "call-not-served"


def test_never_connected_a_day_after(console: Client, installation: Installation, right: dict[str, str]) -> None:
    Installation.objects.update(installed_at=timezone.now() - timedelta(hours=23))
    assert causes(console, installation) == []
    days_pass(installation)
    cause = first(console, installation)
    assert cause.rule == "never-connected"
    assert [fix.act for fix in cause.fixes] == [Act.TELL_CUSTOMER, Act.TELL_DEVELOPER]
    assert "My apps, Stock Bridge, Reveal" in cause.for_customer
    # What explains it goes first.
    post(right | {"ApplicationSecret": WRONG})
    assert names(causes(console, installation)) == ["wrong-secret", "never-connected"]
    works(right)
    assert causes(console, installation) == []


def test_what_was_refused_long_ago_counts_no_more(
    console: Client, installation: Installation, right: dict[str, str], next_secret: Secret
) -> None:
    post(right)
    assert names(causes(console, installation)) == ["retired-secret"]
    RefusalGroup.objects.update(hour=timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=49))
    assert causes(console, installation) == []


def test_the_last_exchange_counts_when_its_row_is_gone(
    console: Client, installation: Installation, right: dict[str, str], next_secret: Secret
) -> None:
    """By the hour that it was folded into."""
    post(right)
    page_of(console, installation)
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    folded = installation.exchange_hours.create(hour=hour - timedelta(hours=5), exchanges=1)
    assert names(causes(console, installation)) == ["retired-secret"]
    folded.hour = hour
    folded.save()
    assert causes(console, installation) == []


def test_all_of_it_costs_few_statements_whatever_was_refused(
    installation: Installation, right: dict[str, str], next_secret: Secret, sam: User, settings: Any, console: Client
) -> None:
    days_pass(installation)
    for token in (right["Token"], WRONG, right["ApplicationId"]):
        post(right | {"Token": token})
        post(right | {"Token": token, "ApplicationSecret": WRONG})
        if token != right["Token"]:
            post(right | {"Token": token, "ApplicationSecret": next_secret.value()})
    found = names(causes(console, installation))
    assert found == ["retired-secret", "wrong-secret", "never-connected", "other-value-sent"]
    row = Installation.objects.with_its_facts().get(pk=installation.pk)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        rules.likely_causes(row, sam)
    assert len(asked) <= 25
