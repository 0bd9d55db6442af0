"""The browsers that a person is signed in with: which, since when, and their end.

Each has a row of allauth's beside Django's session, from the sign-in on. Django's row is what opens pages: where it is
gone, the next request of that browser is nobody's.
"""

import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from linnapp import credentials, kinds, timeline
from linnapp.actors import Actor, refuse_unless_superuser
from linnapp.models import User
from linnapp.services import access, audit, notices, typed
from linnapp.user_agents import Place, device_in_words
from linnapp.words import counted, span_in_words

# When somebody last used it, in seconds of the clock: kept in the session itself, which every page reads anyway.
SEEN_AT = "seen_at"
# Written down no more often than this: SQLite has one writer.
WRITTEN_EACH = 60
# Those that a page lists; whoever has more ends them together.
LISTED = 50


def note_use(session: SessionBase, address: str) -> None:
    now = time.time()
    if now - session.get(SEEN_AT, 0) < WRITTEN_EACH:
        return
    session[SEEN_AT] = int(now)
    # At once, and not with the answer: a request that ends this session itself is answered, too.
    with suppress(UpdateError):
        session.save()
    session.modified = False
    used = UserSession.objects.filter(session_key=session.session_key)
    used.update(last_seen_at=timezone.now(), ip=address)


def idle_for(session: SessionBase) -> float:
    """Seconds since it was last used; none where nobody wrote that down yet."""
    now = time.time()
    return max(0.0, now - float(session.get(SEEN_AT, now)))


def is_left_alone(person: User, session: SessionBase) -> bool:
    """Whether a sign-in of the staff ends because nobody used it."""
    return person.is_staff and idle_for(session) >= settings.STAFF_IDLE_SECONDS


def idle_span() -> str:
    return span_in_words(timedelta(seconds=settings.STAFF_IDLE_SECONDS))


def open_of(person: User) -> list[UserSession]:
    """Those that still open pages, the last used first, LISTED at most."""
    rows = list(UserSession.objects.filter(user=person).order_by("-last_seen_at", "-pk")[: 2 * LISTED])
    keys = [row.session_key for row in rows]
    kept = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    there = set(kept.values_list("session_key", flat=True))
    return [row for row in rows if row.session_key in there][:LISTED]


@transaction.atomic
def end(rows: Iterable[UserSession], *, with_forms: bool = True) -> int:
    """How many were ended: their next request is nobody's. With them goes what was typed there and waits for a
    sign-in."""
    keys = [row.session_key for row in rows]
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
    if with_forms:
        typed.drop_of_sessions(keys)
    return len(keys)


@transaction.atomic
def end_all(person: User, *, but: str | None = None, with_forms: bool = True) -> int:
    """All of this person's, but the one with this key; and sign-ins that wait for a second factor, which are no
    browser's yet and are not counted."""
    person.signed_out_at = timezone.now()
    User.objects.filter(pk=person.pk).update(signed_out_at=person.signed_out_at)
    return end(UserSession.objects.filter(user=person).exclude(session_key=but), with_forms=with_forms)


@transaction.atomic
def end_one(row: UserSession, *, by: Actor, place: Place) -> None:
    """Another browser of whoever asks, from the `place` they sit at."""
    end([row])
    browser = f"another browser ({device_in_words(row.user_agent)})"
    audit.put(kinds.SIGNED_OUT_ELSEWHERE, of=by.person, by=by, **place, browsers=browser)


@transaction.atomic
def end_others(person: User, *, but: str | None, by: Actor, place: Place) -> int:
    """All but the one with this key, of whoever asks; how many there were."""
    if ended := end_all(person, but=but):
        browsers = counted(ended, "other browser")
        audit.put(kinds.SIGNED_OUT_ELSEWHERE, of=person, by=by, **place, browsers=browsers)
    return ended


def forget(key: str | None) -> None:
    """Of a browser that signs out by itself."""
    UserSession.objects.filter(session_key=key).delete()
    typed.drop_of_sessions([str(key)])


def was_ended(person: User, session_digest: str) -> bool:
    """Whether somebody ended it, or it ended with its time before their last sign-in. One that only ended with its time
    leaves its row behind for a while."""
    keys = UserSession.objects.filter(user=person).values_list("session_key", flat=True)
    return session_digest not in {credentials.digest(key) for key in keys}


@transaction.atomic
def end_all_by_staff(person: User, *, by: Actor) -> bool:
    """For somebody whose device or password is in wrong hands: superusers', and told to the person. It always does
    something: whether a sign-in waits for its second factor somewhere, which ends with it, nobody can look up."""
    refuse_unless_superuser(by, "sign somebody out")
    access.end_all(person, by=by)
    end_all(person)
    audit.copied(timeline.record(kinds.PERSON_SIGNED_OUT, by=by, member=person), of=person)
    notices.tell(
        [person],
        "You were signed out everywhere",
        "linnapp/people/mail/signed_out.txt",
        {"who": by.person, "person": person},
        by=by,
    )
    return True
