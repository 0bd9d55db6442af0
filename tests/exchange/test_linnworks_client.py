"""linnworks-api-python, a published client with strict types: unmodified but for the host."""

import pytest
from linnworks_api.generated import auth, inventory
from linnworks_api.generated.auth.exceptions import BadRequestException
from linnworks_api.generated.auth.models.base_session import BaseSession

from tests.kit.portal import Portal


def authorise(portal: Portal, demo: dict[str, str]) -> BaseSession:
    api = auth.AuthApi(auth.ApiClient(auth.Configuration(host=portal.url)))
    return api.authorize_by_application(
        auth.AuthorizeByApplicationRequest(
            ApplicationId=demo["APPLICATION_ID"],
            ApplicationSecret=demo["APPLICATION_SECRET"],
            Token=demo["PERMANENT_TOKEN"],
        )
    )


def test_it_authorises_and_makes_an_authorised_call(live_portal: Portal, demo: dict[str, str]) -> None:
    session = authorise(live_portal, demo)
    assert (session.ttl, session.locality, session.server) == (1800, "EU", live_portal.url)
    assert session.status is not None
    assert session.status.state == "AVAILABLE"

    api = inventory.InventoryApi(inventory.ApiClient(inventory.Configuration(host=session.server)))
    locations = api.get_stock_locations(_headers={"Authorization": session.token})
    assert [location.location_name for location in locations] == ["Default"]


def test_a_wrong_secret_reaches_it_as_a_bad_request(live_portal: Portal, demo: dict[str, str]) -> None:
    with pytest.raises(BadRequestException) as refused:
        authorise(live_portal, demo | {"APPLICATION_SECRET": "00000000-0000-4000-8000-000000000000"})
    assert "ApplicationId, ApplicationSecret or Token is wrong." in str(refused.value.body)
