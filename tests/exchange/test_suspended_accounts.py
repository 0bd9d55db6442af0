"""While an account is suspended nothing is exchanged or called, on either side, with a reason of its own."""

import pytest
from django.test import Client

from installs.exchange import ledger
from installs.exchange.refusals import Reason, sentence
from installs.installations import lifecycle, suspending
from installs.installations.suspending_accounts import resume_account, suspend_account
from installs.models import Installation, Session
from linnapp.models import Account, User
from tests.kit.exchanging import LOCATIONS, message, post
from tests.kit.people import acting

pytestmark = pytest.mark.usefixtures("nothing_noted")
SPAM = "It sends spam."
SIDES = {"cakes": Reason.ACCOUNT_SUSPENDED, "northwind": Reason.PUBLISHER_SUSPENDED}


def call(session: str) -> int:
    return Client().get(LOCATIONS, headers={"Authorization": session}).status_code


@pytest.mark.parametrize("side", SIDES)
def test_it_ends_sessions_and_nothing_is_exchanged_until_it_is_resumed(
    side: str, right: dict[str, str], cakes: Account, northwind: Account, paula: User
) -> None:
    account = {"cakes": cakes, "northwind": northwind}[side]
    session = post(right).json()["Token"]
    assert call(session) == 200
    assert suspend_account(account, by=acting(paula, reason=SPAM))
    assert call(session) == 401
    assert list(Session.objects.values_list("end", flat=True)) == [Session.End.SUSPENDED]
    answer = post(right)
    assert (answer.status_code, message(answer)) == (400, sentence(SIDES[side]))
    assert SPAM not in answer.content.decode()
    assert not suspend_account(account, by=acting(paula, reason="Again."))
    account.refresh_from_db()
    assert account.suspension_reason == SPAM
    assert resume_account(account, by=acting(paula, reason="Mended."))
    assert not resume_account(account, by=acting(paula, reason="Mended."))
    account.refresh_from_db()
    assert (account.suspended_by_staff_at, account.suspension_reason) == (None, "")
    assert call(session) == 401
    assert call(post(right).json()["Token"]) == 200


def test_whose_refusal_it_is(right: dict[str, str], installation: Installation, cakes: Account, paula: User) -> None:
    suspend_account(cakes, by=acting(paula, reason=SPAM))
    post(right)
    (group,) = ledger.take()
    assert (group.reason, group.application_id, group.installation_id) == (
        Reason.ACCOUNT_SUSPENDED,
        installation.application_id,
        installation.pk,
    )


def test_others_are_left_alone(
    right: dict[str, str], installation: Installation, depot: Account, dave: User, paula: User
) -> None:
    lifecycle.install(installation.application, account=depot, version=installation.version, by=acting(dave))
    session = post(right).json()["Token"]
    suspend_account(depot, by=acting(paula, reason=SPAM))
    assert call(session) == 200
    assert post(right).status_code == 200
    assert Installation.objects.with_its_facts().get(pk=installation.pk).shown_state == "active"


def test_what_is_suspended_by_itself_stays_so(
    right: dict[str, str], installation: Installation, northwind: Account, paula: User, carol: User
) -> None:
    suspend_account(northwind, by=acting(paula, reason=SPAM))
    suspending.suspend(installation, by=acting(carol))
    suspending.suspend_application(installation.application, by=acting(paula, reason="It floods us."))
    resume_account(northwind, by=acting(paula, reason="Mended."))
    assert Installation.objects.with_its_facts().get().suspended_by == "by the account and everywhere, by staff"
    assert post(right).status_code == 400
