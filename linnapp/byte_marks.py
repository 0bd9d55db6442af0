"""Text of files that people send, in the encoding that its first bytes name."""

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE

WIDE = (BOM_UTF16_LE, BOM_UTF16_BE)
MARKS = (BOM_UTF8, *WIDE)


def text_of(content: bytes) -> str:
    """By the byte order mark, which is left out; in UTF-8 where there is none. Raises UnicodeDecodeError."""
    return content.decode("utf-16" if content.startswith(WIDE) else "utf-8-sig")
