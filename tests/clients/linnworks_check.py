"""linnworks-api-python, a published client with strict types, against a portal: unmodified but for the host.

A program of its own: its two thousand generated models take seconds to import. It runs with what `manage.py demo_env`
prints in the environment, and prints as JSON what it was told.
"""

import json
import os
import sys
from typing import Any

from linnworks_api.generated import auth, inventory, locations, orders, postalservices, processedorders, stock
from linnworks_api.generated.auth.exceptions import BadRequestException
from linnworks_api.generated.auth.models.base_session import BaseSession

NOBODY = "00000000-0000-0000-0000-000000000000"
# Package, class, method, and its arguments: a name of the package stands for an empty one of that class.
STAND_IN: list[tuple[Any, str, str, dict[str, str]]] = [
    (inventory, "InventoryApi", "get_categories", {}),
    (inventory, "InventoryApi", "get_countries", {}),
    (inventory, "InventoryApi", "get_inventory_item_by_id", {"id": NOBODY}),
    (inventory, "InventoryApi", "get_inventory_item_images", {"inventory_item_id": NOBODY}),
    (locations, "LocationsApi", "get_location", {"pk_stock_location_id": NOBODY}),
    (
        orders,
        "OrdersApi",
        "get_all_open_orders",
        {"orders_get_all_open_orders_request": "OrdersGetAllOpenOrdersRequest"},
    ),
    (orders, "OrdersApi", "get_open_orders", {"orders_get_open_orders_request": "OrdersGetOpenOrdersRequest"}),
    (orders, "OrdersApi", "get_orders_by_id", {"orders_get_orders_by_id_request": "OrdersGetOrdersByIdRequest"}),
    (postalservices, "PostalServicesApi", "get_postal_services", {}),
    (
        processedorders,
        "ProcessedOrdersApi",
        "search_processed_orders",
        {"processed_orders_search_processed_orders_request": "ProcessedOrdersSearchProcessedOrdersRequest"},
    ),
    (
        processedorders,
        "ProcessedOrdersApi",
        "search_processed_orders_paged",
        {"processed_orders_search_processed_orders_paged_request": "ProcessedOrdersSearchProcessedOrdersPagedRequest"},
    ),
    (stock, "StockApi", "get_item_changes_history", {}),
    (stock, "StockApi", "get_stock_items", {}),
    (
        stock,
        "StockApi",
        "get_stock_items_full",
        {"stock_get_stock_items_full_request": "StockGetStockItemsFullRequest"},
    ),
]


def authorise(secret: str) -> BaseSession:
    api = auth.AuthApi(auth.ApiClient(auth.Configuration(host=os.environ["PORTAL_URL"])))
    asked = auth.AuthorizeByApplicationRequest(
        ApplicationId=os.environ["APPLICATION_ID"],
        ApplicationSecret=secret,
        Token=os.environ["PERMANENT_TOKEN"],
    )
    session: BaseSession = api.authorize_by_application(asked)
    return session


def authorised_call() -> dict[str, Any]:
    session = authorise(os.environ["APPLICATION_SECRET"])
    api = inventory.InventoryApi(inventory.ApiClient(inventory.Configuration(host=session.server)))
    locations = api.get_stock_locations(_headers={"Authorization": session.token})
    return {
        "session": [session.ttl, session.locality, session.server],
        "stand_in": stand_in_answers(session),
        "state": session.status and session.status.state,
        "locations": [location.location_name for location in locations],
    }


def stand_in_answers(session: BaseSession) -> dict[str, Any]:
    """What its strict types make of each answer that comes with the portal: the class, and what it holds."""
    told = {}
    for package, api_name, call, arguments in STAND_IN:
        api = getattr(package, api_name)(package.ApiClient(package.Configuration(host=session.server)))
        given = {
            name: getattr(package, value)() if value in dir(package) else value for name, value in arguments.items()
        }
        answer = getattr(api, call)(**given, _headers={"Authorization": session.token})
        told[call] = len(answer) if isinstance(answer, list) else answer.to_dict()
    return told


def wrong_secret() -> dict[str, Any]:
    try:
        authorise("00000000-0000-4000-8000-000000000000")
    except BadRequestException as refused:
        return {"refused": str(refused.body)}
    return {}


if __name__ == "__main__":
    json.dump(authorised_call() | wrong_secret(), sys.stdout, default=str)
