"""What the page of an update says of both versions, and what it keeps to itself."""

import pytest

from installs.installations import moving
from installs.models import Installation
from linnapp.models import User, Version
from tests.kit.consenting import external, read, release
from tests.kit.people import ClientOf, acting
from tests.kit.updates import endpoint, moving_to, now, page_of

PERMISSION = "GlobalPermissions.Inventory.ReadNode"


def test_the_page_says_what_differs_and_what_is_newly_reached(
    client_of: ClientOf, installation: Installation, latest: Version, carol: User
) -> None:
    page = read(client_of(carol).get(page_of(installation)))
    assert "Update Stock Bridge to 1.2.0? on Carol's Cakes, from 1.0.0" in page
    newly = page.index("It will newly be able to")
    assert newly < page.index("Notes from its developer") < page.index("What differs") < page.index("Not now")
    assert "Field Today, 1.0.0 After, 1.2.0" in page
    assert "IFrameUrl nothing https://panel.example.com/…" in page
    assert "of-the-developer" not in page
    assert "Folder" not in page
    assert "Update to 1.2.0 Not now" in page


def test_a_permission_of_an_area_that_was_used_already_is_named_alone(
    client_of: ClientOf, installation: Installation, carol: User, alice: User
) -> None:
    few = external() | {"LinnworksPermissions": [PERMISSION]}
    release(installation.application, (1, 1, 0), few, alice)
    page = read(client_of(carol).get(page_of(installation)))
    assert "It asks for nothing new on Carol's Cakes." in page
    assert "It will no longer be able to See and change everything on this account" in page
    client_of(carol).post(page_of(installation), {"version": moving_to(installation).pk})
    more = external() | {"LinnworksPermissions": [PERMISSION, "GlobalPermissions.Inventory.WriteNode"]}
    release(installation.application, (1, 2, 0), more, alice)
    page = read(client_of(carol).get(page_of(installation)))
    newly = page.partition("It will newly be able to")[2].partition("Notes from its developer")[0]
    assert newly.split(" Details ") == [
        " Change your products and how many you have",
        "GlobalPermissions.Inventory.WriteNode All permissions in plain words ",
    ]
    differs = page.partition("What differs")[2]
    assert "The application as a whole Field Today, 1.1.0 After, 1.2.0 Permission nothing Change your prod" in differs
    assert "GlobalPermissions" not in differs


def test_notes_of_versions_that_were_skipped_are_read_too(
    client_of: ClientOf, installation: Installation, skipped: Version, latest: Version, carol: User, alice: User
) -> None:
    page = client_of(carol).get(page_of(installation))
    assert [version.label for version in page.context["between"]] == ["1.2.0", "1.1.0"]
    with_notes = Version.objects.create(
        application=installation.application,
        kind=Version.Kind.RELEASED,
        major=1,
        minor=1,
        patch=5,
        snapshot=skipped.snapshot,
        notes="Faster <script>.",
    )
    page = client_of(carol).get(page_of(installation))
    assert with_notes in page.context["between"]
    assert "Faster &lt;script&gt;." in page.content.decode()


def test_an_address_that_moved_on_its_host_is_told_without_what_stands_behind_it(
    client_of: ClientOf, installation: Installation, latest: Version, carol: User, alice: User
) -> None:
    moving.update(installation, to=latest, by=acting(carol))
    manifest = endpoint("https://panel.example.com/?key=another-key", group="Other folder")
    release(installation.application, (1, 3, 0), manifest, alice)
    page = read(client_of(carol).get(page_of(installation)))
    assert "https://panel.example.com/… https://panel.example.com/… (another address there)" in page
    assert "key" not in page.partition("What differs")[2].partition("Its permanent token")[0]
    assert "Other folder" not in page


KEYS = [
    ("IFrameUrl", "https://host.example.com/a'key=s3cret"),
    ("IFrameUrl", "wss://host.example.com/?key=s3cret"),
    ("IFrameUrl", "host.example.com/?key=s3cret"),
    ("IFrameUrl", "//host.example.com/?key=s3cret"),
    ("IFrameUrl", "https:\\\\host.example.com/s3cret"),
    ("IFrameUrl", "https://user:s3cret@host.example.com/"),
    ("IFrameUrl", "https://[s3cret/"),
    ("ApiKey", "s3cret"),
    ("path", "/s?key=s3cret"),
    ("icon", "//user:s3cret@cdn.example.com/x.png"),
]


@pytest.mark.parametrize(("name", "value"), KEYS)
def test_what_may_be_a_key_of_the_developer_is_told_as_set(
    name: str, value: str, client_of: ClientOf, installation: Installation, carol: User, alice: User
) -> None:
    for number, written in enumerate((value, f"{value}-2"), 1):
        manifest = endpoint(written)
        manifest["Modules"][1]["parameters"][0]["name"] = name
        if name in ("path", "icon"):
            manifest["Modules"][1]["type"] = "NativeUserInterface"
        release(installation.application, (1, number, 0), manifest, alice)
        page = read(client_of(carol).get(page_of(installation)))
        assert f"User Interface Field Today, 1.{number - 1}.0 After, 1.{number}.0" in page
        assert name in page
        assert "s3cret" not in page
        latest = installation.application.versions.the_latest()
        moving.update(installation, to=latest, by=acting(carol))  # type: ignore[arg-type]
        installation = now(installation)


def test_plain_values_are_told_and_two_modules_of_a_type_apart(
    client_of: ClientOf, installation: Installation, carol: User, alice: User
) -> None:
    screens = [
        {"type": "NativeUserInterface", "moduleName": name, "parameters": [{"name": "maxOpened", "value": most}]}
        for name, most in (("Private one", "3"), ("Private two", "4"))
    ]
    release(installation.application, (1, 1, 0), {"Modules": [{"type": "ExternalApplication"}, *screens]}, alice)
    page = read(client_of(carol).get(page_of(installation)))
    assert "Native User Interface 1 Field" in page
    assert "Native User Interface 2 Field" in page
    assert "maxOpened nothing 3" in page
    assert "Private" not in page
