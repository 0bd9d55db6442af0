"""Names as people type them, and what becomes of each: what is stored, or why it is refused."""

from typing import NamedTuple


class Typed(NamedTuple):
    """`stored` is "" for a name that is refused; `told` is part of the sentence then."""

    what: str
    name: str
    stored: str = ""
    told: str = ""


def kept(what: str, name: str, stored: str = "") -> Typed:
    return Typed(what, name, stored=stored or name)


def refused(what: str, name: str, told: str) -> Typed:
    return Typed(what, name, told=told)


ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
FAMILY = "\U0001f469\u200d\u2764\ufe0f\u200d\U0001f468"
NAMES = [
    kept("plain", "Carol's Cakes & Co. <1>"),
    kept(
        "Hebrew with vowels", "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd \u05d3\u05d5\u05d3 \u05d1\u05e2\u05f4\u05de"
    ),
    kept("Hebrew with marks of direction", "\u200f\u05d7\u05d1\u05e8\u05d4 (2000)\u200f \u200eLtd"),
    kept("Arabic with vowels", "\u0634\u064e\u0631\u0650\u0643\u064e\u0629 \u061c2000"),
    kept("Persian with a joiner", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
    kept("Hindi with a joiner", "\u0915\u094d\u200d\u0937\u0947\u0924\u094d\u0930"),
    kept("Bengali with a joiner", "\u09b0\u200d\u09cd\u09af\u09be\u09ac"),
    kept("Malayalam that ends with a joiner", "\u0d05\u0d35\u0d28\u0d4d\u200d"),
    kept("Hebrew with cantillation", "\u05d1\u05b0\u05bc\u05e8\u05b5\u05d0\u05e9\u05b4\u05c1\u0596\u05d9\u05ea"),
    kept("Vietnamese", "Nguy\u1ec5n Ti\u1ebfn \u0110\u1eb7ng"),
    kept("decomposed Vietnamese", "Nguye\u0302\u0303n", "Nguy\u1ec5n"),
    kept("Hindi", "\u0930\u093e\u091c\u0947\u0902\u0926\u094d\u0930"),
    kept("Thai", "\u0e1a\u0e23\u0e34\u0e29\u0e31\u0e17 \u0e17\u0e35\u0e48\u0e19\u0e35\u0e48"),
    kept("keycaps", "Studio 7\ufe0f\u20e3 #\ufe0f\u20e3 1\u20e3"),
    kept("signs as emoji", "\u2139\ufe0f \u2194\ufe0f \u00a9\ufe0e"),
    kept("emoji of a skin and a trade", "\U0001f469\U0001f3fd\u200d\U0001f373 \U0001f937\u200d\u2642\ufe0f"),
    kept("flag of pirates", "\U0001f3f4\u200d\u2620\ufe0f"),
    kept("flag of a region", f"Pies {ENGLAND}"),
    kept("flag of a country", "\U0001f1e9\U0001f1ea Kuchen"),
    kept("joined emoji", f"{FAMILY} & Sons"),
    kept("emoji alone", "\U0001f370\ufe0f"),
    kept("emoji newer than this Python", "Bags \U0001fae9"),
    kept("ideograph with its form", "\u845b\U000e0100\u57ce\u9910\u5ef3"),
    kept("IDN", "b\u00fccher.example"),
    kept("decomposed Latin", "Cafe\u0301 Zoe\u0308", "Caf\u00e9 Zo\u00eb"),
    kept("decomposed Korean", "\u1112\u1161\u11ab\u1100\u1173\u11af", "\ud55c\uae00"),
    kept("wide and odd spaces", "\u5c71\u7530\u3000 \u592a\u90ce\u00a0GmbH", "\u5c71\u7530 \u592a\u90ce GmbH"),
    refused(
        "turned round", "\u202eelpmaxe", "U+202E RIGHT-TO-LEFT OVERRIDE cannot be in a name: it reverses the text."
    ),
    refused("embedded", "Northwind \u202aLtd", "U+202A LEFT-TO-RIGHT EMBEDDING"),
    refused("isolated", "\u2067Northwind\u2069", "U+2067 RIGHT-TO-LEFT ISOLATE"),
    refused("end of an isolate", "Northwind\u2069", "U+2069 POP DIRECTIONAL ISOLATE"),
    refused("filler", "\u3164", "U+3164 HANGUL FILLER cannot be in a name: it cannot be seen."),
    refused("filler of a first letter", "\u115f", "U+115F HANGUL CHOSEONG FILLER"),
    refused("blank of Braille", "\u2800", "U+2800 BRAILLE PATTERN BLANK"),
    refused("soft hyphen", "North\u00adwind", "U+00AD SOFT HYPHEN"),
    refused("space of no width", "North\u200bwind", "U+200B ZERO WIDTH SPACE"),
    refused("marks of direction alone", "\u200e\u200f", "This has no visible characters."),
    refused("joiner alone", "\u200d\u200f", "U+200D ZERO WIDTH JOINER cannot be in a name: it cannot be seen."),
    refused("joiner in Latin", "Nor\u200cthwind", "U+200C ZERO WIDTH NON-JOINER cannot be in a name"),
    refused("joiner at the end", "\u0645\u06cc\u200c", "U+200C ZERO WIDTH NON-JOINER"),
    refused("joiner behind an emoji", "\U0001f370\u200dCakes", "U+200D ZERO WIDTH JOINER"),
    refused("form of a letter", "Northwind\ufe0e", "U+FE0E VARIATION SELECTOR-15 cannot be in a name"),
    refused("form of a letter, of ideographs", "Northwind\U000e0100", "U+E0100 VARIATION SELECTOR-17"),
    refused("form of a digit", "Studio 7\ufe0f", "U+FE0F VARIATION SELECTOR-16"),
    refused("blank note", "\U0001d159", "U+1D159 MUSICAL SYMBOL NULL NOTEHEAD cannot be in a name: it cannot be seen."),
    refused("marks piled", "Trusted" + "\u0323\u0331\u0332\u0333" * 12, "more than 4 marks on one letter"),
    refused("marks around", "A" + "\u0489" * 30, "U+0489 COMBINING CYRILLIC MILLIONS SIGN cannot be in a name: it"),
    refused("marks piled behind a mark of direction", "A" + "\u0331\u0332\u0333\u200e" * 9, "it belongs to no letter"),
    refused("keycap of a letter", "A\ufe0f\u20e3", "U+FE0F VARIATION SELECTOR-16"),
    refused("marks alone", "\u0301\u05b8", "This has no visible characters."),
    refused("tags without a flag", "Northwind\U000e0041\U000e0042", "U+E0041 TAG LATIN CAPITAL LETTER A"),
    refused("private use", "\ue000 Ltd", "U+E000 cannot be in a name"),
    refused("no character", "North\u0378wind", "U+0378 cannot be in a name"),
    refused("two lines", "Contoso\r\nBcc: all@example.com", "must be one line: remove U+000D CARRIAGE RETURN."),
    refused("line separator", "Contoso\u2028Ltd", "must be one line: remove U+2028 LINE SEPARATOR."),
    refused("tab", "Contoso\tLtd", "U+0009 TAB cannot be in a name"),
    refused("NUL", "Contoso\0Ltd", "U+0000 NULL cannot be in a name: it is a control character."),
    refused("half of a character", "Contoso\ud800", "U+D800 cannot be in a name: it is half of a character."),
]
ACCEPTED = [row for row in NAMES if row.stored]

LONG = "\u00fc" * 60
ADDRESSES = [
    kept("plain", "Carol.O'Hara+cakes@cakes.example"),
    kept("IDN", "carol@b\u00fccher.example", "carol@xn--bcher-kva.example"),
    kept("IDN, decomposed, in capitals", "carol@BU\u0308CHER.example", "carol@xn--bcher-kva.example"),
    kept("IDN with another dot", "carol@\u4f8b\u3048\u3002\u30c6\u30b9\u30c8", "carol@xn--r8jz45g.xn--zckzah"),
    kept("IDN from the right", "carol@\u05d0\u05d1.example", "carol@xn--4dbc.example"),
    refused("name beyond ASCII", "j\u00fcrgen@example.com", "use only the letters a to z"),
    refused("control character that is quoted", '"\x01"@example.com', "use only the letters a to z"),
    refused("two lines", "carol@example.com\r\nBcc: dave@example.com", "use only the letters a to z"),
    refused("NUL", "ca\0rol@example.com", "use only the letters a to z"),
    refused("domain that IDNA has not", "carol@\u2615.example", "No e-mail can be sent to this domain"),
    refused("domain that says it is IDNA", "carol@xn--zzzzzz99.example", "No e-mail can be sent to this domain"),
    refused("domain that grows", f"carol@{LONG}.example", "No e-mail can be sent to this domain"),
    refused("turned round", "carol@\u202eexample.com", "No e-mail can be sent to this domain"),
    refused("name of 65 characters", f"{'c' * 65}@example.com", "longer than 64 characters"),
    refused("none", "carol", "Enter an e-mail address"),
]
