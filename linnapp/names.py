"""What people type to be read by others: which characters may stand in it, how it is stored, and how it stands among
other words. One rule for the names of people, companies and applications, and for every other text of people. No ORM.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

# Each turns what stands behind it round, until it is ended: a name with one reads as another.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Joiners, and marks of direction that turn nothing round: Persian, Hebrew, Arabic and emoji are written with them.
SHAPING = frozenset("\u200c\u200d\u200e\u200f\u061c")
NON_JOINER, JOINER = "\u200c", "\u200d"
# Scripts, by the first word of their characters' names, whose letters change their shape beside a joiner. Elsewhere
# one is never seen, and a name with it reads exactly as another's.
JOINING = re.compile(
    r"(?:ARABIC|SYRIAC|NKO|MONGOLIAN|MANDAIC|MANICHAEAN|ADLAM|HANIFI|PHAGS-PA|SOGDIAN|DEVANAGARI|BENGALI|"
    r"GURMUKHI|GUJARATI|ORIYA|TAMIL|TELUGU|KANNADA|MALAYALAM|SINHALA|MYANMAR|KHMER|TIBETAN|BALINESE|"
    r"JAVANESE|SUNDANESE|CHAKMA|LIMBU|MEETEI|NEWA|TIRHUTA|SHARADA|GRANTHA|MODI|SAURASHTRA|BRAHMI|KAITHI|"
    r"KHUDAWADI|TAKRI)\b"
)
# Joins the letters around it: the combining class of every sign that kills a vowel.
VIRAMA = 9
# On one letter, one over the other. Hebrew has four with cantillation; more of them draw over other lines.
MOST_MARKS = 4
KEYCAP, KEYS = "\u20e3", frozenset("0123456789#*")
# Emoji of the classes of letters and punctuation.
EMOJI_TOO = frozenset("\u203c\u2049\u2139\u3030")
TO_TEXT, TO_EMOJI = "\ufe0e", "\ufe0f"
# Of the class of invisible ones, and seen: signs that stand around Arabic and Syriac numbers.
SEEN_FORMATS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
# Of the classes of letters, marks and signs, and drawn as nothing.
BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\U00016fe4\U0001d159")
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
NOTHING_SEEN = "This has no visible characters. Use letters, digits or symbols."
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
            return f"{called(what)} must be one line: remove {named(character)}."
    if fault := next(_faults(text, what), ""):
        return fault
    return NOTHING_SEEN if text and not is_seen(text) else ""


def fault_of_text(text: str) -> str:
    """The same for a text of several lines, which may be empty."""
    return next(_faults(text, "a text", LINES | BREAKING | {NON_JOINER, JOINER}), "")


def called(what: str) -> str:
    return what[:1].upper() + what[1:]


def named(character: str) -> str:
    name = CALLED.get(character) or unicodedata.name(character, "")
    return f"U+{ord(character):04X} {name}".rstrip()


def without_faults(text: str) -> str:
    """A text of several lines without what cannot stand in it, or is never seen."""
    kept, parts = "", PARTS.findall(text)
    for part, after in pairwise([*parts, ""]):
        if len(part) > 1 or part in LINES or not _why_not(part, kept[-MOST_MARKS:], after):
            kept += part
    return kept


def is_seen(text: str) -> bool:
    """Whether anything of it is drawn. Marks stand on a letter, and are nothing without one."""
    return any((unicodedata.category(one)[0] in "LNPS" and one not in BLANK) or COMING.match(one) for one in text)


def _faults(text: str, what: str, allowed: frozenset[str] = frozenset()) -> Iterator[str]:
    before, parts = "", PARTS.findall(text)
    for part, after in pairwise([*parts, ""]):
        if len(part) == 1 and part not in allowed and (why := _why_not(part, before, after)):
            yield f"{named(part)} cannot be in {what}: {why}."
        before = (before + part)[-MOST_MARKS:]


def _why_not(character: str, before: str, after: str) -> str:
    """Why a character cannot stand between these, of which `before` is the last MOST_MARKS; "" where it can."""
    kind = unicodedata.category(character)
    if character in TURNING:
        return "it reverses the text"
    if kind == "Cc":
        return "it is a control character"
    if VARIANTS.match(character):
        return "" if _is_varied(before[-1:], character, after) else "it cannot be seen"
    if character in (NON_JOINER, JOINER):
        return "" if _is_joined(before, character, after) else "it cannot be seen"
    if kind in {"Mn", "Me"}:
        return "it cannot be seen" if character in BLANK else _why_no_mark(character, kind, before)
    if character in BLANK or kind in {"Zl", "Zp"} or (kind == "Cf" and character not in SHAPING | SEEN_FORMATS):
        return "it cannot be seen"
    if kind == "Cs":
        return "it is half of a character"
    if kind == "Co":
        return "it looks different on every system"
    return "it is not a character" if kind == "Cn" and not COMING.match(character) else ""


def _is_varied(base: str, character: str, after: str) -> bool:
    """Whether this selector changes how the character before it is drawn."""
    if not base:
        return False
    is_ideograph = unicodedata.name(base, "").startswith("CJK") or bool(COMING.match(base))
    if character not in (TO_TEXT, TO_EMOJI):
        return is_ideograph
    return _is_emoji(base) or base in EMOJI_TOO or (base in KEYS and character == TO_EMOJI and after == KEYCAP)


def _is_emoji(character: str) -> bool:
    """Widely: any sign, but for money and punctuation."""
    return unicodedata.category(character) in {"So", "Sk", "Sm"} or bool(COMING.match(character))


def _is_joined(before: str, character: str, after: str) -> bool:
    """Whether a joiner changes how its neighbours are drawn: emoji that are one, letters of scripts that join."""
    base, behind = before.removesuffix(TO_EMOJI)[-1:], after[:1]
    if not base:
        return False
    if _is_emoji(base):
        return character == JOINER and bool(behind) and _is_emoji(behind)
    if not _joins(base):
        return False
    if unicodedata.combining(base) == VIRAMA:
        return True
    is_letter = bool(behind) and (unicodedata.category(behind)[0] == "L" or unicodedata.combining(behind) == VIRAMA)
    return is_letter and _joins(behind)


def _joins(character: str) -> bool:
    return JOINING.match(unicodedata.name(character, "")) is not None


def _why_no_mark(character: str, kind: str, before: str) -> str:
    if kind == "Me":
        is_key = character == KEYCAP and before.removesuffix(TO_EMOJI)[-1:] in KEYS
        return "" if is_key else "it overlaps its neighbours"
    if before[-1:] in SHAPING and unicodedata.combining(character) != VIRAMA:
        return "it belongs to no letter"
    piled = len(before) == MOST_MARKS and all(unicodedata.category(one) in {"Mn", "Me"} for one in before)
    return f"more than {MOST_MARKS} marks on one letter overlap its neighbours" if piled else ""


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
