"""A suspended account: what its own people read on every page, what installers of its applications read, and what its
forms keep."""

import pytest
from django.urls import reverse

from installs.installations import lifecycle
from installs.installations.suspending_accounts import resume_account, suspend_account
from installs.models import Installation
from installs.store import listings
from linnapp.manifest import parse
from linnapp.models import Account, Application, StaffAccess, User, Version
from linnapp.services import access
from linnapp.services.applications import create_application
from linnapp.services.manifests import save_manifest
from tests.kit.connectors import connector
from tests.kit.consenting import address, external, read, release, sent
from tests.kit.exchanging import exchange
from tests.kit.people import ClientOf, acting

SPAM = "It sends spam."
NOTE = "This portal's staff suspended"


@pytest.fixture
def suspended_cakes(installation: Installation, cakes: Account, paula: User) -> Account:
    suspend_account(cakes, by=acting(paula, reason=SPAM))
    return cakes


@pytest.fixture
def suspended_northwind(installation: Installation, northwind: Account, paula: User) -> Account:
    suspend_account(northwind, by=acting(paula, reason=SPAM))
    return northwind


def overview(application: Application) -> str:
    return reverse("application_overview", args=["northwind", application.pk])


@pytest.mark.parametrize("name", ["application_list", "team", "store", "my_apps", "connector_list", "account_settings"])
def test_every_page_says_so_and_why(client_of: ClientOf, suspended_cakes: Account, carol: User, name: str) -> None:
    text = read(client_of(carol).get(reverse(name, args=[suspended_cakes.slug])))
    assert f"{NOTE} Carol's Cakes just now" in text
    assert f"Their reason: {SPAM}" in text


def test_pages_of_an_application_say_so(
    client_of: ClientOf, suspended_northwind: Account, application: Application, alice: User
) -> None:
    text = read(client_of(alice).get(overview(application)))
    assert f"{NOTE} Northwind just now" in text
    assert "System Integration Suspended" in text
    found = reverse("application_list", args=["northwind"])
    assert "Stock Bridge Suspended" in read(client_of(alice).get(f"{found}?state=SUSPENDED"))
    assert "Stock Bridge" not in read(client_of(alice).get(f"{found}?state=LIVE"))


def test_what_it_cannot_do_stands_in_place_of_the_button(
    client_of: ClientOf, version: Version, application: Application, northwind: Account, alice: User, paula: User
) -> None:
    """Two lines of the checklist, the last step of a release, and the test of a connector."""
    client, here = client_of(alice), ["northwind", application.pk]
    fresh, _ = create_application(account=northwind, name="Fresh", kind="SYSTEM", by=acting(alice))
    called, _ = create_application(account=northwind, name="Called", kind="SYSTEM", by=acting(alice))
    newer = parse(external(moduleName="Newer"))
    saved = save_manifest(application, newer, expected_revision=application.manifest_revision, by=acting(alice))
    for row in (fresh, called):
        save_manifest(row, newer, expected_revision=row.manifest_revision, by=acting(alice))
    own = lifecycle.install(called, account=northwind, version=called.versions.development(), by=acting(alice))
    exchange(lifecycle.current_token(own.installation))
    draft = {"number": "1.1.0", "notes": "Faster.", "revision": saved.manifest_revision}
    client.post(reverse("version_notes", args=here), draft)
    tested = connector(northwind, "https://api.linnworks.net", alice)
    pages = [
        (overview(fresh), ">Install it on Northwind<", "nothing can be installed on it"),
        (overview(called), ">Review and create 1.0.0<", "no version can be released"),
        (reverse("version_release", args=here), "<button>Release 1.1.0", "no version can be released"),
        (reverse("connector_check", args=["northwind", tested.pk]), ">Test connection", "its connectors send"),
    ]
    assert [button in client.get(page).content.decode() for page, button, _ in pages] == [True] * len(pages)
    suspend_account(northwind, by=acting(paula, reason=SPAM))
    for page, button, sentence in pages:
        answer = client.get(page)
        assert button not in answer.content.decode(), page
        assert f"Northwind is suspended: {sentence}" in read(answer), page


def test_another_account_of_the_same_person_says_nothing(
    client_of: ClientOf, suspended_cakes: Account, northwind: Account, carol: User, paula: User
) -> None:
    client = client_of(carol)
    northwind.memberships.create(user=carol, role="DEVELOPER")
    assert NOTE not in read(client.get(reverse("my_apps", args=["northwind"])))
    assert NOTE in read(client.get(reverse("my_apps", args=[suspended_cakes.slug])))
    resume_account(suspended_cakes, by=acting(paula, reason="Mended."))
    assert NOTE not in read(client.get(reverse("my_apps", args=[suspended_cakes.slug])))


def test_staff_inside_read_it_too(client_of: ClientOf, suspended_cakes: Account, paula: User) -> None:
    access.enter(suspended_cakes, purpose=StaffAccess.Purpose.LOOK, by=acting(paula, reason="Ticket 4411"))
    assert NOTE in read(client_of(paula).get(reverse("my_apps", args=[suspended_cakes.slug])))


def test_what_is_installed_on_it(
    client_of: ClientOf, suspended_cakes: Account, installation: Installation, alice: User, carol: User
) -> None:
    release(installation.application, (1, 1, 0), external(moduleName="Newer"), alice)
    client, here = client_of(carol), (suspended_cakes.slug, installation.pk)
    page = client.get(reverse("installation_detail", args=here))
    assert "Suspended with the whole account, by staff" in read(page)
    assert "Carol's Cakes has been suspended by this portal's staff" in read(page)
    assert read(page).count(SPAM) == 1
    assert reverse("installation_update", args=here) not in page.content.decode()
    assert reverse("installation_uninstall", args=here) in page.content.decode()
    assert "with the whole account, by staff" in read(client.get(reverse("my_apps", args=here[:1])))


def test_what_it_makes_is_told_to_those_who_have_it_without_the_reason(
    client_of: ClientOf, suspended_northwind: Account, installation: Installation, carol: User, sam: User
) -> None:
    client = client_of(carol)
    text = read(client.get(reverse("installation_detail", args=["carols-cakes", installation.pk])))
    assert "Northwind, the developer of Stock Bridge, has been suspended by this portal's staff" in text
    assert "Suspended with its developer's account, by staff" in text
    assert "Developer's account Northwind suspended by Support" in text
    assert SPAM not in text
    assert NOTE not in text
    assert SPAM in read(client_of(sam).get(reverse("support_installation", args=[installation.pk])))


def test_nobody_is_asked_to_install_what_it_makes(
    client_of: ClientOf, suspended_northwind: Account, application: Application, dave: User, depot: Account
) -> None:
    page = client_of(dave).get(address(application))
    assert page.status_code == 403
    assert "Northwind, its developer, has been suspended by this portal's staff" in read_card(page.content)
    assert SPAM not in read_card(page.content)


def read_card(content: bytes) -> str:
    return content.decode().replace("&#x27;", "'")


def test_on_it_nothing_is_agreed_to(
    client_of: ClientOf, version: Version, application: Application, depot: Account, dave: User, paula: User
) -> None:
    suspend_account(depot, by=acting(paula, reason=SPAM))
    client = client_of(dave)
    page = read_card(client.get(address(application)).content)
    assert "Until they lift the suspension, nothing can be installed on it." in page
    assert ">Install<" not in page
    answer = client.post(address(application), sent(version, depot))
    assert answer.status_code == 422
    assert "Until they lift the suspension, nothing can be installed on it." in read_card(answer.content)
    assert not Installation.objects.exists()


def test_the_store_does_not_know_what_it_makes(
    client_of: ClientOf, installation: Installation, northwind: Account, carol: User, paula: User
) -> None:
    listings.accept(installation.application, by=acting(paula, reason="Reviewed."))
    client, page = client_of(carol), reverse("store_application", args=["carols-cakes", installation.application_id])
    assert client.get(page).status_code == 200
    suspend_account(northwind, by=acting(paula, reason=SPAM))
    assert client.get(page).status_code == 404
    assert "Stock Bridge" not in read(client.get(reverse("store", args=["carols-cakes"])))


def test_a_new_application_is_refused_and_what_was_typed_stays(
    client_of: ClientOf, suspended_northwind: Account, alice: User
) -> None:
    form = {"name": "Parcel Sync", "type": "SYSTEM"}
    answer = client_of(alice).post(reverse("application_new", args=["northwind"]), form)
    assert answer.status_code == 422
    assert "Until they lift the suspension, no application can be created on it." in read(answer)
    assert 'value="Parcel Sync"' in answer.content.decode()
    assert not Application.objects.filter(name="Parcel Sync").exists()


def test_a_release_is_refused_and_its_notes_stay(
    client_of: ClientOf, version: Version, application: Application, northwind: Account, alice: User, paula: User
) -> None:
    newer = parse(external(moduleName="Newer"))
    saved = save_manifest(application, newer, expected_revision=application.manifest_revision, by=acting(alice))
    suspend_account(northwind, by=acting(paula, reason=SPAM))
    form = {"number": "1.1.0", "notes": "Much faster.", "revision": saved.manifest_revision}
    page = reverse("version_release", args=["northwind", application.pk])
    answer = client_of(alice).post(page, form, follow=True)
    assert "Until they lift the suspension, no version can be released." in read(answer)
    assert "Much faster." in read(answer)
    assert application.versions.the_latest() == version


def test_a_listing_is_refused(
    client_of: ClientOf, suspended_northwind: Account, application: Application, alice: User
) -> None:
    answer = client_of(alice).post(reverse("listing_request", args=["northwind", application.pk]))
    assert answer.status_code == 422
    assert "Until they lift the suspension, its applications cannot be listed." in read(answer)


def test_it_uninstalls(client_of: ClientOf, suspended_cakes: Account, installation: Installation, carol: User) -> None:
    page = reverse("installation_uninstall", args=[suspended_cakes.slug, installation.pk])
    assert client_of(carol).post(page).status_code == 302
    assert lifecycle.installed_on(installation.application, suspended_cakes) is None


# By page: what it says on a suspended account, and the button that it has otherwise.
CLOSED = {
    "application_list": ("no application can be created on it", ">New App<"),
    "application_new": ("no application can be created on it", ">Create<"),
    "application_overview": ("no version can be released", ">Create New Version</a>"),
    "manifest_edit": ("no version can be released", "data-create"),
    "version_review": ("no version can be released", ">Continue<"),
    "listing": ("its applications cannot be listed", ">Request listing<"),
    "store": ("nothing can be installed on it", ">Install<"),
}


def test_what_it_cannot_do_is_said_in_place_of_the_button(
    client_of: ClientOf, version: Version, northwind: Account, alice: User, carol: User, cakes: Account, paula: User
) -> None:
    application, client = version.application, client_of(alice)
    newer = parse(external(moduleName="Newer"))
    save_manifest(application, newer, expected_revision=application.manifest_revision, by=acting(alice))
    # In the store stands what another account makes.
    elsewhere, _ = create_application(account=cakes, name="Elsewhere", kind="SYSTEM", by=acting(carol))
    release(elsewhere, (1, 0, 0), external(), carol)
    listings.accept(elsewhere, by=acting(paula, reason="Reviewed."))
    whole = ("application_list", "application_new", "store")
    pages = {name: reverse(name, args=["northwind", *([] if name in whole else [application.pk])]) for name in CLOSED}
    before = {name: client.get(page).content.decode() for name, page in pages.items()}
    assert [name for name, (_, button) in CLOSED.items() if button not in before[name]] == []
    suspend_account(northwind, by=acting(paula, reason=SPAM))
    after = {name: client.get(page) for name, page in pages.items()}
    assert [name for name, (_, button) in CLOSED.items() if button in after[name].content.decode()] == []
    told = {name: f"Northwind is suspended: {words}." for name, (words, _) in CLOSED.items()}
    assert [name for name, words in told.items() if words not in read(after[name])] == []
