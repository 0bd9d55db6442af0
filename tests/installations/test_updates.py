"""An account updates its installation, goes back, and is moved by nothing else."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from installs.installations import lifecycle, moving, suspending
from installs.models import Installation
from linnapp.models import Account, Application, Membership, TimelineEntry, User, Version
from linnapp.services import applications
from tests.kit.consenting import external, read, release
from tests.kit.people import ClientOf, acting
from tests.kit.pressing import form_of

PERMISSION = "GlobalPermissions.Inventory.ReadNode"


def page_of(row: Installation, name: str = "installation_update") -> str:
    return reverse(name, args=[row.account.slug, row.pk])


def detail(row: Installation) -> str:
    return page_of(row, "installation_detail")


def now(row: Installation) -> Installation:
    return Installation.objects.with_its_facts().get(pk=row.pk)


def told(row: Installation) -> list[str]:
    return list(TimelineEntry.objects.about(row.pk).order_by("id").values_list("kind", flat=True))


def endpoint(url: str, **members: str) -> dict[str, Any]:
    """A manifest with a module that has an address."""
    interface = {"type": "ExternalUserInterface", "moduleName": "Panel", "group": "Folder"}
    interface["parameters"] = [{"name": "IFrameUrl", "value": url}]  # type: ignore[assignment]
    return {"Modules": [{"type": "ExternalApplication"}, interface | members]}


@pytest.fixture
def skipped(installation: Installation, alice: User) -> Version:
    return release(installation.application, (1, 1, 0), external(moduleName="Sooner"), alice)


@pytest.fixture
def latest(installation: Installation, skipped: Version, alice: User) -> Version:
    manifest = endpoint("https://panel.example.com/?key=of-the-developer")
    return release(installation.application, (1, 2, 0), manifest, alice)


@pytest.fixture
def eve(cakes: Account, dave: User) -> User:
    """Dave as a Developer of the customer's account."""
    Membership.objects.create(account=cakes, user=dave, role=Membership.Role.DEVELOPER)
    return dave


def test_my_apps_offers_the_update_as_the_button_of_the_row(
    client_of: ClientOf, installation: Installation, latest: Version, carol: User, eve: User
) -> None:
    url = reverse("my_apps", args=[installation.account.slug])
    assert page_of(installation) in client_of(carol).get(url).content.decode()
    assert "Update to 1.2.0 of Stock Bridge" in read(client_of(carol).get(url))
    for_eve = client_of(eve).get(url)
    assert page_of(installation) not in for_eve.content.decode()
    assert "1.2.0 is available" in read(for_eve)


def test_the_chip_finds_what_has_an_update_and_nothing_else(
    client_of: ClientOf,
    installation: Installation,
    latest: Version,
    cakes: Account,
    carol: User,
    alice: User,
    sam: User,
) -> None:
    url = reverse("my_apps", args=[cakes.slug])
    others = [another(installation, name, cakes, carol, alice) for name in ("Current", "Gone", "Held", "Retired")]
    _, gone, held, retired = others
    for row in (gone, held, retired):
        release(row.application, (1, 0, 10), external(moduleName="Newer"), alice)
    lifecycle.uninstall(gone, by=acting(carol))
    suspending.suspend_by_staff(held, by=acting(sam, reason="Checked."))
    Application.objects.filter(pk=retired.application_id).update(retired_at=timezone.now())
    answer = client_of(carol).get(url, {"state": "update"})
    found = {row.installation.application.name for row in answer.context["rows"]}
    assert found == {"Stock Bridge", "Held"}
    every = Installation.objects.on_account(cakes.slug).with_its_facts()
    offered = moving.available_updates(every)
    assert set(offered) == set(every.with_update_available().values_list("pk", flat=True))
    assert offered[held.pk].label == "1.0.10"


def another(like: Installation, name: str, on: Account, by: User, maker: User) -> Installation:
    made, _ = applications.create_application(
        account=like.application.account, name=name, kind=Application.Type.SYSTEM, by=acting(maker)
    )
    version = release(made, (1, 0, 9), external(), maker)
    return lifecycle.install(made, account=on, version=version, by=acting(by)).installation


def test_the_list_asks_for_all_updates_at_once(
    client_of: ClientOf,
    installation: Installation,
    latest: Version,
    cakes: Account,
    carol: User,
    alice: User,
    django_assert_max_num_queries: Any,
) -> None:
    client, url = client_of(carol), reverse("my_apps", args=[cakes.slug])
    for number in range(4):
        row = another(installation, f"Application {number}", cakes, carol, alice)
        release(row.application, (2, 0, 0), external(moduleName="Newer"), alice)
    client.get(url)
    with django_assert_max_num_queries(9):
        page = read(client.get(url))
    assert page.count("to 2.0.0") == 4


def test_the_page_says_what_differs_and_what_is_newly_reached(
    client_of: ClientOf, installation: Installation, latest: Version, carol: User
) -> None:
    page = read(client_of(carol).get(page_of(installation)))
    assert "Update Stock Bridge to 1.2.0? on Carol's Cakes, from 1.0.0" in page
    newly = page.index("It will newly be able to")
    assert newly < page.index("What differs") < page.index("Notes of its maker")
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
    assert "It reaches nothing new on Carol's Cakes." in page
    assert "It will no longer Use the whole API for this account" in page
    client_of(carol).post(page_of(installation), {"version": moving_to(installation).pk})
    more = external() | {"LinnworksPermissions": [PERMISSION, "GlobalPermissions.Inventory.WriteNode"]}
    release(installation.application, (1, 2, 0), more, alice)
    page = read(client_of(carol).get(page_of(installation)))
    newly = page.partition("It will newly be able to")[2].partition("What differs")[0]
    assert newly.strip() == "Use inventory WriteNode"


def moving_to(row: Installation) -> Version:
    version = moving.available_update(now(row))
    assert version is not None
    return version


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
    assert "key" not in page.partition("What differs")[2].partition("Notes")[0]
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


def test_updating_moves_this_installation_and_says_how_to_go_back(
    client_of: ClientOf, installation: Installation, latest: Version, carol: User
) -> None:
    client, token = client_of(carol), lifecycle.current_token(installation)
    answer = client.post(page_of(installation), {"version": latest.pk})
    assert answer.headers["Location"] == detail(installation)
    assert now(installation).version == latest
    assert lifecycle.current_token(installation) == token
    page = client.get(detail(installation))
    assert "Stock Bridge is on 1.2.0 now. Go back to 1.0.0 until" in page.content.decode()
    assert "Updated from 1.0.0 just now . Go back to 1.0.0" in read(page)
    assert "Updated from 1.0.0 to 1.2.0 by Carol" in read(page)


def test_a_version_released_while_it_was_read_shows_the_page_anew(
    client_of: ClientOf, installation: Installation, skipped: Version, latest: Version, carol: User
) -> None:
    client = client_of(carol)
    answer = client.post(page_of(installation), {"version": skipped.pk})
    assert answer.status_code == 422
    page = read(answer)
    assert "1.2.0 was released while you read. Here is what it changes." in page
    assert "Update to 1.2.0 Not now" in page
    assert now(installation).version.label == "1.0.0"
    Version.objects.filter(pk=latest.pk).update(withdrawn_at=timezone.now())
    answer = client.post(page_of(installation), {"version": latest.pk})
    assert "1.2.0 was withdrawn while you read. Here is what 1.1.0 changes." in read(answer)
    assert told(installation) == ["INSTALLED"]


def test_a_forged_or_older_version_is_refused(
    client_of: ClientOf, installation: Installation, latest: Version, cakes: Account, carol: User, alice: User
) -> None:
    client = client_of(carol)
    foreign = another(installation, "Other", cakes, carol, alice).version
    development = installation.application.versions.development()
    for version, status in ((foreign.pk, 404), (2**63, 422), ("", 422), ("x", 422), (0, 422)):
        assert client.post(page_of(installation), {"version": version}).status_code == status
    for version in (development.pk, installation.version_id):
        answer = client.post(page_of(installation), {"version": version}, follow=True)
        assert "Stock Bridge is updated to 1.2.0 only, the latest version." in answer.content.decode()
    assert now(installation).version.label == "1.0.0"
    assert told(installation) == ["INSTALLED"]


def test_one_that_is_on_the_latest_leads_back_to_its_page(
    client_of: ClientOf, installation: Installation, version: Version, carol: User
) -> None:
    client = client_of(carol)
    assert client.get(page_of(installation)).headers["Location"] == detail(installation)
    answer = client.post(page_of(installation), {"version": version.pk}, follow=True)
    # As if the button was pressed twice.
    assert "Stock Bridge is on 1.0.0 now." in answer.content.decode()
    assert told(installation) == ["INSTALLED"]


@pytest.mark.parametrize("name", ["installation_update", "installation_go_back"])
def test_those_who_may_not_install_on_the_account_move_nothing(
    client_of: ClientOf, installation: Installation, latest: Version, eve: User, alice: User, sam: User, name: str
) -> None:
    for user in (eve, alice, sam):
        assert client_of(user).post(page_of(installation, name), {"version": latest.pk}).status_code == 404
    assert now(installation).version.label == "1.0.0"
    page = client_of(eve).get(page_of(installation))
    assert "Only an Owner of Carol's Cakes updates it: ask Carol." in read(page)
    assert 'name="version"' not in page.content.decode()
    for user in (alice, sam):
        assert client_of(user).get(page_of(installation)).status_code == 404


def test_one_that_is_suspended_is_updated_and_stays_suspended(
    client_of: ClientOf, installation: Installation, latest: Version, carol: User, sam: User
) -> None:
    suspending.suspend_by_staff(installation, by=acting(sam, reason="Checked."))
    client_of(carol).post(page_of(installation), {"version": latest.pk})
    row = now(installation)
    assert (row.version, row.shown_state) == (latest, "suspended")


# Going back.


def test_going_back_says_what_it_takes_away_and_then_does(
    client_of: ClientOf, installation: Installation, latest: Version, carol: User, alice: User
) -> None:
    moving.update(installation, to=latest, by=acting(carol))
    client, url = client_of(carol), page_of(installation, "installation_go_back")
    page = read(client.get(url))
    assert "Go back to 1.0.0? Stock Bridge on Carol's Cakes, from 1.2.0" in page
    assert "It will no longer" in page
    form = dict(form_of(client.get(url), "go-back").fields)
    for _ in range(2):
        answer = client.post(url, form, follow=True)
        assert "Stock Bridge is on 1.0.0 again." in answer.content.decode()
    assert now(installation).version.label == "1.0.0"
    assert told(installation) == ["INSTALLED", "UPDATED", "WENT_BACK"]
    assert client.get(url).headers["Location"] == detail(installation)
    tab = reverse("application_activity", args=["northwind", installation.application_id])
    activity = read(client_of(alice).get(tab))
    assert "Updated from 1.0.0 to 1.2.0 by Carol's Cakes" in activity
    assert "Went back from 1.2.0 to 1.0.0, by Carol's Cakes" in activity


def test_an_update_while_it_was_read_shows_the_new_way_back(
    client_of: ClientOf, installation: Installation, version: Version, latest: Version, carol: User, alice: User
) -> None:
    moving.update(installation, to=latest, by=acting(carol))
    client, url = client_of(carol), page_of(installation, "installation_go_back")
    moving.update(installation, to=release(installation.application, (1, 3, 0), external(), alice), by=acting(carol))
    answer = client.post(url, {"version": version.pk})
    assert answer.status_code == 422
    assert "It was updated again while you read: the way back leads to 1.2.0 now." in read(answer)
    assert "Go back to 1.2.0?" in read(answer)
    assert "This form came back incomplete." in read(client.post(url))
    assert now(installation).version.label == "1.3.0"


def test_no_way_back_is_promised_to_a_version_that_was_withdrawn(
    client_of: ClientOf, installation: Installation, version: Version, latest: Version, carol: User
) -> None:
    client = client_of(carol)
    assert "You can go back to 1.0.0 for 14 days." in read(client.get(page_of(installation)))
    Version.objects.filter(pk=version.pk).update(withdrawn_at=timezone.now())
    assert "There is no way back: 1.0.0 was withdrawn." in read(client.get(page_of(installation)))
    updated = client.post(page_of(installation), {"version": latest.pk}, follow=True).content.decode()
    assert "Stock Bridge is on 1.2.0 now." in updated
    assert "Go back" not in updated


def test_the_way_back_closes_after_fourteen_days(
    client_of: ClientOf, installation: Installation, version: Version, latest: Version, carol: User
) -> None:
    moving.update(installation, to=latest, by=acting(carol))
    client, url = client_of(carol), page_of(installation, "installation_go_back")
    then = timezone.now() - moving.GO_BACK_WITHIN
    Installation.objects.filter(pk=installation.pk).update(moved_at=then + timedelta(minutes=1))
    assert client.get(url).status_code == 200
    Installation.objects.filter(pk=installation.pk).update(moved_at=then - timedelta(minutes=1))
    assert client.get(url).headers["Location"] == detail(installation)
    answer = client.post(url, {"version": version.pk}, follow=True)
    assert "The way back is open for 14 days after an update" in answer.content.decode()
    assert "Go back" not in read(client.get(detail(installation)))
    assert now(installation).version == latest


def test_a_version_that_was_withdrawn_is_not_gone_back_to(
    client_of: ClientOf, installation: Installation, version: Version, latest: Version, carol: User
) -> None:
    moving.update(installation, to=latest, by=acting(carol))
    Version.objects.filter(pk=version.pk).update(withdrawn_at=timezone.now())
    client_of(carol).post(page_of(installation, "installation_go_back"), {"version": version.pk})
    assert now(installation).version == latest


# Nothing else moves an account.


def test_releasing_editing_and_withdrawing_move_nobody(
    client_of: ClientOf,
    installation: Installation,
    latest: Version,
    cakes: Account,
    depot: Account,
    dave: User,
    carol: User,
    alice: User,
) -> None:
    application = Application.objects.get(pk=installation.application_id)
    other = lifecycle.install(application, account=depot, version=latest, by=acting(dave)).installation
    before = {row.pk: row.version_id for row in (installation, other)}
    release(application, (1, 3, 0), external(moduleName="Newest"), alice)
    applications.edit_application(application, by=acting(alice), name="Renamed", description="Other words.")
    Version.objects.filter(pk=latest.pk).update(withdrawn_at=timezone.now())
    for client, account in ((client_of(carol), cakes), (client_of(dave), depot)):
        client.get(reverse("my_apps", args=[account.slug]))
        client.get(reverse("authorize", args=[application.pk]))
    client_of(carol).get(page_of(installation))
    assert dict(Installation.objects.values_list("pk", "version_id")) == before
    moving.update(installation, to=moving_to(installation), by=acting(carol))
    assert now(other).version_id == before[other.pk]


def test_authorising_the_own_account_again_on_another_version_closes_the_way_back(
    application: Application, version: Version, northwind: Account, alice: User
) -> None:
    row = lifecycle.install(application, account=northwind, version=version, by=acting(alice)).installation
    newer = release(application, (1, 1, 0), external(moduleName="Newer"), alice)
    moving.update(row, to=newer, by=acting(alice))
    lifecycle.install(application, account=northwind, version=newer, by=acting(alice))
    assert moving.way_back(now(row)) == version
    lifecycle.install(application, account=northwind, version=application.versions.development(), by=acting(alice))
    assert moving.way_back(now(row)) is None


# What the developer reads.


def tab(row: Installation, name: str, *more: object) -> str:
    return reverse(name, args=["northwind", row.application_id, *more])


def listed(client: Any, url: str) -> set[Installation]:
    return {row.installation for row in client.get(url).context["rows"]}


def test_the_developer_sees_who_is_behind_and_who_moved(
    client_of: ClientOf,
    installation: Installation,
    version: Version,
    latest: Version,
    depot: Account,
    dave: User,
    carol: User,
    alice: User,
) -> None:
    application = Application.objects.get(pk=installation.application_id)
    current = lifecycle.install(application, account=depot, version=latest, by=acting(dave)).installation
    client = client_of(alice)
    page = client.get(tab(installation, "version_list"))
    assert "1 live installation is behind 1.2.0, the latest version. See who" in read(page)
    assert listed(client, tab(installation, "application_installations") + "?state=behind") == {installation}
    moving.update(installation, to=latest, by=acting(carol))
    moving.go_back(installation, to=version, by=acting(carol))
    moving.update(installation, to=latest, by=acting(carol))
    text = read(client.get(tab(installation, "version_list")))
    assert "behind" not in text
    moves = text.partition("Who moved lately")[2]
    for sentence in ("Updated from 1.0.0 to 1.2.0 by Carol's Cakes", "Went back from 1.2.0 to 1.0.0, by Carol's Cakes"):
        assert sentence in moves
    assert "Carol " not in moves
    assert now(current).version == latest


def test_the_count_of_a_version_and_its_link_count_the_same(
    client_of: ClientOf, installation: Installation, version: Version, depot: Account, dave: User, alice: User
) -> None:
    ended = lifecycle.install(installation.application, account=depot, version=version, by=acting(dave)).installation
    lifecycle.uninstall(ended, by=acting(dave))
    client = client_of(alice)
    link = f"{tab(installation, 'application_installations')}?version={version.pk}&amp;state=live"
    for name, more in (("version_list", ()), ("version_detail", (version.pk,))):
        page = client.get(tab(installation, name, *more)).content.decode()
        assert f'<a href="{link}">1</a>' in page
    assert listed(client, link.replace("&amp;", "&")) == {installation}


def test_the_page_of_a_version_names_the_first_twenty_accounts_on_it(
    client_of: ClientOf, installation: Installation, version: Version, alice: User
) -> None:
    for number in range(25):
        account = Account.objects.create(name=f"Shop {number:02}", slug=f"shop-{number}", contact_email="a@b.example")
        Installation.objects.create(application=installation.application, account=account, version=version)
    gone = Account.objects.create(name="Aaron", slug="aaron", contact_email="a@b.example")
    state = Installation.State.UNINSTALLED
    Installation.objects.create(application=installation.application, account=gone, version=version, state=state)
    answer = client_of(alice).get(tab(installation, "version_detail", version.pk))
    names = [row.account.name for row in answer.context["on_it"]]
    assert names == ["Carol's Cakes", *(f"Shop {number:02}" for number in range(19))]
    assert "All 26" in read(answer)
