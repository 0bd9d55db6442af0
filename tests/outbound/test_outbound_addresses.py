"""The address matrix of the door out: what a name may resolve to, and how an address may be written.

Only the resolver is replaced; what is connected to lies on loopback. See docs/decisions/0007 for what the libraries
make of the same matrix.
"""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from installs import outbound
from installs.outbound import Cause, NotSent, addresses
from tests.kit.receivers import receiving

PUBLIC = ["8.8.8.8", "93.184.215.14", "172.32.0.1", "192.88.98.1", "2606:4700::1111", "2a00:1450:4001:82f::200e"]
METADATA = "a cloud's metadata address"
PRIVATE = "a private address"
LOOPBACK = "a loopback address"
LINK_LOCAL = "a link-local address"
WRAPPED = "an IPv4 address written as IPv6"
RESERVED = "a reserved address"
NOT_PUBLIC = {
    "10.0.0.7": PRIVATE,
    "172.16.0.1": PRIVATE,
    "172.31.255.255": PRIVATE,
    "192.168.1.1": PRIVATE,
    "fd12:3456:789a::1": PRIVATE,
    "fc00::1": PRIVATE,
    "127.0.0.1": LOOPBACK,
    "127.255.255.254": LOOPBACK,
    "::1": LOOPBACK,
    "169.254.1.1": LINK_LOCAL,
    "fe80::1": LINK_LOCAL,
    "fe80::1%eth0": LINK_LOCAL,
    "169.254.169.254": METADATA,
    "fd00:ec2::254": METADATA,
    "168.63.129.16": METADATA,
    "100.64.0.1": "a carrier-grade address",
    "100.100.100.200": "a carrier-grade address",
    "100.127.255.255": "a carrier-grade address",
    "::ffff:127.0.0.1": WRAPPED,
    "::ffff:10.0.0.7": WRAPPED,
    "::ffff:169.254.169.254": WRAPPED,
    "::ffff:8.8.8.8": WRAPPED,
    "::127.0.0.1": WRAPPED,
    "::10.0.0.7": WRAPPED,
    "::ffff:0:10.0.0.7": WRAPPED,
    "64:ff9b::10.0.0.7": WRAPPED,
    "64:ff9b::169.254.169.254": WRAPPED,
    "64:ff9b:1::10.0.0.7": WRAPPED,
    "2002:0a00:0007::1": WRAPPED,
    "2002:7f00:0001::": WRAPPED,
    "2001:0:4136:e378:8000:63bf:f5ff:fff8": WRAPPED,
    "224.0.0.1": "a multicast address",
    "239.255.255.250": "a multicast address",
    "ff02::1": "a multicast address",
    "ff0e::1": "a multicast address",
    "192.0.2.1": "an address for documentation",
    "198.51.100.1": "an address for documentation",
    "203.0.113.9": "an address for documentation",
    "2001:db8::1": "an address for documentation",
    "3fff::1": "an address for documentation",
    "0.0.0.0": RESERVED,
    "0.1.2.3": RESERVED,
    "::": WRAPPED,
    "255.255.255.255": RESERVED,
    "240.0.0.1": RESERVED,
    "192.0.0.8": RESERVED,
    "192.88.99.1": RESERVED,
    "198.18.0.1": RESERVED,
    "2001:2::1": RESERVED,
    "2001:20::1": RESERVED,
    "fec0::1": RESERVED,
    "100::1": RESERVED,
    "5f00::1": RESERVED,
    "4000::1": RESERVED,
    "1000::1": RESERVED,
}
# Spellings that some readers take for 127.0.0.1 or another address inside.
UNUSUAL = [
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0x7f.0.0.1",
    "127.1",
    "127.0.1",
    "017700000001",
    "0177.0.0.1",
    "127.0.0.01",
    "127.0.0.0x1",
    "127.0.0.1.",
    "127.0.0.256",
    "1.2.3.4.5",
    "１２７.0.0.1",
    "127。0。0。1",
    "①②⑦.0.0.1",
    "10.0.0.０x7",
    "0x",
]
MALFORMED = [
    "https://",
    "https:///path",
    "https://:443/",
    "//hooks.example.com/",
    "hooks.example.com",
    "ftp://hooks.example.com/",
    "file:///etc/passwd",
    "gopher://hooks.example.com/",
    "https:hooks.example.com",
    "https://hooks.example.com:99999/",
    "https://hooks.example.com:-1/",
    "https://hooks.example.com:0/",
    "https://hooks.example.com:４４３x/",
    "https://hooks..example.com/",
    "https://.example.com/",
    "https://hooks.example.com../",
    "https://-hooks.example.com/",
    "https://hooks%2eexample.com/",
    "https://hooks.example.com%00.other.example/",
    "https://hooks.example.com\\@127.0.0.1/",
    "https://hooks.example.com /",
    " https://hooks.example.com/",
    "https://hooks.exa\tmple.com/",
    "https://hooks.example.com/\r\nX-Header: 1",
    "https://hooks.example.com/\x00",
    "https://alice@hooks.example.com/",
    "https://alice:sesame@hooks.example.com/",
    "https://@hooks.example.com/",
    "https://hooks.example.com:443@127.0.0.1/",
    "https://[fe80::1%25eth0]/",
    "https://[::1%lo]/",
    "https://[::1/",
    "https://[10.0.0.7]/",
    "https://[v1.fe80]/",
    "https://" + "a" * 64 + ".example.com/",
    "https://" + "a." * 127 + "com/",
    "https://xn--\u00e9.example/",
    "https://\u200b.example/",
]
Resolve = Callable[..., list[Any]]


def answering(*found: str) -> Resolve:
    """A resolver that finds these addresses for every name."""

    def getaddrinfo(host: str, port: object, *arguments: object, **named: object) -> list[Any]:
        # What the real one does with a zone and IPv6: four members, of which the first is the address.
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (text, 0, 0, 0))
            if ":" in text
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, 0))
            for text in found
        ]

    return getaddrinfo


def refused(url: str) -> NotSent:
    with pytest.raises(NotSent) as told:
        outbound.post(url, body=b"", headers={})
    return told.value


@pytest.mark.parametrize(("address", "kind"), NOT_PUBLIC.items())
def test_a_name_that_resolves_inside_is_refused(monkeypatch: pytest.MonkeyPatch, address: str, kind: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answering(address))
    fault = refused("https://hooks.example.com/?token=secret")
    assert fault.cause == Cause.ADDRESS_NOT_ALLOWED
    assert str(fault) == (
        f"hooks.example.com resolves to {address}, {kind}. The portal sends only to public addresses."
    )


@pytest.mark.parametrize(("address", "kind"), [(text, kind) for text, kind in NOT_PUBLIC.items() if "%" not in text])
def test_so_is_the_address_itself(address: str, kind: str) -> None:
    fault = refused(f"https://[{address}]/" if ":" in address else f"https://{address}/")
    assert fault.cause == Cause.ADDRESS_NOT_ALLOWED
    assert str(fault) == f"{ipaddress.ip_address(address)} is {kind}. The portal sends only to public addresses."


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_not(address: str) -> None:
    assert addresses.fault_of(address) == ""


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_inside_among_several_refuses_all(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    found = ["8.8.8.8", "2606:4700::1111"]
    monkeypatch.setattr(socket, "getaddrinfo", answering(*found[:place], "10.0.0.7", *found[place:]))
    assert refused("https://hooks.example.com/").cause == Cause.ADDRESS_NOT_ALLOWED


@pytest.mark.parametrize("host", UNUSUAL)
def test_an_address_in_an_unusual_spelling_goes_nowhere(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answering("8.8.8.8"))
    fault = refused(f"https://{host}/")
    assert fault.cause in {Cause.URL_NOT_ALLOWED, Cause.ADDRESS_NOT_ALLOWED}
    if fault.cause == Cause.ADDRESS_NOT_ALLOWED:
        assert str(fault).startswith("127.0.0.1 is a loopback address")


@pytest.mark.parametrize("url", MALFORMED)
def test_a_malformed_or_ambiguous_url_goes_nowhere(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answering("8.8.8.8"))
    fault = refused(url)
    assert fault.cause == Cause.URL_NOT_ALLOWED
    assert "sesame" not in str(fault)


@pytest.mark.parametrize("port", [22, 25, 445, 3306, 5432, 6379, 11211])
def test_ports_of_other_protocols_are_refused(port: int) -> None:
    fault = refused(f"https://hooks.example.com:{port}/")
    assert fault.cause == Cause.URL_NOT_ALLOWED
    assert str(fault) == f"Port {port} is not for web servers, so nothing is sent there."


def test_http_is_refused_unless_it_is_allowed(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answering("10.0.0.7"))
    fault = refused("http://hooks.example.com/")
    assert (fault.cause, str(fault)) == (Cause.CLEARTEXT, "http:// is not allowed here: use https://.")
    settings.OUTBOUND_ALLOW_HTTP = True
    assert refused("http://hooks.example.com/").cause == Cause.ADDRESS_NOT_ALLOWED


class Rebinding:
    """A resolver that finds a good address the first time it is asked for a name, and a bad one from then on."""

    def __init__(self, good: str, bad: str) -> None:
        self.good, self.bad = good, bad
        self.asked: dict[str, int] = {}

    def __call__(self, host: str, *arguments: object, **named: object) -> list[Any]:
        self.asked[host] = self.asked.get(host, 0) + 1
        return answering(self.good if self.asked[host] == 1 else self.bad)(host, None)


def test_what_is_connected_to_is_what_was_checked(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """20 tries through the socket: 127.0.0.2 stands for a public address, 127.0.0.1 for one inside."""
    settings.OUTBOUND_ALLOW_HTTP = True
    settings.OUTBOUND_ALLOWED_NETWORKS = [ipaddress.ip_network("127.0.0.2/32")]
    resolver = Rebinding("127.0.0.2", "127.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    with receiving(host="127.0.0.2") as good, socket.create_server(("127.0.0.1", good.port)) as bad:
        bad.setblocking(False)
        for number in range(20):
            url = f"http://rebinding-{number}.example:{good.port}/"
            answer = outbound.post(url, body=b"first", headers={})
            assert (answer.status, answer.address) == (200, "127.0.0.2")
            with pytest.raises(NotSent, match=r"resolves to 127\.0\.0\.1, a loopback address"):
                outbound.post(url, body=b"second", headers={})
        assert [received.body for received in good.received] == [b"first"] * 20
        with pytest.raises(BlockingIOError):
            bad.accept()
    assert set(resolver.asked.values()) == {2}


def test_a_name_is_looked_up_once_and_every_answer_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """1,000 tries at the resolver: whatever a later answer would be, what was checked is what is given on."""
    resolver = Rebinding("8.8.8.8", "10.0.0.7")
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    for number in range(1000):
        found = addresses.resolve(f"n{number}.example", 1)
        addresses.refuse_bad(f"n{number}.example", found)
        assert found == ["8.8.8.8"]
        with pytest.raises(NotSent):
            addresses.refuse_bad(f"n{number}.example", addresses.resolve(f"n{number}.example", 1))
    assert set(resolver.asked.values()) == {2}


def test_what_the_operator_allows_is_allowed(settings: Settings) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = [ipaddress.ip_network("10.20.0.0/16"), ipaddress.ip_network("::1/128")]
    assert addresses.fault_of("10.20.3.4") == addresses.fault_of("::1") == ""
    assert addresses.fault_of("10.21.3.4") == PRIVATE
    assert addresses.fault_of("::ffff:10.20.3.4") == WRAPPED
