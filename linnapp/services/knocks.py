"""Who may knock, and how often: everything that strangers or people may do so many times within so long.

Counted in rows by one atomic statement, so that parallel requests and many machines count together. A row begins with
the first of its window and ends with it. Strangers choose what they are counted by (any e-mail address, any of their
own addresses): past MOST_ROWS who is new shares a row with others, so that neither the table grows nor a row makes
room for another. Rows of a day fill no room of those that end within minutes, and what is shared past theirs holds
many more: what bounds a day must not keep everybody out for one.
"""

import math
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils import timezone

from linnapp import batches, credentials
from linnapp.addresses import counted_as, widely
from linnapp.models import Account, KnockCount, User
from linnapp.setting_values import NO_LIMIT
from linnapp.words import counted as counted_in_words
from linnapp.words import span_in_words

# Rows of strangers; what is shared past it adds SHARED_ROWS for each limit.
MOST_ROWS = 4_000
MOST_DAILY_ROWS = 10_000
SHARED_ROWS = 100
# Times what one alone may: so many share a row, and of a day.
SHARED_MOST = 8
SHARED_MOST_A_DAY = 50
DAY = 86_400


@dataclass(frozen=True)
class Limit:
    """So many times within so many seconds, for each of those it is counted by."""

    name: str
    most: int
    seconds: int
    # What the next one is told, with the time to wait.
    sentence: str
    # Counted by somebody who proved who they are: has a row of its own however many strangers knock.
    proven: bool = False

    @property
    def is_daily(self) -> bool:
        return self.seconds >= DAY


WRONG = "Too many failed sign-ins. Wait {wait}, or set a new password now."
OFTEN = "Too many attempts from your network. Wait {wait}, then try again."
SIGN_INS = Limit("sign-ins of an address", 30, 60, OFTEN)
WRONG_OF_ADDRESS = Limit("wrong sign-ins of an address", 10, 300, OFTEN)
# Of all the /64 of a provider's customer together, so that one of them does not fill the table.
WRONG_OF_NETWORK = Limit("wrong sign-ins of an IPv6 network", 100, 300, OFTEN)
FORMS_OF_NETWORK = Limit("sign-ups and resets of an IPv6 network", 200, 600, OFTEN)
WRONG_OF_BOTH = Limit("wrong sign-ins of an account and address", 5, 300, WRONG)
# From all devices together that nobody has signed in with: many addresses cannot guess for ever.
WRONG_OF_ACCOUNT = Limit("wrong sign-ins of an account", 30, 900, WRONG)
SIGN_INS_OF_DEVICE = Limit("sign-ins of a known device", 30, 60, OFTEN, proven=True)
WRONG_OF_DEVICE = Limit("wrong sign-ins of a known device", 5, 300, WRONG, proven=True)
# Whoever has somebody's device has a long time, too.
WRONG_OF_DEVICE_A_DAY = Limit("wrong sign-ins of a known device a day", 50, DAY, WRONG, proven=True)
# Counted by the browser session, so that whoever has one of them keeps nobody out of the others.
WRONG_OF_SESSION = Limit("wrong passwords in a session", 5, 300, WRONG, proven=True)
WRONG_OF_SESSION_A_DAY = Limit("wrong passwords in a session a day", 30, DAY, WRONG, proven=True)
WRONG_IN_ALL_SESSIONS = Limit("wrong own passwords a day", 100, DAY, WRONG, proven=True)
TOO_MANY_CODES = "Too many wrong codes. Wait {wait}, or use a passkey."
# Whoever gives a code knows the password, or is signed in. Known devices are counted apart here, too: somebody who
# learned a password keeps its owner out of nothing. But whoever reads somebody's mail makes a known device of theirs
# with each new password: all together are bounded as well.
WRONG_CODES = Limit("wrong codes of a person", 5, 300, TOO_MANY_CODES, proven=True)
WRONG_CODES_A_DAY = Limit("wrong codes of a person a day", 30, DAY, TOO_MANY_CODES, proven=True)
WRONG_CODES_OF_DEVICE = Limit("wrong codes of a known device", 5, 300, TOO_MANY_CODES, proven=True)
WRONG_CODES_OF_DEVICE_A_DAY = Limit("wrong codes of a known device a day", 30, DAY, TOO_MANY_CODES, proven=True)
WRONG_CODES_IN_ALL = Limit("wrong codes of all devices a day", 100, DAY, TOO_MANY_CODES, proven=True)
SIGN_UPS = Limit("sign-ups of an address", 30, 600, OFTEN)
RESETS = Limit("password resets of an address", 20, 600, OFTEN)
RESETS_OF_ACCOUNT = Limit(
    "password resets of an account",
    5,
    900,
    "Five links have already been requested. Use the newest one, or wait {wait}.",
)
NEW_PASSWORDS = Limit("new passwords of an address", 20, 60, OFTEN)
# Asked for more often, the mail before is still on its way; nobody is told.
CONFIRMATIONS = Limit("mails to confirm an address", 1, 180, "")
ADDRESS_CHANGES = Limit(
    "e-mail changes of a person",
    10,
    600,
    "You have changed this many times just now. Wait {wait}, then try again.",
    proven=True,
)
# What is mailed each time somebody does something: the first ones of a day are sent, and the last of them says so.
NEW_DEVICES = Limit("mails about new devices of a person", 5, DAY, "", proven=True)
# Of one's password, factors and address, each kind by itself: none is hidden behind many of another.
OWN_CHANGES = Limit("mails about a person's own changes", 10, DAY, "", proven=True)
FACTOR_RULES = Limit("mails about an account's factor rule", 5, DAY, "", proven=True)
ENTRIES = Limit(
    "staff accesses of a person to an account",
    6,
    3_600,
    "You entered this account six times within an hour, and its Owners got an e-mail each time. Wait {wait}.",
    proven=True,
)


CROWD = "Too many people are trying to sign in right now. Wait {wait}, then try again."
CROWD_OF_DAY = (
    "Too many people asked for an e-mail in the last 24 hours. Wait {wait}, or ask this portal's staff for help."
)


class TooOften(ValidationError):
    """The sentence for whoever knocked; `seconds` until they may again, at least 1."""

    def __init__(self, sentence: str, ends_at: datetime) -> None:
        self.seconds = max(1, math.ceil((ends_at - timezone.now()).total_seconds()))
        super().__init__(sentence.format(wait=in_words(self.seconds)), code="too_often")


def in_words(seconds: int) -> str:
    """Never less than it is: whole minutes past the first, whole hours past the first."""
    unit = 1 if seconds <= 60 else 60 if seconds <= 3600 else 3600
    return span_in_words(timedelta(seconds=math.ceil(seconds / unit) * unit))


@dataclass(frozen=True)
class Counted:
    key: str
    ends_at: datetime
    # The next one is refused.
    is_last: bool = False

    def take_back(self) -> None:
        """It did not count after all, such as a password that was right."""
        mine = KnockCount.objects.filter(key=self.key, ends_at=self.ends_at, count__gt=0)
        mine.update(count=F("count") - 1)


# No row comes back from one that stands at its limit, or that is new and finds no room.
COUNT = """
INSERT INTO linnapp_knockcount AS k (key, "limit", count, daily, ends_at)
SELECT CAST(%(key)s AS varchar(64)), %(limit)s, 1, %(daily)s, %(ends_at)s
WHERE EXISTS (SELECT 1 FROM linnapp_knockcount WHERE key = %(key)s)
   OR (SELECT count(*) FROM linnapp_knockcount WHERE daily = %(daily)s) < %(room)s
ON CONFLICT (key) DO UPDATE
SET count = CASE WHEN k.ends_at <= %(now)s THEN 1 ELSE k.count + 1 END,
    ends_at = CASE WHEN k.ends_at <= %(now)s THEN excluded.ends_at ELSE k.ends_at END
WHERE k.ends_at <= %(now)s OR k.count < %(most)s
RETURNING id, key, "limit", count, daily, ends_at
"""


def count(limit: Limit, *who: object) -> Counted:
    """Counts one more. Raises TooOften, and counts nothing, where that would be one too many."""
    key = credentials.digest_of("knock", limit.name, *who)
    if limit.most >= NO_LIMIT:
        return Counted(key, timezone.now())
    sentence = limit.sentence
    counted = _counted(limit, key, limit.most, _room(limit))
    if counted is None and not KnockCount.objects.filter(key=key).exists():
        sentence, times = (CROWD_OF_DAY, SHARED_MOST_A_DAY) if limit.is_daily else (CROWD, SHARED_MOST)
        key = credentials.digest_of("knock", limit.name, "shared", int(key, 16) % SHARED_ROWS)
        counted = _counted(limit, key, limit.most * times, NO_LIMIT)
    if counted is None:
        row = KnockCount.objects.running(timezone.now()).filter(key=key).first()
        raise TooOften(sentence, row.ends_at if row else timezone.now())
    return counted


def _room(limit: Limit) -> int:
    if limit.proven:
        return NO_LIMIT
    return MOST_DAILY_ROWS if limit.is_daily else MOST_ROWS


def _counted(limit: Limit, key: str, most: int, room: int) -> Counted | None:
    now = timezone.now()
    ends_at = now + timedelta(seconds=limit.seconds)
    facts = {"key": key, "limit": limit.name, "daily": limit.is_daily, "ends_at": ends_at, "now": now}
    facts |= {"most": most, "room": room}
    rows = [Counted(row.key, row.ends_at, row.count >= most) for row in KnockCount.objects.raw(COUNT, facts)]
    return rows[0] if rows else None


def count_each(*of: tuple[Limit, tuple[object, ...]]) -> list[Counted]:
    """Counts by each, or raises TooOften of the first that stands at its limit, and counts by none: whoever is refused
    uses up nobody's tries, not even their own."""
    done: list[Counted] = []
    try:
        for limit, who in of:
            done.append(count(limit, *who))
    except TooOften:
        take_back(done)
        raise
    return done


def take_back(done: Iterable[Counted]) -> None:
    for counted in done:
        counted.take_back()


def sign_in(email: str, address: str, device: str) -> list[Counted]:
    """Counts a sign-in before its password is looked at, and returns what to take back if it is right. `device` is the
    mark of one that this person signed in with before, "" for any other. Raises TooOften.

    Others' wrong passwords never keep a known device out, wherever they come from: it has counters of its own.
    """
    if device:
        limits = (SIGN_INS_OF_DEVICE, WRONG_OF_DEVICE, WRONG_OF_DEVICE_A_DAY)
        return count_each(*((limit, (device,)) for limit in limits))[1:]
    account, network = folded(email), counted_as(address)
    return count_each(
        (SIGN_INS, (network,)),
        *_of_network(WRONG_OF_NETWORK, address),
        (WRONG_OF_ADDRESS, (network,)),
        (WRONG_OF_BOTH, (account, network)),
        (WRONG_OF_ACCOUNT, (account,)),
    )[1:]


def own_password(person: User, session: str | None) -> list[Counted]:
    """Counts a password that somebody signed in gives once more; to be taken back if it is right. `session` is the key
    of their browser session."""
    mine = (person.pk, person.password, session)
    limits = (WRONG_OF_SESSION, WRONG_OF_SESSION_A_DAY)
    return count_each(*((limit, mine) for limit in limits), (WRONG_IN_ALL_SESSIONS, mine[:2]))


def code(person: User, device: str) -> list[Counted]:
    """Counts a code of a second factor before it is looked at, and returns what to take back if it is right. `device`
    as in `sign_in`. No new password begins the count of a person anew: to whoever reads somebody's mail the second
    factor is all that is left to find."""
    limits = (WRONG_CODES_OF_DEVICE, WRONG_CODES_OF_DEVICE_A_DAY) if device else (WRONG_CODES, WRONG_CODES_A_DAY)
    counted_by = (device or person.pk,)
    return count_each(*((limit, counted_by) for limit in limits), (WRONG_CODES_IN_ALL, (person.pk,)))


def passkey(address: str) -> None:
    """Counts a passkey that somebody signs in with: nothing in it can be guessed, but looking at it takes its time."""
    count(SIGN_INS, counted_as(address))


def address_change(person: User, mailed: str = "") -> None:
    """`mailed` is the address that is sent a link by it, "" where none is."""
    if not mailed:
        count(ADDRESS_CHANGES, person.pk)
        return
    of_person = ((ADDRESS_CHANGES, (person.pk,)), (_mails_of_sender("You", proven=True), (person.pk,)))
    _before_confirmation(mailed, *of_person)


def may_tell(limit: Limit, *who: object) -> dict[str, datetime] | None:
    """Counts a mail that tells what somebody did, and gives what its text knows of that: after the last one, until when
    there are no more. None where it would be one too many."""
    try:
        counted = count(limit, *who)
    except TooOften:
        return None
    return {"silent_until": counted.ends_at} if counted.is_last else {}


def entry(person: User, account: Account) -> None:
    count(ENTRIES, person.pk, account.pk)


def _of_network(limit: Limit, address: str) -> list[tuple[Limit, tuple[object, ...]]]:
    network = widely(address)
    return [(limit, (network,))] if network else []


def _before_confirmation(email: str, *of: tuple[Limit, tuple[object, ...]]) -> None:
    """Of the mails to the address nothing is counted yet: only one that is written is, by `may_confirm`."""
    count_each(*of, (_mails_to_one(CONFIRMATION), (folded(email),)))[-1].take_back()


def _mails_of_sender(who: str, *, proven: bool = False) -> Limit:
    """What one asks the portal to send, to whomever."""
    most = settings.MAILS_PER_DAY
    asks = f"{who} may ask for {counted_in_words(most, 'e-mail')} in 24 hours."
    sentence = f"{asks} Wait {{wait}}. This portal's staff can raise the limit."
    return Limit("mails of a sender a day", most, DAY, sentence, proven=proven)


# Each has a number of its own: whoever signs others up keeps nobody from a new password.
CONFIRMATION, RESET = "mails to confirm an address a day", "password mails to an address a day"


def _mails_to_one(name: str) -> Limit:
    most = settings.MAILS_PER_DAY_TO_ONE
    sentence = (
        f"We send {counted_in_words(most, 'such e-mail')} to one address in 24 hours, and this one has had that many. "
        f"Use the newest, wait {{wait}}, or ask this portal's staff to send another one now."
    )
    return Limit(name, most, DAY, sentence)


def _resets_to_device() -> Limit:
    """The same for a device that its reader signed in with: whatever others have sent there, its own resets go out."""
    return replace(_mails_to_one(RESET), name="mails for a known device a day", proven=True)


def sign_up(email: str, address: str) -> None:
    network = counted_as(address)
    _before_confirmation(
        email,
        *_of_network(FORMS_OF_NETWORK, address),
        (SIGN_UPS, (network,)),
        (_mails_of_sender("Your network"), (network,)),
    )


def reset(email: str, address: str, device: str = "") -> None:
    """`device` is the mark of one that this person signed in with before, "" for any other."""
    network = counted_as(address)
    count_each(
        *_of_network(FORMS_OF_NETWORK, address),
        (RESETS, (network,)),
        (RESETS_OF_ACCOUNT, (folded(email),)),
        (_mails_of_sender("Your network"), (network,)),
        (_resets_to_device(), (device,)) if device else (_mails_to_one(RESET), (folded(email),)),
    )


def may_confirm(email: str) -> bool:
    """Whether a mail that asks for confirmation may go to this address now; counts it. What bounds a day was asked
    before, and not of staff."""
    try:
        count(CONFIRMATIONS, folded(email))
    except TooOften:
        return False
    with suppress(TooOften):
        count(_mails_to_one(CONFIRMATION), folded(email))
    return True


def confirmation_wait(email: str) -> int:
    """Seconds until another mail that asks for confirmation may go to this address, known here or not; 0 for now."""
    key, now = credentials.digest_of("knock", CONFIRMATIONS.name, folded(email)), timezone.now()
    row = KnockCount.objects.running(now).filter(key=key, count__gte=CONFIRMATIONS.most).first()
    return math.ceil((row.ends_at - now).total_seconds()) if row else 0


def folded(email: str) -> str:
    """One spelling of all that find the same person: databases compare without case, each in its own way (in some
    “ſam” is “SAM”)."""
    return unicodedata.normalize("NFKC", email.strip()).upper().casefold()


def drop_over() -> int:
    """Drops rows whose window is over, batch after batch, until none is left or this process is asked to stop. One that
    began anew meanwhile stays."""
    return batches.drop(KnockCount.objects.over(timezone.now()).order_by("ends_at"))
