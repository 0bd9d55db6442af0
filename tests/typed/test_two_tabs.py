"""A form in one tab, after its person signed in again in another: its token is of before."""

import pytest
from django.test import Client

from linnapp.models import Account, KeptPost, User
from tests.kit.people import PASSWORD
from tests.typed.forms import Forms, browser_of, end_sign_in, form_at, send_kept, sign_in

pytestmark = pytest.mark.django_db
SETTINGS = "/a/northwind/settings/"
TYPED = {"name": "Northwind & Söhne", "contact_email": "help@northwind.example"}


@pytest.fixture
def tab(alice: User, northwind: Account) -> Client:
    return browser_of(alice)


def signed_in_elsewhere(tab: Client, person: User) -> dict[str, str]:
    """What the first tab sends, once somebody signed in in the second."""
    fields = form_at(tab, SETTINGS) | TYPED
    end_sign_in(tab)
    sign_in(tab, "/sign-in/", person, PASSWORD)
    return fields


def test_what_was_typed_is_shown_and_sent_once_by_whoever_presses(tab: Client, alice: User, northwind: Account) -> None:
    link = tab.post(SETTINGS, signed_in_elsewhere(tab, alice)).headers["Location"]
    page = tab.get(link).content.decode()
    assert "Send it only if you typed it yourself" in page
    assert "data-sends-itself" not in page
    northwind.refresh_from_db()
    assert northwind.name == "Northwind"
    form = next(form for form in Forms(page).found if "kept_form" in form[1])
    assert send_kept(tab, link).headers["Location"] == SETTINGS
    northwind.refresh_from_db()
    assert (northwind.name, northwind.contact_email) == (TYPED["name"], TYPED["contact_email"])
    assert (tab.post(*form).status_code, KeptPost.objects.count()) == (404, 0)


def test_a_password_is_not_kept(tab: Client, alice: User) -> None:
    page, new = "/profile/password/", "another long secret"
    fields = form_at(tab, page) | {"oldpassword": PASSWORD, "password1": new, "password2": new}
    end_sign_in(tab)
    sign_in(tab, "/sign-in/", alice, PASSWORD)
    assert (tab.post(page, fields).status_code, KeptPost.objects.count()) == (403, 0)
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


@pytest.mark.parametrize(
    "which",
    ["without the mark", "another mark", "from another site", "without a token", "of a stranger"],
)
def test_whatever_else_is_wrong_with_a_token_is_refused_and_not_kept(
    which: str, tab: Client, alice: User, dave: User, northwind: Account
) -> None:
    fields = signed_in_elsewhere(tab, dave if which == "of a stranger" else alice)
    headers = {}
    if which == "without the mark":
        del fields["drawn_for"]
    elif which == "another mark":
        fields["drawn_for"] = form_at(browser_of(dave), "/profile/")["drawn_for"]
    elif which == "from another site":
        headers = {"Origin": "https://evil.example"}
    elif which == "without a token":
        del fields["csrfmiddlewaretoken"]
    answer = tab.post(SETTINGS, fields, headers=headers)
    assert (answer.status_code, KeptPost.objects.count()) == (403, 0)
    northwind.refresh_from_db()
    assert northwind.name == "Northwind"


@pytest.mark.parametrize(
    "which", ["its person", "without the mark", "another mark", "from another site", "of no shape"]
)
def test_a_script_is_told_to_ask_for_the_token_of_now(
    which: str, tab: Client, alice: User, dave: User, northwind: Account
) -> None:
    """It goes on without a word then, since nothing of it was done. Whoever else sends is refused."""
    fields, headers = signed_in_elsewhere(tab, alice), {"HX-Request": "true"}
    mark = fields["drawn_for"]
    if which == "without the mark":
        del fields["drawn_for"]
    elif which == "another mark":
        fields["drawn_for"] = form_at(browser_of(dave), "/profile/")["drawn_for"]
    elif which == "from another site":
        headers |= {"Origin": "https://evil.example"}
    elif which == "of no shape":
        fields["csrfmiddlewaretoken"] = "short"
    answer = tab.post(SETTINGS, fields, headers=headers)
    assert answer.status_code == (401 if which == "its person" else 403)
    assert answer.headers.get("X-Sign-In", "") == ("over" if which == "its person" else "")
    assert KeptPost.objects.count() == 0
    northwind.refresh_from_db()
    assert northwind.name == "Northwind"
    now = tab.get("/sign-in/here/", headers={"X-Drawn-For": mark}).json()
    again = fields | {"csrfmiddlewaretoken": now["token"], "drawn_for": now["mark"]}
    assert tab.post(SETTINGS, again, headers={"HX-Request": "true"}).headers["Location"] == SETTINGS
