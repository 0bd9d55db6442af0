"""Manifests as Linnworks' pages print them and its editor exports them: read, saved, exported, with nothing lost."""

import json
from copy import deepcopy
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from linnapp.manifest.numbers import GREATEST_NUMBER
from linnapp.models import Application, User
from tests.kit.manifests import CHANNEL, HOST
from tests.kit.people import ClientOf
from tests.kit.pressing import form_of, press
from tests.registry.test_modules import address, opened, standing, text_of
from tests.registry.test_modules_json import saved

TAKE = "Take the text as JSON"
QUOTED = "1 text put in straight double quotes"
MIXED = deepcopy(CHANNEL)
MIXED["parameters"][0]["value"] = "BlueMarket"  # type: ignore[index]
SHIPPING_TEXT = """{
  modules: [{   // what the carrier is called
    moduleName: 'parcelSync',
    type: "ShippingIntegration",
    parameters: [
      { name: "VendorName", value: "PARCELSYNC" },
      { name: 'VendorFriendlyName', value: 'Parcel "quick" Sync, {a: 1,}' },
      { name: "GenerateLabelEndpoint", value: "https://parcels.example/label?a=[1,]", },
    ],
  },],
}"""
SHIPPING = {
    "moduleName": "parcelSync",
    "type": "ShippingIntegration",
    "parameters": [
        {"name": "VendorName", "value": "PARCELSYNC"},
        {"name": "VendorFriendlyName", "value": 'Parcel "quick" Sync, {a: 1,}'},
        {"name": "GenerateLabelEndpoint", "value": "https://parcels.example/label?a=[1,]"},
    ],
}
PERMISSIONS = ["GlobalPermissions.OrderBook.ViewOrderDetailsNode"]


@pytest.fixture
def alices(client_of: ClientOf, alice: User) -> Client:
    return client_of(alice)


def exported(alices: Client, application: Application) -> Any:
    return json.loads(alices.get(address("manifest_export", application)).content)


@pytest.mark.parametrize(
    ("sample", "module"),
    [
        (json.dumps({"modules": [HOST], "LinnworksPermissions": PERMISSIONS}), HOST),
        (json.dumps({"modules": [CHANNEL], "LinnworksPermissions": PERMISSIONS}), CHANNEL),
        (SHIPPING_TEXT, SHIPPING),
        (json.dumps({"Modules": [MIXED], "LinnworksPermissions": PERMISSIONS, "ScriptUrl": ""}, indent=2), MIXED),
    ],
    ids=["a component in a host", "a channel", "a shipping sample", "an export with a mixed-case name"],
)
def test_a_published_sample_is_saved_and_exported_with_nothing_lost(
    alices: Client, application: Application, sample: str, module: dict[str, Any]
) -> None:
    file = SimpleUploadedFile("manifest.json", sample.encode(), content_type="application/json")
    page = alices.post(address("json_import", application), {"file": file})
    if module is SHIPPING:
        assert page.status_code == 422
        page = press(alices, form_of(page, "manifest"), TAKE)
    assert page.status_code == 200
    assert press(alices, form_of(page, "manifest"), "Save Manifest").status_code == 302
    now = exported(alices, application)
    assert now["Modules"][0] | module == now["Modules"][0]
    assert now["LinnworksPermissions"] == ([] if module is SHIPPING else PERMISSIONS)
    # And through the form, changed in nothing.
    assert press(alices, opened(alices, application), "Save Manifest").status_code == 302
    assert exported(alices, application) == now


def test_a_name_in_mixed_case_is_told_at_its_line_and_by_the_form(alices: Client, application: Application) -> None:
    begin = '{"modules": [{"type": "ChannelIntegration", "parameters": ['
    text = begin + '\n {"name": "ChannelName", "value": "BlueMarket"}]}]}'
    words = "ChannelName should be upper case: BLUEMARKET. It is saved as it is."
    page = text_of(saved(alices, application, text, "Show changes"))
    assert f'<a href="#id_text" data-line="2" data-column="35">Line 2</a>: {words}' in page
    assert words in text_of(saved(alices, application, text, "Form"))
    assert saved(alices, application, text).status_code == 302
    form = alices.get(address("manifest_edit", application))
    assert words in text_of(form)
    typed = form_of(form, "manifest").type_into("0-formatted_name", "Blue")
    assert press(alices, typed, "Save Manifest").status_code == 302
    assert standing(application).modules[0].value_of("ChannelName") == "BlueMarket"


@pytest.mark.parametrize(
    ("text", "wrong", "line", "done"),
    [
        ("{modules: []}", "the name modules is not in quotes", 1, "1 name put in quotes"),
        ('{"modules": [],\n}', "there is a comma before the closing bracket", 1, "1 comma left out"),
        ("{'modules': []}", "this text is not in straight double quotes", 1, "1 text put in straight double quotes"),
        ("{“modules”: []}", "this text is not in straight double quotes", 1, "1 text put in straight double quotes"),
        ('\n// ours\n{"modules": []}', "there is a comment", 2, "1 comment left out"),
        ('{"modules":\n/* a\nb */[]}', "there is a comment", 2, "1 comment left out"),
        ("{'modules' /* , */ : []}", "this text is not in straight double quotes", 1, f"{QUOTED}, 1 comment left out"),
        (
            "{“modules” // ours: 'x'\n: []}",
            "this text is not in straight double quotes",
            1,
            f"{QUOTED}, 1 comment left out",
        ),
        (
            '{"modules": [], "a": ‘b’ /* } */ // c\n}',
            "this text is not in straight double quotes",
            1,
            f"{QUOTED}, 2 comments left out",
        ),
        (
            "{'modules'\u200b: []}",
            "this text is not in straight double quotes",
            1,
            f"{QUOTED}, 1 unusual space replaced",
        ),
        ('{"modules":\n\u00a0[]}', "there is a space that JSON does not know", 2, "1 unusual space replaced"),
        ('{"modules": [],\n"a": True}', "True is not a JSON word", 2, "1 word written as JSON has it"),
        ('{"modules": [], "a": "b\tc"}', "there is a tab inside this text", 1, "1 text with its tabs written as \\t"),
        ('```json\n{"modules": []}\n```', "there is a Markdown fence", 1, "2 lines of a Markdown fence left out"),
    ],
)
def test_what_is_nearly_json_is_named_and_taken_as_it_was_meant(
    alices: Client, application: Application, text: str, wrong: str, line: int, done: str
) -> None:
    refused = saved(alices, application, text)
    page = text_of(refused)
    assert refused.status_code == 422
    assert f'data-line="{line}"' in page
    assert f"Line {line}" not in page, "the message says it"
    assert f"This is not JSON: {wrong} at line {line}, column" in page
    assert f"What was meant is clear: {done}." in page
    assert form_of(refused, "manifest").value("text") == text
    taken = form_of(press(alices, form_of(refused, "manifest"), TAKE), "manifest")
    assert json.loads(taken.value("text"))["modules"] == []
    assert taken.value("text").count("\n") == text.count("\n")
    assert press(alices, taken, "Save Manifest").status_code == 302
    assert standing(application).modules == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "{modules: [],\n a: Shipping Integration}",
            "Past that, the value Shipping is not in quotes at line 2, column 5.",
        ),
        ("{modules: [],\n a: 'It's'}", "Past that, it cannot be read at line 2, column 5."),
        ("{modules: 'It's' /* , */}", "Past that, it cannot be read at line 1, column 11."),
        ("{modules: 'It'// , }", "Past that, it cannot be read at line 1, column 11."),
        ("{modules: 'It'/* , }", "Past that, it cannot be read at line 1, column 11."),
        ("{modules: [\n {...}]}", "Past that, it cannot be read at line 2, column 3."),
        ("{modules: [1,,2]}", "Past that, it cannot be read at line 1, column 14."),
        ("{modules: 'a\\x41'}", "Past that, it cannot be read at line 1, column 11."),
        ("{modules: [1/**/2]}", "Past that, it cannot be read at line 1, column 17."),
        ('{"modules": [] "a": 1}', "This is not JSON: a comma is missing before this at line 1, column 16."),
        (
            '"modules": []',
            "outer braces seem to be missing: the text goes on after its first value at line 1, column 10.",
        ),
        ('{"modules": []}\n{}', "This is not JSON: the text goes on after the end of the object at line 2, column 1."),
        (
            '{"modules": []}}',
            "This is not JSON: this closing bracket closes nothing at line 1, column 16.",
        ),
        ('{"modules": [}', "This is not JSON: a value is missing before this at line 1, column 14."),
        ('{"modules": [{"type": "x"}', "This is not JSON: the text ends here, before all that was opened is closed"),
        ('{"modules": [{"type": "x"}}', "This is not JSON: another closing bracket is missing before this at line 1,"),
        ('{"modules": ["a\n"]}', "a line break, or another control character, is inside a text at line 1,"),
        ('{"modules": ["C:\\d"]}', "this backslash means nothing in JSON: write two for one at line 1, column 17."),
        ('{"modules": ["a]}', "This is not JSON: the quotes that open this text are not closed at line 1, column 14."),
        ('{"a":\n```json\n[]}', "This is not JSON: there is a Markdown fence at line 2, column 1."),
    ],
)
def test_what_may_have_been_meant_otherwise_is_named_and_not_offered(
    alices: Client, application: Application, text: str, words: str
) -> None:
    page = text_of(saved(alices, application, text)).replace("&#x27;", "'")
    assert words in page
    assert TAKE not in page


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("9" * 5000, "This is a number with 5,000 digits, which is too long."),
        ("-" + "9" * 5000, "This is a number with 5,000 digits, which is too long."),
        ("1e400", "1e400 is larger than any number that can be kept. Write it as text, in quotes."),
        ("1" * 30 + ".5", "Browsers round numbers beyond"),
        (str(GREATEST_NUMBER + 1), f"Browsers round numbers beyond {GREATEST_NUMBER}. Write it as text, in quotes."),
    ],
    ids=["5000 digits", "5000 below zero", "1e400", "a fraction of 30 digits", "2**53"],
)
@pytest.mark.parametrize("value", ["{}", '{{"deep": [{}]}}'])
def test_a_number_that_cannot_be_kept_is_told_by_path_and_line(
    alices: Client, application: Application, number: str, words: str, value: str
) -> None:
    text = '{"modules": [{"type": "ExternalApplication", "parameters": [\n{"name": "Own", "value":\n'
    refused = saved(alices, application, text + value.format(number) + "}]}]}")
    page = text_of(refused)
    assert refused.status_code == 422
    assert words in page
    assert "NaN" not in page
    assert 'data-line="3"' in page
    assert "<code>modules[0].parameters[0].value" in page


@pytest.mark.parametrize(
    ("written", "kept", "words"),
    [
        ("1E2", 100.0, "1E2 is kept as 100.0: the same number."),
        ("-0", 0, "-0 is kept as 0: the same number."),
        ("-0.0", 0.0, "-0.0 is kept as 0.0: the same number."),
        ("1.50", 1.5, "1.50 is kept as 1.5: the same number."),
        ("1e-400", 0.0, "1e-400 is kept as 0.0: numbers have about 17 digits. To keep all of it, write it as text"),
        ("0.10000000000000000001", 0.1, "0.10000000000000000001 is kept as 0.1: numbers have about 17 digits."),
        ("0." + "3" * 5000, 1 / 3, "is kept as 0.3333333333333333: numbers have about 17 digits."),
    ],
    ids=["1E2", "-0", "-0.0", "1.50", "1e-400", "20 digits", "5000 digits"],
)
def test_a_number_kept_in_another_spelling_is_told(
    alices: Client, application: Application, written: str, kept: float, words: str
) -> None:
    text = '{"modules": [{"type": "ExternalApplication", "parameters": [\n{"name": "Own", "value":\n'
    text += written + "}]}]}"
    shown = text_of(saved(alices, application, text, "Show changes"))
    assert words in shown
    assert 'data-line="3"' in shown
    assert words in text_of(saved(alices, application, text, "Form"))
    response = saved(alices, application, text)
    assert f"modules[0].parameters[0].value: {written[:30]}" in text_of(alices.get(response.url))
    value = exported(alices, application)["Modules"][0]["parameters"][0]["value"]
    assert (value, type(value)) == (kept, type(kept))


@pytest.mark.parametrize("number", [GREATEST_NUMBER, -GREATEST_NUMBER, 0, 100.0, 1e-07, 0.1, "9" * 5000, "1E2"])
def test_a_number_that_is_kept_as_it_stands_needs_no_word(
    alices: Client, application: Application, number: Any
) -> None:
    manifest = {"modules": [{"type": "ExternalApplication", "parameters": [{"name": "Own", "value": number}]}]}
    page = saved(alices, application, json.dumps(manifest), "Show changes")
    assert "is kept as" not in text_of(page)
    assert press(alices, form_of(page, "manifest"), "Save Manifest").status_code == 302
    assert exported(alices, application)["Modules"][0]["parameters"][0]["value"] == number


def test_a_number_typed_over_another_in_the_form_stays_as_typed(alices: Client, application: Application) -> None:
    saved(
        alices, application, '{"modules": [{"type": "ExternalApplication", "parameters": [{"name": "A", "value": 5}]}]}'
    )
    for typed, kept in (("1E2", "1E2"), ("7", 7), ("9" * 5000, "9" * 5000), ("1e400", "1e400")):
        form = opened(alices, application).type_into("0-p-value", typed)
        assert press(alices, form, "Save Manifest").status_code == 302
        assert standing(application).modules[0].parameters[0].value == kept
        saved(alices, application, json.dumps(exported(alices, application)).replace(json.dumps(kept), "5"))


@pytest.mark.parametrize(
    ("text", "place", "path"),
    [
        ('{"modules": [\n\n' + "[" * 20_000 + "]" * 20_000 + "]}", (3, 32), ""),
        ('{"modules": [],\n"a":\n' + "[" * 40 + "]" * 40 + "}", (3, 33), "a" + "[0]" * 32),
        ('{"modules": [\n\n{"moduleName": "A"}]}', (3, 1), "modules[0].type"),
        ('{"modules": [\n{"type": "Host",\n"group": [\n{}]}]}', (4, 1), "modules[0].group[0].type"),
        ('{\n"name": "left-pad"}', (1, 1), "modules"),
        ("\n[]", (2, 1), ""),
        ('{"modules": [],\n"a": 1,\n"a": 2}', (3, 6), "a"),
        ('{"modules": [{"type": "Host",\n"icon": 1,\n"Icon": 2}]}', (3, 9), "modules[0].Icon"),
        ('{"modules": [],\n"LinnworksPermissions": ["A",\n" B"]}', (3, 1), "LinnworksPermissions[1]"),
        ('{"modules": [],\n"ScriptUrl": "x"}', (2, 14), "ScriptUrl"),
        ('{"modules": [],\n"n": ' + "9" * 5000 + ',\n"ScriptUrl": "x"}', (2, 6), "n"),
        ('{"modules": [],\n"a.b[0]": "\\u0000"}', (2, 11), "a.b[0]"),
        ('\ufeff{"modules": [],\n"ScriptUrl": "x"}', (2, 14), "ScriptUrl"),
    ],
)
def test_each_refusal_has_the_line_it_stands_at(
    alices: Client, application: Application, text: str, place: tuple[int, int], path: str
) -> None:
    file = SimpleUploadedFile("manifest.json", text.encode(), content_type="application/json")
    for refused in (
        saved(alices, application, text),
        alices.post(address("json_import", application), {"file": file}),
    ):
        assert refused.status_code == 422
        errors = {error.path: (error.line, error.column) for error in refused.context["errors"]}
        assert errors[path] == place
        assert all(line and column for line, column in errors.values())
