"""Forms that wait for a sign-in: kept encrypted, a few of each person, for minutes, and sent once."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from linnapp import batches, credentials
from linnapp.models import KeptPost, User

MOST_OF_A_BROWSER, MOST_OF_A_PERSON = 3, 9


@dataclass(frozen=True)
class Typed:
    """What was sent: the path with its query, the page that the form stood on ("" where the browser did not say), the
    fields in their order, names of fields that held a file with the file's own, which is not kept, and whether its
    person was signed in: anybody may have typed it otherwise. `by_hand` is of one that came without a token of now: it
    is sent by whoever looked at it, and by no script."""

    path: str
    page: str
    fields: list[tuple[str, str]]
    files: list[tuple[str, str]]
    by_person: bool
    by_hand: bool = False


@dataclass(frozen=True)
class Place:
    """Where it was typed: the key of what is kept, that of the browser, and the digest of the key of the session
    that it was drawn in."""

    key: str
    browser: str
    session_digest: str


def keep(person: User, place: Place, typed: Typed) -> bool:
    """Keeps it for whoever is this person and has the key. The oldest of the same browser make room, and those of
    others never: whether there was room."""
    content = json.dumps(
        [typed.path, typed.page, typed.fields, typed.files, typed.by_person, typed.by_hand], ensure_ascii=False
    )
    row = KeptPost(
        person=person,
        key_digest=credentials.digest(place.key),
        browser_digest=credentials.digest(place.browser),
        session_digest=place.session_digest,
        content_encrypted=credentials.encrypt(content),
    )
    with transaction.atomic():
        # Two at the same moment would each count without the other.
        User.objects.select_for_update(no_key=True).values_list("pk").get(pk=person.pk)
        theirs = KeptPost.objects.of_person(person)
        here = theirs.filter(browser_digest=row.browser_digest).newest_first().values_list("pk", flat=True)
        KeptPost.objects.filter(pk__in=list(here)[MOST_OF_A_BROWSER - 1 :]).delete()
        if theirs.kept().count() >= MOST_OF_A_PERSON:
            return False
        row.save()
    return True


def kept(person: User, key: str) -> Typed | None:
    """What is kept for this person under this key; None where it is another's, was sent, or is over."""
    row = _rows(person, key).first()
    if row is None:
        return None
    path, page, fields, files, by_person, by_hand = json.loads(credentials.decrypt(row.content_encrypted))
    return Typed(path, page, _pairs(fields), _pairs(files), by_person, by_hand)


def waits(key: str) -> bool:
    """Whether something of anybody is kept under this key."""
    return KeptPost.objects.kept().filter(key_digest=credentials.digest(key)).exists()


def take(person: User, key: str) -> bool:
    """Whether it is sent now: of several who send it at the same moment, one is told so."""
    number, _ = _rows(person, key).delete()
    return number == 1


def drop_of_sessions(sessions: Iterable[str]) -> None:
    """Of sessions that somebody ended."""
    KeptPost.objects.filter(session_digest__in=[credentials.digest(key) for key in sessions]).delete()


def drop_over() -> int:
    return batches.drop(KeptPost.objects.over())


def _rows(person: User, key: str) -> QuerySet[KeptPost]:
    return KeptPost.objects.kept().of_person(person).filter(key_digest=credentials.digest(key))


def _pairs(lists: list[list[str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in lists]
