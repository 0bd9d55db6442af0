"""What tests of manifests share: a module as JSON, many of them, and what is said where one is refused."""

from typing import Any

import pytest

from linnapp.manifest import ManifestError, ManifestInvalid, parse

KEY = "0123456789abcdef0123456789abcdef"
POSTBACK = "https://hooks.example.com/installed?token=[{TOKEN}]&tracking=[{TRACKING}]"


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


# Linnworks' published kind of a pluggable component: the module that holds it in its group has no type.
HOST = {
    "moduleName": "OrderScreens",
    "formattedName": "Order screens",
    "icon": "fa-list",
    "isAngularComponent": "true",
    "group": [
        {
            "moduleName": "weighButton",
            "type": "PluggableComponent",
            "isHidden": "false",
            "files": {"scripts": ["https://cdn.example/weigh.js"], "style": "", "styles": []},
        }
    ],
}


CHANNEL = {
    "moduleName": "BlueMarket",
    "formattedName": "Blue Market",
    "icon": "",
    "path": "",
    "type": "ChannelIntegration",
    "isHidden": "false",
    "isBeta": "false",
    "isAngularComponent": False,
    "maxOpened": "1",
    "group": "",
    "parameters": [
        {"name": "ChannelName", "value": "BLUEMARKET"},
        {"name": "ChannelFriendlyName", "value": "Blue Market"},
        {"name": "ChannelLogoURL", "value": "https://cdn.example/57.png"},
        {"name": "AddNewUserEndpoint", "value": "https://blue.example/api/Config/AddNewUser"},
        {"name": "OrdersEndpoint", "value": "https://blue.example/api/Order/Orders"},
        {"name": "IsListingSupported", "value": "True"},
        {"name": "InventoryUpdateBatchSize", "value": "100"},
        {"name": "PriceUpdateBatchSize", "value": 50},
    ],
    "files": {"scripts": [], "style": None, "styles": []},
    "RequiredPermissionId": None,
}


def of_many(count: int, parameters: int = 2, name: str = "Part") -> dict[str, Any]:
    """Modules whose members take every form that a line must not lose."""
    module = {"type": "ShippingIntegration", "icon": "box", "path": "/in"}
    return {
        "modules": [
            module
            | {
                "formattedName": f"{name} {n}",
                "moduleName": f"Part{n}",
                "group": f"Folder {n % 3}",
                "parameters": [
                    {"name": f"Odd{p}", "value": (f" line {n}\nand ", n, None, {"a": [n]}, "")[p % 5], "note": [n]}
                    for p in range(parameters)
                ],
            }
            for n in range(count)
        ],
        "Zed": {"a": [1, None]},
    }
