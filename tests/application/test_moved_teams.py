"""Once an application was moved, its old team keeps no way in: no page, no draft, no secret past the moment named."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from installs.application import moving, secret_ends
from installs.installations import lifecycle
from installs.models import Installation, Session, SigningSecret
from installs.postbacks import signing_secrets
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, Secret, User, Version
from linnapp.services import applications, secrets, versions
from tests.application.test_secrets import exchange
from tests.kit.consenting import read
from tests.kit.people import ClientOf, acting
from tests.kit.pressing import form_of, press

pytestmark = pytest.mark.django_db
SOON = timedelta(hours=24)
PAGES = (
    *("application_overview", "application_general", "manifest_edit", "version_list", "version_review"),
    *("application_installations", "application_activity", "postback_list", "postback_settings", "listing"),
)
LOCATIONS = "/api/Inventory/GetStockLocations"
Move = Callable[[timedelta], Application]


@pytest.fixture
def move(application: Application, depot: Account, paula: User) -> Move:
    by = acting(paula, reason="Sold.")
    return lambda span: moving.move_application(application, to=depot, secrets_end=timezone.now() + span, by=by)


@pytest.fixture
def old(application: Application) -> Secret:
    return application.secrets.get()


def pass_time(secret: Secret) -> None:
    """As if the moment at which it ends had come."""
    assert secret.ends_at
    Secret.objects.filter(pk=secret.pk).update(ends_at=timezone.now())


def test_the_old_secret_and_a_permanent_token_exchange_together_until_it_ends_and_no_longer(
    move: Move, old: Secret, installation: Installation
) -> None:
    row = move(SOON)
    answer = exchange(installation, old)
    assert answer.status_code == 200
    old.refresh_from_db()
    assert old.ends_at
    assert abs(old.ends_at - timezone.now() - SOON) < timedelta(minutes=1)
    pass_time(old)
    assert exchange(installation, old).status_code == 400
    headers = {"Authorization": answer.json()["Token"]}
    assert Client().get(LOCATIONS, headers=headers).status_code == 401
    assert exchange(installation, row.secrets.latest("pk")).status_code == 200


def test_ended_now_its_sessions_end_at_once(move: Move, old: Secret, installation: Installation) -> None:
    assert exchange(installation, old).status_code == 200
    move(timedelta(0))
    assert exchange(installation, old).status_code == 400
    assert Session.objects.get().end == Session.End.SECRET_RETIRED


def test_all_secrets_that_the_old_team_knows_end_and_none_is_lengthened(
    move: Move, old: Secret, application: Application, alice: User
) -> None:
    second = secrets.create_secret(application=application, by=acting(alice))
    ends = secret_ends.retire_secret(old, after=timedelta(hours=1), by=acting(alice))
    row = move(SOON)
    old.refresh_from_db()
    second.refresh_from_db()
    assert old.ends_at == ends
    assert second.ends_at
    assert second.ends_at > ends
    assert row.secrets.get(ends_at=None) not in (old, second)


def test_the_new_owners_reveal_the_new_secret_and_the_old_team_does_not(
    move: Move, alice: User, dave: User, client_of: ClientOf, application: Application
) -> None:
    row = move(SOON)
    made = row.secrets.get(ends_at=None)
    for slug in ("northwind", "daves-depot"):
        page = reverse("secret_reveal", args=[slug, row.pk, made.pk])
        assert client_of(alice).post(page).status_code == 404
    answer = client_of(dave).post(reverse("secret_reveal", args=["daves-depot", row.pk, made.pk]), follow=True)
    assert made.value() in answer.content.decode()


def test_a_new_signing_secret_takes_the_place_of_those_that_the_old_team_knows(
    move: Move, application: Application, alice: User
) -> None:
    first = signing_secrets.reveal(application, by=acting(alice))
    second = signing_secrets.rotate(application, after=timedelta(days=7), by=acting(alice))
    move(SOON)
    made = SigningSecret.objects.get(ends_at=None)
    assert made not in (first, second)
    for row in (first, second):
        row.refresh_from_db()
        assert row.ends_at
        assert abs(row.ends_at - timezone.now() - SOON) < timedelta(minutes=1)


def test_without_a_signing_secret_none_is_made(move: Move) -> None:
    move(SOON)
    assert not SigningSecret.objects.exists()


@pytest.mark.parametrize("name", PAGES)
def test_old_addresses_and_new_ones_are_not_found_by_the_old_team(
    name: str, move: Move, version: Version, alice: User, bob: User, dave: User, client_of: ClientOf
) -> None:
    row = move(SOON)
    for person in (alice, bob):
        for slug in ("northwind", "daves-depot"):
            assert client_of(person).get(reverse(name, args=[slug, row.pk])).status_code == 404
    assert client_of(dave).get(reverse(name, args=["northwind", row.pk])).status_code == 404
    assert client_of(dave).get(reverse(name, args=["daves-depot", row.pk])).status_code == 200


def test_what_the_old_team_has_open_cannot_be_saved(
    move: Move, application: Application, alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    form = form_of(client.get(reverse("manifest_edit", args=["northwind", application.pk])), "manifest")
    move(SOON)
    assert press(client, form, "Save Manifest").status_code == 404
    number = {"number": "1.0.0", "notes": "Mine", "revision": "1"}
    for step in ("version_notes", "version_release"):
        assert client.post(reverse(step, args=["northwind", application.pk]), number).status_code == 404
    application.refresh_from_db()
    assert application.manifest_revision == 1
    assert not application.versions.released().exists()


def test_who_was_let_in_a_moment_before_the_move_is_refused_by_the_service(
    move: Move, old: Secret, application: Application, alice: User
) -> None:
    """Their request was asked who they are, and then waited for the application."""
    by, waiting = acting(alice), Application.objects.get(pk=application.pk)
    move(SOON)
    for act in (
        lambda: secrets.create_secret(application=waiting, by=by),
        lambda: applications.edit_application(waiting, by=by, name="Mine"),
        lambda: versions.create_version(waiting, number=(1, 0, 0), notes="", expected_revision=1, by=by),
        lambda: signing_secrets.rotate(waiting, after=SOON, by=by),
    ):
        with pytest.raises(NotPossible, match="was moved to another account"):
            act()


def test_the_old_account_manages_its_installation_as_any_customer_does(
    move: Move, application: Application, version: Version, northwind: Account, alice: User, bob: User
) -> None:
    own = lifecycle.install(application, account=northwind, version=version, by=acting(alice)).installation
    move(SOON)
    assert not Installation.objects.manageable_by(bob).filter(pk=own.pk).exists()
    assert Installation.objects.manageable_by(alice).filter(pk=own.pk).exists()


def test_the_general_page_shows_the_new_team_which_secrets_end(
    move: Move, old: Secret, dave: User, client_of: ClientOf, settings: Settings
) -> None:
    row = move(SOON)
    page = read(client_of(dave).get(reverse("application_general", args=["daves-depot", row.pk])))
    assert f"••••{old.tail}" in page
    assert f"••••{row.secrets.get(ends_at=None).tail}" in page
