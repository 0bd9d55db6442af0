"""A name that is read from the right keeps to its place on every page, and the words beside it to theirs."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from installs.models import Connector, ConnectorCheck, EventType, Installation
from installs.postbacks import event_settings
from linnapp import names
from linnapp.models import Account, Application, TimelineEntry, User
from linnapp.services import people
from tests.house.test_access import EVERYTHING
from tests.house.world import World, address, routes
from tests.kit import consenting
from tests.kit.people import ClientOf, acting
from tests.names.table import ACCEPTED

# What every name begins with here, and one that ends in what turns round with it.
MARK = "\u05d3\u05d5\u05d3"
NAME = f"{MARK} (2000)"
ISOLATED = re.compile(f"{names.BEGIN}[^{names.END}]*{names.END}")
# What a form holds to be sent, a program reads, or somebody copies, is the name as it is.
AS_IT_IS = {"value", "content", "data-copy", "href", "src", "data-value", "action"}
ALONE = re.compile(re.escape(NAME) + r"( \w{1,4})?")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Read(HTMLParser):
    """`bare` are texts and attributes in which the name stands among other words as if it were one of them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.bare: list[str] = []
        self.seen = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if MARK in (value or "") and name not in AS_IT_IS:
                self._look(f'<{tag} {name}="{value}">', value or "")
        if tag not in VOID:
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.inside:
            while self.inside.pop() != tag:
                pass

    def handle_data(self, text: str) -> None:
        if MARK in text and not self._is_apart(text) and not {"bdi", "textarea", "script"} & set(self.inside):
            self._look(f"<{' '.join(self.inside[-2:])}> {text.strip()}", text)
        self.seen += MARK in text

    def _is_apart(self, text: str) -> bool:
        """A cell or a choice is a paragraph of its own."""
        return bool(ALONE.fullmatch(text.strip())) and bool({"td", "th", "option"} & set(self.inside[-2:]))

    def _look(self, where: str, text: str) -> None:
        if MARK in ISOLATED.sub("", text):
            self.bare.append(where)


@pytest.fixture
def renamed(world: World) -> World:
    """All who and what is there, and what was told of them."""
    application, alice = Application.objects.get(), world.users["alice"]
    assert alice
    ConnectorCheck.objects.create(connector=Connector.objects.get(), requested_by=alice)
    event_settings.choose(application, url="https://hooks.example.com/", events=EventType.values, by=acting(alice))
    named: tuple[Any, ...] = (User, Account, Application, Connector)
    for number, model in enumerate(named):
        for row in model.objects.all():
            row.name = NAME if number == 2 else f"{NAME} {row.pk.hex[:4] if hasattr(row.pk, 'hex') else row.pk}"
            row.save(update_fields=["name"])
    for entry in TimelineEntry.objects.all():
        told = {key: NAME for key in ("account", "application", "publisher", "member") if key in entry.facts}
        TimelineEntry.objects.filter(pk=entry.pk).update(
            facts=entry.facts | told, actor_name=NAME if entry.actor_name else ""
        )
    return world


def pages(world: World, client: Client, person: str) -> Iterator[tuple[str, str]]:
    """What is answered at each address that this person may open."""
    for pattern in routes(settings.ROOT_URLCONF):
        who = EVERYTHING[str(pattern.name)]
        if who.method == "get" and who.expected(person) == 200:
            answer = client.get(address(world, pattern))
            if not answer.streaming and answer.headers.get("Content-Type", "").startswith("text/html"):
                yield str(pattern.name), answer.content.decode()


@pytest.mark.once
@pytest.mark.parametrize(("person", "most"), [("alice", 40), ("carol", 15), ("sam", 10), ("paula", 3)])
def test_every_page_isolates_names(person: str, most: int, renamed: World, client_of: ClientOf) -> None:
    """A template does it by the filters `bdi` and `isolated`; a sentence made in Python by naming the row itself."""
    found, seen = {}, 0
    for name, text in pages(renamed, client_of(renamed.users[person]), person):
        read = Read(text)
        seen += read.seen > 0
        if read.bare:
            found[name] = read.bare
    assert found == {}
    assert seen > most


@pytest.mark.once
def test_acts_in_the_admin_isolate_names(renamed: World, client_of: ClientOf) -> None:
    """What each act says of a row before it is done."""
    client, found, seen = client_of(renamed.users["paula"]), {}, 0
    rows = (Account.objects.get(slug="carols-cakes"), Application.objects.get(), Installation.objects.get())
    for row in rows:
        acts: Any = admin.site._registry[type(row)]
        for act in acts.listed_actions():
            page = f"/admin/{row._meta.label_lower.replace('.', '/')}/{row.pk}/act/{act.name}/"
            read = Read(client.get(page).content.decode())
            seen += read.seen > 0
            if read.bare:
                found[page] = read.bare
    assert found == {}
    assert seen > 15


def test_the_pages_of_an_invitation_isolate_names(
    northwind: Account, alice: User, dave: User, client_of: ClientOf
) -> None:
    Account.objects.filter(pk=northwind.pk).update(name=NAME)
    User.objects.filter(pk=alice.pk).update(name=NAME)
    _, key = people.invite(northwind, email=dave.email, role="DEVELOPER", by=acting(alice))
    link = reverse("invitation_accept", args=[key])
    for page in (Client().get("/sign-up/", {"next": link}), Client().get(link, follow=True), client_of(dave).get(link)):
        read = Read(page.content.decode())
        assert (page.status_code, read.seen > 0, read.bare) == (200, True, [])


@pytest.mark.usefixtures("version")
def test_the_consent_page_isolates_every_name_that_is_read_from_the_right(
    application: Application, northwind: Account, cakes: Account, carol: User, client_of: ClientOf
) -> None:
    client = client_of(carol)
    rows: tuple[Any, ...] = (application, northwind, cakes)
    for typed in ACCEPTED:
        named = [f"{typed.stored} {letter}" for letter in "ABC"]
        for row, name in zip(rows, named, strict=True):
            type(row)._base_manager.filter(pk=row.pk).update(name=name)
        page = client.get(consenting.address(application)).content.decode()
        for name in map(escape, named):
            is_apart = f"<bdi>{name}</bdi>" in page
            assert is_apart == names.reads_from_right(name), typed.what
            assert name in page, typed.what
            assert not is_apart or name not in re.sub(f"<bdi>{re.escape(name)}</bdi>|{ISOLATED.pattern}", "", page)


def test_mails_isolate_names(northwind: Account, alice: User, django_capture_on_commit_callbacks: object) -> None:
    Account.objects.filter(pk=northwind.pk).update(name=NAME)
    User.objects.filter(pk=alice.pk).update(name=NAME)
    northwind.refresh_from_db()
    alice.refresh_from_db()
    people.invite(northwind, email="eve@example.com", role="DEVELOPER", by=acting(alice))
    [sent] = mail.outbox
    for text in (str(sent.subject), str(sent.body)):
        assert MARK in text
        assert MARK not in ISOLATED.sub("", text)


def test_a_name_that_is_read_from_the_left_stands_as_it_is(cakes: Account) -> None:
    assert f"{cakes} has it" == "Carol's Cakes has it"
    cakes.name = NAME
    assert f"{cakes} has it" == f"\u2068{NAME}\u2069 has it"
    assert str(cakes) == NAME
