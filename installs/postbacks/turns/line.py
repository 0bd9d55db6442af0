"""Where posts wait for a thread that sends them: senders in turn, installations ahead, events last. No sender and no
host gets all the threads, and the slower it answers the fewer it gets, so that whoever comes anew finds one free."""

import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from installs.postbacks.posting import Post
from installs.postbacks.turns.paces import REMEMBERED, Durations, is_slow, weight_of

# So many turns an installation is ahead of all else, and that of events.
TURNS_AHEAD = 4
EVENT_RANK = 3


@dataclass(frozen=True)
class Addressed:
    """`sender` is the person behind the publisher's account, or the account."""

    post: Post
    sender: str
    host: str

    @property
    def to(self) -> tuple[str, str]:
        return self.sender, self.host

    @property
    def counted_as(self) -> tuple[str, str, str]:
        return self.sender, self.host, together(self.sender, self.host)


# Of one sender, to one host, and of one rank.
Place = tuple[str, str, int]


class WaitingLine:
    """`threads` is how many take from it. Events have half of them, and of what a sender may have, half: the rest is
    kept for what carries permanent tokens."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        # Kept from hosts that are known to be slow: for those that are quick, and for senders with nothing at work.
        self.reserve = threads // 4
        # The last of it for those who were quick lately: many of whom nothing is known may be one who made them up.
        self.last = (self.reserve + 1) // 3
        self.durations = Durations()
        self.waiting: dict[Place, deque[tuple[int, Addressed]]] = {}
        self.taken: dict[Post, tuple[Addressed, float]] = {}
        # By name of sender, of host and of both together, and apart for events.
        self.at_work: Counter[tuple[str, bool]] = Counter()
        # Since when, by sender, and by sender and host: what one meets at a host is not held against another.
        self.since: defaultdict[str, dict[Post, float]] = defaultdict(dict)
        self.events_at_work = 0
        # Whose turn it is: how many turns each has had, counted from where those that waited were when it came.
        self.turns: dict[str, int] = {}
        self.turn = 0
        self.arrivals = 0
        self.changed = threading.Condition()

    def add(self, posts: Iterable[Addressed]) -> None:
        with self.changed:
            for one in posts:
                self.arrivals += 1
                self.waiting.setdefault((*one.to, one.post.rank), deque()).append((self.arrivals, one))
            self.changed.notify()

    def take(self) -> Post:
        """The next whose sender and host have a thread left; waits for one."""
        with self.changed:
            while (place := self._next()) is None:
                self.changed.wait()
            _, one = self.waiting[place].popleft()
            if not self.waiting[place]:
                del self.waiting[place]
            self._begin(one)
            if self._next():
                # One thread wakes the next, for as long as there is something that it may take.
                self.changed.notify()
            return one.post

    def _next(self) -> Place | None:
        allowed = [place for place in self.waiting if self._may(*place)]
        return min(allowed, key=self._order, default=None)

    def _order(self, place: Place) -> tuple[int, int, int]:
        sender, _, rank = place
        behind = 2 * TURNS_AHEAD if rank == EVENT_RANK else TURNS_AHEAD if rank else 0
        return max(self.turns.get(sender, 0), self.turn) + behind, rank, self.waiting[place][0][0]

    def _may(self, sender: str, host: str, rank: int) -> bool:
        free, is_event = self.threads - len(self.taken), rank == EVENT_RANK
        took = self._took(together(sender, host))
        if free <= self._kept_from(sender, took, is_event):
            return False
        if is_event and self.events_at_work >= max(self.threads // 2, 1):
            return False
        most = weight_of(took) * free * (0.5 if is_event else 1)
        of_sender, of_host, of_both = (self.at_work[name, is_event] for name in (sender, host, together(sender, host)))
        # Whatever others keep at work at a host, everybody's first goes there: nothing is known of them yet.
        return (not of_sender or of_sender < most) and (not of_both or of_host < most)

    def _kept_from(self, sender: str, took: float | None, is_event: bool) -> int:
        """How many of the free threads are for others."""
        if took is not None:
            return self.reserve if is_slow(took) else 0
        of_all = self._took(sender)
        if is_event or self.at_work[sender, False] or is_slow(of_all):
            return self.reserve
        return self.last if of_all is None else 0

    def _took(self, name: str) -> float | None:
        """What hangs now counts as well: of a host that was quick it is known after a second."""
        took, since = self.durations.of(name), self.since.get(name)
        return max(took, time.monotonic() - next(iter(since.values()))) if took is not None and since else took

    def took(self, sender: str, host: str = "") -> float | None:
        """How long this sender's posts take lately, or those to a host; None where nothing is known."""
        with self.changed:
            return self._took(together(sender, host) if host else sender)

    def _begin(self, one: Addressed) -> None:
        now, key = time.monotonic(), one.post
        self.taken[key] = one, now
        self.at_work.update((name, one.post.is_numbered) for name in one.counted_as)
        for name in (one.sender, together(*one.to)):
            self.since[name][key] = now
        self.events_at_work += one.post.is_numbered
        self.turn = max(self.turn, min(self._waiting_turns(), default=self.turn))
        self.turns[one.sender] = max(self.turns.get(one.sender, 0), self.turn) + 1
        if len(self.turns) > REMEMBERED:
            self.turns = {sender: turn for sender, turn in self.turns.items() if turn > self.turn}

    def _waiting_turns(self) -> Iterator[int]:
        return (self.turns.get(sender, self.turn) for sender, _, _ in self.waiting)

    def sent(self, post: Post, *, tried: bool = True) -> None:
        """Said by a thread that takes the next at once: nobody else is woken."""
        with self.changed:
            one, began = self.taken.pop(post)
            for name in one.counted_as:
                self.at_work[name, post.is_numbered] -= 1
                if not self.at_work[name, post.is_numbered]:
                    del self.at_work[name, post.is_numbered]
            for name in (one.sender, together(*one.to)):
                del self.since[name][post]
                if not self.since[name]:
                    del self.since[name]
                if tried:
                    self.durations.note(name, time.monotonic() - began)
            self.events_at_work -= post.is_numbered

    def give_back(self, begun_by: datetime | None = None) -> list[Post]:
        """Those that no thread has begun, which leave the line: all, or those whose claim ends before this moment."""
        with self.changed:
            left = []
            for place, rows in list(self.waiting.items()):
                kept = deque(row for row in rows if begun_by and row[1].post.claimed_until >= begun_by)
                left += [one.post for _, one in rows if not (begun_by and one.post.claimed_until >= begun_by)]
                if kept:
                    self.waiting[place] = kept
                else:
                    del self.waiting[place]
            return left


def together(sender: str, host: str) -> str:
    return f"{sender} to {host}"
