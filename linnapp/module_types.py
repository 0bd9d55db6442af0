"""The one table of module types and their parameters: the editor, the import and the consent page read it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class ValueKind(StrEnum):
    """What a parameter's value is. Numbers and booleans may stand as text, which is how editors often export them."""

    URL = "URL"
    TEXT = "TEXT"
    INTEGER = "INTEGER"
    BOOLEAN = "BOOLEAN"
    UPPER_NAME = "UPPER_NAME"
    JSON = "JSON"


@dataclass(frozen=True)
class ParameterType:
    """`longest` in characters, 0 for no limit of its own; `placeholders` where `[{TOKEN}]` and `[{TRACKING}]` are
    filled in."""

    name: str
    hint: str
    kind: ValueKind = ValueKind.URL
    longest: int = 0
    placeholders: bool = False


@dataclass(frozen=True)
class ModuleType:
    """`reaches` is what an installer reads: plain words, with `{VendorName}` and the like from the parameters."""

    name: str
    label: str
    reaches: str
    parameters: tuple[ParameterType, ...] = ()
    uses_path: bool = False

    def parameter(self, name: str) -> ParameterType | None:
        """The known parameter of that name, in any letter case."""
        return next((known for known in self.parameters if known.name.lower() == name.lower()), None)


def endpoints(*rows: tuple[str, str]) -> Iterable[ParameterType]:
    return (ParameterType(name, hint) for name, hint in rows)


EXTERNAL_APPLICATION = ModuleType(
    "ExternalApplication",
    "External Application",
    "See and change everything on this account: orders, stock, customers and settings",
    (
        ParameterType(
            "PostbackUrl",
            "Where your server gets the permanent token of each installation, as Token in the body of a POST.",
            placeholders=True,
        ),
    ),
)
EXTERNAL_USER_INTERFACE = ModuleType(
    "ExternalUserInterface",
    "External User Interface",
    "Show you a page of its own inside this account",
    (ParameterType("URL", "The page shown in a frame; it may hold [{TOKEN}].", placeholders=True),),
)
NATIVE_USER_INTERFACE = ModuleType(
    "NativeUserInterface",
    "Native User Interface",
    "Add a screen to the menus of this account",
    (
        ParameterType("path", "Address of the screen inside the portal.", ValueKind.TEXT),
        ParameterType("icon", "Name or address of the picture in the menu.", ValueKind.TEXT),
        ParameterType("maxOpened", "How many of these screens may be open at once.", ValueKind.INTEGER),
        ParameterType("isHidden", "Whether the menu leaves it out: true or false.", ValueKind.BOOLEAN),
    ),
    uses_path=True,
)
PLUGGABLE_COMPONENT = ModuleType(
    "PluggableComponent",
    "Pluggable Component",
    "Run its own code inside other screens of this account, and read what they show",
)
CHANNEL_INTEGRATION = ModuleType(
    "ChannelIntegration",
    "Channel Integration",
    "Act as a sales channel named {ChannelName}: send you orders, read your stock and prices",
    (
        ParameterType("ChannelName", "Unique name: upper case, no spaces.", ValueKind.UPPER_NAME),
        ParameterType("ChannelFriendlyName", "Name that people read.", ValueKind.TEXT),
        ParameterType("ChannelLogoURL", "Address of a picture of 57 x 57 pixels."),
        ParameterType("OAuthAuthorizationEndpoint", "Where a person grants access to their shop."),
        ParameterType("OAuthScopesRequested", "Scopes asked for there, separated by spaces.", ValueKind.TEXT),
        *endpoints(
            ("AddNewUserEndpoint", "Called when an account adds the channel; answers with its first settings."),
            ("UserConfigEndpoint", "Gives the settings form of one channel account."),
            ("SaveConfigEndpoint", "Takes the filled-in settings form."),
            ("ShippingTagsEndpoint", "Lists the channel's shipping services, to be mapped."),
            ("PaymentTagsEndpoint", "Lists the channel's payment methods, to be mapped."),
            ("ConfigDeletedEndpoint", "Told when an account removes the channel."),
            ("ConfigTestEndpoint", "Checks whether the settings work."),
            ("OrdersEndpoint", "Gives new and changed orders, page by page."),
            ("DespatchEndpoint", "Told which orders were despatched, with tracking numbers."),
            ("CancelEndpoint", "Told which orders or lines were cancelled."),
            ("RefundEndpoint", "Told which refunds to make."),
            ("PostSaleOptionsEndpoint", "Says which refunds and cancellations the channel can do."),
            ("ProductsEndpoint", "Gives the products on the channel, page by page."),
            ("InventoryUpdateEndpoint", "Told new stock levels."),
            ("PriceUpdateEndpoint", "Told new prices."),
            ("PriceAutomationEndpoint", "Told which prices follow a rule."),
            ("PromotionsEndpoint", "Lists or takes the channel's promotions."),
            ("GetConfiguratorSettingsEndpoint", "Gives the settings of listing templates."),
            ("GetCategoriesEndpoint", "Lists the channel's categories."),
            ("GetAttributesByCategoryEndpoint", "Lists the attributes that a category asks for."),
            ("GetVariationsByCategoryEndpoint", "Lists the variations that a category allows."),
            ("ListingUpdateEndpoint", "Takes new and changed listings."),
            ("ListingDeleteEndpoint", "Told which listings to take down."),
            ("CheckFeedEndpoint", "Says how far a batch of listings has come."),
        ),
        ParameterType(
            "IsListingSupported", "Whether listings can be made from here: true or false.", ValueKind.BOOLEAN
        ),
        ParameterType("InventoryUpdateBatchSize", "Most stock levels in one call.", ValueKind.INTEGER),
        ParameterType("DespatchUpdateBatchSize", "Most despatches in one call.", ValueKind.INTEGER),
        ParameterType("PriceUpdateBatchSize", "Most prices in one call.", ValueKind.INTEGER),
        ParameterType("ListingUpdateBatchSize", "Most listings in one call.", ValueKind.INTEGER),
        ParameterType(
            "AllowRefundOnCancel", "Whether cancelling may refund at once: true or false.", ValueKind.BOOLEAN
        ),
    ),
)
SHIPPING_INTEGRATION = ModuleType(
    "ShippingIntegration",
    "Shipping Integration",
    "Act as a shipping carrier named {VendorName}: read parcels' addresses and print labels",
    (
        ParameterType(
            "VendorName", "Unique name: upper case, no spaces, at most 24 characters.", ValueKind.UPPER_NAME, longest=24
        ),
        ParameterType("VendorFriendlyName", "Name that people read.", ValueKind.TEXT),
        ParameterType("VendorLogoURL", "Address of a picture of 57 x 57 pixels."),
        *endpoints(
            ("AddNewUserEndpoint", "Called when an account adds the carrier; answers with its first settings."),
            ("UserConfigEndpoint", "Gives the settings form of one carrier account."),
            ("UpdateConfigEndpoint", "Takes the filled-in settings form."),
            ("ConfigDeletedEndpoint", "Told when an account removes the carrier."),
            ("UserAvailableServicesEndpoint", "Lists the shipping services the account can book."),
            ("GenerateLabelEndpoint", "Makes the label of one consignment."),
            ("CancelLabelEndpoint", "Cancels a label that was made."),
            ("CreateManifest", "Closes the day: takes the consignments handed over."),
            ("PrintManifest", "Gives the day's paper for the driver."),
        ),
        ParameterType("ExtPropertyMap", "Which order properties are sent along, as JSON.", ValueKind.JSON),
    ),
)
TYPES: dict[str, ModuleType] = {
    known.name: known
    for known in (
        EXTERNAL_APPLICATION,
        EXTERNAL_USER_INTERFACE,
        NATIVE_USER_INTERFACE,
        PLUGGABLE_COMPONENT,
        CHANNEL_INTEGRATION,
        SHIPPING_INTEGRATION,
    )
}
# Which module an application of a type begins with.
PRESETS: dict[str, ModuleType] = {
    "SYSTEM": EXTERNAL_APPLICATION,
    "CHANNEL": CHANNEL_INTEGRATION,
    "SHIPPING": SHIPPING_INTEGRATION,
    "EMBEDDED": EXTERNAL_USER_INTERFACE,
}


def known_type(name: str) -> ModuleType | None:
    """The type of that name or label, in any letter case: "externalapplication", "External Application"."""
    wanted = name.replace(" ", "").lower()
    return next((known for known in TYPES.values() if known.name.lower() == wanted), None)
