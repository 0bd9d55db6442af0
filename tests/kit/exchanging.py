"""How tests ask the API: an exchange as a client sends it, and what is said."""

import json
from typing import Any

from django.test import Client

from installs.exchange import refusals

URL = "/api/Auth/AuthorizeByApplication"
LOCATIONS = "/api/Inventory/GetStockLocations"
WRONG = "00000000-0000-4000-8000-000000000000"
JSON = "application/json"
UNPROVEN = refusals.SENTENCES[refusals.Reason.UNPROVEN]


def post(body: str | bytes | dict[str, Any], content_type: str = JSON, **headers: Any) -> Any:
    text = json.dumps(body) if isinstance(body, dict) else body
    return Client(enforce_csrf_checks=True).post(URL, text, content_type=content_type, **headers)


def message(answer: Any) -> str:
    """What is said, without the reference, which differs each time."""
    return str(answer.json()["Message"]).rpartition(" (reference")[0]
