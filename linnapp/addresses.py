"""Which address a request came from, as far as it can be trusted."""

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache

from django.conf import settings

# What proxies write about whom they ask for; some write others of the same beginning.
FORWARDED = ("HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA", "HTTP_X_CLIENT_IP", "HTTP_CF_CONNECTING_IP")
FORWARDED_BEGINS = "HTTP_X_FORWARDED"
# As servers spell it.
HTTP_1_0 = {"HTTP/1.0", "HTTP/1"}
# Who came through a socket file has no address, and is on this machine: nobody else can open the file.
THIS_MACHINE = "127.0.0.1"
# As proxies write one: `1.2.3.4`, `1.2.3.4:4711`, `[v6]`, `[v6]:4711`. A bare `v6` has no port: its colons are its own.
_WITH_PORT = re.compile(r"\[(?P<v6>[^\[\]]+)\](?::\d{1,5})?|(?P<v4>[\d.]+)(?::\d{1,5})?", re.ASCII)
# What one subscriber gets: whoever has an IPv6 address has all of its /64.
COUNTED_PREFIX = 64
# Of IPv4 what is taken for one where an address is written down rather than kept out.
IPV4_PREFIX = 24
# What one may be given by a provider who is generous, with 65,536 times a /64 in it.
WIDE_PREFIX = 48


def client_address(meta: Mapping[str, str]) -> str:
    """The address of the client: the peer's own, or what TRUSTED_PROXIES report of theirs. Never empty.

    X-Forwarded-For is read from the right, through trusted proxies only: whatever stands left of the first untrusted
    address was written by the client itself. Where a proxy reports what is no address, the reading ends with that
    proxy: strangers would otherwise share one address, or choose it.
    """
    address = read(meta.get("REMOTE_ADDR", "")) or THIS_MACHINE
    forwarded = meta.get("HTTP_X_FORWARDED_FOR", "")
    hops = forwarded.split(",") if forwarded.strip() else []
    while hops and is_trusted(address) and (hop := read(hops.pop())):
        address = hop
    return address


@lru_cache(maxsize=4096)
def counted_as(address: str) -> str:
    """What failures and attempts of an address are counted by: itself, or the /64 of an IPv6 address."""
    value = ipaddress.ip_address(address)
    if value.version == 4:
        return address
    return str(ipaddress.ip_network((value, COUNTED_PREFIX), strict=False))


@lru_cache(maxsize=4096)
def prefix_of(address: str) -> str:
    """The /24 of an IPv4 address, the /64 of an IPv6 one: who comes from there is taken for one."""
    value = ipaddress.ip_address(address)
    length = IPV4_PREFIX if value.version == 4 else COUNTED_PREFIX
    return str(ipaddress.ip_network((value, length), strict=False))


def widely(address: str) -> str:
    """The /48 of an IPv6 address, "" for IPv4: there each address is dear."""
    value = ipaddress.ip_address(address)
    return "" if value.version == 4 else str(ipaddress.ip_network((value, WIDE_PREFIX), strict=False))


def is_from_this_machine(meta: Mapping[str, str]) -> bool:
    """Whether somebody on this machine asks for themselves. Behind a proxy on the same machine every request comes from
    loopback: one that was passed on for somebody else says so in a header, or comes by HTTP/1.0, which some proxies
    speak and no browser does. Whoever comes through a socket file is a proxy."""
    if any(header in FORWARDED or header.startswith(FORWARDED_BEGINS) for header in meta):
        return False
    if meta.get("SERVER_PROTOCOL") in HTTP_1_0:
        return False
    peer = read(meta.get("REMOTE_ADDR", ""))
    return bool(peer) and ipaddress.ip_address(peer).is_loopback


def is_trusted(address: str) -> bool:
    value = ipaddress.ip_address(address)
    return any(value in network for network in settings.TRUSTED_PROXIES)


def read(text: str) -> str:
    """The address alone, in its one spelling; "" for what is none. An IPv4 address that was written as IPv6 is read as
    what it is, and a zone (`fe80::1%eth0`) is left out: it may be any text, and means something on one machine only."""
    text = text.strip()
    found = _WITH_PORT.fullmatch(text)
    bare = (found["v6"] or found["v4"]) if found else text
    try:
        value = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(value, "ipv4_mapped", None) or value)
