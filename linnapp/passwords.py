"""What no password may be: a common one, one thing again and again, a row of the keyboard, or one that holds what
anybody knows of the person. Django's validators call these; `refuse_names` is for a form that knows more than the
person's row, such as a company that is not there yet.

Nobody is told apart by a digit: `northwind1`, `N0rthwind!` and `north-wind` are the same here as `northwind`. Why no
library does it: docs/decisions/0058.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import dropwhile, pairwise
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

HINT = (
    "At least 10 characters, and not only digits. No common passwords, even with digits or signs around them, no "
    "repetitions, no sequences such as “abcdef”, and nothing that contains your name, company or address, or this "
    "portal’s."
)
PRODUCT = "linnapp"
# What is shorter stands in too many words: “it”, “ann”. A password must not be such a name alone.
LEAST_LETTERS = 4
# What is said twice counts once, and must be as long as any password.
LEAST_LENGTH = 10
# Of the characters that are left where each row counts as one, and of different ones.
LEAST_COUNTING, LEAST_DIFFERENT = 6, 5
# Of a longer one no more is looked at: strangers choose how long it is, and each look takes its time.
LOOKED_AT = 256
_BETWEEN_WORDS = re.compile(r"[\W_]+")
# The alphabet, and keyboards along and down, those of Germany and France among them.
_ROWS = (
    *("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm"),
    *("azertyuiop", "qsdfghjklm", "wxcvbn", "1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm"),
)
# Digits and signs that people write for letters; a 1 is read both ways.
_AS_LETTERS = {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "€": "e"}
_SPELLINGS = [str.maketrans(_AS_LETTERS | {"1": letter, "!": letter, "|": letter}) for letter in "il"]


class NotCommon(CommonPasswordValidator):
    """Beside Django's list as it stands: without letter case, spaces, and the digits and signs around it, and once
    where it is said twice. And nothing that is hardly more than repetitions and rows."""

    def validate(self, password: str, user: Any = None) -> None:
        # That it is too short is said already, and enough.
        if len(password) < LEAST_LENGTH:
            return
        password = password[:LOOKED_AT]
        cores = (_once(core) for core in _cores(password))
        for word in (password.casefold().strip(), *(core for core in cores if len(core) >= LEAST_LETTERS)):
            if word in self.passwords or word in _bare_passwords(self):
                raise ValidationError(
                    "“%(word)s” is a common password, even repeated or with digits and signs around it. Choose another "
                    "password, or add two or three words.",
                    code="password_too_common",
                    params={"word": word},
                )
        _refuse_repetition(password)
        _refuse_rows(password)

    def get_help_text(self) -> str:
        return "It can’t be a common password, even with digits or signs around it, a repetition or a sequence."


@lru_cache(maxsize=1)
def _bare_passwords(common: CommonPasswordValidator) -> frozenset[str]:
    """The list without digits and signs at both ends; what is then hardly a word stays out."""
    bare = (_from_letter(_to_letter(each)) for each in common.passwords)
    return frozenset(each for each in bare if len(each) >= LEAST_LETTERS)


def _refuse_repetition(password: str) -> None:
    for text in (password, _from_letter(_to_letter(password))):
        said = _letters(text)
        if len(said) >= LEAST_COUNTING and len(_once(said)) < min(len(said), LEAST_LENGTH):
            raise ValidationError(
                "“%(word)s” counts once, however often you repeat it. Add something else.",
                code="password_repeats",
                params={"word": _once(said)},
            )


def _refuse_rows(password: str) -> None:
    """Each row counts as one character, and each sign once, wherever it stands."""
    plain, signs = _letters(password), {each for each in password if not each.isalnum()}
    rows = list(_rows(plain))
    counting = len(plain) + len(signs) - sum(len(row) - 1 for row in rows)
    if counting < LEAST_COUNTING or len(signs | set(plain)) < LEAST_DIFFERENT:
        raise ValidationError(
            "“%(word)s” is easy to guess: it is a repetition, or a sequence of the keyboard or the alphabet. Leave it "
            "out, or add words.",
            code="password_is_a_row",
            params={"word": max(rows, key=len, default=password)},
        )


class NoNames:
    """Refuses what holds the person's name or address, the name of an account of theirs, or this portal's."""

    def validate(self, password: str, user: Any = None) -> None:
        refuse_names(password, _known_of(user), email=getattr(user, "email", "") or "")

    def get_help_text(self) -> str:
        return "It can’t contain your name, company or address, or this portal’s."


def refuse_names(password: str, names: Iterable[str], *, email: str = "") -> None:
    """Raises ValidationError where the password holds one of the names, or a word of one, or the portal's."""
    local, _, domain = email.partition("@")
    password = password[:LOOKED_AT]
    wanted = [local, _own_labels(domain), _own_labels(settings.SITE_HOST), PRODUCT, *names]
    words = [word for name in wanted for word in _words(name)]
    spelled = {_letters(password.translate(spelling)) for spelling in ({}, *_SPELLINGS)}
    for word in (word for word in words if len(word) >= LEAST_LETTERS):
        if any(word in each for each in spelled):
            raise ValidationError(
                "Don’t use “%(word)s”: it is part of your name, company or address, or this portal’s.",
                code="password_holds_a_name",
                params={"word": word},
            )
    short = {word for word in words if len(word) < LEAST_LETTERS}
    for core in _cores(password):
        if _is_made_of(core, short):
            raise ValidationError(
                "“%(word)s” is part of your name, company or address, and the rest is digits and signs. Add words.",
                code="password_is_a_name",
                params={"word": core},
            )


def _is_made_of(text: str, words: Iterable[str]) -> bool:
    """Whether it is nothing but these, in any order."""
    left = text
    for word in sorted(words, key=len, reverse=True):
        left = left.replace(word, "")
    return bool(text) and not left


def _known_of(user: Any) -> list[str]:
    if user is None:
        return []
    names = [user.name]
    if user.pk:
        names += user.accounts.values_list("name", flat=True)
    return names


def _own_labels(host: str) -> str:
    """Without the last one, which is half the world's."""
    return host.rpartition(".")[0] or host


def _words(name: str) -> Iterator[str]:
    """Each, and all together: of “Erin's Emporium” also `erinsemporium`."""
    for part in (*_BETWEEN_WORDS.split(name), name):
        if word := _letters(part):
            yield word


def _letters(text: str) -> str:
    """Without case, marks, spaces and signs; digits stay, as a name may have some."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(each for each in plain if each.isalnum())


def _cores(password: str) -> Iterator[str]:
    """What is left without the digits and signs around it, in each spelling, and its letters alone."""
    plain = password.casefold()
    # What stands first may be a letter: “4dmin”.
    for bare in (_to_letter(plain), _from_letter(_to_letter(plain))):
        for spelling in ({}, *_SPELLINGS):
            yield _letters(bare.translate(spelling))
    yield "".join(each for each in _letters(plain) if each.isalpha())


def _from_letter(text: str) -> str:
    """Without the digits and signs that it begins with."""
    return "".join(dropwhile(lambda each: not each.isalpha(), text))


def _to_letter(text: str) -> str:
    """Without the digits and signs that it ends with."""
    return _from_letter(text[::-1])[::-1]


def _once(text: str) -> str:
    """Of “abcabcabc” “abc”; all of what is not one thing again and again."""
    return text[: (text + text).find(text, 1)]


def _rows(text: str) -> Iterator[str]:
    """Each stretch of three and more that is one character, or goes along one row."""
    start, along = 0, set[str]()
    for at, step in enumerate([*map(_along, pairwise(text)), set[str]()], 1):
        if along & step:
            along &= step
            continue
        if at - start > 2:
            yield text[start:at]
        start, along = at - 1, step


def _along(pair: tuple[str, str]) -> set[str]:
    """The rows, and directions of them, in which the second follows the first."""
    one, other = pair
    if one == other:
        return {"same"}
    return {row for each in _ROWS for row in (each, each[::-1]) if one + other in row}
