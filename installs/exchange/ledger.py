"""The record of refusals: grouped in the process when they are answered, written twice a second by a thread."""

import atexit
import logging
import threading
from collections import Counter
from collections.abc import Callable
from uuid import UUID

from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections
from django.utils import timezone

from installs.exchange import records
from installs.exchange.figures import count_refusal
from installs.exchange.records import SAMPLES_PER_GROUP, Group, Sample
from installs.exchange.references import Reference, tag_of
from installs.exchange.refusals import Reason
from installs.exchange.sent import NOTHING_SENT, Asked, Sent
from linnapp.addresses import counted_as, prefix_of

FLUSH_SECONDS = 0.5
# Of the process, between two flushes. Past it a refusal is counted with all others of its hour and cause.
MOST_GROUPS = 10_000
# Groups of one transaction: an exchange does not wait long behind it, on SQLite with its one writer.
TOGETHER = 20
# What may be well the next time: no connection, a deadlock, a database that somebody holds.
AGAIN = (OperationalError, InterfaceError)
log = logging.getLogger(__name__)


class _Ledger:
    """Refusals of this process that are not in the database yet. One lock, held for microseconds."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.groups: dict[str, Group] = {}
        self.failures: Counter[str] = Counter()
        self.flusher: threading.Thread | None = None

    def add(self, group: Group, sample: Sample) -> None:
        with self.lock:
            if len(self.groups) >= MOST_GROUPS and group.key not in self.groups:
                group = _rest_of(group)
            known = self.groups.setdefault(group.key, group)
            known.count += 1
            known.last_at = sample.at
            if len(known.samples) < SAMPLES_PER_GROUP:
                known.samples.append(sample)
            if group.asked == Asked.EXCHANGE:
                self.failures[counted_as(sample.address)] += 1

    def give_back(self, groups: list[Group], failures: Counter[str]) -> None:
        """What could not be written, to be written next time with what was added since."""
        with self.lock:
            for group in groups:
                is_full = len(self.groups) >= MOST_GROUPS and group.key not in self.groups
                kept = _rest_of(group) if is_full else group
                known = self.groups.setdefault(kept.key, kept)
                known.join(kept)
                del known.samples[SAMPLES_PER_GROUP:]
            self.failures += failures

    def take(self) -> tuple[list[Group], Counter[str]]:
        with self.lock:
            groups, self.groups = list(self.groups.values()), {}
            failures, self.failures = self.failures, Counter()
        return groups, failures


def _rest_of(group: Group) -> Group:
    return group.rest_of_application() if group.is_proven else group.rest()


_kept = _Ledger()


def note(
    reason: Reason,
    *,
    address: str,
    facts: dict[str, str],
    asked: Asked = Asked.EXCHANGE,
    application_id: UUID | None = None,
    installation_id: UUID | None = None,
    sent: Sent = NOTHING_SENT,
) -> str:
    """Keeps one refusal for the next flush; the reference that its answer carries. `application_id` and
    `installation_id` are what the caller proved; `facts` are names and masked values, never a credential."""
    count_refusal(reason, asked)
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    group = Group(hour, asked, reason, application_id, installation_id, sent, prefix_of(address), now)
    of = tag_of(application_id or sent.named_id)
    reference = Reference(hour, reason, sent.secret, sent.token, of, group.key[:8]).written()
    _kept.add(group, Sample(reference, now, address, facts))
    return reference


def take() -> list[Group]:
    """What was noted and is not written yet; nothing of it is written any more."""
    return _kept.take()[0]


def flush() -> None:
    """Writes what was noted since the last time, some in each transaction, in the order of their keys. Where the
    database is away, or ends a transaction for another's sake, what is not written waits for the next time."""
    groups, failures = _kept.take()
    groups.sort(key=lambda group: group.key)
    try:
        while groups:
            records.write(groups[:TOGETHER])
            del groups[:TOGETHER]
        records.count_failures(failures)
    except AGAIN:
        _kept.give_back(groups, failures)
        raise


def start_flushing() -> None:
    """Begins the one flushing thread of this process, unless it runs. The web process calls this when it starts."""
    if _kept.flusher is not None and _kept.flusher.is_alive():
        return
    stop = threading.Event()
    _kept.flusher = threading.Thread(target=_flush_until, args=(stop,), name="refusals", daemon=True)
    _kept.flusher.start()
    atexit.register(_stop, stop, _kept.flusher)


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
    except AGAIN as error:
        log.warning("Refusals of the last moment wait to be recorded: %s", error)
    except DatabaseError:
        log.exception("Refusals of the last moment could not be recorded")
    finally:
        close_old_connections()
