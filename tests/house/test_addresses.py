"""Whose address it is: one table of cases, and what is counted by it."""

from ipaddress import ip_network

import pytest
from django.test import Client
from pytest_django import Settings

from installs.exchange import ledger
from installs.exchange.ledger import flush, note
from installs.exchange.refusals import Reason, failures_of
from installs.models import FailureWindow, RefusalGroup, RefusalSample
from linnapp.addresses import client_address, counted_as, is_from_this_machine

TRUSTED = ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"]
PROXY = "10.0.0.1"
CASES = [
    # No proxy: whatever the client writes.
    ("203.0.113.9", None, "203.0.113.9"),
    ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
    ("203.0.113.9:4711", None, "203.0.113.9"),
    ("2001:DB8:0::1", None, "2001:db8::1"),
    ("[2001:db8::1]:443", None, "2001:db8::1"),
    ("::ffff:203.0.113.9", None, "203.0.113.9"),
    ("fe80::1%eth0", None, "fe80::1"),
    # From the right, through trusted proxies only.
    (PROXY, None, PROXY),
    (PROXY, "", PROXY),
    (PROXY, "203.0.113.9", "203.0.113.9"),
    (PROXY, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
    (PROXY, "198.51.100.1,203.0.113.9,10.1.2.3", "203.0.113.9"),
    (PROXY, "10.1.2.3", "10.1.2.3"),
    ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
    ("fd00::1", "203.0.113.9, ::ffff:10.1.2.3", "203.0.113.9"),
    # As proxies write an address.
    (PROXY, "203.0.113.9:40001", "203.0.113.9"),
    (PROXY, "[2001:db8::1]:40001", "2001:db8::1"),
    (PROXY, "[2001:db8::1]", "2001:db8::1"),
    (PROXY, "2001:db8::1", "2001:db8::1"),
    (PROXY, "2001:0DB8:0:0::0001", "2001:db8::1"),
    (PROXY, "::ffff:203.0.113.9", "203.0.113.9"),
    (PROXY, "[::ffff:203.0.113.9]:40001", "203.0.113.9"),
    (PROXY, "198.51.100.1, 203.0.113.9:1, 10.1.2.3:2", "203.0.113.9"),
    (PROXY, "fe80::1%" + "x" * 100, "fe80::1"),
    # What cannot be read: the last proxy that could be, and nothing that stands left of it.
    (PROXY, "unknown", PROXY),
    (PROXY, "203.0.113.9, unknown", PROXY),
    (PROXY, "203.0.113.9, unix:", PROXY),
    (PROXY, "203.0.113.9, _hidden, 10.1.2.3", "10.1.2.3"),
    (PROXY, "203.0.113.9, ", PROXY),
    (PROXY, "203.0.113.9,,", PROXY),
    (PROXY, "203.0.113.9:port", PROXY),
    (PROXY, "203.0.113.9:1:2", PROXY),
    (PROXY, "203.0.113.999", PROXY),
    (PROXY, "0203.0.113.9", PROXY),
    (PROXY, "[2001:db8::1", PROXY),
    (PROXY, "[203.0.113.9", PROXY),
    (PROXY, '"203.0.113.9"', PROXY),
    (PROXY, "localhost", PROXY),
    (PROXY, "٢٠٣.0.113.9", PROXY),
    # A peer without an address came through a socket file, which is on this machine, and as trusted as it is.
    ("", None, "127.0.0.1"),
    ("", "203.0.113.9", "203.0.113.9"),
    ("unix:", "203.0.113.9, 10.1.2.3", "203.0.113.9"),
    ("/run/portal.sock", "unknown", "127.0.0.1"),
]


def environ(peer: str, forwarded: str | None) -> dict[str, str]:
    return {"REMOTE_ADDR": peer} | ({} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded})


@pytest.mark.parametrize(("peer", "forwarded", "address"), CASES)
def test_whose_address_it_is(settings: Settings, peer: str, forwarded: str | None, address: str) -> None:
    settings.TRUSTED_PROXIES = [ip_network(network) for network in TRUSTED]
    assert client_address(environ(peer, forwarded)) == address
    # Whatever is read can be counted by.
    assert counted_as(address)


def test_a_socket_file_is_trusted_only_where_this_machine_is(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    assert client_address(environ("", "203.0.113.9")) == "127.0.0.1"
    assert client_address({}) == "127.0.0.1"


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ("::1", "::/64"),
    ],
)
def test_ipv6_is_counted_by_what_one_subscriber_has(address: str, counted: str) -> None:
    assert counted_as(address) == counted


@pytest.mark.parametrize(
    ("peer", "headers", "here"),
    [
        ("127.0.0.1", {}, True),
        ("127.9.9.9:4711", {}, True),
        ("::1", {}, True),
        ("[::1]:4711", {}, True),
        ("::ffff:127.0.0.1", {}, True),
        ("203.0.113.9", {}, False),
        ("::ffff:203.0.113.9", {}, False),
        ("", {}, False),
        ("unix:", {}, False),
        ("127.0.0.1", {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, False),
        ("127.0.0.1", {"HTTP_X_FORWARDED_FOR": ""}, False),
        ("127.0.0.1", {"HTTP_X_FORWARDED_HOST": "portal.example.com"}, False),
        ("127.0.0.1", {"HTTP_FORWARDED": "for=127.0.0.1"}, False),
        ("127.0.0.1", {"HTTP_X_REAL_IP": "127.0.0.1"}, False),
        ("127.0.0.1", {"HTTP_VIA": "1.1 proxy"}, False),
        ("127.0.0.1", {"SERVER_PROTOCOL": "HTTP/1.0"}, False),
        ("127.0.0.1", {"SERVER_PROTOCOL": "HTTP/1"}, False),
        ("127.0.0.1", {"SERVER_PROTOCOL": "HTTP/1.1"}, True),
    ],
)
def test_who_asks_on_this_machine_for_themselves(peer: str, headers: dict[str, str], here: bool) -> None:
    assert is_from_this_machine({"REMOTE_ADDR": peer} | headers) is here


def fail_from(*addresses: str) -> None:
    for address in addresses:
        note(Reason.UNPROVEN, address=address, facts={})
    flush()


@pytest.mark.django_db
def test_failed_exchanges_of_one_subscriber_are_counted_together_and_shown_apart() -> None:
    ledger.take()
    fail_from("2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:3::1", "203.0.113.9")
    assert failures_of("2001:db8:1:2::ffff") == 2
    assert failures_of("2001:db8:1:3::1") == failures_of("203.0.113.9") == 1
    assert sorted(FailureWindow.objects.values_list("address", flat=True)) == [
        "2001:db8:1:2::/64",
        "2001:db8:1:3::/64",
        "203.0.113.9",
    ]
    assert RefusalGroup.objects.get(address="2001:db8:1:2::/64").count == 2
    assert RefusalSample.objects.filter(address="2001:db8:1:2::2").count() == 1


@pytest.mark.django_db
def test_those_behind_a_proxy_that_writes_ports_are_not_counted_as_one(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]
    ledger.take()
    for number in range(1, 4):
        headers = {"X-Forwarded-For": f"203.0.113.{number}:4000{number}"}
        Client(headers=headers).post("/api/Auth/AuthorizeByApplication", {"ApplicationId": "x"})
    flush()
    assert sorted(FailureWindow.objects.values_list("address", "failures")) == [
        ("203.0.113.1", 1),
        ("203.0.113.2", 1),
        ("203.0.113.3", 1),
    ]
