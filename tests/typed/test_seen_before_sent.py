"""The page of what waits, read before it is sent: what was changed, by the labels of its form, and what it can do."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from linnapp.manifest import parse
from linnapp.models import Account, Application, KeptPost, User, Version
from linnapp.services.manifests import save_manifest
from linnapp.signing_in.fresh_sign_ins import told_of
from linnapp.views.kept_in_words import able
from tests.fresh.cases import NEW, led_to
from tests.house.world import routes
from tests.kit.people import PASSWORD, acting
from tests.kit.pressing import form_of
from tests.typed.forms import browser_of, end_sign_in, form_at, send_kept, sign_in

pytestmark = pytest.mark.django_db
SETTINGS = "/a/northwind/settings/"
FACT = re.compile(r"<dt>(.*?)</dt><dd>(.*?)</dd>", re.DOTALL)


def facts(page: str) -> dict[str, str]:
    """What the page says of the form, as text."""
    plain = {re.sub(r"<[^>]*>", "", name): re.sub(r"<[^>]*>", " ", told).split() for name, told in FACT.findall(page)}
    return {name: " ".join(told) for name, told in plain.items()}


def waiting(browser: Client, url: str, sent: Any, person: User) -> str:
    """The page after the sign-in that a form waits for."""
    end_sign_in(browser)
    door = browser.post(url, sent).headers["Location"]
    return browser.get(sign_in(browser, door, person, PASSWORD).headers["Location"]).content.decode()


def test_of_app_modules_only_what_was_changed_is_told(application: Application, alice: User) -> None:
    save_manifest(application, parse(led_to(NEW)), expected_revision=application.manifest_revision, by=acting(alice))
    browser = browser_of(alice)
    url = f"/a/northwind/applications/{application.pk}/modules/"
    sent: dict[str, list[str]] = {}
    for name, value in form_of(browser.get(url), "manifest").fields:
        sent.setdefault(name, []).append("Bridge of stock" if name.endswith("-formatted_name") else value)
    page = waiting(browser, url, sent, alice)
    told = facts(page)
    changed = told.pop("What it changes")
    assert told == {
        "What it does": "A form that can save a different PostbackUrl for the Development Version",
        "Sent to": url,
    }
    assert "Formatted Name" in changed
    assert "now: Bridge of stock" in changed
    assert "PostbackUrl" not in changed


def test_a_manifest_that_is_another_accounts_by_now_tells_nothing_of_it(
    application: Application, alice: User, depot: Account
) -> None:
    browser = browser_of(alice)
    url = f"/a/northwind/applications/{application.pk}/modules/"
    sent = [(name, value) for name, value in form_of(browser.get(url), "manifest").fields]
    Application.objects.filter(pk=application.pk).update(account=depot)
    page = waiting(browser, url, dict(sent), alice)
    assert facts(page)["What it changes"] == "nothing that is saved"


def test_a_field_is_told_by_its_label_and_one_that_stands_as_it_was_not_at_all(alice: User, northwind: Account) -> None:
    browser = browser_of(alice)
    fields = form_at(browser, SETTINGS) | {"name": "Northwind & Söhne", "csrfmiddlewaretoken": "x" * 64}
    link = browser.post(SETTINGS, fields).headers["Location"]
    told = facts(browser.get(link).content.decode())
    assert told == {"What it does": "A form", "Sent to": SETTINGS, "Company name": "Northwind &amp; Söhne"}


def test_what_is_hidden_in_a_form_is_not_told(application: Application, version: Version, alice: User) -> None:
    browser = browser_of(alice)
    url = f"/a/northwind/applications/{application.pk}/versions/new/release/"
    mark = {name: form_at(browser, SETTINGS)[name] for name in ("csrfmiddlewaretoken", "drawn_for")}
    page = waiting(browser, url, mark | {"number": "1.3.0", "notes": "Moved.", "revision": "4711"}, alice)
    assert "can release a version whose PostbackUrl is not that of the newest" in page
    assert "4711" not in page.partition("<form")[0]


def test_a_choice_is_told_in_its_words(alice: User, northwind: Account) -> None:
    browser = browser_of(alice)
    mark = {name: form_at(browser, SETTINGS)[name] for name in ("csrfmiddlewaretoken", "drawn_for")}
    url = "/a/northwind/team/invite/"
    told = facts(waiting(browser, url, mark | {"email": "fay@x.example", "role": "OWNER"}, alice))
    assert (told["E-mail"], told["Role"]) == ("fay@x.example", "Owner")


def test_what_each_page_does_is_told_as_what_it_can_do() -> None:
    told = {able(told_of(route.callback)) for route in routes(settings.ROOT_URLCONF) if told_of(route.callback)}
    verbs = [verb for each in told for verb in re.findall(r"(?:^|, and | and | or )(\w+)", each)]
    assert len(told) > 20
    assert [verb for verb in verbs if verb.endswith("s") and verb != "is"] == []
    assert able("Changes accounts and shows or moves their secrets") == "change accounts and show or move their secrets"


def test_discard_takes_it_out_of_the_table(alice: User, northwind: Account) -> None:
    browser = browser_of(alice)
    fields = form_at(browser, SETTINGS) | {"name": "Northwind 2"}
    end_sign_in(browser)
    door = browser.post(SETTINGS, fields, headers={"referer": f"http://testserver{SETTINGS}"}).headers["Location"]
    link = sign_in(browser, door, alice, PASSWORD).headers["Location"]
    page = browser.get(link).content.decode()
    assert '<button type="submit" class="secondary" form="discard">Discard</button>' in page
    assert '<form method="post" id="discard">' in page
    own = {name: form_at(browser, link)[name] for name in ("csrfmiddlewaretoken", "drawn_for")}
    assert browser.post(link, own).headers["Location"] == SETTINGS
    assert KeptPost.objects.count() == 0
    assert "What you typed was discarded." in browser.get(SETTINGS).content.decode()
    assert browser.get(link).status_code == 404
    northwind.refresh_from_db()
    assert northwind.name == "Northwind"


def test_nobody_else_discards_it(alice: User, dave: User, northwind: Account) -> None:
    browser = browser_of(alice)
    fields = form_at(browser, SETTINGS) | {"name": "Northwind 2"}
    end_sign_in(browser)
    door = browser.post(SETTINGS, fields).headers["Location"]
    link = sign_in(browser, door, dave, PASSWORD).headers["Location"]
    own = {name: form_at(browser, "/profile/")[name] for name in ("csrfmiddlewaretoken", "drawn_for")}
    assert browser.post(link, own).status_code == 404
    assert KeptPost.objects.count() == 1
    end_sign_in(browser)
    sign_in(browser, door, alice, PASSWORD)
    assert send_kept(browser, link).headers["Location"] == SETTINGS
