"""What each permission lets an application do, in the words of somebody who owns a shop. Whoever installs reads these
sentences alone; the names themselves are folded away."""

import re
from dataclasses import dataclass, field

LONGEST = 90
# Names beyond these say nothing that fits into a sentence.
MOST_WORDS, MOST_WORDS_OF_AREA, LONGEST_WORD = 6, 4, 16
UNKNOWN = "Use other parts of this account"


@dataclass(frozen=True)
class Area:
    """An area under all names it is known by. `noun` is what it holds, as its owner calls it; `nodes` has a sentence
    for each node by its name, without the Node at its end."""

    names: tuple[str, ...]
    noun: str
    nodes: dict[str, str] = field(default_factory=dict)


AREAS = (
    Area(
        ("OrderBook", "Orders", "Order", "OpenOrders", "ProcessedOrders"),
        "your orders",
        {
            "ViewOrders": "See your orders",
            "ViewOrderDetails": "See the details of your orders",
            "EditOrderDetails": "Change the details of your orders",
            "EditOrder": "Change your orders",
            "CreateOrder": "Add orders",
            "DeleteOrder": "Delete orders",
            "CancelOrder": "Cancel orders",
            "ProcessOrder": "Mark orders as processed and sent",
            "HoldOrder": "Hold and release orders",
            "LockOrder": "Lock and unlock orders",
            "MergeOrders": "Merge orders",
            "SplitOrder": "Split orders",
            "AssignOrder": "Assign orders to people on your team",
            "ViewProcessedOrders": "See orders you have sent",
            "EditProcessedOrders": "Change orders you have already sent",
            "ViewOrderNotes": "See the notes on your orders",
            "EditOrderNotes": "Change the notes on your orders",
            "EditOrderItems": "Change what was ordered, and how many",
            "EditOrderPrices": "Change the prices in your orders",
            "EditShippingAddress": "Change where an order is sent",
            "EditBillingAddress": "Change who is billed for an order",
            "EditPaymentStatus": "Mark orders as paid or unpaid",
            "ExportOrders": "Export your orders",
        },
    ),
    Area(
        ("Inventory", "MyInventory", "Products"),
        "your inventory",
        {
            "ViewInventory": "See your products",
            "Read": "See your products and how many you have",
            "Write": "Change your products and how many you have",
            "EditInventory": "Change your products",
            "CreateInventoryItem": "Add products",
            "EditInventoryItem": "Change the details of your products",
            "DeleteInventoryItem": "Delete products",
            "ArchiveInventoryItem": "Archive products",
            "ViewStockLevel": "See how many of each product you have",
            "EditStockLevel": "Change how many of each product you have",
            "ViewPrices": "See the prices of your products",
            "EditPrices": "Change the prices of your products",
            "EditImages": "Change the pictures of your products",
            "EditDescriptions": "Change the descriptions of your products",
            "ViewCategories": "See the categories of your products",
            "EditCategories": "Change the categories of your products",
            "ViewSuppliers": "See who supplies your products",
            "EditSuppliers": "Change who supplies your products",
            "EditComposition": "Change which products make up a bundle",
            "EditVariationGroups": "Change which products are variations of one",
        },
    ),
    Area(
        ("Stock", "StockControl"),
        "your stock",
        {
            "ViewStockLevels": "See how much stock you have",
            "EditStockLevels": "Change how much stock you have",
            "ViewStockHistory": "See when your stock went up or down, and why",
            "ViewStockValue": "See what your stock is worth",
            "StockCount": "Count your stock",
            "StockTake": "Correct your stock after a count",
            "BookIn": "Book deliveries into your stock",
            "ScrapItems": "Take damaged items out of your stock",
        },
    ),
    Area(
        ("WarehouseTransfers", "Transfers"),
        "transfers between your warehouses",
        {
            "ViewTransfers": "See transfers between your warehouses",
            "CreateTransfer": "Create transfers between your warehouses",
            "ReceiveTransfer": "Receive what one warehouse sent to another",
        },
    ),
    Area(
        ("Warehouse", "Locations", "StockLocations"),
        "your warehouses",
        {
            "ViewLocations": "See your warehouses and other locations",
            "EditLocations": "Change your warehouses and other locations",
            "ViewBins": "See what is in which bin",
            "EditBins": "Change your bins, and what is in them",
            "ViewPickwaves": "See what is being picked, and by whom",
            "EditPickwaves": "Change what is picked next, and by whom",
        },
    ),
    Area(
        ("Shipping", "ShippingManagement"),
        "your shipping",
        {
            "ViewShipping": "See how your orders are shipped",
            "EditShippingService": "Change how orders are shipped",
            "ViewShippingServices": "See your shipping services",
            "EditShippingServices": "Change your shipping services",
            "CreateLabel": "Create shipping labels",
            "CancelLabel": "Cancel shipping labels",
            "PrintLabels": "Print shipping labels",
            "ViewTracking": "See tracking numbers",
            "EditTracking": "Change tracking numbers",
            "FileManifest": "Tell carriers what to collect",
            "EditPackaging": "Change your boxes and other packaging",
        },
    ),
    Area(
        ("PurchaseOrders", "PurchaseOrder"),
        "your purchase orders",
        {
            "ViewPurchaseOrders": "See what you ordered from suppliers",
            "CreatePurchaseOrder": "Create purchase orders",
            "EditPurchaseOrder": "Change what you ordered from suppliers",
            "DeletePurchaseOrder": "Delete purchase orders",
            "DeliverPurchaseOrder": "Mark purchase orders as delivered",
            "ViewPurchasePrices": "See what you pay your suppliers",
        },
    ),
    Area(
        ("Returns", "Refunds", "ReturnsRefunds", "ReturnsAndRefunds"),
        "your returns and refunds",
        {
            "ViewReturns": "See what customers sent back",
            "CreateReturn": "Accept returns from customers",
            "EditReturn": "Change returns that are on their way",
            "ViewRefunds": "See the refunds you made",
            "CreateRefund": "Refund customers",
            "CreateExchange": "Send a customer another item in exchange",
            "CreateResend": "Send an order to a customer again",
        },
    ),
    Area(
        ("Customers", "Customer"),
        "your customers",
        {
            "ViewCustomers": "See your customers' names and addresses",
            "EditCustomers": "Change your customers' names and addresses",
            "CreateCustomer": "Add customers",
            "DeleteCustomer": "Delete customers",
            "ExportCustomers": "Export your customers' names and addresses",
        },
    ),
    Area(
        ("Email", "Emails"),
        "your e-mail",
        {
            "Send": "Send e-mail to your customers in your name",
            "ViewSentEmails": "See the e-mail you sent to customers",
            "ViewTemplates": "See the templates of your e-mail",
            "EditTemplates": "Change the templates of your e-mail",
            "EditEmailAccounts": "Change the addresses you send e-mail from",
        },
    ),
    Area(
        ("Listings", "Listing", "Channels"),
        "your listings",
        {
            "ViewListings": "See what you offer on your sales channels",
            "CreateListing": "Offer products on your sales channels",
            "EditListing": "Change what you offer on your sales channels",
            "DeleteListing": "Take products off your sales channels",
            "EditChannels": "Change the sales channels you are connected to",
        },
    ),
    Area(
        ("Dashboards", "Reports", "Reporting", "Analytics"),
        "your reports",
        {
            "ViewDashboards": "See your dashboards",
            "ViewReports": "See your reports",
            "ViewSales": "See how much you sell",
            "ViewProfit": "See how much you earn",
            "EditReports": "Change your reports",
            "RunQuery": "Read anything in your data, orders and customers included",
        },
    ),
    Area(
        ("Accounting", "Finance"),
        "your bookkeeping",
        {
            "ViewFees": "See the fees you pay to marketplaces",
            "ViewInvoices": "See your invoices",
            "CreateInvoice": "Create invoices in your name",
            "ViewPayments": "See what customers paid you",
            "EditTaxRates": "Change the tax you charge",
        },
    ),
    Area(
        ("Users", "UserManagement"),
        "the people on your team",
        {
            "ViewUsers": "See who is on your team",
            "CreateUser": "Add people to your team",
            "EditUser": "Change the details of people on your team",
            "DeleteUser": "Remove people from your team",
            "EditPermissions": "Change what people on your team may do",
        },
    ),
    Area(
        ("ImportExport", "ImportExports", "DataImportExport"),
        "your imports and exports",
        {
            "ViewImports": "See your imports",
            "RunImport": "Run imports, which can change many things at once",
            "EditImport": "Change your imports",
            "ViewExports": "See your exports",
            "RunExport": "Run exports of your data",
            "EditExport": "Change your exports",
        },
    ),
    Area(
        ("Printing", "PrintService", "Print"),
        "your printing",
        {
            "Print": "Print documents",
            "PrintInvoices": "Print invoices",
            "PrintPickLists": "Print lists of what to pick",
            "PrintPackingSlips": "Print packing slips",
            "EditPrintTemplates": "Change how invoices and labels look",
            "EditPrinters": "Change your printers",
        },
    ),
    Area(
        ("Settings", "GeneralSettings"),
        "your settings",
        {
            "ViewSettings": "See your settings",
            "EditSettings": "Change your settings",
            "EditCompanyDetails": "Change your company's name and address",
            "EditCountries": "Change the countries you sell to",
            "EditCurrencies": "Change your currencies and their rates",
            "ManageApplications": "Manage the applications on this account",
        },
    ),
    Area(
        ("RulesEngine", "Automation"),
        "your rules",
        {
            "ViewRules": "See the rules that run automatically",
            "EditRules": "Change the rules that run automatically",
            "RunRules": "Run your rules on orders",
        },
    ),
)
AREA_BY_NAME = {name.lower(): area for area in AREAS for name in area.names}
SENTENCES = {
    (name.lower(), node.lower()): sentence
    for area in AREAS
    for name in area.names
    for node, sentence in area.nodes.items()
}
SEES, SEES_AND_CHANGES, USES = "See", "See and change", "Use"
VERBS = {
    **dict.fromkeys(("view", "see", "read", "get", "list", "show", "search", "find"), SEES),
    **dict.fromkeys(("edit", "change", "update", "set", "modify", "write", "save", "adjust"), "Change"),
    **dict.fromkeys(("create", "add", "new", "insert"), "Add"),
    **dict.fromkeys(("delete", "remove"), "Delete"),
    **dict.fromkeys(("manage", "control"), "Manage"),
    **{
        verb.lower(): verb
        for verb in ("Approve", "Archive", "Assign", "Cancel", "Download", "Export", "Hold", "Import")
    },
    **{verb.lower(): verb for verb in ("Lock", "Merge", "Move", "Print", "Process", "Receive", "Run", "Send", "Split")},
    **{verb.lower(): verb for verb in ("Transfer", "Unlock", "Upload")},
}
SPELLED = {"email": "e-mail", "emails": "e-mails"}
NAME = re.compile(r"(?:[A-Za-z0-9]+\.)*[A-Za-z0-9]+")
WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")


def sentence_of(permission: str) -> str:
    """Begins with a verb and never holds the name itself: what somebody made up to be read as a promise would stand
    there as one."""
    scheme, _, path = permission.partition(".")
    if scheme.lower() != "globalpermissions" or not NAME.fullmatch(path):
        return UNKNOWN
    area, *nodes = path.split(".")
    nodes = [_without_node(node) for node in nodes]
    if len(nodes) == 1 and (known := SENTENCES.get((area.lower(), nodes[0].lower()))):
        return known
    noun = _noun(area)
    return _guessed(noun, nodes) if noun else UNKNOWN


def only_sees(sentence: str) -> bool:
    """Whether nothing on the account is changed by it, and nothing leaves it under the account's name."""
    return sentence.startswith(f"{SEES} ") and not sentence.startswith(SEES_AND_CHANGES)


def _without_node(name: str) -> str:
    return name[:-4] if name.lower().endswith("node") else name


def _noun(area: str) -> str:
    """What the area holds; "" where its name says nothing that a sentence could hold."""
    if known := AREA_BY_NAME.get(area.lower()):
        return known.noun
    words = _words(area)
    noun = f"your {' '.join(words)}"
    says_something = len(words) <= MOST_WORDS_OF_AREA and all(len(word) <= LONGEST_WORD for word in words)
    return noun if says_something and len(noun) <= LONGEST // 2 else ""


def _guessed(noun: str, nodes: list[str]) -> str:
    """By the name of the last node: its verb, its words, and the area. A bare verb is said of the node above it."""
    if not nodes:
        return f"{SEES_AND_CHANGES} {noun}"
    verb, words = _taken_apart(nodes[-1])
    if not words and len(nodes) > 1:
        words = _taken_apart(nodes[-2])[1]
    # One word alone may be what is done, or what it is done to.
    if verb == USES and len(words) == 1 and not words[0].endswith("s"):
        return f"{USES} other parts of {noun}"
    what, said, known = " ".join(words), _stems(words), _stems(noun.split())
    if said <= known:
        guessed = f"{verb} {noun}"
    elif said & known:
        guessed = f"{verb} your {what}"
    else:
        guessed = f"{verb} {what} in {noun}"
    says_something = len(words) <= MOST_WORDS and all(len(word) <= LONGEST_WORD for word in words)
    return guessed if says_something and len(guessed) <= LONGEST else f"{USES} other parts of {noun}"


def _stems(words: list[str]) -> set[str]:
    return {word.removesuffix("s") for word in words}


def _taken_apart(node: str) -> tuple[str, list[str]]:
    """A verb, that of USES where the name begins with none, and the words after it."""
    words = _words(node)
    verb = VERBS.get(words[0].lower()) if words else None
    return (verb, words[1:]) if verb else (USES, words)


def _words(name: str) -> list[str]:
    """ "EditFBAOrders" is "edit FBA orders"."""
    words = [word if word.isupper() and len(word) > 1 else word.lower() for word in WORD.findall(name)]
    return [SPELLED.get(word, word) for word in words]
