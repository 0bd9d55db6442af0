"""A browser that reads forms off pages, and sends them as they stand there."""

import re
from html.parser import HTMLParser
from typing import Any

from allauth.usersessions.models import UserSession
from django.test import Client

from linnapp.models import User


class Forms(HTMLParser):
    """The forms of a page: the address of each, and its fields with what stands in them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        # Of each, all that it sends: names repeat.
        self.sent: list[dict[str, list[str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.found.append((given.get("action", ""), {}))
            self.sent.append({})
        elif tag == "input" and self.found and given.get("name"):
            self.found[-1][1][given["name"]] = given.get("value", "")
            self.sent[-1].setdefault(given["name"], []).append(given.get("value", ""))


def browser_of(person: User | None) -> Client:
    """One that needs the token of a form, as browsers do."""
    browser = Client(enforce_csrf_checks=True)
    if person:
        browser.force_login(person)
        note_sign_in(browser, person)
    return browser


def note_sign_in(browser: Client, person: User) -> None:
    """As the portal's own sign-in does; Django's hand in tests does not."""
    UserSession.objects.create(user=person, session_key=browser.session.session_key, ip="192.0.2.7", user_agent="")


def form_at(browser: Client, page: str, action: str = "") -> dict[str, str]:
    """The fields of the form that goes to `action`; of the page itself where none is named."""
    found = Forms(browser.get(page).content.decode()).found
    return next(fields for where, fields in found if where in ((action,) if action else (page, "")))


def end_sign_in(browser: Client) -> None:
    browser.session.delete()


def sign_in(browser: Client, address: str, person: User, password: str) -> Any:
    """At the door that an answer led to; the answer after it."""
    fields = form_at(browser, address, "/sign-in/")
    return browser.post("/sign-in/", fields | {"login": person.email, "password": password})


def link_in(body: object) -> str:
    """Where the link of a mail leads."""
    found = re.search(r"http://localhost:8000(/\S+)", str(body))
    assert found
    return found[1]


def go_on(browser: Client, asked: Any, password: str) -> Any:
    """Gives the password that an answer asked for, and sends what waits behind it; the answer to that."""
    return send_kept(browser, browser.post(asked.headers["Location"], {"password": password}).headers["Location"])


def send_kept(browser: Client, link: str) -> Any:
    """What waits behind the link of a sign-in."""
    page = Forms(browser.get(link).content.decode())
    at = next(number for number, (_, fields) in enumerate(page.found) if "kept_form" in fields)
    return browser.post(page.found[at][0], page.sent[at])
