"""The drills of machines and of an upgrade would notice what they are there for."""

from tests.drill.machines import MEMORY_GROWS, Kill, growth_of, told_apart
from tests.drill.traffic import Seen
from tests.drill.upgrade import Upgrade


def seen(at: float, ended: str = "503", kind: str = "exchange") -> Seen:
    return Seen(kind, at, 0.1, ended)


def test_only_what_was_under_way_at_a_machine_while_it_was_killed_is_excused() -> None:
    kills = [Kill(100.05, 100.2), Kill(300.0, 300.1)]
    under_way = [seen(100.0), seen(100.19), seen(300.05)]
    others = [seen(99.9), seen(100.21), seen(200.0), seen(100.1, "500"), seen(100.1, "ConnectionResetError")]
    assert told_apart([*others, *under_way, seen(100.1, "200")], kills) == (under_way, others)
    assert told_apart(under_way, []) == ([], under_way)


def test_memory_is_judged_once_all_is_loaded() -> None:
    flat = growth_of([500, 700, 800, 900, 900, 905, 895, 900, 902, 899, 900, 901])
    grows = growth_of([500, 700, 800, 900, 950, 1000, 1050, 1100, 1150, 1200, 1250, 1300])
    assert flat is not None
    assert grows is not None
    assert flat < MEMORY_GROWS < grows
    assert growth_of([500, 900]) is None


def test_an_upgrade_that_applies_nothing_or_keeps_somebody_waiting_is_told() -> None:
    both = [seen(1, "200"), seen(1, "200", "page")]
    assert Upgrade(["installs.0001_initial"], 1, both, []).faults == []
    assert Upgrade([], 1, both, []).faults == ["no migration was applied"]
    assert len(Upgrade(["installs.0001_initial"], 1, [*both, seen(2)], ["ERROR it broke"]).faults) == 2
    assert len(Upgrade(["installs.0001_initial"], 1, both[:1], []).faults) == 1
