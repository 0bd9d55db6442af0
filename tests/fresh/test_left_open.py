"""What somebody gets of a browser that was left open: the ways that once led to a secret, one after the other, and what
is done there without being asked."""

from dataclasses import replace

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from installs.admin.token_acts import ROTATE_TOKENS
from installs.application import moving
from installs.installations import lifecycle
from installs.models import Delivery, Installation, PermanentToken
from linnapp import bulk_changes
from linnapp.bulk_changes import Wish
from linnapp.errors import SignInIsOld
from linnapp.models import Account, Application, BulkRow, Invitation, User, Version
from linnapp.services.manifests import manifest_of
from tests.fresh.cases import NEW, NEWER, OLD, Town, led_to
from tests.house.world import secrets_of_the_database
from tests.kit.consenting import address, release, sent
from tests.kit.people import ClientOf, acting
from tests.kit.versions import address as of_application

ASKED = "/sign-in/again/"


def is_asked(answer: object) -> bool:
    return str(getattr(answer, "headers", {}).get("Location", "")).startswith(ASKED)


@pytest.fixture
def left_open(alice: User, client_of: ClientOf) -> Client:
    """Alice signed in yesterday, and went for lunch."""
    return client_of(alice, fresh=False)


def test_no_permanent_token_is_led_to_another_host(town: Town, left_open: Client) -> None:
    """By another PostbackUrl and *Redeliver to newest*, step by step; each of the steps is closed by itself."""
    application = town.application
    manifest = {"text": str(led_to("https://thief.example/?t=[{TOKEN}]")).replace("'", '"')}
    typed = manifest | {"revision": application.manifest_revision}
    assert is_asked(left_open.post(of_application("manifest_json", application), typed))
    released = {"number": "1.3.0", "notes": "", "revision": application.manifest_revision}
    assert is_asked(left_open.post(of_application("version_release", application), released))
    again = of_application("postback_redeliver", application, town.failed.pk)
    assert is_asked(left_open.post(again, {"to": "newest"}))
    replay = of_application("postback_replay", application)
    assert is_asked(left_open.post(replay, {"to": "newest", "since": "2026-01-01T00:00:00+00:00"}))
    assert Delivery.objects.get(pk=town.failed.pk).url == OLD
    assert NEWER in str(manifest_of(application))
    assert not Version.objects.filter(minor=3).exists()


def test_no_new_secret_is_seen_and_nobody_invited(town: Town, left_open: Client) -> None:
    application = town.application
    pages = [
        left_open.post(of_application("secret_create", application), follow=True),
        left_open.post(of_application("signing_secret_rotate", application), {"after": "now"}, follow=True),
        left_open.get(of_application("application_general", application)),
        left_open.get(of_application("postback_settings", application)),
    ]
    for role in ("OWNER", "DEVELOPER"):
        seat = {"email": "mallory@example.com", "role": role}
        assert is_asked(left_open.post(reverse("invitation_create", args=[application.account.slug]), seat))
    assert not Invitation.objects.filter(email="mallory@example.com").exists()
    assert application.secrets.count() == 1
    shown = "".join(page.content.decode() for page in pages)
    assert [value for value in secrets_of_the_database() if value in shown] == []


def test_what_moves_nothing_is_done_without_being_asked(town: Town, left_open: Client) -> None:
    application = town.application
    again = of_application("postback_redeliver", application, town.failed.pk)
    assert not is_asked(left_open.post(again, {"to": "version"}))
    assert Delivery.objects.get(pk=town.failed.pk).state == Delivery.State.DUE
    manifest = led_to(NEWER)
    manifest["Modules"][0]["formattedName"] = "Bridge of stock"
    typed = {"text": str(manifest).replace("'", '"'), "revision": application.manifest_revision}
    assert not is_asked(left_open.post(of_application("manifest_json", application), typed))
    assert manifest_of(application).modules[0].formatted_name == "Bridge of stock"


def test_a_version_with_the_address_of_the_newest_is_released_without_being_asked(
    application: Application, alice: User, left_open: Client
) -> None:
    release(application, (1, 0, 0), led_to(OLD), alice)
    application.refresh_from_db()
    manifest = led_to(OLD)
    manifest["Modules"][0]["formattedName"] = "Bridge of stock"
    typed = {"text": str(manifest).replace("'", '"'), "revision": application.manifest_revision}
    left_open.post(of_application("manifest_json", application), typed)
    released = {"number": "1.1.0", "notes": "", "revision": application.manifest_revision + 1}
    assert not is_asked(left_open.post(of_application("version_release", application), released))
    assert application.versions.released().filter(minor=1).exists()


def test_a_consent_form_that_is_sent_once_more_shows_nothing_once_more(
    application: Application, version: Version, cakes: Account, carol: User, client_of: ClientOf
) -> None:
    """By the Back button of a browser that was left open."""
    form = sent(version, cakes)
    there = client_of(carol).post(address(application), form).headers["Location"]
    left_open = client_of(carol, fresh=False)
    assert left_open.post(address(application), form).headers["Location"] == there
    value = lifecycle.current_token(Installation.objects.get()).value()
    assert value not in left_open.get(there).content.decode()


def test_authorising_again_leads_no_token_to_another_address(
    application: Application, alice: User, northwind: Account, client_of: ClientOf, left_open: Client
) -> None:
    """By an older version whose address was left: the one it was last sent to asks nothing."""
    old = release(application, (1, 1, 0), led_to(OLD), alice)
    new = release(application, (1, 2, 0), led_to(NEW), alice)
    bare = release(application, (1, 3, 0), {"Modules": []}, alice)
    lifecycle.install(application, account=northwind, version=new, by=acting(alice))
    back = sent(old, northwind, nonce="b" * 32)
    assert is_asked(left_open.post(address(application), back))
    assert not is_asked(left_open.post(address(application), sent(new, northwind, nonce="c" * 32)))
    # Nor on the way over a version that leads nowhere: there the token is shown, and is asked for as well.
    assert is_asked(left_open.post(address(application), sent(bare, northwind, nonce="d" * 32)))
    lifecycle.install(application, account=northwind, version=bare, by=acting(alice))
    assert is_asked(left_open.post(address(application), back))
    assert set(Delivery.objects.values_list("url", flat=True)) == {NEW}
    assert not is_asked(client_of(alice).post(address(application), back))
    assert set(Delivery.objects.values_list("url", flat=True)) == {NEW, OLD}


def test_a_new_installation_is_agreed_to_without_being_asked(
    application: Application, version: Version, cakes: Account, carol: User, client_of: ClientOf
) -> None:
    left_open = client_of(carol, fresh=False)
    there = left_open.post(address(application), sent(version, cakes)).headers["Location"]
    value = lifecycle.current_token(Installation.objects.get()).value()
    assert value in left_open.get(there).content.decode()


# Staff.


def test_staff_move_no_application_and_send_no_manifests_by_an_old_sign_in(
    application: Application, cakes: Account, paula: User, client_of: ClientOf
) -> None:
    left_open = client_of(paula, fresh=False)
    here = f"/admin/linnapp/application/{application.pk}/move/"
    typed = {"account": cakes.slug, "ends": "now"}
    preview = left_open.post(here, typed).context["preview"]
    applied = {"apply": "1", "reason": "Sold.", "read": preview.digest, "at": preview.sent_at}
    assert is_asked(left_open.post(here, typed | applied))
    assert is_asked(left_open.get("/admin/linnapp/application/import-manifests/"))
    application.refresh_from_db()
    assert application.account != cakes


def test_a_service_refuses_an_old_sign_in_whoever_calls_it(
    application: Application, cakes: Account, paula: User
) -> None:
    by = replace(acting(paula, reason="Sold."), fresh=False)
    with pytest.raises(SignInIsOld):
        moving.move_application(application, to=cakes, secrets_end=application.created_at, by=by)
    application.refresh_from_db()
    assert application.account != cakes


def test_a_bulk_change_does_nothing_that_its_act_asked_no_sign_in_for(
    installation: Installation, paula: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    unasked = replace(ROTATE_TOKENS, fresh=False)
    monkeypatch.setattr(admin.site._registry[Installation], "staff_actions", (unasked,))
    wish = Wish(installation.pk, str(installation))
    change = bulk_changes.begin(unasked, Installation, [wish], by=acting(paula, reason="Leaked."), wanted={})
    bulk_changes.work_on(change.pk)
    assert change.rows.get().state == BulkRow.State.LEFT
    assert PermanentToken.objects.filter(installation=installation).count() == 1
