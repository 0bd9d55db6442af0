"""How text is folded, so that one spelling of a name finds the other: `Müller`, `MÜLLER`, `Muller`.

Both sides are folded, what is stored and what is typed, and compared letter by letter.
"""

import re
import unicodedata

# A trigram index finds texts of three characters and more.
SHORTEST = 3
# Whoever types one or two letters means the beginning of a word: every word stands after so many spaces.
GAP = "  "
# A letter may grow eighteenfold, and an index holds only so much.
LONGEST = 20_000

ACCENTS = re.compile("[\u0300-\u036f]")
# Written without spaces between words, so that one character is a word: it stands three times, and is found anywhere.
IDEOGRAPHS = re.compile("([\u3005-\u3007\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff])")
TRIPLED = r"\1\1\1"
# Marks of direction, which nobody types, and what stands around a name that is copied from a sentence.
UNSEEN = dict.fromkeys("\u200e\u200f\u061c\u2068\u2069")
# What typesetting makes of what is on the keyboard.
PLAIN = str.maketrans(
    UNSEEN | {"’": "'", "‘": "'", "ʼ": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‑": "-", "\0": " "}
)


def folded(text: str) -> str:
    """As it is stored: without case, accents, and widths of letters, each word after a gap."""
    words = _plain(text[:LONGEST]).split()
    return "".join(GAP + word for word in words)[:LONGEST]


def sought(text: str) -> str:
    """What stands in the folded text of every row that is found by this; "" for nothing but spaces. A text of one or
    two letters is sought at the beginning of words."""
    words = folded(text).strip(" ")
    return words.rjust(SHORTEST) if words else ""


def _plain(text: str) -> str:
    if text.isascii():
        return text.casefold().replace("\0", " ")
    # The second time, since folding case makes accents: of the Turkish İ.
    whole = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text.translate(PLAIN)).casefold())
    return IDEOGRAPHS.sub(TRIPLED, unicodedata.normalize("NFC", ACCENTS.sub("", whole)))
