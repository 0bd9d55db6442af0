"""Which IP addresses a request may go to, and how a name becomes one."""

import ipaddress
import socket
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate

from AntiSSRF import IPAddressRanges
from django.conf import settings

from installs.outbound.answers import Cause, NotSent

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _networks(*ranges: tuple[str, ...]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(network) for several in ranges for network in several]


# The first that fits names the address in a sentence.
KINDS = {
    "a cloud's metadata address": _networks(IPAddressRanges.imds, IPAddressRanges.wireserver, ("fd00:ec2::254/128",)),
    "a loopback address": _networks(IPAddressRanges.loopback),
    "a private address": _networks(IPAddressRanges.private_use, IPAddressRanges.unique_local),
    "a link-local address": _networks(IPAddressRanges.link_local),
    "a carrier-grade address": _networks(IPAddressRanges.shared_address_space),
    "a multicast address": _networks(IPAddressRanges.multicast),
    "an address for documentation": _networks(IPAddressRanges.documentation),
    "an IPv4 address written as IPv6": _networks(
        ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96"),
        IPAddressRanges.ipv4_ipv6_translat,
        IPAddressRanges.sixto4,
        IPAddressRanges.teredo,
    ),
    "a reserved address": _networks(IPAddressRanges.recommended_latest),
}
# All of public IPv6 so far: what is assigned one day outside of it is refused until somebody has looked.
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


def fault_of(text: str) -> str:
    """What is wrong with sending to an IP address, such as "a private address"; empty when nothing is.

    OUTBOUND_ALLOWED_NETWORKS come first: what the operator allows is allowed.
    """
    address = ipaddress.ip_address(text)
    if is_allowed(text):
        return ""
    for kind, networks in KINDS.items():
        if any(address in network for network in networks):
            return kind
    is_public = address.is_global and (address.version == 4 or address in GLOBAL_UNICAST)
    return "" if is_public else "a reserved address"


def is_allowed(text: str) -> bool:
    address = ipaddress.ip_address(text)
    return any(address in network for network in settings.OUTBOUND_ALLOWED_NETWORKS)


def approval(found: list[str]) -> str:
    """What is told of addresses that are none to refuse."""
    if any(map(is_allowed, found)):
        return "OUTBOUND_ALLOWED_NETWORKS lets requests go there."
    return f"{found[0]} is a public address." if len(found) == 1 else f"All {len(found)} are public addresses."


def resolve(host: str, seconds: float) -> list[str]:
    """The IP addresses of a host, in the resolver's order; raises NotSent, after so many seconds at the latest."""
    if _is_address(host):
        return [host]
    answer: Future[list[str]] = Future()
    # The resolver has no time limit of its own to set. A thread that outlives its limit ends with the resolver's, and
    # does not hold up a stop.
    threading.Thread(target=_look_up, args=(host, answer), name="look-up", daemon=True).start()
    try:
        return answer.result(seconds)
    except TooLate as error:
        silent = f"The name {host} was not found: its name servers did not answer in time."
        raise NotSent(Cause.NAME_NOT_FOUND, silent) from error
    except (OSError, UnicodeError) as error:
        passing = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
        why = ": its name servers did not answer" if passing else ""
        raise NotSent(Cause.NAME_NOT_FOUND, f"The name {host} was not found{why}.") from error


def _look_up(host: str, answer: Future[list[str]]) -> None:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        answer.set_result(list(dict.fromkeys(str(address[0]) for *_, address in found)))
    except Exception as error:  # raised again where the answer is waited for
        answer.set_exception(error)


def refuse_bad(host: str, addresses: list[str]) -> None:
    """Raises NotSent when one of the addresses of a host is none to send to: which one is connected to is chance."""
    for address in addresses:
        if kind := fault_of(address):
            subject = f"{host} is {kind}" if host == address else f"{host} resolves to {address}, {kind}"
            raise NotSent(Cause.ADDRESS_NOT_ALLOWED, f"{subject}. The portal sends only to public addresses.")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
