"""App Modules as JSON: pasted, imported, exported, looked at before it is saved."""

import json
from time import process_time
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from linnapp.manifest import MOST_BYTES, parse, to_json
from linnapp.models import Application, User
from tests.kit.people import ClientOf
from tests.kit.pressing import Form, form_of, press
from tests.registry.test_modules import PARCELS, address, opened, saved_names, standing, text_of


@pytest.fixture
def alices(client_of: ClientOf, alice: User) -> Client:
    return client_of(alice)


def text_form(alices: Client, application: Application) -> Form:
    return form_of(alices.get(address("manifest_json", application)), "manifest")


def saved(alices: Client, application: Application, text: str, button: str = "Save Manifest") -> Any:
    return press(alices, text_form(alices, application).type_into("text", text), button)


def test_the_saved_manifest_is_shown_as_its_export(alices: Client, application: Application) -> None:
    assert json.loads(text_form(alices, application).value("text")) == to_json(standing(application))


def test_both_spellings_are_saved_and_unknown_members_kept(alices: Client, application: Application) -> None:
    response = saved(alices, application, json.dumps(PARCELS))
    assert "Your Development Version has it." in text_of(alices.get(response.url))
    now = to_json(standing(application))
    assert now["Zed"] == {"a": [1, None]}
    assert now["Modules"][0]["icon"] == "box"
    assert now["Modules"][1]["parameters"][1] == {"name": "Odd", "value": 5, "note": "kept"}
    assert saved(alices, application, json.dumps(now)).status_code == 302
    assert to_json(standing(application)) == now


def test_a_module_without_a_key_keeps_the_one_it_had(alices: Client, application: Application) -> None:
    key = standing(application).modules[0].key
    text = '{"modules": [{"type": "external application", "moduleName": "StockBridge", "group": "New"}]}'
    saved(alices, application, text)
    assert [(m.key, m.group) for m in standing(application).modules] == [(key, "New")]


def test_a_syntax_error_has_line_and_column_and_keeps_the_text(alices: Client, application: Application) -> None:
    text = '{"modules": [\n  {"type": }\n]}'
    refused = saved(alices, application, text)
    assert refused.status_code == 422
    assert 'data-line="2" data-column="12"' in text_of(refused)
    assert form_of(refused, "manifest").value("text") == text
    assert saved_names(application) == ["Stock Bridge"]


def test_errors_are_a_list_with_paths_and_the_lines_they_stand_at(alices: Client, application: Application) -> None:
    module = '  {"type": "ShippingIntegration",\n   "parameters": [{"name": "VendorName", "value": "a b"}]},\n'
    text = '{"modules": [\n' + module + '  {"type": "Nonsense"}\n]}'
    refused = saved(alices, application, text)
    page = text_of(refused)
    assert refused.status_code == 422
    assert "2 things to fix" in page
    assert 'data-line="3" data-column="51"' in page
    assert "<code>modules[0].parameters[0].value</code>" in page
    assert 'data-line="4" data-column="12"' in page
    assert "<code>modules[1].type</code>" in page


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Paste a manifest here"),
        ("[]", "This must be an object"),
        ("null", "This must be an object"),
        ("{}", "A manifest lists its modules in a member"),
        ('{"modules": {}}', "This must be a list"),
        ('{"modules": [1]}', "This must be an object"),
        ('{"modules": [], "a": NaN}', "NaN and Infinity are not JSON numbers"),
        ('{"modules": [], "a": "\\u0000"}', "NUL"),
        ('{"modules": [], "a": "\\ud800"}', "surrogate"),
        ('{"modules": ' + "[" * 5000 + "]" * 5000 + "}", "deep"),
        ("[" * 20_000, "more than 32 deep"),
        ('{"modules": [], "a": "' + "x" * MOST_BYTES + '"}', "at most 256 kB"),
    ],
)
def test_what_cannot_be_read_is_told_in_words(alices: Client, application: Application, text: str, words: str) -> None:
    for button in ("Save Manifest", "Show changes", "Form"):
        refused = saved(alices, application, text, button)
        assert refused.status_code == 422, button
        assert words in text_of(refused), button
        assert form_of(refused, "manifest").value("text") == text
    assert saved_names(application) == ["Stock Bridge"]


def test_what_saving_would_change_can_be_seen_first(alices: Client, application: Application) -> None:
    text = text_form(alices, application).value("text").replace("Stock Bridge", "Bridge")
    page = saved(alices, application, text, "Show changes")
    assert page.status_code == 200
    assert "1 change, not saved yet" in text_of(page)
    assert saved_names(application) == ["Stock Bridge"]
    assert press(alices, form_of(page, "manifest"), "Save Manifest").status_code == 302
    assert saved_names(application) == ["Bridge"]


def test_showing_no_changes_says_so(alices: Client, application: Application) -> None:
    page = press(alices, text_form(alices, application), "Show changes")
    assert "This says the same as the saved manifest." in text_of(page)


def imported(alices: Client, application: Application, content: bytes) -> Any:
    file = SimpleUploadedFile("manifest.json", content, content_type="application/json")
    return alices.post(address("json_import", application), {"file": file})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_a_file_is_shown_with_what_it_would_change_and_saved_on_demand(
    alices: Client, application: Application, encoding: str
) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    page = imported(alices, application, (mark + json.dumps(PARCELS)).encode(encoding))
    assert page.status_code == 200
    assert "not saved yet" in text_of(page)
    assert saved_names(application) == ["Stock Bridge"]
    assert press(alices, form_of(page, "manifest"), "Save Manifest").status_code == 302
    assert saved_names(application) == ["Parcel Sync", "Labels", "Button"]


def test_a_file_with_errors_is_shown_with_them(alices: Client, application: Application) -> None:
    page = imported(alices, application, b'{"modules": [}')
    assert page.status_code == 422
    assert form_of(page, "manifest").value("text") == '{"modules": [}'
    assert 'data-line="1"' in text_of(page)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe\x00", "This file is not text in UTF-8 or UTF-16."),
        (b"", "The submitted file is empty."),
        (b"x" * (4 * MOST_BYTES + 1), "A manifest has at most 256 kB."),
    ],
)
def test_a_file_that_is_no_manifest_is_refused(
    alices: Client, application: Application, content: bytes, words: str
) -> None:
    page = imported(alices, application, content)
    assert page.status_code == 422
    assert words in text_of(page)
    assert json.loads(form_of(page, "manifest").value("text")) == to_json(standing(application))


def test_no_file_is_asked_for(alices: Client, application: Application) -> None:
    page = alices.post(address("json_import", application))
    assert page.status_code == 422
    assert "Choose a file first." in text_of(page)


def test_the_export_is_a_file_that_imports_as_it_was(alices: Client, application: Application) -> None:
    saved(alices, application, json.dumps(PARCELS))
    response = alices.get(address("manifest_export", application))
    assert response["Content-Type"] == "application/json"
    assert response["Content-Disposition"] == f'attachment; filename="manifest-{application.pk}.json"'
    assert parse(response.content) == standing(application)


def test_a_draft_goes_from_form_to_json_and_back(alices: Client, application: Application) -> None:
    form = opened(alices, application).type_into("0-formatted_name", "Bridge")
    text = press(alices, form, "JSON")
    assert "1 change, not saved yet" in text_of(text)
    assert '"formattedName": "Bridge"' in form_of(text, "manifest").value("text")
    back = press(alices, form_of(text, "manifest"), "Form")
    assert form_of(back, "manifest").value("0-formatted_name") == "Bridge"
    assert saved_names(application) == ["Stock Bridge"]


def test_with_nothing_unsaved_the_pages_lead_to_each_other(alices: Client, application: Application) -> None:
    assert press(alices, opened(alices, application), "JSON").url == address("manifest_json", application)
    assert press(alices, text_form(alices, application), "Form").url == address("manifest_edit", application)


def test_a_forged_revision_is_refused(alices: Client, application: Application) -> None:
    for revision in ("", "x", "-1", "9" * 30):
        form = text_form(alices, application).type_into("revision", revision)
        assert press(alices, form.type_into("text", '{"modules": []}'), "Save Manifest").status_code == 422
    assert saved_names(application) == ["Stock Bridge"]


@pytest.mark.parametrize(
    "text",
    [
        f"[{','.join(['0'] * 300_000)}]",
        f'{{"modules": [], "{"k" * 60_000}": [{",".join(["1e999"] * 100_000)}]}}',
        f'{{"modules": [], "{"a." * 300_000}": 1e999}}',
        f'{{"modules": [{",".join(["{}"] * 100_000)}]}}',
        "{" + "a:1," * 100_000 + "}",
        "[" + "' '," * 100_000,
        "{a:'" + "\\'" * 200_000,
        "[“" + "”" * 200_000,
        "[" + "/**/" * 100_000,
        '{"x": ' + "[1e999," * 30 + "[" * 20_000,
    ],
    ids=[
        "many values",
        "a long name above many errors",
        "a name of many parts",
        "many modules",
        "names without quotes",
        "other quotes",
        "quotes without an end",
        "curly quotes",
        "comments",
        "deep in a list",
    ],
)
def test_a_large_text_full_of_faults_is_answered_in_seconds(
    alices: Client, application: Application, text: str
) -> None:
    began = process_time()
    response = alices.post(address("manifest_json", application), {"text": text, "revision": 1})
    assert response.status_code == 422
    assert 1 <= len(response.context["errors"]) <= 100
    assert process_time() - began < 10
