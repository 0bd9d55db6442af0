"""Staff inside an account: by permission and with a reason, for a while, and no further than what they came for."""

from datetime import UTC, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from installs.models import Connector, Installation
from linnapp.models import Account, Application, Membership, Secret, StaffAccess, TimelineEntry, User
from linnapp.services import access
from tests.kit.people import ClientOf, acting, person

pytestmark = pytest.mark.django_db
REASON = "Ticket 4711: the logo does not show."
Purpose = StaffAccess.Purpose


def enter(browser: Client, account: Account, purpose: str, **more: str) -> str:
    answer = browser.post(f"/inside/{account.slug}/", {"purpose": purpose, "reason": REASON, **more})
    assert answer.status_code == 302, answer.content.decode()
    return answer.headers["Location"]


def page_of(account: Account, *rest: object) -> str:
    return "/".join(["/a", account.slug, *map(str, rest), ""])


@pytest.fixture
def looking(sam: User, northwind: Account, client_of: ClientOf) -> Client:
    browser = client_of(sam)
    enter(browser, northwind, Purpose.LOOK)
    return browser


@pytest.fixture
def working(paula: User, northwind: Account, client_of: ClientOf) -> Client:
    browser = client_of(paula)
    enter(browser, northwind, Purpose.WORK)
    return browser


def test_it_opens_for_a_reason_and_the_owners_are_told(
    sam: User, alice: User, bob: User, northwind: Account, client_of: ClientOf
) -> None:
    browser = client_of(sam)
    assert browser.get(page_of(northwind, "applications")).status_code == 404
    without = browser.post(f"/inside/{northwind.slug}/", {"purpose": "LOOK", "reason": " "})
    assert without.status_code == 422
    assert not StaffAccess.objects.exists()
    assert enter(browser, northwind, Purpose.LOOK) == page_of(northwind, "applications")
    page = browser.get(page_of(northwind, "applications")).content.decode()
    assert 'aria-label="Staff access"' in page
    assert REASON in page
    assert "30 minutes left" in page
    [sent] = mail.outbox
    assert sent.to == [alice.email]
    assert REASON in sent.body
    entry = TimelineEntry.objects.get(kind="STAFF_ENTERED")
    assert (entry.actor_name, entry.side, entry.reason, entry.account_id) == ("Sam", "STAFF", REASON, northwind.pk)
    team = client_of(alice).get(page_of(northwind, "team")).content.decode()
    assert "Inside now" in team
    assert REASON in team


def test_the_mail_says_until_when_in_utc_wherever_the_staff_are(
    sam: User, northwind: Account, client_of: ClientOf
) -> None:
    User.objects.filter(pk=sam.pk).update(time_zone="Asia/Tokyo")
    enter(client_of(sam), northwind, Purpose.LOOK)
    ends_at = StaffAccess.objects.get().ends_at
    assert f"until {ends_at.astimezone(UTC):%H:%M} UTC" in mail.outbox[0].body


def test_it_asks_for_a_fresh_sign_in(sam: User, northwind: Account, client_of: ClientOf) -> None:
    browser = client_of(sam, fresh=False)
    answer = browser.post(f"/inside/{northwind.slug}/", {"purpose": "LOOK", "reason": REASON})
    assert "/sign-in/again/" in answer.headers["Location"] or "reauthenticate" in answer.headers["Location"]
    assert not StaffAccess.objects.exists()


@pytest.mark.parametrize("who", ["alice", "dave", "sam"])
def test_nobody_enters_for_what_they_may_not(
    who: str, alice: User, dave: User, sam: User, cakes: Account, client_of: ClientOf
) -> None:
    browser = client_of({"alice": alice, "dave": dave, "sam": sam}[who])
    answer = browser.post(f"/inside/{cakes.slug}/", {"purpose": "WORK", "reason": REASON})
    assert answer.status_code == (422 if who == "sam" else 404)
    assert not StaffAccess.objects.exists()


def test_it_is_over_after_half_an_hour_and_keeps_what_was_typed(
    working: Client, northwind: Account, application: Application
) -> None:
    StaffAccess.objects.update(ends_at=timezone.now())
    here = page_of(northwind, "applications", application.pk, "general")
    answer = working.post(here, {"name": "Typed with care", "description": "Quite long"})
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "Its 30 minutes ended" in page
    assert 'name="name" value="Typed with care"' in page
    application.refresh_from_db()
    assert application.name != "Typed with care"
    StaffAccess.objects.update(ends_at=timezone.now() - timedelta(days=1))
    assert working.get(here).status_code == 404


def test_an_owner_ends_it_and_the_next_request_is_refused(
    working: Client, alice: User, bob: User, northwind: Account, client_of: ClientOf
) -> None:
    row = StaffAccess.objects.get()
    end = page_of(northwind, "team", "staff", row.pk, "end")
    assert client_of(bob).post(end).status_code == 404
    assert client_of(alice).post(end).status_code == 302
    answer = working.get(page_of(northwind, "applications"))
    assert answer.status_code == 403
    assert "Alice ended it" in answer.content.decode()
    assert TimelineEntry.objects.filter(kind="STAFF_SENT_AWAY", actor_name="Alice").exists()


def test_leaving_closes_it(looking: Client, northwind: Account, dave: User, client_of: ClientOf) -> None:
    row = StaffAccess.objects.get()
    assert client_of(dave).post(f"/inside/{row.pk}/leave/").status_code == 404
    looking.post(f"/inside/{row.pk}/leave/")
    assert looking.get(page_of(northwind, "applications")).status_code == 403
    assert "Staff access" not in looking.get("/support/").content.decode()


def test_to_look_sends_nothing_and_reads_nothing_of_the_team_alone(
    looking: Client, northwind: Account, application: Application, installation: Installation
) -> None:
    tab = ("applications", application.pk)
    for read in ((*tab, "overview"), (*tab, "installations"), (*tab, "versions"), (*tab, "activity"), ("team",)):
        path = page_of(northwind, *read).replace("overview/", "")
        assert looking.get(path).status_code == 200, path
    for closed in ("general", "modules", "modules/json", "modules/export"):
        assert looking.get(page_of(northwind, *tab, closed)).status_code == 403, closed
    sent = looking.post(page_of(northwind, *tab, "general"), {"name": "Other"})
    assert sent.status_code == 403
    assert "Nothing was sent" in sent.content.decode()
    assert looking.post("/search/", {"q": application.name}).status_code == 200
    assert looking.post("/sign-out/").status_code == 302


def test_to_work_edits_as_staff_and_the_team_reads_who_and_why(
    working: Client, northwind: Account, application: Application, alice: User, client_of: ClientOf
) -> None:
    here = page_of(northwind, "applications", application.pk, "general")
    form = working.get(here).context["details"]
    typed = {name: form[name].value() or "" for name in form.fields} | {"description": "Edited by staff."}
    answer = working.post(here, {key: value for key, value in typed.items() if value is not None})
    assert answer.status_code == 302, answer.content.decode()[:3000]
    application.refresh_from_db()
    assert application.description == "Edited by staff."
    entry = TimelineEntry.objects.get(kind="APPLICATION_EDITED")
    assert (entry.actor_name, entry.side, entry.reason) == ("Paula", "STAFF", REASON)
    assert entry.facts["access"] == str(StaffAccess.objects.get().pk)
    read = client_of(alice).get(page_of(northwind, "applications", application.pk, "activity")).content.decode()
    assert "Paula of this portal" in read
    assert REASON in read


def test_to_work_does_nothing_that_only_an_owner_may(
    working: Client, northwind: Account, bob: User, installation: Installation
) -> None:
    seat = Membership.objects.get(user=bob)
    for path in (("team", "invite"), ("team", seat.pk, "role"), ("team", seat.pk, "remove"), ("settings",)):
        assert working.post(page_of(northwind, *path), {"role": "OWNER", "name": "X"}).status_code == 404, path
    assert working.get(page_of(northwind, "settings")).status_code == 200


def test_to_work_installs_updates_and_uninstalls_nothing(
    paula: User, cakes: Account, installation: Installation, client_of: ClientOf
) -> None:
    browser = client_of(paula)
    enter(browser, cakes, Purpose.WORK)
    for act in ("uninstall", "update", "go-back", "switch"):
        assert browser.post(page_of(cakes, "apps", installation.pk, act)).status_code == 404, act
    assert (
        cakes.name
        not in browser.get(f"/authorize/{installation.application_id}/")
        .content.decode()
        .partition("Staff access")[2]
        .partition("</aside>")[2]
        .partition("<main")[2]
    )


@pytest.mark.parametrize("permitted", [False, True])
def test_secrets_are_revealed_by_a_permission_of_its_own(
    permitted: bool, northwind: Account, application: Application, client_of: ClientOf
) -> None:
    worker = person("Willa", "willa@linnapp.example", is_staff=True)
    names = ["work_in_accounts", *(["reveal_credentials"] if permitted else [])]
    worker.user_permissions.set(Permission.objects.filter(codename__in=names))
    browser = client_of(worker)
    enter(browser, northwind, Purpose.WORK)
    secret = Secret.objects.get(application=application)
    general = page_of(northwind, "applications", application.pk, "general")
    assert secret.value() not in browser.get(general).content.decode()
    browser.post(f"{general}secrets/{secret.pk}/reveal/")
    assert (secret.value() in browser.get(general).content.decode()) is permitted
    assert TimelineEntry.objects.filter(kind="SECRET_REVEALED").count() == permitted
    StaffAccess.objects.update(ends_at=timezone.now())
    enter(browser, northwind, Purpose.WORK)
    assert secret.value() not in browser.get(general).content.decode()


def test_where_a_person_has_a_seat_the_seat_counts(
    sam: User, northwind: Account, application: Application, client_of: ClientOf
) -> None:
    browser = client_of(sam)
    enter(browser, northwind, Purpose.LOOK)
    Membership.objects.create(account=northwind, user=sam, role=Membership.Role.DEVELOPER)
    answer = browser.get(page_of(northwind, "applications", application.pk, "general"))
    assert answer.status_code == 200
    assert browser.get(f"/inside/{northwind.slug}/").headers["Location"] == page_of(northwind, "applications")


def test_a_permission_that_is_taken_away_ends_it_and_keeps_what_was_typed(
    working: Client, paula: User, northwind: Account, application: Application
) -> None:
    User.objects.filter(pk=paula.pk).update(is_superuser=False)
    answer = working.post(page_of(northwind, "applications", application.pk, "general"), {"name": "Typed with care"})
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "You no longer have the permission" in page
    assert "Enter again" not in page.replace("Enter again first", "")
    assert 'name="name" value="Typed with care"' in page
    assert not Application.objects.filter(name="Typed with care").exists()


@pytest.mark.parametrize("how", ["sent away", "time", "permission", "to look"])
def test_a_script_that_sends_is_told_above_the_page_that_stays_as_it_is(
    how: str, working: Client, paula: User, alice: User, northwind: Account, application: Application
) -> None:
    if how == "sent away":
        access.send_away(StaffAccess.objects.get(), by=acting(alice))
    elif how == "time":
        StaffAccess.objects.update(ends_at=timezone.now())
    elif how == "permission":
        User.objects.filter(pk=paula.pk).update(is_superuser=False)
    else:
        enter(working, northwind, Purpose.LOOK)
    words = {"sent away": "Alice ended it", "time": "Its 30 minutes ended", "permission": "You no longer have"}
    add = page_of(northwind, "applications", application.pk, "modules", "draft", "add-module")
    answer = working.post(add, {"name": "Typed"}, headers={"hx-request": "true"})
    # 422 is what htmx swaps in, and in the place of messages it takes nothing from the editor.
    assert answer.status_code == 422
    assert answer.headers["HX-Retarget"] == "#messages"
    page = answer.content.decode()
    assert page.strip().startswith('<div id="messages" role="alert">')
    assert words.get(how, "Nothing was sent") in page
    assert "<html" not in page


def test_a_part_that_a_page_asks_for_by_itself_stops_asking(working: Client, northwind: Account) -> None:
    StaffAccess.objects.update(ends_at=timezone.now())
    answer = working.get(page_of(northwind, "applications"), headers={"hx-request": "true"})
    assert answer.status_code == 286
    assert "Your access to Northwind has ended" in answer.content.decode()


WORDS: dict[str, tuple[type[Model], str, str]] = {
    "accounts, visible": (Account, "visible_to", "look work seat"),
    "accounts, with a seat": (Account, "with_seat_of", "seat"),
    "accounts, developed": (Account, "developed_by", "seat"),
    "accounts, owned": (Account, "owned_by", "seat"),
    "accounts, overseen": (Account, "overseen_by", "look work seat"),
    "applications, visible": (Application, "visible_to", "look work seat"),
    "applications, editable": (Application, "editable_by", "work seat"),
    "applications, developed": (Application, "developed_by", "seat"),
    "secrets, visible": (Secret, "visible_to", "work seat"),
    "secrets, revealable": (Secret, "revealable_by", "seat"),
    "accounts, for support": (Account, "for_support", "look work"),
    "applications, for support": (Application, "for_support", "look work"),
    "installations, visible": (Installation, "visible_to", "look work seat"),
    "connectors, manageable": (Connector, "manageable_by", ""),
    "seats, of accounts owned": (Membership, "of_accounts_owned_by", "seat"),
}


@pytest.mark.parametrize("word", WORDS)
def test_rights_of_seats_and_rights_of_access_are_two_sets_of_words(
    word: str, sam: User, paula: User, alice: User, dave: User, northwind: Account, installation: Installation
) -> None:
    access.enter(northwind, purpose=Purpose.LOOK, by=acting(sam, reason=REASON))
    access.enter(northwind, purpose=Purpose.WORK, by=acting(paula, reason=REASON))
    model, asked, expected = WORDS[word]
    managed: Any = model
    people = {"look": sam, "work": paula, "seat": alice, "stranger": dave}
    found = {name for name, user in people.items() if getattr(managed.objects, asked)(user).exists()}
    assert found == set(expected.split())
