"""Staff suspend a whole account: what stops on either side, who reads why, and what comes back. Exchanges of it are in
tests/exchange/test_suspended_accounts.py."""

import pytest
from django.urls import reverse

from installs.connectors import calling, checking
from installs.installations import lifecycle, moving, suspending, update_mails
from installs.installations.suspending_accounts import resume_account, suspend_account
from installs.models import Installation
from installs.store import listings, offers
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, TimelineEntry, User, Version
from linnapp.services import applications, people
from tests.kit.connectors import connector
from tests.kit.consenting import external, release
from tests.kit.people import ClientOf, acting
from tests.kit.posting import deliver, install, with_postback
from tests.kit.receivers import receiving

SPAM = "It sends spam."
SIDES = ("cakes", "northwind")


@pytest.fixture
def other(depot: Account, dave: User, alice: User) -> Application:
    """Order Board of Dave's Depot, with a version."""
    made, _ = applications.create_application(
        account=depot, name="Order Board", kind=Application.Type.SYSTEM, by=acting(dave)
    )
    release(made, (1, 0, 0), external(), dave)
    return made


def install_on(application: Application, account: Account, by: User) -> Installation:
    version = application.versions.the_latest()
    assert version is not None
    return lifecycle.install(application, account=account, version=version, by=acting(by)).installation


def now(row: Installation) -> Installation:
    return Installation.objects.with_its_facts().get(pk=row.pk)


def test_only_staff_suspend_and_resume(cakes: Account, carol: User, alice: User, paula: User) -> None:
    for person in (carol, alice):
        with pytest.raises(NotPossible, match="Only this portal's staff"):
            suspend_account(cakes, by=acting(person, reason=SPAM))
    suspend_account(cakes, by=acting(paula, reason=SPAM))
    for person in (carol, alice):
        with pytest.raises(NotPossible, match="Only this portal's staff"):
            resume_account(cakes, by=acting(person))
    cakes.refresh_from_db()
    assert cakes.suspended_by_staff_at


def test_the_reason_stands_where_the_accounts_own_people_read_it(
    installation: Installation, other: Application, cakes: Account, northwind: Account, alice: User, paula: User
) -> None:
    on_northwind = install_on(other, northwind, alice)
    own = install_on(installation.application, northwind, alice)
    suspend_account(northwind, by=acting(paula, reason=SPAM))
    resume_account(northwind, by=acting(paula, reason="Mended."))
    told = TimelineEntry.objects.filter(kind__endswith="ED", actor_name="Paula").order_by("pk")
    found = [(entry.kind, entry.account_id, entry.application_id, entry.subject_id, entry.reason) for entry in told]
    bridge = installation.application_id
    for number, (word, reason) in enumerate((("SUSPENDED", SPAM), ("RESUMED", "Mended."))):
        half = found[number * 5 : number * 5 + 5]
        assert half[:3] == [
            (f"ACCOUNT_{word}", northwind.pk, None, None, reason),
            (f"PUBLISHER_{word}", northwind.pk, bridge, None, reason),
            (f"ACCOUNT_{word}", northwind.pk, other.pk, on_northwind.pk, ""),
        ]
        assert set(half[3:]) == {
            (f"PUBLISHER_{word}", cakes.pk, bridge, installation.pk, ""),
            (f"PUBLISHER_{word}", northwind.pk, bridge, own.pk, ""),
        }
    assert len(found) == 10


def test_its_people_suspend_resume_and_uninstall(
    installation: Installation, cakes: Account, carol: User, paula: User
) -> None:
    suspend_account(cakes, by=acting(paula, reason=SPAM))
    suspending.suspend(installation, by=acting(carol))
    assert now(installation).suspended_by == "by the account and with the whole account, by staff"
    suspending.resume(installation, by=acting(carol))
    lifecycle.uninstall(installation, by=acting(carol))
    assert now(installation).shown_state == "uninstalled"


def test_nothing_is_installed_on_it_and_nobody_installs_what_it_makes(
    installation: Installation, other: Application, cakes: Account, depot: Account, carol: User, dave: User, paula: User
) -> None:
    suspend_account(depot, by=acting(paula, reason=SPAM))
    before = Installation.objects.count()
    with pytest.raises(NotPossible, match="Until they lift the suspension, nothing can be installed"):
        install_on(installation.application, depot, dave)
    with pytest.raises(NotPossible, match="Until they lift the suspension, nobody can install Order Board") as refusal:
        install_on(other, cakes, carol)
    assert SPAM not in str(refusal.value)
    assert Installation.objects.count() == before
    resume_account(depot, by=acting(paula, reason="Mended."))
    install_on(other, cakes, carol)


@pytest.mark.parametrize("side", SIDES)
def test_nothing_moves_and_no_mail_says_it_could(
    side: str, installation: Installation, cakes: Account, northwind: Account, alice: User, carol: User, paula: User
) -> None:
    account = {"cakes": cakes, "northwind": northwind}[side]
    latest = release(installation.application, (1, 1, 0), external(moduleName="Newer"), alice)
    assert moving.available_update(now(installation)) == latest
    suspend_account(account, by=acting(paula, reason=SPAM))
    assert moving.available_update(now(installation)) is None
    assert not Installation.objects.with_update_available().exists()
    assert list(update_mails.owners_due()) == []
    with pytest.raises(NotPossible, match="has been suspended by this portal's staff"):
        moving.update(installation, to=latest, by=acting(carol))
    resume_account(account, by=acting(paula, reason="Mended."))
    assert list(update_mails.owners_due()) == [carol]
    moving.update(installation, to=latest, by=acting(carol))


def test_it_makes_releases_and_requests_nothing(
    installation: Installation, northwind: Account, alice: User, paula: User
) -> None:
    suspend_account(northwind, by=acting(paula, reason=SPAM))
    with pytest.raises(NotPossible, match="Until they lift the suspension, no application can be created on it"):
        applications.create_application(account=northwind, name="X", kind="SYSTEM", by=acting(alice))
    with pytest.raises(NotPossible, match="Until they lift the suspension, no version can be released"):
        release(installation.application, (2, 0, 0), external(moduleName="Newer"), alice)
    with pytest.raises(NotPossible, match="Until they lift the suspension, its applications cannot be listed"):
        listings.request_listing(installation.application, by=acting(alice))
    assert Application.objects.count() == 1


def test_its_drafts_and_its_team_may_be_changed(
    installation: Installation, northwind: Account, alice: User, paula: User
) -> None:
    suspend_account(northwind, by=acting(paula, reason=SPAM))
    assert applications.edit_application(installation.application, by=acting(alice), name="Bridge") == ["name"]
    people.invite(northwind, email="new@northwind.example", role="DEVELOPER", by=acting(alice))


def test_the_store_does_not_offer_what_it_makes_and_it_stays_listed(
    application: Application, version: Version, northwind: Account, paula: User
) -> None:
    listings.accept(application, by=acting(paula, reason="Reviewed."))
    assert list(offers.on_offer()) == [application]
    suspend_account(northwind, by=acting(paula, reason=SPAM))
    assert list(offers.on_offer()) == []
    resume_account(northwind, by=acting(paula, reason="Mended."))
    assert list(offers.on_offer()) == [application]


@pytest.mark.usefixtures("to_loopback")
def test_its_postbacks_wait(
    application: Application, cakes: Account, northwind: Account, alice: User, carol: User, paula: User
) -> None:
    with receiving() as receiver:
        install(application, cakes, with_postback(application, receiver.url, alice), carol)
        suspend_account(northwind, by=acting(paula, reason=SPAM))
        deliver()
        assert receiver.received == []
        resume_account(northwind, by=acting(paula, reason="Mended."))
        deliver()
        receiver.wait_for(1)


@pytest.mark.usefixtures("to_loopback")
def test_its_connectors_call_nobody(cakes: Account, carol: User, paula: User) -> None:
    with receiving() as receiver:
        row = connector(cakes, receiver.url, carol)
        suspend_account(cakes, by=acting(paula, reason=SPAM))
        row.account.refresh_from_db()
        with pytest.raises(NotPossible, match="its connectors send nothing"):
            calling.call(row, "GET", "/api/Inventory/GetStockLocations")
        with pytest.raises(NotPossible, match="its connectors send nothing"):
            checking.start(row, by=acting(carol))
        assert receiver.received == []


def test_each_state_is_found_and_shown(
    installation: Installation, cakes: Account, northwind: Account, paula: User
) -> None:
    for account, words in (
        (cakes, "with the whole account, by staff"),
        (northwind, "with its developer's account, by staff"),
    ):
        suspend_account(account, by=acting(paula, reason=SPAM))
        row = now(installation)
        assert (row.shown_state, row.suspended_by) == ("suspended", words)
        assert list(Installation.objects.shown_as("suspended")) == [row]
        assert not Installation.objects.shown_as("active").exists()
        resume_account(account, by=acting(paula, reason="Mended."))
    assert list(Installation.objects.shown_as("active")) == [installation]


def test_the_developer_reads_that_and_not_why(
    client_of: ClientOf, installation: Installation, cakes: Account, alice: User, sam: User, paula: User
) -> None:
    suspend_account(cakes, by=acting(paula, reason=SPAM))
    here = ("northwind", installation.application_id)
    tab = client_of(alice).get(reverse("application_installations", args=here)).content.decode()
    activity = client_of(alice).get(reverse("application_activity", args=here)).content.decode().replace("&#x27;", "'")
    assert "with the whole account, by staff" in tab
    assert "Account Carol's Cakes suspended by Support" in activity
    assert SPAM not in tab + activity
    case = client_of(sam).get(reverse("support_installation", args=[installation.pk])).content.decode()
    assert SPAM in case
