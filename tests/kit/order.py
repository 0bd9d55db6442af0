"""Which test comes when: a long one that begins last keeps everybody waiting.

pytest-xdist gives each worker an equal number of tests, in order; whoever is done takes over half of what the other
still has, from its end (`--dist worksteal`). So each hand begins with its share of the long ones.
"""

from collections import defaultdict
from collections.abc import Generator, Iterable, Sequence

import pytest

# Whoever asks for one of these has the suite's own database.
OF_THE_DATABASE = {
    "db",
    "transactional_db",
    "django_db_reset_sequences",
    "django_db_serialized_rollback",
    "live_server",
}
OF_THE_BROWSER = {"browser", "browser_type"}
SLOW_SECONDS = 10.0


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Before `-m` chooses among them, and after."""
    mark(items)
    yield
    items[:] = dealt(items, int(getattr(config, "workerinput", {}).get("workercount", 1)))


def mark(items: Iterable[pytest.Item]) -> None:
    """Marks what follows from the fixtures of a test: nobody need remember it."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("django_db") or fixtures & OF_THE_DATABASE:
            item.add_marker(pytest.mark.database)
        if fixtures & OF_THE_BROWSER:
            item.add_marker(pytest.mark.browser)


def dealt(items: Sequence[pytest.Item], hands: int) -> list[pytest.Item]:
    """The tests as hand after hand: first the long ones, those of a module together because they share a portal; then
    the others as they stand; in the end what looks at work done beside the tests."""
    of_module: defaultdict[object, float] = defaultdict(float)
    for item in items:
        of_module[item.path] += seconds(item)
    late = [item for item in items if item.get_closest_marker("ahead")]
    long = sorted((item for item in items if seconds(item)), key=lambda item: (-of_module[item.path], -seconds(item)))
    short = [item for item in items if not seconds(item) and item not in late]
    rest = -(-len(short) // hands)
    return [
        item
        for hand in range(hands)
        for item in (*long[hand::hands], *short[hand * rest : (hand + 1) * rest], *late[hand::hands])
    ]


def seconds(item: pytest.Item) -> float:
    """How long a test that is marked as slow takes, as its marker says; 0 for all others, and for whoever empties the
    database."""
    marker = item.get_closest_marker("slow")
    if not marker or item.get_closest_marker("ahead") or empties_the_database(item):
        return 0
    return float(marker.kwargs.get("seconds", SLOW_SECONDS))


def empties_the_database(item: pytest.Item) -> bool:
    """Such a test comes after all others of the database, as pytest-django puts it, however long it takes: what
    migrations wrote is gone after it."""
    marker = item.get_closest_marker("django_db")
    return "transactional_db" in getattr(item, "fixturenames", ()) or bool(marker and marker.kwargs.get("transaction"))
