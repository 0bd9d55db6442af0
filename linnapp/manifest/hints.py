"""What may be saved, and is worth a word beside the field."""

import re
from collections.abc import Iterator

from linnapp.manifest.errors import ManifestError
from linnapp.manifest.meaning import POSTBACK_URL, known_parameter, upper_name
from linnapp.manifest.values import Manifest, ManifestModule, every_module
from linnapp.manifest.web_addresses import TOKEN, TRACKING
from linnapp.module_types import ParameterType, ValueKind, known_type

PLACEHOLDER = re.compile(r"\[\{[^\[\]{}]*\}\]")
PERMISSION = re.compile(r"GlobalPermissions\.\w+\.[\w.]+")
NOT_ENCRYPTED = "This address is not encrypted. Use https:// for anything but a test."
NOT_UPPER_CASE = "not_upper_case"
# Without it a module of the type does nothing.
NEEDED = {"ExternalUserInterface": "URL", "ChannelIntegration": "ChannelName", "ShippingIntegration": "VendorName"}


def warnings(manifest: Manifest) -> list[ManifestError]:
    """Hints by path, worded for a person. None keeps the manifest from being saved."""
    found = [hint for path, module in every_module(manifest) for hint in _module(module, path)]
    for place, permission in enumerate(manifest.permissions):
        if not PERMISSION.fullmatch(permission):
            message = "Permissions look like GlobalPermissions.OrderBook.ViewOrderDetailsNode."
            found.append(ManifestError(f"LinnworksPermissions[{place}]", "unusual", message))
    return found


def _module(module: ManifestModule, path: str) -> Iterator[ManifestError]:
    for number, parameter in enumerate(module.parameters):
        known = known_parameter(module, parameter.name)
        if known and isinstance(parameter.value, str) and parameter.value:
            where = f"{path}.parameters[{number}].value"
            yield from (ManifestError(where, code, message) for code, message in _value(known, parameter.value))
    module_type = known_type(module.type)
    needed = NEEDED.get(module_type.name) if module_type else None
    if needed and module.value_of(needed) in ("", None):
        yield ManifestError(_place(module, path, needed), "empty", f"This module does nothing until {needed} is set.")


def _place(module: ManifestModule, path: str, name: str) -> str:
    """The path of a parameter's value; of all parameters where it is missing."""
    names = [parameter.name.casefold() for parameter in module.parameters]
    missing = name.casefold() not in names
    return f"{path}.parameters" if missing else f"{path}.parameters[{names.index(name.casefold())}].value"


def _value(known: ParameterType, value: str) -> Iterator[tuple[str, str]]:
    if known.kind == ValueKind.URL:
        yield from _address(known, value)
    if known.kind == ValueKind.UPPER_NAME and value != value.upper() == upper_name(known, value):
        yield NOT_UPPER_CASE, f"{known.name} should be upper case: {value.upper()}. It is saved as it is."


def _address(known: ParameterType, url: str) -> Iterator[tuple[str, str]]:
    if TOKEN in url.partition("?")[2]:
        yield "token_in_query", of_token_in_query(known)
    if url[:7].lower() == "http://":
        yield "not_encrypted", NOT_ENCRYPTED
    if known.placeholders:
        yield from ((("placeholder", _unknown(found))) for found in _unknown_placeholders(url))


def of_token_in_query(known: ParameterType) -> str:
    """What is said where the permanent token stands in the query of this parameter's address."""
    if known is not POSTBACK_URL:
        return "The permanent token will be in the query, where your server's access log keeps it."
    kept = "In a query the permanent token ends up in the access logs of every server on the way."
    return f"{kept} It is in the form body too: take it from there."


def _unknown_placeholders(url: str) -> list[str]:
    return [found for found in dict.fromkeys(PLACEHOLDER.findall(url)) if found not in (TOKEN, TRACKING)]


def _unknown(placeholder: str) -> str:
    return f"{placeholder} is sent as it is: the placeholders are exactly {TOKEN} and {TRACKING}."
