"""What tests of the importer share: a module as JSON, and what is said where it is refused."""

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
