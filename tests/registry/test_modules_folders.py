"""App Modules of many modules: folders, moving into another one, looking for one, and coming back where one was."""

from dataclasses import replace

import pytest
from django.test import Client

from linnapp.forms.module_lines import FEW_MODULES
from linnapp.manifest import parse
from linnapp.models import Application, User
from linnapp.services.manifests import save_manifest
from tests.kit.manifests import HOST, of_many
from tests.kit.people import ClientOf, acting
from tests.kit.pressing import Form, form_of, press
from tests.registry.test_modules import address, after, opened, standing, text_of


@pytest.fixture
def alices(client_of: ClientOf, alice: User) -> Client:
    return client_of(alice)


@pytest.fixture
def large(application: Application, alice: User) -> Application:
    return save_manifest(application, parse(of_many(FEW_MODULES + 2)), expected_revision=1, by=acting(alice))


def groups_of(application: Application) -> dict[str, str]:
    return {module.label: module.group for module in standing(application).modules}


def asked_where(alices: Client, application: Application, name: str) -> Form:
    """The editor with its question to which folder that module goes."""
    form = after(alices, opened(alices, application), f"Move to… {name}")
    assert form.autofocus.endswith("-folder")
    return form


def test_a_folder_is_named_counted_and_can_be_folded(alices: Client, large: Application) -> None:
    words = text_of(alices.get(address("manifest_edit", large)))
    for group in set(groups_of(large).values()):
        folder = words.partition(f'<details class="folder" open><summary><h2>{group or "No folder"}</h2>')[2]
        number = list(groups_of(large).values()).count(group)
        assert f"{number} modules" in folder.partition("</summary>")[0]


def test_a_module_is_moved_to_a_folder_that_there_is(alices: Client, large: Application) -> None:
    before = standing(large)
    target = before.modules[1].group
    assert before.modules[0].group != target
    form = asked_where(alices, large, "Part 0").type_into("folder", target)
    form = after(alices, form, "Move")
    assert form.autofocus == f"m-{before.modules[0].key}-row"
    assert standing(large) == before
    assert press(alices, form, "Save Manifest").status_code == 302
    assert standing(large).modules[0] == replace(before.modules[0], group=target)
    assert standing(large).modules[1:] == before.modules[1:]


def test_a_module_is_moved_to_a_new_folder_and_out_of_all(alices: Client, large: Application) -> None:
    form = asked_where(alices, large, "Part 4").type_into("new-folder", " Returns ")
    form = after(alices, form, "Move")
    form = after(alices, form, "Move to… Part 5").type_into("folder", "")
    press(alices, after(alices, form, "Move"), "Save Manifest")
    assert groups_of(large)["Part 4"] == "Returns"
    assert groups_of(large)["Part 5"] == ""


def test_what_was_chosen_counts_whatever_is_pressed_next(alices: Client, large: Application) -> None:
    # Without JavaScript, Enter in the field saves.
    form = asked_where(alices, large, "Part 4").type_into("new-folder", "Returns")
    assert press(alices, form, "Save Manifest").status_code == 302
    assert groups_of(large)["Part 4"] == "Returns"
    form = asked_where(alices, large, "Part 5").type_into("new-folder", "Returns")
    press(alices, after(alices, form, "Duplicate Part 1"), "Save Manifest")
    assert groups_of(large)["Part 5"] == "Returns"


def test_leaving_a_module_where_it_is_changes_nothing(alices: Client, large: Application) -> None:
    before = standing(large)
    form = asked_where(alices, large, "Part 4").type_into("new-folder", "Returns")
    form = after(alices, form, "Cancel")
    assert "new-folder" not in dict(form.fields)
    press(alices, form, "Save Manifest")
    press(alices, after(alices, asked_where(alices, large, "Part 4"), "Move"), "Save Manifest")
    assert standing(large) == before


def test_moving_is_undone_until_it_is_saved(alices: Client, large: Application) -> None:
    before = standing(large)
    form = asked_where(alices, large, "Part 4").type_into("new-folder", "Returns")
    page = press(alices, form, "Move")
    assert f"Moved from “{before.modules[4].group}”." in text_of(page)
    form = after(alices, form_of(page, "manifest"), "Remove Part 7")
    form = after(alices, form, "Undo moving Part 4")
    press(alices, after(alices, form, "Undo removing Part 7"), "Save Manifest")
    assert standing(large) == before


def test_a_module_that_holds_others_in_its_group_is_not_moved(alices: Client, large: Application, alice: User) -> None:
    host = parse({"modules": [HOST]}).modules[0]
    now = replace(standing(large), modules=(*standing(large).modules, host))
    save_manifest(large, now, expected_revision=2, by=acting(alice))
    form = opened(alices, large)
    assert form.button("Move to… Order screens").disabled
    number = len(now.modules) - 1
    form.fields += [("moving", str(number)), ("new-folder", "Returns")]
    press(alices, form, "Save Manifest")
    assert standing(large) == now


def test_a_module_that_somebody_deleted_is_not_moved(
    alices: Client, client_of: ClientOf, bob: User, large: Application
) -> None:
    bobs = client_of(bob)
    mine = asked_where(alices, large, "Part 4").type_into("new-folder", "Returns")
    press(bobs, after(bobs, opened(bobs, large), "Remove Part 4"), "Save Manifest")
    assert "Bob saved this manifest" in text_of(press(alices, mine, "Move"))


def test_modules_are_found_without_javascript_and_none_is_lost(alices: Client, large: Application) -> None:
    before = standing(large)
    page = alices.get(address("manifest_edit", large), {"find": "PART10 folder"})
    words = text_of(page)
    assert words.count('<li class="module line"') == len(before.modules)
    assert words.count('<li class="module line" hidden') == len(before.modules) - 1
    assert 'value="PART10 folder"' in words
    press(alices, form_of(page, "manifest"), "Save Manifest")
    assert standing(large) == before


def test_where_no_module_is_found_it_says_so(alices: Client, large: Application) -> None:
    words = text_of(alices.get(address("manifest_edit", large), {"find": "quokka"}))
    assert '<p id="found-none">No module has “<span>quokka</span>”.' in words
    assert '<p id="found-none" hidden>' in text_of(alices.get(address("manifest_edit", large)))


def test_after_saving_the_same_modules_are_open(alices: Client, large: Application) -> None:
    modules = standing(large).modules
    form = after(alices, opened(alices, large), "Move down Part 0")
    for name in ("Part 4", "Part 9"):
        form = after(alices, form, next(button.text for button in form.buttons if button.text.startswith(f"{name} ")))
    saved = press(alices, form, "Save Manifest")
    page = alices.get(saved.url)
    assert "Your Development Version has it." in text_of(page)
    handles = [name for name, _ in form_of(page, "manifest").fields if name.endswith("-formatted_name")]
    assert {form_of(page, "manifest").value(name) for name in handles} == {"Part 4", "Part 9"}
    assert f"{modules[4].key},{modules[9].key}" in saved.url


def test_the_button_of_the_parameters_says_add(alices: Client, application: Application) -> None:
    words = alices.get(address("manifest_edit", application)).content.decode()
    assert '</svg>Add<span class="visually-hidden"> parameter</span></button>' in words


def test_path_is_typed_under_more_fields_and_saved(alices: Client, application: Application) -> None:
    form = opened(alices, application)
    assert press(alices, form.type_into("0-path", "/old"), "Save Manifest").status_code == 302
    assert standing(application).modules[0].path == "/old"


def test_form_and_json_are_at_the_end_of_the_toolbar(alices: Client, application: Application) -> None:
    for name in ("manifest_edit", "manifest_json"):
        toolbar = text_of(alices.get(address(name, application))).partition('class="toolbar"')[2]
        first = "Add module" if name == "manifest_edit" else "Export"
        assert toolbar.index(first) < toolbar.index('<div class="chips">')
