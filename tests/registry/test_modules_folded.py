"""App Modules of many modules: a line each, opened one by one, with nothing lost of what is not opened."""

import gzip
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from linnapp.forms.module_lines import FEW_MODULES, MOST_OPEN
from linnapp.manifest import MOST_MODULES, parse
from linnapp.models import Application, User
from linnapp.services.manifests import save_manifest
from tests.kit.manifests import of_many
from tests.kit.people import ClientOf, acting
from tests.kit.pressing import Form, form_of, press
from tests.registry.test_modules import address, after, opened, saved_names, standing, text_of

SHOWN = {"HX-Request": "true"}
# What the page of a manifest at its limits may be, of HTML and on the wire.
MOST_HTML = 200_000
MOST_ON_THE_WIRE = 30_000


@pytest.fixture
def alices(client_of: ClientOf, alice: User) -> Client:
    return client_of(alice)


@pytest.fixture
def large(application: Application, alice: User) -> Application:
    return save_manifest(application, parse(of_many(FEW_MODULES + 2)), expected_revision=1, by=acting(alice))


def line_of(form: Form, name: str) -> str:
    """The words of the button that opens that module's line."""
    return next(button.text for button in form.buttons if button.text.startswith(f"{name} "))


def changed(alices: Client, application: Application) -> Form:
    """The editor once something was changed in it, and changed back: its lines are opened by buttons."""
    form = after(alices, opened(alices, application), "Move down Part 0")
    return after(alices, form, "Move up Part 0")


def with_open(alices: Client, form: Form, name: str) -> tuple[Form, str]:
    """The form with that module open, and what the module is called in it."""
    form = after(alices, form, line_of(form, name))
    return form, next(f.partition("-")[0] for f, v in form.fields if f.endswith("-formatted_name") and v == name)


def page_of(application: Application, place: int) -> str:
    return address("manifest_module", application, standing(application).modules[place].key)


def test_each_module_is_a_line_that_leads_to_a_page_for_it(alices: Client, large: Application) -> None:
    page = alices.get(address("manifest_edit", large))
    words = text_of(page)
    assert "12 modules, 24 parameters, 3 folders" in words
    assert words.count("2 parameters</span>") == len(standing(large).modules)
    assert not [name for name, _ in form_of(page, "manifest").fields if "formatted_name" in name]
    for module in standing(large).modules:
        assert f'href="{module.key}/"' in words
        assert alices.get(address("manifest_module", large, module.key)).status_code == 200


def test_few_modules_are_drawn_whole(alices: Client, application: Application, alice: User) -> None:
    save_manifest(application, parse(of_many(FEW_MODULES)), expected_revision=1, by=acting(alice))
    assert len([name for name, _ in opened(alices, application).fields if "formatted_name" in name]) == FEW_MODULES


def test_saving_unopened_modules_changes_nothing(alices: Client, large: Application) -> None:
    before = standing(large)
    response = press(alices, opened(alices, large), "Save Manifest")
    assert "Nothing was changed." in text_of(alices.get(response.url))
    assert standing(large) == before


def test_one_module_changed_leaves_the_others_as_they_are(alices: Client, large: Application) -> None:
    before = standing(large)
    form, handle = with_open(alices, changed(alices, large), "Part 4")
    assert press(alices, form.type_into(f"{handle}-formatted_name", "Fourth"), "Save Manifest").status_code == 302
    now = standing(large)
    assert saved_names(large)[4] == "Fourth"
    assert [m for m in now.modules if m.label != "Fourth"] == [m for m in before.modules if m.label != "Part 4"]
    assert now.modules[4].parameters == before.modules[4].parameters
    assert (now.extra, now.modules[4].extra) == (before.extra, before.modules[4].extra)


def test_unopened_modules_are_moved_duplicated_deleted_and_brought_back(alices: Client, large: Application) -> None:
    before = saved_names(large)
    form = after(alices, opened(alices, large), "Move down Part 0")
    form = after(alices, form, "Duplicate Part 1")
    form = after(alices, form, "Remove Part 2")
    form = after(alices, form, "Remove Part 5")
    form = after(alices, form, "Undo removing Part 5")
    assert saved_names(large) == before
    assert press(alices, form, "Save Manifest").status_code == 302
    wanted = ["Part 3", "Part 1", "Part 1", "Part 0", *(f"Part {n}" for n in range(4, 12))]
    assert saved_names(large) == wanted
    one, other = (module for module in standing(large).modules if module.label == "Part 1")
    assert one.key != other.key
    assert (one.parameters, one.extra) == (other.parameters, other.extra)


def test_what_was_typed_is_carried_by_a_module_that_was_folded_again(alices: Client, large: Application) -> None:
    before = standing(large)
    form, handle = with_open(alices, changed(alices, large), "Part 4")
    form = after(alices, form, "Remove parameter Odd0")
    form.type_into(f"{handle}-name", "Fourth").type_into(f"{handle}-unfolded", "")
    form = after(alices, form, "Add module")
    assert f"{handle}-name" not in dict(form.fields)
    form, handle = with_open(alices, form, "Part 4")
    assert form.value(f"{handle}-name") == "Fourth"
    form = after(alices, form, "Undo removing Odd0")
    form = after(alices, form.type_into(f"{handle}-unfolded", ""), line_of(form, "Part 5"))
    new = next(name.partition("-")[0] for name, value in form.fields if name.endswith("-type") and not value)
    press(alices, form.type_into(f"{new}-type", "PluggableComponent"), "Save Manifest")
    now = standing(large).modules
    assert now[4].name == "Fourth"
    assert now[4].parameters == before.modules[4].parameters
    assert [module.key for module in now[:12]] == [module.key for module in before.modules]


def test_a_refused_save_opens_what_is_wrong_with_what_was_typed(alices: Client, large: Application) -> None:
    form, handle = with_open(alices, changed(alices, large), "Part 7")
    form.type_into(f"{handle}-type", "Nonsense").type_into(f"{handle}-unfolded", "")
    refused = press(alices, form, "Save Manifest")
    kept = form_of(refused, "manifest")
    assert refused.status_code == 422
    assert kept.value(f"{handle}-type") == "Nonsense"
    assert f'href="#m-{kept.value(f"{handle}-key")}-type"' in text_of(refused)
    assert len([name for name, _ in kept.fields if "formatted_name" in name]) == 1
    again = press(alices, kept.type_into(f"{handle}-type", "PluggableComponent"), "Save Manifest")
    assert again.status_code == 302
    assert standing(large).modules[7].type == "PluggableComponent"


def test_a_conflict_keeps_mine_and_takes_unopened_ones_as_they_stand_now(
    alices: Client, client_of: ClientOf, bob: User, large: Application
) -> None:
    bobs = client_of(bob)
    mine, handle = with_open(alices, changed(alices, large), "Part 4")
    theirs = form_of(bobs.get(page_of(large, 6)), "manifest")
    press(bobs, theirs.type_into("6-name", "BobsSix"), "Save Manifest")
    press(bobs, after(bobs, opened(bobs, large), "Remove Part 8"), "Save Manifest")
    answer = press(alices, mine.type_into(f"{handle}-name", "MyFour"), "Save Manifest")
    assert answer.status_code == 409
    assert "Bob saved this manifest" in text_of(answer)
    assert "now: </span>MyFour" in text_of(answer)
    assert "BobsSix" not in text_of(answer).partition("Take theirs")[0]
    assert press(alices, form_of(answer, "manifest"), "Save mine on top").status_code == 302
    assert {"BobsSix", "MyFour"} <= {module.name for module in standing(large).modules}
    assert "Part 8" not in saved_names(large)


def test_who_saves_while_a_save_is_under_way_keeps_what_the_other_did_not_open(
    alices: Client, bob: User, large: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, handle = with_open(alices, changed(alices, large), "Part 4")

    def after_bobs(*args: Any, **rest: Any) -> Application:
        theirs = standing(large)
        others = tuple(replace(m, name="BobsSix") if m.label == "Part 6" else m for m in theirs.modules)
        save_manifest(large, replace(theirs, modules=others), expected_revision=2, by=acting(bob))
        return save_manifest(*args, **rest)

    with monkeypatch.context() as patch:
        patch.setattr("linnapp.views.modules.save_manifest", after_bobs)
        answer = press(alices, mine.type_into(f"{handle}-name", "MyFour"), "Save Manifest")
    assert answer.status_code == 409
    assert press(alices, form_of(answer, "manifest"), "Save mine on top").status_code == 302
    assert {"BobsSix", "MyFour"} <= {module.name for module in standing(large).modules}


def test_a_button_of_a_module_that_somebody_deleted_tells_the_conflict(
    alices: Client, client_of: ClientOf, bob: User, large: Application
) -> None:
    bobs = client_of(bob)
    mine = opened(alices, large)
    press(bobs, after(bobs, opened(bobs, large), "Remove Part 8"), "Save Manifest")
    assert "Bob saved this manifest" in text_of(press(alices, mine, "Duplicate Part 8"))


def test_htmx_gets_the_fields_of_one_module_under_its_name_in_the_form(alices: Client, large: Application) -> None:
    part = alices.get(f"{page_of(large, 3)}?handle=9&first=1", headers=SHOWN)
    words = text_of(part)
    assert words.startswith('<li class="module"')
    assert 'name="9-formatted_name" value="Part 3"' in words
    assert "Move up Part 3" in words
    for wrong in ("", "?handle=x", "?handle=123456"):
        assert alices.get(f"{page_of(large, 3)}{wrong}", headers=SHOWN).status_code == 400
    assert alices.get(address("manifest_module", large, "f" * 32), headers=SHOWN).status_code == 404


def test_the_page_for_one_module_saves_it_alone(alices: Client, large: Application) -> None:
    before = standing(large)
    form = form_of(alices.get(page_of(large, 3)), "manifest")
    form = after(alices, form, "Add parameter")
    assert [name for name, _ in form.fields if name == "module"] == ["module"]
    form = after(alices, form, "Remove parameter Odd1")
    answer = press(alices, form.type_into("3-formatted_name", "Third"), "Save Manifest")
    assert answer.url == f"{address('manifest_edit', large)}#m-{before.modules[3].key}-row"
    now = standing(large)
    assert now.modules[3].label == "Third"
    assert now.modules[3].parameters[0].name == "Odd0"
    assert not now.modules[3].value_of("Odd1")
    assert now.modules[:3] + now.modules[4:] == before.modules[:3] + before.modules[4:]
    assert (now.permissions, now.extra) == (before.permissions, before.extra)


def test_the_page_for_one_module_tells_errors_and_conflicts(
    alices: Client, client_of: ClientOf, bob: User, large: Application
) -> None:
    bobs = client_of(bob)
    form = form_of(alices.get(page_of(large, 3)), "manifest")
    refused = press(alices, form.type_into("3-type", "Nonsense"), "Save Manifest")
    assert refused.status_code == 422
    assert "“Nonsense” is not a module type." in text_of(refused)
    mended = form_of(refused, "manifest").type_into("3-type", "PluggableComponent")
    press(bobs, after(bobs, opened(bobs, large), "Remove Part 3"), "Save Manifest")
    answer = press(alices, mended, "Save Manifest")
    assert answer.status_code == 409
    assert "Bob removed module “Part 3”. Save mine on top puts it back." in text_of(answer)
    assert press(alices, form_of(answer, "manifest"), "Save mine on top").status_code == 302
    assert saved_names(large)[-1] == "Part 3"
    assert len(saved_names(large)) == len(of_many(12)["modules"])


def test_the_page_for_one_module_has_its_name(alices: Client, large: Application) -> None:
    words = text_of(alices.get(page_of(large, 3)))
    assert "<h2>Part 3</h2>" in words
    assert words.partition("</title>")[0].count("Part 3") == 1
    assert '<li aria-current="page"><span>Part 3</span></li>' in words


def test_a_line_and_its_buttons_have_the_whole_name(alices: Client, large: Application, alice: User) -> None:
    name = "A module whose name is so long that the line has to break"
    modules = list(standing(large).modules)
    modules[4] = replace(modules[4], formatted_name=name, name="own-name")
    now = replace(standing(large), modules=tuple(modules))
    save_manifest(large, now, expected_revision=2, by=acting(alice))
    page = alices.get(address("manifest_edit", large))
    assert form_of(page, "manifest").button(f"Duplicate {name}")
    assert 'data-sought="own-name"' in text_of(page)


def test_a_deleted_module_that_was_opened_and_folded_again_is_told_as_deleted(
    alices: Client, client_of: ClientOf, bob: User, large: Application
) -> None:
    bobs = client_of(bob)
    form, handle = with_open(alices, changed(alices, large), "Part 4")
    form.type_into(f"{handle}-name", "Fourth").type_into(f"{handle}-unfolded", "")
    mine = after(alices, form, "Move down Part 0")
    press(bobs, after(bobs, opened(bobs, large), "Remove Part 4"), "Save Manifest")
    assert "removed module “Part 4”" in text_of(press(alices, mine, "Save Manifest"))


def test_a_form_for_one_module_that_holds_another_is_refused(alices: Client, large: Application) -> None:
    form = form_of(alices.get(page_of(large, 3)), "manifest")
    for name, value in (("only", "f" * 32), ("module", "4=" + "f" * 32), ("3-key", "f" * 32)):
        forged = Form(form.action, list(form.fields), form.buttons).type_into(name, value)
        assert press(alices, forged, "Save Manifest").status_code == 400, name


def test_a_draft_of_many_is_drawn_with_few_open_and_keeps_them_all(alices: Client, application: Application) -> None:
    text = parse(of_many(MOST_MODULES, 5))
    form = opened(alices, application)
    fields = [("revision", "1")]
    for n, module in enumerate(text.modules):
        fields += [("module", str(n)), (f"{n}-type", module.type), (f"{n}-formatted_name", module.label)]
        fields += [(f"{n}-unfolded", "1")]
    whole = Form(address("draft_show", application), fields, form.buttons)
    drawn = form_of(press(alices, whole, "Save Manifest"), "manifest")
    assert len([name for name, _ in drawn.fields if "formatted_name" in name]) == MOST_OPEN
    # The one whose type was just changed is among them.
    last = MOST_MODULES - 1
    key = drawn.value(f"{last}-key")
    again = Form(whole.action, [*drawn.fields, (f"{last}-unfolded", "1")], form.buttons)
    shown = press(alices, again, "Save Manifest", **(SHOWN | {"HX-Trigger": f"m-{key}-type"}))
    assert f'id="m-{key}-type"' in text_of(shown)
    assert press(alices, drawn, "Save Manifest").status_code == 302
    assert saved_names(application) == [module.label for module in text.modules]


def test_from_json_to_the_form_nothing_unsaved_is_lost(alices: Client, large: Application) -> None:
    before = standing(large)
    form = form_of(alices.get(address("manifest_json", large)), "manifest")
    form.type_into("text", form.value("text").replace("Part 1", "Teil 1"))
    form = after(alices, form, "Form")
    assert press(alices, form, "Save Manifest").status_code == 302
    now = standing(large)
    assert [m.label for m in now.modules] == [m.label.replace("Part 1", "Teil 1") for m in before.modules]
    assert [m.parameters for m in now.modules] == [m.parameters for m in before.modules]
    assert [m.extra for m in now.modules] == [m.extra for m in before.modules]


def test_at_the_limits_the_editor_is_small(alices: Client, application: Application, alice: User) -> None:
    full = save_manifest(application, parse(of_many(MOST_MODULES, 5)), expected_revision=1, by=acting(alice))
    page = alices.get(address("manifest_edit", full))
    assert len(page.content) < MOST_HTML
    assert len(gzip.compress(page.content, 6)) < MOST_ON_THE_WIRE
    changed = press(alices, form_of(page, "manifest"), "Move down Part 0", **SHOWN)
    assert len(changed.content) < MOST_HTML


def test_a_stranger_opens_no_module(client_of: ClientOf, dave: User, large: Application) -> None:
    assert client_of(dave).get(f"{page_of(large, 3)}?handle=3", headers=SHOWN).status_code == 404


def test_lines_of_a_retired_application_have_no_buttons(alices: Client, large: Application) -> None:
    Application.objects.filter(pk=large.pk).update(retired_at=large.created_at)
    words = text_of(alices.get(address("manifest_edit", large)))
    assert "Move up Part 0" not in words
    assert "<fieldset disabled>" in text_of(alices.get(page_of(large, 0)))
