"""Pages that name who did something say of staff that they are staff, and of nobody else."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from linnapp.actors import Actor, Side
from linnapp.models import Account, Application, Membership, StaffAccess, User, Version
from linnapp.services import access, secrets, versions
from tests.kit.people import ClientOf, acting
from tests.people.test_staff_access import page_of

pytestmark = pytest.mark.django_db
PAULA = "Paula of this portal's staff"


@pytest.fixture
def edited(application: Application, northwind: Account, paula: User) -> Application:
    """By Paula, from inside."""
    entered = access.enter(northwind, purpose=StaffAccess.Purpose.WORK, by=acting(paula, reason="Asked by phone"))
    by = Actor(paula, Side.STAFF, entered.reason, entered.pk, Side.DEVELOPER)
    versions.create_version(application, number=(1, 0, 0), notes="First.", expected_revision=1, by=by)
    secrets.create_secret(application=application, by=by)
    Application.objects.update(manifest_saved_by=paula)
    return application


def read(browser: Client, application: Application, *page: object) -> str:
    answer = browser.get(page_of(application.account, "applications", application.pk, *page))
    return answer.content.decode().replace("&#x27;", "'")


def test_versions_secrets_and_the_manifest_say_that_staff_made_them(
    edited: Application, alice: User, client_of: ClientOf
) -> None:
    browser, version = client_of(alice), edited.versions.the_latest()
    assert version
    for page in (("versions",), ("versions", version.pk), ("general",), ("modules",)):
        assert f"by {PAULA}" in read(browser, edited, *page), page


def test_whoever_has_a_seat_is_no_staff_there_nor_is_anybody_else(
    edited: Application, northwind: Account, alice: User, paula: User, client_of: ClientOf
) -> None:
    browser = client_of(alice)
    Membership.objects.create(account=northwind, user=paula, role=Membership.Role.DEVELOPER)
    shown = read(browser, edited, "versions")
    assert "by Paula" in shown
    assert PAULA not in shown
    assert "by Alice" in read(browser, edited, "general")
    assert "Alice of this portal" not in read(browser, edited, "general")


def test_it_is_asked_once_a_page(edited: Application, paula: User, alice: User, client_of: ClientOf) -> None:
    browser = client_of(alice)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert PAULA in read(browser, edited, "versions")
        return len(queries)

    before = asked()
    for minor in range(1, 6):
        Version.objects.create(
            application=edited, kind=Version.Kind.RELEASED, major=1, minor=minor, patch=0, snapshot={}, created_by=paula
        )
    assert asked() == before
