"""One timeline for three readers: each without what is not theirs."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import instead, returns

FILTER = "linnapp.timeline_filter"

BREAKAGES = (
    Breakage(
        "customers are told which secret was sent",
        "installs.exchange.opened",
        "of_installations",
        instead("reader != Side.CUSTOMER", "True"),
        ("test_hour_lines",),
    ),
    Breakage(
        "a search for a name finds out who works for the other side",
        FILTER,
        "TimelineFilter._people",
        returns("person | reason"),
        ("test_activity",),
    ),
    Breakage(
        "days are those of another zone",
        FILTER,
        "_midnight",
        instead("timezone.get_current_timezone()", "UTC"),
        ("test_one_timeline",),
    ),
    Breakage(
        "why staff were inside is told to the other side",
        "linnapp.timeline",
        "_is_inside_of",
        instead('reader in (entry.facts.get("on_side"), Side.STAFF)', "True"),
        ("test_one_timeline",),
    ),
    Breakage(
        "an hour that stands is written once more",
        "installs.exchange.hours",
        "_changed",
        instead("before.get(row.installation_id) != tuple((getattr(row, of) for of in FIGURES))", "True"),
        ("test_hour_lines",),
    ),
    Breakage(
        "a day has room for any number of prefixes",
        "installs.exchange.hour_lines",
        "with_hour",
        instead("len(known) < PREFIXES_OF_A_DAY", "True"),
        ("test_hour_lines",),
    ),
)
