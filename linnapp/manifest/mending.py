"""Text that is nearly JSON, as pages and programs print it, made JSON: names without quotes, commas too many, other
quotes, comments. Nothing is guessed: where what was meant is not certain, there is no mended text."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, StrEnum


class Kind(StrEnum):
    NAME = "NAME"
    COMMA = "COMMA"
    QUOTES = "QUOTES"
    COMMENT = "COMMENT"
    SPACE = "SPACE"
    TAB = "TAB"
    WORD = "WORD"
    FENCE = "FENCE"


DONE = {
    Kind.NAME: ("name put in quotes", "names put in quotes"),
    Kind.COMMA: ("comma left out", "commas left out"),
    Kind.QUOTES: ("text put in straight double quotes", "texts put in straight double quotes"),
    Kind.COMMENT: ("comment left out", "comments left out"),
    Kind.SPACE: ("unusual space replaced", "unusual spaces replaced"),
    Kind.TAB: ("text with its tabs written as \\t", "texts with their tabs written as \\t"),
    Kind.WORD: ("word written as JSON has it", "words written as JSON has them"),
    Kind.FENCE: ("line of a Markdown fence left out", "lines of a Markdown fence left out"),
}
WRONG = {
    Kind.NAME: "the name {} is not in quotes",
    Kind.COMMA: "there is a comma before the closing bracket",
    Kind.QUOTES: "this text is not in straight double quotes",
    Kind.COMMENT: "there is a comment",
    Kind.SPACE: "there is a space that JSON does not know",
    Kind.TAB: "there is a tab inside this text",
    Kind.WORD: "{} is not a JSON word",
    Kind.FENCE: "there is a Markdown fence",
}
UNQUOTED = "the value {} is not in quotes"
# Characters. A longer text takes seconds, and is told to be no JSON as it is.
MOST_MENDED = 256 * 1024
LONGEST_SHOWN = 60
# A text that is opened and not closed is searched to the end once: reading stops there.
# What a name or a value is followed by, past blanks and comments: a quote that stands elsewhere ends no text.
ENDED = r"(?:[\s\u200b\u2060\ufeff]|//[^\r\n]*(?=[\r\n]|\Z)|/\*(?:[^*]|\*(?!/))*\*/)*[:,}\]]"
TOKEN = re.compile(
    r"""
    (?P<blank>[ \t\r\n]+)
  | (?P<mark>[{}\[\]:,])
  | (?P<double>"[^"\\\x00-\x08\x0a-\x1f]*(?:\\.[^"\\\x00-\x08\x0a-\x1f]*)*")
  | (?P<single>'[^'\\\x00-\x08\x0a-\x1f]*(?:\\.[^'\\\x00-\x08\x0a-\x1f]*)*'(?=ENDED))
  | (?P<curly>[“„][^“”„"\\\x00-\x1f]*[“”](?=ENDED) | ‘[^‘’"\\\x00-\x1f]*’(?=ENDED))
  | (?P<comment>//[^\r\n]* | /\*(?:[^*]|\*(?!/))*\*/)
  | (?P<fence>(?:^|(?<=\n))```\w*(?=[ \t]*(?:\r?\n|\Z)))
  | (?P<space>[\v\f\u0085\u00a0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]+)
  | (?P<word>[^\s{}\[\]:,"'/\\“”„‘’\u200b\u2060\ufeff]+)
    """.replace("ENDED", ENDED),
    re.VERBOSE,
)
NAME = re.compile(r"[^\W\d][\w$.-]*|\$[\w$.-]*")
VALUE = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null|NaN|-?Infinity")
OF_PYTHON = {"True": "true", "False": "false", "None": "null"}
TO_ESCAPE = re.compile(r'\\(u[0-9a-fA-F]{4}|.)|"|\t')
ESCAPES = re.compile(r'["\\/bfnrt]|u[0-9a-fA-F]{4}')
CLOSED_BY = {"{": "}", "[": "]"}


@dataclass(frozen=True)
class Mended:
    """`text` is the JSON that was meant, None where that is not certain. `wrong` tells of the text as it came, by place
    and in words, the first thing that was mended, and where reading stopped, "" where nothing is known of that."""

    text: str | None = None
    wrong: tuple[tuple[int, str], ...] = ()
    kinds: Counter[Kind] = field(default_factory=Counter)

    @property
    def done(self) -> list[str]:
        """What was done to the text, in words."""
        times = ((self.kinds[kind], words) for kind, words in DONE.items() if self.kinds[kind])
        return [f"{number:,} {one if number == 1 else many}" for number, (one, many) in times]


def mended(text: str) -> Mended:
    """For a text that is no JSON. Goes through it once; lines stay where they are. One longer than MOST_MENDED is left
    as it is."""
    if len(text) > MOST_MENDED:
        return Mended()
    mending, at = _Mending(), 0
    while at < len(text):
        token = TOKEN.match(text, at)
        if token is None or not mending.takes(token.lastgroup or "", token[0], at):
            return mending.stopped(at)
        at = token.end()
    whole = "".join(mending.out)
    try:
        json.loads(whole, parse_int=len)
    except (ValueError, RecursionError):
        return mending.stopped(len(text))
    return mending.result(whole)


class _Next(Enum):
    """What the text may go on with, beside blanks."""

    VALUE = "a value"
    FIRST_ITEM = "a value, or the end of the list"
    ITEM = "a value; the end where the comma before is one too many"
    FIRST_NAME = "a name, or the end of the object"
    NAME = "a name; the end where the comma before is one too many"
    COLON = "a colon"
    COMMA = "a comma, or the end of what holds the value"
    NOTHING = "nothing"


VALUES = {_Next.VALUE, _Next.FIRST_ITEM, _Next.ITEM}
NAMES = {_Next.FIRST_NAME, _Next.NAME}
ENDS = {_Next.FIRST_ITEM, _Next.ITEM, _Next.FIRST_NAME, _Next.NAME, _Next.COMMA}


class _Mending:
    """Takes a text token by token. Objects and lists that stand open are kept in a list: depth costs no recursion."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.next = _Next.VALUE
        self.open: list[str] = []
        # Of the last comma: its place in `out`, and in the text.
        self.comma = (0, 0)
        self.kinds: Counter[Kind] = Counter()
        self.first: tuple[int, str] | None = None
        self.why = ""

    def result(self, text: str | None, *more: tuple[int, str]) -> Mended:
        return Mended(text, ((self.first,) if self.first else ()) + more, self.kinds)

    def stopped(self, at: int) -> Mended:
        return self.result(None, (at, self.why))

    def note(self, kind: Kind, at: int, word: str = "") -> None:
        self.kinds[kind] += 1
        if self.first is None or at < self.first[0]:
            self.first = (at, WRONG[kind].format(word[:LONGEST_SHOWN]))

    def takes(self, kind: str, token: str, at: int) -> bool:
        """Whether the token may stand here; it is written as JSON has it."""
        if kind == "blank":
            self.out.append(token)
        elif kind == "comment":
            self.note(Kind.COMMENT, at)
            self.out.append("\n" * token.count("\n") or " ")
        elif kind == "space":
            self.note(Kind.SPACE, at)
            self.out.append(" " * len(token))
        elif kind == "fence":
            self.note(Kind.FENCE, at)
            return not self.open and self.next in (_Next.VALUE, _Next.NOTHING)
        elif kind == "mark":
            return self.mark(token, at)
        elif kind == "word":
            return self.word(token, at)
        else:
            return self.wrote(self.text(kind, token, at))
        return True

    def mark(self, token: str, at: int) -> bool:
        if token in CLOSED_BY:
            allowed = self.next in VALUES
            self.open.append(token)
            self.next = _Next.FIRST_NAME if token == "{" else _Next.FIRST_ITEM
        elif token == ":":
            allowed = self.next is _Next.COLON
            self.next = _Next.VALUE
        elif token == ",":
            allowed = self.next is _Next.COMMA
            self.comma = (len(self.out), at)
            self.next = _Next.NAME if allowed and self.open[-1] == "{" else _Next.ITEM
        else:
            allowed = self.next in ENDS and bool(self.open) and CLOSED_BY[self.open.pop()] == token
            if self.next in (_Next.NAME, _Next.ITEM):
                self.out[self.comma[0]] = ""
                self.note(Kind.COMMA, self.comma[1])
            self.ended()
        self.out.append(token)
        return allowed

    def word(self, token: str, at: int) -> bool:
        if self.next in NAMES and NAME.fullmatch(token):
            self.note(Kind.NAME, at, token)
            return self.wrote(f'"{token}"')
        if self.next not in VALUES:
            return False
        if token in OF_PYTHON:
            self.note(Kind.WORD, at, token)
        elif not VALUE.fullmatch(token):
            self.why = UNQUOTED.format(token[:LONGEST_SHOWN])
            return False
        return self.wrote(OF_PYTHON.get(token, token))

    def wrote(self, token: str | None) -> bool:
        """A name or a value, or None for what cannot be told."""
        if token is None or self.next not in NAMES | VALUES:
            return False
        self.out.append(token)
        if self.next in NAMES:
            self.next = _Next.COLON
        else:
            self.ended()
        return True

    def ended(self) -> None:
        self.next = _Next.COMMA if self.open else _Next.NOTHING

    def text(self, kind: str, token: str, at: int) -> str | None:
        if kind == "double" and "\t" not in token:
            return token
        if kind == "double":
            self.note(Kind.TAB, at)
            return token.replace("\t", "\\t")
        self.note(Kind.QUOTES, at)
        return f'"{token[1:-1]}"' if kind == "curly" else _in_double_quotes(token[1:-1])


def _in_double_quotes(inner: str) -> str | None:
    """Of a text in single quotes what stands between them; None where an escape means nothing in JSON."""
    pieces, at = [], 0
    for found in TO_ESCAPE.finditer(inner):
        escape = found[1]
        if escape and escape != "'" and not ESCAPES.fullmatch(escape):
            return None
        written = {"'": "'", None: "\\t" if found[0] == "\t" else '\\"'}.get(escape, found[0])
        pieces += [inner[at : found.start()], written]
        at = found.end()
    return f'"{"".join(pieces)}{inner[at:]}"'
