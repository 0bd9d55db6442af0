"""The line before the sending threads: a share for each sender and host, and a thread for whoever comes anew."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from installs.models import Delivery
from installs.postbacks.posting import Post
from installs.postbacks.turns import line as lines
from installs.postbacks.turns.line import Addressed, WaitingLine, together
from installs.postbacks.turns.paces import Durations, Pace, alone, weight_of
from installs.postbacks.turns.shares import Shares
from linnapp.timeline import Party

Event = Delivery.Event


def post(event: str = Event.AUTHORISED, number: int | None = None, seconds: float = 30) -> Post:
    return Post(
        delivery_id=uuid4(),
        installation_id=None,
        application=Party(uuid4(), "Application"),
        account=Party(uuid4(), "Account"),
        publisher=Party(uuid4(), "Publisher"),
        kind="postback",
        event=event,
        number=number,
        url="https://one.example/",
        payload="",
        tracking="",
        decides=False,
        claimed_until=timezone.now() + timedelta(seconds=seconds),
        attempt=1,
        tells_steps=event == Event.TEST,
        token="",
        signing_secrets=(),
    )


def wait(line: WaitingLine, sender: str, count: int = 1, host: str = "", **about: object) -> None:
    line.add(Addressed(post(**about), sender, host or f"{sender}.example") for _ in range(count))  # type: ignore[arg-type]


def taken(line: WaitingLine, most: int = 100) -> list[Addressed]:
    """All that threads would take now, by whose they are."""
    found: list[Addressed] = []
    while len(found) < most and line._next():
        found.append(line.taken[line.take()][0])
    return found


def senders(line: WaitingLine, most: int = 100) -> list[str]:
    return [one.sender for one in taken(line, most)]


def answered(line: WaitingLine, sender: str, seconds: float, host: str = "") -> None:
    for name in (sender, together(sender, host or f"{sender}.example")):
        line.durations.note(name, seconds)


@pytest.mark.parametrize("others", [1, 3, 12])
def test_whoever_comes_anew_finds_a_thread_however_many_slow_ones_wait(others: int) -> None:
    line = WaitingLine(32)
    for number in range(others):
        answered(line, f"slow {number}", 9.5)
        wait(line, f"slow {number}", 40)
    at_work = taken(line)
    assert len({one.sender for one in at_work}) == others
    assert len(at_work) <= 24
    for number in range(5):
        wait(line, f"new {number}", 3)
        assert f"new {number}" in senders(line), number


def test_twelve_nobody_knows_leave_a_thread_to_the_next() -> None:
    line = WaitingLine(32)
    for number in range(12):
        wait(line, f"unknown {number}", 40)
        taken(line)
    wait(line, "new")
    assert senders(line) == ["new"]


def test_the_slower_a_host_the_fewer_threads_it_gets() -> None:
    counts = []
    for seconds in (0.05, 1, 2, 9.5):
        line = WaitingLine(32)
        answered(line, "one", seconds)
        wait(line, "one", 40)
        counts.append(len(taken(line)))
    assert counts == [28, 16, 11, 7]
    assert counts == [
        max(alone(32, weight_of(seconds)), count) for seconds, count in zip((0.05, 1, 2, 9.5), counts, strict=True)
    ]


def test_hosts_of_one_sender_are_one_share_and_a_slow_one_keeps_no_other_waiting() -> None:
    line = WaitingLine(32)
    for number in range(12):
        answered(line, "one", 9.5, f"slow {number}.example")
        wait(line, "one", 5, f"slow {number}.example")
    assert len(taken(line)) == 7
    answered(line, "one", 0.01, "quick.example")
    wait(line, "one", 2, "quick.example")
    assert [one.host for one in taken(line)] == ["quick.example"] * 2


def test_what_one_meets_at_a_host_is_not_held_against_another() -> None:
    line = WaitingLine(32)
    answered(line, "one", 9.5, "shared.example")
    wait(line, "one", 20, "shared.example")
    assert len(taken(line)) == 7
    answered(line, "two", 0.05, "shared.example")
    wait(line, "two", 2, "shared.example")
    assert senders(line) == ["two", "two"]


@pytest.mark.parametrize("seconds", [0.05, 1.5, 9.5])
def test_who_keeps_a_host_busy_keeps_nobody_from_a_first_thread_there(seconds: float) -> None:
    line = WaitingLine(32)
    answered(line, "busy", seconds, "shared.example")
    wait(line, "busy", 200, "shared.example")
    assert len(taken(line)) >= 7
    wait(line, "new", 3, "shared.example")
    assert senders(line) == ["new"]
    answered(line, "known elsewhere", 0.05, "own.example")
    wait(line, "known elsewhere", 3, "shared.example")
    assert senders(line) == ["known elsewhere"]


def test_many_of_whom_nothing_is_known_leave_threads_to_those_who_were_quick() -> None:
    line = WaitingLine(32)
    for number in range(40):
        wait(line, f"unknown {number}", 20)
    assert len(taken(line)) == 29
    answered(line, "quick", 0.05)
    wait(line, "quick", 3, "elsewhere.example")
    assert senders(line) == ["quick"]
    wait(line, "quick", 3)
    assert senders(line) == ["quick"] * 2
    wait(line, "unknown too")
    assert senders(line) == []


def test_one_that_was_quick_and_hangs_is_slow_after_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    line = WaitingLine(32)
    answered(line, "one", 0.05)
    wait(line, "one", 4)
    assert len(taken(line)) == 4
    now = 110.0
    wait(line, "one", 10)
    assert len(taken(line)) == 3


def test_senders_have_turns_and_installations_are_a_few_ahead() -> None:
    line = WaitingLine(1)
    for sender in ("many", "few"):
        answered(line, sender, 0.01)
    wait(line, "many", 8, event=Event.INSTALLED)
    wait(line, "few", 3)
    order = []
    for _ in range(11):
        (one,) = taken(line, 1)
        order.append(one.sender)
        line.sent(one.post)
    assert order[:4] == ["many"] * 4
    assert sorted(order[4:10]) == ["few"] * 3 + ["many"] * 3


def test_events_have_half_of_the_threads_and_the_rest_is_free_for_permanent_tokens() -> None:
    line = WaitingLine(32)
    for sender in ("one", "two"):
        answered(line, sender, 0.05)
        wait(line, sender, 40, event="installation.updated", number=1)
    assert len(taken(line)) == 16
    wait(line, "one", 4)
    assert senders(line) == ["one"] * 4


def test_events_that_hang_keep_no_permanent_token_of_the_same_host_waiting() -> None:
    line = WaitingLine(8)
    wait(line, "one", 5, event="installation.updated", number=1)
    assert len(taken(line)) == 1
    wait(line, "one", 1)
    assert senders(line) == ["one"]


def test_what_is_late_leaves_the_line() -> None:
    line = WaitingLine(4)
    wait(line, "one", 2, seconds=5)
    wait(line, "one", 3, seconds=30)
    assert len(line.give_back(timezone.now() + timedelta(seconds=11))) == 2
    assert len(line.give_back()) == 3
    assert line.give_back() == []


def test_durations_are_a_mean_that_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    durations = Durations()
    durations.note("one", 1.0)
    durations.note("one", 2.0)
    assert durations.of("one") == pytest.approx(1.3)
    now = 1000.0
    assert durations.of("one") is None


def test_a_slow_sender_is_claimed_for_by_the_dozen_and_leaves_room_for_the_others() -> None:
    line, pace = WaitingLine(32), Pace()
    answered(line, "slow", 9.5)
    answered(line, "quick", 0.05)
    under_way = [Addressed(post(), "slow", "slow.example") for _ in range(12)]
    shares = Shares(32, line, pace, under_way)
    assert (shares.left("slow"), shares.left("quick"), shares.left("new")) == (0, 56, 6)
    assert shares.full_hosts() == {"slow": ["slow.example"]}
    pace.note([("quick", "quick.example")] * 500)
    assert shares.left("quick") == 556
    many = [Addressed(post(), "quick", "quick.example") for _ in range(600)]
    full = Shares(32, line, pace, many)
    assert (full.left("quick"), full.left("new")) == (0, 6)


def test_the_line_uses_the_rank_of_events(monkeypatch: pytest.MonkeyPatch) -> None:
    assert post(event="installation.updated", number=1).rank == lines.EVENT_RANK
