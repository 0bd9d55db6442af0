"""A released version never changes: not by saving, not by the ORM, not by SQL."""

from dataclasses import replace

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from linnapp.errors import NotPossible
from linnapp.models import Account, Application, User, Version
from linnapp.services import versions
from linnapp.services.manifests import manifest_of, save_manifest
from tests.kit.people import acting


def test_saving_the_manifest_moves_the_development_version_alone(
    application: Application, version: Version, alice: User
) -> None:
    frozen = Version.objects.filter(pk=version.pk).values().get()
    manifest = manifest_of(application)
    changed = replace(manifest, permissions=("GlobalPermissions.Inventory.ReadNode",))
    save_manifest(application, changed, expected_revision=1, by=acting(alice))
    assert Version.objects.filter(pk=version.pk).values().get() == frozen
    assert application.versions.development().manifest() == changed


def test_a_snapshot_reads_as_the_manifest_it_was_made_of(application: Application, version: Version) -> None:
    assert version.manifest() == manifest_of(application)


# Whatever a version has: a new column comes with a value here, or the test below fails.
CHANGES = {
    "id": "id + 1000",
    "application_id": "application_id",
    "created_by_id": "{stranger}",
    "snapshot": "'{{}}'",
    "notes": "'rewritten'",
    "notes_folded": "'rewritten'",
    "major": "9",
    "minor": "9",
    "patch": "9",
    "kind": "'DEVELOPMENT'",
    "created_at": "'2001-01-01 00:00:00+00:00'",
}


def test_every_column_but_one_is_guarded() -> None:
    assert CHANGES.keys() | {"withdrawn_at"} == {field.column for field in Version._meta.concrete_fields}


@pytest.mark.parametrize("with_it", ["", "withdrawn_at = '2026-11-28 21:00:00+00:00', "], ids=["alone", "withdrawing"])
@pytest.mark.parametrize("column", CHANGES)
def test_the_database_refuses_to_change_a_released_version(
    version: Version, dave: User, column: str, with_it: str
) -> None:
    before = Version.objects.filter(pk=version.pk).values().get()
    value = CHANGES[column].format(stranger=dave.pk)
    with (
        pytest.raises(DatabaseError, match="a released version never changes"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE linnapp_version SET {with_it}{column} = {value} WHERE id = %s", [version.pk])
    assert Version.objects.filter(pk=version.pk).values().get() == before


def test_that_it_is_withdrawn_is_all_that_may_change(version: Version) -> None:
    before = Version.objects.filter(pk=version.pk).values().get()
    now = timezone.now()
    for withdrawn_at in (now, None):
        version.withdrawn_at = withdrawn_at
        version.save(update_fields=["withdrawn_at"])
        assert Version.objects.filter(pk=version.pk).values().get() == before | {"withdrawn_at": withdrawn_at}
    version.withdrawn_at = now
    with pytest.raises(DatabaseError, match="a released version never changes"), transaction.atomic():
        version.save()
    assert Version.objects.filter(pk=version.pk).values().get() == before


def test_who_created_it_is_forgotten_with_their_row_alone(version: Version, dave: User, northwind: Account) -> None:
    made = Version.objects.create(
        application=version.application,
        kind=Version.Kind.RELEASED,
        major=2,
        minor=0,
        patch=0,
        snapshot={"Modules": []},
        created_by=dave,
    )
    dave.delete()
    made.refresh_from_db()
    assert made.created_by is None
    with pytest.raises(DatabaseError, match="a released version never changes"), transaction.atomic():
        Version.objects.filter(pk=made.pk).update(created_by=northwind.owners()[0])


def test_the_orm_is_refused_as_well(version: Version) -> None:
    version.notes = "rewritten"
    with pytest.raises(DatabaseError, match="a released version never changes"), transaction.atomic():
        version.save()
    with pytest.raises(DatabaseError, match="a released version never changes"), transaction.atomic():
        Version.objects.filter(pk=version.pk).update(snapshot={})
    version.refresh_from_db()
    assert version.notes == "First."


def test_the_development_version_may_move(application: Application) -> None:
    development = application.versions.development()
    development.snapshot = {"Modules": []}
    development.save(update_fields=["snapshot"])
    assert application.versions.development().snapshot == {"Modules": []}


def test_a_number_is_used_once(application: Application, version: Version, alice: User) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        Version.objects.create(
            application=application, kind=Version.Kind.RELEASED, major=1, minor=0, patch=0, snapshot={}
        )
    with pytest.raises(NotPossible, match=r"above 1\.0\.0"):
        versions.create_version(application, number=(1, 0, 0), notes="", expected_revision=1, by=acting(alice))
    assert application.versions.released().count() == 1


def test_there_is_one_development_version(application: Application) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        Version.objects.create(application=application, kind=Version.Kind.DEVELOPMENT, snapshot={})
    assert application.versions.filter(kind=Version.Kind.DEVELOPMENT).count() == 1
