"""The part of the page Security that shows the last of one's record."""

import pytest
from django.template.loader import render_to_string

from linnapp import record_pages
from linnapp.models import User
from tests.record.conftest import PHONE, Enter

pytestmark = pytest.mark.django_db


def shown(person: User) -> str:
    return render_to_string("account/_security_record.html", {"latest_of_record": record_pages.latest(person)})


def test_the_last_ten_are_shown_newest_first(enter: Enter, alice: User) -> None:
    assert "Nothing recorded yet." in shown(alice)
    enter(alice, agent=PHONE)
    for _ in range(10):
        enter(alice)
    assert shown(alice).count("Firefox on Linux") == 10
    assert "iPhone" not in shown(alice)
    enter(alice, "wrong")
    assert shown(alice).index("Wrong password") < shown(alice).index("Alice signed in")
    assert 'href="/profile/record/"' in shown(alice)
