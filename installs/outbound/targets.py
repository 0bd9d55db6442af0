"""Which URLs go out. A URL is read once, strictly; the request is made from what was read, not from the text again."""

import ipaddress
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self
from urllib.parse import quote, unquote, urlsplit

import idna
from django.conf import settings

from installs.outbound.answers import Cause, NotSent

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
# Left as they are in path and query: what a URL may hold, and the sign of what is escaped already.
KEPT = "!#$%&'()*+,/:;=?@[]~"
# A per cent sign that escapes nothing: “100%” is written “100%25”, and all that is escaped beside it stays as it is.
LONE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
# What is written of path and query as it stands, which is most: `quote` would look at each letter.
SPELLED = re.compile(r"(?:[A-Za-z0-9_.\-~!#$&'()*+,/:;=?@\[\]]|%[0-9A-Fa-f]{2})*")
# Scheme, host and port, where a URL has them all: placeholders, and so anybody's values, come after these.
ORIGIN = re.compile(r"[^/?#]*://[^/?#]*")
# What a client made for that may reach of the portal itself.
PORTAL_PATHS = "/api/"


@dataclass(frozen=True)
class Target:
    """Scheme, host (ASCII, lower case, IPv6 without brackets), port, and path with query.

    `is_portal` where it is the portal's own API, and may be reached wherever the portal's name leads.
    """

    scheme: str
    host: str
    port: int
    path: str
    is_portal: bool = False

    @property
    def host_and_port(self) -> str:
        """As the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @classmethod
    def of(cls, url: str, *, to_portal: bool = False) -> Self:
        """Raises NotSent for a URL that does not go out. `to_portal` lets the API of SITE_URL pass, with http too."""
        target = cls.read(url)
        if to_portal and target._is_api_of(cls.read(settings.SITE_URL)):
            return replace(target, is_portal=True)
        if target.scheme == "http" and not settings.OUTBOUND_ALLOW_HTTP:
            raise NotSent(Cause.CLEARTEXT, "http:// is not allowed here: use https://.")
        return target

    def _is_api_of(self, site: "Target") -> bool:
        """Exactly that scheme, host and port, and a path that stays below PORTAL_PATHS whoever reads it."""
        path = self.path.partition("?")[0]
        # Twice: a proxy in between may undo the escapes once more.
        segments = unquote(unquote(path)).replace("\\", "/").split("/")
        below = path.startswith(PORTAL_PATHS) and not {".", ".."} & set(segments)
        return below and (self.scheme, self.host, self.port) == (site.scheme, site.host, site.port)

    @classmethod
    def read(cls, url: str) -> Self:
        """Raises NotSent for what is no address of a web server, whether http is allowed or not."""
        if AMBIGUOUS.search(url):
            raise not_allowed("The URL holds a space, a control character or a backslash.")
        found = ORIGIN.match(url)
        origin = found[0] if found else url
        path, _, query = url[len(origin) :].partition("#")[0].partition("?")
        return cls(*_read_origin(origin), _escaped(path or "/") + (f"?{_escaped(query)}" if query else ""))


@lru_cache(maxsize=1000)
def _read_origin(origin: str) -> tuple[str, str, int]:
    """Scheme, host and port. Kept for the next request to the same; what is refused is not."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        raise not_allowed("The URL is not well formed: write it as https://hooks.example.com/path.") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise not_allowed("The URL does not begin with https:// and the name of a server.")
    if "@" in parts.netloc:
        raise not_allowed("The URL holds a user name or a password: leave them out.")
    port = DEFAULT_PORTS[parts.scheme] if port is None else port
    if port in BAD_PORTS or not port:
        raise not_allowed(f"Port {port} is not for web servers: nothing is sent there.")
    return parts.scheme, _ip_literal(parts.netloc, parts.hostname) or _name(parts.hostname), port


def as_sent(url: str) -> tuple[str, str]:
    """Host with port, and path with query, as they stand in a request to it; of a URL that does not go out, as far as
    they can be told."""
    try:
        target = Target.read(url)
    except NotSent:
        host, slash, path = url.partition("://")[2].partition("#")[0].partition("/")
        return host.rpartition("@")[2], slash + path or "/"
    return target.host_and_port, target.path


def _escaped(part: str) -> str:
    """Path or query as it goes out: nothing that is escaped already is escaped once more."""
    if SPELLED.fullmatch(part):
        return part
    return quote(LONE_PERCENT.sub("%25", part), safe=KEPT)


def not_allowed(sentence: str) -> NotSent:
    return NotSent(Cause.URL_NOT_ALLOWED, sentence)


def _ip_literal(netloc: str, host: str) -> str:
    """The address of `[…]` in its short form; empty for a host without brackets."""
    if not netloc.startswith("["):
        return ""
    try:
        # With a zone (fe80::1%eth0) it is none either: that means something on one machine only.
        return str(ipaddress.IPv6Address("" if "%" in host else host))
    except ValueError:
        raise not_allowed("What stands between the brackets is no IPv6 address.") from None


def _name(host: str) -> str:
    """The host in ASCII, as it is looked up, sent as Host, and sought in the certificate."""
    try:
        name = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        raise not_allowed("The server's name holds characters that no name can have.") from None
    name = name.removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise not_allowed("The server's name is not well formed.")
    if NUMBER.fullmatch(labels[-1]) and not _is_ipv4(name):
        raise not_allowed("The server's address is in an unusual spelling: write four numbers, such as 203.0.113.9.")
    return name


def _is_ipv4(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True
