"""All connections of a web process: how many there may be, how many of one address, and when one is closed."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from linnapp.front.pace import Pace

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

    def enter(self, member: Member) -> None:
        """Takes it in. Past a limit the one that is longest without a whole request goes: a newcomer may be better."""
        self.members.add(member)
        own = self.of_address.setdefault(member.address, set()) if member.address else set()
        own.add(member)
        if len(own) > self.limits.of_address:
            self._slowest(own).abort()
        elif len(self.members) > self.limits.connections:
            self._slowest(self.members).abort()
        self.waits(member)

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
        self._held = 0
        for member in list(self.members):
            self._held += member.held
            member.pace.seen_unsent(member.unsent, now)
            if member not in self.waiting:
                if member.pace.takes_too_long(now) and member.unsent:
                    member.abort()
            elif member.pace.is_too_slow(now):
                member.close_slow()

    async def keep_sweeping(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            self.sweep(loop.time())
