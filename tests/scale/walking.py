"""Every list of the portal, found by itself: in the URL conf and among the models of the admin, each with the filters,
sorts and pages that it leads to."""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode, urljoin

from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from bench.scale.pages import various
from linnapp.models import commonness
from tests.house.test_access import EVERYTHING
from tests.house.world import World, address, routes
from tests.scale.costs import Statement, watched

COMMON, NOBODYS = "northwind", "zzqqzz"
PAGES = re.compile(r"after=|[?&]p=[1-9]")
SELECTS = re.compile(r'<select[^>]*\bname="(\w+)".*?</select>', re.DOTALL)
GET_FORMS = re.compile(r"<form(?![^>]*method=.post)[^>]*>.*?</form>", re.DOTALL | re.IGNORECASE)
OF_A_CHOICE = 2


@dataclass(frozen=True)
class Page:
    """`name` tells it without keys; `sought` is the text that is sent to one that is asked by POST."""

    name: str
    client: Client = field(compare=False, repr=False)
    path: str
    sought: str = ""

    def ask(self) -> tuple[str, list[Statement]]:
        """What it shows, empty where it shows none, and the statements behind it."""
        # What is known for some seconds spares a statement, now and then.
        commonness.forget()
        with watched() as sent:
            answer = self.client.post(self.path, {"q": self.sought}) if self.sought else self.client.get(self.path)
            is_page = answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")
            text = answer.content.decode() if is_page else ""
        return text, sent

    def asked(self, query: str) -> "Page":
        return replace(self, name=f"{self.name}?{query}", path=f"{self.path}?{query}")

    def leads_to(self, text: str) -> Iterator["Page"]:
        """The same page otherwise: two of each kind of filter and sort, its next page, and two texts."""
        found = [urljoin(self.path, html.unescape(link)) for link in re.findall(r'href="([^"]*\?[^"]*)"', text)]
        here = [link for link in found if link.partition("?")[0] == self.path and "format=" not in link]
        for link in (*various(here), *choices(self.path, text)):
            yield self.asked(link.partition("?")[2])
        if further := [link for link in here if PAGES.search(link)]:
            yield replace(self, name=f"{self.name}, another page", path=further[-1])
        if any('name="q"' in form for form in GET_FORMS.findall(text)):
            yield from (self.asked(urlencode({"q": sought})) for sought in (COMMON, NOBODYS))


def choices(path: str, text: str) -> Iterator[str]:
    """What forms that narrow a list ask for."""
    for form in GET_FORMS.findall(text):
        for select in SELECTS.finditer(form):
            values = [value for value in re.findall(r'<option[^>]*value="([^"]+)"', select[0]) if value]
            for value in values[-OF_A_CHOICE:]:
                yield f"{path}?{urlencode({select[1]: html.unescape(value)})}"


def of_the_url_conf(world: World, clients: Mapping[str, Client]) -> Iterator[Page]:
    """Each as somebody who may open it."""
    for pattern in routes(settings.ROOT_URLCONF):
        name = str(pattern.name)
        who = EVERYTHING[name]
        person = next((person for person in clients if who.expected(person) == 200), None)
        if person and who.method == "get":
            yield Page(name, clients[person], address(world, pattern))
    for name, person in (("search", "alice"), ("support_search", "sam")):
        for sought in (COMMON, NOBODYS):
            yield Page(f"{name}, {sought}", clients[person], reverse(name), sought)


def of_the_admin(client: Client, models: Iterable[type[Model]] = ()) -> Iterator[Page]:
    yield Page("admin", client, reverse("admin:index"))
    for model in models or admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        yield Page(name.removesuffix("_changelist"), client, reverse(name))
