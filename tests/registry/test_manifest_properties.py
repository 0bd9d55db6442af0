"""Whatever the importer accepts survives export and import, unknown members too; whatever it is given, it answers."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linnapp.manifest import (
    Manifest,
    ManifestError,
    ManifestInvalid,
    consent_lines,
    differences,
    parse,
    to_json,
    validate,
    warnings,
)
from linnapp.manifest.meaning import upper_name
from linnapp.module_types import SHIPPING_INTEGRATION, TYPES
from tests.kit.fuzzing import examples

quick = settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.too_slow])

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
lines = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=12)
# Of two zeros one is kept.
floats = st.floats(-1e15, 1e15, allow_nan=False).map(lambda number: number or 0.0)
numbers = st.integers(-(2**53) + 1, 2**53 - 1) | floats
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)
KNOWN = {
    "modules",
    "linnworkspermissions",
    "scripturl",
    "key",
    "modulename",
    "formattedname",
    "path",
    "type",
    "group",
} | {
    "parameters",
    "name",
    "value",
}
unknown_names = st.sampled_from(["icon", "isHidden", "files", "RequiredPermissionId"]) | texts.filter(
    lambda name: name.casefold() not in KNOWN
)


def in_some_case(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from([name, name.lower(), name.upper(), name[:1].lower() + name[1:]])


@st.composite
def objects(draw: st.DrawFn, members: dict[str, st.SearchStrategy[Any]], needed: set[str]) -> dict[str, Any]:
    """An object with those members, some left out, each in some spelling, and with unknown ones between them."""
    made = draw(st.dictionaries(unknown_names, values, max_size=3))
    made = {name: value for name, value in made.items() if [n.casefold() for n in made].count(name.casefold()) == 1}
    for name, strategy in members.items():
        if name in needed or draw(st.booleans()):
            made[draw(in_some_case(name))] = draw(strategy)
    return dict(draw(st.permutations(list(made.items()))))


parameters = objects({"name": lines.filter(str.strip).map("Own {}".format), "value": values}, {"name"})


def modules(group: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    members = {
        "type": st.sampled_from(list(TYPES)),
        "moduleName": lines | st.none(),
        "formattedName": lines,
        "path": texts,
        "group": group,
        "key": st.uuids().map(str) | st.just("0" * 32) | values,
        "parameters": st.lists(parameters, max_size=3),
    }
    return objects(members, {"type"})


manifests = objects(
    {
        "Modules": st.lists(modules(lines | st.lists(modules(lines), max_size=2)), max_size=4),
        "LinnworksPermissions": st.lists(lines.map(str.strip).filter(bool), max_size=3) | st.none(),
        "ScriptUrl": st.sampled_from(["", "https://a.example/a.js", None]),
    },
    {"Modules"},
)


def exactly(value: Any) -> str:
    """For comparing JSON where Python would take 1, 1.0 and True for equal."""
    return json.dumps(value, sort_keys=True)


@quick
@given(manifests)
def test_what_is_accepted_survives_export_and_import(source: dict[str, Any]) -> None:
    manifest = parse(source)
    exported = to_json(manifest)
    again = parse(json.dumps(exported))
    assert again == manifest
    assert exactly(to_json(again)) == exactly(exported)
    assert parse(json.dumps(exported, indent=2, ensure_ascii=False).encode()) == manifest
    assert validate(manifest) == []
    assert consent_lines(manifest)
    assert warnings(again) == warnings(manifest)


@quick
@given(manifests)
def test_unknown_members_are_where_they_were(source: dict[str, Any]) -> None:
    def unknown(members: dict[str, Any]) -> str:
        return exactly({name: value for name, value in members.items() if name.casefold() not in KNOWN})

    def rows(members: dict[str, Any], name: str) -> list[dict[str, Any]]:
        return next((value or [] for key, value in members.items() if key.casefold() == name), [])

    exported = to_json(parse(source))
    assert unknown(exported) == unknown(source)
    for written, given_row in zip(exported["Modules"], rows(source, "modules"), strict=True):
        assert unknown(written) == unknown(given_row)
        pairs = zip(written["parameters"], rows(given_row, "parameters"), strict=True)
        assert [unknown(one) for one, _ in pairs] == [unknown(row) for row in rows(given_row, "parameters")]


def errors_of(source: str | bytes) -> list[ManifestError]:
    try:
        parse(source)
    except ManifestInvalid as invalid:
        return invalid.errors
    return []


@quick
@given(values | manifests | st.fixed_dictionaries({"modules": values, "LinnworksPermissions": values}))
def test_any_json_is_read_or_refused_once_by_path(source: Any) -> None:
    errors = errors_of(json.dumps(source))
    paths = [error.path for error in errors]
    assert len(set(paths)) == len(paths)
    assert [error.message for error in errors if not error.message.endswith(".")] == []


@quick
@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_text_is_read_or_refused_in_words_that_a_page_can_show(source: str | bytes) -> None:
    for error in errors_of(source):
        assert error.message.encode()


@st.composite
def edits(draw: st.DrawFn) -> tuple[Manifest, Manifest]:
    """A manifest, and the same after at most one edit of its export, anywhere."""
    manifest = parse(draw(manifests))
    exported = to_json(manifest)
    place: Any = exported
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or draw(st.integers(0, 3)) == 0:
            edit(draw, place, key)
            break
        place = place[key]
    try:
        return manifest, parse(exported)
    except ManifestInvalid:
        return manifest, manifest


def edit(draw: st.DrawFn, place: Any, key: Any) -> None:
    action = draw(st.sampled_from(["remove", "change", "reorder"]))
    if action == "remove":
        del place[key]
    elif action == "change":
        place[key] = draw(values)
    elif isinstance(place[key], list):
        place[key] = draw(st.permutations(place[key]))


@quick
@given(edits())
def test_without_differences_means_the_same_but_for_keys(pair: tuple[Manifest, Manifest]) -> None:
    def without_keys(manifest: Manifest) -> str:
        return exactly(to_json(replace(manifest, modules=tuple(replace(m, key="") for m in manifest.modules))))

    old, new = pair
    assert (differences(old, new) == []) == (without_keys(old) == without_keys(new))


@quick
@given(st.text(max_size=40))
def test_the_name_that_is_suggested_is_allowed(text: str) -> None:
    known = SHIPPING_INTEGRATION.parameters[0]
    suggested = upper_name(known, text)
    assert upper_name(known, suggested) == suggested
    assert len(suggested) <= 24
