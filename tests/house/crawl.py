"""Goes through the pages of an account as a person would: by every link, and to every form, pressed and undone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urljoin, urlsplit

from django.db import transaction
from django.test import Client

REFUSED = {403, 404, 409}
NO_PERMISSION = "no permission"
# An address of the portal, whole or as the page writes it; neither another server's nor a place on the page.
HERE = re.compile(r"(?!#|//|[a-z]+:).")
# A page that is one of many alike is opened this often.
OF_A_KIND = 3
# Buttons of the manifest's editor send the whole draft along.
STEPS_OF_A_DRAFT = "/draft/"
# Pages with doors of their own, and what ends the crawl.
ELSEWHERE = ("/admin/", "/inside/", "/sign-out/")


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """Links and forms of what stands between the frame's own: its main part, and its rail."""

    def __init__(self, text: str, path: str) -> None:
        super().__init__()
        self.path, self.links, self.forms, self.is_under_glass = path, [], [], False  # type: ignore[var-annotated]
        self._form: Form | None = None
        self._has_own = self._has_others = False
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        if tag == "a" and HERE.match(found.get("href", "")) and not found.get("target"):
            self.links.append(self._whole(found["href"]))
        elif tag == "form":
            self._form = Form(self._whole(found.get("action", "")), found.get("method", "get"))
            self.forms.append(self._form)
            self._has_own = self._has_others = False
        elif tag == "input" and self._form and found.get("name") and found.get("type") not in {"file", "radio"}:
            if found.get("type") != "checkbox" or "checked" in found:
                self._form.fields[found["name"]] = found.get("value", "")
        elif tag in {"button", "input"} and "formaction" in found and self._form:
            self.forms.append(Form(self._whole(found["formaction"]), "post", self._form.fields))
            self._has_others = True
        elif tag == "button" and found.get("type") != "button":
            self._has_own = True
        elif tag == "div" and "to-look" in found.get("class", "").split():
            self.is_under_glass = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            # One whose every button leads elsewhere, a row's each, is sent nowhere itself.
            if self._form and self._has_others and not self._has_own:
                self.forms.remove(self._form)
            self._form = None

    def _whole(self, address: str) -> str:
        return urljoin(self.path, address.partition("#")[0])


@dataclass(frozen=True)
class Fault:
    page: str
    leads_to: str
    answer: str


class Crawl:
    """Of one account, by one person, from its applications on. `seen` are the links that were followed, `pressed` the
    addresses of forms."""

    def __init__(self, client: Client, account: str) -> None:
        self.client, self.here = client, f"/a/{account}/"
        self.seen: set[str] = set()
        self.pressed: set[str] = set()
        self._kinds: dict[str, int] = {}

    def faults(self) -> list[Fault]:
        """Each link that is refused, and each form; those under glass cannot be pressed."""
        found, waiting = [], [("", f"{self.here}applications/")]
        while waiting:
            came_from, link = waiting.pop()
            if link in self.seen or link.startswith(ELSEWHERE) or self._is_one_of_many(link):
                continue
            self.seen.add(link)
            answer = self.client.get(link)
            if answer.status_code in REFUSED:
                found.append(Fault(came_from, link, str(answer.status_code)))
            elif answer.status_code == 200 and link.startswith(self.here) and not answer.streaming:
                page = Page(answer.content.decode(), urlsplit(link).path)
                waiting += [(link, onward) for onward in page.links]
                found += [Fault(link, form.action, said) for form, said in self._press(page)]
        return found

    def press_all(self, text: str) -> list[str]:
        return [said for _, said in self._press(Page(text, self.here))]

    def _is_one_of_many(self, link: str) -> bool:
        kind = re.sub(r"[0-9a-f-]{32,36}|\d+|\?.*", "…", link)
        self._kinds[kind] = self._kinds.get(kind, 0) + 1
        return self._kinds[kind] > OF_A_KIND

    def _press(self, page: Page) -> Iterator[tuple[Form, str]]:
        for form in page.forms:
            is_own = form.action.startswith(self.here) and STEPS_OF_A_DRAFT not in form.action
            if form.method != "post" or not is_own or page.is_under_glass:
                continue
            if form.action not in self.pressed and not self._is_one_of_many(f"to {form.action}"):
                self.pressed.add(form.action)
                if said := self._answer_to(form):
                    yield form, said

    def _answer_to(self, form: Form) -> str:
        """What refused it, if anything did; whatever it did is taken back."""
        cookies = {name: cookie.value for name, cookie in self.client.cookies.items()}
        with transaction.atomic():
            answer = self.client.post(form.action, form.fields, follow=True)
            transaction.set_rollback(True)
        self.client.cookies = SimpleCookie(cookies)
        if answer.status_code in REFUSED:
            return str(answer.status_code)
        said = "" if answer.streaming else answer.content.decode()
        return NO_PERMISSION if NO_PERMISSION in said else ""
