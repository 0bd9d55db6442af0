"""Which letters the bytes of an answer are, by what it says of itself and by what they look like.

Browsers' reading of names is followed (https://encoding.spec.whatwg.org/): ISO-8859-1 means windows-1252. A name is
looked up in a table made once, because Python keeps every unknown one that it was ever asked for.
"""

import codecs
import re
from collections.abc import Iterator
from encodings.aliases import aliases

from installs.outbound.answers import Answer
from linnapp import credentials

# Codecs that turn bytes into a text and do nothing else. No utf_7: it writes plain letters in a second way.
_TEXTS = {
    *("ascii", "utf_8", "utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_32_le", "utf_32_be"),
    *(f"iso8859_{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)),
    *(f"cp{page}" for page in (437, 850, 852, 855, 857, 858, 860, 861, 862, 863, 865, 866, 869, 874, 932, 949, 950)),
    *(f"cp125{part}" for part in range(9)),
    *("koi8_r", "koi8_u", "mac_roman", "mac_cyrillic", "tis_620"),
    *("shift_jis", "euc_jp", "iso2022_jp", "euc_kr", "iso2022_kr", "gb2312", "gbk", "gb18030", "big5", "big5hkscs"),
}
# Each of these names is used for the larger one.
_LARGER = {
    "ascii": "cp1252",
    "iso8859_1": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_11": "cp874",
    "tis_620": "cp874",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "utf_16": "utf_16_le",
    "utf_32": "utf_32_le",
}
_MORE_NAMES = {"x_sjis": "shift_jis", "x_euc_jp": "euc_jp", "x_gbk": "gbk", "x_x_big5": "big5", "windows_874": "cp874"}
_NAMES = {name: _LARGER.get(codec, codec) for name, codec in (aliases | _MORE_NAMES).items() if codec in _TEXTS}
CODECS = _NAMES | {codec: _LARGER.get(codec, codec) for codec in _TEXTS}
# The longest first: the mark of UTF-32 begins with that of UTF-16.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf_32_le",
    codecs.BOM_UTF32_BE: "utf_32_be",
    codecs.BOM_UTF8: "utf_8",
    codecs.BOM_UTF16_LE: "utf_16_le",
    codecs.BOM_UTF16_BE: "utf_16_be",
}
_WIDE = ("utf_16", "utf_32")
# What stands between is one run of one class: two that can hold the same take quadratic time for a long one.
_CHARSET = re.compile(r"""\bcharset\s*=[\s"']*([\w.:+-]{1,40})""", re.IGNORECASE | re.ASCII)
# Characters of a Content-Type that are looked at.
_TYPE_LENGTH = 1000


def charset_of(content_type: str) -> str:
    """Python's name of the codec that a Content-Type names; "" where it names none that is known."""
    named = _CHARSET.search(content_type[:_TYPE_LENGTH])
    return CODECS.get(re.sub(r"[^a-z0-9]+", "_", named[1].lower()), "") if named else ""


def of_answer(answer: Answer) -> str:
    """The text of its body."""
    types = [value for name, value in answer.headers if name.lower() == "content-type"]
    return of_body(answer.body, ", ".join(types), is_cut=answer.is_cut)


def of_header(value: bytes, charset: str) -> str:
    """A header has no charset of its own: UTF-8 where it is that, else the answer's, else windows-1252."""
    for codec in ("utf_8", "" if charset.startswith(_WIDE) else charset):
        if (text := _strictly(value, codec, is_cut=False)) is not None:
            return text
    return _somehow(value)


def of_body(body: bytes, content_type: str, *, is_cut: bool) -> str:
    """The text of a body, or of its beginning (`is_cut`). What is not in the charset it names is UTF-8, or read as
    windows-1252 with the replacement character for what that has not.

    A value in the shape of a credential that stands in the bytes stands in the text too, so that it can be masked:
    a charset that would read it as other letters is not believed.
    """
    plain = body.replace(b"\0", b"")
    guessed = _strictly(plain, "utf_8", is_cut=is_cut)
    guessed = _somehow(plain) if guessed is None else guessed.removeprefix("\ufeff")
    seen = credentials.number_in(guessed)
    for text in _readings(body, content_type, is_cut=is_cut):
        if credentials.number_in(text) >= seen:
            return text
    return guessed


def _readings(body: bytes, content_type: str, *, is_cut: bool) -> Iterator[str]:
    """By the mark that it begins with, then by the charset that it names."""
    for mark, codec in _MARKS.items():
        if body.startswith(mark) and (text := _strictly(body[len(mark) :], codec, is_cut=is_cut)) is not None:
            yield text
    charset = charset_of(content_type)
    # Whatever is in a wide charset holds a zero somewhere; whatever is in ASCII never does, and says the same in all.
    if charset and not (charset.startswith(_WIDE) and b"\0" not in body and _is_utf8(body)):
        text = _strictly(body, charset, is_cut=is_cut)
        if text is None and charset == "cp1252" and not _is_utf8(body):
            text = _somehow(body)
        if text is not None:
            yield text


def _is_utf8(body: bytes) -> bool:
    return _strictly(body, "utf_8", is_cut=True) is not None


def _strictly(body: bytes, codec: str, *, is_cut: bool) -> str | None:
    """None where it is not in that; half a letter at the end of what was cut is left out."""
    if not codec:
        return None
    try:
        if codec == "utf_8" and not is_cut:
            return body.decode()
        return codecs.getincrementaldecoder(codec)("strict").decode(body, final=not is_cut)
    except UnicodeError:
        return None


def _somehow(body: bytes) -> str:
    return body.decode("cp1252", errors="replace")
