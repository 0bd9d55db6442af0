"""What each button of the manifest editor does to a draft, apart from any request."""

import json

import pytest
from django.core.exceptions import BadRequest
from django.http import QueryDict

from linnapp import drafts, json_places
from linnapp.drafts import Draft, NoSuchPart, draft_of
from linnapp.forms.modules import read_draft
from linnapp.manifest import Manifest, ManifestModule, ManifestParameter, parse, preset


def manifest(*names: str, group: str = "") -> Manifest:
    return Manifest(tuple(ManifestModule(type="PluggableComponent", name=name, group=group) for name in names))


def names(draft: Draft) -> list[str]:
    return [module.name for module in draft.manifest().modules]


def key(draft: Draft, name: str) -> str:
    return next(module.key for module in draft.modules if module.value.name == name)


def test_a_draft_of_a_manifest_is_that_manifest() -> None:
    saved = parse({"modules": [{"type": "ExternalApplication", "icon": "x"}], "Zed": [1]})
    assert draft_of(saved, 3).manifest() == saved


def test_moving_stays_within_the_folder() -> None:
    saved = Manifest(
        (*manifest("a", "b", group="One").modules, *manifest("c").modules, *manifest("d", group="One").modules)
    )
    draft = draft_of(saved, 1)
    moved = drafts.move(draft, key(draft, "d"), -1)
    assert names(moved) == ["a", "d", "c", "b"]
    assert names(drafts.move(moved, key(draft, "c"), 1)) == ["a", "d", "c", "b"]


def test_the_focus_follows_the_button_until_it_can_go_no_further() -> None:
    draft = draft_of(manifest("a", "b", "c"), 1)
    moved = drafts.move(draft, key(draft, "c"), -1)
    assert (names(moved), moved.focus) == (["a", "c", "b"], f"m-{key(draft, 'c')}-up")
    moved = drafts.move(moved, key(draft, "c"), -1)
    assert (names(moved), moved.focus) == (["c", "a", "b"], f"m-{key(draft, 'c')}-down")


def test_a_deleted_module_is_no_neighbour_and_comes_back_where_it_was() -> None:
    draft = draft_of(manifest("a", "b", "c"), 1)
    deleted = drafts.delete(draft, key(draft, "b"))
    assert names(deleted) == ["a", "c"]
    assert names(drafts.move(deleted, key(draft, "c"), -1)) == ["c", "a"]
    assert drafts.undo_delete(deleted, key(draft, "b")).manifest() == draft.manifest()


def test_a_duplicate_stands_below_under_its_own_key() -> None:
    draft = draft_of(manifest("a", "b"), 1)
    doubled = drafts.duplicate(draft, key(draft, "a"))
    assert names(doubled) == ["a", "a", "b"]
    assert len({module.key for module in doubled.modules}) == 3


def test_a_parameter_left_empty_is_not_saved() -> None:
    draft = draft_of(manifest("a"), 1)
    added = drafts.add_parameter(draft, key(draft, "a"), "")
    assert added.manifest() == draft.manifest()
    named = drafts.add_parameter(added, key(draft, "a"), "Colour")
    assert named.manifest().modules[0].parameters == (ManifestParameter("Colour"),)


def test_a_deleted_parameter_can_be_undone() -> None:
    module = ManifestModule(
        type="ExternalApplication", parameters=(ManifestParameter("a", "1"), ManifestParameter("b", "2"))
    )
    draft = draft_of(Manifest((module,)), 1)
    deleted = drafts.delete_parameter(draft, module.key, 0)
    assert [p.name for p in deleted.manifest().modules[0].parameters] == ["b"]
    assert drafts.undo_delete_parameter(deleted, module.key, 0).manifest() == draft.manifest()


def test_external_application_comes_back_as_it_was_or_as_new() -> None:
    saved = preset("SYSTEM", "Stock Bridge")
    draft = draft_of(saved, 1)
    assert drafts.put_back(drafts.delete(draft, saved.modules[0].key), "Stock Bridge").manifest() == saved
    again = drafts.put_back(Draft(), "Stock Bridge").manifest()
    assert [(m.type, m.formatted_name) for m in again.modules] == [("ExternalApplication", "Stock Bridge")]


def test_a_part_the_draft_has_not_is_refused() -> None:
    draft = draft_of(manifest("a"), 1)
    with pytest.raises(NoSuchPart):
        drafts.delete(draft, "0" * 32)
    with pytest.raises(NoSuchPart):
        drafts.delete_parameter(draft, key(draft, "a"), 0)


def test_an_import_without_keys_takes_those_of_the_saved_modules() -> None:
    saved = parse({"modules": [{"type": "ExternalApplication", "moduleName": "Main"}]})
    again = drafts.keeping_keys(saved, parse({"modules": [{"type": "externalapplication", "moduleName": "Main"}]}))
    assert again == saved


def posted(**fields: str) -> QueryDict:
    query = QueryDict(mutable=True)
    query.update({"revision": "1", "module": "0", "0-type": "ExternalApplication", **fields})
    return query


def test_typing_over_a_number_keeps_it_a_number_and_leaving_it_keeps_its_spelling() -> None:
    def value_of(text: str, original: object) -> object:
        query = posted()
        for part, given in (("name", "a"), ("value", text), ("kept", json.dumps({"value": original})), ("gone", "")):
            query[f"0-p-{part}"] = given
        return read_draft(query, Manifest()).manifest().modules[0].parameters[0].value

    assert value_of("5", 5) == 5
    assert value_of("6", 5) == 6
    assert value_of("true", False) is True
    assert value_of("", None) is None
    assert value_of("x", None) == "x"
    assert value_of("five", 5) == "five"
    assert value_of('{"a": 2}', {"a": 1}) == {"a": 2}
    assert value_of("one\r\ntwo", "one\ntwo") == "one\ntwo"
    assert value_of("padded", " padded ") == " padded "


@pytest.mark.parametrize(
    "damage",
    [
        {"revision": "many"},
        {"revision": "-1"},
        {"revision": "9" * 40},
        {"revision": "²"},
        {"extra": "{"},
        {"extra": "[]"},
        {"extra": '{"a": NaN}'},
        {"extra": '{"a": "\\ud800"}'},
        {"extra": '{"a":' + "[" * 40 + "]" * 40 + "}"},
        {"extra": '{"a":' + "[" * 9000 + "]" * 9000 + "}"},
        {"0-extra": "1"},
        {"0-p-name": "a value has no name"},
    ],
)
def test_a_form_no_editor_sends_is_a_bad_request(damage: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        read_draft(posted(**damage), Manifest())


def test_keys_that_are_none_or_come_twice_are_made_anew() -> None:
    query = posted(**{"0-key": "'; drop", "1-key": "a" * 32, "2-key": "a" * 32, "1-type": "", "2-type": ""})
    query.setlist("module", ["2", "0", "1"])
    keys = [module.key for module in read_draft(query, Manifest()).modules]
    assert len(set(keys)) == 3
    assert keys[1] == "a" * 32
    assert all(len(key) == 32 for key in keys)


def test_each_value_of_a_json_text_has_its_line_and_column() -> None:
    lines = (
        "{",
        '  "Modules": [',
        '    {"type": "X", "moduleName": "a\\"]",',
        '     "parameters": [{"name": "n", "value": [1, {}]}]}',
        "  ]",
        "}",
    )
    text = "\n".join(lines)
    wanted = ("modules", "modules[0].type", "modules[0].moduleName", "modules[0].parameters[0].value", "modules[7]")
    assert json_places.places(text, wanted) == {
        "modules": (2, 14),
        "modules[0].type": (3, 14),
        json_places.plain("modules[0].moduleName"): (3, 33),
        "modules[0].parameters[0].value": (4, 44),
        # Of what is not there, where it would stand.
        "modules[7]": (2, 14),
    }
    assert json_places.places("{", [""]) == {}
    assert json_places.places("[" * 5000 + "]" * 5000, [""]) == {}
