"""Each reason for which an exchange is refused: what the developer is told, and whose refusal it is."""

from typing import Any

import pytest
from django.utils import timezone

from installs.exchange import ledger
from installs.exchange.refusals import Reason, sentence
from installs.models import Installation, PermanentToken
from linnapp.models import Account, Application, User
from linnapp.services import applications
from tests.kit.exchanging import WRONG, message, post
from tests.kit.people import acting

pytestmark = pytest.mark.usefixtures("nothing_noted")


def now_in(row: Any, field: str) -> None:
    type(row).objects.filter(pk=row.pk).update(**{field: timezone.now()})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"suspended_by_staff_at": True}, Reason.SUSPENDED_BY_STAFF),
        ({"suspended_by_account_at": True}, Reason.SUSPENDED_BY_ACCOUNT),
        ({"suspended_by_staff_at": True, "suspended_by_account_at": True}, Reason.SUSPENDED_BY_STAFF),
        ({"state": Installation.State.FAILED}, Reason.INSTALLATION_FAILED),
        ({"state": Installation.State.UNINSTALLED, "suspended_by_staff_at": True}, Reason.UNINSTALLED),
    ],
)
def test_what_is_wrong_with_the_installation(
    right: dict[str, str], installation: Installation, changes: dict[str, Any], reason: Reason
) -> None:
    moments = {name: timezone.now() if value is True else value for name, value in changes.items()}
    Installation.objects.filter(pk=installation.pk).update(**moments)
    answer = post(right)
    assert (answer.status_code, message(answer)) == (400, sentence(reason))
    (group,) = ledger.take()
    assert (group.reason, group.application_id, group.installation_id) == (
        reason,
        installation.application_id,
        installation.pk,
    )


@pytest.mark.parametrize("state", [Installation.State.ACTIVE, Installation.State.PENDING])
def test_a_permanent_token_that_ended(right: dict[str, str], installation: Installation, state: str) -> None:
    """While an installation waits, the end of its token is the end of the wait."""
    Installation.objects.filter(pk=installation.pk).update(state=state)
    PermanentToken.objects.update(ends_at=timezone.now())
    is_pending = state == Installation.State.PENDING
    assert message(post(right)) == sentence(Reason.INSTALLATION_FAILED if is_pending else Reason.TOKEN_ENDED)


@pytest.mark.parametrize(
    ("field", "reason"),
    [("suspended_by_staff_at", Reason.APPLICATION_SUSPENDED), ("retired_at", Reason.APPLICATION_RETIRED)],
)
def test_what_is_wrong_with_the_application(
    right: dict[str, str], installation: Installation, field: str, reason: Reason
) -> None:
    now_in(installation.application, field)
    assert message(post(right)) == sentence(reason)


def test_another_applications_installation_is_not_told_of(
    right: dict[str, str], installation: Installation, alice: User, northwind: Account
) -> None:
    """Neither to the developer who sends its permanent token, nor in the record of their refusals."""
    other, secret = applications.create_application(
        account=northwind, name="Other", kind=Application.Type.SYSTEM, by=acting(alice)
    )
    answer = post(right | {"ApplicationId": str(other.pk), "ApplicationSecret": secret.value()})
    assert message(answer) == sentence(Reason.OTHER_APPLICATION)
    (group,) = ledger.take()
    assert (group.application_id, group.installation_id) == (other.pk, None)


def test_who_proved_nothing_is_nobodys_refusal(right: dict[str, str], installation: Installation) -> None:
    for wrong in ("ApplicationId", "ApplicationSecret"):
        post(right | {wrong: WRONG})
    found = {(group.reason, group.application_id, group.installation_id) for group in ledger.take()}
    assert found == {(Reason.UNPROVEN, None, None)}


def test_an_installation_over_its_quota_waits_for_a_minute(right: dict[str, str], settings: Any) -> None:
    settings.EXCHANGES_PER_MINUTE = 1
    assert post(right).status_code == 200
    assert post(right).headers["Retry-After"] == "60"
