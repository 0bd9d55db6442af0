"""A `.env` is read to its last line, or the portal does not start: each line that cannot be read is named by its
number, and never quoted, because a secret may stand in it."""

import re
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

# Not str.splitlines: it also splits at characters that may stand in a password.
LINE_ENDS = re.compile(r"\r\n|\r|\n")
LINE = re.compile(r"\s*(?:export )?([A-Za-z_][A-Za-z_0-9]*)=(.*)")
# A note behind a value: other readers of such files drop it, so that whoever wrote it thinks that it is none of it.
NOTE = re.compile(r"(?:^|\s)#")
ESCAPED = re.compile(r"\\(.)")
# In double quotes these stay two characters: no setting has a line end.
KEPT = "rnt"


@dataclass(frozen=True)
class Written:
    """What one line gives a setting."""

    value: str
    number: int


def read(path: Path, name: str) -> dict[str, Written]:
    """Settings by their names, the last line of each; none where there is no such file.

    `name` is what the file is called in sentences. Raises ImproperlyConfigured.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name} cannot be read ({error.strerror}). Make it a file that the system user running linnapp may read."
        ) from error
    settings: dict[str, Written] = {}
    for number, line in enumerate(LINE_ENDS.split(_text(content, name)), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            setting, value = _setting(line, f"Line {number} of {name}")
            settings[setting] = Written(value, number)
    return settings


def how_to_add(key: str, name: str) -> str:
    """What to do about one of the keys that a file of that name lacks."""
    return (
        f"If this portal has run before, copy it from a backup of {name}: a new one cannot read or find what was "
        f"stored. Otherwise `python -m linnapp.first_env --key {key} >> {name}` adds a new one."
    )


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ImproperlyConfigured(
            f"{name} is not UTF-8, as line {line} shows. Save it as UTF-8, which editors offer under “Save as”."
        ) from None


def _setting(line: str, place: str) -> tuple[str, str]:
    match = LINE.fullmatch(line)
    if not match or "\0" in line:
        raise ImproperlyConfigured(
            f"{place} cannot be read. Write NAME=value, without a space before the equals sign; a comment needs its "
            "own line and starts with #."
        )
    name, value = match[1], match[2].strip()
    quote = value[:1]
    if quote in ("'", '"'):
        if len(value) > 1 and value.endswith(quote):
            inside = value[1:-1]
            return name, inside if quote == "'" else ESCAPED.sub(_unescaped, inside)
        if not NOTE.search(value):
            raise ImproperlyConfigured(f"{place} cannot be read: the quotation mark before the value is not closed.")
    if NOTE.search(value):
        raise ImproperlyConfigured(
            f"{place}: the value of {name} is followed by a comment. Put the comment on its own line; if it is part "
            "of the value, put the value in single quotes."
        )
    return name, value


def _unescaped(match: re.Match[str]) -> str:
    return match[0] if match[1] in KEPT else match[1]
