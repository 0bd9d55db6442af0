"""Brings what is due. One courier a worker process, which is a crew of its own: woken by a job, and looking by itself
every few seconds, it works until nothing is due, and rests.

It claims rows in batches and writes results in batches; threads of its own do the sending and never ask the database.
Whose turn it is, and what share of the threads, is for `installs.postbacks.turns`.
"""

import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, connections
from django.utils import timezone
from huey.contrib.djhuey import db_task

from installs.models import Delivery
from installs.models.claiming import Group, groups_due
from installs.models.deliveries import host_of
from installs.outbound import Client, Step
from installs.postbacks import packing, records
from installs.postbacks.posting import Post, Result, attempt
from installs.postbacks.turns.claims import Limits, claim
from installs.postbacks.turns.line import Addressed, WaitingLine
from installs.postbacks.turns.paces import Pace
from installs.postbacks.turns.shares import Shares
from linnapp import jobs
from linnapp.crews import Crew
from linnapp.supervision import stop_asked

log = logging.getLogger(__name__)
# An attempt takes ten seconds at most; what it came to is written after it.
LEFT_TO_BEGIN = timedelta(seconds=11)
# Results of one transaction, rows of one claim, and of all that is claimed at a time.
MOST_AT_ONCE = 200
MOST_CLAIMED = 400
MOST_UNDER_WAY = 2_000
# Found and not claimed so often, it rests for a while: whoever was quicker has them.
MISSED_AT_MOST = 5
# Results are gathered so long before they are written together, and with nothing to write it looks this often for more.
GATHER_SECONDS = 0.05
LOOK_SECONDS = 0.1
# Asked to stop, it waits so long for what is being sent.
STOP_SECONDS = 6.0
DATABASE_AWAY = (OperationalError, InterfaceError)
DATABASE_AWAY_SECONDS = 1.0
DATABASE_AWAY_TRIES = 30
# Nobody woke it: a queue that is away, a retry whose time has come.
LOOKS_EVERY_SECONDS = 0.5


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
    pace: Pace = field(default_factory=Pace)


class Courier:
    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.client = Client(connections=threads)
        self.line = WaitingLine(threads)
        self.lanes = Lane(False, threads), Lane(True, max(threads // 2, 1))
        self.news: SimpleQueue[News] = SimpleQueue()
        self.under_way: dict[UUID, Addressed] = {}
        # Of a database that was away.
        self.unwritten: list[News] = []
        self.at_work = threading.Lock()
        self.started = False
        self.late_at = 0.0
        self.missed = 0

    def run(self) -> None:
        """Works until nothing is due; in one thread at a time."""
        with self.at_work:
            self._start()
            self._work()

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
            self.line.sent(post, tried=isinstance(news, Result))
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
                if away:
                    self._write_what_came_meanwhile()
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

    def _write_what_came_meanwhile(self) -> None:
        """Before anything is claimed: what was sent beyond its lease would be sent again."""
        while news := self._gathered():
            self._write(news)

    def _round(self) -> bool:
        """Claims what there is room for, waits for news, writes them down. Whether there is more to do."""
        self._give_back_what_is_late()
        claimed, found = (0, 0) if stop_asked() else self._claim()
        if not self.under_way:
            self.missed = self.missed + 1 if found and not claimed else 0
            return found > 0 and self.missed <= MISSED_AT_MOST
        self._write(self._gathered())
        return True

    def _claim(self) -> tuple[int, int]:
        """How many were claimed, and how many there were to claim: another worker may have been quicker."""
        groups = groups_due(timezone.now())
        both = [self._claim_for(lane, groups) for lane in self.lanes] if groups else []
        return sum(claimed for claimed, _ in both), sum(found for _, found in both)

    def _claim_for(self, lane: Lane, groups: Sequence[Group]) -> tuple[int, int]:
        under_way = [one for one in self.under_way.values() if one.post.is_numbered is lane.events]
        shares = Shares(lane.threads, self.line, lane.pace, under_way)
        limits = Limits(shares.left, shares.left_to, shares.of_senders, shares.full_hosts())
        number = max(min(MOST_CLAIMED, MOST_UNDER_WAY - len(under_way)), 0)
        claimed = claim(number, events=lane.events, limits=limits, groups=groups)
        posts = packing.pack(claimed)
        added = [Addressed(post, claimed.senders[post.delivery_id], host_of(post.url)) for post in posts]
        self.under_way |= {one.post.delivery_id: one for one in added}
        self.line.add(added)
        return len(claimed), len(claimed.senders)

    def _give_back(self, begun_by: datetime | None = None) -> None:
        """What no thread has begun is due again at once, for another worker."""
        posts = self.line.give_back(begun_by)
        self._forget(posts)
        self._free(posts)

    def _give_back_what_is_late(self) -> None:
        """Waited so long in the line that a thread would leave it there: their sender has fewer than when it was
        claimed."""
        now = time.monotonic()
        if now >= self.late_at:
            self.late_at = now + 1
            self._give_back(timezone.now() + LEFT_TO_BEGIN)

    def _forget(self, posts: Iterable[Post]) -> None:
        """Whatever the database says: nothing else would end them here, and their lease ends there. What was claimed
        anew since stays."""
        for post in posts:
            one = self.under_way.get(post.delivery_id)
            if one and one.post is post:
                del self.under_way[post.delivery_id]

    def _free(self, posts: Iterable[Post]) -> None:
        by_claim: dict[datetime, list[UUID]] = defaultdict(list)
        for post in posts:
            by_claim[post.claimed_until].append(post.delivery_id)
        for claimed_until, keys in by_claim.items():
            Delivery.objects.claimed(keys, claimed_until).update(claimed_until=None)

    def _gathered(self) -> list[News]:
        """What came within a moment of the first news; nothing where none came for a while. What could not be written
        comes first."""
        if self.unwritten:
            found, self.unwritten = self.unwritten, []
            return found
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
        left = {item.post: item for item in news if isinstance(item, Result)}
        told = deque(item for item in news if isinstance(item, Told))
        late = [item.post for item in news if isinstance(item, Left)]
        self._forget(late)
        try:
            while told:
                packing.tell_step(told[0].delivery_id, told[0].step)
                told.popleft()
            self._free(late)
            for lane in self.lanes:
                sent = [self.under_way.get(post.delivery_id) for post in left if post.is_numbered is lane.events]
                lane.pace.note(one.to for one in sent if one)
            for together in records.apart(list(left.values())):
                self._write_together(together)
                for result in together:
                    self._forget([left.pop(result.post).post])
        except DATABASE_AWAY:
            self.unwritten = [*told, *left.values()]
            raise
        except BaseException:
            # Not to be waited for: their lease ends, and they are sent again under the same id.
            self._forget(left)
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


courier = Courier(settings.POSTBACK_THREADS)
crew = Crew("postbacks", courier.run, looks_every=LOOKS_EVERY_SECONDS)


@db_task()
def deliver() -> None:
    crew.wake()


def wake() -> None:
    """Lets a worker look at once. A queue that is away costs seconds, never the request that owed."""
    jobs.ask(deliver)
