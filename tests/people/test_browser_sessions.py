"""Where somebody is signed in: the list, ending one, the others, all; and what keeps one alive."""

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from linnapp.errors import NotPossible
from linnapp.models import KnockCount, StaffAccess, TimelineEntry, User
from linnapp.services import browser_sessions, ends
from linnapp.services.browser_sessions import SEEN_AT
from linnapp.user_agents import device_in_words
from tests.kit.people import PASSWORD, ClientOf, acting
from tests.kit.pressing import form_of

pytestmark = pytest.mark.django_db
SESSIONS = "/profile/security/"
BROWSERS = f"{SESSIONS}browsers/"
MOZILLA = "Mozilla/5.0"
FIREFOX = f"{MOZILLA} (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
NEW = "another long secret"
PARTS = {"HX-Request": "true"}
BY_ITSELF = {"Sec-Fetch-Mode": "navigate"}
BY_HAND = BY_ITSELF | {"Sec-Fetch-User": "?1"}


def signed_in(person: User, agent: str = FIREFOX, address: str = "192.0.2.7") -> Client:
    browser = Client(HTTP_USER_AGENT=agent, REMOTE_ADDR=address)
    assert browser.post("/sign-in/", {"login": person.email, "password": PASSWORD}).status_code == 302
    return browser


def is_in(browser: Client) -> bool:
    return browser.get("/profile/").status_code == 200


def rows_on(page: Any) -> list[str]:
    return re.findall(r'<th scope="row">(.*?)</th>', page.content.decode(), re.DOTALL)


def unused_for(browser: Client, seconds: int) -> None:
    session = browser.session
    session[SEEN_AT] = int(time.time()) - seconds
    session.save()


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) Version/18.1 Safari/605.1.15", "Safari on Mac"),
        (f"{MOZILLA} (Linux; Android 10; K) Chrome/142.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        (f"{MOZILLA} (Windows NT 10.0; Win64) Chrome/142.0 Safari/537.36 Edg/142.0", "Edge on Windows"),
        (f"{MOZILLA} (iPhone; CPU iPhone OS 18_1 like Mac OS X) CriOS/142.0 Safari/604.1", "Chrome on iPhone"),
        ("Firefox/1.0 (Commodore 64)", "Firefox on an unknown device"),
        ("Lynx on Linux", "Unknown browser on Linux"),
        ("curl/8.9", "Unknown device"),
        ("", "Unknown device"),
    ],
)
def test_a_browser_in_words(agent: str, words: str) -> None:
    assert device_in_words(agent) == words


def test_the_list_tells_device_address_and_which_is_this_one(alice: User, carol: User) -> None:
    signed_in(carol)
    signed_in(alice, "curl/8.9", "198.51.100.3")
    here = signed_in(alice)
    page = here.get(SESSIONS)
    assert rows_on(page) == ["Firefox on Windows <small>this browser</small>", "Unknown device"]
    assert "192.0.2.7" in page.content.decode()
    assert "198.51.100.3" in page.content.decode()
    assert str(here.session.session_key) not in page.content.decode()


def test_signing_out_one_ends_it_at_once(alice: User) -> None:
    here, there = signed_in(alice), signed_in(alice, "curl/8.9")
    other = UserSession.objects.get(session_key=there.session.session_key)
    assert here.post(f"{BROWSERS}{other.pk}/end/").headers["Location"] == SESSIONS
    assert not is_in(there)
    assert is_in(here)
    assert rows_on(here.get(SESSIONS)) == ["Firefox on Windows <small>this browser</small>"]


def test_signing_out_this_one_leads_to_the_sign_in(alice: User) -> None:
    here, there = signed_in(alice), signed_in(alice)
    own = UserSession.objects.get(session_key=here.session.session_key)
    assert here.post(f"{BROWSERS}{own.pk}/end/").headers["Location"] == "/sign-in/"
    assert (is_in(here), is_in(there)) == (False, True)
    assert UserSession.objects.count() == 1


def test_signing_out_elsewhere_leaves_this_one_and_other_people(alice: User, carol: User) -> None:
    here, others = signed_in(alice), [signed_in(alice), signed_in(alice)]
    carols = signed_in(carol)
    answer = here.post(f"{BROWSERS}end/", follow=True)
    assert b"2 other browsers were signed out." in answer.content
    assert not any(is_in(browser) for browser in others)
    assert is_in(here)
    assert is_in(carols)
    assert UserSession.objects.filter(user=alice).count() == 1


def test_nobody_ends_anothers(alice: User, carol: User) -> None:
    here, carols = signed_in(alice), signed_in(carol)
    row = UserSession.objects.get(user=carol)
    assert here.post(f"{BROWSERS}{row.pk}/end/").status_code == 404
    assert is_in(carols)
    for path in (f"{BROWSERS}{row.pk}/end/", f"{BROWSERS}end/"):
        assert here.get(path).status_code == 405


def test_a_new_password_ends_all_and_leaves_no_row(alice: User) -> None:
    here, there = signed_in(alice), signed_in(alice)
    typed = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert here.post("/profile/password/", typed).status_code == 302
    assert (is_in(here), is_in(there)) == (False, False)
    assert not UserSession.objects.exists()


def test_one_whose_password_was_changed_on_the_command_line_is_not_listed(alice: User) -> None:
    there = signed_in(alice)
    alice.set_password(PASSWORD)
    alice.save()
    here = signed_in(alice)
    assert len(rows_on(here.get(SESSIONS))) == 1
    assert not is_in(there)


def test_the_use_of_one_is_written_once_a_minute(alice: User) -> None:
    here = signed_in(alice)
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(days=1))
    with CaptureQueriesContext(connection) as queries:
        here.get("/profile/")
    assert not [query for query in queries if query["sql"].startswith(("UPDATE", "INSERT", "DELETE"))]
    unused_for(here, 61)
    here.get("/profile/", REMOTE_ADDR="203.0.113.9")
    row = UserSession.objects.get()
    assert timezone.now() - row.last_seen_at < timedelta(seconds=30)
    assert row.ip == "203.0.113.9"


def test_a_staff_member_who_opens_no_page_for_half_an_hour_signs_in_again_and_goes_on(paula: User) -> None:
    here = signed_in(paula)
    unused_for(here, 29 * 60)
    assert here.get("/admin/").status_code == 200
    unused_for(here, 30 * 60)
    answer = here.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/sign-in/?next=/admin/"
    assert "You were signed out after 30 minutes without activity." in answer.content.decode()
    back = here.post("/sign-in/", {"login": paula.email, "password": PASSWORD, "next": "/admin/"})
    assert back.headers["Location"] == "/admin/"
    assert here.get("/admin/").status_code == 200


def test_it_leaves_the_accounts_it_entered(paula: User, cakes: Any) -> None:
    here = signed_in(paula)
    access = StaffAccess.objects.create(
        person=paula, account=cakes, reason="Ticket 1", purpose="LOOK", ends_at=timezone.now() + timedelta(minutes=30)
    )
    unused_for(here, 30 * 60)
    here.get("/admin/")
    access.refresh_from_db()
    assert access.ends_at <= timezone.now()


def test_others_than_staff_stay_signed_in(alice: User) -> None:
    here = signed_in(alice)
    unused_for(here, 8 * 3600)
    assert is_in(here)


@pytest.mark.parametrize("asks", [PARTS, BY_ITSELF, {"Sec-Fetch-Mode": "cors"}])
def test_what_a_page_asks_for_by_itself_keeps_nobody_signed_in(paula: User, asks: dict[str, str]) -> None:
    here = signed_in(paula)
    unused_for(here, 29 * 60)
    here.get("/profile/", headers=asks)
    unseen = time.time() - here.session[SEEN_AT]
    assert unseen > 28 * 60
    here.get("/profile/", headers=BY_HAND)
    assert time.time() - here.session[SEEN_AT] < 60


def test_what_is_sent_keeps_one_signed_in(paula: User) -> None:
    here = signed_in(paula)
    unused_for(here, 29 * 60)
    here.post("/profile/", {"name": "Paula", "time_zone": "UTC"}, headers=PARTS)
    assert time.time() - here.session[SEEN_AT] < 60


def test_a_part_that_is_asked_for_too_late_opens_the_sign_in_in_its_page(paula: User) -> None:
    here = signed_in(paula)
    unused_for(here, 31 * 60)
    answer = here.get("/profile/", headers=PARTS | {"HX-Current-URL": "http://testserver/support/"})
    assert (answer.status_code, answer.headers["X-Sign-In"]) == (401, "over")


def test_the_key_changes_at_the_sign_in_and_the_one_before_opens_nothing(alice: User) -> None:
    """A stranger who made this browser use a key of theirs has nothing of it."""
    stranger = Client()
    stranger.post("/sign-up/", {"name": "M", "company": "M", "email": "mallory@x.example", "password1": NEW})
    planted = stranger.cookies["session"].value
    victim = Client()
    victim.cookies["session"] = planted
    assert victim.post("/sign-in/", {"login": alice.email, "password": PASSWORD}).status_code == 302
    assert victim.cookies["session"].value != planted
    assert is_in(victim)
    assert not is_in(stranger)
    assert not Session.objects.filter(session_key=planted).exists()


def test_what_was_known_of_ended_browsers_ends(alice: User, carol: User) -> None:
    here, gone, over = signed_in(alice), signed_in(alice), signed_in(carol)
    Session.objects.filter(session_key=gone.session.session_key).delete()
    Session.objects.filter(session_key=over.session.session_key).update(expire_date=timezone.now())
    assert ends.drop_ended_sign_ins() == 0
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(days=1, minutes=1))
    assert ends.drop_ended_sign_ins() == 2
    assert [row.session_key for row in UserSession.objects.all()] == [here.session.session_key]


def pressed(client: Client, page: str, reason: str) -> None:
    read = form_of(client.get(page), "confirm_form").value("read")
    assert client.post(page, {"apply": "1", "reason": reason, "read": read}).status_code == 302


def test_a_superuser_signs_somebody_out_everywhere_with_a_reason_and_a_mail(
    alice: User, carol: User, paula: User, client_of: ClientOf
) -> None:
    browsers, carols = [signed_in(alice), signed_in(alice)], signed_in(carol)
    act = f"/admin/linnapp/user/{alice.pk}/act/sign_out/"
    pressed(client_of(paula), act, "Her laptop was stolen.")
    assert not any(is_in(browser) for browser in browsers)
    assert is_in(carols)
    [told] = [message for message in mail.outbox if message.subject == "You were signed out everywhere"]
    assert told.to == [alice.email]
    assert "Her laptop was stolen." in str(told.body)
    entry = TimelineEntry.objects.get(kind="PERSON_SIGNED_OUT")
    assert (entry.actor_id, entry.facts["member"]) == (paula.pk, "Alice")


def test_an_access_of_staff_ends_with_it_and_the_account_reads_who_ended_it(
    sam: User, paula: User, northwind: object, client_of: ClientOf
) -> None:
    client_of(sam).post("/inside/northwind/", {"purpose": "LOOK", "reason": "Looks"})
    pressed(client_of(paula), f"/admin/linnapp/user/{sam.pk}/act/sign_out/", "His laptop was stolen.")
    assert not StaffAccess.objects.running().exists()
    entry = TimelineEntry.objects.get(kind="STAFF_SENT_AWAY")
    assert (entry.actor_name, entry.reason, entry.facts["member"]) == ("Paula", "His laptop was stolen.", "Sam")
    assert not TimelineEntry.objects.filter(kind="STAFF_LEFT").exists()


def test_a_superuser_who_signs_themself_out_is_told_before_and_is_out(paula: User) -> None:
    paulas = signed_in(paula)
    act = f"/admin/linnapp/user/{paula.pk}/act/sign_out/"
    told = b"This person is staff: this also closes any account that they opened with staff access."
    assert told in paulas.get(act).content
    unused_for(paulas, 61)
    pressed(paulas, act, "Lost.")
    assert not is_in(paulas)


def test_no_permission_is_enough_to_sign_others_out(alice: User, sam: User, client_of: ClientOf) -> None:
    sam.user_permissions.set(Permission.objects.all())
    browser, sams = signed_in(alice), client_of(sam)
    page = f"/admin/linnapp/user/{alice.pk}/act/sign_out/"
    assert sams.get(f"/admin/linnapp/user/{alice.pk}/act/send_reset/").status_code == 200
    assert b"Sign out everywhere" not in sams.get(f"/admin/linnapp/user/{alice.pk}/change/").content
    assert sams.get(page).status_code == sams.post(page, {"apply": "1", "reason": "Because."}).status_code == 403
    assert is_in(browser)


def test_whoever_is_no_superuser_any_more_signs_nobody_out(alice: User, paula: User) -> None:
    """Their page was asked for before."""
    browser = signed_in(alice)
    User.objects.filter(pk=paula.pk).update(is_superuser=False)
    with pytest.raises(NotPossible, match="Only a platform admin"):
        browser_sessions.end_all_by_staff(alice, by=acting(paula, reason="Because."))
    assert is_in(browser)


def mails_to(person: User) -> list[str]:
    return [str(message.body) for message in mail.outbox if message.to == [person.email]]


def test_a_mail_tells_of_a_browser_that_was_not_seen_before(alice: User) -> None:
    known = signed_in(alice)
    assert mails_to(alice) == []
    known.post("/sign-out/")
    known.post("/sign-in/", {"login": alice.email, "password": PASSWORD})
    assert mails_to(alice) == []
    signed_in(alice, "curl/8.9", "198.51.100.3")
    [body] = mails_to(alice)
    assert "Unknown device\nFrom the network address 198.51.100.3" in body
    assert "http://localhost:8000/password/" in body
    assert "http://localhost:8000/profile/security/" in body


def test_nobody_floods_a_mailbox_by_signing_in(alice: User) -> None:
    for _ in range(9):
        KnockCount.objects.filter(limit__startswith="sign-ins").delete()
        signed_in(alice)
    assert len(mails_to(alice)) == 5


def test_no_mail_follows_signing_up_or_a_reset_in_the_same_browser(client: Client, alice: User) -> None:
    signed_in(alice)
    client.post("/password/", {"email": alice.email})
    found = re.search(r"http://localhost:8000(/\S+)", str(mail.outbox[-1].body))
    assert found
    form = client.get(found[1], follow=True).redirect_chain[-1][0]
    assert client.post(form, {"password1": NEW, "password2": NEW}).headers["Location"] == "/"
    assert is_in(client)
    subjects = [message.subject for message in mail.outbox]
    assert "New sign-in to your account" not in subjects
