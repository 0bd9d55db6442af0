"""What Ctrl-K asks the search for: the same search, as lines that lead to what was found."""

import re
from collections.abc import Iterable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from installs.documentation.documents import DOCUMENTS
from installs.installations import lifecycle
from installs.models import Installation
from linnapp.models import Account, Application, Membership, User
from tests.kit.people import ClientOf

LINE = re.compile(r'<li role="option" data-href="([^"]+)">.*?<span>(.*?)</span><small>(.*?)</small></li>')


def ask(client: Client, q: object) -> Any:
    return client.post(reverse("search"), {"q": str(q)}, headers={"HX-Request": "true"})


def lines(client: Client, q: object) -> list[tuple[str, ...]]:
    response = ask(client, q)
    assert response.status_code == 200
    text = unescape(response.content.decode())
    assert text.count('role="option"') == len(LINE.findall(text))
    return LINE.findall(text)


def test_names_lead_to_applications_accounts_and_installations(
    client_of: ClientOf, alice: User, installation: Installation
) -> None:
    client, application = client_of(alice), installation.application
    overview = reverse("application_overview", args=("northwind", application.pk))
    tab = reverse("application_installations", args=("northwind", application.pk))
    assert lines(client, "stock") == [(overview, "Stock Bridge", "Application of Northwind")]
    assert lines(client, "northw") == [(reverse("application_list", args=("northwind",)), "Northwind", "Account")]
    assert lines(client, "cakes") == [(f"{tab}?q={installation.pk}", "Carol's Cakes", "Installation of Stock Bridge")]


def test_the_documentation_is_found_by_its_titles(client_of: ClientOf, dave: User) -> None:
    document = DOCUMENTS[0]
    page = reverse("document", args=(document.slug,))
    assert (page, document.title, "Help") in lines(client_of(dave), document.title.upper())


def test_an_id_and_a_credential_lead_there_and_the_value_is_not_shown(
    client_of: ClientOf, alice: User, installation: Installation
) -> None:
    client, application = client_of(alice), installation.application
    overview = reverse("application_overview", args=("northwind", application.pk))
    assert lines(client, application.pk) == [(overview, "Stock Bridge", "Application of Northwind")]
    secret = application.secrets.get().value()
    assert lines(client, secret) == [(overview, "Stock Bridge", "Application Secret")]
    assert secret not in ask(client, secret).content.decode()
    ((page, _, kind),) = lines(client, lifecycle.current_token(installation).value())
    assert (kind, f"{installation.pk}" in page) == ("Permanent token", True)


@pytest.mark.parametrize("who", ["dave", "sam", "paula"])
def test_nobody_finds_what_is_others(
    client_of: ClientOf, installation: Installation, who: str, request: pytest.FixtureRequest
) -> None:
    client, application = client_of(request.getfixturevalue(who)), installation.application
    values = (installation.pk, application.pk, lifecycle.current_token(installation).value())
    asked: Iterable[object] = ("stock", "cakes", "northwind", "%", "_", *values, application.secrets.get().value())
    assert [lines(client, one) for one in asked] == [[]] * 9


def test_a_customer_finds_no_application_of_the_developers(
    client_of: ClientOf, carol: User, installation: Installation, application: Application
) -> None:
    found = {kind for _, _, kind in lines(client_of(carol), "stock")}
    assert not any(kind.startswith("Application") for kind in found)
    assert lines(client_of(carol), application.pk) == []


def test_at_most_ten_are_shown(client_of: ClientOf, alice: User) -> None:
    for number in range(15):
        account = Account.objects.create(name=f"Shop {number}", slug=f"shop-{number}", contact_email="a@b.example")
        Membership.objects.create(account=account, user=alice, role=Membership.Role.OWNER)
    assert len(lines(client_of(alice), "shop")) == 10


def test_what_cannot_be_searched_finds_nothing(client_of: ClientOf, alice: User) -> None:
    for query in ("", "a\0b", "x" * 2001):
        response = ask(client_of(alice), query)
        assert (response.status_code, response.content.strip()) == (422, b"")


def test_somebody_signed_out_is_told_and_nothing_is_kept(client_of: ClientOf) -> None:
    assert ask(client_of(None), "stock").status_code == 401


# The letters of the places.


@pytest.mark.parametrize(("who", "account"), [("alice", "northwind"), ("sam", None), ("paula", None)])
def test_each_place_of_the_rail_has_a_letter_of_its_own(
    client_of: ClientOf, application: Application, who: str, account: str | None, request: pytest.FixtureRequest
) -> None:
    address = reverse("application_list", args=(account,)) if account else reverse("profile")
    page = client_of(request.getfixturevalue(who)).get(address).content.decode()
    rail = page.split('<nav class="rail')[1].split("</nav>")[0]
    places = re.findall(r"<h2>.*?</h2>\s*<ul>(.*?)</ul>", rail, re.DOTALL)
    keys = [*re.findall(r'<a href="[^"]+" data-key="([a-z])"', " ".join(places)), "p", "g"]
    assert len(keys) == len(set(keys)) == " ".join(places).count("<a ") + 2
    assert 'data-key="p"' in page
