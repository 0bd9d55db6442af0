"""What staff do in the admin leaves what the same act leaves that is done on a page of the portal: timeline entries,
sessions that ended, postbacks that are owed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.utils import timezone

from installs.installations import rotating
from installs.models import Delivery, Installation, Session
from linnapp.models import Account, Application, Invitation, Membership, TimelineEntry, User, Version
from linnapp.services import people
from tests.admin.editing import act, edit
from tests.admin.test_admin import make_session
from tests.kit.people import ClientOf, acting
from tests.registry.test_logos import picture

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Scene:
    """Stock Bridge of Northwind on Carol's Cakes, with a session, a postback that failed and what else acts need."""

    application: Application
    version: Version
    installation: Installation
    northwind: Account
    cakes: Account
    delivery: Delivery
    invitation: Invitation
    seat: Membership
    bob: User
    alice: Client
    carol: Client
    paula: Client

    @property
    def of_application(self) -> str:
        return f"/a/{self.northwind.slug}/applications/{self.application.pk}"

    @property
    def of_installation(self) -> str:
        return f"/a/{self.cakes.slug}/apps/{self.installation.pk}"


@pytest.fixture
def scene(
    application: Application,
    version: Version,
    installation: Installation,
    northwind: Account,
    cakes: Account,
    alice: User,
    bob: User,
    carol: User,
    paula: User,
    client_of: ClientOf,
) -> Scene:
    make_session(installation)
    delivery = Delivery.objects.create(
        application=application,
        installation=installation,
        event=Delivery.Event.INSTALLED,
        state=Delivery.State.EXHAUSTED,
        ended_at=timezone.now(),
        url="https://hooks.example.com/",
        host="hooks.example.com",
    )
    invitation, _ = people.invite(northwind, email="eve@example.com", role="DEVELOPER", by=acting(alice))
    seat = Membership.objects.get(user=bob)
    clients = [client_of(who) for who in (alice, carol, paula)]
    return Scene(application, version, installation, northwind, cakes, delivery, invitation, seat, bob, *clients)


Facts = tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], list[tuple[Any, ...]]]


@contextmanager
def undone() -> Iterator[None]:
    """All that is done in it is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def left_by(done: Callable[[], Any]) -> Facts:
    """What one act leaves: the entries without who did them, the sessions that it ended, the deliveries it touched."""
    last = TimelineEntry.objects.newest_first().values_list("pk", flat=True)[0]
    with undone():
        answer = done()
        assert answer.status_code == 302, answer.content.decode()[:3000]
        facts = ("kind", "application_id", "account_id", "subject_id")
        entries = list(TimelineEntry.objects.filter(pk__gt=last).order_by("pk").values_list(*facts))
        sessions = list(Session.objects.order_by("pk").values_list("pk", "end"))
        deliveries = list(
            Delivery.objects.order_by("event", "created_at").values_list("event", "state", "url", "tried")
        )
    return entries, sessions, deliveries


def uninstalled(scene: Scene) -> Scene:
    scene.carol.post(f"{scene.of_installation}/uninstall/", {"name": scene.application.name, "agreed": "on"})
    assert not Installation.objects.live().exists()
    return scene


Act = Callable[[Scene], Any]
# By name: as its own people do it, and as Paula does it in the admin.
SAME: dict[str, tuple[Act, Act]] = {
    "texts of an application": (
        lambda s: s.alice.post(f"{s.of_application}/general/", {"description": "New", "name": "Renamed"}),
        lambda s: edit(s.paula, s.application, description="New", name="Renamed"),
    ),
    "a logo": (
        lambda s: s.alice.post(f"{s.of_application}/general/logo/", {"logo": SimpleUploadedFile("a.png", picture())}),
        lambda s: edit(s.paula, s.application, logo=SimpleUploadedFile("a.png", picture())),
    ),
    "an account's details": (
        lambda s: s.carol.post(f"/a/{s.cakes.slug}/settings/", {"name": "Bakery", "contact_email": "x@cakes.example"}),
        lambda s: edit(s.paula, s.cakes, name="Bakery", contact_email="x@cakes.example"),
    ),
    "a role": (
        lambda s: s.alice.post(f"/a/{s.northwind.slug}/team/{s.seat.pk}/role/", {"role": "OWNER"}),
        lambda s: edit(s.paula, s.seat, role="OWNER"),
    ),
    "a seat taken away": (
        lambda s: s.alice.post(f"/a/{s.northwind.slug}/team/{s.seat.pk}/remove/"),
        lambda s: act(s.paula, s.seat, "remove"),
    ),
    "an invitation": (
        lambda s: s.alice.post(f"/a/{s.northwind.slug}/team/invite/", {"email": "fay@x.example", "role": "DEVELOPER"}),
        lambda s: edit(s.paula, Invitation, account=str(s.northwind.pk), email="fay@x.example", role="DEVELOPER"),
    ),
    "an invitation taken back": (
        lambda s: s.alice.post(f"/a/{s.northwind.slug}/team/invitations/{s.invitation.pk}/revoke/"),
        lambda s: act(s.paula, s.invitation, "revoke"),
    ),
    "a version withdrawn": (
        lambda s: s.alice.post(f"{s.of_application}/versions/{s.version.pk}/withdraw/"),
        lambda s: act(s.paula, s.version, "withdraw"),
    ),
    "a permanent token rotated": (
        lambda s: s.carol.post(f"{s.of_installation}/rotate/"),
        lambda s: act(s.paula, s.installation, "rotate_token"),
    ),
    "sessions ended": (
        lambda s: s.carol.post(f"{s.of_installation}/end-sessions/"),
        lambda s: act(s.paula, s.installation, "end_sessions"),
    ),
    "a postback sent again": (
        lambda s: s.alice.post(f"{s.of_application}/postbacks/{s.delivery.pk}/redeliver/"),
        lambda s: act(s.paula, s.delivery, "redeliver"),
    ),
    "an installation's failed postbacks sent again": (
        lambda s: s.alice.post(f"{s.of_application}/postbacks/{s.delivery.pk}/redeliver/"),
        lambda s: act(s.paula, s.installation, "redeliver"),
    ),
    "an application retired": (
        lambda s: uninstalled(s).alice.post(f"{s.of_application}/remove/", {"name": "Stock Bridge"}),
        lambda s: act(uninstalled(s).paula, s.application, "retire"),
    ),
    "an installation suspended": (
        lambda s: s.carol.post(f"{s.of_installation}/suspend/"),
        lambda s: act(s.paula, s.installation, "suspend"),
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_the_admin_leaves_what_the_page_leaves(name: str, scene: Scene) -> None:
    on_the_page, in_the_admin = SAME[name]
    expected = left_by(lambda: on_the_page(scene))
    assert expected[0]
    assert left_by(lambda: in_the_admin(scene)) == expected


def test_an_old_token_is_ended_as_on_the_page(scene: Scene, carol: User) -> None:
    rotating.rotate(scene.installation, by=acting(carol))
    expected = left_by(lambda: scene.carol.post(f"{scene.of_installation}/rotate/end-old/"))
    assert left_by(lambda: act(scene.paula, scene.installation, "end_old_token")) == expected
