"""Which values of parameters the importer refuses, and which it warns of. No database."""

from typing import Any

import pytest

from linnapp.manifest import ManifestParameter, parse, postback_url, validate, warnings
from linnapp.manifest.meaning import wrong_value
from linnapp.module_types import ParameterType, ValueKind
from tests.kit.manifests import POSTBACK, module, refusal_of, the_refusal


class TestValues:
    @pytest.mark.parametrize(
        ("value", "mended"),
        [
            ("parcel sync", "PARCELSYNC"),
            ("A" * 25, "A" * 24),
            ("A\u200bB", "AB"),
            (" A", "A"),
            ("str aße", "STRASSE"),
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
            "https://[::1%25eth0]/",
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
        ("url", "told"),
        [
            ("https://1.2.3/", "holds an address in an unusual spelling: write four numbers, such as 203.0.113.9."),
            ("https://0x7f.1/", "unusual spelling"),
            ("https://2130706433/", "unusual spelling"),
            ("https://999.1.1.1./", "unusual spelling"),
            (f"https://{'a.' * 200}b/", "at most 253 characters, and 63 between two dots."),
            (f"https://{'a' * 64}.example/", "at most 253 characters"),
        ],
    )
    def test_a_name_that_no_server_has_is_refused(self, url: str, told: str) -> None:
        assert told in refusal_of("PostbackUrl", url, "ExternalApplication")

    @pytest.mark.parametrize("url", [f"https://{'a' * 63}.example/", "https://203.0.113.9./", "https://1.2.3.example/"])
    def test_a_name_that_a_server_can_have_is_accepted(self, url: str) -> None:
        assert postback_url(parse({"modules": [module(PostbackUrl=url)]})) == url

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
        short = ParameterType("Code", "Three characters.", ValueKind.TEXT, longest=3)
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
        message = "VendorName is in this module twice, first as modules[0].parameters[0]. Keep one."
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

    def test_a_postback_url_needs_no_token(self) -> None:
        assert self.hints({"modules": [module(PostbackUrl="https://a.example/?t=[{TRACKING}]")]}) == []

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
        message = "[{token}] is sent as it is: the placeholders are exactly [{TOKEN}] and [{TRACKING}]."
        assert self.hints({"modules": [module("ExternalUserInterface", URL="https://a.example/[{token}]")]}) == [
            ("modules[0].parameters[0].value", message)
        ]

    def test_what_a_module_needs_to_do_anything_is_said(self) -> None:
        source = {"modules": [module("ShippingIntegration", VendorName=""), module("ChannelIntegration")]}
        assert self.hints(source) == [
            ("modules[0].parameters[0].value", "This module does nothing until VendorName is set."),
            ("modules[1].parameters", "This module does nothing until ChannelName is set."),
        ]

    @pytest.mark.parametrize(
        ("type_name", "name", "value", "upper"),
        [
            ("ChannelIntegration", "ChannelName", "BlueMarket", "BLUEMARKET"),
            ("ShippingIntegration", "VendorName", "parcelSync", "PARCELSYNC"),
            ("ShippingIntegration", "VendorName", "straße", "STRASSE"),
        ],
    )
    def test_a_name_in_mixed_case_is_kept_and_said(self, type_name: str, name: str, value: str, upper: str) -> None:
        source = {"modules": [module(type_name, **{name: value})]}
        message = f"{name} should be upper case: {upper}. It is saved as it is."
        assert self.hints(source) == [("modules[0].parameters[0].value", message)]
        assert parse(source).modules[0].value_of(name) == value
        assert self.hints({"modules": [module(type_name, **{name: upper})]}) == []

    def test_an_unusual_permission_is_said(self) -> None:
        message = "Permissions look like GlobalPermissions.OrderBook.ViewOrderDetailsNode."
        assert self.hints({"modules": [], "LinnworksPermissions": ["GlobalPermissions.A.B", "orders"]}) == [
            ("LinnworksPermissions[1]", message)
        ]
