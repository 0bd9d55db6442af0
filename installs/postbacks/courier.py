"""Brings what is due. One courier a worker process: a job wakes it, it works until nothing is due, and rests.

It claims rows in batches and writes results in batches; threads of its own do the sending and never ask the database.
A publisher with a slow endpoint gets a share of the threads and not all of them.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf
from queue import Empty, SimpleQueue
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, connections, transaction
from django.utils import timezone
from huey.contrib.djhuey import db_task

from installs.models import Delivery
from installs.outbound import Client, Step
from installs.postbacks import packing, records
from installs.postbacks.line import Pace, WaitingLine
from installs.postbacks.posting import Post, Result, attempt
from linnapp.supervision import stop_asked

log = logging.getLogger(__name__)
# Longer than any attempt takes: what a worker that was killed had claimed is sent again after it, under the same id.
LEASE = timedelta(seconds=30)
# An attempt takes ten seconds at most; what it came to is written after it.
LEFT_TO_BEGIN = timedelta(seconds=11)
# Of the sending threads, how many may be busy for one publisher.
SHARE = 0.75
# Claimed beyond what is being sent, so that no thread waits for the database.
AHEAD = 2
# Rows of one transaction.
MOST_AT_ONCE = 200
# Results are gathered so long before they are written together, and with nothing to write it looks this often for more.
GATHER_SECONDS = 0.05
LOOK_SECONDS = 0.1
# Asked to stop, it waits so long for what is being sent.
STOP_SECONDS = 6.0
DATABASE_AWAY = (OperationalError, InterfaceError)
DATABASE_AWAY_SECONDS = 1.0
DATABASE_AWAY_TRIES = 30
# A retry that is nearer than this is waited for by a job of its own; the sweep of each minute finds the others.
NEAR = timedelta(seconds=90)


@dataclass(frozen=True)
class Told:
    """A step of a test, as it happens."""

    delivery_id: UUID
    step: Step


@dataclass(frozen=True)
class Left:
    """Waited so long for a thread that another worker could claim it before it is written down."""

    post: Post


News = Result | Told | Left


@dataclass(frozen=True)
class Lane:
    """Postbacks and tests, or events: each claims by the threads that it may have, and by its own pace."""

    events: bool
    threads: int
    share: int
    pace: Pace = field(default_factory=Pace)


class Courier:
    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.client = Client(connections=threads)
        self.line = WaitingLine(share=max(int(threads * SHARE), 1), events=max(threads // 2, 1))
        self.lanes = (
            Lane(False, threads, self.line.share),
            Lane(True, self.line.most_events, self.line.most_events_of_one),
        )
        self.news: SimpleQueue[News] = SimpleQueue()
        self.under_way: dict[UUID, Post] = {}
        self.at_work = threading.Lock()
        self.asked = threading.Event()
        self.started = False
        self.next_look_at = datetime.min.replace(tzinfo=UTC)

    def run(self) -> None:
        """Works until nothing is due. Asked while it works, it looks once more; in one thread at a time."""
        self.asked.set()
        while self.asked.is_set() and self.at_work.acquire(blocking=False):
            try:
                self.asked.clear()
                self._start()
                self._work()
                self._look_again_soon()
            finally:
                self.at_work.release()

    def _start(self) -> None:
        if self.started:
            return
        self.started = True
        for number in range(self.threads):
            threading.Thread(target=self._send, name=f"postback-{number}", daemon=True).start()

    def _send(self) -> None:
        while True:
            post = self.line.take()
            if post.claimed_until - timezone.now() < LEFT_TO_BEGIN:
                news: Result | Left = Left(post)
            else:
                news = attempt(post, self.client, self._teller(post))
            self.line.sent(post)
            self.news.put(news)

    def _teller(self, post: Post) -> Callable[[Step], None]:
        return lambda step: self.news.put(Told(post.delivery_id, step))

    def _work(self) -> None:
        away, give_up_at = 0, None
        while give_up_at is None or time.monotonic() < give_up_at:
            try:
                if stop_asked() and give_up_at is None:
                    self._give_back()
                    give_up_at = time.monotonic() + STOP_SECONDS
                if not self._round():
                    return
                away = 0
            except DATABASE_AWAY as error:
                # A database that restarts. What was sent meanwhile is kept, and written when it is back.
                away += 1
                if away > DATABASE_AWAY_TRIES:
                    raise
                log.warning("the database is away: %s", str(error).partition("\n")[0])
                connections.close_all()
                time.sleep(DATABASE_AWAY_SECONDS)

    def _round(self) -> bool:
        """Claims what there is room for, waits for news, writes them down. Whether there is more to do."""
        claimed = 0 if stop_asked() else self._claim()
        if not self.under_way:
            return claimed > 0
        self._write(self._gathered())
        return True

    def _claim(self) -> int:
        return sum(self._claim_for(lane) for lane in self.lanes)

    def _claim_for(self, lane: Lane) -> int:
        """Of a publisher no more than what is answered within the lease: twice its share, and what it answered in the
        last second. A quick endpoint is claimed for by the hundred, a slow one by the dozen."""
        under_way = [post for post in self.under_way.values() if post.is_numbered is lane.events]
        busy = Counter(post.publisher.pk for post in under_way)
        room = lane.threads * AHEAD + lane.pace.of_all() - len(under_way)
        least = max(lane.threads // 4, 1)
        if room < least:
            return 0

        def left(publisher: UUID) -> int:
            return lane.share * AHEAD + lane.pace.of(publisher) - busy[publisher]

        # With room for a few only it is full as well: it must not keep the others' from being claimed.
        full = [publisher for publisher in busy if left(publisher) < least]
        claimed = claim(min(room, MOST_AT_ONCE), events=lane.events, without=full, left=left)
        posts = packing.pack(claimed)
        self.under_way |= {post.delivery_id: post for post in posts}
        self.line.add(posts)
        return len(claimed)

    def _give_back(self) -> None:
        """What no thread has begun is due again at once, for another worker."""
        for post in self.line.give_back():
            self._let_go(post)

    def _let_go(self, post: Post) -> None:
        Delivery.objects.claimed([post.delivery_id], post.claimed_until).update(claimed_until=None)
        self.under_way.pop(post.delivery_id, None)

    def _gathered(self) -> list[News]:
        """What came within a moment of the first news; nothing where none came for a while."""
        try:
            found = [self.news.get(timeout=LOOK_SECONDS)]
        except Empty:
            return []
        until = time.monotonic() + GATHER_SECONDS
        while len(found) < MOST_AT_ONCE:
            try:
                found.append(self.news.get(timeout=max(until - time.monotonic(), 0)))
            except Empty:
                break
        return found

    def _write(self, news: Sequence[News]) -> None:
        left = {item.post.delivery_id: item for item in news if isinstance(item, Result)}
        try:
            for item in news:
                if isinstance(item, Told):
                    packing.tell_step(item.delivery_id, item.step)
                elif isinstance(item, Left):
                    self._let_go(item.post)
            for lane in self.lanes:
                sent = [item.post for item in left.values() if item.post.is_numbered is lane.events]
                lane.pace.note(post.publisher.pk for post in sent)
            for together in records.apart(list(left.values())):
                self._write_together(together)
                for result in together:
                    self.under_way.pop(left.pop(result.post.delivery_id).post.delivery_id)
        except DATABASE_AWAY:
            for result in left.values():
                self.news.put(result)
            raise
        except BaseException:
            # Not to be waited for: their lease ends, and they are sent again under the same id.
            for key in left:
                self.under_way.pop(key, None)
            raise

    def _write_together(self, results: Sequence[Result]) -> None:
        try:
            records.write(results)
        except IntegrityError:
            # An application that was never installed can be deleted while a test of it is under way.
            if len(results) == 1:
                log.warning("delivery %s is gone", results[0].post.delivery_id)
                return
            for result in results:
                self._write_together([result])

    def _look_again_soon(self) -> None:
        """A retry that is near is waited for by one job; the sweep of each minute finds the others."""
        now = timezone.now()
        soonest = Delivery.objects.due(now + NEAR).values_list("next_attempt_at", flat=True).first()
        if soonest is None or stop_asked() or now < self.next_look_at <= soonest:
            return
        self.next_look_at = max(soonest, now + timedelta(seconds=LOOK_SECONDS))
        deliver.schedule(eta=self.next_look_at)


def claim(
    number: int,
    *,
    events: bool = False,
    without: Collection[UUID] = (),
    left: Callable[[UUID], float] = lambda publisher: inf,
) -> list[Delivery]:
    """Up to so many due postbacks and tests, or events, of other publishers than these and of each no more than it has
    `left`, held for LEASE; those first that somebody waits for. No two workers get the same row: on PostgreSQL each
    skips what another holds, SQLite has one writer."""
    now = timezone.now()
    due = Delivery.objects.events() if events else Delivery.objects.without_events()
    due = due.due(now).exclude(application__account__in=without)
    if not due.exists():
        # Nothing to claim takes no turn of SQLite's one writer.
        return []
    until = now + LEASE
    with transaction.atomic():
        rows = due.with_what_sending_needs().select_for_update(skip_locked=True, of=("self",))
        found = [] if events else list(rows.urgent()[:number])
        found += rows.patient()[: number - len(found)]
        claimed = _of_each(found, left)
        Delivery.objects.filter(pk__in=[row.pk for row in claimed]).update(claimed_until=until)
    for row in claimed:
        row.claimed_until = until
    return claimed


def _of_each(rows: Iterable[Delivery], left: Callable[[UUID], float]) -> list[Delivery]:
    """In their order, without those past what their publisher has left."""
    taken: Counter[UUID] = Counter()
    chosen = []
    for row in rows:
        publisher = row.application.account_id
        if taken[publisher] < left(publisher):
            taken[publisher] += 1
            chosen.append(row)
    return chosen


courier = Courier(settings.POSTBACK_THREADS)


@db_task()
def deliver() -> None:
    courier.run()


def wake() -> None:
    """Lets a worker look at once. A queue that is away costs the sweep's minute, never the request that owed."""
    try:
        deliver()
    except Exception as error:
        # Each queue raises its own: Redis, SQLite, the operating system.
        log.warning("the job queue is away (%s): postbacks wait for the sweep", type(error).__name__)
