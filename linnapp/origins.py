"""Origins of pages, as browsers send them: `https://app.example.com`, `http://localhost:3000`; and addresses that the
paths of calls are put behind: an origin, or `https://data.example.com/eu`."""

import re
from urllib.parse import unquote, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
# Of an address that calls are put behind.
LONGEST = 200
HOST = re.compile(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\]")


def fault_of(text: str) -> str:
    """What keeps a text from ever being equal to an origin that a browser sends; "" where nothing does."""
    if text == "*":
        return "every page would be let in. Name each origin"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return "it cannot be read as an address"
    if parts.scheme not in DEFAULT_PORTS:
        return "it begins with neither https:// nor http://"
    if "@" in parts.netloc:
        return "an origin has no user name"
    if text != f"{parts.scheme}://{parts.netloc}":
        return "an origin ends with its host or port, without a slash or a path"
    host = parts.netloc if port is None else parts.netloc.removesuffix(f":{port}")
    if not HOST.fullmatch(host):
        return "its host is not written as browsers do, in small letters and ASCII (xn--… for others)"
    if port == DEFAULT_PORTS[parts.scheme]:
        return f"browsers leave out the port {port}"
    return ""


def fault_of_path(path: str) -> str:
    """What keeps `/api/…` from being put behind this path of an address; "" where nothing does."""
    segments = unquote(path).replace("\\", "/").lower().split("/")
    if path.rstrip("/").lower().endswith("/api"):
        return "it ends with /api, which calls begin with"
    if path.endswith("/"):
        return "it ends with a slash, which calls begin with"
    if "" in segments[1:] or {".", ".."} & set(segments):
        return "a part of its path is empty or made of dots, which servers read in different ways"
    return ""
