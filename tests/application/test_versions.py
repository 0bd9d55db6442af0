"""The Versions tab and Create New Version: review, number and notes, release."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from installs.installations import lifecycle
from installs.models import Installation
from linnapp.models import Account, Application, User, Version
from linnapp.services import versions
from linnapp.services.manifests import manifest_of, save_manifest
from tests.kit.people import ClientOf, acting

CountQueries = Callable[..., Any]


def address(name: str, application: Application, *more: object) -> str:
    return reverse(name, args=(application.account.slug, application.pk, *more))


def rename_first_module(application: Application, formatted_name: str, by: User) -> Application:
    row = Application.objects.get(pk=application.pk)
    manifest = manifest_of(row)
    first = replace(manifest.modules[0], formatted_name=formatted_name)
    changed = replace(manifest, modules=(first, *manifest.modules[1:]))
    return save_manifest(row, changed, expected_revision=row.manifest_revision, by=acting(by))


def notes_address(application: Application) -> str:
    revision = Application.objects.get(pk=application.pk).manifest_revision
    return f"{address('version_notes', application)}?revision={revision}"


def draft(client: Client, application: Application, **changes: object) -> Any:
    """Step 2, sent."""
    revision = Application.objects.get(pk=application.pk).manifest_revision
    fields = {"number": "1.1.0", "notes": "Faster.", "revision": revision} | changes
    return client.post(address("version_notes", application), fields)


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
    assert "No version came before: all of it is new." in page


def test_the_development_version_is_compared_with_the_newest(
    client_of: ClientOf, alice: User, application: Application, version: Version
) -> None:
    development = application.versions.development()
    page = client_of(alice).get(address("version_detail", application, development.pk)).content.decode()
    assert "None: it says the same as 1.0.0." in page


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


# Step 1.


def test_the_first_review_lists_everything_as_new(client_of: ClientOf, alice: User, application: Application) -> None:
    page = client_of(alice).get(address("version_review", application)).content.decode()
    assert "This is the first version: all of it is new." in page
    assert "New:" in page
    assert ">Continue</a>" in page


def test_a_review_says_each_change_in_words(
    client_of: ClientOf, alice: User, application: Application, version: Version
) -> None:
    rename_first_module(application, "Bridge 2", alice)
    page = client_of(alice).get(address("version_review", application)).content.decode()
    assert "Changed:" in page
    assert "Stock Bridge</del>" in page
    assert "Bridge 2</ins>" in page


def test_nothing_changed_means_no_button(
    client_of: ClientOf, alice: User, application: Application, version: Version
) -> None:
    page = client_of(alice).get(address("version_review", application)).content.decode()
    assert "Nothing changed since version 1.0.0" in page
    assert ">Continue</a>" not in page


# Step 2.


def test_the_next_minor_is_suggested(
    client_of: ClientOf, alice: User, application: Application, version: Version
) -> None:
    rename_first_module(application, "Bridge 2", alice)
    page = client_of(alice).get(notes_address(application)).content.decode()
    assert 'value="1.1.0"' in page
    assert "1.1.0 is the next minor number after 1.0.0" in page


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("1.0.0", "The number must be above 1.0.0, the newest version."),
        ("0.9.9", "The number must be above 1.0.0, the newest version."),
        ("two", "“two” is no version number. Write major.minor.patch, such as 1.2.0."),
        ("1.2", "“1.2” is no version number. Write major.minor.patch, such as 1.2.0."),
        ("1.2.9999999", "“1.2.9999999” is no version number."),
        ("", "Give the version a number, such as 1.2.0."),
    ],
)
def test_a_number_that_cannot_be_is_refused_and_the_notes_are_kept(
    client_of: ClientOf, alice: User, application: Application, version: Version, number: str, sentence: str
) -> None:
    rename_first_module(application, "Bridge 2", alice)
    response = draft(client_of(alice), application, number=number, notes="Typed with care.")
    assert response.status_code == 422
    page = response.content.decode()
    assert sentence in page
    assert "Typed with care." in page
    assert f'value="{number}"' in page or not number


def test_notes_that_are_too_long_are_kept_too(
    client_of: ClientOf, alice: User, application: Application, version: Version
) -> None:
    rename_first_module(application, "Bridge 2", alice)
    response = draft(client_of(alice), application, notes="x" * 10_001)
    assert response.status_code == 422
    assert "x" * 10_001 in response.content.decode()


def test_without_a_review_step_two_leads_back_to_it(client_of: ClientOf, alice: User, application: Application) -> None:
    client = client_of(alice)
    review = address("version_review", application)
    assert client.get(address("version_notes", application)).headers["Location"] == review
    assert client.get(address("version_release", application)).headers["Location"] == review


# Step 3.


def test_releasing_says_who_gets_it(
    client_of: ClientOf, alice: User, application: Application, installation: Installation
) -> None:
    rename_first_module(application, "Bridge 2", alice)
    client = client_of(alice)
    assert draft(client, application).headers["Location"] == address("version_release", application)
    page = client.get(address("version_release", application)).content.decode()
    assert "Releasing 1.1.0." in page
    assert "New installations get it at once; 1 installed account may update." in page


def test_a_version_is_created_in_three_steps(
    client_of: ClientOf, alice: User, application: Application, version: Version
) -> None:
    row = rename_first_module(application, "Bridge 2", alice)
    client = client_of(alice)
    draft(client, application, notes="Faster.\r\nAnd safer.")
    fields = {"number": "1.1.0", "notes": "Faster.\r\nAnd safer.", "revision": row.manifest_revision}
    response = client.post(address("version_release", application), fields, follow=True)
    created = application.versions.the_latest()
    assert created is not None
    assert (created.label, created.notes, created.created_by) == ("1.1.0", "Faster.\nAnd safer.", alice)
    assert response.redirect_chain == [(address("version_detail", application, created.pk), 302)]
    assert "Version 1.1.0 is released." in response.content.decode()


def test_releasing_moves_no_installation(
    client_of: ClientOf, alice: User, application: Application, installation: Installation
) -> None:
    row = rename_first_module(application, "Bridge 2", alice)
    before = Installation.objects.filter(pk=installation.pk).values().get()
    fields = {"number": "1.1.0", "notes": "", "revision": row.manifest_revision}
    client_of(alice).post(address("version_release", application), fields)
    assert application.versions.the_latest().label == "1.1.0"  # type: ignore[union-attr]
    assert Installation.objects.filter(pk=installation.pk).values().get() == before


def test_sending_the_form_twice_creates_one_version(
    client_of: ClientOf, alice: User, application: Application, version: Version
) -> None:
    row = rename_first_module(application, "Bridge 2", alice)
    client = client_of(alice)
    fields = {"number": "1.1.0", "notes": "Faster.", "revision": row.manifest_revision}
    first = client.post(address("version_release", application), fields)
    second = client.post(address("version_release", application), fields)
    assert first.headers["Location"] == second.headers["Location"]
    assert application.versions.released().count() == 2


def test_a_manifest_saved_meanwhile_leads_back_to_the_review_with_the_notes_kept(
    client_of: ClientOf, alice: User, bob: User, application: Application, version: Version
) -> None:
    row = rename_first_module(application, "Bridge 2", alice)
    client = client_of(alice)
    draft(client, application, number="2.0.0", notes="Typed with care.")
    rename_first_module(application, "Bob's Bridge", bob)
    fields = {"number": "2.0.0", "notes": "Typed with care.", "revision": row.manifest_revision}
    response = client.post(address("version_release", application), fields, follow=True)
    assert response.redirect_chain == [(address("version_review", application), 302)]
    assert "The manifest was saved since you reviewed it." in response.content.decode()
    assert application.versions.released().count() == 1
    page = client.get(notes_address(application)).content.decode()
    assert "Typed with care." in page
    assert 'value="2.0.0"' in page


def test_step_two_notices_a_saved_manifest_already(
    client_of: ClientOf, alice: User, bob: User, application: Application, version: Version
) -> None:
    row = rename_first_module(application, "Bridge 2", alice)
    rename_first_module(application, "Bob's Bridge", bob)
    client = client_of(alice)
    response = draft(client, application, revision=row.manifest_revision, notes="Typed with care.")
    assert response.headers["Location"] == address("version_review", application)
    assert "Typed with care." in client.get(notes_address(application)).content.decode()


def test_going_back_finds_what_was_typed(
    client_of: ClientOf, alice: User, application: Application, version: Version
) -> None:
    rename_first_module(application, "Bridge 2", alice)
    client = client_of(alice)
    draft(client, application, notes="Typed with care.")
    assert "Typed with care." in client.get(notes_address(application)).content.decode()


def test_a_number_that_somebody_took_meanwhile_is_refused(
    client_of: ClientOf, alice: User, bob: User, application: Application, version: Version
) -> None:
    row = rename_first_module(application, "Bridge 2", alice)
    client = client_of(alice)
    draft(client, application, notes="Mine.")
    versions.create_version(application, number=(1, 1, 0), notes="Bob's.", expected_revision=2, by=acting(bob))
    fields = {"number": "1.1.0", "notes": "Mine.", "revision": row.manifest_revision}
    response = client.post(address("version_release", application), fields, follow=True)
    assert "The number must be above 1.1.0, the newest version." in response.content.decode()
    assert application.versions.released().count() == 2


def test_a_form_that_was_tampered_with_says_what_is_wrong(
    client_of: ClientOf, alice: User, application: Application
) -> None:
    fields = {"number": "one", "notes": "Kept.", "revision": "1"}
    response = client_of(alice).post(address("version_release", application), fields)
    assert response.status_code == 422
    assert "Kept." in response.content.decode()
    assert application.versions.released().count() == 0


def test_of_a_retired_application_no_version_is_created(
    client_of: ClientOf, alice: User, application: Application, version: Version
) -> None:
    Application.objects.filter(pk=application.pk).update(retired_at=application.created_at)
    page = client_of(alice).get(address("version_review", application)).content.decode()
    assert "is retired" in page
    assert "Go on" not in page
    fields = {"number": "3.0.0", "notes": "", "revision": "1"}
    client_of(alice).post(address("version_release", application), fields)
    assert application.versions.released().count() == 1


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


def test_a_stranger_releases_nothing(client_of: ClientOf, dave: User, application: Application) -> None:
    fields = {"number": "1.0.0", "notes": "", "revision": "1"}
    assert client_of(dave).post(address("version_release", application), fields).status_code == 404
    assert application.versions.released().count() == 0


def test_other_methods_are_refused(
    client_of: ClientOf, alice: User, application: Application, version: Version
) -> None:
    client = client_of(alice)
    assert client.post(address("version_list", application)).status_code == 405
    assert client.post(address("version_review", application)).status_code == 405
    assert client.put(address("version_release", application)).status_code == 405
    assert client.post(address("version_detail", application, version.pk)).status_code == 405


def test_a_developer_of_the_team_may_release(client_of: ClientOf, bob: User, application: Application) -> None:
    fields = {"number": "1.0.0", "notes": "", "revision": "1"}
    client_of(bob).post(address("version_release", application), fields)
    assert application.versions.released().get().created_by == bob


def test_the_development_version_is_no_account_to_update(
    client_of: ClientOf, alice: User, application: Application, northwind: Account
) -> None:
    lifecycle.install(application, account=northwind, version=application.versions.development(), by=acting(alice))
    client = client_of(alice)
    draft(client, application, number="1.0.0")
    page = client.get(address("version_release", application)).content.decode()
    assert "nobody has an earlier version installed" in page
