"""Slow clients beside others: who sends half a request, or does not read, keeps nobody waiting and is sent away."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.front.sockets import Raw, connected
from tests.kit.portal import Portal
from tests.kit.slow import slow_clients

TIME = "/api/Auth/GetServerUTCTime"
HALVES = {
    "body": f"POST {TIME} HTTP/1.1\r\nHost: {{host}}\r\nContent-Length: 1000\r\n\r\n{{{{",
    "form": "POST /sign-in/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n\r\nl",
    "head": "GET / HTTP/1.1\r\nHost: {host}\r\nX-Slow: ",
    "nothing": "",
}
pytestmark = pytest.mark.slow(seconds=20)


def test_fifty_of_each_keep_nobody_waiting(own_portal: Portal) -> None:
    url = own_portal.url
    paths = [TIME, "/sign-in/"] * 40
    slow = slow_clients(own_portal.port, bodies=50, heads=50, readers=50, seconds=60)
    with slow, ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda path: requests.get(f"{url}{path}", timeout=20).status_code, paths))
    assert answers == [200] * len(paths)


def test_who_sends_half_is_told_and_sent_away(live_portal: Portal) -> None:
    with ThreadPoolExecutor(len(HALVES)) as pool:
        said = dict(
            zip(HALVES, pool.map(lambda half: last_words(live_portal.port, half), HALVES.values()), strict=True)
        )
    assert said == {"body": 408, "form": 408, "head": 408, "nothing": None}


def last_words(port: int, half: str) -> int | None:
    """The status it is sent away with, if any."""
    with connected(port) as client:
        client.send(half.replace("{{{{", "{{"))
        first = client.socket.recv(1)
        if not first:
            return None
        assert first == b"H"
        return told(client)


def told(client: Raw) -> int:
    status = int(client.line().split()[1])
    while client.line():
        pass
    rest = b""
    while part := client.socket.recv(4096):
        rest += part
    assert rest
    return status
