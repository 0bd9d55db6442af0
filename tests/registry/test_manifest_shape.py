"""The shape and the limits that the importer asks of a manifest, and the types it knows. No database."""

import json
from typing import Any

import pytest

from linnapp.manifest import ManifestError, from_snapshot, parse, to_json
from tests.kit.manifests import module, refused, the_refusal

KNOWN = (
    "ExternalApplication, ExternalUserInterface, NativeUserInterface, PluggableComponent, ChannelIntegration, "
    "ShippingIntegration"
)


class TestShape:
    def test_a_syntax_error_names_line_and_column(self) -> None:
        assert refused('{"modules": [\n  {"type" "x"}]}') == [
            ManifestError(
                "",
                "syntax",
                "This is not JSON: a colon is missing before this at line 2, column 11.",
                line=2,
                column=11,
            )
        ]

    @pytest.mark.parametrize("source", ["", " ", b"\xff\xfe{}", "{'modules': []}", "[" * 100_000, '{"modules":[]'])
    def test_what_is_no_json_is_one_error_of_the_whole(self, source: str | bytes) -> None:
        assert [error.path for error in refused(source)] == [""]

    @pytest.mark.parametrize("source", ["[]", "7", "null", '"text"'])
    def test_a_manifest_is_an_object(self, source: str) -> None:
        assert the_refusal(source) == ("", "This must be an object, in { and }.")

    @pytest.mark.parametrize("source", [{}, {"name": "left-pad", "version": "1.0.0"}, {"modules": None}])
    def test_another_file_than_a_manifest_is_refused(self, source: dict[str, Any]) -> None:
        message = "A manifest lists its modules in a member “modules”: it is missing here."
        assert the_refusal(source) == ("modules", message)

    def test_all_wrong_types_are_told_at_once_by_path(self) -> None:
        source = {
            "Modules": [
                5,
                {"type": 7, "parameters": {}},
                {"type": "ExternalApplication", "moduleName": [], "group": 3, "parameters": ["x", {"name": {}}]},
            ],
            "LinnworksPermissions": ["ok", 1],
            "ScriptUrl": False,
        }
        assert [(error.path, error.message) for error in refused(source)] == [
            ("modules[0]", "This must be an object, in { and }."),
            ("modules[1].type", "This must be text, in quotes."),
            ("modules[1].parameters", "This must be a list, in [ and ]."),
            ("modules[2].group", "This must be text, in quotes."),
            ("modules[2].moduleName", "This must be text, in quotes."),
            ("modules[2].parameters[0]", "This must be an object, in { and }."),
            ("modules[2].parameters[1].name", "This must be text, in quotes."),
            ("LinnworksPermissions[1]", "This must be text, in quotes."),
            ("ScriptUrl", "This must be text, in quotes."),
        ]

    def test_nested_modules_are_read_for_errors_too(self) -> None:
        source = {"modules": [module() | {"group": [{"type": "Nothing"}, 5]}]}
        assert [error.path for error in refused(source)] == ["modules[0].group[1]", "modules[0].group[0].type"]

    def test_a_member_that_stands_twice_is_refused(self) -> None:
        path, message = the_refusal('{"modules": [], "a": {"b": 1, "b": 2}}')
        assert (path, message) == ("a.b", "The member “b” is here twice. Keep one.")

    def test_members_that_differ_in_letter_case_only_are_refused(self) -> None:
        path, message = the_refusal({"modules": [{"type": "ExternalApplication", "icon": 1, "Icon": 2}]})
        assert path == "modules[0].Icon"
        assert message == "“icon” and “Icon” are the same member in another letter case. Keep one."

    @pytest.mark.parametrize("value", ["NaN", "-Infinity"])
    def test_numbers_that_are_none_are_refused(self, value: str) -> None:
        message = "NaN and Infinity are not JSON numbers. Write a number or null."
        assert the_refusal(f'{{"modules":[],"x":[{value}]}}') == ("x[0]", message)

    @pytest.mark.parametrize("value", ["9007199254740992", "-1e22"])
    def test_numbers_that_browsers_round_are_refused(self, value: str) -> None:
        message = "Browsers round numbers beyond 9007199254740991. Write it as text, in quotes."
        assert the_refusal(f'{{"modules":[],"x":{value}}}') == ("x", message)
        assert parse('{"modules":[],"x":9007199254740991}').extra == {"x": 9007199254740991}

    def test_a_number_of_thousands_of_digits_is_refused_by_path(self) -> None:
        digits = "9" * 5000
        assert [(error.path, error.code) for error in refused(f'{{"modules":[],"x":{digits}}}')] == [("x", "number")]

    @pytest.mark.parametrize("text", ["a\0b", "\ud800", "\udfff x"])
    def test_text_that_cannot_be_stored_is_refused_wherever_it_stands(self, text: str) -> None:
        source = {
            "modules": [module(Own=text) | {"moduleName": text, "icon": [text]}],
            "LinnworksPermissions": [text],
            "x": {text: 1},
        }
        errors = refused(source)
        assert {error.code for error in errors} == {"characters"}
        assert [error.path for error in errors][:4] == [
            "modules[0].parameters[0].value",
            "modules[0].moduleName",
            "modules[0].icon[0]",
            "LinnworksPermissions[0]",
        ]
        # Paths and messages are shown on a page: they hold nothing that cannot be sent.
        assert "\0" not in "".join(error.path + error.message for error in errors)
        assert "".join(error.path + error.message for error in errors).encode()
        assert len(errors) == 5

    def test_nul_and_half_characters_are_told_apart(self) -> None:
        assert the_refusal({"modules": [], "x": "\0"}) == (
            "x",
            "Remove the NUL character (\\u0000): it cannot be stored.",
        )
        message = "There is half of a surrogate pair here (\\ud800 to \\udfff), which is not a character. Remove it."
        assert the_refusal('{"modules": [], "x": "\\ud800"}') == ("x", message)

    def test_what_nests_more_than_32_deep_is_refused(self) -> None:
        def nested(depth: int) -> dict[str, Any]:
            value: Any = 1
            for _ in range(depth):
                value = [value]
            return {"modules": [], "x": value}

        assert parse(nested(31)).extra == {"x": nested(31)["x"]}
        path, message = the_refusal(nested(32))
        assert path == "x" + "[0]" * 32
        assert message == "Lists and objects are nested more than 32 deep here."


class TestLimits:
    def test_200_modules_and_no_more(self) -> None:
        assert len(parse({"modules": [module()] * 200}).modules) == 200
        message = "There are 201 modules, nested ones counted. A manifest has at most 200: take out 1 or more."
        assert the_refusal({"modules": [module()] * 201}) == ("modules", message)

    def test_nested_modules_count(self) -> None:
        host = module("NativeUserInterface") | {"group": [module("PluggableComponent")] * 200}
        message = "There are 201 modules, nested ones counted. A manifest has at most 200: take out 1 or more."
        assert the_refusal({"modules": [host]}) == ("modules", message)

    def test_256_kb_and_no_more_counted_as_it_is_stored(self) -> None:
        around = len('{"Modules":[],"LinnworksPermissions":[],"ScriptUrl":"","x":""}')
        fits = "é" + "a" * (256 * 1024 - around - 2)
        assert parse({"modules": [], "x": fits}).extra == {"x": fits}
        assert the_refusal({"modules": [], "x": fits + "a"}) == (
            "",
            "This manifest is 257 kB. A manifest has at most 256 kB.",
        )

    def test_an_indented_export_of_a_large_manifest_is_read_again(self) -> None:
        rows = [module("ExternalApplication", **{f"Own{n}": "é" * 100 for n in range(5)})] * 180
        manifest = parse({"modules": rows})
        text = json.dumps(to_json(manifest), indent=2)
        assert len(text) > 256 * 1024
        assert parse(text) == manifest

    def test_a_text_of_megabytes_is_refused_unread(self) -> None:
        assert the_refusal("[" * (1024 * 1024 + 1)) == ("", "This manifest is 1,025 kB. A manifest has at most 256 kB.")

    @pytest.mark.parametrize("member", ["moduleName", "formattedName", "group"])
    def test_names_have_200_characters_on_one_line(self, member: str) -> None:
        parse({"modules": [module() | {member: "é" * 200}]})
        path = f"modules[0].{member}"
        assert the_refusal({"modules": [module() | {member: "é" * 201}]}) == (
            path,
            "At most 200 characters; this has 201.",
        )
        assert the_refusal({"modules": [module() | {member: "a\nb"}]}) == (
            path,
            "Write this on one line, without control characters.",
        )

    def test_a_parameter_needs_a_name_of_at_most_200_characters(self) -> None:
        rows = [{"value": 1}, {"name": " "}, {"name": "n" * 201}]
        source = {"modules": [{"type": "ExternalApplication", "parameters": rows}]}
        assert [(error.path, error.message) for error in refused(source)] == [
            ("modules[0].parameters[0].name", "A parameter needs a name."),
            ("modules[0].parameters[1].name", "A parameter needs a name."),
            ("modules[0].parameters[2].name", "At most 200 characters; this has 201."),
        ]

    @pytest.mark.parametrize("permission", ["", " ", "a\nb", " GlobalPermissions.A.B", "a\u2028b"])
    def test_a_permission_is_one_line(self, permission: str) -> None:
        assert the_refusal({"modules": [], "LinnworksPermissions": ["A", permission]}) == (
            "LinnworksPermissions[1]",
            "A permission is one line of text, without spaces around it.",
        )

    @pytest.mark.parametrize(
        ("permission", "message"),
        [
            ("A" * 201, "At most 200 characters; this has 201."),
            ("A\x07B", "Write this on one line, without control characters."),
        ],
    )
    def test_a_permission_is_as_short_and_plain_as_a_name(self, permission: str, message: str) -> None:
        parse({"modules": [], "LinnworksPermissions": ["A" * 200]})
        path = "LinnworksPermissions[0]"
        assert the_refusal({"modules": [], "LinnworksPermissions": [permission]}) == (path, message)

    def test_2000_permissions_and_no_more(self) -> None:
        assert len(parse({"modules": [], "LinnworksPermissions": ["A"] * 2000}).permissions) == 2000
        message = "There are 2,001 permissions. A manifest has at most 2,000: take out 1 or more."
        assert the_refusal({"modules": [], "LinnworksPermissions": ["A"] * 2001}) == ("LinnworksPermissions", message)


class TestTypes:
    def test_an_unknown_type_gets_the_closest_known_one_and_the_list(self) -> None:
        message = f"“ExternalAplication” is not a module type. Did you mean ExternalApplication? Known are {KNOWN}."
        assert the_refusal({"modules": [module("ExternalAplication")]}) == ("modules[0].type", message)

    def test_a_type_like_none_gets_the_list(self) -> None:
        message = f"“Zzz” is not a module type. Known are {KNOWN}."
        assert the_refusal({"modules": [module("Zzz")]}) == ("modules[0].type", message)

    @pytest.mark.parametrize("group", [None, "Orders", []])
    def test_a_missing_type_is_asked_for(self, group: Any) -> None:
        assert the_refusal({"modules": [{"group": group}]}) == ("modules[0].type", f"Choose a type: {KNOWN}.")

    @pytest.mark.parametrize("members", [{}, {"type": ""}, {"type": None}])
    def test_a_module_whose_group_holds_modules_needs_none(self, members: dict[str, Any]) -> None:
        inner = {"group": [module("PluggableComponent")], "files": {"scripts": ["a.js"]}}
        manifest = parse({"modules": [members | {"moduleName": "Host", "Group": [inner]}]})
        (written,) = to_json(manifest)["Modules"]
        assert (written["type"], written["moduleName"], written["Group"]) == ("", "Host", [inner])
        assert parse(to_json(manifest)) == manifest
        assert from_snapshot(to_json(manifest)) == manifest

    def test_a_host_that_names_a_type_names_a_known_one(self) -> None:
        path, message = the_refusal({"modules": [{"type": "Menu", "group": [module()]}]})
        assert (path, message) == ("modules[0].type", f"“Menu” is not a module type. Known are {KNOWN}.")
