"""Staff rotate permanent tokens and end sessions in the admin: with the effect shown, a reason, and no token seen."""

import pytest
from django.contrib.auth.models import Permission

from installs.installations import lifecycle, rotating
from installs.models import Delivery, Installation, PermanentToken, Session
from linnapp.models import Account, Application, TimelineEntry, User
from tests.admin.test_admin_actions import act, ask
from tests.kit.exchanging import exchange
from tests.kit.people import ClientOf, acting
from tests.kit.posting import install, with_postback

pytestmark = pytest.mark.django_db


def entries() -> list[tuple[str, str, str, str]]:
    kinds = ("TOKEN_ROTATED", "OLD_TOKEN_ENDED", "SESSIONS_ENDED")
    rows = TimelineEntry.objects.filter(kind__in=kinds).order_by("pk")
    return list(rows.values_list("kind", "actor_name", "side", "reason"))


def test_a_permanent_token_is_rotated_with_a_reason_and_shown_to_nobody(
    installation: Installation, paula: User, client_of: ClientOf
) -> None:
    client = client_of(paula)
    page = ask(client, "rotate_token", installation).content.decode()
    assert "Rotate the permanent token of 1 installation?" in page
    assert "Carol&#x27;s Cakes or Northwind can reveal a new permanent token. You do not see it." in page
    assert PermanentToken.objects.count() == 1
    assert act(client, "rotate_token", installation, reason="  ").status_code == 422
    answer = act(client, "rotate_token", installation).content.decode()
    assert "1 installation was given a new permanent token." in answer
    new = lifecycle.current_token(installation)
    assert new.value() not in answer
    assert not [key for key, _ in client.session.items() if key.startswith("shown:")]
    assert entries() == [("TOKEN_ROTATED", "Paula", "STAFF", "Ticket 4411")]
    page = ask(client, "rotate_token", installation).content.decode()
    assert "Already rotated, and the old one still works: nothing changes." in page
    assert (
        "It has already been rotated, and the old permanent token"
        in act(client, "rotate_token", installation).content.decode()
    )
    assert PermanentToken.objects.count() == 2


def test_with_a_postback_url_it_is_sent(
    application: Application, cakes: Account, alice: User, carol: User, paula: User, client_of: ClientOf
) -> None:
    version = with_postback(application, "https://hooks.example.com/in", alice)
    row = install(application, cakes, version, carol).installation
    client = client_of(paula)
    assert "A new permanent token is sent to hooks.example.com." in ask(client, "rotate_token", row).content.decode()
    act(client, "rotate_token", row)
    assert Delivery.objects.get(event="token_rotated").installation == row


def test_the_old_one_is_ended_by_staff(
    installation: Installation, carol: User, paula: User, client_of: ClientOf
) -> None:
    client = client_of(paula)
    assert (
        "Only one permanent token works: nothing changes."
        in ask(client, "end_old_token", installation).content.decode()
    )
    rotation = rotating.rotate(installation, by=acting(carol))
    assert "The old one ends now, with its sessions" in ask(client, "end_old_token", installation).content.decode()
    act(client, "end_old_token", installation)
    assert exchange(rotation.old).status_code == 400
    assert entries()[1:] == [("OLD_TOKEN_ENDED", "Paula", "STAFF", "Ticket 4411")]


def test_sessions_are_ended_by_staff(installation: Installation, paula: User, client_of: ClientOf) -> None:
    client = client_of(paula)
    for _ in range(2):
        exchange(lifecycle.current_token(installation))
    page = ask(client, "end_sessions", installation).content.decode()
    assert "End sessions of 1 installation?" in page
    assert "2 sessions end now. The permanent token still works." in page
    assert (
        "1 installation was left without a live session." in act(client, "end_sessions", installation).content.decode()
    )
    assert not Session.objects.live().exists()
    assert "No session is live: nothing changes." in ask(client, "end_sessions", installation).content.decode()
    again = act(client, "end_sessions", installation).content.decode()
    assert "1 installation: nothing changed." in again
    assert entries() == [("SESSIONS_ENDED", "Paula", "STAFF", "Ticket 4411")]


@pytest.mark.parametrize("action", ["rotate_token", "end_old_token", "end_sessions"])
def test_what_is_over_is_left_alone(
    installation: Installation, carol: User, paula: User, client_of: ClientOf, action: str
) -> None:
    lifecycle.uninstall(installation, by=acting(carol))
    answer = act(client_of(paula), action, installation).content.decode()
    assert "is uninstalled, and its permanent token stopped working then." in answer
    assert entries() == []


@pytest.mark.parametrize("action", ["rotate_token", "end_old_token", "end_sessions"])
def test_whoever_may_only_look_cannot(
    installation: Installation, carol: User, sam: User, client_of: ClientOf, action: str
) -> None:
    rotating.rotate(installation, by=acting(carol))
    exchange(PermanentToken.objects.order_by("pk")[0])
    sam.user_permissions.add(Permission.objects.get(codename="view_installation"))
    act(client_of(sam), action, installation)
    assert len(entries()) == 1
    assert Session.objects.live().count() == 1
