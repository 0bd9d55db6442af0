"""Sign-ins that ended, in the record: by hand, elsewhere, by a superuser, because nobody used them."""

import time

import pytest
from allauth.usersessions.models import UserSession
from django.urls import reverse

from linnapp.models import AuditEntry, User
from linnapp.services.browser_sessions import SEEN_AT
from tests.kit.people import ClientOf
from tests.kit.pressing import form_of
from tests.record.conftest import PHONE, Enter, kinds_of, told

pytestmark = pytest.mark.django_db
RECORD = "/profile/record/"
TEAM = "/a/northwind/team/record/"


def test_one_that_was_ended_from_another_says_which_and_from_where(enter: Enter, alice: User) -> None:
    here, phone = enter(alice), enter(alice, address="198.51.100.3", agent=PHONE)
    row = UserSession.objects.get(session_key=phone.session.session_key)
    here.post(reverse("session_end", args=[row.pk]))
    page = told(here.get(RECORD))
    assert "Alice signed out another browser (Safari on iPhone), Firefox on Linux, from 203.0.113.7" in page


def test_those_elsewhere_are_one_line_and_none_is_none(enter: Enter, alice: User) -> None:
    here, _, _ = (enter(alice) for _ in range(3))
    for _ in range(2):
        here.post(reverse("sessions_end_others"))
    assert kinds_of(alice) == ["SIGN_IN"] * 3 + ["SIGN_IN_ENDED"]
    assert "Alice signed out 2 other browsers, Firefox on Linux" in told(here.get(RECORD))


def test_this_one_is_a_sign_out_as_any_other(enter: Enter, alice: User) -> None:
    here = enter(alice)
    here.post(reverse("session_end", args=[UserSession.objects.get().pk]))
    assert kinds_of(alice) == ["SIGN_IN", "SIGN_OUT"]


def test_one_of_staff_that_nobody_used_ended_by_itself(enter: Enter, paula: User) -> None:
    here = enter(paula)
    session = here.session
    session[SEEN_AT] = int(time.time()) - 30 * 60
    session.save()
    here.get("/admin/")
    assert kinds_of(paula) == ["SIGN_IN", "SIGN_IN_IDLE"]
    page = told(enter(paula).get(RECORD))
    assert "Paula was signed out after 30 minutes without activity, Firefox on Linux, from 203.0.113.7" in page


def test_everywhere_by_a_superuser_is_told_with_the_reason_to_the_person_and_their_owners(
    enter: Enter, alice: User, bob: User, paula: User, client_of: ClientOf
) -> None:
    enter(bob)
    act, superuser = reverse("admin:linnapp_user_act", args=[bob.pk, "sign_out"]), client_of(paula)
    read = form_of(superuser.get(act), "confirm_form").value("read")
    superuser.post(act, {"apply": "1", "reason": "His laptop was stolen", "read": read})
    assert kinds_of(bob) == ["SIGN_IN", "PERSON_SIGNED_OUT"]
    for reader, record in ((bob, RECORD), (alice, TEAM)):
        page = told(client_of(reader).get(record, {"about": "rights"}))
        assert "Support signed Bob out everywhere" in page
        assert "His laptop was stolen" in page
        assert "Paula" not in page
    assert AuditEntry.objects.get(kind="PERSON_SIGNED_OUT").actor_id == paula.pk
