"""What a body is that was not read as what its headers say: told to its sender, with what to change. No ORM.

Asked only about bodies in which nothing was found, so that none is refused here that can be read. Nothing is quoted: a
body holds secrets.
"""

import re
from dataclasses import dataclass

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
# Of Content-Encoding, by the words of HTTP; some have a magic number too.
CODINGS = ("gzip", "x-gzip", "deflate", "br", "zstd", "compress")
GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
# The first characters of a form: a name, perhaps encoded, and a sign of equality.
FIELD = re.compile(rb"\s*[A-Za-z_][\w.\[\]%+-]{0,200}=")


@dataclass(frozen=True)
class Mislabelled:
    status: int
    message: str


def what_it_is(body: bytes, *, read_as_json: bool, coding: str) -> Mislabelled | None:
    """None where the body is what it is said to be, or nothing that is known here. `coding` is Content-Encoding."""
    return _compressed(body, coding) or _in_utf_16(body) or _the_other(body, read_as_json=read_as_json)


def _compressed(body: bytes, coding: str) -> Mislabelled | None:
    named = coding.strip().lower()
    if named in CODINGS and body.lstrip()[:1] not in (b"{", b"["):
        said = f"The body is compressed (Content-Encoding: {named}), which is not read here."
        return Mislabelled(415, f"{said} Send it as it is, without Content-Encoding.")
    magic = _coding_of(body)
    if magic:
        said = f"The body is compressed ({magic}), although no Content-Encoding says so, and is not read here."
        return Mislabelled(400, f"{said} Send it as it is.")
    return None


def _coding_of(body: bytes) -> str:
    if body.startswith(GZIP):
        return "gzip"
    if body.startswith(ZSTD):
        return "zstd"
    return "deflate" if ZLIB.match(body) and not _is_text(body) else ""


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _in_utf_16(body: bytes) -> Mislabelled | None:
    """By its mark, or by the half of each plain character that is zero."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")) or (len(body) > 1 and 0 in body[:2] and any(body[:2])):
        return Mislabelled(400, "The body is text in UTF-16. Send it in UTF-8.")
    return None


def _the_other(body: bytes, *, read_as_json: bool) -> Mislabelled | None:
    text = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    if read_as_json and FIELD.match(text):
        said = f"The body is a form, but Content-Type says JSON. Send the header Content-Type: {FORM}"
        return Mislabelled(400, f"{said}, or write the body as JSON.")
    if not read_as_json and text[:1] in (b"{", b"["):
        said = f"The body is JSON, but Content-Type says that it is a form. Send the header Content-Type: {JSON}"
        advice = f"(curl: -H 'Content-Type: {JSON}'; PowerShell: -ContentType {JSON})"
        return Mislabelled(400, f"{said} {advice}, or send ApplicationId=…&ApplicationSecret=…&Token=… as the body.")
    return None
