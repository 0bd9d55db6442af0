"""The Versions tab: the list, one snapshot, and who may see them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from installs.models import Installation
from linnapp.models import Account, Application, User, Version
from linnapp.services import versions
from tests.kit.people import ClientOf, acting
from tests.kit.versions import address, rename_first_module

CountQueries = Callable[..., Any]


# The list.


def test_the_development_version_is_on_top_and_the_newest_is_marked(
    client_of: ClientOf, alice: User, application: Application, version: Version
) -> None:
    rename_first_module(application, "Bridge 2", alice)
    versions.create_version(
        application, number=(1, 1, 0), notes="Second.\nMore.", expected_revision=2, by=acting(alice)
    )
    page = client_of(alice).get(address("version_list", application)).content.decode()
    assert page.index("Development Version</a>") < page.index("1.1.0</a>") < page.index("1.0.0</a>")
    assert page.count('data-tone="active"><svg') >= 1
    assert "Second.</td>" in page
    assert "More." not in page


def test_each_version_says_how_many_accounts_are_on_it(
    client_of: ClientOf, alice: User, application: Application, installation: Installation
) -> None:
    page = client_of(alice).get(address("version_list", application)).content.decode()
    assert '<progress value="1" max="1" aria-label="100 % of all installations">' in page
    assert '<progress value="0" max="1" aria-label="0 % of all installations">' in page


def test_versions_are_found_by_number_and_by_words_of_their_notes(
    client_of: ClientOf, alice: User, application: Application, version: Version
) -> None:
    client = client_of(alice)
    for query, found in (("1.0.0", True), ("first", True), ("1.0.1", False), ("second", False)):
        page = client.get(address("version_list", application), {"q": query}).content.decode()
        assert (">1.0.0</a>" in page) is found, query
        assert "Development Version</a>" not in page


def test_versions_that_nobody_installed_can_be_picked_out(
    client_of: ClientOf, alice: User, application: Application, installation: Installation
) -> None:
    client = client_of(alice)
    assert ">1.0.0</a>" in client.get(address("version_list", application), {"use": "installed"}).content.decode()
    assert ">1.0.0</a>" not in client.get(address("version_list", application), {"use": "unused"}).content.decode()


def test_without_a_version_the_list_says_what_one_is(
    client_of: ClientOf, alice: User, application: Application
) -> None:
    page = client_of(alice).get(address("version_list", application)).content.decode()
    assert "Create the first version" in page
    assert "Development Version</a>" in page
    assert "in all" not in page


def test_the_list_turns_its_pages(client_of: ClientOf, alice: User, application: Application) -> None:
    for minor in range(52):
        Version.objects.create(
            application=application, kind=Version.Kind.RELEASED, major=1, minor=minor, patch=0, snapshot={"Modules": []}
        )
    client = client_of(alice)
    first = client.get(address("version_list", application))
    second = client.get(first.context["list"].next_url).content.decode()
    assert ">1.1.0</a>" in second
    assert ">1.2.0</a>" not in second
    assert "Development Version</a>" not in second


def test_the_list_needs_few_queries(
    client_of: ClientOf, alice: User, application: Application, django_assert_max_num_queries: CountQueries
) -> None:
    for minor in range(30):
        Version.objects.create(
            application=application, kind=Version.Kind.RELEASED, major=1, minor=minor, patch=0, snapshot={"Modules": []}
        )
    client = client_of(alice)
    with django_assert_max_num_queries(16):
        client.get(address("version_list", application))


# One snapshot.


def test_a_version_shows_its_modules_notes_and_what_it_changed(
    client_of: ClientOf, alice: User, application: Application, version: Version
) -> None:
    rename_first_module(application, "Bridge <2>", alice)
    second = versions.create_version(
        application, number=(1, 1, 0), notes="Second.", expected_revision=2, by=acting(alice)
    )
    page = client_of(alice).get(address("version_detail", application, second.pk)).content.decode()
    assert "Changes since 1.0.0" in page
    assert "Formatted Name" in page
    assert "Stock Bridge</del>" in page
    assert "Bridge &lt;2&gt;</ins>" in page
    assert "External Application" in page
    assert "Second." in page


def test_the_first_version_has_nothing_before_it(
    client_of: ClientOf, alice: User, application: Application, version: Version
) -> None:
    page = client_of(alice).get(address("version_detail", application, version.pk)).content.decode()
    assert "This is the first version: everything is new." in page


def test_the_development_version_is_compared_with_the_newest(
    client_of: ClientOf, alice: User, application: Application, version: Version
) -> None:
    development = application.versions.development()
    page = client_of(alice).get(address("version_detail", application, development.pk)).content.decode()
    assert "Nothing changed since 1.0.0." in page


def test_a_snapshot_is_downloaded_as_it_was_frozen(
    client_of: ClientOf, alice: User, application: Application, version: Version
) -> None:
    response = client_of(alice).get(address("version_export", application, version.pk))
    assert json.loads(response.content) == version.snapshot
    assert response.headers["Content-Disposition"].endswith('-1.0.0.json"')


def test_a_version_of_another_application_is_not_found_here(
    client_of: ClientOf, alice: User, application: Application, version: Version, northwind: Account
) -> None:
    other = Application.objects.create(account=northwind, name="Other", type=Application.Type.SYSTEM)
    assert client_of(alice).get(address("version_detail", other, version.pk)).status_code == 404
    assert client_of(alice).get(address("version_export", other, version.pk)).status_code == 404


def test_a_number_that_no_row_can_have_is_not_found(client_of: ClientOf, alice: User, application: Application) -> None:
    client = client_of(alice)
    assert client.get(address("version_detail", application, 10**30)).status_code == 404
    assert client.get(address("version_detail", application, 10**9)).status_code == 404


# Who may.
PAGES = ("version_list", "version_review", "version_notes", "version_release")


@pytest.mark.parametrize("name", PAGES)
def test_strangers_find_nothing_and_nobody_signs_in_first(
    client_of: ClientOf, application: Application, dave: User, carol: User, name: str
) -> None:
    for stranger in (dave, carol):
        assert client_of(stranger).get(address(name, application)).status_code == 404
    assert client_of(None).get(address(name, application)).headers["Location"].startswith("/sign-in/")


def test_a_customer_finds_no_snapshot(
    client_of: ClientOf, carol: User, application: Application, installation: Installation
) -> None:
    assert client_of(carol).get(address("version_detail", application, installation.version_id)).status_code == 404
    assert client_of(carol).get(address("version_export", application, installation.version_id)).status_code == 404


def test_the_address_of_another_account_finds_nothing(
    client_of: ClientOf, alice: User, application: Application, cakes: Account
) -> None:
    assert client_of(alice).get(reverse("version_list", args=(cakes.slug, application.pk))).status_code == 404


def test_other_methods_are_refused(
    client_of: ClientOf, alice: User, application: Application, version: Version
) -> None:
    client = client_of(alice)
    assert client.post(address("version_list", application)).status_code == 405
    assert client.post(address("version_review", application)).status_code == 405
    assert client.put(address("version_release", application)).status_code == 405
    assert client.post(address("version_detail", application, version.pk)).status_code == 405
