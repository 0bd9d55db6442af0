"""A difference as a line of the editor."""

import pytest
from django.template.loader import render_to_string
from django.utils.html import strip_tags

from linnapp.manifest import Manifest, ManifestModule, ManifestParameter, differences

A = "a" * 32
MODULE = ManifestModule("ExternalApplication", A, formatted_name="Main")
FULL = Manifest(
    (ManifestModule("ExternalApplication", A, formatted_name="Main", parameters=(ManifestParameter("Own", 1),)),),
    ("GlobalPermissions.A.B",),
    extra={"Colour": "blue", "a.b": 2},
)


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (
            Manifest((MODULE,)),
            FULL,
            ["Main · Own added 1", "Permission GlobalPermissions.A.B added", "Colour added blue", "a.b added 2"],
        ),
        (
            FULL,
            Manifest((MODULE,)),
            [
                "Main · Own removed 1",
                "Permission GlobalPermissions.A.B removed",
                "Colour removed blue",
                "a.b removed 2",
            ],
        ),
        (Manifest(), Manifest((MODULE,)), ["Module “Main” added"]),
        (Manifest((MODULE,)), Manifest(), ["Module “Main” removed"]),
        (Manifest(script_url="https://a.example"), Manifest(), ["Script URL before: https://a.example now: (empty)"]),
    ],
)
def test_a_line_says_what_became_of_what_and_its_value(old: Manifest, new: Manifest, lines: list[str]) -> None:
    pages = (
        render_to_string("linnapp/manifest/_difference.html", {"difference": each}) for each in differences(old, new)
    )
    assert [" ".join(strip_tags(page).split()) for page in pages] == lines
