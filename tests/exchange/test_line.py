"""Where asks wait in the front's loop: who joins a group, and who is kept from waiting for whom. Without a database."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar

import pytest

from installs.exchange import line
from installs.exchange.line import Line
from installs.exchange.statements import MOST_TOGETHER
from installs.exchange.steps import Ask, Not, Statement, Steps, Unavailable
from tests.kit.exchanging import in_a_loop_of_its_own

T = TypeVar("T")


@dataclass(frozen=True)
class Doubling(Ask[int]):
    """Odd numbers are doubled alone, one that is held not before it is free, and no statement is made with a negative
    one."""

    number: int
    held: ClassVar[set[int]] = set()

    @classmethod
    def together(cls, asks: Sequence[Self]) -> Steps[list[int | Not]]:
        yield [Statement("together", {"numbers": [ask.number for ask in asks]})]
        return [Not.TOGETHER if ask.number % 2 else ask.number * 2 for ask in asks]

    def alone(self) -> Steps[int | Not]:
        yield [Statement("alone", {"numbers": [self.number]})]
        return Not.NOW if self.number in self.held else self.number * 2


class Slow:
    """A database that takes its time, and notes what it was asked."""

    def __init__(self, *, away: bool = False) -> None:
        self.asked: list[list[int]] = []
        self.away = away
        self.apart = asyncio.Event()
        self.apart.set()

    async def run(self, make: Callable[[], Steps[T]]) -> T:
        return await self._run(make)

    async def run_apart(self, make: Callable[[], Steps[T]]) -> T:
        await self.apart.wait()
        return await self._run(make)

    async def close(self) -> None: ...

    async def _run(self, make: Callable[[], Steps[T]]) -> T:
        made = make()
        (statement,) = next(made)
        numbers = statement.parameters["numbers"]
        self.asked.append(numbers)
        await asyncio.sleep(0.01)
        if self.away:
            raise Unavailable
        if min(numbers) < 0:
            raise ValueError("A negative number.")
        try:
            made.send([])
        except StopIteration as done:
            returned: T = done.value
            return returned
        raise AssertionError("one statement")


def in_a_loop(scenario: Callable[[Slow, Line[int]], Awaitable[T]]) -> T:
    async def whole() -> T:
        database = Slow()
        return await scenario(database, Line(Doubling, database))

    return in_a_loop_of_its_own(whole())


async def answers(waiting: Line[int], *numbers: int) -> list[Any]:
    asked = (waiting.answer(Doubling(number)) for number in numbers)
    return await asyncio.gather(*asked, return_exceptions=True)


def test_those_who_come_together_are_asked_together() -> None:
    async def scenario(database: Slow, waiting: Line[int]) -> None:
        assert await answers(waiting, 2, 4, 6) == [4, 8, 12]
        assert database.asked == [[2, 4, 6]]
        assert await answers(waiting, 8) == [16]

    in_a_loop(scenario)


def test_one_group_is_in_flight_while_the_next_gathers() -> None:
    async def scenario(database: Slow, waiting: Line[int]) -> None:
        first = asyncio.create_task(waiting.answer(Doubling(2)))
        await asyncio.sleep(0.005)
        assert await answers(waiting, 4, 6, 8) == [8, 12, 16]
        assert await first == 4
        assert database.asked == [[2], [4, 6, 8]]

    in_a_loop(scenario)


def test_a_group_has_a_limit() -> None:
    async def scenario(database: Slow, waiting: Line[int]) -> None:
        numbers = range(0, 4 * MOST_TOGETHER, 2)
        assert await answers(waiting, *numbers) == [2 * number for number in numbers]
        assert [len(group) for group in database.asked] == [MOST_TOGETHER, MOST_TOGETHER]

    in_a_loop(scenario)


def test_whoever_hung_up_is_dropped_before_the_statement() -> None:
    async def scenario(database: Slow, waiting: Line[int]) -> None:
        callers = [asyncio.create_task(waiting.answer(Doubling(number))) for number in (2, 4, 6)]
        await asyncio.sleep(0)
        callers[1].cancel()
        assert (await callers[0], await callers[2]) == (4, 12)
        assert callers[1].cancelled()
        assert database.asked == [[2, 6]]

    in_a_loop(scenario)


def test_whoever_hangs_up_during_the_statement_disturbs_nobody() -> None:
    async def scenario(database: Slow, waiting: Line[int]) -> None:
        callers = [asyncio.create_task(waiting.answer(Doubling(number))) for number in (2, 4, 7)]
        await asyncio.sleep(0.005)
        callers[1].cancel()
        callers[2].cancel()
        assert await callers[0] == 4
        await waiting.emptied()
        # Nobody waits for the one that was to be asked alone.
        assert database.asked == [[2, 4, 7]]
        assert await answers(waiting, 8) == [16]

    in_a_loop(scenario)


def test_one_that_waits_alone_keeps_nobody_else_waiting() -> None:
    async def scenario(database: Slow, waiting: Line[int]) -> None:
        database.apart.clear()
        held = asyncio.create_task(waiting.answer(Doubling(3)))
        assert await answers(waiting, 2, 4) == [4, 8]
        assert await answers(waiting, 6) == [12]
        assert not held.done()
        database.apart.set()
        assert await held == 6

    in_a_loop(scenario)


def test_what_is_held_is_asked_again_and_keeps_no_other_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Doubling, "held", {3})

    async def scenario(database: Slow, waiting: Line[int]) -> None:
        held = asyncio.create_task(waiting.answer(Doubling(3)))
        assert await answers(waiting, 5, 7, 9) == [10, 14, 18]
        assert not held.done()
        Doubling.held.clear()
        assert await held == 6

    in_a_loop(scenario)


def test_what_is_held_for_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Doubling, "held", {3})
    monkeypatch.setattr(line, "HELD_SECONDS", 0.1)

    async def scenario(database: Slow, waiting: Line[int]) -> None:
        (told,) = await answers(waiting, 3)
        assert isinstance(told, Unavailable)
        assert database.asked.count([3]) > 2

    in_a_loop(scenario)


def test_one_that_fails_fails_nobody_else() -> None:
    async def scenario(database: Slow, waiting: Line[int]) -> None:
        two, broken, four = await answers(waiting, 2, -2, 4)
        assert (two, four) == (4, 8)
        assert isinstance(broken, ValueError)
        assert database.asked == [[2, -2, 4], [2], [-2], [4]]

    in_a_loop(scenario)


def test_nobody_waits_in_turn_for_a_database_that_is_away() -> None:
    async def scenario(database: Slow, waiting: Line[int]) -> None:
        database.away = True
        told = await answers(waiting, *range(0, 20 * MOST_TOGETHER, 2))
        assert {type(each) for each in told} == {Unavailable}
        assert len(database.asked) == 1
        database.away = False
        assert await answers(waiting, 2) == [4]

    in_a_loop(scenario)


def test_those_who_wait_alone_are_limited_in_number_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "MOST_ALONE", 2)
    monkeypatch.setattr(line, "ALONE_SECONDS", 0.05)

    async def scenario(database: Slow, waiting: Line[int]) -> None:
        database.apart.clear()
        asked = asyncio.create_task(answers(waiting, 1, 3, 5))
        await asyncio.sleep(0.1)
        database.apart.set()
        assert {type(each) for each in await asked} == {Unavailable}
        assert database.asked == [[1, 3, 5]]
        assert await answers(waiting, 7) == [14]

    in_a_loop(scenario)
