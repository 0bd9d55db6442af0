"""What the importer reads and refuses, and what the export holds. No database."""

import json
from typing import Any

import pytest

from linnapp.manifest import (
    Manifest,
    ManifestError,
    ManifestInvalid,
    ManifestModule,
    ManifestParameter,
    parse,
    postback_url,
    to_json,
    validate,
    warnings,
)
from linnapp.manifest.meaning import wrong_value
from linnapp.module_types import Kind, ParameterType

KEY = "0123456789abcdef0123456789abcdef"
POSTBACK = "https://hooks.example.com/installed?token=[{TOKEN}]&tracking=[{TRACKING}]"
KNOWN = (
    "ExternalApplication, ExternalUserInterface, NativeUserInterface, PluggableComponent, ChannelIntegration, "
    "ShippingIntegration"
)


def module(type_name: str = "ExternalApplication", **parameters: Any) -> dict[str, Any]:
    return {"type": type_name, "parameters": [{"name": name, "value": value} for name, value in parameters.items()]}


def refused(source: str | bytes | dict[str, Any]) -> list[ManifestError]:
    with pytest.raises(ManifestInvalid) as invalid:
        parse(source)
    return invalid.value.errors


def the_refusal(source: str | bytes | dict[str, Any]) -> tuple[str, str]:
    """Path and message of the one thing that is wrong."""
    (error,) = refused(source)
    return error.path, error.message


def refusal_of(name: str, value: Any, type_name: str) -> str:
    path, message = the_refusal({"modules": [module(type_name, **{name: value})]})
    assert path == "modules[0].parameters[0].value"
    return message


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


class TestShape:
    def test_a_syntax_error_names_line_and_column(self) -> None:
        assert refused('{"modules": [\n  {"type" "x"}]}') == [
            ManifestError(
                "", "syntax", "This is not JSON: expecting ':' delimiter at line 2, column 11.", line=2, column=11
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
        assert (path, message) == ("a.b", "The member “b” stands here twice. Leave one.")

    def test_members_that_differ_in_letter_case_only_are_refused(self) -> None:
        path, message = the_refusal({"modules": [{"type": "ExternalApplication", "icon": 1, "Icon": 2}]})
        assert path == "modules[0].Icon"
        assert message == "“icon” and “Icon” are the same member in other letter case. Leave one."

    @pytest.mark.parametrize("value", ["NaN", "-Infinity", "1e999"])
    def test_numbers_that_are_none_are_refused(self, value: str) -> None:
        message = "NaN and Infinity are no JSON numbers. Write a number or null."
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
            "Take out the NUL character (\\u0000): it cannot be stored.",
        )
        message = "Half of a surrogate pair (\\ud800 to \\udfff) stands here: it is no character. Take it out."
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
        assert message == "Lists and objects stand more than 32 deep in each other here."


class TestLimits:
    def test_200_modules_and_no_more(self) -> None:
        assert len(parse({"modules": [module()] * 200}).modules) == 200
        message = "There are 201 modules. A manifest has at most 200, nested ones counted."
        assert the_refusal({"modules": [module()] * 201}) == ("modules", message)

    def test_nested_modules_count(self) -> None:
        host = module("NativeUserInterface") | {"group": [module("PluggableComponent")] * 200}
        message = "There are 201 modules. A manifest has at most 200, nested ones counted."
        assert the_refusal({"modules": [host]}) == ("modules", message)

    def test_256_kb_and_no_more_counted_as_it_is_stored(self) -> None:
        around = len('{"Modules":[],"LinnworksPermissions":[],"ScriptUrl":"","x":""}')
        fits = "é" + "a" * (256 * 1024 - around - 2)
        assert parse({"modules": [], "x": fits}).extra == {"x": fits}
        assert the_refusal({"modules": [], "x": fits + "a"}) == ("", "A manifest has at most 256 kB.")

    def test_an_indented_export_of_a_large_manifest_is_read_again(self) -> None:
        rows = [module("ExternalApplication", **{f"Own{n}": "é" * 20 for n in range(15)})] * 180
        manifest = parse({"modules": rows})
        text = json.dumps(to_json(manifest), indent=2)
        assert len(text) > 256 * 1024
        assert parse(text) == manifest

    def test_a_text_of_megabytes_is_refused_unread(self) -> None:
        assert the_refusal("[" * (1024 * 1024 + 1)) == ("", "A manifest has at most 256 kB.")

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
        message = "There are 2001 permissions. A manifest has at most 2000."
        assert the_refusal({"modules": [], "LinnworksPermissions": ["A"] * 2001}) == ("LinnworksPermissions", message)


class TestTypes:
    def test_an_unknown_type_gets_the_closest_known_one_and_the_list(self) -> None:
        message = f"“ExternalAplication” is not a module type. Did you mean ExternalApplication? Known are {KNOWN}."
        assert the_refusal({"modules": [module("ExternalAplication")]}) == ("modules[0].type", message)

    def test_a_type_like_none_gets_the_list(self) -> None:
        message = f"“Zzz” is not a module type. Known are {KNOWN}."
        assert the_refusal({"modules": [module("Zzz")]}) == ("modules[0].type", message)

    def test_a_missing_type_is_asked_for(self) -> None:
        assert the_refusal({"modules": [{}]}) == ("modules[0].type", f"Choose a type: {KNOWN}.")


class TestValues:
    @pytest.mark.parametrize(
        ("value", "mended"),
        [
            ("parcel sync", "PARCELSYNC"),
            ("A" * 25, "A" * 24),
            ("A\u200bB", "AB"),
            (" A", "A"),
            ("straße", "STRASSE"),
        ],
    )
    def test_vendor_name_is_upper_case_without_spaces(self, value: str, mended: str) -> None:
        message = f"VendorName is upper case without spaces, at most 24 characters. Try {mended}."
        assert refusal_of("VendorName", value, "ShippingIntegration") == message
        parse({"modules": [module("ShippingIntegration", VendorName=mended)]})

    def test_a_vendor_name_of_spaces_has_nothing_to_try(self) -> None:
        message = "VendorName is upper case without spaces, at most 24 characters."
        assert refusal_of("VendorName", "  ", "ShippingIntegration") == message

    def test_channel_name_is_alike_without_the_24(self) -> None:
        message = "ChannelName is upper case without spaces. Try BLUEMARKET."
        assert refusal_of("ChannelName", "Blue Market", "ChannelIntegration") == message
        parse({"modules": [module("ChannelIntegration", ChannelName="B" * 40)]})

    @pytest.mark.parametrize(
        "url",
        [
            POSTBACK,
            "http://localhost:8000",
            "HTTPS://EXAMPLE.com./a",
            "https://[::1]:8443/[{TOKEN}]/x#[{TRACKING}]",
            "https://my_host/?a=b@c",
            "https://bücher.example/ü",
            "https://10.0.0.1?token=[{TOKEN}]",
        ],
    )
    def test_absolute_web_addresses_are_accepted(self, url: str) -> None:
        assert postback_url(parse({"modules": [module(PostbackUrl=url)]})) == url

    @pytest.mark.parametrize(
        "url",
        [
            "hooks.example.com",
            "/installed",
            "//hooks.example.com/x",
            "ftp://hooks.example.com",
            "javascript:alert(1)//https://a.example",
            "https:hooks.example.com",
            "https://",
            "https:///installed",
            "https://:443/",
            "https://?token=[{TOKEN}]",
            "https://a.example:99999/",
            "https://a.example:0/",
            "https://a.example:x/",
            "https://a..example/",
            "https://-a.example/",
            "https://[::1/",
            "https://[nothing]/",
            "https://a%2fb.example/",
        ],
    )
    def test_what_is_no_absolute_web_address_is_refused(self, url: str) -> None:
        message = "PostbackUrl must be a whole address, such as https://hooks.example.com/linnapp."
        assert refusal_of("PostbackUrl", url, "ExternalApplication") == message

    @pytest.mark.parametrize(
        "url", ["https://a.example/a b", " https://a.example", "https://a.example\\@b.example", "https://a.example/\n"]
    )
    def test_spaces_line_breaks_and_backslashes_are_refused(self, url: str) -> None:
        message = (
            "PostbackUrl must be a whole address, such as https://hooks.example.com/linnapp. "
            "It holds no spaces, line breaks or backslashes."
        )
        assert refusal_of("PostbackUrl", url, "ExternalApplication") == message

    @pytest.mark.parametrize(
        "url", ["https://me:secret@a.example/", "https://me@a.example", "https://a.example@b.example"]
    )
    def test_credentials_in_an_address_are_refused(self, url: str) -> None:
        message = "PostbackUrl holds a user name or password, which logs would keep. Take it out."
        assert refusal_of("PostbackUrl", url, "ExternalApplication") == message

    @pytest.mark.parametrize(
        "url",
        [
            "https://[{TRACKING}]/",
            "https://[{TRACKING}].example.com",
            "https://a.example:[{TRACKING}]/",
            "https://[{TOKEN}].a.example",
        ],
    )
    def test_the_author_of_a_link_cannot_choose_the_host_by_tracking(self, url: str) -> None:
        message = "PostbackUrl may hold [{TOKEN}] and [{TRACKING}] in its path and query, not in its host."
        assert refusal_of("PostbackUrl", url, "ExternalApplication") == message

    def test_an_address_has_2048_characters(self) -> None:
        url = "https://a.example/" + "a" * 2030
        parse({"modules": [module(PostbackUrl=url)]})
        message = "PostbackUrl has at most 2048 characters; this has 2049."
        assert refusal_of("PostbackUrl", url + "a", "ExternalApplication") == message

    @pytest.mark.parametrize("value", [True, 1.5, "1.5", -1, "-1", "many", "9" * 10, "١", [5]])
    def test_a_batch_size_is_a_whole_number(self, value: Any) -> None:
        message = refusal_of("PriceUpdateBatchSize", value, "ChannelIntegration")
        single = "PriceUpdateBatchSize is a single value, not a list or an object."
        assert message == (
            single if isinstance(value, list) else "PriceUpdateBatchSize is a whole number, such as 100."
        )

    @pytest.mark.parametrize("value", ["yes", 2, "on"])
    def test_a_boolean_is_true_or_false(self, value: Any) -> None:
        message = "IsListingSupported is true or false."
        assert refusal_of("IsListingSupported", value, "ChannelIntegration") == message

    @pytest.mark.parametrize("value", [True, "TRUE", "false", " true ", 0, "1"])
    def test_a_boolean_may_be_text_or_one_and_zero(self, value: Any) -> None:
        parse({"modules": [module("ChannelIntegration", IsListingSupported=value)]})

    @pytest.mark.parametrize("value", [5, True])
    def test_an_address_is_text(self, value: Any) -> None:
        assert refusal_of("URL", value, "ExternalUserInterface") == "URL is a text in quotation marks."

    @pytest.mark.parametrize("value", [{"a": 1}, [1, 2], '{"a": 1}', 5])
    def test_a_map_is_any_json(self, value: Any) -> None:
        (read,) = parse({"modules": [module("ShippingIntegration", ExtPropertyMap=value)]}).modules
        assert read.parameters == (ManifestParameter("ExtPropertyMap", value),)

    def test_a_whole_number_may_be_text_with_spaces_around_it_and_is_no_object(self) -> None:
        parse({"modules": [module("ChannelIntegration", PriceUpdateBatchSize=" 50 ")]})
        message = refusal_of("PriceUpdateBatchSize", {"size": 50}, "ChannelIntegration")
        assert message == "PriceUpdateBatchSize is a single value, not a list or an object."

    def test_a_text_is_a_single_value_as_long_as_its_parameter_allows(self) -> None:
        parse({"modules": [module("ShippingIntegration", VendorFriendlyName="Parcel Sync, the quick one" * 10)]})
        message = refusal_of("VendorFriendlyName", ["Parcel Sync"], "ShippingIntegration")
        assert message == "VendorFriendlyName is a single value, not a list or an object."
        short = ParameterType("Code", "Three characters.", Kind.TEXT, longest=3)
        assert wrong_value(short, "abc") == ""
        assert wrong_value(short, "abcd") == "Code has at most 3 characters."

    @pytest.mark.parametrize("value", ["", None])
    def test_every_known_parameter_may_be_empty(self, value: Any) -> None:
        source = {"modules": [module("ShippingIntegration", VendorName=value, GenerateLabelEndpoint=value)]}
        assert validate(parse(source)) == []

    @pytest.mark.parametrize("value", ["ftp://x", {"deep": [None]}, 1.5, False])
    def test_own_parameters_hold_anything(self, value: Any) -> None:
        (read,) = parse({"modules": [module(MyOwn=value)]}).modules
        assert read.parameters == (ManifestParameter("MyOwn", value),)

    def test_a_known_parameter_stands_once_in_a_module_and_own_ones_as_often_as_wanted(self) -> None:
        rows = [{"name": name, "value": ""} for name in ("VendorName", "Own", "Own", "vendorname")]
        source = {"modules": [{"type": "ShippingIntegration", "parameters": rows}]}
        message = "VendorName stands in this module twice, first as modules[0].parameters[0]. Keep one."
        assert the_refusal(source) == ("modules[0].parameters[3].name", message)

    def test_script_url_is_a_web_address(self) -> None:
        message = "ScriptUrl must be a whole address, such as https://hooks.example.com/linnapp."
        assert the_refusal({"modules": [], "ScriptUrl": "javascript:alert(1)"}) == ("ScriptUrl", message)


class TestPostbackUrl:
    def test_a_second_one_is_refused_by_path_and_the_first_is_named(self) -> None:
        first = module(PostbackUrl=POSTBACK) | {"formattedName": "Label printing"}
        source = {"modules": [module(), first, module(Own=1, postbackurl="https://b.example")]}
        message = (
            "A manifest has at most one PostbackUrl, and modules[1].parameters[0] (Label printing) has it already."
        )
        assert the_refusal(source) == ("modules[2].parameters[1].name", message)

    def test_one_in_a_nested_module_is_one(self) -> None:
        nested = module(PostbackUrl="https://b.example")
        assert postback_url(parse({"modules": [module() | {"group": [nested]}]})) == "https://b.example"
        path, _ = the_refusal({"modules": [module(PostbackUrl=POSTBACK) | {"group": [nested]}]})
        assert path == "modules[0].group[0].parameters[0].name"

    def test_it_is_checked_in_a_module_of_any_type(self) -> None:
        assert refusal_of("PostbackUrl", "nowhere", "ChannelIntegration").startswith(
            "PostbackUrl must be a whole address"
        )

    @pytest.mark.parametrize("value", ["", None])
    def test_an_empty_one_is_none(self, value: Any) -> None:
        assert postback_url(parse({"modules": [module(PostbackUrl=value)]})) is None

    def test_none_is_none(self) -> None:
        assert postback_url(parse({"modules": [module(Other=POSTBACK)]})) is None


class TestWarnings:
    def hints(self, source: dict[str, Any]) -> list[tuple[str, str]]:
        return [(hint.path, hint.message) for hint in warnings(parse({"LinnworksPermissions": []} | source))]

    def test_a_postback_url_without_the_token_is_said_to_get_it_in_the_body(self) -> None:
        message = "[{TOKEN}] does not stand in this address: the permanent token is in the body too, as Token."
        assert self.hints({"modules": [module(PostbackUrl="https://a.example/?t=[{TRACKING}]")]}) == [
            ("modules[0].parameters[0].value", message)
        ]

    def test_the_token_in_a_query_is_said_to_reach_logs(self) -> None:
        message = (
            "In a query the permanent token ends up in the access logs of every server on the way. "
            "It is in the form body too: take it from there."
        )
        assert self.hints({"modules": [module(PostbackUrl=POSTBACK)]}) == [("modules[0].parameters[0].value", message)]

    def test_the_token_in_the_path_needs_no_word(self) -> None:
        assert self.hints({"modules": [module(PostbackUrl="https://a.example/[{TOKEN}]")]}) == []

    def test_an_unencrypted_address_is_said(self) -> None:
        message = "This address is not encrypted. Use https:// for anything but a test."
        assert self.hints(
            {"modules": [module("ChannelIntegration", ChannelName="A", OrdersEndpoint="http://a.example")]}
        ) == [("modules[0].parameters[1].value", message)]

    def test_a_placeholder_of_another_name_is_said_to_stay(self) -> None:
        message = "[{token}] is sent as it stands: the placeholders are exactly [{TOKEN}] and [{TRACKING}]."
        assert self.hints({"modules": [module("ExternalUserInterface", URL="https://a.example/[{token}]")]}) == [
            ("modules[0].parameters[0].value", message)
        ]

    def test_what_a_module_needs_to_do_anything_is_said(self) -> None:
        source = {"modules": [module("ShippingIntegration", VendorName=""), module("ChannelIntegration")]}
        assert self.hints(source) == [
            ("modules[0].parameters[0].value", "This module does nothing until VendorName is set."),
            ("modules[1].parameters", "This module does nothing until ChannelName is set."),
        ]

    def test_an_unusual_permission_is_said(self) -> None:
        message = "Permissions look like GlobalPermissions.OrderBook.ViewOrderDetailsNode."
        assert self.hints({"modules": [], "LinnworksPermissions": ["GlobalPermissions.A.B", "orders"]}) == [
            ("LinnworksPermissions[1]", message)
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
