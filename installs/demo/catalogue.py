"""The six applications of the demo: what they say of themselves, and how their manifests grew."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from linnapp.manifest import Manifest, ManifestModule, ManifestParameter
from linnapp.models import Application

Listing = Application.Listing

Step = Callable[[Manifest], Manifest]


@dataclass(frozen=True)
class Release:
    """A version: how many days ago, its number, its notes, and what was changed for it."""

    days_ago: int
    number: tuple[int, int, int]
    notes: str
    change: Step


@dataclass(frozen=True)
class DemoApplication:
    name: str
    kind: str
    publisher: str
    summary: str
    description: str
    support: str
    logo: str
    listing: Listing
    created_days_ago: int
    releases: tuple[Release, ...]
    unreleased: Step | None = None


def unchanged(manifest: Manifest) -> Manifest:
    return manifest


def values(**wanted: str) -> Step:
    """Fills in parameters of the first module, and drops those that stay empty."""

    def change(manifest: Manifest) -> Manifest:
        module = manifest.modules[0]
        kept = {p.name: p.value for p in module.parameters if p.value} | wanted
        parameters = tuple(ManifestParameter(name, value) for name, value in kept.items())
        return replace(manifest, modules=(replace(module, parameters=parameters), *manifest.modules[1:]))

    return change


def permissions(*names: str) -> Step:
    return lambda manifest: replace(
        manifest, permissions=(*manifest.permissions, *(f"GlobalPermissions.{name}" for name in names))
    )


def group(name: str) -> Step:
    return lambda manifest: replace(manifest, modules=tuple(replace(m, group=name) for m in manifest.modules))


def module(kind: str, formatted_name: str, folder: str = "", **parameters: str) -> Step:
    added = ManifestModule(
        type=kind,
        name=formatted_name.replace(" ", ""),
        formatted_name=formatted_name,
        group=folder,
        parameters=tuple(ManifestParameter(name, value) for name, value in parameters.items()),
    )
    return lambda manifest: replace(manifest, modules=(*manifest.modules, added))


def together(*steps: Step) -> Step:
    def change(manifest: Manifest) -> Manifest:
        for step in steps:
            manifest = step(manifest)
        return manifest

    return change


NORTHWIND = "https://hooks.northwind.example"
PARCELS = "https://parcels.northwind.example"
HARBOUR = "https://apps.harbourlabs.example"

CATALOGUE = (
    DemoApplication(
        name="Stock Bridge",
        kind="SYSTEM",
        publisher="Northwind",
        summary="The flagship. Ask Bob before touching the sync interval.",
        description="Keeps stock levels of your shops, warehouses and marketplaces the same, within a minute.",
        support="help@northwind.example",
        logo="stock-bridge",
        listing=Listing.LISTED,
        created_days_ago=90,
        releases=(
            Release(88, (1, 0, 0), "First release: stock levels in both directions.", unchanged),
            Release(
                61,
                (1, 1, 0),
                "Reads purchase orders, so that stock on its way is counted.",
                permissions("Inventory.ViewInventory", "Inventory.EditStockLevel", "PurchaseOrders.View"),
            ),
            Release(
                30,
                (1, 2, 0),
                "A panel next to each product shows where its stock is.",
                module("PluggableComponent", "Stock panel", "Panels"),
            ),
            Release(6, (2, 0, 0), "Sees transfers between warehouses.", permissions("WarehouseTransfers.View")),
        ),
        unreleased=group("Core"),
    ),
    DemoApplication(
        name="Parcel Sync",
        kind="SHIPPING",
        publisher="Northwind",
        summary="Carrier contract ends in March.",
        description="Prints labels and pushes tracking numbers to your marketplaces as soon as an order is packed.",
        support="https://northwind.example/parcel-sync",
        logo="parcel-sync",
        listing=Listing.LISTED,
        created_days_ago=84,
        releases=(
            Release(
                80,
                (1, 0, 0),
                "Labels for domestic parcels.",
                values(
                    VendorName="PARCELSYNC",
                    VendorFriendlyName="Parcel Sync",
                    AddNewUserEndpoint=f"{NORTHWIND}/parcels/users",
                    GenerateLabelEndpoint=f"{NORTHWIND}/parcels/labels",
                    CancelLabelEndpoint=f"{NORTHWIND}/parcels/labels/cancel",
                ),
            ),
            Release(
                41,
                (1, 1, 0),
                "End-of-day manifests for the driver.",
                values(CreateManifest=f"{NORTHWIND}/parcels/day", PrintManifest=f"{NORTHWIND}/parcels/day/print"),
            ),
            Release(
                12,
                (1, 2, 0),
                "Label requests moved to a faster server, which is told of each installation.",
                together(
                    values(GenerateLabelEndpoint=f"{PARCELS}/labels"),
                    module("ExternalApplication", "Parcel Sync server", PostbackUrl=f"{PARCELS}/installed"),
                ),
            ),
        ),
    ),
    DemoApplication(
        name="Blue Market",
        kind="CHANNEL",
        publisher="Northwind",
        summary="Pilot with three sellers; listing to be asked for again.",
        description="Sells your products on Blue Market: orders arrive here, stock and prices go there.",
        support="help@northwind.example",
        logo="blue-market",
        listing=Listing.RETURNED,
        created_days_ago=58,
        releases=(
            Release(
                55,
                (1, 0, 0),
                "Orders and stock levels.",
                together(
                    values(
                        ChannelName="BLUEMARKET",
                        ChannelFriendlyName="Blue Market",
                        AddNewUserEndpoint=f"{NORTHWIND}/blue/users",
                        OrdersEndpoint=f"{NORTHWIND}/blue/orders",
                        InventoryUpdateEndpoint=f"{NORTHWIND}/blue/stock",
                        InventoryUpdateBatchSize="100",
                    ),
                    module(
                        "ExternalApplication",
                        "Blue Market sync",
                        PostbackUrl=f"{NORTHWIND}/blue/installed?token=[{{TOKEN}}]&tracking=[{{TRACKING}}]",
                    ),
                ),
            ),
            Release(20, (1, 1, 0), "Prices too.", values(PriceUpdateEndpoint=f"{NORTHWIND}/blue/prices")),
        ),
    ),
    DemoApplication(
        name="Order Board",
        kind="EMBEDDED",
        publisher="Northwind",
        summary="Built in a week; keep it simple.",
        description="A board of today's orders for the packing room, next to the orders themselves.",
        support="help@northwind.example",
        logo="order-board",
        listing=Listing.LISTED,
        created_days_ago=45,
        releases=(
            Release(
                43,
                (1, 0, 0),
                "The board.",
                together(
                    values(URL=f"{NORTHWIND}/board?session=[{{TOKEN}}]"),
                    permissions("OrderBook.ViewOrderDetailsNode"),
                ),
            ),
        ),
        unreleased=permissions("OrderBook.EditOrderNode"),
    ),
    DemoApplication(
        name="Ledger Link",
        kind="SYSTEM",
        publisher="Harbour Labs",
        summary="Accountants ask for exports in CSV.",
        description="Books each order, refund and fee in your accounts the night it happens.",
        support="https://harbourlabs.example/help",
        logo="ledger-link",
        listing=Listing.LISTED,
        created_days_ago=76,
        releases=(
            Release(
                74,
                (1, 0, 0),
                "Orders and refunds.",
                together(
                    values(PostbackUrl=f"{HARBOUR}/ledger/installed?tracking=[{{TRACKING}}]"),
                    permissions("OrderBook.ViewOrderDetailsNode", "Refunds.View"),
                ),
            ),
            Release(25, (1, 1, 0), "Marketplace fees.", permissions("Accounting.ViewFees")),
        ),
    ),
    DemoApplication(
        name="Review Lamp",
        kind="SYSTEM",
        publisher="Harbour Labs",
        summary="Waiting for the new logo's trade mark.",
        description="Asks buyers for a review when their parcel has arrived, and never twice.",
        support="hello@harbourlabs.example",
        logo="review-lamp",
        listing=Listing.IN_REVIEW,
        created_days_ago=33,
        releases=(
            Release(
                31,
                (0, 9, 0),
                "For friends.",
                values(PostbackUrl=f"{HARBOUR}/reviews/installed/[{{TOKEN}}]"),
            ),
            Release(9, (1, 0, 0), "For everybody.", permissions("OrderBook.ViewOrderDetailsNode")),
        ),
    ),
)

# Companies that install; the two publishers and the accounts of Carol and Dave make forty.
CUSTOMERS = tuple(
    """Acme Stores;Blue Fern GmbH;Copper Kettle;Dune & Daughters;Elm Street Toys;Fable Books;Gable Tools;Hazel & Oak
    Iris Optics;Juniper Garden;Kite Works;Lantern House;Mango Trading;Nettle Soap;Otter Outdoor;Pebble Ceramics
    Quill Paper;Rowan Cycles;Saffron Spice;Tern Sailing;Umber Paints;Violet Yarn;Walnut Audio;Xenia Flowers
    Yarrow Herbs;Zephyr Kites;Alder Furniture;Birch Lighting;Cedar Pets;Dahlia Gifts;Ember Candles;Flint Knives
    Grove Coffee;Heron Prints;Indigo Denim;Jasper Jewels""".replace("\n    ", ";").split(";")
)
