"""Create New Version: review, number and notes, release."""

from typing import Any

import pytest
from django.test import Client

from installs.installations import lifecycle
from installs.models import Installation
from linnapp.models import Account, Application, User, Version
from linnapp.services import versions
from tests.kit.people import ClientOf, acting
from tests.kit.versions import address, rename_first_module


def notes_address(application: Application) -> str:
    revision = Application.objects.get(pk=application.pk).manifest_revision
    return f"{address('version_notes', application)}?revision={revision}"


def draft(client: Client, application: Application, **changes: object) -> Any:
    """Step 2, sent."""
    revision = Application.objects.get(pk=application.pk).manifest_revision
    fields = {"number": "1.1.0", "notes": "Faster.", "revision": revision} | changes
    return client.post(address("version_notes", application), fields)


# Step 1.


def test_the_first_review_lists_everything_as_new(client_of: ClientOf, alice: User, application: Application) -> None:
    page = client_of(alice).get(address("version_review", application)).content.decode()
    assert "This is the first version: everything is new." in page
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
    assert "Nothing has changed since version 1.0.0" in page
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
        ("two", "“two” is not a version number. Write major.minor.patch, such as 1.2.0."),
        ("1.2", "“1.2” is not a version number. Write major.minor.patch, such as 1.2.0."),
        ("1.2.9999999", "“1.2.9999999” is not a version number."),
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
    assert "The manifest was saved after you reviewed it." in response.content.decode()
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


def test_a_stranger_releases_nothing(client_of: ClientOf, dave: User, application: Application) -> None:
    fields = {"number": "1.0.0", "notes": "", "revision": "1"}
    assert client_of(dave).post(address("version_release", application), fields).status_code == 404
    assert application.versions.released().count() == 0


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
    assert "no account has an earlier version" in page
