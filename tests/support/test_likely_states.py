"""The likely causes that stand in the rows: suspended, over, failed, withdrawn, and what never arrived."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from installs.application import removal, withdrawing
from installs.connectors import making
from installs.installations import lifecycle, suspending, suspending_accounts
from installs.models import Delivery, Installation, PostbackHost
from installs.support.acts import Act
from installs.support.likely.causes import LikelyCause
from linnapp.models import Account, Application, User, Version
from tests.kit.connectors import SIX, check
from tests.kit.consenting import external, release
from tests.kit.people import ClientOf, acting
from tests.kit.posting import deliver, install, wait_for_200, with_postback
from tests.kit.receivers import Reply, nobody_listens, receiving
from tests.support.likely import call, causes, first, names, page_of, post

pytestmark = pytest.mark.usefixtures("nothing_noted", "to_loopback")
REASON = "It asked its customers for their passwords."


def works(right: dict[str, str]) -> str:
    answer = post(right)
    assert answer.status_code == 200
    return str(answer.json()["Token"])


def acts_of(cause: LikelyCause) -> list[Act]:
    return [fix.act for fix in cause.fixes]


# Suspended.


def test_suspended_by_the_account(
    console: Client, installation: Installation, right: dict[str, str], carol: User
) -> None:
    works(right)
    suspending.suspend(installation, by=acting(carol))
    post(right)
    cause = first(console, installation)
    assert cause.rule == "suspended-by-account"
    assert cause.sentence.startswith("Carol's Cakes suspended this installation: Carol, on ")
    assert cause.evidence[0] == "Only Carol's Cakes can resume it, under My apps."
    assert cause.evidence[1].startswith("1 exchange was refused")
    assert acts_of(cause) == [Act.TELL_CUSTOMER]
    suspending.resume(installation, by=acting(carol))
    works(right)
    assert causes(console, installation) == []


def test_suspended_by_staff_is_resumed_with_a_button(console: Client, installation: Installation, paula: User) -> None:
    suspending.suspend_by_staff(installation, by=acting(paula, reason=REASON))
    cause = first(console, installation)
    assert cause.rule == "suspended-by-staff"
    assert cause.sentence.startswith("Staff suspended this installation: Paula, on ")
    assert cause.evidence[0] == f"The reason: {REASON}"
    assert acts_of(cause)[0] == Act.RESUME
    assert REASON in cause.for_developer
    assert REASON in cause.for_customer


def test_the_application_is_suspended_everywhere(
    console: Client, installation: Installation, application: Application, right: dict[str, str], paula: User
) -> None:
    suspending.suspend_application(application, by=acting(paula, reason=REASON))
    post(right)
    cause = first(console, installation)
    assert cause.rule == "application-suspended"
    assert cause.sentence.startswith("Stock Bridge is suspended everywhere: Paula, on ")
    assert cause.evidence[0] == f"The reason: {REASON}"


@pytest.mark.parametrize(
    ("whose", "rule", "told"), [("cakes", "account-suspended", "customer"), ("northwind", "developer-suspended", "dev")]
)
def test_an_account_is_suspended_and_its_reason_is_its_own(
    console: Client, installation: Installation, paula: User, whose: str, rule: str, told: str
) -> None:
    account = {"cakes": installation.account, "northwind": installation.application.account}[whose]
    suspending_accounts.suspend_account(account, by=acting(paula, reason=REASON))
    cause = first(console, installation)
    assert cause.rule == rule
    assert "Paula, on " in cause.sentence
    assert cause.evidence[0] == f"The reason: {REASON}"
    assert (REASON in cause.for_customer) is (told == "customer")
    assert (REASON in cause.for_developer) is (told == "dev")


def test_all_suspensions_that_stand_are_told_the_widest_first(
    console: Client, installation: Installation, application: Application, carol: User, paula: User
) -> None:
    suspending.suspend(installation, by=acting(carol))
    suspending.suspend_by_staff(installation, by=acting(paula, reason="Fraud."))
    suspending.suspend_application(application, by=acting(paula, reason=REASON))
    assert names(causes(console, installation)) == [
        "application-suspended",
        "suspended-by-staff",
        "suspended-by-account",
    ]
    page = page_of(console, installation)
    assert page.count("Likely cause") == 1
    assert "Also true" in page


# Over.


def test_uninstalled_and_then_installed_again_while_the_old_token_is_sent(
    console: Client,
    installation: Installation,
    right: dict[str, str],
    cakes: Account,
    version: Version,
    carol: User,
) -> None:
    works(right)
    lifecycle.uninstall(installation, by=acting(carol))
    post(right)
    cause = first(console, installation)
    assert cause.rule == "uninstalled"
    assert cause.sentence.endswith("by Carol.")
    assert cause.evidence[-1].startswith("1 exchange was refused")
    again = lifecycle.install(installation.application, account=cakes, version=version, by=acting(carol)).installation
    cause = first(console, installation)
    assert (cause.rule, cause.elsewhere) == ("installed-again", again.pk)
    assert f'href="/support/installations/{again.pk}/"' in page_of(console, installation)
    cause = first(console, again)
    assert (cause.rule, cause.elsewhere) == ("installed-again", installation.pk)
    assert cause.sentence == "Its client still sends the permanent token of the installation before this one."
    works(right | {"Token": lifecycle.current_token(again).value()})
    assert causes(console, again) == []


def test_the_application_is_retired(
    console: Client, installation: Installation, application: Application, alice: User, carol: User
) -> None:
    lifecycle.uninstall(installation, by=acting(carol))
    removal.remove_application(application, by=acting(alice))
    assert names(causes(console, installation)) == ["application-retired", "uninstalled"]
    assert first(console, installation).sentence.startswith("Stock Bridge was retired on ")


def test_an_installation_that_waits_for_200_and_fails(
    console: Client, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    wait_for_200(application)
    with receiving(Reply(404)) as receiver:
        row = install(application, cakes, with_postback(application, receiver.url, alice), carol).installation
        assert first(console, row).rule == "waits-for-200"
        deliver()
    cause = first(console, row)
    assert cause.rule == "installation-failed"
    assert "Answered 404" in cause.sentence
    assert f"Carol's Cakes can install it again once {receiver.host_and_port} answers 200." in cause.evidence[0]
    assert names(causes(console, row)) == ["installation-failed"]


def test_a_version_that_was_withdrawn(
    console: Client, installation: Installation, application: Application, version: Version, alice: User
) -> None:
    release(application, (1, 1, 0), external(moduleName="Bridge"), alice)
    withdrawing.withdraw_version(version, by=acting(alice))
    cause = first(console, installation)
    assert cause.rule == "version-withdrawn"
    assert "Carol's Cakes can move to 1.1.0 under My apps." in cause.evidence


# What never arrived.


def test_an_endpoint_that_answers_503(
    console: Client, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving(Reply(503)) as receiver:
        row = install(application, cakes, with_postback(application, receiver.url, alice), carol).installation
        assert causes(console, row) == []
        deliver()
    cause = first(console, row)
    assert (cause.rule, cause.sentence) == (
        "endpoint-answers",
        f"{receiver.host_and_port} answers its postback with 503.",
    )
    assert "Answered 503 Service Unavailable" in " ".join(cause.evidence)
    assert "The next attempt is on " in " ".join(cause.evidence)
    assert acts_of(cause) == [Act.TELL_DEVELOPER, Act.REDELIVER]
    assert receiver.host_and_port not in cause.for_customer
    Installation.objects.update(installed_at=timezone.now() - timedelta(hours=25))
    assert names(causes(console, row)) == ["endpoint-answers", "never-connected"]


def test_an_endpoint_that_nobody_reaches(
    console: Client, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with nobody_listens() as url:
        row = install(application, cakes, with_postback(application, url, alice), carol).installation
        deliver()
    cause = first(console, row)
    assert cause.rule == "endpoint-not-reached"
    assert acts_of(cause) == [Act.TELL_DEVELOPER, Act.REDELIVER]


def test_a_postback_that_was_given_up_and_arrives_later(
    console: Client,
    application: Application,
    cakes: Account,
    depot: Account,
    alice: User,
    carol: User,
    dave: User,
) -> None:
    answers = [Reply(410)]
    with receiving(lambda _: answers.pop() if answers else Reply()) as receiver:
        row = install(application, cakes, with_postback(application, receiver.url, alice), carol).installation
        deliver()
        assert names(causes(console, row)) == ["postback-given-up"]
        assert acts_of(first(console, row)) == [Act.TELL_DEVELOPER, Act.REDELIVER, Act.REPLAY]
        install(application, depot, row.version, dave)
        deliver()
        assert acts_of(first(console, row)) == [Act.REDELIVER, Act.REPLAY, Act.TELL_DEVELOPER]
        assert "Others have been delivered there since." in first(console, row).evidence
        failed = Delivery.objects.filter(installation=row)
        failed.update(state=Delivery.State.DUE, next_attempt_at=timezone.now(), ended_at=None)
        deliver()
    assert causes(console, row) == []
    Installation.objects.update(installed_at=timezone.now() - timedelta(hours=25))
    cause = first(console, row)
    assert cause.rule == "never-connected"
    assert cause.evidence[0].startswith(f"The permanent token was delivered to {receiver.host_and_port} on ")
    assert acts_of(cause)[0] == Act.TELL_DEVELOPER


def test_a_postback_that_is_held(
    console: Client, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving(Reply(500)) as receiver:
        row = install(application, cakes, with_postback(application, receiver.url, alice), carol).installation
        for _ in range(4):
            deliver()
            PostbackHost.objects.update(failing_since=timezone.now() - timedelta(days=6))
            Delivery.objects.filter(state="DUE").update(next_attempt_at=timezone.now())
    assert Delivery.objects.get().state == Delivery.State.HELD
    cause = first(console, row)
    assert cause.rule == "postback-held"
    assert "That host has failed since" in cause.evidence[0]
    assert "The oldest is tried again on" in cause.evidence[0]
    assert names(causes(console, row)) == ["postback-held"]


def test_a_postback_that_no_worker_takes(
    console: Client, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    version = with_postback(application, "http://127.0.0.1:9/", alice)
    row = install(application, cakes, version, carol).installation
    assert causes(console, row) == []
    Delivery.objects.update(next_attempt_at=timezone.now() - timedelta(minutes=5))
    assert first(console, row).rule == "postback-waits"


def test_a_connector_of_the_account_that_fails(
    console: Client, installation: Installation, cakes: Account, carol: User, right: dict[str, str], client_of: ClientOf
) -> None:
    assert call(works(right)).status_code == 200
    with receiving(Reply(400, body=b"{}")) as receiver:
        row = making.make(cakes, making.Values(name="Warehouse", base_url=receiver.url, **SIX), by=acting(carol))
        check(client_of(carol), row)
    cause = first(console, installation)
    assert cause.rule == "connector-fails"
    assert cause.sentence == "The connector Warehouse of Carol's Cakes is failing."
    assert cause.for_developer == ""
    assert receiver.host_and_port in cause.evidence[0]
