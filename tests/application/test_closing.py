"""Staff close an account that nobody should have opened: deleted where nothing was ever installed, suspended else."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.application import removal
from installs.application.closing import close_account, closing
from installs.installations import lifecycle
from installs.models import Connector, Installation, PermanentToken
from installs.postbacks import signing_secrets
from linnapp.errors import NotPossible
from linnapp.models import (
    Account,
    Application,
    Invitation,
    Membership,
    Secret,
    StaffAccess,
    TimelineEntry,
    User,
    Version,
)
from linnapp.services import access, applications, people
from tests.kit.connectors import connector
from tests.kit.consenting import external, release
from tests.kit.people import PASSWORD, ClientOf, acting, person

pytestmark = pytest.mark.django_db
WHY = "Opened by a robot."


@pytest.fixture
def spam(depot: Account, dave: User) -> Account:
    """Dave's Depot, with an application that has a version, a connector, an invitation and a signing secret."""
    made, _ = applications.create_application(account=depot, name="Cheap pills", kind="SYSTEM", by=acting(dave))
    release(made, (1, 0, 0), external(), dave)
    signing_secrets.reveal(made, by=acting(dave))
    connector(depot, "https://api.example.com", dave)
    people.invite(depot, email="mallory@example.com", role=Membership.Role.DEVELOPER, by=acting(dave))
    return depot


def close(account: Account, by: User) -> bool:
    return close_account(account, by=acting(by, reason=WHY))


def install_on(account: Account, application: Application, by: User) -> Installation:
    version = application.versions.the_latest()
    assert version
    return lifecycle.install(application, account=account, version=version, by=acting(by)).installation


def is_there(row: Any) -> bool:
    return bool(type(row).objects.filter(pk=row.pk).exists())


def test_only_staff_close_and_with_a_reason(spam: Account, dave: User, alice: User, paula: User) -> None:
    for by in (dave, alice):
        with pytest.raises(NotPossible, match="Only this portal's staff"):
            close(spam, by)
    with pytest.raises(NotPossible, match="Give the reason"):
        close_account(spam, by=acting(paula))
    assert is_there(spam)


def test_what_never_installed_and_was_never_installed_is_deleted_with_all_it_has(
    spam: Account, dave: User, paula: User
) -> None:
    access.enter(spam, purpose="LOOK", by=acting(paula, reason="Let me see."))
    assert close(spam, paula) is True
    assert not is_there(spam)
    assert not is_there(dave)
    for model in (Application, Version, Secret, Connector, Invitation, Membership, StaffAccess):
        assert not model._base_manager.exists(), model
    assert list(EmailAddress.objects.values_list("user", flat=True)) == [paula.pk]
    with pytest.raises(NotPossible, match="This account no longer exists"):
        close(spam, paula)


def test_its_timeline_stays_and_tells_who_closed_it(spam: Account, paula: User) -> None:
    before = TimelineEntry.objects.filter(account_id=spam.pk).count()
    close(spam, paula)
    kept = TimelineEntry.objects.filter(account_id=spam.pk)
    assert kept.count() == before + 2
    closed, deleted = kept.newest_first()[:2]
    assert (closed.kind, closed.reason, closed.actor_name) == ("ACCOUNT_CLOSED", WHY, "Paula")
    assert (closed.facts["made"], closed.facts["people"]) == ("1 application", "1 person")
    assert (deleted.kind, deleted.facts["application"]) == ("APPLICATION_DELETED", "Cheap pills")


def test_who_has_another_seat_stays_with_that(spam: Account, dave: User, cakes: Account, paula: User) -> None:
    seat = Membership.objects.create(account=cakes, user=dave, role=Membership.Role.DEVELOPER)
    close(spam, paula)
    assert not is_there(spam)
    assert list(Membership.objects.filter(user=dave)) == [seat]


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
def test_who_is_of_staff_stays(right: str, spam: Account, dave: User, paula: User) -> None:
    User.objects.filter(pk=dave.pk).update(**{right: True})
    close(spam, paula)
    assert not is_there(spam)
    assert is_there(dave)


def test_who_entered_an_account_as_staff_once_stays_to_be_read(
    spam: Account, dave: User, cakes: Account, paula: User
) -> None:
    StaffAccess.objects.create(
        person=dave, account=cakes, purpose="LOOK", reason="A ticket", ends_at=timezone.now() - timedelta(days=9)
    )
    close(spam, paula)
    assert is_there(dave)
    assert StaffAccess.objects.get().person == dave


def test_the_deleted_are_signed_out_and_their_address_is_free(
    spam: Account, dave: User, paula: User, client_of: ClientOf
) -> None:
    client = client_of(dave)
    assert client.get(reverse("profile")).status_code == 200
    close(spam, paula)
    assert client.get(reverse("profile")).status_code == 302
    assert person("Dave again", dave.email).pk != dave.pk
    page = Client().post(reverse("account_login"), {"login": dave.email, "password": PASSWORD})
    assert page.status_code == 302


def test_what_they_released_elsewhere_stays_without_their_name(
    spam: Account, northwind: Account, dave: User, application: Application, paula: User
) -> None:
    """A seat that they had once."""
    seat = Membership.objects.create(account=northwind, user=dave, role=Membership.Role.DEVELOPER)
    made = release(application, (1, 0, 0), external(), dave)
    seat.delete()
    close(spam, paula)
    assert not is_there(dave)
    made.refresh_from_db()
    assert made.created_by is None


@pytest.mark.parametrize("over", [False, True], ids=["live", "over"])
@pytest.mark.parametrize("side", ["on it", "of what it makes"])
def test_an_account_with_any_installation_ever_is_suspended_instead(
    side: str,
    over: bool,
    spam: Account,
    application: Application,
    version: Version,
    cakes: Account,
    carol: User,
    dave: User,
    paula: User,
) -> None:
    made = spam.applications.get()
    row = install_on(spam, application, dave) if side == "on it" else install_on(cakes, made, carol)
    if over:
        lifecycle.uninstall(row, by=acting(dave if side == "on it" else carol))
    assert close(spam, paula) is True
    spam.refresh_from_db()
    assert spam.suspended_by_staff_at
    assert spam.suspension_reason == WHY
    assert all(is_there(kept) for kept in (spam, made, dave, row))
    assert close(spam, paula) is False


def test_what_was_retired_on_the_way_counts_as_installed(
    spam: Account, cakes: Account, carol: User, dave: User, paula: User
) -> None:
    made = spam.applications.get()
    lifecycle.uninstall(install_on(cakes, made, carol), by=acting(carol))
    removal.remove_application(made, by=acting(dave))
    close(spam, paula)
    assert is_there(made)


def test_what_a_closed_account_was_about_to_do_is_refused_in_words(
    spam: Account, application: Application, version: Version, dave: User, carol: User, cakes: Account, paula: User
) -> None:
    """Each of them was let in a moment before, and then waited for the account."""
    made = spam.applications.get()
    latest = made.versions.get(kind=Version.Kind.RELEASED)
    invitation = spam.invitations.get()
    seat = spam.memberships.get()
    mallory = person("Mallory", invitation.email)
    close(spam, paula)
    for act in (
        lambda: lifecycle.install(application, account=spam, version=version, by=acting(dave)),
        lambda: lifecycle.install(made, account=cakes, version=latest, by=acting(carol)),
        lambda: applications.create_application(account=spam, name="More", kind="SYSTEM", by=acting(dave)),
        lambda: people.invite(spam, email="x@example.com", role=Membership.Role.DEVELOPER, by=acting(dave)),
        lambda: people.accept(invitation, by=acting(mallory)),
        lambda: people.remove_member(seat, by=acting(dave)),
        lambda: people.edit_account(spam, by=acting(dave), name="Another"),
        lambda: access.enter(spam, purpose="LOOK", by=acting(paula, reason="Late.")),
    ):
        with pytest.raises(NotPossible, match="This account no longer exists"):
            act()
    assert not Installation.objects.exists()
    assert not PermanentToken.objects.exists()


def test_nobody_is_mailed(spam: Account, paula: User) -> None:
    mail.outbox.clear()
    close(spam, paula)
    assert mail.outbox == []


def test_what_is_told_before_is_what_happens(spam: Account, dave: User, carol: User, paula: User) -> None:
    Membership.objects.create(account=spam, user=paula, role=Membership.Role.DEVELOPER)
    told = closing(spam)
    assert told.deletes
    assert [row.name for row in told.applications] == ["Cheap pills"]
    assert (told.leaving, told.staying) == ([dave], [paula])
    assert (told.connectors, told.invitations) == (1, 1)
    close(spam, paula)
    assert [is_there(who) for who in (dave, paula, carol)] == [False, True, True]
