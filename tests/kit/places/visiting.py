"""How a person comes to a page in a browser."""

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from django.urls import resolve
from playwright.sync_api import Page

from tests.kit.people import PASSWORD
from tests.kit.places.patterns import INA, NEWCOMER, NOBODY, Place
from tests.kit.signing_in.factors import INA_AT


def sign_in(page: Page, person: str) -> None:
    if person == INA:
        page.goto("/sign-in/")
        page.get_by_label("E-mail").fill(INA_AT)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/sign-in/" not in url)
    elif person not in (NOBODY, NEWCOMER):
        page.goto("/sign-in/")
        page.locator(".people button", has_text=person).click()
        page.wait_for_url("**/*")


def open_place(page: Page, place: Place, facts: Mapping[str, str]) -> None:
    """The page as it is to be looked at, with what is done there before."""
    page.goto(place.address(facts))
    if place.act:
        place.act(page)
        page.wait_for_load_state()
    there = resolve(unquote(urlsplit(page.url).path)).url_name
    assert there == place.name, f"{place.person} {place.address(facts)} leads to {there}"
