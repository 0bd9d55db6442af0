"""The door out to the portal itself: a client made for connectors reaches SITE_URL, its /api/ and nothing else."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from installs.outbound import Cause, Client, NotSent, Step
from tests.kit.receivers import Receiver, receiving

CALL = "/api/Inventory/GetStockLocations"


@pytest.fixture
def portal(settings: Settings) -> Iterator[Receiver]:
    """What stands at SITE_URL, on loopback and without https; the settings allow neither to anybody."""
    settings.OUTBOUND_ALLOW_HTTP, settings.OUTBOUND_ALLOWED_NETWORKS = False, []
    with receiving() as receiver:
        settings.SITE_URL = f"http://localhost:{receiver.port}"
        yield receiver


@pytest.fixture
def connectors() -> Iterator[Client]:
    client = Client(reaches_portal=True)
    yield client
    client.close()


def refused(client: Client, url: str) -> Cause:
    with pytest.raises(NotSent) as told:
        client.send("GET", url, body=b"", headers={})
    return told.value.cause


def test_connectors_reach_the_api_of_the_portal(portal: Receiver, connectors: Client, settings: Settings) -> None:
    steps: list[Step] = []
    assert connectors.post(settings.SITE_URL + CALL, body=b"", headers={}, tell=steps.append).status == 200
    assert connectors.send("GET", f"HTTP://LOCALHOST:{portal.port}/api/?x=/../", body=b"", headers={}).status == 200
    assert "It is this portal itself." in [step.words for step in steps]
    assert [received.path for received in portal.received] == [CALL, "/api/?x=/../"]


def test_postbacks_do_not(portal: Receiver, settings: Settings) -> None:
    assert refused(Client(), settings.SITE_URL + CALL) == Cause.CLEARTEXT
    settings.OUTBOUND_ALLOW_HTTP = True
    assert refused(Client(), settings.SITE_URL + CALL) == Cause.ADDRESS_NOT_ALLOWED
    assert portal.connections == 0


OUTSIDE = [
    "", "/", "/api", "/apis/", "/API/x", "//api/x", "/admin/", "/admin/?/api/", "/api/../admin/", "/api/./../admin/",
    "/api/%2e%2e/admin/", "/api/.%2E/admin/", "/api/%2e%2e%2fadmin/", "/api/..%5cadmin/", "/api/%252e%252e/admin/",
    "/api/x/..", "/api/..?x",
]  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_of_the_portal_but_its_api(portal: Receiver, connectors: Client, settings: Settings, path: str) -> None:
    assert refused(connectors, settings.SITE_URL + path) == Cause.CLEARTEXT
    settings.OUTBOUND_ALLOW_HTTP = True
    assert refused(connectors, settings.SITE_URL + path) == Cause.ADDRESS_NOT_ALLOWED
    assert portal.connections == 0


def test_no_other_scheme_name_or_port_is_the_portal(portal: Receiver, connectors: Client, settings: Settings) -> None:
    settings.OUTBOUND_ALLOW_HTTP = True
    with receiving() as beside:
        for origin in (f"http://127.0.0.1:{portal.port}", f"http://localhost:{beside.port}", "https://localhost"):
            assert refused(connectors, origin + CALL) == Cause.ADDRESS_NOT_ALLOWED
        assert refused(connectors, f"http://localhost:{portal.port}@127.0.0.1:{beside.port}{CALL}") == (
            Cause.URL_NOT_ALLOWED
        )
        assert beside.connections == portal.connections == 0


def test_a_kept_connection_to_the_api_serves_nothing_else(
    portal: Receiver, connectors: Client, settings: Settings
) -> None:
    settings.OUTBOUND_ALLOW_HTTP = True
    for _ in range(2):
        connectors.send("GET", settings.SITE_URL + CALL, body=b"", headers={})
    assert portal.connections == 1
    assert refused(connectors, settings.SITE_URL + "/admin/") == Cause.ADDRESS_NOT_ALLOWED
    assert [received.path for received in portal.received] == [CALL, CALL]
