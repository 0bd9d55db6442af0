"""All connections of a web process: how many there may be, how many of one address, and when one is closed."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Protocol

from linnapp.front.pace import Pace
from linnapp.front_figures import count_dropped

log = logging.getLogger(__name__)
SWEEP_EVERY = 1.0


class Member(Protocol):
    """A connection as the crowd sees it. `address` is empty for one whose number nobody limits."""

    address: str
    pace: Pace

    @property
    def held(self) -> int:
        """Bytes of requests that are not answered and of answers that are not taken."""
        ...

    @property
    def unsent(self) -> int: ...

    def close_slow(self) -> None: ...
    def abort(self) -> None: ...


@dataclass(frozen=True)
class Limits:
    """Connections in all and of one address; bytes held for requests and answers in all."""

    connections: int
    of_address: int
    held_bytes: int


class Crowd:
    """Who is there. Those that wait for a request stand in the order in which they last had one whole."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.members: set[Member] = set()
        self.waiting: dict[Member, None] = {}
        self.of_address: dict[str, set[Member]] = {}
        self._held = 0

    @property
    def is_full(self) -> bool:
        """Whether more is held than may be, as of the last sweep."""
        return self._held > self.limits.held_bytes

    @property
    def bytes_held(self) -> int:
        """As of the last sweep."""
        return self._held

    def enter(self, member: Member) -> None:
        """Takes it in. Past a limit the one that is longest without a whole request goes: a newcomer may be better."""
        own = self.of_address.get(member.address, set())
        if len(own) >= self.limits.of_address:
            self._send_away(self._slowest(own), "address_limit")
        elif len(self.members) >= self.limits.connections:
            self._send_away(self._slowest(self.members), "connections_limit")
        self.members.add(member)
        if member.address:
            self.of_address.setdefault(member.address, set()).add(member)
        self.waits(member)

    def _send_away(self, member: Member, why: str) -> None:
        """Counted out at once: the loop says later that it is gone."""
        count_dropped(why)
        member.abort()
        self.leave(member)

    def leave(self, member: Member) -> None:
        self.members.discard(member)
        self.waiting.pop(member, None)
        own = self.of_address.get(member.address)
        if own is not None:
            own.discard(member)
            if not own:
                del self.of_address[member.address]

    def waits(self, member: Member) -> None:
        """It has no whole request, and stands at the end of the line of those."""
        if member in self.members:
            self.waiting[member] = None

    def answers(self, member: Member) -> None:
        """Its request is whole and is being answered."""
        self.waiting.pop(member, None)

    def _slowest(self, group: set[Member]) -> Member:
        """Where all of them are being answered, the one that takes its answer most slowly."""
        waiting = next((member for member in self.waiting if member in group), None)
        return waiting or min(group, key=lambda member: member.pace.taken_at)

    def sweep(self, now: float) -> None:
        """Closes what is too slow, and counts what is held."""
        for member in list(self.members):
            member.pace.seen_unsent(member.unsent, now)
            if member not in self.waiting:
                if member.pace.takes_too_long(now) and member.unsent:
                    count_dropped("slow_reader")
                    member.abort()
            elif member.pace.is_too_slow(now):
                if member.pace.begun_at is not None:
                    count_dropped("slow_sender")
                member.close_slow()
        self._make_room()

    def _make_room(self) -> None:
        """Past the limit those that hold most go first: everybody else is to be answered."""
        self._held = sum(member.held for member in self.members)
        if not self.is_full:
            return
        for member in sorted(self.members, key=lambda member: member.held, reverse=True):
            self._held -= member.held
            self._send_away(member, "memory")
            if not self.is_full:
                return

    async def keep_sweeping(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            try:
                self.sweep(loop.time())
            except Exception:
                # Without it no slow connection would ever be closed.
                log.exception("Slow connections were not looked at")
