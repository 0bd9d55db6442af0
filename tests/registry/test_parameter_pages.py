"""A module of many parameters, opened: drawn a page at a time, with nothing lost of those that are not drawn."""

import gzip
import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from linnapp.forms.parameter_pages import MOST_DRAWN, Folded
from linnapp.manifest import Manifest, ManifestModule, ManifestParameter, from_snapshot, new_key
from linnapp.models import Application, User
from linnapp.services.manifests import save_manifest, write_rows
from tests.kit.people import ClientOf, acting
from tests.kit.pressing import Form, form_of, press
from tests.registry.test_modules import address, after, opened, standing, text_of
from tests.registry.test_modules_folded import MOST_HTML, MOST_ON_THE_WIRE, SHOWN, line_of

MANY = 4 * MOST_DRAWN


@pytest.fixture
def alices(client_of: ClientOf, alice: User) -> Client:
    return client_of(alice)


def holding(application: Application, *counts: int, value: str = "v", group: str = "") -> Manifest:
    """A saved manifest with a module for each number, of so many parameters."""
    modules = [
        {
            "type": "ExternalUserInterface",
            "formattedName": f"Part {n}",
            "group": group and f"{n} {group}",
            "parameters": [{"name": f"Own{p}", "value": f"{value}{p}"} for p in range(count)],
        }
        for n, count in enumerate(counts)
    ]
    shaped = from_snapshot({"modules": modules})
    manifest = Manifest(tuple(replace(module, key=new_key()) for module in shaped.modules))
    write_rows(application, manifest)
    return manifest


def shows(form: Form) -> list[str]:
    """Names of the parameters that are drawn."""
    return [name for name in form.values("0-p-name") if name]


def typed_over(form: Form, name: str, value: str) -> Form:
    """That parameter's value typed over: the columns of the form go together."""
    at = form.values("0-p-name").index(name)
    place = [place for place, (field, _) in enumerate(form.fields) if field == "0-p-value"][at]
    form.fields[place] = ("0-p-value", value)
    return form


def turn_to(first: int) -> str:
    return f"Show parameters {first}–{first + MOST_DRAWN - 1}"


def page_of_the_one(alices: Client, application: Application) -> str:
    return address("manifest_module", application, standing(application).modules[0].key)


def test_a_page_of_the_parameters_is_drawn_and_saving_it_changes_nothing(
    alices: Client, application: Application
) -> None:
    before = holding(application, MANY)
    form = opened(alices, application)
    assert shows(form) == [f"Own{n}" for n in range(MOST_DRAWN)]
    turned = after(alices, form, turn_to(MOST_DRAWN + 1))
    assert shows(turned) == [f"Own{n}" for n in range(MOST_DRAWN, 2 * MOST_DRAWN)]
    assert turned.autofocus.endswith(f"-p{MOST_DRAWN}-name")
    answer = press(alices, turned, "Save Manifest")
    assert "Nothing was changed." in text_of(alices.get(answer.url))
    assert standing(application) == before


@pytest.mark.parametrize("alone", [False, True])
def test_what_was_typed_stays_when_others_are_turned_to(alices: Client, application: Application, alone: bool) -> None:
    before = holding(application, MANY)
    page = page_of_the_one(alices, application) if alone else address("manifest_edit", application)
    form = typed_over(form_of(alices.get(page), "manifest"), "Own3", "other")
    form = after(alices, form, "Remove parameter Own4")
    form = after(alices, form, turn_to(1 + MOST_DRAWN))
    assert "Own3" not in shows(form)
    form = after(alices, typed_over(form, f"Own{MOST_DRAWN}", "next"), turn_to(1))
    assert "Undo removing Own4" in [button.text for button in form.buttons]
    assert press(alices, form, "Save Manifest").status_code == 302
    wanted = [p for p in before.modules[0].parameters if p.name != "Own4"]
    wanted[3], wanted[MOST_DRAWN - 1] = (
        ManifestParameter("Own3", "other"),
        ManifestParameter(f"Own{MOST_DRAWN}", "next"),
    )
    assert list(standing(application).modules[0].parameters) == wanted


def test_a_parameter_added_at_the_end_is_drawn(alices: Client, application: Application) -> None:
    before = holding(application, MANY)
    form = opened(alices, application)
    form = after(alices, form.type_into(f"add-to-{before.modules[0].key}", ""), "Add parameter")
    assert form.autofocus.endswith(f"-p{MANY}-name")
    form.fields[max(n for n, (name, _) in enumerate(form.fields) if name == "0-p-name")] = ("0-p-name", "Mine")
    form = after(alices, form, turn_to(1))
    assert "Mine" not in shows(form)
    press(alices, form, "Save Manifest")
    assert standing(application).modules[0].parameters == (
        *before.modules[0].parameters,
        ManifestParameter("Mine", ""),
    )


def test_a_parameter_with_an_error_is_drawn_wherever_it_stands(alices: Client, application: Application) -> None:
    holding(application, MANY)
    form = after(alices, opened(alices, application), turn_to(1 + 2 * MOST_DRAWN))
    place = [n for n, (name, _) in enumerate(form.fields) if name == "0-p-name"][form.values("0-p-name").index("Own60")]
    form.fields[place] = ("0-p-name", "")
    form = after(alices, form, turn_to(1))
    refused = press(alices, form, "Save Manifest")
    assert refused.status_code == 422
    kept = form_of(refused, "manifest")
    assert len(shows(kept)) == MOST_DRAWN
    assert 'id="m-{}-p60-name-error"'.format(kept.value("0-key")) in text_of(refused)
    assert f"{turn_to(1 + 2 * MOST_DRAWN)}, 1 error" in [button.text for button in kept.buttons]
    values = kept.values("0-p-value")
    kept.fields[[n for n, (name, _) in enumerate(kept.fields) if name == "0-p-name"][values.index("v60")]] = (
        "0-p-name",
        "Named",
    )
    assert press(alices, kept, "Save Manifest").status_code == 302
    assert standing(application).modules[0].parameters[60] == ManifestParameter("Named", "v60")


def test_a_deleted_module_keeps_its_parameters(alices: Client, application: Application) -> None:
    before = holding(application, MANY)
    form = after(alices, opened(alices, application), "Remove Part 0")
    form = after(alices, form, "Undo removing Part 0")
    press(alices, form, "Save Manifest")
    assert standing(application) == before


def test_a_conflict_keeps_mine_and_takes_what_was_not_drawn_as_it_stands_now(
    alices: Client, application: Application, bob: User
) -> None:
    before = holding(application, MANY)
    mine = typed_over(opened(alices, application), "Own3", "mine")
    parameters = [p for p in before.modules[0].parameters if p.name != "Own70"]
    parameters[50] = ManifestParameter("Own50", "bobs")
    theirs = Manifest((replace(before.modules[0], parameters=tuple(parameters)),))
    save_manifest(application, theirs, expected_revision=1, by=acting(bob))
    answer = press(alices, mine, "Save Manifest")
    assert answer.status_code == 409
    assert "bobs" not in text_of(answer)
    assert press(alices, form_of(answer, "manifest"), "Save mine on top").status_code == 302
    parameters[3] = ManifestParameter("Own3", "mine")
    assert list(standing(application).modules[0].parameters) == parameters


def test_a_long_value_is_drawn_when_it_is_asked_for(alices: Client, application: Application) -> None:
    before = holding(application, 2, value="x" * 100_000)
    page = alices.get(address("manifest_edit", application))
    assert len(page.content) < MOST_HTML
    form = form_of(page, "manifest")
    assert shows(form) == []
    turned = after(alices, form, "Show parameters 2")
    assert shows(turned) == ["Own1"]
    press(alices, turned, "Save Manifest")
    assert standing(application) == before


def test_what_no_editor_sends_is_refused(alices: Client, application: Application) -> None:
    holding(application, MANY)
    form = opened(alices, application)
    place = max(n for n, (name, _) in enumerate(form.fields) if name == "0-p-kept")
    for wrong in ("{}", "[{}]", '[{"name":1,"value":""}]', "[1]", '[{"name":"a","value":1,"extra":1}]', "[NaN]"):
        form.fields[place] = ("0-p-kept", f'{{"folded":{wrong}}}')
        assert press(alices, form, "Save Manifest").status_code == 400, wrong
    form = opened(alices, application)
    for wrong in ("turn-0-x", "turn-0-", "up-0-1", "turn-0-1234567"):
        form.button(turn_to(1)).value = wrong
        assert press(alices, form, turn_to(1)).status_code == 400, wrong
    form.button(turn_to(1)).value = f"turn-0-{MANY}"
    assert press(alices, form, turn_to(1)).status_code == 404


def test_any_parameter_comes_back_from_the_form_as_it_was() -> None:
    values: list[Any] = ["a", "", None, 1, True, {"a": [1, None]}, " two\r\nlines ", "Ω"]
    twice = (ManifestParameter("Twice", 1), ManifestParameter("Twice", 2))
    saved = ManifestModule("t", parameters=(*(ManifestParameter(f"p{n}", v) for n, v in enumerate(values)), *twice))
    drafted = [*saved.parameters, *(ManifestParameter(f"q{n}", v, {"note": n}) for n, v in enumerate(values))]
    told = [(parameter, place % 3 == 0) for place, parameter in enumerate(reversed(drafted))]
    for module in (saved, None):
        entries = json.loads(Folded(module).written(told))["folded"]
        assert list(Folded(module).read(entries)) == told


@pytest.mark.parametrize(
    ("counts", "value", "group"),
    [
        ((1000,), "x" * 190, ""),
        ((500, 500), "x" * 190, ""),
        ((801, *[1] * 199), "x" * 160, ""),
        ((1,) * 200, "", "f" * 155),
    ],
    ids=["one of all", "two of half", "one among many", "a long folder each"],
)
def test_at_the_limits_each_page_of_the_editor_is_small(
    alices: Client, application: Application, counts: tuple[int, ...], value: str, group: str
) -> None:
    holding(application, *counts, value=value, group=group)
    page = alices.get(address("manifest_edit", application))
    answers = [page, alices.get(page_of_the_one(alices, application))]
    form = form_of(page, "manifest")
    if len(counts) > 1:
        changed = form_of(press(alices, form, "Remove Part 1", **SHOWN), "manifest")
        answers.append(press(alices, changed, line_of(changed, "Part 0"), **SHOWN))
    for answer in answers:
        assert answer.status_code == 200
        assert len(answer.content) < MOST_HTML
        assert len(gzip.compress(answer.content, 6)) < MOST_ON_THE_WIRE
