"""Which web addresses a manifest may hold, and why others are refused."""

import ipaddress
import re
from urllib.parse import urlsplit

TOKEN = "[{TOKEN}]"
TRACKING = "[{TRACKING}]"

_LABEL = r"[^\W_](?:[\w-]*\w)?"
# Read as parts of an IPv4 address wherever they end a host.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LONGEST_NAME, _LONGEST_LABEL = 253, 63
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
    return _of_host(name, url) if _is_authority(url) else example


def _of_host(name: str, url: str) -> str:
    """Why no server has this name."""
    host = (urlsplit(url).hostname or "").removesuffix(".")
    labels = host.split(".")
    if len(host) > _LONGEST_NAME or max(map(len, labels)) > _LONGEST_LABEL:
        return (
            f"{name} holds a name that no server has: it has at most {_LONGEST_NAME} characters, and {_LONGEST_LABEL} "
            "between two dots."
        )
    if _NUMBER.fullmatch(labels[-1]) and not _is_ipv4(host):
        return f"{name} holds an address in an unusual spelling: write four numbers, such as 203.0.113.9."
    return ""


def _is_ipv4(host: str) -> bool:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def _is_authority(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        if "%" in host:
            # The zone of an IPv6 address means something on one machine only.
            return False
        return port != 0 and bool(ipaddress.IPv6Address(host) if ":" in host else _HOST.fullmatch(host))
    except ValueError:
        return False
