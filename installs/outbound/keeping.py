"""Connections that are kept for the next request to the same host."""

import threading
import weakref
from collections import OrderedDict

from installs.outbound.connections import Connection
from installs.outbound.targets import Target

Place = tuple[str, str, int]


class Kept:
    """Of at most `hosts` hosts, the one that waited longest going first, and per host `connections`; by all threads."""

    def __init__(self, hosts: int, connections: int) -> None:
        self._hosts, self._connections = hosts, connections
        self._lock = threading.Lock()
        self._by_place: OrderedDict[Place, list[Connection]] = OrderedDict()
        # A client that nobody needs any more, and one that lives as long as its process, leave no connection open.
        weakref.finalize(self, _close_all, self._by_place)

    def take(self, target: Target) -> Connection | None:
        """The one that was used last and is still good for a request; what is no longer is closed."""
        while connection := self._popped(_place(target)):
            if connection.is_good():
                return connection
            connection.close()
        return None

    def keep(self, target: Target, connection: Connection) -> None:
        """Closes it where there are enough already."""
        with self._lock:
            here = self._by_place.setdefault(_place(target), [])
            self._by_place.move_to_end(_place(target))
            here.append(connection)
            too_many = [here.pop(0)] if len(here) > self._connections else []
            if len(self._by_place) > self._hosts:
                too_many += self._by_place.popitem(last=False)[1]
        for each in too_many:
            each.close()

    def close(self) -> None:
        with self._lock:
            _close_all(self._by_place)

    def _popped(self, place: Place) -> Connection | None:
        with self._lock:
            here = self._by_place.get(place)
            if not here:
                return None
            connection = here.pop()
            if not here:
                del self._by_place[place]
            return connection


def _close_all(by_place: OrderedDict[Place, list[Connection]]) -> None:
    while by_place:
        for connection in by_place.popitem()[1]:
            connection.close()


def _place(target: Target) -> Place:
    return target.scheme, target.host, target.port
