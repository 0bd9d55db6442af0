"""Which address a request came from, as far as it can be trusted."""

import ipaddress
from collections.abc import Mapping

from django.conf import settings

# What proxies write about whom they ask for.
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")


def client_address(meta: Mapping[str, str]) -> str:
    """The address of the client: the peer's own, or what TRUSTED_PROXIES report of theirs.

    X-Forwarded-For is read from the right, through trusted proxies only: whatever stands left of the first untrusted
    address was written by the client itself.
    """
    hops = [hop.strip() for hop in meta.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    address = meta.get("REMOTE_ADDR", "")
    while hops and is_trusted(address):
        address = hops.pop()
    return address if is_address(address) else ""


def is_from_this_machine(meta: Mapping[str, str]) -> bool:
    """Whether somebody on this machine asks for themselves. Behind a proxy on the same machine every request comes from
    loopback: one that was passed on for somebody else says so in a header."""
    if any(meta.get(header) for header in FORWARDED):
        return False
    peer = meta.get("REMOTE_ADDR", "")
    if not is_address(peer):
        return False
    address = ipaddress.ip_address(peer)
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def is_trusted(address: str) -> bool:
    if not is_address(address):
        return False
    value = ipaddress.ip_address(address)
    return any(value in network for network in settings.TRUSTED_PROXIES)


def is_address(text: str) -> bool:
    """Without a zone (fe80::1%eth0): it may be any text, and means something on one machine only."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text
