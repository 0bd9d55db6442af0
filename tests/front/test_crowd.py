"""Who is sent away where there are too many connections, or too much is held for them; no sockets."""

from dataclasses import dataclass, field

from linnapp.front.crowd import Crowd, Limits
from linnapp.front.pace import IDLE, LONGEST, NOT_TAKEN, SILENT, WINDOW, Pace


@dataclass(eq=False)
class Somebody:
    name: str
    address: str = ""
    held: int = 0
    unsent: int = 0
    pace: Pace = field(default_factory=lambda: Pace(0.0))
    gone: bool = False

    def close_slow(self) -> None:
        self.gone = True

    def abort(self) -> None:
        self.gone = True


def crowd_of(*people: Somebody, connections: int = 100, of_address: int = 100, held_bytes: int = 1000) -> Crowd:
    crowd = Crowd(Limits(connections, of_address, held_bytes))
    for one in people:
        crowd.enter(one)
    return crowd


def test_the_one_that_waits_longest_makes_room_for_the_next() -> None:
    old, new, newest = Somebody("old"), Somebody("new"), Somebody("newest")
    crowd = crowd_of(old, new, connections=2)
    crowd.answers(old)
    crowd.waits(old)
    crowd.enter(newest)
    assert [one.gone for one in (old, new, newest)] == [False, True, False]
    assert crowd.members == {old, newest}


def test_where_all_are_being_answered_the_newcomer_is_taken_and_the_slowest_reader_goes() -> None:
    quick, slow, newcomer = Somebody("quick"), Somebody("slow"), Somebody("newcomer")
    crowd = crowd_of(quick, slow, connections=2)
    for one, taken_at in ((quick, 9.0), (slow, 5.0)):
        crowd.answers(one)
        one.pace.answers(taken_at)
    crowd.enter(newcomer)
    assert [one.gone for one in (quick, slow, newcomer)] == [False, True, False]


def test_an_address_has_a_limit_of_its_own_and_a_trusted_proxy_has_none() -> None:
    others = [Somebody("other", "203.0.113.1") for _ in range(2)]
    proxied = [Somebody("proxied") for _ in range(5)]
    crowd = crowd_of(*others, *proxied, of_address=2)
    crowd.enter(Somebody("third", "203.0.113.1"))
    assert [one.gone for one in others] == [True, False]
    assert not any(one.gone for one in proxied)


def test_who_holds_most_goes_first_where_too_much_is_held() -> None:
    greedy, modest = Somebody("greedy", held=900), Somebody("modest", held=200)
    crowd = crowd_of(greedy, modest)
    crowd.sweep(1.0)
    assert [one.gone for one in (greedy, modest)] == [True, False]
    assert not crowd.is_full


def test_a_reader_who_takes_nothing_goes() -> None:
    reader = Somebody("reader", unsent=10)
    crowd = crowd_of(reader)
    crowd.answers(reader)
    reader.pace.answers(0.0)
    reader.pace.written = 10
    crowd.sweep(NOT_TAKEN)
    assert not reader.gone
    crowd.sweep(NOT_TAKEN + 1)
    assert reader.gone


def test_a_connection_that_never_asked_has_less_time_than_one_that_did() -> None:
    assert Pace(0.0).is_too_slow(SILENT + 1)
    pace = Pace(0.0)
    pace.answered(0.0)
    assert not pace.is_too_slow(IDLE)
    assert pace.is_too_slow(IDLE + 1)


def test_a_request_that_stops_or_trickles_is_too_slow() -> None:
    pace = Pace(0.0)
    pace.received(1, 0.0, has_begun=True)
    assert not pace.is_too_slow(SILENT)
    assert pace.is_too_slow(SILENT + 0.1)
    trickles, flows = Pace(0.0), Pace(0.0)
    for second in range(1, int(LONGEST) + 1):
        trickles.received(10, float(second), has_begun=True)
        flows.received(2000, float(second), has_begun=True)
        assert not flows.is_too_slow(float(second))
        if trickles.is_too_slow(float(second)):
            assert SILENT + WINDOW <= second <= SILENT + WINDOW + 2
            break
    for second in range(int(LONGEST) + 1, int(LONGEST) + 3):
        flows.received(2000, float(second), has_begun=True)
    trickles.received(0, 0.0, has_begun=False)
    assert trickles.begun_at is None
