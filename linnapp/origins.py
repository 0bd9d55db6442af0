"""Origins of pages, as browsers send them: `https://app.example.com`, `http://localhost:3000`."""

import re
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
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
