"""Staff without a second factor: console, admin and accounts that were entered are closed, and lead to making one."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.urls.converters import UUIDConverter

from linnapp.models import Account, Application, StaffAccess, User
from linnapp.services import access
from tests.factors.having import give_factor, signed_in_by_factor
from tests.house.world import World, address, everything_of, routes
from tests.kit.people import ClientOf, acting

pytestmark = pytest.mark.django_db
FIRST, CONFIRM = b"Set up a second factor first", b"Confirm with your second factor"


@pytest.fixture(autouse=True)
def outside_the_demo(settings: Any) -> None:
    settings.STAFF_NEED_FACTOR = True


def of_the_admin(world: World) -> Iterator[str]:
    """Every address of the admin, made from its URL conf: that of an account or application where a row is named."""
    key = str(world.arguments["account_key"])
    filled = {"app_label": "linnapp", "act": "suspend", "way": "csv", "content_type_id": "1", "url": "nothing"}
    rows = {"linnapp_account": key, "linnapp_application": str(world.arguments["application"])}
    for pattern in walked(admin.site.get_urls()):
        names = pattern.pattern.converters
        model = str(pattern.name).rpartition("_")[0]
        given = {
            name: key if isinstance(kind, UUIDConverter) else filled.get(name, rows.get(model, "1"))
            for name, kind in names.items()
        }
        if pattern.name == "app_list":
            yield "/admin/linnapp/"
        elif pattern.name:
            yield reverse(f"admin:{pattern.name}", kwargs=given)
    yield "/admin/nothing/"


def walked(patterns: list[Any]) -> Iterator[Any]:
    for pattern in patterns:
        yield from walked(pattern.url_patterns) if hasattr(pattern, "url_patterns") else [pattern]


def of_staff(world: World) -> set[str]:
    named = {str(pattern.name): address(world, pattern) for pattern in routes(settings.ROOT_URLCONF)}
    leaving = named.pop("access_leave")
    console = {url for url in named.values() if url.startswith(("/support/", "/inside/")) and url != leaving}
    return console | set(of_the_admin(world))


@pytest.mark.once
def test_no_page_of_staff_opens_without_one_and_each_leads_to_it(
    world: World, paula: User, client_of: ClientOf
) -> None:
    """Asked for as parts, which are refused as pages are, and drawn in a tenth of the time."""
    urls, before, client = of_staff(world), everything_of(world), client_of(paula)
    assert len(urls) > 150
    answers = {url: client.get(url, headers={"HX-Request": "true"}) for url in urls}
    answers |= {
        f"post {url}": client.post(url, headers={"HX-Request": "true"}) for url in urls if url.startswith("/support/")
    }
    opened = [url for url, answer in answers.items() if b"Set up a second factor first." not in answer.content]
    assert opened == []
    assert all(reverse("factor_begin").encode() in answer.content for answer in answers.values())
    assert everything_of(world) == before


@pytest.mark.once
def test_with_one_they_open(world: World, paula: User, client_of: ClientOf) -> None:
    give_factor(paula)
    client = signed_in_by_factor(client_of, paula)
    urls = {url for url in of_staff(world) if not url.startswith("/admin/") or url.count("/") == 4}
    statuses = {url: client.get(url).status_code for url in urls}
    assert {url for url, status in statuses.items() if status == 403} == set()
    assert sum(status == 200 for status in statuses.values()) > 40


def test_the_page_leads_to_making_one_and_back(sam: User, client_of: ClientOf) -> None:
    client = client_of(sam)
    page = client.get("/support/never-connected/?account=1")
    link = re.search(rb'href="(/profile/second-factor/[^"]+)"', page.content)
    assert link, page.content
    assert client.get(link[1].decode()).headers["Location"] == reverse("mfa_index")
    assert client.session["factor:next"] == "/support/never-connected/?account=1"
    client.get("/profile/second-factor/?next=https://elsewhere.example/")
    client.get("/profile/second-factor/?next=//elsewhere.example/")
    assert client.session["factor:next"] == "/support/never-connected/?account=1"


def test_a_session_in_which_none_was_used_opens_nothing(sam: User, client_of: ClientOf) -> None:
    """It began before the factor was made, by whoever knew the password then."""
    old = client_of(sam)
    give_factor(sam)
    page = old.get("/support/")
    assert page.status_code == 403
    assert CONFIRM in page.content
    assert f'href="{reverse("mfa_reauthenticate")}?next=%2Fsupport%2F&amp;factor=1"'.encode() in page.content
    assert signed_in_by_factor(client_of, sam).get("/support/").status_code == 200


def test_once_the_last_one_is_gone_the_next_request_is_refused(sam: User, client_of: ClientOf) -> None:
    factor = give_factor(sam)
    Authenticator.objects.create(user=sam, type=Authenticator.Type.RECOVERY_CODES, data={"seed": "sealed"})
    client = signed_in_by_factor(client_of, sam)
    assert client.get("/support/").status_code == 200
    factor.delete()
    page = client.get("/support/")
    assert (page.status_code, FIRST in page.content) == (403, True)


def test_what_an_htmx_part_asks_for_is_told_in_the_messages(sam: User, client_of: ClientOf) -> None:
    client = client_of(sam)
    part = client.get("/support/", headers={"HX-Request": "true"})
    assert part.headers["HX-Retarget"] == "#messages"
    assert b"Set up a second factor first." in part.content
    assert b"<html" not in part.content
    sent = client.post("/support/", {"q": "Stock"}, headers={"HX-Request": "true"})
    assert (sent.status_code, b"Your changes were not saved" in sent.content) == (422, True)


def test_what_was_typed_stands_in_the_page(sam: User, client_of: ClientOf) -> None:
    page = client_of(sam).post("/support/", {"q": "quokka"})
    assert b'<input type="hidden" name="q" value="quokka">' in page.content


def test_an_account_that_was_entered_is_closed_too_and_can_be_left(
    northwind: Account, application: Application, sam: User, client_of: ClientOf
) -> None:
    factor, client = give_factor(sam), signed_in_by_factor(client_of, sam)
    entered = access.enter(northwind, purpose=StaffAccess.Purpose.LOOK, by=acting(sam, reason="Looks"))
    page = f"/a/northwind/applications/{application.pk}/"
    assert client.get(page).status_code == 200
    found = client.post("/search/", {"q": "Stock"})
    assert b"Stock Bridge" in found.content
    factor.delete()
    assert FIRST in client.get(page).content
    assert b"Stock Bridge" not in client.post("/search/", {"q": "Stock"}).content
    assert client.post(f"/inside/{entered.pk}/leave/").status_code == 302
    assert not StaffAccess.objects.running().exists()


def test_their_own_accounts_stay_open(depot: Account, dave: User, client_of: ClientOf) -> None:
    User.objects.filter(pk=dave.pk).update(is_staff=True)
    client = client_of(dave)
    assert client.get("/a/daves-depot/applications/").status_code == 200
    assert client.get("/profile/").status_code == 200
    assert client.get("/admin/").status_code == 403


def test_whoever_is_no_staff_reads_what_they_read_everywhere(dave: User, client_of: ClientOf) -> None:
    client = client_of(dave)
    assert {client.get(url).status_code for url in ("/admin/", "/support/", "/inside/northwind/")} == {404}
    assert Client().get("/admin/").status_code == 302


def test_in_the_demo_nobody_is_asked(sam: User, client_of: ClientOf, settings: Any) -> None:
    settings.STAFF_NEED_FACTOR = False
    assert client_of(sam).get("/support/").status_code == 200
