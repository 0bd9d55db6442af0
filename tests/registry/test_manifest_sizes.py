"""No manifest is larger than a page of it can be quick: counted where it comes in, and told by path."""

import json
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from linnapp.manifest import (
    MOST_PARAMETERS,
    Manifest,
    ManifestInvalid,
    from_snapshot,
    new_key,
    parse,
    to_json,
    validate,
)
from linnapp.manifest.mending import MOST_MENDED
from linnapp.models import Application, User
from linnapp.services.manifests import manifest_of, save_manifest, write_rows
from tests.kit.manifests import refused, the_refusal
from tests.kit.people import ClientOf, acting
from tests.kit.pressing import Form, form_of, press
from tests.registry.test_modules import address, after, opened
from tests.registry.test_modules_folded import line_of

VALUES_TOLD = "JSON values, lists and objects counted. A manifest has at most 20,000: take out"


@pytest.fixture
def alices(client_of: ClientOf, alice: User) -> Client:
    return client_of(alice)


def sized(*counts: int) -> dict[str, Any]:
    """A module for each number, of so many parameters."""
    return {
        "modules": [
            {
                "type": "PluggableComponent",
                "moduleName": f"M{number}",
                "parameters": [{"name": f"p{place}", "value": "v"} for place in range(count)],
            }
            for number, count in enumerate(counts)
        ]
    }


def standing_at(application: Application, *counts: int) -> Manifest:
    """Saved as it was possible before there was a limit."""
    manifest = from_snapshot(sized(*counts))
    large = Manifest(tuple(replace(module, key=new_key()) for module in manifest.modules))
    write_rows(application, large)
    return large


def test_a_thousand_parameters_are_taken_and_one_more_is_refused_with_where_most_stand() -> None:
    assert len(parse(sized(400, 600)).modules) == 2
    path, message = the_refusal(sized(400, 601))
    assert path == "modules"
    assert message == (
        "There are 1,001 parameters in all. A manifest has at most 1,000: take out 1 or more. "
        "modules[1] (M1) has the most: 601."
    )


def test_modules_that_have_all_alike_are_not_named() -> None:
    said = "There are 1,188 parameters in all. A manifest has at most 1,000: take out 188 or more."
    assert the_refusal(sized(*[12] * 99)) == ("modules", said)


def test_each_limit_is_told_with_what_there_is_and_what_is_too_much() -> None:
    permissions = {"modules": [], "LinnworksPermissions": [f"p{number}" for number in range(2_100)]}
    said = "There are 2,100 permissions. A manifest has at most 2,000: take out 100 or more."
    assert said in the_refusal(permissions)[1]
    said = "There are 202 modules, nested ones counted. A manifest has at most 200: take out 2 or more."
    assert the_refusal(sized(*[0] * 202))[1] == said
    large = the_refusal({"modules": [], "Zed": "x" * 300 * 1024})[1]
    assert large == "This manifest is 301 kB. A manifest has at most 256 kB."


def test_parameters_of_nested_modules_count() -> None:
    nested = sized(600)["modules"]
    path, message = the_refusal({"modules": [*sized(401)["modules"], {"moduleName": "Host", "group": nested}]})
    assert path == "modules"
    assert "1,001 parameters in all" in message
    assert "modules[1].group[0] (M0) has the most: 600." in message


def test_twenty_thousand_values_are_taken_and_one_more_is_refused_at_its_place() -> None:
    # The manifest, its four members and what is in the list are one each.
    assert parse({"modules": [], "Zed": [1] * 19_995})
    assert the_refusal({"modules": [], "Zed": [1] * 19_996}) == (
        "Zed",
        f"There are 20,001 {VALUES_TOLD} 1 or more. 19,997 of them are here.",
    )
    deep = {"modules": [{"type": "PluggableComponent", "parameters": [{"name": "a", "value": [[0] * 20_000]}]}]}
    assert the_refusal(deep)[0] == "modules[0].parameters[0].value"


def test_values_are_counted_before_each_of_them_is_told_to_be_wrong_and_however_deep_they_are() -> None:
    (error,) = refused('{"modules":[' + "[]," * 250_000 + "[]]}")
    assert (error.path, error.code) == ("modules", "too_many")
    (error,) = refused("[" * 900 + ",".join(["[]"] * 30_000) + "]" * 900)
    assert error.code == "too_many"


def test_a_text_of_json_above_a_limit_is_refused_when_it_is_shown_and_when_it_is_saved(
    alices: Client, application: Application
) -> None:
    form = form_of(alices.get(address("manifest_json", application)), "manifest")
    form.type_into("text", json.dumps(sized(500, 501)))
    for button in ("Show changes", "Save Manifest", "Form"):
        answer = press(alices, form, button)
        assert answer.status_code == 422
        assert "There are 1,001 parameters in all." in answer.content.decode()


def test_a_long_text_that_is_no_json_is_told_so_and_not_mended(alices: Client, application: Application) -> None:
    for length, is_mended in ((1_000, True), (MOST_MENDED, False)):
        form = form_of(alices.get(address("manifest_json", application)), "manifest")
        form.type_into("text", "{modules: [" + "{}, " * (length // 4) + "]}")
        answer = press(alices, form, "Show changes")
        assert answer.status_code == 422
        assert "This is not JSON" in answer.content.decode()
        assert ("name put in quotes" in answer.content.decode()) == is_mended


def test_a_file_above_a_limit_is_refused(alices: Client, application: Application) -> None:
    file = SimpleUploadedFile("m.json", json.dumps({"modules": [], "Zed": [0] * 30_000}).encode())
    answer = alices.post(address("json_import", application), {"file": file})
    assert answer.status_code == 422
    assert f"There are 30,003 {VALUES_TOLD}" in answer.content.decode()


def test_one_too_many_is_told_when_it_is_added(alices: Client, application: Application, alice: User) -> None:
    save_manifest(application, parse(sized(*[5] * 199, 5)), expected_revision=1, by=acting(alice))
    form = after(alices, opened(alices, application), "Move down M0")
    form = after(alices, form, line_of(form, "M3"))
    key = form.value(f"{only_open(form)}-key")
    form.fields.append((f"add-to-{key}", "OnlyOneMore"))
    added = press(alices, form, "Add parameter")
    assert "There are 1,001 parameters in all." in added.content.decode()
    duplicated = alices.post(address("module_duplicate", application, key), dict_of(form.fields))
    assert "There are 201 modules, nested ones counted." in duplicated.content.decode()


def only_open(form: Form) -> str:
    """What the module whose fields are there is called in the form."""
    (handle,) = [name.partition("-")[0] for name, _ in form.fields if name.endswith("-formatted_name")]
    return handle


def dict_of(fields: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in fields:
        found.setdefault(name, []).append(value)
    return found


def test_what_was_saved_above_a_limit_opens_and_is_saved_once_it_is_below(
    alices: Client, application: Application
) -> None:
    large = standing_at(application, 600, 601)
    assert from_snapshot(to_json(large)) == large
    assert [error.path for error in validate(large)] == ["modules"]
    form = after(alices, opened(alices, application), "Move down M0")
    form = after(alices, form, line_of(form, "M0"))
    refusal = press(alices, form.type_into(f"{only_open(form)}-formatted_name", "First"), "Save Manifest")
    assert refusal.status_code == 422
    assert "There are 1,201 parameters in all." in refusal.content.decode()
    deleted = after(alices, form_of(refusal, "manifest"), "Remove M1")
    assert press(alices, deleted, "Save Manifest").status_code == 302
    assert sum(len(module.parameters) for module in manifest_of(application).modules) <= MOST_PARAMETERS


def test_a_service_saves_nothing_above_a_limit(application: Application, alice: User) -> None:
    with pytest.raises(ManifestInvalid):
        save_manifest(application, from_snapshot(sized(1001)), expected_revision=1, by=acting(alice))
