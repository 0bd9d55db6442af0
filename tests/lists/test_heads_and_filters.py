"""What sorts and narrows a list: the heads of its columns, and one place for its search and filters."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.models import Delivery, Installation
from linnapp.models import Account, Application, User, Version
from linnapp.pages import ListPage
from tests.house.test_access import EVERYTHING
from tests.house.world import World, address, routes
from tests.kit.consenting import read
from tests.kit.people import ClientOf

pytestmark = pytest.mark.django_db
URL = "https://hooks.example.com/in"


def lists_of(world: World, client_of: ClientOf) -> dict[str, tuple[Client, str]]:
    """Every page with a list that has rows, by its name: who may open it, and its address."""
    found = {}
    for pattern in routes(settings.ROOT_URLCONF):
        name = str(pattern.name)
        who = EVERYTHING[name]
        person = next((person for person in ("alice", "carol", "sam") if who.expected(person) == 200), None)
        if person and who.method == "get":
            client, path = client_of(world.users[person]), address(world, pattern)
            page = client.get(path)
            listed = page.context.get("list") if page.context else None
            if isinstance(listed, ListPage) and listed.rows:
                found[name] = client, path
    return found


def head(page: str) -> str:
    found = re.search(r"<thead>.*?</thead>", page, re.DOTALL)
    return found[0] if found else ""


def test_every_list_is_sorted_by_the_heads_of_its_columns_and_has_filters_once_it_is_long(
    world: World, client_of: ClientOf
) -> None:
    lists = lists_of(world, client_of)
    sorted_by_heads = 0
    for name, (client, path) in lists.items():
        page = client.get(path)
        shown, listed = page.content.decode(), page.context["list"]
        if "<table>" not in shown or len(listed.sorts) == 1:
            continue
        assert ('<div class="list-tools">' in shown) == listed.is_long, name
        for key, sort in listed.sorts.items():
            if sort.in_head:
                asked = client.get(path, {"sort": key, "q": ""}).content.decode()
                assert f'aria-sort="{sort.direction}"' in head(asked), f"{name} by {key}"
                sorted_by_heads += 1
            else:
                assert f"sort={key}" not in head(shown), f"{name} by {key}"
        for link in map(unescape, re.findall(r'<th [^>]*><a href="([^"]+)"', head(shown))):
            assert client.get(link).status_code == 200, link
    assert len(lists) > 10
    assert sorted_by_heads >= 15


@pytest.fixture
def many(application: Application, version: Version) -> list[Installation]:
    """Eleven, so that the list has more than ten rows."""
    rows = []
    for number in range(11):
        account = Account.objects.create(name=f"Shop {number:02}", slug=f"shop-{number}", contact_email="a@b.example")
        installed = timezone.now() - timedelta(days=number)
        rows.append(
            Installation.objects.create(
                application=application, account=account, version=version, state="ACTIVE", installed_at=installed
            )
        )
    return rows


def tab(application: Application) -> str:
    return reverse("application_installations", args=("northwind", application.pk))


def test_a_head_says_how_the_list_is_sorted_and_its_link_keeps_the_filters(
    application: Application, many: list[Installation], alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    shown = head(client.get(tab(application), {"state": "active"}).content.decode())
    assert '<th scope="col" aria-sort="descending">Installed</th>' in shown
    assert f'<th scope="col"><a href="{tab(application)}?state=active&amp;sort=account">Account</a></th>' in shown
    assert '<th scope="col">Version</th>' in shown
    shown = client.get(tab(application), {"state": "active", "sort": "account"}).content.decode()
    assert '<th scope="col" aria-sort="ascending">Account</th>' in head(shown)
    assert shown.index("Shop 03") < shown.index("Shop 07")


def test_a_column_that_is_sorted_both_ways_turns_around(
    application: Application, alice: User, client_of: ClientOf
) -> None:
    Delivery.objects.create(application=application, url=URL, host="hooks.example.com", nonce="n")
    client, page = client_of(alice), reverse("postback_list", args=("northwind", application.pk))
    for sort, direction, other in (("newest", "descending", "oldest"), ("oldest", "ascending", "newest")):
        shown = head(client.get(page, {"sort": sort}).content.decode())
        assert f'aria-sort="{direction}"><a href="{page}?sort={other}">Made</a></th>' in shown


def test_sorts_without_a_head_are_offered_everywhere_and_others_on_a_phone(
    application: Application, version: Version, alice: User, client_of: ClientOf
) -> None:
    rows = (Application(account=application.account, name=f"No {number}", type="SYSTEM") for number in range(10))
    Application.objects.bulk_create(rows)
    shown = client_of(alice).get(reverse("application_list", args=["northwind"])).content.decode()
    sorts = re.search(r'<nav class="chips" aria-label="Sort">.*?</nav>', shown, re.DOTALL)
    assert sorts
    assert re.findall(r'<a href="[^"]+"( class="on-phone")?(?: aria-current="true")?>([^<]+)', sorts[0]) == [
        (' class="on-phone"', "Last change"),
        (' class="on-phone"', "Name"),
        ("", "Created"),
    ]


@pytest.mark.parametrize(("rows", "has_them"), [(10, False), (11, True)])
def test_a_list_of_ten_rows_has_neither_search_nor_filters(
    application: Application,
    many: list[Installation],
    alice: User,
    client_of: ClientOf,
    rows: int,
    has_them: bool,
) -> None:
    for row in many[rows:]:
        row.delete()
    shown = client_of(alice).get(tab(application)).content.decode()
    assert ("Account or installation id" in shown) == has_them
    assert ("<summary>Filter</summary>" in shown) == has_them
    # What narrows a list can be taken off, however short it is.
    shown = client_of(alice).get(tab(application), {"state": "failed"}).content.decode()
    assert "Account or installation id" in shown


def test_the_button_says_how_many_filters_are_in_force(
    application: Application, many: list[Installation], alice: User, client_of: ClientOf
) -> None:
    asked = {"state": "active", "q": "shop", "sort": "account", "version": ""}
    assert "Filter 2 in force" in read(client_of(alice).get(tab(application), asked))


def test_the_inbox_of_support_can_always_be_asked_for_the_cases_that_are_over(sam: User, client_of: ClientOf) -> None:
    shown = client_of(sam).get(reverse("support_cases")).content.decode()
    assert f'href="{reverse("support_cases")}?state=solved"' in shown


def test_a_phone_tells_the_account_in_its_top_bar(
    application: Application, northwind: Account, alice: User, client_of: ClientOf
) -> None:
    shown = client_of(alice).get(tab(application)).content.decode()
    menu = re.search(r'<details class="menu phone-menu">\s*<summary>(.*?)</summary>', shown, re.DOTALL)
    assert menu
    assert "Menu" in menu[1]
    assert northwind.name in menu[1]
