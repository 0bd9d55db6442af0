"""What an act tells in numbers of all the rows that are chosen is what it does to them."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.core import mail
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from installs.admin.accounts import AccountAdmin
from installs.installations import rotating, suspending, suspending_accounts
from installs.models import Delivery, Review
from installs.store import listings
from linnapp import bulk_changes, credentials
from linnapp.admin import helping, teams
from linnapp.admin_pages import ReadOnlyAdmin
from linnapp.models import Account, Application, Membership, OutgoingMail, TimelineEntry, User, Version
from linnapp.services import applications, people
from linnapp.staff_actions import StaffAction
from tests.admin.test_admin import make_session, path_of
from tests.admin.test_admin_actions import ask
from tests.kit.consenting import external, release
from tests.kit.people import ClientOf, acting, person
from tests.kit.posting import install, with_postback
from tests.kit.pressing import form_of, press

pytestmark = pytest.mark.django_db
HOOKS = "https://hooks.example.com/install"


def every_act() -> Iterator[Any]:
    for model, page in admin.site._registry.items():
        if isinstance(page, ReadOnlyAdmin):
            for act in page.listed_actions():
                if act.concerns:
                    yield pytest.param(model, act, id=f"{model.__name__}-{act.name}")


@pytest.fixture
def town(
    application: Application, cakes: Account, depot: Account, alice: User, carol: User, dave: User, paula: User
) -> None:
    """Of each table some rows that an act concerns, and some that it does not."""
    version = with_postback(application, HOOKS, alice)
    here, there = (
        install(application, cakes, version, carol).installation,
        install(application, depot, version, dave).installation,
    )
    make_session(here)
    rotating.rotate(there, by=acting(dave))
    Delivery.objects.filter(installation=here).update(state=Delivery.State.EXHAUSTED)
    names = ("Stopped", "Waiting", "Unused", "Gone")
    stopped, waiting, _, gone = (
        applications.create_application(account=application.account, name=name, kind="SYSTEM", by=acting(alice))[0]
        for name in names
    )
    made = release(stopped, (1, 0, 0), external(), alice)
    release(waiting, (1, 0, 0), external(), alice)
    install(stopped, cakes, made, carol)
    by = acting(paula, reason="Asked.")
    listings.list_in_store(application, by=by)
    suspending.suspend_application(stopped, by=by)
    suspending.suspend_by_staff(there, by=by)
    Application.objects.filter(pk=waiting.pk).update(listing=Application.Listing.IN_REVIEW)
    Review.objects.create(application=waiting, name="Waiting", requested_by=alice)
    Application.objects.filter(pk=gone.pk).update(retired_at=timezone.now())
    Version.objects.filter(application=waiting, kind="RELEASED").update(withdrawn_at=timezone.now())
    for name in ("Robots", "Spam"):
        robin = person(name, f"{name.lower()}@robots.example")
        robots = people.create_account(name=name, owner=robin)
    Membership.objects.create(account=robots, user=carol, role=Membership.Role.OWNER)
    for email in ("nora@x.example", "late@x.example", "joined@x.example", carol.email):
        people.invite(application.account, email=email, role=Membership.Role.DEVELOPER, by=by)
    invited = application.account.invitations
    invited.filter(email="late@x.example").update(expires_at=timezone.now())
    invited.filter(email="joined@x.example").update(accepted_at=timezone.now())
    Membership.objects.create(account=application.account, user=carol, role=Membership.Role.DEVELOPER)
    mails_not_sent()
    suspending_accounts.suspend_account(robots, by=by)
    UserSession.objects.create(user=carol, ip="192.0.2.1", session_key="of carol", user_agent="")
    User.objects.filter(pk=robin.pk).update(is_active=False)
    EmailAddress.objects.filter(user=robin).update(verified=False)


def mails_not_sent() -> None:
    """One that was given up, one that waits and was tried in vain, and one of each that is over."""
    later, text = timezone.now() + timedelta(hours=1), credentials.encrypt("{}")
    for place, (state, said, kept) in enumerate(
        (("FAILED", "Refused.", text), ("FAILED", "Refused.", ""), ("WAITING", "Not reached.", text), ("SENT", "", ""))
    ):
        OutgoingMail.objects.create(
            message_id=f"<{place}@x>",
            kind=OutgoingMail.Kind.NOTICE,
            recipient=f"{place}@x.example",
            state=state,
            said=said,
            content_encrypted=kept,
            due_at=later,
        )


def all_of(model: Any) -> QuerySet[Any]:
    """Nobody switches themselves off."""
    rows: QuerySet[Any] = model._default_manager.order_by("pk")
    return rows.filter(is_superuser=False) if model is User else rows


@pytest.mark.parametrize(("model", "act"), list(every_act()))
def test_so_many_are_changed_as_were_told(model: Any, act: StaffAction, town: None, paula: User) -> None:
    rows = all_of(model)
    told = " ".join(act.in_numbers(rows, rows.count(), {}))
    number = re.search(r": (\d+) of (\d+)\.", told)
    assert number, told
    change = bulk_changes.begin(act, model, bulk_changes.wishes_of(rows), by=acting(paula, reason="Asked."), wanted={})
    bulk_changes.work_on(change.pk)
    became = list(change.rows.values_list("name", "state", "said"))
    done = [state for _, state, _ in became].count("DONE")
    assert (int(number[1]), int(number[2])) == (done, change.total), became
    assert done


def test_an_account_keeps_an_owner_who_can_sign_in(town: None) -> None:
    spam = Membership.objects.filter(account__name="Spam")
    able, switched_off = (spam.filter(user__is_active=active) for active in (True, False))
    told = [teams.REMOVE.in_numbers(rows, rows.count(), {})[0] for rows in (able, switched_off, spam)]
    assert told == ["Removed: 0 of 1.", "Removed: 1 of 1.", "Removed: 1 of 2."]


def test_a_job_mails_links_to_this_portal(town: None, paula: User, settings: Any) -> None:
    alice = User.objects.filter(name="Alice")
    change = bulk_changes.begin(
        helping.SEND_RESET, User, bulk_changes.wishes_of(alice), by=acting(paula, reason="Asked."), wanted={}
    )
    bulk_changes.work_on(change.pk)
    assert f"{settings.SITE_URL}/" in mail.outbox[-1].body


def test_many_are_told_in_as_few_statements_as_few(town: None, paula: User, client_of: ClientOf) -> None:
    client, first = client_of(paula), list(Account.objects.all())
    asked = {act.name: _statements(client, act, first) for act in AccountAdmin.staff_actions if act.concerns}
    for number in range(6):
        people.create_account(name=f"More {number}", owner=person(f"P{number}", f"p{number}@more.example"))
    for act in AccountAdmin.staff_actions:
        if act.concerns:
            assert _statements(client, act, list(Account.objects.all())) == asked[act.name], act.name


def _statements(client: Client, act: StaffAction, rows: list[Account]) -> int:
    with CaptureQueriesContext(connection) as asked:
        page = ask(client, act.name, *rows).content.decode()
    assert f"{act.so_many(0, len(rows)).split(':')[0]}: " in page
    return len(asked)


def test_accounts_that_were_never_used_are_found(town: None, paula: User, depot: Account, client_of: ClientOf) -> None:
    page = client_of(paula).get(path_of(Account), {"use": "none"})
    found = {row.name for row in page.context["cl"].result_list}
    assert found == {"Robots", "Spam"}
    assert "Never used (can be deleted)" in page.content.decode()


def test_what_failed_of_many_applications_is_replayed(
    town: None, application: Application, paula: User, client_of: ClientOf
) -> None:
    client, rows = client_of(paula), [application, Application.objects.get(name="Unused")]
    chosen = {"action": "replay", "_selected_action": [str(row.pk) for row in rows]}
    form = form_of(client.post(path_of(Application), chosen), "confirm_form").type_into("reason", "Mended.")
    form.fields.append(("since", "7d"))
    told = press(client, form, "Show what changes")
    assert told.context["in_numbers"] == ["Given the failed postbacks again: 1 of 2.", "1 postback is sent again."]
    assert "1 postback is sent again at once, to hooks.example.com." in told.content.decode()
    press(client, form_of(told, "confirm_form"), "Replay")
    assert not Delivery.objects.failed().exists()
    entry = TimelineEntry.objects.get(kind="POSTBACKS_REPLAYED")
    assert (entry.actor_name, entry.reason) == ("Paula", "Mended.")
