"""The order of the tests: long ones first, a share for each worker, at the end what looks at work done beside them."""

from pathlib import Path

import pytest

from tests.kit.order import dealt, mark


class Item(pytest.Item):
    """Nothing but a name, a file and marks."""

    def runtest(self) -> None:
        raise NotImplementedError


@pytest.fixture
def module(request: pytest.FixtureRequest) -> pytest.Module:
    found = request.node.getparent(pytest.Module)
    assert isinstance(found, pytest.Module)
    return found


def item(module: pytest.Module, name: str, *marks: pytest.MarkDecorator) -> Item:
    made: Item = Item.from_parent(module, name=name)
    made.path = Path(name[0])
    for one in marks:
        made.add_marker(one)
    return made


def slow(seconds: float) -> pytest.MarkDecorator:
    return pytest.mark.slow(seconds=seconds)


def names(items: list[pytest.Item]) -> list[str]:
    return [one.name for one in items]


def test_each_hand_begins_with_its_share_of_the_long_ones(module: pytest.Module) -> None:
    late = item(module, "d1", pytest.mark.ahead("drill"), slow(99))
    short = [item(module, name) for name in ("a1", "a2", "b1")]
    long = [item(module, "b2", slow(20)), item(module, "c1", slow(30)), item(module, "b3", slow(40))]
    # Those of a file stay together, the file with the most seconds first.
    assert names(dealt([late, *short, *long], 2)) == ["b3", "c1", "a1", "a2", "d1", "b2", "b1"]
    assert names(dealt([late, *short, *long], 1)) == ["b3", "b2", "c1", "a1", "a2", "b1", "d1"]


def test_slow_alone_counts_as_ten_seconds(module: pytest.Module) -> None:
    items = [item(module, "a1", slow(9)), item(module, "b1", pytest.mark.slow), item(module, "c1", slow(11))]
    assert names(dealt(items, 1)) == ["c1", "b1", "a1"]


def test_the_fixtures_tell_what_a_test_needs(module: pytest.Module) -> None:
    items = [item(module, name) for name in ("a1", "a2", "a3")]
    for one, fixtures in zip(items, (["db"], ["browser"], ["tmp_path"]), strict=True):
        one.fixturenames = fixtures  # type: ignore[attr-defined]
    mark(items)
    marked = [{mark.name for mark in one.iter_markers()} & {"database", "browser"} for one in items]
    assert marked == [{"database"}, {"browser"}, set()]


def test_whoever_empties_the_database_comes_after_the_others_however_long_it_takes(module: pytest.Module) -> None:
    items = [item(module, "a1"), item(module, "b1", slow(40), pytest.mark.django_db(transaction=True))]
    assert names(dealt(items, 1)) == ["a1", "b1"]
