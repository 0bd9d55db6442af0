"""The table of module types, the presets, and what installers read of a manifest."""

import re
from typing import Any

import pytest

from linnapp.manifest import (
    ConsentLine,
    Manifest,
    ManifestModule,
    ManifestParameter,
    consent_lines,
    parse,
    preset,
    to_json,
    validate,
)
from linnapp.module_types import TYPES, ValueKind, known_type

WHOLE_API = "See and change everything on this account: orders, stock, customers and settings"
PARAMETERS = {
    "ExternalApplication": "PostbackUrl",
    "ExternalUserInterface": "URL",
    "NativeUserInterface": "path icon maxOpened isHidden",
    "PluggableComponent": "",
    "ChannelIntegration": (
        "ChannelName ChannelFriendlyName ChannelLogoURL OAuthAuthorizationEndpoint OAuthScopesRequested "
        "AddNewUserEndpoint UserConfigEndpoint SaveConfigEndpoint ShippingTagsEndpoint PaymentTagsEndpoint "
        "ConfigDeletedEndpoint ConfigTestEndpoint OrdersEndpoint DespatchEndpoint CancelEndpoint RefundEndpoint "
        "PostSaleOptionsEndpoint ProductsEndpoint InventoryUpdateEndpoint PriceUpdateEndpoint PriceAutomationEndpoint "
        "PromotionsEndpoint GetConfiguratorSettingsEndpoint GetCategoriesEndpoint GetAttributesByCategoryEndpoint "
        "GetVariationsByCategoryEndpoint ListingUpdateEndpoint ListingDeleteEndpoint CheckFeedEndpoint "
        "IsListingSupported InventoryUpdateBatchSize DespatchUpdateBatchSize PriceUpdateBatchSize "
        "ListingUpdateBatchSize AllowRefundOnCancel"
    ),
    "ShippingIntegration": (
        "VendorName VendorFriendlyName VendorLogoURL AddNewUserEndpoint UserConfigEndpoint UpdateConfigEndpoint "
        "ConfigDeletedEndpoint UserAvailableServicesEndpoint GenerateLabelEndpoint CancelLabelEndpoint CreateManifest "
        "PrintManifest ExtPropertyMap"
    ),
}


def module(type_name: str, **parameters: Any) -> ManifestModule:
    return ManifestModule(
        type=type_name, parameters=tuple(ManifestParameter(name, value) for name, value in parameters.items())
    )


def said(*modules: ManifestModule, permissions: tuple[str, ...] = ()) -> list[str]:
    return [line.text for line in consent_lines(Manifest(modules, permissions))]


class TestTable:
    def test_it_has_the_types_of_the_protocol_with_their_parameters(self) -> None:
        assert {name: " ".join(p.name for p in known.parameters) for name, known in TYPES.items()} == PARAMETERS

    def test_every_hint_is_one_sentence(self) -> None:
        hints = [parameter.hint for known in TYPES.values() for parameter in known.parameters]
        assert [hint for hint in hints if not re.fullmatch(r"[A-Z][^.!?\n]*(\[\{TOKEN\}\])?\.", hint)] == []

    def test_what_is_called_an_address_is_one(self) -> None:
        endings = ("Endpoint", "URL", "Url")
        wrong = [
            parameter.name
            for known in TYPES.values()
            for parameter in known.parameters
            if parameter.name.endswith(endings) and parameter.kind != ValueKind.URL
        ]
        assert wrong == []

    def test_placeholders_are_offered_where_they_are_filled_in(self) -> None:
        offered = {p.name for known in TYPES.values() for p in known.parameters if p.placeholders}
        assert offered == {"PostbackUrl", "URL"}

    def test_only_the_native_user_interface_uses_the_path(self) -> None:
        assert [name for name, known in TYPES.items() if known.uses_path] == ["NativeUserInterface"]

    @pytest.mark.parametrize("name", ["externalapplication", "External Application", "ExternalApplication"])
    def test_a_type_is_found_by_name_or_label(self, name: str) -> None:
        known = known_type(name)
        assert known is not None
        assert known.name == "ExternalApplication"

    @pytest.mark.parametrize("name", ["", "Module", "ExternalApplications"])
    def test_another_name_is_no_type(self, name: str) -> None:
        assert known_type(name) is None


class TestPresets:
    @pytest.mark.parametrize(
        ("application_type", "module_type"),
        [
            ("SYSTEM", "ExternalApplication"),
            ("CHANNEL", "ChannelIntegration"),
            ("SHIPPING", "ShippingIntegration"),
            ("EMBEDDED", "ExternalUserInterface"),
        ],
    )
    def test_a_new_application_has_the_module_of_its_type(self, application_type: str, module_type: str) -> None:
        (made,) = preset(application_type, "Parcel Sync").modules
        assert (made.type, made.formatted_name) == (module_type, "Parcel Sync")

    def test_a_system_integration_starts_without_a_postback_url(self) -> None:
        (made,) = preset("SYSTEM", "Parcel Sync").modules
        assert made.parameters == ()

    @pytest.mark.parametrize("application_type", ["CHANNEL", "SHIPPING", "EMBEDDED"])
    def test_others_start_with_the_known_parameters_in_the_order_of_the_table(self, application_type: str) -> None:
        (made,) = preset(application_type, "Parcel Sync").modules
        assert [each.name for each in made.parameters] == PARAMETERS[made.type].split()

    @pytest.mark.parametrize("name", ["Parcel Sync", "x", "", "日本 ✓", "ﬃ" * 80, "a" * 500])
    @pytest.mark.parametrize("application_type", ["SYSTEM", "CHANNEL", "SHIPPING", "EMBEDDED"])
    def test_a_preset_can_be_saved_as_it_is(self, application_type: str, name: str) -> None:
        made = preset(application_type, name)
        assert validate(made) == []
        assert parse(to_json(made)) == made


class TestConsent:
    def test_an_external_application_without_permissions_uses_the_whole_api(self) -> None:
        assert said(module("ExternalApplication")) == [WHOLE_API]

    def test_with_permissions_it_uses_those(self) -> None:
        permissions = (
            "GlobalPermissions.OrderBook.ViewOrderDetailsNode",
            "GlobalPermissions.OrderBook.EditOrderNode",
            "GlobalPermissions.Inventory.Stock.ViewNode",
            "GlobalPermissions.OrderBook.EditOrderNode",
            "SomethingElse",
        )
        assert consent_lines(Manifest((module("ExternalApplication"),), permissions)) == [
            ConsentLine("Change your orders", ("GlobalPermissions.OrderBook.EditOrderNode",)),
            ConsentLine("Use other parts of this account", ("SomethingElse",)),
            ConsentLine("See the details of your orders", ("GlobalPermissions.OrderBook.ViewOrderDetailsNode",)),
            ConsentLine("See stock in your inventory", ("GlobalPermissions.Inventory.Stock.ViewNode",)),
        ]

    def test_a_carrier_and_a_channel_are_named(self) -> None:
        assert said(
            module("ShippingIntegration", VendorName="PARCELSYNC"), module("ChannelIntegration", channelname="BLUE")
        ) == [
            "Act as a shipping carrier named PARCELSYNC: read parcels' addresses and print labels",
            "Act as a sales channel named BLUE: send you orders, read your stock and prices",
        ]

    def test_a_name_is_not_taken_for_a_template(self) -> None:
        (line,) = said(module("ShippingIntegration", VendorName=r"{URL}\1"))
        assert line == r"Act as a shipping carrier named {URL}\1: read parcels' addresses and print labels"

    @pytest.mark.parametrize("parameters", [{}, {"VendorName": ""}, {"VendorName": None}])
    def test_without_a_name_none_is_said(self, parameters: dict[str, Any]) -> None:
        (line,) = said(module("ShippingIntegration", **parameters))
        assert line == "Act as a shipping carrier: read parcels' addresses and print labels"

    def test_the_same_is_said_once(self) -> None:
        interface = "Show you a page of its own inside this account"
        assert said(module("ExternalUserInterface"), module("ExternalUserInterface")) == [interface]

    def test_a_module_nested_in_a_group_is_said_too(self) -> None:
        nested = ManifestModule(type="NativeUserInterface", extra={"group": [{"Type": "PluggableComponent"}]})
        assert said(nested) == [
            "Add a screen to the menus of this account",
            "Run its own code inside other screens of this account, and read what they show",
        ]

    def test_permissions_of_one_meaning_are_one_sentence_with_all_names(self) -> None:
        names = ("GlobalPermissions.Orders.View", "GlobalPermissions.OrderBook.ViewOrdersNode")
        assert consent_lines(Manifest((), names)) == [ConsentLine("See your orders", names)]

    def test_what_changes_something_is_said_before_what_only_sees_it(self) -> None:
        nodes = ("ViewOrderDetailsNode", "ViewOrdersNode", "DeleteOrderNode", "ViewOrderNotesNode")
        permissions = tuple(f"GlobalPermissions.OrderBook.{node}" for node in nodes)
        assert [line.text for line in consent_lines(Manifest((), permissions))] == [
            "Delete orders",
            "See the details of your orders",
            "See your orders",
            "See the notes on your orders",
        ]
        assert consent_lines(Manifest((), ("GlobalPermissions.Stock.View", "GlobalPermissions.OrderBook")))[0].text == (
            "See and change your orders"
        )

    def test_the_whole_api_is_never_hidden_behind_others(self) -> None:
        carriers = [module("ShippingIntegration", VendorName=f"CARRIER{number}") for number in range(9)]
        assert said(*carriers, module("ExternalApplication"))[0] == WHOLE_API

    def test_a_manifest_without_modules_holds_a_permanent_token_only(self) -> None:
        assert said() == ["Do nothing on this account yet: it only gets its key"]
