"""How much each may have claimed ahead of the threads: what is answered well within the lease, and no more."""

from collections import Counter
from collections.abc import Iterable
from math import ceil

from installs.postbacks.turns.line import Addressed, WaitingLine
from installs.postbacks.turns.paces import Pace, alone, is_slow, weight_of

# Claimed for each thread that a sender may have, so that none waits for the database.
CLAIMED_EACH = 2


class Shares:
    """For one look at the table, from what is under way. Twice its threads, and what it was answered in the last
    second: a quick endpoint is claimed for by the hundred, a slow one by the dozen. Those that are slow, or of whom
    nothing is known, divide half of the threads among them; they leave the room of the quick ones alone."""

    def __init__(self, threads: int, line: WaitingLine, pace: Pace, under_way: Iterable[Addressed]) -> None:
        self.threads, self.line, self.pace = threads, line, pace
        posts = list(under_way)
        self.of_senders = Counter(post.sender for post in posts)
        self.of_hosts = Counter(post.to for post in posts)
        self.took = {sender: line.took(sender) for sender in self.of_senders}
        self.slow = [sender for sender, took in self.took.items() if took is None or is_slow(took)]
        quick = len(posts) - sum(self.of_senders[sender] for sender in self.slow)
        # With room for a few only there is none: claims are made together.
        room = threads * CLAIMED_EACH + pace.of_all() - quick
        self.has_room = room >= max(threads // 4, 1)
        self.room = max(room, 0)

    def left(self, sender: str) -> float:
        took = self.took[sender] if sender in self.took else self.line.took(sender)
        may = alone(self.threads, weight_of(took))
        if took is None or is_slow(took):
            others = len(self.slow) + (sender not in self.took)
            may = min(may, max(self.threads // 2 // max(others, 1), 1))
        elif not self.has_room:
            return 0
        return self._left(may, self.pace.of(sender), self.of_senders[sender])

    def left_to(self, sender: str, host: str) -> float:
        may = alone(self.threads, weight_of(self.line.took(sender, host)))
        return self._left(may, self.pace.of(sender, host), self.of_hosts[sender, host])

    def _left(self, may: int, answered: int, claimed: int) -> int:
        left = CLAIMED_EACH * may + answered - claimed
        return left if left >= ceil(may / 4) else 0

    def full_hosts(self) -> dict[str, list[str]]:
        """By sender."""
        full: dict[str, list[str]] = {}
        for sender, host in self.of_hosts:
            if not self.left_to(sender, host):
                full.setdefault(sender, []).append(host)
        return full
