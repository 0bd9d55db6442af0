"""The first superuser of a fresh portal: from the admin to a second factor, and on to the admin."""

import re

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.test import Client
from django.urls import reverse

from linnapp.models import User
from tests.factors.test_staff_need_one import FIRST, outside_the_demo
from tests.kit.people import PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]
__all__ = ["outside_the_demo"]


def test_the_first_superuser_is_led_to_one_and_on_to_the_admin() -> None:
    first = User.objects.create_superuser("first@portal.example", PASSWORD, name="First")
    browser, older = Client(), Client()
    for client in (older, browser):
        client.post("/sign-in/?next=/admin/", {"login": first.email, "password": PASSWORD})
    closed = browser.get("/admin/")
    assert (closed.status_code, FIRST in closed.content) == (403, True)
    link = re.search(r'href="(/profile/second-factor/[^"]+)"', closed.content.decode())
    assert link
    assert browser.get(link[1]).headers["Location"] == reverse("mfa_index")
    shown = browser.get(reverse("mfa_activate_totp")).context
    code = totp.format_hotp_value(totp.hotp_value(shown["secret"], next(totp.yield_hotp_counters_from_time())))
    sent = {"code": code, "pending": shown["pending"]}
    made = browser.post(reverse("mfa_activate_totp"), sent, follow=True)
    # Not beside the codes, which would go unread.
    assert b"Continue to the page" not in made.content
    assert '<a role="button" href="/admin/">I have stored them, continue</a>' in made.content.decode()
    assert browser.get("/admin/").status_code == 200
    assert browser.get(reverse("mfa_view_recovery_codes")).context["wanted"] == ""
    assert older.get("/admin/").status_code == 403
