"""Finding: one spelling for another, in every row, and nothing pasted is shown again."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import instead, sets, without

FOLDED = "linnapp.models.folded"
FOLDING = "linnapp.folding"

BREAKAGES = (
    Breakage(
        "rows changed many at once keep the name they were found by",
        FOLDED,
        "FillsFolded.update",
        without("folded(values[field.of])"),
        ("test_folding",),
    ),
    Breakage(
        "a row of which some fields are saved keeps the name it was found by",
        FOLDED,
        "with_folded",
        sets("beside", "[]"),
        ("test_folding",),
    ),
    Breakage(
        "accents part one spelling from the other",
        FOLDING,
        "_plain",
        instead("ACCENTS.sub('', whole)", "whole"),
        ("test_folding",),
    ),
    Breakage(
        "a pasted token that leads nowhere is told in whole",
        "installs.support.finding",
        "looked_for",
        instead("key.hex[-4:]", "key.hex"),
        ("test_finding",),
    ),
)
