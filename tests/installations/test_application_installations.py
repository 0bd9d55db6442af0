"""The Installations tab: who has the application, on which version, and revealing a permanent token."""

import csv
import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.installations import lifecycle, suspending
from installs.models import Installation
from linnapp import pages
from linnapp.models import Account, Application, Membership, TimelineEntry, User, Version
from tests.kit.people import PASSWORD, ClientOf, acting
from tests.typed.forms import go_on


def listed(application: Application) -> str:
    return reverse("application_installations", args=(application.account.slug, application.pk))


def reveal(installation: Installation) -> str:
    application = installation.application
    return reverse("application_token_reveal", args=(application.account.slug, application.pk, installation.pk))


def page_of(client: Client, application: Application, **query: str) -> str:
    return client.get(listed(application), query).content.decode()


@pytest.fixture
def second_version(application: Application, version: Version) -> Version:
    return Version.objects.create(
        application=application, kind=Version.Kind.RELEASED, major=1, minor=1, patch=0, snapshot=version.snapshot
    )


@pytest.fixture
def on_depot(
    application: Application, installation: Installation, second_version: Version, depot: Account, dave: User
) -> Installation:
    return lifecycle.install(application, account=depot, version=second_version, by=acting(dave)).installation


# The list.


def test_a_row_says_account_version_and_how_far_behind(
    client_of: ClientOf, alice: User, application: Application, installation: Installation, on_depot: Installation
) -> None:
    page = page_of(client_of(alice), application)
    assert "Carol&#x27;s Cakes</a>" in page
    assert '1.0.0<span class="muted">, 1 behind</span>' in page
    assert '<td data-label="Version">1.1.0' in page
    assert "never connected" in page
    assert f"<code>…{lifecycle.current_token(installation).tail}</code>" in page


def test_one_form_reveals_whichever_token(
    client_of: ClientOf, alice: User, application: Application, installation: Installation, on_depot: Installation
) -> None:
    table = page_of(client_of(alice), application).partition("<table>")
    for row in (installation, on_depot):
        below = reveal(row).removeprefix(listed(application))
        assert f'formaction="{below}"' in table[2], "said as short as the page may"
    assert "csrfmiddlewaretoken" not in table[2]
    assert '<form method="post"><input type="hidden" name="csrfmiddlewaretoken"' in table[0]


def test_the_permanent_token_is_masked(
    client_of: ClientOf, alice: User, application: Application, installation: Installation
) -> None:
    assert lifecycle.current_token(installation).value() not in page_of(client_of(alice), application)


def test_states_versions_and_silence_are_chips(
    client_of: ClientOf,
    alice: User,
    sam: User,
    application: Application,
    installation: Installation,
    on_depot: Installation,
) -> None:
    client = client_of(alice)
    suspending.suspend_by_staff(installation, by=acting(sam, reason="Asked for."))
    Installation.objects.filter(pk=installation.pk).update(first_exchange_at=timezone.now())
    for query, cakes, depot in (
        ({"state": "suspended"}, True, False),
        ({"state": "active"}, False, True),
        ({"state": "never_connected"}, False, True),
        ({"state": "uninstalled"}, False, False),
        ({"version": str(installation.version_id)}, True, False),
        ({"version": "1e999999999"}, True, True),
        ({"q": "cak"}, True, False),
        ({"q": f"{{{str(on_depot.pk).upper()}}}"}, False, True),
        ({"state": "nonsense", "version": "x", "after": "z", "sort": "none"}, True, True),
    ):
        page = page_of(client, application, **query)
        assert ("Carol&#x27;s Cakes</a></th>" in page, "Dave&#x27;s Depot</a></th>" in page) == (cakes, depot), query


def test_a_version_chip_counts_what_it_leads_to(
    client_of: ClientOf,
    alice: User,
    carol: User,
    application: Application,
    installation: Installation,
    on_depot: Installation,
) -> None:
    client = client_of(alice)
    assert version_chips(client, application) == (), "a list of two rows has no chips"
    assert version_chips(client, application, state="live") == ("1.0.0 (1)", "1.1.0 (1)")
    lifecycle.uninstall(installation, by=acting(carol))
    assert version_chips(client, application, state="live") == ("1.0.0 (0)", "1.1.0 (1)")
    assert version_chips(client, application, state="uninstalled") == ("1.0.0 (1)", "1.1.0 (0)")
    chosen = str(installation.version_id)
    assert version_chips(client, application, version=chosen, state="uninstalled") == ("1.0.0 (1)", "1.1.0 (0)")
    # All that a text finds is not counted beside what is shown of it.
    assert version_chips(client, application, q="cak") == ()
    assert ">1.0.0</a>" in page_of(client, application, q="cak")


def version_chips(client: Client, application: Application, **query: str) -> tuple[str, ...]:
    found = re.findall(r">(\d\.\d\.\d \(\d+\))</a>", page_of(client, application, **query))
    return tuple(sorted(found))


@pytest.mark.parametrize("sort", ["installed", "used", "account"])
def test_every_sort_turns_its_pages_without_losing_a_row(
    client_of: ClientOf, alice: User, application: Application, version: Version, sort: str
) -> None:
    now = timezone.now()
    for number in range(53):
        account = Account.objects.create(name=f"Shop {number % 5}", slug=f"shop-{number}", contact_email="a@b.example")
        used = now - timedelta(minutes=number) if number % 3 else None
        Installation.objects.create(application=application, account=account, version=version, last_used_at=used)
    client = client_of(alice)
    first = client.get(listed(application), {"sort": sort})
    second = client.get(first.context["list"].next_url)
    keys = [row.installation.pk for response in (first, second) for row in response.context["rows"]]
    assert len(keys) == len(set(keys)) == 53


def test_without_one_the_page_carries_the_installation_url(
    client_of: ClientOf, alice: User, application: Application
) -> None:
    page = page_of(client_of(alice), application)
    assert "An installation is one account that uses Stock Bridge" in page


def test_the_csv_holds_every_row_and_no_permanent_token(
    client_of: ClientOf, alice: User, application: Application, installation: Installation, on_depot: Installation
) -> None:
    response = client_of(alice).get(listed(application), {"format": "csv", "sort": "account"})
    text = b"".join(response).decode()
    rows = list(csv.DictReader(StringIO(text)))
    assert [(row["Account"], row["Version"], row["Versions behind"], row["State"]) for row in rows] == [
        ("Carol's Cakes", "1.0.0", "1", "active"),
        ("Dave's Depot", "1.1.0", "0", "active"),
    ]
    assert rows[0]["Installation"] == str(installation.pk)
    token = lifecycle.current_token(installation)
    assert token.value() not in text
    assert "oken" not in text.splitlines()[0]


@pytest.mark.parametrize("sort", ["installed", "used", "account"])
@pytest.mark.parametrize("at_once", [1, 2, 500])
def test_the_csv_is_read_a_few_rows_at_a_time(
    client_of: ClientOf,
    alice: User,
    application: Application,
    installation: Installation,
    on_depot: Installation,
    monkeypatch: pytest.MonkeyPatch,
    sort: str,
    at_once: int,
) -> None:
    """Who takes them slowly holds no cursor and no transaction of the database meanwhile."""
    monkeypatch.setattr(pages, "ROWS_AT_ONCE", at_once)
    response = client_of(alice).get(listed(application), {"format": "csv", "sort": sort})
    rows = list(csv.DictReader(StringIO(b"".join(response).decode())))
    assert {row["Installation"] for row in rows} == {str(installation.pk), str(on_depot.pk)}
    assert len(rows) == 2


def test_the_list_needs_few_queries(
    client_of: ClientOf,
    alice: User,
    application: Application,
    version: Version,
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    for number in range(40):
        account = Account.objects.create(name=f"Shop {number}", slug=f"shop-{number}", contact_email="a@b.example")
        Installation.objects.create(application=application, account=account, version=version)
    client = client_of(alice)
    with django_assert_max_num_queries(14):
        client.get(listed(application))


# Revealing.


def test_a_revealed_token_is_shown_on_the_page_that_follows_and_stands_in_the_timeline(
    client_of: ClientOf, alice: User, application: Application, installation: Installation
) -> None:
    client = client_of(alice)
    response = client.post(reveal(installation))
    assert response.headers["Location"] == f"{listed(application)}?q={installation.pk}#i-{installation.pk}"
    assert lifecycle.current_token(installation).value().encode() not in response.content
    page = client.get(response.headers["Location"])
    assert f"<code>{lifecycle.current_token(installation).value()}</code>" in page.content.decode()
    assert page.headers["Cache-Control"] == "no-store"
    entry = TimelineEntry.objects.get(kind="TOKEN_REVEALED")
    assert (entry.actor_id, entry.side, entry.subject_id) == (alice.pk, "DEVELOPER", installation.pk)


def test_the_token_is_shown_to_nobody_else_and_not_for_ever(
    client_of: ClientOf, alice: User, bob: User, application: Application, installation: Installation
) -> None:
    client = client_of(alice)
    client.post(reveal(installation))
    value = lifecycle.current_token(installation).value()
    assert value not in page_of(client_of(bob), application)
    session = client.session
    long_ago = (timezone.now() - timedelta(minutes=11)).isoformat()
    session.update({key: long_ago for key, _ in session.items() if key.startswith("shown:")})
    session.save()
    assert value not in page_of(client, application)


def test_a_sign_in_that_is_not_fresh_is_asked_for_again(
    client_of: ClientOf, alice: User, installation: Installation
) -> None:
    response = client_of(alice, fresh=False).post(reveal(installation))
    assert response.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert not TimelineEntry.objects.filter(kind="TOKEN_REVEALED").exists()


def test_after_the_fresh_sign_in_the_token_is_revealed(
    client_of: ClientOf, alice: User, application: Application, installation: Installation
) -> None:
    client = client_of(alice, fresh=False)
    done = go_on(client, client.post(reveal(installation)), PASSWORD)
    page = client.get(done.headers["Location"]).content.decode()
    assert f"<code>{lifecycle.current_token(installation).value()}</code>" in page
    assert TimelineEntry.objects.filter(kind="TOKEN_REVEALED").count() == 1


def test_a_developer_of_the_team_may_reveal(client_of: ClientOf, bob: User, installation: Installation) -> None:
    client_of(bob).post(reveal(installation))
    assert TimelineEntry.objects.get(kind="TOKEN_REVEALED").actor_id == bob.pk


@pytest.mark.parametrize("who", ["dave", "carol", "sam", "paula"])
def test_strangers_customers_and_staff_reveal_nothing(
    client_of: ClientOf, installation: Installation, who: str, request: pytest.FixtureRequest
) -> None:
    client = client_of(request.getfixturevalue(who))
    assert client.post(reveal(installation)).status_code == 404
    assert client_of(request.getfixturevalue(who), fresh=False).post(reveal(installation)).status_code == 404
    assert client.get(listed(installation.application)).status_code == 404
    assert not TimelineEntry.objects.filter(kind="TOKEN_REVEALED").exists()


def test_an_installation_of_another_application_is_not_revealed_here(
    client_of: ClientOf, alice: User, installation: Installation, northwind: Account
) -> None:
    other = Application.objects.create(account=northwind, name="Other", type=Application.Type.SYSTEM)
    address = reverse("application_token_reveal", args=(northwind.slug, other.pk, installation.pk))
    assert client_of(alice).post(address).status_code == 404


def test_a_token_that_ended_cannot_be_revealed(
    client_of: ClientOf, alice: User, carol: User, application: Application, installation: Installation
) -> None:
    lifecycle.uninstall(installation, by=acting(carol))
    response = client_of(alice).post(reveal(installation), follow=True)
    page = response.content.decode()
    assert "its permanent token stopped working then" in page
    assert '<span class="muted">ended</span>' in page
    assert not TimelineEntry.objects.filter(kind="TOKEN_REVEALED").exists()


def test_a_signed_out_person_signs_in_first(client_of: ClientOf, installation: Installation) -> None:
    assert client_of(None).get(listed(installation.application)).headers["Location"].startswith("/sign-in/")
    assert client_of(None).post(reveal(installation)).headers["Location"].startswith("/sign-in/")


def test_revealing_is_posted(client_of: ClientOf, alice: User, installation: Installation) -> None:
    assert client_of(alice).get(reveal(installation)).status_code == 405
    assert client_of(alice).post(listed(installation.application)).status_code == 405


def test_a_person_of_both_sides_sees_the_tab_of_the_account_in_the_address(
    client_of: ClientOf, alice: User, application: Application, installation: Installation, cakes: Account
) -> None:
    Membership.objects.create(account=cakes, user=alice, role=Membership.Role.OWNER)
    assert (
        client_of(alice).get(reverse("application_installations", args=(cakes.slug, application.pk))).status_code == 404
    )
