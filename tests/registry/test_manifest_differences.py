"""What Create New Version's review and the marks of the editor say has changed."""

from dataclasses import replace
from typing import Any

import pytest

from linnapp.manifest import Difference, Field, How, Manifest, ManifestModule, ManifestParameter, Part, differences

A, B, C = (letter * 32 for letter in "abc")


def module(key: str, name: str = "Main", **values: Any) -> ManifestModule:
    return ManifestModule(
        type=values.pop("type", "ExternalApplication"), key=key, name=name, formatted_name=f"{name} module", **values
    )


def change(old: ManifestModule, new: ManifestModule) -> list[Difference]:
    return differences(Manifest((old,)), Manifest((new,)))


def told(found: list[Difference]) -> list[tuple[str, ...]]:
    """As people read them: where, label, what became of it, before, now, and in which module."""
    return [(d.path, d.label, d.kind, d.old, d.new, *([d.module_key] if d.module_key else [])) for d in found]


def parameters(**values: Any) -> tuple[ManifestParameter, ...]:
    return tuple(ManifestParameter(name, value) for name, value in values.items())


def test_a_first_manifest_is_all_added() -> None:
    first = Manifest((module(A),), ("GlobalPermissions.A.B",), extra={"Colour": "blue"})
    assert told(differences(None, first)) == [
        ("modules[0]", "Module “Main module” added", "added", "", "ExternalApplication", A),
        ("LinnworksPermissions[0]", "Permission GlobalPermissions.A.B", "added", "", "GlobalPermissions.A.B"),
        ("Colour", "Colour", "added", "", "blue"),
    ]


def test_the_same_manifest_differs_in_nothing() -> None:
    same = Manifest((module(A), module(B, "Other")), ("x", "x"), "https://a.example", {"y": [1]})
    assert differences(same, same) == []


def test_another_key_alone_is_no_difference() -> None:
    assert change(module(A), module(B)) == []


def test_a_module_that_went_is_removed() -> None:
    assert told(differences(Manifest((module(A), module(B, "Label printing"))), Manifest((module(A),)))) == [
        ("modules[1]", "Module “Label printing module” removed", "removed", "ExternalApplication", "", B)
    ]


@pytest.mark.parametrize(
    ("field", "path", "words"),
    [
        ("group", "group", "Group"),
        ("name", "moduleName", "Module Name"),
        ("path", "path", "Path"),
        ("type", "type", "Type"),
    ],
)
def test_each_field_is_told_by_its_words(field: str, path: str, words: str) -> None:
    old, new = (replace(module(A), **dict[str, Any]({field: text})) for text in ("old", "new"))
    assert told(change(old, new)) == [(f"modules[0].{path}", f"Main module · {words}", "changed", "old", "new", A)]


def test_a_renamed_module_is_told_under_its_new_name() -> None:
    assert told(change(module(A), replace(module(A), formatted_name="Parcel Sync"))) == [
        ("modules[0].formattedName", "Parcel Sync · Formatted Name", "changed", "Main module", "Parcel Sync", A)
    ]


def test_parameters_are_told_one_by_one() -> None:
    old = module(A, parameters=parameters(PostbackUrl="https://a.example", Gone=1, Kept=[1]))
    new = module(A, parameters=parameters(PostbackUrl="https://b.example", New=True, Kept=[1]))
    assert told(change(old, new)) == [
        (
            "modules[0].parameters[0]",
            "Main module · PostbackUrl",
            "changed",
            "https://a.example",
            "https://b.example",
            A,
        ),
        ("modules[0].parameters[1]", "Main module · New", "added", "", "true", A),
        ("modules[0].parameters[1]", "Main module · Gone", "removed", "1", "", A),
    ]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [(1, True, ("1", "true")), (1, "1", ("1", "1")), ([1], [1.0], ("[1]", "[1.0]")), (None, "", ("null", ""))],
)
def test_a_value_of_another_json_type_is_a_change(old: Any, new: Any, words: tuple[str, str]) -> None:
    (difference,) = change(module(A, parameters=parameters(Own=old)), module(A, parameters=parameters(Own=new)))
    assert (difference.kind, difference.old, difference.new) == ("changed", *words)


def test_the_order_of_parameters_is_told() -> None:
    old, new = parameters(One=1, Two=2), parameters(Two=2, One=1)
    assert told(change(module(A, parameters=old), module(A, parameters=new))) == [
        ("modules[0].parameters", "Main module · Order of parameters", "changed", "One, Two", "Two, One", A)
    ]


def test_members_without_a_meaning_are_told() -> None:
    old = module(A, extra={"isHidden": False, "icon": "a"}, parameters=(ManifestParameter("Own", 1, {"note": 1}),))
    new = module(A, extra={"isHidden": True}, parameters=(ManifestParameter("Own", 1, {"note": 2}),))
    assert told(change(old, new)) == [
        ("modules[0].parameters[0].note", "Main module · Own · note", "changed", "1", "2", A),
        ("modules[0].isHidden", "Main module · isHidden", "changed", "false", "true", A),
        ("modules[0].icon", "Main module · icon", "removed", "a", "", A),
    ]


def test_moved_modules_are_told_as_their_order() -> None:
    old, new = (module(A, "One"), module(B, "Two")), (module(B, "Two"), module(A, "One"))
    assert told(differences(Manifest(old), Manifest(new))) == [
        ("modules", "Order of modules", "changed", "One module, Two module", "Two module, One module")
    ]


def test_a_module_added_in_front_moves_nothing() -> None:
    old, new = (module(A, "One"), module(B, "Two")), (module(C, "Zero"), module(A, "One"), module(B, "Two"))
    assert [each.label for each in differences(Manifest(old), Manifest(new))] == ["Module “Zero module” added"]


def test_modules_are_matched_by_key_before_type_and_name() -> None:
    old = (module(A, "One"), module(B, "Two"))
    new = (replace(module(B, "Two"), name="One"), replace(module(A, "One"), name="Two"))
    assert [each.label for each in differences(Manifest(old), Manifest(new))] == [
        "Two module · Module Name",
        "One module · Module Name",
        "Order of modules",
    ]


def test_permissions_are_told_by_one_and_their_order() -> None:
    old, new = Manifest((), ("a", "b", "c")), Manifest((), ("c", "a", "d"))
    assert told(differences(old, new)) == [
        ("LinnworksPermissions[2]", "Permission d", "added", "", "d"),
        ("LinnworksPermissions[1]", "Permission b", "removed", "b", ""),
        ("LinnworksPermissions", "Order of permissions", "changed", "a, c", "c, a"),
    ]


def test_a_permission_named_twice_is_one_more() -> None:
    assert [each.kind for each in differences(Manifest((), ("a",)), Manifest((), ("a", "a")))] == ["added"]


def test_each_difference_carries_its_parts_so_that_no_reader_takes_a_label_apart() -> None:
    noted = (ManifestParameter("Own · note", 1, {"a · b": 1}), *parameters(One=1, Two=2))
    turned = (*parameters(Two=2, One=3), ManifestParameter("Own · note", 1, {"a · b": 2}))
    old = Manifest(
        (module(A, "A · B", parameters=noted, extra={"type · x": 1}), module(B)), ("x", "y"), extra={"modules[0]": 1}
    )
    new = Manifest(
        (
            module(C, "Third"),
            replace(old.modules[0], type="ChannelIntegration", parameters=turned, extra={"type · x": 2}),
        ),
        ("y", "z", "x"),
        "https://a.example/a.js",
        {"modules[0]": 2},
    )
    assert [(d.part, d.kind, d.name, d.parameter, d.module_label) for d in differences(old, new)] == [
        (Part.MODULE, How.ADDED, "", "", "Third module"),
        (Part.FIELD, How.CHANGED, Field.TYPE, "", "A · B module"),
        (Part.PARAMETER, How.CHANGED, "One", "", "A · B module"),
        (Part.PARAMETER_MEMBER, How.CHANGED, "a · b", "Own · note", "A · B module"),
        (Part.PARAMETER_ORDER, How.CHANGED, "", "", "A · B module"),
        (Part.MODULE_MEMBER, How.CHANGED, "type · x", "", "A · B module"),
        (Part.MODULE, How.REMOVED, "", "", "Main module"),
        (Part.PERMISSION, How.ADDED, "z", "", ""),
        (Part.PERMISSION_ORDER, How.CHANGED, "", "", ""),
        (Part.SCRIPT_URL, How.CHANGED, "", "", ""),
        (Part.MANIFEST_MEMBER, How.CHANGED, "modules[0]", "", ""),
    ]
    assert {d.what for d in differences(old, new) if d.module_label == "A · B module"} == {
        "Type",
        "One",
        "Own · note · a · b",
        "Order of parameters",
        "type · x",
    }
