"""Where posts wait for a thread that sends them: first come, first served, but what somebody waits for comes first, and
nobody gets all the threads."""

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from uuid import UUID

from installs.postbacks.posting import Post


class WaitingLine:
    """`share` is how many posts of one publisher may be sent at the same time: an endpoint that takes ten seconds to
    answer must not keep the others' waiting."""

    def __init__(self, share: int) -> None:
        self.share = share
        self.waiting: deque[Post] = deque()
        self.being_sent: Counter[UUID] = Counter()
        self.changed = threading.Condition()

    def add(self, posts: Iterable[Post]) -> None:
        with self.changed:
            self.waiting = deque(sorted([*self.waiting, *posts], key=lambda post: not post.is_urgent))
            self.changed.notify_all()

    def take(self) -> Post:
        """The first whose publisher has a thread left; waits for one."""
        with self.changed:
            while True:
                for post in self.waiting:
                    if self.being_sent[post.publisher.pk] < self.share:
                        self.waiting.remove(post)
                        self.being_sent[post.publisher.pk] += 1
                        return post
                self.changed.wait()

    def sent(self, post: Post) -> None:
        with self.changed:
            self.being_sent[post.publisher.pk] -= 1
            self.changed.notify()

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
