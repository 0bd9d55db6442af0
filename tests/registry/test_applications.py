import re
from itertools import chain
from typing import Any
from uuid import UUID

import pytest
from django.urls import reverse
from django.utils import timezone

from installs.models import Delivery, Installation
from linnapp.models import Account, Application, Secret, TimelineEntry, User, Version
from linnapp.services import applications, versions
from tests.kit.people import ClientOf, acting
from tests.kit.posting import install, with_postback

EMPTY = "An application is what customers install. Create one to get its Application ID and secret."


def list_url(account: Account, query: str = "") -> str:
    return reverse("application_list", args=[account.slug]) + query


def new_url(account: Account) -> str:
    return reverse("application_new", args=[account.slug])


def names(response: Any) -> list[str]:
    return [row.name for row in response.context["list"].rows]


def make(account: Account, by: User, name: str, kind: str = Application.Type.SYSTEM) -> Application:
    return applications.create_application(account=account, name=name, kind=kind, by=acting(by))[0]


# The list.


def test_an_account_without_applications_is_told_what_one_is(
    alice: User, northwind: Account, client_of: ClientOf
) -> None:
    html = client_of(alice).get(list_url(northwind)).content.decode()
    assert EMPTY in html
    assert html.count(new_url(northwind)) == 1
    assert "<table>" not in html


def test_a_row_tells_name_type_newest_version_and_installations(
    installation: Installation, bob: User, northwind: Account, client_of: ClientOf
) -> None:
    html = client_of(bob).get(list_url(northwind)).content.decode()
    row = html[html.index("<tbody>") : html.index("</tbody>")]
    assert "Stock Bridge" in row
    assert '<td data-label="Type" class="whole">System Integration</td>' in row
    assert '<td data-label="Newest version">1.0.0</td>' in row.replace("\n", "").replace("  ", "")
    assert '<td data-label="Installations" class="number">1</td>' in row


def test_an_uninstalled_one_does_not_count(
    installation: Installation, alice: User, northwind: Account, client_of: ClientOf
) -> None:
    Installation.objects.update(state=Installation.State.UNINSTALLED)
    html = client_of(alice).get(list_url(northwind)).content.decode()
    assert '<td data-label="Installations" class="number">0</td>' in html


def test_postbacks_have_a_column_only_where_they_are_not_well(
    application: Application, northwind: Account, cakes: Account, alice: User, carol: User, client_of: ClientOf
) -> None:
    version = with_postback(application, "https://hooks.northwind.example/", alice)
    for account, owner in ((northwind, alice), (cakes, carol)):
        install(application, account, version, owner)
    Delivery.objects.update(state=Delivery.State.DELIVERED)
    client = client_of(alice)
    assert "Postbacks</th>" not in client.get(list_url(northwind)).content.decode()
    first, second = Delivery.objects.all()
    Delivery.objects.filter(pk=first.pk).update(state=Delivery.State.STOPPED, ended_at=timezone.now())
    Delivery.objects.filter(pk=second.pk).update(state=Delivery.State.HELD)
    html = client.get(list_url(northwind)).content.decode()
    assert "Postbacks</th>" in html
    assert "1 failed" in html
    assert "1 held" in html
    assert "waiting" not in html


def test_the_newest_version_is_by_number_and_not_by_day_and_none_that_was_withdrawn(
    application: Application, alice: User, northwind: Account, client_of: ClientOf
) -> None:
    for number in ((1, 9, 0), (1, 10, 0), (2, 0, 0)):
        application.permissions.append(f"GlobalPermissions.Area.Node{number}")
        application.save()
        versions.create_version(application, number=number, notes="x", expected_revision=1, by=acting(alice))
    application.versions.filter(major=2).update(withdrawn_at=timezone.now())
    html = client_of(alice).get(list_url(northwind)).content.decode()
    assert "1.10.0" in html
    assert "2.0.0" not in html
    assert "1.9.0" not in html


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"Alpha", "Beta", "Gamma", "Delta"}),
        ("?q=alph", {"Alpha"}),
        ("?q=nothing-like-it", set()),
        ("?type=CHANNEL", {"Beta"}),
        ("?type=NONSENSE", {"Alpha", "Beta", "Gamma", "Delta"}),
        ("?state=DRAFT", {"Alpha", "Beta"}),
        ("?state=SUSPENDED", {"Gamma"}),
        ("?state=RETIRED", {"Delta"}),
        ("?state=DRAFT&type=CHANNEL&q=b", {"Beta"}),
        ("?q=%00", {"Alpha", "Beta", "Gamma", "Delta"}),
        ("?sort=nonsense&after=forged", {"Alpha", "Beta", "Gamma", "Delta"}),
    ],
)
def test_the_list_is_searched_and_filtered(
    query: str, expected: set[str], alice: User, northwind: Account, client_of: ClientOf
) -> None:
    make(northwind, alice, "Alpha")
    make(northwind, alice, "Beta", Application.Type.CHANNEL)
    gamma, delta = make(northwind, alice, "Gamma"), make(northwind, alice, "Delta")
    now = timezone.now()
    Application.objects.filter(pk=gamma.pk).update(suspended_by_staff_at=now)
    Application.objects.filter(pk=delta.pk).update(retired_at=now, suspended_by_staff_at=now)
    assert set(names(client_of(alice).get(list_url(northwind, query)))) == expected


@pytest.mark.parametrize("spelling", [str, lambda key: key.hex, lambda key: f"{{{key}}}".upper()])
def test_the_list_is_searched_by_application_id(
    spelling: Any, application: Application, alice: User, northwind: Account, client_of: ClientOf
) -> None:
    make(northwind, alice, "Other")
    found = names(client_of(alice).get(list_url(northwind), {"q": spelling(application.pk)}))
    assert found == ["Stock Bridge"]


def test_the_list_is_sorted_and_paged_without_losing_or_repeating_a_row(
    alice: User, northwind: Account, client_of: ClientOf
) -> None:
    Application.objects.bulk_create(
        Application(account=northwind, name=f"App {n:03}", type=Application.Type.SYSTEM) for n in range(120)
    )
    client, url, seen = client_of(alice), list_url(northwind, "?sort=name"), []
    while url:
        page = client.get(url)
        seen.append(names(page))
        url = page.context["list"].next_url
    assert [len(part) for part in seen] == [50, 50, 20]
    assert list(chain(*seen)) == [f"App {n:03}" for n in range(120)]


def test_the_list_costs_the_same_for_one_row_and_for_fifty(
    alice: User, northwind: Account, client_of: ClientOf, django_assert_max_num_queries: Any
) -> None:
    Application.objects.bulk_create(
        Application(account=northwind, name=f"App {n:03}", type=Application.Type.SYSTEM) for n in range(60)
    )
    client = client_of(alice)
    client.get(list_url(northwind))
    with django_assert_max_num_queries(10):
        client.get(list_url(northwind))


def test_htmx_gets_the_rows_alone(
    application: Application, alice: User, northwind: Account, client_of: ClientOf
) -> None:
    html = client_of(alice).get(list_url(northwind), headers={"HX-Request": "true"}).content.decode()
    assert "Stock Bridge" in html
    assert "<html" not in html


def test_the_applications_of_another_account_are_not_listed(
    application: Application, carol: User, cakes: Account, client_of: ClientOf
) -> None:
    make(cakes, carol, "Cake Sync")
    assert names(client_of(carol).get(list_url(cakes))) == ["Cake Sync"]


# Who may.


@pytest.mark.parametrize("url", [list_url, new_url])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_sees_nothing(
    url: Any, method: str, northwind: Account, dave: User, depot: Account, client_of: ClientOf
) -> None:
    expected = 405 if (url, method) == (list_url, "post") else 404
    response = getattr(client_of(dave), method)(url(northwind), {"name": "Mine", "type": "SYSTEM"})
    assert response.status_code == expected
    assert Application.objects.count() == 0


@pytest.mark.parametrize("url", [list_url, new_url])
def test_somebody_signed_out_is_sent_to_sign_in(url: Any, northwind: Account, client_of: ClientOf) -> None:
    response = client_of(None).get(url(northwind))
    assert response.status_code == 302
    assert response.headers["Location"] == f"/sign-in/?next={url(northwind)}"


# New App.


@pytest.mark.parametrize(
    ("kind", "module"),
    [
        ("SYSTEM", "ExternalApplication"),
        ("CHANNEL", "ChannelIntegration"),
        ("SHIPPING", "ShippingIntegration"),
        ("EMBEDDED", "ExternalUserInterface"),
    ],
)
def test_new_app_makes_the_application_its_secret_and_its_preset_module(
    kind: str, module: str, bob: User, northwind: Account, client_of: ClientOf
) -> None:
    response = client_of(bob).post(new_url(northwind), {"name": "  Parcel   Sync ", "type": kind})
    made = Application.objects.get()
    assert (response.status_code, response.headers["Location"]) == (
        302,
        reverse("application_general", args=["northwind", made.pk]),
    )
    assert (made.name, made.type, made.account, made.created_by) == ("Parcel Sync", kind, northwind, bob)
    assert [row.type for row in made.modules.all()] == [module]
    assert made.versions.get().kind == Version.Kind.DEVELOPMENT
    secret = made.secrets.get().value()
    assert secret == str(UUID(secret))


def test_new_app_offers_four_types_and_says_when_to_choose_each(
    alice: User, northwind: Account, client_of: ClientOf
) -> None:
    html = client_of(alice).get(new_url(northwind)).content.decode()
    for label in ("System Integration", "Channel Integration", "Shipping Integration", "Embedded Application"):
        assert f"<strong>{label}</strong>" in html
    assert html.count("Choose this if") == 4
    assert html.count("Starts with one") == 4
    assert re.findall(r'value="(\w+)"[^>]* checked', html) == ["SYSTEM"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": "", "type": "SYSTEM"}, "Give the application a name."),
        ({"name": "   ", "type": "SYSTEM"}, "Give the application a name."),
        ({"name": "x" * 81, "type": "SYSTEM"}, "Use at most 80 characters."),
        ({"name": "Bell\x07", "type": "SYSTEM"}, "U+0007 cannot be in a name: it is a control character."),
        ({"name": "Nul\x00", "type": "SYSTEM"}, "U+0000 NULL cannot be in a name: it is a control character."),
        ({"name": "Turned \u202eround", "type": "SYSTEM"}, "U+202E RIGHT-TO-LEFT OVERRIDE cannot be in a name"),
        ({"name": "Zero\u200bwidth", "type": "SYSTEM"}, "U+200B ZERO WIDTH SPACE cannot be in a name"),
        ({"name": "Two\nlines", "type": "SYSTEM"}, "A name must be one line: remove U+000A LINE FEED."),
        ({"name": "Fine", "type": ""}, "Choose one of the four types."),
        ({"name": "Fine", "type": "TOASTER"}, "Choose one of the four types."),
        ({}, "Give the application a name."),
    ],
)
def test_what_is_typed_wrong_is_kept_and_explained(
    typed: dict[str, str], sentence: str, alice: User, northwind: Account, client_of: ClientOf
) -> None:
    response = client_of(alice).post(new_url(northwind), typed)
    assert response.status_code == 422
    html = response.content.decode()
    assert html.count(sentence) == 2
    assert response.context["form"]["name"].value() == typed.get("name")
    if typed.get("type") == "SYSTEM":
        assert re.findall(r'value="(\w+)"[^>]* checked', html) == ["SYSTEM"]
    assert Application.objects.count() == 0
    assert Secret.objects.count() == 0


@pytest.mark.parametrize(
    "name", ["x" * 80, "Größe & Co.", "Кириллица", "نرم\u200cافزار", "👩\u200d🍳", "<b>Bold</b>", "O'Neil"]
)
def test_names_of_any_script_are_taken_as_they_are(
    name: str, alice: User, northwind: Account, client_of: ClientOf
) -> None:
    client = client_of(alice)
    general = client.post(new_url(northwind), {"name": name, "type": "SYSTEM"}, follow=True)
    assert Application.objects.get().name == name
    assert "<b>Bold" not in general.content.decode()


def test_a_name_that_the_account_has_already_is_allowed_and_said(
    application: Application, alice: User, northwind: Account, client_of: ClientOf
) -> None:
    page = client_of(alice).post(new_url(northwind), {"name": "stock bridge", "type": "SYSTEM"}, follow=True)
    assert "Northwind has another application called stock bridge." in page.content.decode()
    assert Application.objects.count() == 2


def test_a_name_that_only_a_stranger_has_is_not_mentioned(
    application: Application, dave: User, depot: Account, client_of: ClientOf
) -> None:
    page = client_of(dave).post(new_url(depot), {"name": "Stock Bridge", "type": "SYSTEM"}, follow=True)
    assert "another application" not in page.content.decode()


def test_making_an_application_stands_in_the_timeline(alice: User, northwind: Account, client_of: ClientOf) -> None:
    client_of(alice).post(new_url(northwind), {"name": "Parcel Sync", "type": "SYSTEM"})
    made = Application.objects.get()
    kinds = list(TimelineEntry.objects.about_application(made.pk).order_by("pk").values_list("kind", "actor_name"))
    assert kinds == [("APPLICATION_CREATED", "Alice"), ("SECRET_CREATED", "Alice")]
