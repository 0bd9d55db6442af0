"""Which web addresses a manifest may hold, and why others are refused."""

import ipaddress
import re
from urllib.parse import urlsplit

TOKEN = "[{TOKEN}]"
TRACKING = "[{TRACKING}]"

_LABEL = r"[^\W_](?:[\w-]*\w)?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")


def fault(name: str, url: str) -> str:
    """What is wrong with an absolute http or https URL, as a sentence; "" where nothing is. Placeholders may stand
    in its path, query and fragment."""
    example = f"{name} must be a whole address, such as https://hooks.example.com/linnapp."
    if any(letter == "\\" or not letter.isprintable() or letter.isspace() for letter in url):
        return f"{example} It holds no spaces, line breaks or backslashes."
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return example
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    # Tracking comes with the installation link: in the host, its author would choose who is sent the permanent token.
    if TOKEN in authority or TRACKING in authority:
        return f"{name} may hold {TOKEN} and {TRACKING} in its path and query, not in its host."
    if "@" in authority:
        return f"{name} holds a user name or password, which logs would keep. Take it out."
    return "" if _is_authority(url) else example


def _is_authority(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        return port != 0 and bool(ipaddress.IPv6Address(host) if ":" in host else _HOST.fullmatch(host))
    except ValueError:
        return False
