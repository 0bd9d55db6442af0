"""An address goes out as it was written, and the log shows it as it went out."""

import pytest

from installs import outbound
from installs.outbound import masking
from tests.kit.receivers import receiving


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("/in?off=100%&tracking=ok%2Fcarol", "/in?off=100%25&tracking=ok%2Fcarol"),
        ("/100%/ok%2fcarol", "/100%25/ok%2fcarol"),
        ("/in?a=%", "/in?a=%25"),
        ("/in?a=%2", "/in?a=%252"),
        ("/in?a=%zz%41", "/in?a=%25zz%41"),
        ("/in?a=%25", "/in?a=%25"),
        ("/a/../b/./c", "/a/../b/./c"),
        ('/caf\u00e9?q=\u00e9|"', "/caf%C3%A9?q=%C3%A9%7C%22"),
        ("?a=b#c", "/?a=b"),
        ("", "/"),
    ],
)
@pytest.mark.usefixtures("to_loopback")
def test_a_request_is_logged_as_it_is_sent(written: str, path: str) -> None:
    with receiving() as receiver:
        outbound.post(receiver.url + written, body=b"", headers={})
        (received,) = receiver.received
    assert received.path == path
    lines = masking.request_text(receiver.url + written, {}, "").splitlines()
    assert lines == [f"POST {received.path} HTTP/1.1", f"Host: {received.headers['Host']}", ""]


@pytest.mark.parametrize(
    ("url", "lines"),
    [
        ("https://B\u00fccher.example:443/in", ["POST /in HTTP/1.1", "Host: xn--bcher-kva.example"]),
        ("https://user:pass@x.example/in?a=b", ["POST /in?a=b HTTP/1.1", "Host: x.example"]),
        ("https://[/in", ["POST /in HTTP/1.1", "Host: ["]),
    ],
)
def test_the_host_is_logged_as_it_is_asked_for(url: str, lines: list[str]) -> None:
    assert masking.request_text(url, {}, "").splitlines()[:2] == lines
