"""What the importer reads of a manifest, and what the export holds. No database."""

import json
from typing import Any

import pytest

from linnapp.manifest import Manifest, ManifestModule, ManifestParameter, parse, to_json, validate
from tests.kit.manifests import KEY, POSTBACK, module


class TestReading:
    def test_the_handwritten_spelling_is_read(self) -> None:
        source = {
            "modules": [{"type": "ExternalApplication", "parameters": [{"name": "PostbackUrl", "value": POSTBACK}]}]
        }
        (read,) = parse(json.dumps(source)).modules
        assert read == ManifestModule(
            type="ExternalApplication", key=read.key, parameters=(ManifestParameter("PostbackUrl", POSTBACK),)
        )

    def test_the_editors_export_is_read_and_members_without_a_meaning_are_kept(self) -> None:
        files = {"scripts": ["a.js"], "style": None, "styles": []}
        row = {
            "key": KEY,
            "moduleName": "Main",
            "formattedName": "Parcel Sync",
            "icon": "fa-box",
            "path": "/old",
            "type": "NativeUserInterface",
            "isHidden": "false",
            "maxOpened": 1,
            "group": "Orders",
            "parameters": [],
            "files": files,
            "RequiredPermissionId": None,
        }
        permission = "GlobalPermissions.OrderBook.ViewOrderDetailsNode"
        source = {"Modules": [row], "LinnworksPermissions": [permission], "ScriptUrl": "", "Colour": {"a": [1, None]}}
        assert parse(source) == Manifest(
            modules=(
                ManifestModule(
                    type="NativeUserInterface",
                    key=KEY,
                    group="Orders",
                    name="Main",
                    formatted_name="Parcel Sync",
                    path="/old",
                    extra={
                        "icon": "fa-box",
                        "isHidden": "false",
                        "maxOpened": 1,
                        "files": files,
                        "RequiredPermissionId": None,
                    },
                ),
            ),
            permissions=(permission,),
            extra={"Colour": {"a": [1, None]}},
        )

    def test_members_are_found_in_any_letter_case_and_parameters_stay_as_typed(self) -> None:
        source = '{"MODULES":[{"TYPE":"externalapplication","Parameters":[{"NAME":"postbackURL","Value":"https://a.example"}]}]}'
        (read,) = parse(source).modules
        assert (read.type, read.parameters) == (
            "ExternalApplication",
            (ManifestParameter("postbackURL", "https://a.example"),),
        )

    def test_bytes_with_a_byte_order_mark_are_read(self) -> None:
        assert parse(b'\xef\xbb\xbf{"modules":[]}') == Manifest()

    def test_null_where_text_or_a_list_belongs_is_empty(self) -> None:
        source = {"modules": [{"type": "ExternalApplication", "path": None, "parameters": None, "group": None}]}
        (read,) = parse(source | {"ScriptUrl": None, "LinnworksPermissions": None}).modules
        assert read == ManifestModule(type="ExternalApplication", key=read.key)

    @pytest.mark.parametrize(("name", "value"), [("IsListingSupported", "False"), ("PriceUpdateBatchSize", "50")])
    def test_numbers_and_booleans_may_be_text_and_stay_text(self, name: str, value: str) -> None:
        (read,) = parse({"modules": [module("ChannelIntegration", **{name: value})]}).modules
        assert read.parameters == (ManifestParameter(name, value),)

    def test_a_group_of_nested_modules_is_kept_as_it_came(self) -> None:
        nested = [{"Type": "PluggableComponent", "files": {"scripts": ["a.js"]}, "group": [module()]}]
        host = module("NativeUserInterface") | {"Group": nested}
        (read,) = parse({"modules": [host]}).modules
        assert (read.group, read.extra) == ("", {"Group": nested})
        (written,) = to_json(parse({"modules": [host]}))["Modules"]
        assert written["Group"] == nested
        assert "group" not in written


class TestKeys:
    def test_a_valid_key_is_kept_in_32_digits(self) -> None:
        spelled = "{01234567-89AB-CDEF-0123-456789ABCDEF}".strip("{}")
        assert parse({"modules": [module() | {"key": spelled}]}).modules[0].key == KEY

    def test_a_second_module_with_the_same_key_gets_a_new_one(self) -> None:
        first, second = parse({"modules": [module() | {"key": KEY}] * 2}).modules
        assert first.key == KEY
        assert second.key != KEY
        assert len(second.key) == 32

    @pytest.mark.parametrize("key", [None, 7, "", "mine", KEY + "0"])
    def test_what_is_no_key_is_replaced(self, key: Any) -> None:
        made = parse({"modules": [module() | {"key": key}]}).modules[0].key
        assert made != key
        assert int(made, 16)

    def test_a_forged_draft_cannot_repeat_or_invent_keys(self) -> None:
        drafted = [ManifestModule(type="ExternalApplication", key=key) for key in (KEY, KEY, "x")]
        assert [(error.path, error.code) for error in validate(Manifest(tuple(drafted)))] == [
            ("modules[1].key", "repeated"),
            ("modules[2].key", "key"),
        ]


class TestExport:
    def test_it_is_the_editors_spelling_with_the_stable_key_and_unknown_members_in_place(self) -> None:
        manifest = Manifest(
            modules=(
                ManifestModule(
                    type="ExternalApplication",
                    key=KEY,
                    group="Orders",
                    name="Main",
                    formatted_name="Parcel Sync",
                    parameters=(ManifestParameter("PostbackUrl", POSTBACK, {"note": 1}),),
                    extra={"icon": None, "isHidden": "false"},
                ),
            ),
            permissions=("GlobalPermissions.A.B",),
            script_url="https://a.example/a.js",
            extra={"Colour": "blue"},
        )
        assert to_json(manifest) == {
            "Modules": [
                {
                    "key": KEY,
                    "moduleName": "Main",
                    "formattedName": "Parcel Sync",
                    "type": "ExternalApplication",
                    "path": "",
                    "group": "Orders",
                    "parameters": [{"name": "PostbackUrl", "value": POSTBACK, "note": 1}],
                    "icon": None,
                    "isHidden": "false",
                }
            ],
            "LinnworksPermissions": ["GlobalPermissions.A.B"],
            "ScriptUrl": "https://a.example/a.js",
            "Colour": "blue",
        }

    def test_changing_the_export_leaves_the_manifest_as_it_was(self) -> None:
        manifest = parse({"modules": [module() | {"files": {"scripts": []}}]})
        to_json(manifest)["Modules"][0]["files"]["scripts"].append("a.js")
        assert manifest.modules[0].extra == {"files": {"scripts": []}}

    def test_a_field_is_never_written_twice(self) -> None:
        parameter = ManifestParameter("Own", 1, {"Value": 2})
        drafted = ManifestModule(type="ExternalApplication", key=KEY, parameters=(parameter,), extra={"TYPE": "Other"})
        (written,) = to_json(Manifest((drafted,), extra={"modules": []}))["Modules"]
        assert (written["type"], written["parameters"]) == ("ExternalApplication", [{"name": "Own", "value": 1}])
        assert "TYPE" not in written

    def test_a_label_for_a_group_of_nested_modules_is_refused_not_swallowed(self) -> None:
        drafted = ManifestModule(type="NativeUserInterface", key=KEY, group="Orders", extra={"group": [module()]})
        assert [(error.path, error.message) for error in validate(Manifest((drafted,)))] == [
            (
                "modules[0].group",
                "This module holds other modules in its group, so the group cannot have a name as well.",
            )
        ]
