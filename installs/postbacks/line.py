"""Where posts wait for a thread that sends them: first come, first served, but what somebody waits for comes first and
events last, and neither one publisher nor the events of all get all the threads."""

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from uuid import UUID

from installs.postbacks.posting import Post


class WaitingLine:
    """`share` is how many posts of one publisher may be sent at the same time: an endpoint that takes ten seconds to
    answer must not keep the others' waiting. `events` is the same for events, all and of one: half of the threads, and
    half of a share, are kept for what carries permanent tokens."""

    def __init__(self, share: int, events: int) -> None:
        self.share = share
        self.most_events = events
        self.most_events_of_one = max(share // 2, 1)
        self.events_being_sent: Counter[UUID] = Counter()
        self.waiting: deque[Post] = deque()
        self.being_sent: Counter[UUID] = Counter()
        self.changed = threading.Condition()

    def add(self, posts: Iterable[Post]) -> None:
        with self.changed:
            self.waiting = deque(sorted([*self.waiting, *posts], key=lambda post: post.rank))
            self.changed.notify_all()

    def take(self) -> Post:
        """The first whose publisher has a thread left; waits for one."""
        with self.changed:
            while True:
                for post in self.waiting:
                    if self._has_thread(post):
                        self.waiting.remove(post)
                        self._count(post, 1)
                        return post
                self.changed.wait()

    def _has_thread(self, post: Post) -> bool:
        if self.being_sent[post.publisher.pk] >= self.share:
            return False
        if not post.is_numbered:
            return True
        of_one = self.events_being_sent[post.publisher.pk]
        return of_one < self.most_events_of_one and self.events_being_sent.total() < self.most_events

    def _count(self, post: Post, number: int) -> None:
        self.being_sent[post.publisher.pk] += number
        if post.is_numbered:
            self.events_being_sent[post.publisher.pk] += number

    def sent(self, post: Post) -> None:
        with self.changed:
            self._count(post, -1)
            # All: the first to wake may find nothing that it may take, where another would.
            self.changed.notify_all()

    def give_back(self) -> list[Post]:
        """Those that no thread has begun, which leave the line."""
        with self.changed:
            left = list(self.waiting)
            self.waiting.clear()
            return left


class Pace:
    """How much was answered in the last second, by publisher."""

    def __init__(self) -> None:
        self.answered: deque[tuple[float, UUID]] = deque()
        self.counts: Counter[UUID] = Counter()

    def note(self, publishers: Iterable[UUID]) -> None:
        now = time.monotonic()
        for publisher in publishers:
            self.answered.append((now, publisher))
            self.counts[publisher] += 1

    def of(self, publisher: UUID) -> int:
        self._forget()
        return self.counts[publisher]

    def of_all(self) -> int:
        self._forget()
        return len(self.answered)

    def _forget(self) -> None:
        now = time.monotonic()
        while self.answered and self.answered[0][0] < now - 1:
            _, publisher = self.answered.popleft()
            self.counts[publisher] -= 1
