"""What people type to be read by others: which characters may stand in it, how it is stored, and how it stands among
other words. One rule for the names of people, companies and applications, and for every other text of people. No ORM.
"""

import re
import unicodedata
from collections.abc import Iterator

# Each turns what stands behind it round, until it is ended: a name with one reads as another.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Joiners, and marks of direction that turn nothing round: Persian, Hebrew, Arabic and emoji are written with them.
SHAPING = frozenset("\u200c\u200d\u200e\u200f\u061c")
# Of the class of invisible ones, and seen: signs that stand around Arabic and Syriac numbers.
SEEN_FORMATS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
# Of the classes of letters, marks and signs, and drawn as nothing.
BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
# Choose the form of the character before them: of emoji, and of ideographs in names.
VARIANTS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# A black flag, the letters of a region as tags, and their end: England, Scotland, Wales.
FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f")
PARTS = re.compile(f"{FLAG.pattern}|.", re.DOTALL)
# Pictographs and ideographs that a telephone knows before this Python does.
COMING = re.compile("[\U0001f000-\U0001faff\U00020000-\U0003fffd]")
# Where a line may be broken, or a syllable: pasted texts of several lines are full of them.
BREAKING = frozenset("\u00ad\u200b\u2060\ufeff")
LINES = frozenset("\n\t")
LINE_ENDS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
CALLED = {"\0": "NULL", "\t": "TAB", "\n": "LINE FEED", "\r": "CARRIAGE RETURN"}
NOTHING_SEEN = "Nothing here is visible. Use letters, digits or symbols."
FROM_RIGHT = {"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"}
BEGIN, END = "\u2068", "\u2069"


def as_line(text: str) -> str:
    """As a name is stored: composed, and spaces of any kind in a row are one."""
    plain = "".join(" " if unicodedata.category(one) == "Zs" else one for one in text)
    return composed(" ".join(part for part in plain.split(" ") if part))


def composed(text: str) -> str:
    """Letters that may be spelled in two ways, spelled in one."""
    return unicodedata.normalize("NFC", text)


def cut(text: str, most: int) -> str:
    """What fits of it, without a letter whose marks do not fit too."""
    at = min(len(text), most)
    while 0 < at < len(text) and _goes_on(text[at], text[at - 1]):
        at -= 1
    return (text[:at] or text[:most]).rstrip()


def _goes_on(character: str, before: str) -> bool:
    """Whether it is drawn as one with the one before it: a mark, a tag, a colour of skin, what a joiner joins."""
    is_part = unicodedata.category(character)[0] == "M" or unicodedata.category(character) == "Cf"
    return is_part or before == "\u200d" or "\U0001f3fb" <= character <= "\U0001f3ff"


def fault_of_line(text: str, what: str = "a name") -> str:
    """Why this cannot be a name, or another text on one line, in a sentence; "" where it can."""
    for character in text:
        if character in LINE_ENDS:
            return f"{called(what)} is one line: take out {named(character)}."
    if fault := next(_faults(text, what), ""):
        return fault
    return NOTHING_SEEN if text and not is_seen(text) else ""


def fault_of_text(text: str) -> str:
    """The same for a text of several lines, which may be empty."""
    return next(_faults(text, "a text", LINES | BREAKING), "")


def called(what: str) -> str:
    return what[:1].upper() + what[1:]


def named(character: str) -> str:
    name = CALLED.get(character) or unicodedata.name(character, "")
    return f"U+{ord(character):04X} {name}".rstrip()


def without_faults(text: str) -> str:
    """A text of several lines without what cannot stand in it, or is never seen."""
    kept = ""
    for part in PARTS.findall(text):
        if len(part) > 1 or part in LINES or not _why_not(part, kept[-1:]):
            kept += part
    return kept


def is_seen(text: str) -> bool:
    """Whether anything of it is drawn. Marks stand on a letter, and are nothing without one."""
    return any((unicodedata.category(one)[0] in "LNPS" and one not in BLANK) or COMING.match(one) for one in text)


def _faults(text: str, what: str, allowed: frozenset[str] = frozenset()) -> Iterator[str]:
    before = ""
    for part in PARTS.findall(text):
        if len(part) == 1 and part not in allowed and (why := _why_not(part, before)):
            yield f"{named(part)} cannot be in {what}: {why}."
        before = part[-1]


def _why_not(character: str, before: str) -> str:
    """Why a character cannot stand behind the one before it; "" where it can."""
    kind = unicodedata.category(character)
    if character in TURNING:
        return "it turns the text around"
    if kind == "Cc":
        return "it is a control character"
    if VARIANTS.match(character):
        stands = (before and unicodedata.category(before)[0] in "LNPS") or COMING.match(before)
        return "" if stands else "it cannot be seen"
    if character in BLANK or kind in {"Zl", "Zp"} or (kind == "Cf" and character not in SHAPING | SEEN_FORMATS):
        return "it cannot be seen"
    if kind == "Cs":
        return "it is half of a character"
    if kind == "Co":
        return "it is drawn differently everywhere"
    return "it is no character" if kind == "Cn" and not COMING.match(character) else ""


# Names among other words.


def isolated(text: str) -> str:
    """A name as it stands in a sentence of plain text: where it is read from the right, or some of it is, its
    neighbours keep their places. HTML has an element for it, the filter `bdi`."""
    return f"{BEGIN}{text}{END}" if reads_from_right(text) else text


def in_header(text: str) -> str:
    """As a line of a mail's head, which a line end would end."""
    return " ".join(text.split())


def reads_from_right(text: str) -> bool:
    return not text.isascii() and any(unicodedata.bidirectional(one) in FROM_RIGHT for one in text)
