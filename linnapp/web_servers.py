"""Which server a URL leads to, read strictly and in one spelling: what is connected to, and what is counted by."""

import ipaddress
import re
from functools import lru_cache
from urllib.parse import urlsplit

import idna

DEFAULT_PORTS = {"http": 80, "https": 443}
# What browsers refuse (the “bad ports” of the Fetch standard), then stores and desktops that understand a line of
# text: a request sent to one of these can do harm, and no web server is missed there.
# fmt: off
BAD_PORTS = {
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
    111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
    540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
    6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
    445, 1433, 1521, 2181, 2379, 3306, 3389, 5432, 5672, 5900, 6379, 9042, 9300, 11211, 27017,
}
# fmt: on
# Spaces and control characters are dropped by some readers of URLs; a backslash is a slash to others.
AMBIGUOUS = re.compile(r"[\x00-\x20\x7f-\xa0\\]")
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# Inet_aton reads these as numbers of an IPv4 address: 127.1, 0x7f.1, 2130706433.
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# Scheme, host and port, where a URL has them all: placeholders, and so anybody's values, come after these.
_ORIGIN = re.compile(r"[^/?#]*://[^/?#]*")


class NoServer(ValueError):
    """Says in a sentence why, and how to write it."""


def split(url: str) -> tuple[str, str]:
    """A URL after its host and port; without these, all of it comes first."""
    found = _ORIGIN.match(url)
    origin = found[0] if found else url
    return origin, url[len(origin) :]


def refuse_ambiguous(url: str) -> None:
    if AMBIGUOUS.search(url):
        raise NoServer("The URL contains a space, a control character or a backslash.")


@lru_cache(maxsize=1000)
def read_origin(origin: str) -> tuple[str, str, int]:
    """Scheme, host (ASCII, lower case, IPv6 without brackets) and port; raises NoServer. Kept for the next request to
    the same; what is refused is not."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        raise NoServer("The URL is not complete: write it like https://hooks.example.com/path.") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise NoServer("The URL must begin with https:// and the name of a server.")
    if "@" in parts.netloc:
        raise NoServer("The URL contains a user name or a password. Leave them out.")
    port = DEFAULT_PORTS[parts.scheme] if port is None else port
    if port in BAD_PORTS or not port:
        raise NoServer(f"Port {port} is not for web servers, so nothing is sent there.")
    return parts.scheme, _ip_literal(parts.netloc, parts.hostname) or _name(parts.hostname), port


def host_and_port(scheme: str, host: str, port: int) -> str:
    """As the Host header has them."""
    host = f"[{host}]" if ":" in host else host
    return host if port == DEFAULT_PORTS[scheme] else f"{host}:{port}"


def server_of(url: str) -> str:
    """Host and port that a URL leads to, which are the same however it spells them: `h.`, `h:443`, full-width letters,
    an IPv6 address with its zeros. Of a URL that leads nowhere what stands there; "" for none."""
    scheme, host, port = _counted(url)
    return host_and_port(scheme, host, port) if scheme else host


def host_of(url: str) -> str:
    """That host, whatever the port."""
    scheme, host, _ = _counted(url)
    return host if scheme else host.partition(":")[0]


def _counted(url: str) -> tuple[str, str, int]:
    origin, _ = split(url)
    try:
        refuse_ambiguous(origin)
        return read_origin(origin)
    except NoServer:
        return "", _as_it_stands(origin), 0


def _as_it_stands(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def _ip_literal(netloc: str, host: str) -> str:
    """The address of `[…]` in its short form; empty for a host without brackets."""
    if not netloc.startswith("["):
        return ""
    try:
        # With a zone (fe80::1%eth0) it is none either: that means something on one machine only.
        return str(ipaddress.IPv6Address("" if "%" in host else host))
    except ValueError:
        raise NoServer("The text between the brackets is not an IPv6 address.") from None


def _name(host: str) -> str:
    """The host in ASCII, as it is looked up, sent as Host, and sought in the certificate."""
    try:
        name = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        raise NoServer("The server's name contains characters that no name can have.") from None
    name = name.removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise NoServer("The server's name is not a domain name.")
    if NUMBER.fullmatch(labels[-1]) and not _is_ipv4(name):
        raise NoServer("The server's address has an unusual spelling: write four numbers, such as 203.0.113.9.")
    return name


def _is_ipv4(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True
