"""linnworks-api-python, a published client with strict types, against a portal: unmodified but for the host.

A program of its own: its two thousand generated models take seconds to import. It runs with what `manage.py demo_env`
prints in the environment, and prints as JSON what it was told.
"""

import json
import os
import sys
from typing import Any

from linnworks_api.generated import auth, inventory
from linnworks_api.generated.auth.exceptions import BadRequestException
from linnworks_api.generated.auth.models.base_session import BaseSession


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
        "state": session.status and session.status.state,
        "locations": [location.location_name for location in locations],
    }


def wrong_secret() -> dict[str, Any]:
    try:
        authorise("00000000-0000-4000-8000-000000000000")
    except BadRequestException as refused:
        return {"refused": str(refused.body)}
    return {}


if __name__ == "__main__":
    json.dump(authorised_call() | wrong_secret(), sys.stdout)
