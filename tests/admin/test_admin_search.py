"""The admin's search over everything: by POST, of what one may see, a few rows of each list."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils.html import escape

from installs.models import Installation, Review
from linnapp.models import Account, Application, User
from tests.kit.people import ClientOf

pytestmark = pytest.mark.django_db
SEARCH = "/admin/search/"


def found(client: Client, text: str) -> str:
    page = client.post(SEARCH, {"q": text})
    assert page.status_code == 200
    return str(page.content.decode())


def test_it_finds_in_every_list_that_people_work_with_and_leads_there(
    installation: Installation, application: Application, paula: User, client_of: ClientOf
) -> None:
    review = Review.objects.create(application=application, name="Stock Bridge")
    page = found(client_of(paula), "stock bridge")
    for address in (
        f"/admin/linnapp/application/{application.pk}/change/",
        f"/admin/installs/installation/{installation.pk}/change/",
        f"/admin/installs/review/{review.pk}/change/",
        f"/admin/linnapp/version/{installation.version_id}/change/",
    ):
        assert f'href="{address}"' in page
    assert f">Stock Bridge {installation.version.label}</a>" in page
    # Of the internals, which hold the installation's permanent token too.
    assert "/admin/installs/permanenttoken/1/" not in page


def test_it_finds_by_an_id_in_any_spelling_and_by_an_e_mail_address(
    installation: Installation, carol: User, paula: User, client_of: ClientOf
) -> None:
    client = client_of(paula)
    for spelled in (str(installation.pk), installation.pk.hex.upper(), f" {{{installation.pk}}} "):
        assert f"/admin/installs/installation/{installation.pk}/change/" in found(client, spelled)
    assert f"/admin/linnapp/user/{carol.pk}/change/" in found(client, carol.email)


def test_a_list_shows_its_first_rows_and_leads_to_all(paula: User, client_of: ClientOf) -> None:
    rows = [Account(name=f"Harbour {number}", slug=f"harbour-{number}") for number in range(6)]
    Account.objects.bulk_create(rows[:5])
    client = client_of(paula)
    page = found(client, "harbour")
    assert page.count(">Harbour ") == 5
    assert "All that match" not in page
    rows[5].save()
    page = found(client, "harbour")
    assert page.count(">Harbour ") == 5
    assert 'href="/admin/linnapp/account/?q=harbour"' in page


def test_nobody_finds_what_they_may_not_see(
    installation: Installation, application: Application, sam: User, client_of: ClientOf
) -> None:
    client = client_of(sam)
    page = found(client, "stock bridge")
    assert "There is nothing that you may search" in page
    assert "change/" not in page
    sam.user_permissions.add(Permission.objects.get(codename="view_application"))
    page = found(client_of(sam), "stock bridge")
    assert f"/admin/linnapp/application/{application.pk}/change/" in page
    assert "/admin/installs/" not in page
    assert "Looks for names, e-mail addresses and ids in applications." in page


def test_secrets_and_tokens_are_never_found(installation: Installation, paula: User, client_of: ClientOf) -> None:
    token, secret = installation.permanent_tokens.get(), installation.application.secrets.get()
    for value in (token.value(), token.digest, token.encrypted[:40], secret.digest):
        assert "Nothing matches" in found(client_of(paula), value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Type what you are looking for."),
        ("   ", "Type what you are looking for."),
        ("x", "Type at least 2 characters."),
        ("x" * 201, "200 characters at most."),
        ("a\0b", "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_looked_for_is_said_and_kept(text: str, words: str, paula: User, client_of: ClientOf) -> None:
    answer = client_of(paula).post(SEARCH, {"q": text})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    assert f'id="search-everything" value="{escape(text)}"' in page


def test_what_matches_nothing_is_told(paula: User, client_of: ClientOf) -> None:
    page = found(client_of(paula), "<nothing is called so>")
    assert "Nothing matches “&lt;nothing is called so&gt;”." in page


def test_the_field_stands_on_every_page_and_sends_its_text_in_the_body(
    application: Application, paula: User, client_of: ClientOf
) -> None:
    client = client_of(paula)
    for path in (
        "/admin/",
        SEARCH,
        "/admin/linnapp/application/",
        f"/admin/linnapp/application/{application.pk}/change/",
    ):
        page = client.get(path).content.decode()
        assert page.count(f'<form class="search-everything" method="post" action="{SEARCH}"') == 1, path


def test_it_is_closed_to_everybody_else(alice: User, client_of: ClientOf) -> None:
    assert client_of(alice).post(SEARCH, {"q": "stock"}).status_code == 404
    assert Client().post(SEARCH, {"q": "stock"}).status_code == 302


def test_it_costs_a_statement_a_list(
    installation: Installation, paula: User, client_of: ClientOf, django_assert_max_num_queries: Any
) -> None:
    """And one for the hosts that anything was sent to. Whether a word is common is asked once for each word and column,
    however many lists look there; PostgreSQL is asked how many it expects, and reads nothing for that."""
    client = client_of(paula)
    columns = 9
    with django_assert_max_num_queries(34 + 2 * columns):
        found(client, "a b")
