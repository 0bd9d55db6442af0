"""What Python found in a text that is no JSON, in words for whoever typed it."""

import json

# By how the parser begins: it may say more behind that, and says other things in other releases.
WORDS = {
    "Unterminated string": "the quotes that open this text are not closed",
    "Invalid control character": "a line break, or another control character, is inside a text",
    "Invalid \\": "this backslash means nothing in JSON: write two for one",
    "Expecting value": "a value is missing before this",
    "Expecting property name": "a name in double quotes is missing before this",
    "Expecting ':'": "a colon is missing before this",
}
ENDED = "the text ends here, before all that was opened is closed"
# What a value begins with: before it a comma can be missing.
BEGINS = frozenset('"{[-0123456789tfn')


def said_of(fault: json.JSONDecodeError) -> str:
    """What is wrong at `fault.pos`, as the end of a sentence."""
    rest = fault.doc[fault.pos :].lstrip()
    if not fault.doc.strip():
        return "there is no text"
    if not rest:
        return ENDED
    if fault.msg.startswith("Extra data"):
        return _past_the_end(fault.doc.lstrip()[0], rest[0])
    if fault.msg.startswith("Expecting ','"):
        return _without_comma(rest[0])
    return next((words for begin, words in WORDS.items() if fault.msg.startswith(begin)), "it cannot be read")


def _past_the_end(first: str, following: str) -> str:
    if following in "}]":
        return "this closing bracket closes nothing"
    if first in "{[":
        return f"the text goes on after the end of the {'object' if first == '{' else 'list'}"
    return "outer braces seem to be missing: the text goes on after its first value"


def _without_comma(following: str) -> str:
    if following in BEGINS:
        return "a comma is missing before this"
    if following in "}]":
        return "another closing bracket is missing before this"
    return "a comma or a closing bracket is missing before this"
