"""What a version was made of is read by its shape alone: a rule that is tightened today makes nothing unreadable."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linnapp.manifest import (
    Manifest,
    ManifestInvalid,
    ManifestModule,
    ManifestParameter,
    consent_lines,
    differences,
    from_snapshot,
    newly_reached,
    parse,
    postback_url,
    to_json,
)
from tests.registry.test_manifest_properties import manifests, quick, values

A, B = "a" * 32, "b" * 32
ROOT = Path(__file__).resolve().parents[2]
# Parsed by its rules is what comes in; the version alone reads its snapshot, and the export gives it as it stands.
MAY_PARSE = {"linnapp/forms/modules.py", "linnapp/manifest_imports.py"}
PARSING = {"parse", "parse_text", "parse_json"}
MAY_READ_SNAPSHOTS = {"linnapp/models/versions.py": 1, "installs/application/views/versions.py": 1}

members = st.sampled_from(
    ["Modules", "modules", "LinnworksPermissions", "ScriptUrl", "key", "type", "group", "parameters", "name", "value"]
)
shapes = st.recursive(
    values, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(members, inner, max_size=5), max_leaves=20
)


@quick
@given(manifests)
def test_a_snapshot_reads_as_the_manifest_it_was_made_of(source: dict[str, Any]) -> None:
    manifest = parse(source)
    assert from_snapshot(to_json(manifest)) == manifest
    assert from_snapshot(json.loads(json.dumps(to_json(manifest)))) == manifest


@quick
@given(st.dictionaries(members, shapes, max_size=4) | shapes)
def test_any_json_is_read_and_told(snapshot: Any) -> None:
    manifest = from_snapshot(snapshot)
    assert from_snapshot(snapshot) == manifest
    keys = [module.key for module in manifest.modules]
    assert len(set(keys)) == len(keys)
    assert consent_lines(manifest)
    assert differences(manifest, manifest) == []
    assert newly_reached(manifest, manifest) == []
    assert isinstance(postback_url(manifest), str | None)
    assert all(isinstance(each.label, str) for each in differences(None, manifest))


UNRULY: list[tuple[str, dict[str, Any], Manifest]] = [
    (
        "a type that is none any more, and names beyond all limits",
        {"Modules": [{"key": A, "type": "WarehouseRobot", "moduleName": "x" * 500, "formattedName": "a\nb"}]},
        Manifest((ManifestModule("WarehouseRobot", A, name="x" * 500, formatted_name="a\nb"),)),
    ),
    (
        "a parameter without a name, twice, and one that is no object",
        {"Modules": [{"key": A, "type": "X", "parameters": [{"value": 1}, {"value": None, "note": 2}, "three"]}]},
        Manifest(
            (ManifestModule("X", A, parameters=(ManifestParameter("", 1), ManifestParameter("", None, {"note": 2}))),)
        ),
    ),
    (
        "members of other JSON types, and modules that are no objects",
        {"Modules": [7, None, {"key": A, "type": [1], "group": {"no": "label"}, "path": 8, "parameters": "none"}]},
        Manifest((ManifestModule("", A),)),
    ),
    (
        "permissions that are no lines of text, an address that is none",
        {"Modules": {}, "LinnworksPermissions": ["a\nb", 5, " "], "ScriptUrl": "javascript:alert(1)"},
        Manifest((), ("a\nb", " "), "javascript:alert(1)"),
    ),
    (
        "members that nobody knows",
        {"Colour": {"a": [1]}, "Modules": [{"key": A, "type": "X", "icon": 1, "Files": []}]},
        Manifest((ManifestModule("X", A, extra={"icon": 1, "Files": []}),), extra={"Colour": {"a": [1]}}),
    ),
    (
        "modules in place of a group",
        {"Modules": [{"key": A, "type": "X", "group": [{"type": 1}, 2]}]},
        Manifest((ManifestModule("X", A, extra={"group": [{"type": 1}, 2]}),)),
    ),
    ("nothing at all", {}, Manifest()),
]


@pytest.mark.parametrize(("snapshot", "read"), [pytest.param(*rest, id=name) for name, *rest in UNRULY])
def test_what_no_rule_accepts_is_read_all_the_same(snapshot: dict[str, Any], read: Manifest) -> None:
    assert from_snapshot(snapshot) == read


@pytest.mark.parametrize("snapshot", [None, 5, "text", [], [{"Modules": []}]])
def test_what_is_no_object_is_an_empty_manifest(snapshot: Any) -> None:
    assert from_snapshot(snapshot) == Manifest()


def test_more_modules_than_are_allowed_are_all_there() -> None:
    rows = [{"key": f"{number:032x}", "type": "ExternalApplication"} for number in range(300)]
    with pytest.raises(ManifestInvalid):
        parse({"Modules": rows})
    assert len(from_snapshot({"Modules": rows}).modules) == 300


def test_keys_are_kept_and_those_that_are_missing_or_taken_are_made_by_place() -> None:
    rows = [{"key": A}, {"key": A}, {"key": "Of-Old"}, {}, {"key": 7}, {"key": "place 3"}, {"key": B}]
    keys = [module.key for module in from_snapshot({"Modules": rows}).modules]
    assert keys == [A, "place 1", "Of-Old", "place 4", "place 5", "place 3", B]


def test_an_address_that_is_refused_today_is_still_the_one_to_call_and_what_is_no_text_is_none() -> None:
    parameters = [{"name": "PostbackUrl", "value": value} for value in (5, ["x"], "https://user:key@hooks.example.com")]
    snapshot = {"Modules": [{"type": "X", "parameters": parameters}]}
    assert postback_url(from_snapshot(snapshot)) == "https://user:key@hooks.example.com"
    assert postback_url(from_snapshot({"Modules": [{"type": "X", "parameters": parameters[:2]}]})) is None


def used(path: Path) -> Iterator[str]:
    """ "parse" for each use of what parses a manifest, "snapshot" for each reading of a member of that name."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("linnapp.manifest"):
            yield from ("parse" for alias in node.names if alias.name in PARSING)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            if node.attr == "snapshot":
                yield "snapshot"
            if node.attr in PARSING and isinstance(node.value, ast.Name) and node.value.id == "manifest":
                yield "parse"


def readers(root: Path) -> tuple[set[str], dict[str, int]]:
    """Modules that parse manifests, and how often which module reads a snapshot as it stands."""
    paths = [path for package in ("linnapp", "installs") for path in sorted((root / package).rglob("*.py"))]
    found = {
        path.relative_to(root).as_posix(): list(used(path)) for path in paths if "linnapp/manifest/" not in str(path)
    }
    return (
        {name for name, uses in found.items() if "parse" in uses},
        {name: count for name, uses in found.items() if (count := uses.count("snapshot"))},
    )


def test_nobody_reads_a_snapshot_but_the_version() -> None:
    assert readers(ROOT) == (MAY_PARSE, MAY_READ_SNAPSHOTS)


@pytest.mark.parametrize(
    "source",
    [
        "from linnapp.manifest import parse\nparse({})",
        "from linnapp.manifest import parse_json\nparse_json({})",
        "from linnapp import manifest\nmanifest.parse(version.snapshot)",
        "read(version.snapshot)",
    ],
)
def test_a_planted_reader_is_found(tmp_path: Path, source: str) -> None:
    (tmp_path / "installs").mkdir()
    (tmp_path / "installs/novelty.py").write_text(source)
    parsing, reading = readers(tmp_path)
    assert "installs/novelty.py" in parsing | set(reading)
