"""Which URLs go out. A URL is read once, strictly; the request is made from what was read, not from the text again."""

import re
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote, unquote

from django.conf import settings

from installs.outbound.answers import Cause, NotSent
from linnapp import web_servers

# Left as they are in path and query: what a URL may hold, and the sign of what is escaped already.
KEPT = "!#$%&'()*+,/:;=?@[]~"
# A per cent sign that escapes nothing: “100%” is written “100%25”, and all that is escaped beside it stays as it is.
LONE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
# What is written of path and query as it stands, which is most: `quote` would look at each letter.
SPELLED = re.compile(r"(?:[A-Za-z0-9_.\-~!#$&'()*+,/:;=?@\[\]]|%[0-9A-Fa-f]{2})*")
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
        return web_servers.host_and_port(self.scheme, self.host, self.port)

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
        try:
            web_servers.refuse_ambiguous(url)
            origin, rest = web_servers.split(url)
            server = web_servers.read_origin(origin)
        except web_servers.NoServer as fault:
            raise not_allowed(str(fault)) from None
        path, _, query = rest.partition("#")[0].partition("?")
        return cls(*server, _escaped(path or "/") + (f"?{_escaped(query)}" if query else ""))


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
