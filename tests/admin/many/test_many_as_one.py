"""What staff do to many rows leaves what the same act leaves that is done to each alone: entries of the timeline,
sessions that ended, postbacks that are owed. Only mails are fewer: one to each address for the whole change.

Every act of every page of the admin stands here. Imports have no button on a row: tests/admin/test_imports.py; and what
is done one by one has none above a list: removing second factors, tests/factors/test_removed_by_superusers.py."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import admin
from django.core import mail
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from installs.application import withdrawing
from installs.installations import lifecycle, rotating, suspending, suspending_accounts
from installs.models import Delivery, Installation, Review, Session
from linnapp import admin_pages, bulk_changes, credentials
from linnapp.models import Application, BulkChange, Membership, OutgoingMail, TimelineEntry, User
from linnapp.services import applications, people, versions
from linnapp.staff_actions import Import, StaffAction
from tests.admin.test_admin import make_session, path_of
from tests.admin.test_same_as_on_the_page import Scene, scene, undone
from tests.kit.people import acting, person
from tests.kit.pressing import form_of

pytestmark = pytest.mark.django_db
__all__ = ["scene"]
WHY = "Ticket 4411"
ACTS = {
    (model._meta.label, act.name): act
    for model, page in admin.site._registry.items()
    for act in getattr(page, "staff_actions", ())
    if not isinstance(act, Import) and not act.one_by_one
}


@dataclass(frozen=True)
class Two:
    """The scene with a second of everything: Order Bridge of Northwind, which Carol's Cakes has as well."""

    scene: Scene
    rows: dict[str, list[Any]]


@pytest.fixture
def two(scene: Scene, alice: User, bob: User, carol: User) -> Two:
    other, _ = applications.create_application(
        account=scene.northwind, name="Order Bridge", kind="SYSTEM", by=acting(alice)
    )
    version = versions.create_version(other, number=(2, 0, 0), notes="", expected_revision=1, by=acting(alice))
    installed = lifecycle.install(other, account=scene.cakes, version=version, by=acting(carol)).installation
    make_session(installed)
    delivery = Delivery.objects.create(
        application=other,
        installation=installed,
        event=Delivery.Event.INSTALLED,
        state=Delivery.State.EXHAUSTED,
        ended_at=timezone.now(),
        url="https://other.example.com/",
        host="other.example.com",
        nonce="another",
    )
    invited = [
        people.invite(scene.northwind, email=f"{name}@emporium.example", role="OWNER", by=acting(alice))[0]
        for name in ("erin", "fred")
    ]
    gus = person("Gus", "gus@northwind.example")
    seat = Membership.objects.create(account=scene.northwind, user=gus, role=Membership.Role.DEVELOPER)
    rows: dict[str, list[Any]] = {
        "linnapp.Application": [scene.application, other],
        "linnapp.Account": [scene.northwind, scene.cakes],
        "linnapp.Version": [scene.version, version],
        "installs.Installation": [scene.installation, installed],
        "installs.Delivery": [scene.delivery, delivery],
        "linnapp.Invitation": invited,
        "linnapp.Membership": [scene.seat, seat],
        "linnapp.User": [bob, gus],
        "linnapp.OutgoingMail": [mail_to("one@x.example"), mail_to("two@x.example")],
    }
    return Two(scene, rows)


Given = Callable[[list[Any], User], object]


def each(do: Callable[..., object]) -> Given:
    return lambda rows, paula: [do(row, by=acting(paula, reason="Before")) for row in rows]


def in_review(rows: list[Application], paula: User) -> None:
    for row in rows:
        Review.objects.create(application=row, name=row.name)
    listing(Application.Listing.IN_REVIEW)(rows, paula)


def listing(state: str) -> Given:
    return lambda rows, paula: Application.objects.filter(pk__in=[row.pk for row in rows]).update(listing=state)


def uninstalled(rows: list[Application], paula: User) -> None:
    for installation in Installation.objects.filter(application__in=rows):
        lifecycle.uninstall(installation, by=acting(User.objects.get(email="carol@carolscakes.example")))


def unconfirmed(rows: list[User], paula: User) -> None:
    for row in rows:
        EmailAddress.objects.update_or_create(user=row, email=row.email, defaults={"verified": False, "primary": True})


def signed_in(rows: list[User], paula: User) -> None:
    for row in rows:
        UserSession.objects.create(user=row, ip="192.0.2.1", session_key=f"of {row.pk}", user_agent="")


def switched_off(rows: list[User], paula: User) -> None:
    User.objects.filter(pk__in=[row.pk for row in rows]).update(is_active=False)


def mails(state: str) -> Given:
    return lambda rows, paula: OutgoingMail.objects.filter(pk__in=[row.pk for row in rows]).update(state=state)


def mail_to(recipient: str) -> OutgoingMail:
    return OutgoingMail.objects.create(
        message_id=f"<{recipient}>",
        kind=OutgoingMail.Kind.NOTICE,
        recipient=recipient,
        said="Not reached.",
        content_encrypted=credentials.encrypt("{}"),
        due_at=timezone.now() + timedelta(hours=1),
    )


@dataclass(frozen=True)
class Case:
    """What stands before, and what is typed beside the reason."""

    given: Given = lambda rows, paula: None
    typed: dict[str, str] = field(default_factory=dict)


CASES = {
    ("linnapp.Application", "suspend"): Case(),
    ("linnapp.Application", "resume"): Case(each(suspending.suspend_application)),
    ("linnapp.Application", "list_in_store"): Case(),
    ("linnapp.Application", "return_listing"): Case(in_review),
    ("linnapp.Application", "take_off_store"): Case(listing(Application.Listing.LISTED)),
    ("linnapp.Application", "retire"): Case(uninstalled),
    ("linnapp.Application", "edit_support_contact"): Case(typed={"support_contact": "help@x.example"}),
    ("linnapp.Application", "edit_description"): Case(typed={"description": "New"}),
    ("linnapp.Application", "withdraw_newest"): Case(),
    ("linnapp.Application", "move_to_account"): Case(typed={"account": "carols-cakes", "ends": "now"}),
    ("linnapp.Application", "replay"): Case(typed={"since": "7d"}),
    ("linnapp.Account", "suspend"): Case(),
    ("linnapp.Account", "resume"): Case(each(suspending_accounts.suspend_account)),
    ("linnapp.Account", "edit_contact_email"): Case(typed={"contact_email": "desk@x.example"}),
    ("linnapp.Account", "close"): Case(),
    ("linnapp.Version", "withdraw"): Case(),
    ("linnapp.Version", "take_back"): Case(each(withdrawing.withdraw_version)),
    ("installs.Installation", "suspend"): Case(),
    ("installs.Installation", "resume"): Case(each(suspending.suspend_by_staff)),
    ("installs.Installation", "rotate_token"): Case(),
    ("installs.Installation", "end_old_token"): Case(each(rotating.rotate)),
    ("installs.Installation", "end_sessions"): Case(),
    ("installs.Installation", "redeliver"): Case(),
    ("installs.Delivery", "redeliver"): Case(),
    ("linnapp.Membership", "remove"): Case(),
    ("linnapp.Invitation", "revoke"): Case(),
    ("linnapp.Invitation", "invite_again"): Case(),
    ("linnapp.User", "send_reset"): Case(),
    ("linnapp.User", "send_confirmation"): Case(unconfirmed),
    ("linnapp.User", "sign_out"): Case(signed_in),
    ("linnapp.User", "switch_off"): Case(),
    ("linnapp.User", "switch_on"): Case(switched_off),
    ("linnapp.OutgoingMail", "send_again"): Case(mails(OutgoingMail.State.FAILED)),
    ("linnapp.OutgoingMail", "send_now"): Case(mails(OutgoingMail.State.WAITING)),
}


def pressed(client: Client, page: str, sent: dict[str, Any], typed: dict[str, str]) -> None:
    """Reads what happens, types what is asked, and gives the reason; a value is shown before it is set."""
    form = form_of(client.post(page, sent) if sent else client.get(page), "confirm_form")
    asked, read = form.values("asked"), form.value("read")
    for _ in range(2):
        answer = client.post(page, {**sent, **typed, "asked": asked, "apply": "1", "reason": WHY, "read": read})
        if answer.status_code == 302:
            return
        read = form_of(answer, "confirm_form").value("read")
    raise AssertionError(answer.content.decode()[:3000])


def one_by_one(client: Client, act: StaffAction, rows: list[Model], typed: dict[str, str]) -> None:
    for row in rows:
        pressed(client, path_of(type(row), row.pk, "act", act.name), {}, typed)


def as_one(client: Client, act: StaffAction, rows: list[Model], typed: dict[str, str]) -> None:
    """Ticked in the list, and done by a job: no request is there any more."""
    ticked = {"action": act.name, "_selected_action": [str(row.pk) for row in rows]}
    pressed(client, path_of(type(rows[0])), ticked, typed)
    change = BulkChange.objects.get()
    bulk_changes.work_on(change.pk)
    change.refresh_from_db()
    left = list(change.rows.values_list("name", "state", "said"))
    assert [state for _, state, _ in left] == ["DONE", "DONE"], left
    assert change.state == "DONE"


def left_by(done: Callable[[], None]) -> tuple[list[Any], list[Any], list[Any], Counter[str]]:
    mail.outbox.clear()
    last = TimelineEntry.objects.newest_first().values_list("pk", flat=True)[0]
    with undone():
        done()
        entries = [told(entry) for entry in TimelineEntry.objects.filter(pk__gt=last).order_by("pk")]
        sessions = list(Session.objects.order_by("pk").values_list("pk", "end"))
        deliveries = sorted(Delivery.objects.values_list("application", "event", "state", "url", "tried"), key=str)
    return (
        sorted(entries, key=str),
        sessions,
        deliveries,
        Counter(address for sent in mail.outbox for address in sent.to),
    )


def told(entry: TimelineEntry) -> tuple[object, ...]:
    """All of an entry but the change, and the last letters of a permanent token, which is another one each time."""
    facts = {name: fact for name, fact in entry.facts.items() if name not in ("change", "tail")}
    about = (entry.application_id, entry.account_id, entry.subject_id)
    return (*about, entry.kind, entry.actor_name, entry.actor_id, entry.side, entry.reason, facts)


@pytest.mark.parametrize("key", ACTS, ids="-".join)
def test_many_at_once_leave_what_each_alone_leaves(
    key: tuple[str, str], two: Two, paula: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    act, case, rows, client = ACTS[key], CASES[key], two.rows[key[0]], two.scene.paula
    case.given(rows, paula)
    monkeypatch.setattr(admin_pages, "AT_ONCE", 1)
    expected = left_by(lambda: one_by_one(client, act, rows, case.typed))
    assert expected[0]
    entries, sessions, deliveries, mails = left_by(lambda: as_one(client, act, rows, case.typed))
    assert (entries, sessions, deliveries) == expected[:3]
    assert mails.keys() == expected[3].keys()
    assert set(mails.values()) <= {1}


@pytest.mark.parametrize("name", ["send_reset", "send_confirmation"])
def test_a_link_that_a_job_sends_leads_to_this_portal(
    name: str, two: Two, paula: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_pages, "AT_ONCE", 1)
    key = ("linnapp.User", name)
    CASES[key].given(two.rows["linnapp.User"], paula)
    mail.outbox.clear()
    as_one(two.scene.paula, ACTS[key], two.rows["linnapp.User"], {})
    assert len(mail.outbox) == 2
    for sent in mail.outbox:
        assert f"{settings.SITE_URL}/" in str(sent.body)


def test_no_act_is_told_here_that_is_not_there() -> None:
    assert CASES.keys() == ACTS.keys()
