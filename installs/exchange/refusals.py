"""Refused exchanges: what the caller is told, and their record, grouped in the process and flushed each second."""

import atexit
import logging
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, close_old_connections, transaction
from django.db.models import F
from django.utils import timezone

from installs.models import FailureWindow, RefusalGroup, RefusalSample
from linnapp.addresses import counted_as

FAILURE_WINDOW = timedelta(minutes=10)
# Refusals of one address within the window that are answered as they are; past it the answer is 429.
FAILURES_ALLOWED = 60
FLUSH_SECONDS = 1.0
SAMPLES_PER_GROUP = 20
MOST_GROUPS = 10_000
log = logging.getLogger(__name__)


class Reason(StrEnum):
    UNREADABLE = "UNREADABLE"
    UNPROVEN = "UNPROVEN"
    UNKNOWN_TOKEN = "UNKNOWN_TOKEN"
    SESSION_TOKEN_SENT = "SESSION_TOKEN_SENT"
    OTHER_CREDENTIAL_SENT = "OTHER_CREDENTIAL_SENT"
    OTHER_APPLICATION = "OTHER_APPLICATION"
    UNINSTALLED = "UNINSTALLED"
    INSTALLATION_FAILED = "INSTALLATION_FAILED"
    TOKEN_ENDED = "TOKEN_ENDED"
    SUSPENDED_BY_STAFF = "SUSPENDED_BY_STAFF"
    SUSPENDED_BY_ACCOUNT = "SUSPENDED_BY_ACCOUNT"
    APPLICATION_SUSPENDED = "APPLICATION_SUSPENDED"
    ACCOUNT_SUSPENDED = "ACCOUNT_SUSPENDED"
    PUBLISHER_SUSPENDED = "PUBLISHER_SUSPENDED"
    APPLICATION_RETIRED = "APPLICATION_RETIRED"
    OVER_QUOTA = "OVER_QUOTA"


SENTENCES = {
    Reason.UNPROVEN: "ApplicationId, ApplicationSecret or Token is wrong. Compare all three with the General page of "
    "your application in the developer portal.",
    Reason.UNKNOWN_TOKEN: "Token is not a permanent token of this portal. Use the one shown beside the installation on "
    "the Installations page of your application.",
    Reason.SESSION_TOKEN_SENT: "Token is a session token. Send the permanent token of the installation "
    "instead{ending}; the session token goes into the Authorization header of the calls that follow.",
    Reason.OTHER_CREDENTIAL_SENT: "Token is your Application ID or Application Secret. Send the permanent token of the "
    "installation instead.",
    Reason.OTHER_APPLICATION: "Token belongs to an installation of another application. Use the ApplicationId and "
    "ApplicationSecret of the application that was installed.",
    Reason.UNINSTALLED: "This application was uninstalled from the account, and its permanent token ended with that. "
    "Ask the account's owner to install it again.",
    Reason.INSTALLATION_FAILED: "This installation failed: its postback did not come to a 200, and its permanent token "
    "ended with that. The Postbacks page of your application says why; the account can install again.",
    Reason.TOKEN_ENDED: "This permanent token was replaced. Use the newer one on the Installations page of your "
    "application.",
    Reason.SUSPENDED_BY_STAFF: "This installation is suspended by the platform. Its page in the developer portal says "
    "why.",
    Reason.SUSPENDED_BY_ACCOUNT: "The account suspended this installation. Its owner can resume it under My apps.",
    Reason.APPLICATION_SUSPENDED: "This application is suspended by the platform. Its General page in the developer "
    "portal says why.",
    Reason.ACCOUNT_SUSPENDED: "The account that this application is installed on is suspended by the platform. Only "
    "the platform's staff lift that; the account's own people read why in the portal.",
    Reason.PUBLISHER_SUSPENDED: "The account of this application's developer is suspended by the platform. Its pages "
    "in the developer portal say why.",
    Reason.APPLICATION_RETIRED: "This application is retired. Its credentials no longer work.",
    Reason.OVER_QUOTA: "API calls quota exceeded! Maximum admitted {quota} per Minute.",
}


# The same in a few words, for a developer's list of causes.
CAUSES = {
    Reason.UNKNOWN_TOKEN: "no permanent token of this portal",
    Reason.SESSION_TOKEN_SENT: "session token sent instead of the permanent token",
    Reason.OTHER_CREDENTIAL_SENT: "Application ID or secret sent as the permanent token",
    Reason.OTHER_APPLICATION: "permanent token of another application",
    Reason.UNINSTALLED: "uninstalled",
    Reason.INSTALLATION_FAILED: "installation failed",
    Reason.TOKEN_ENDED: "permanent token replaced",
    Reason.SUSPENDED_BY_STAFF: "installation suspended by the platform",
    Reason.SUSPENDED_BY_ACCOUNT: "installation suspended by the account",
    Reason.APPLICATION_SUSPENDED: "application suspended",
    Reason.ACCOUNT_SUSPENDED: "account suspended by the platform",
    Reason.PUBLISHER_SUSPENDED: "your account suspended by the platform",
    Reason.APPLICATION_RETIRED: "application retired",
    Reason.OVER_QUOTA: "more exchanges in a minute than allowed",
}


def cause_of(reason: str) -> str:
    """Of one that is stored, for staff: also of those of the caller, which no developer is told."""
    known = {str(key): words for key, words in CAUSES.items()}
    return known.get(reason, reason.replace("_", " ").lower())


def sentence(reason: Reason, tail: str = "") -> str:
    """What the caller is told; `tail` are the last characters of the permanent token that was meant."""
    ending = f" (ending …{tail})" if tail else ""
    return SENTENCES.get(reason, "").format(quota=settings.EXCHANGES_PER_MINUTE, ending=ending)


# Whatever stands in place of the braces; what follows a sentence, such as its reference, does not count.
_PATTERNS = {
    reason: re.compile(".*?".join(re.escape(part) for part in re.split(r"\{\w+\}", written)))
    for reason, written in SENTENCES.items()
}


def reason_of(message: str) -> Reason | None:
    """The reason whose `sentence` a message is, for whoever is told it over the wire; None for any other message."""
    return next((reason for reason, pattern in _PATTERNS.items() if pattern.match(message)), None)


def retry_after(failures: int) -> int | None:
    """Seconds an address that keeps failing is asked to wait: None below the limit, then doubling up to an hour.

    Only its refusals are answered so. A right exchange from the same address is answered at once.
    """
    over = failures - FAILURES_ALLOWED
    return None if over < 0 else min(2 ** (1 + over // 20), 3600)


def failures_of(address: str) -> int:
    """Refusals of an address within the window, those of the last second aside."""
    began = timezone.now() - FAILURE_WINDOW
    row = FailureWindow.objects.filter(address=counted_as(address), last_at__gt=began).first()
    return row.failures if row else 0


@dataclass
class _Group:
    """Refusals that are alike, since the last flush."""

    hour: datetime
    reason: str
    application_id: UUID | None
    installation_id: UUID | None
    address: str
    last_at: datetime
    count: int = 0
    samples: list[tuple[str, datetime, dict[str, str]]] = field(default_factory=list)

    @property
    def key(self) -> str:
        parts = (self.hour.isoformat(), self.reason, self.application_id, self.installation_id, self.address)
        return blake2b("|".join(map(str, parts)).encode(), digest_size=32).hexdigest()


class _Ledger:
    """Refusals of this process that are not in the database yet. One lock, held for microseconds."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.groups: dict[str, _Group] = {}
        self.flusher: threading.Thread | None = None

    def add(self, group: _Group, reference: str, facts: dict[str, str]) -> None:
        with self.lock:
            if len(self.groups) >= MOST_GROUPS:
                return
            known = self.groups.setdefault(group.key, group)
            known.count += 1
            known.last_at = group.last_at
            if len(known.samples) < SAMPLES_PER_GROUP:
                known.samples.append((reference, group.last_at, facts))

    def take(self) -> list[_Group]:
        with self.lock:
            groups, self.groups = list(self.groups.values()), {}
        return groups


ledger = _Ledger()


def note(
    reason: Reason,
    *,
    reference: str,
    address: str,
    application_id: UUID | None = None,
    installation_id: UUID | None = None,
    facts: dict[str, str],
) -> None:
    """Keeps one refusal for the next flush. `facts` are names and masked values, never a credential."""
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    ledger.add(_Group(hour, reason, application_id, installation_id, address, now), reference, facts)


def flush() -> None:
    """Writes what was noted since the last time, in one transaction."""
    groups = ledger.take()
    if not groups:
        return
    with transaction.atomic():
        for group in groups:
            _write(group)
        failures: Counter[str] = Counter()
        for group in groups:
            failures[counted_as(group.address)] += group.count
        for counted, count in sorted(failures.items()):
            _count_failures(counted, count)


def _write(group: _Group) -> None:
    row, created = RefusalGroup.objects.get_or_create(
        key=group.key,
        defaults={
            "hour": group.hour,
            "reason": group.reason,
            "application_id": group.application_id,
            "installation_id": group.installation_id,
            "address": group.address,
            "count": group.count,
            "last_at": group.last_at,
        },
    )
    if not created:
        RefusalGroup.objects.filter(pk=row.pk).update(count=F("count") + group.count, last_at=group.last_at)
    RefusalSample.objects.bulk_create(
        RefusalSample(group=row, reference=reference, at=at, facts=facts) for reference, at, facts in group.samples
    )


def _count_failures(counted: str, failures: int) -> None:
    now = timezone.now()
    row, created = FailureWindow.objects.get_or_create(
        address=counted, defaults={"began_at": now, "last_at": now, "failures": failures}
    )
    if created:
        return
    over = row.last_at < now - FAILURE_WINDOW
    FailureWindow.objects.filter(pk=row.pk).update(
        failures=failures if over else F("failures") + failures,
        began_at=now if over else row.began_at,
        last_at=now,
    )


def start_flushing() -> None:
    """Begins the one flushing thread of this process, unless it runs. The web process calls this when it starts."""
    if ledger.flusher is not None and ledger.flusher.is_alive():
        return
    stop = threading.Event()
    ledger.flusher = threading.Thread(target=_flush_until, args=(stop,), name="refusals", daemon=True)
    ledger.flusher.start()
    atexit.register(_stop, stop, ledger.flusher)


def _stop(stop: threading.Event, flusher: threading.Thread) -> None:
    stop.set()
    flusher.join(timeout=5)


def _flush_until(stop: threading.Event, work: Callable[[], None] = flush) -> None:
    while not stop.wait(FLUSH_SECONDS):
        _flush_safely(work)
    _flush_safely(work)


def _flush_safely(work: Callable[[], None]) -> None:
    try:
        work()
    except DatabaseError:
        log.exception("Refused exchanges of the last second could not be recorded")
    finally:
        close_old_connections()
