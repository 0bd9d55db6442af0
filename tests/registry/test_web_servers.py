"""One server has one name, however a URL spells it: whoever counts by it is not got around by spellings."""

import pytest

from installs.models.deliveries import host_of
from installs.outbound.targets import Target
from linnapp.services import quotas

SPELLINGS = [
    ("https://shop.example/a", "shop.example"),
    ("https://SHOP.example", "shop.example"),
    ("https://shop.example./a", "shop.example"),
    ("https://shop.example:443/a?b", "shop.example"),
    ("https://sh\u00adop.example/", "shop.example"),
    ("https://ｓｈｏｐ.example/", "shop.example"),
    ("https://shop。example/", "shop.example"),
    ("https://shop.example:8443/", "shop.example:8443"),
    ("https://bücher.example/", "xn--bcher-kva.example"),
    ("https://XN--bcher-KVA.example/", "xn--bcher-kva.example"),
    ("https://[2001:DB8:0:0::1]:443/", "[2001:db8::1]"),
    ("https://[2001:db8:0000::0001]:8443/", "[2001:db8::1]:8443"),
]


@pytest.mark.parametrize(("url", "server"), SPELLINGS)
def test_a_server_is_counted_under_the_name_that_is_connected_to(url: str, server: str) -> None:
    assert host_of(url) == Target.read(url).host_and_port == server
    assert quotas.hostname_of(url) == Target.read(url).host


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("", ""),
        ("nothing", ""),
        ("https://", ""),
        ("https://[oops/", ""),
        ("https://Bad host.example/a", "bad host.example"),
        ("https://somebody@shop.example/", "shop.example"),
        ("https://2130706433:443/", "2130706433:443"),
        ("ftp://Files.example/", "files.example"),
        (f"https://{'a' * 300}.example/", f"{'a' * 260}"),
    ],
)
def test_of_what_leads_nowhere_it_is_what_stands_there(url: str, shown: str) -> None:
    assert host_of(url) == shown


def test_a_port_where_nothing_is_sent_makes_no_other_host() -> None:
    counted = {quotas.hostname_of(url) for url in ("https://shop.example:445/", "https://shop.example/")}
    assert counted == {"shop.example"}
