"""What saving a manifest writes: the rows that differ, all of it worked out before the application is locked."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from linnapp.errors import Moved
from linnapp.manifest import Manifest, ManifestInvalid, ManifestParameter, new_key, parse, to_json
from linnapp.models import Application, Module, Parameter, User
from linnapp.services import manifests
from linnapp.services.manifests import manifest_of, save_manifest
from tests.kit.manifests import of_many
from tests.kit.people import acting

READ = "SELECT"


@pytest.fixture
def saved(application: Application, alice: User) -> Manifest:
    return manifest_of(save_manifest(application, parse(of_many(6, 5)), expected_revision=1, by=acting(alice)))


def keys_of(application: Application) -> tuple[set[int], set[int]]:
    modules = Module.objects.filter(application=application)
    return set(modules.values_list("pk", flat=True)), set(
        Parameter.objects.filter(module__in=modules).values_list("pk", flat=True)
    )


def with_parameters(manifest: Manifest, place: int, *parameters: ManifestParameter) -> Manifest:
    modules = list(manifest.modules)
    modules[place] = replace(modules[place], parameters=parameters)
    return replace(manifest, modules=tuple(modules))


def changed(name: str, saved: Manifest) -> Manifest:
    modules, own = saved.modules, saved.modules[2].parameters
    return {
        "a value": with_parameters(saved, 2, replace(own[0], value=True), *own[1:]),
        "a number of another kind": with_parameters(
            saved, 2, own[0], replace(own[1], value=float(own[1].value)), *own[2:]
        ),
        "fewer": with_parameters(saved, 2, *own[1:]),
        "more": with_parameters(saved, 2, *own, ManifestParameter("New", {"a": [1]})),
        "a member": with_parameters(saved, 2, replace(own[0], extra={"note": True}), *own[1:]),
        "a name": replace(saved, modules=(replace(modules[0], name="Other"), *modules[1:])),
        "another order": replace(saved, modules=(*modules[1:], modules[0])),
        "one out": replace(saved, modules=(*modules[:2], *modules[3:])),
        "one in": replace(saved, modules=(replace(modules[3], key=new_key(), name="In"), *modules)),
        "all others": replace(saved, modules=tuple(replace(m, key=new_key(), name="N") for m in modules)),
        "none": replace(saved, modules=()),
    }[name]


@pytest.mark.parametrize(
    ("name", "kept_modules", "kept_parameters"),
    [
        ("a value", 6, 29),
        ("a number of another kind", 6, 29),
        ("fewer", 6, 25),
        ("more", 6, 30),
        ("a member", 6, 29),
        ("a name", 6, 30),
        ("another order", 6, 30),
        ("one out", 5, 25),
        ("one in", 6, 30),
        ("all others", 0, 0),
        ("none", 0, 0),
    ],
)
def test_rows_that_do_not_differ_stay(
    application: Application, alice: User, saved: Manifest, name: str, kept_modules: int, kept_parameters: int
) -> None:
    wanted, before = changed(name, saved), keys_of(application)
    row = save_manifest(application, wanted, expected_revision=2, by=acting(alice))
    modules, parameters = keys_of(application)
    assert to_json(manifest_of(row)) == to_json(wanted) == row.versions.development().snapshot
    assert (len(modules & before[0]), len(parameters & before[1])) == (kept_modules, kept_parameters)


def test_nothing_of_the_manifest_is_read_while_the_application_is_locked(
    application: Application, alice: User, saved: Manifest
) -> None:
    with CaptureQueriesContext(connection) as asked:
        save_manifest(application, changed("a value", saved), expected_revision=2, by=acting(alice))
    said = [query["sql"] for query in asked.captured_queries]
    begun = next(place for place, sql in enumerate(said) if "SAVEPOINT" in sql)
    read = [
        sql for sql in said[begun:] if sql.startswith(READ) and ("linnapp_module" in sql or "linnapp_parameter" in sql)
    ]
    assert read == []


def test_who_saves_after_the_rows_were_read_is_noticed(
    application: Application, alice: User, bob: User, saved: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = manifests._prepared
    theirs = changed("a name", saved)

    def then_bob(*args: Any) -> Any:
        found = prepared(*args)
        with monkeypatch.context() as patch:
            patch.setattr(manifests, "_prepared", prepared)
            save_manifest(application, theirs, expected_revision=2, by=acting(bob))
        return found

    monkeypatch.setattr(manifests, "_prepared", then_bob)
    for wanted in (changed("a value", saved), Manifest(modules=(replace(saved.modules[0], key="no key"),))):
        with pytest.raises(Moved):
            save_manifest(application, wanted, expected_revision=2, by=acting(alice))
        monkeypatch.setattr(manifests, "_prepared", prepared)
    application.refresh_from_db()
    assert manifest_of(application) == theirs
    with pytest.raises(ManifestInvalid):
        save_manifest(application, wanted, expected_revision=3, by=acting(alice))
