"""Staff move an application to another account: what goes with it, what is refused, and who is told."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from installs.application import moving, removal
from installs.installations import lifecycle
from installs.installations.moving import switch
from installs.installations.suspending_accounts import suspend_account
from installs.models import Delivery, Installation, Review
from installs.store import listings, offers
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, Membership, TimelineEntry, User, Version
from linnapp.services import applications
from tests.kit.connectors import connector
from tests.kit.consenting import external, read, release
from tests.kit.people import ClientOf, acting
from tests.kit.posting import install, with_postback
from tests.kit.versions import address

REASON = "Depot bought Stock Bridge."
HOOKS = "https://hooks.example.com/install"
Move = Callable[..., Application]


@pytest.fixture
def move(application: Application, depot: Account, paula: User) -> Move:
    """Stock Bridge, from Northwind to Dave's Depot."""

    def to_depot(to: Account = depot, in_days: float = 1) -> Application:
        row = Application.objects.get(pk=application.pk)
        end = timezone.now() + timedelta(days=in_days)
        return moving.move_application(row, to=to, secrets_end=end, by=acting(paula, reason=REASON))

    return to_depot


def now(row: Installation) -> Installation:
    return Installation.objects.with_its_facts().get(pk=row.pk)


def on_development(application: Application, account: Account, by: User) -> Installation:
    version = application.versions.development()
    return lifecycle.install(application, account=account, version=version, by=acting(by)).installation


# What is refused.


def test_only_staff_move_it_and_with_a_reason(
    application: Application, depot: Account, alice: User, dave: User, paula: User
) -> None:
    for by, words in ((acting(alice), "Only this"), (acting(dave), "Only this"), (acting(paula), "Give the reason")):
        with pytest.raises(NotPossible, match=words):
            moving.move_application(application, to=depot, secrets_end=timezone.now(), by=by)
    application.refresh_from_db()
    assert application.account.slug == "northwind"


def test_the_old_secrets_end_within_seven_days(move: Move, application: Application) -> None:
    with pytest.raises(NotPossible, match="end within 7 days"):
        move(in_days=7.01)
    assert move(in_days=7).account.slug == "daves-depot"
    with pytest.raises(NotPossible, match="Stock Bridge already belongs to Dave's Depot"):
        move()


def test_a_retired_application_stays(
    move: Move, installation: Installation, application: Application, carol: User, alice: User
) -> None:
    lifecycle.uninstall(installation, by=acting(carol))
    removal.remove_application(application, by=acting(alice))
    with pytest.raises(NotPossible, match="Stock Bridge is retired: it cannot be moved"):
        move()


@pytest.mark.parametrize("which", ["northwind", "depot"])
def test_nothing_is_moved_from_or_to_a_suspended_account(
    which: str, move: Move, northwind: Account, depot: Account, paula: User
) -> None:
    suspend_account({"northwind": northwind, "depot": depot}[which], by=acting(paula, reason="Spam."))
    with pytest.raises(NotPossible, match="has been suspended by this portal's staff"):
        move()


def test_a_name_that_collides_is_refused(move: Move, depot: Account, dave: User, application: Application) -> None:
    made, _ = applications.create_application(account=depot, name="stock bridge", kind="SYSTEM", by=acting(dave))
    with pytest.raises(NotPossible, match="Dave's Depot already has an application named Stock Bridge"):
        move()
    applications.edit_application(made, by=acting(dave), name="Another")
    assert move().account == depot


# Installations.


def test_the_old_accounts_development_installation_moves_to_the_newest_released_version(
    move: Move, application: Application, version: Version, northwind: Account, alice: User
) -> None:
    own = on_development(application, northwind, alice)
    newer = release(application, (1, 1, 0), external(moduleName="Newer"), alice)
    move()
    row = now(own)
    assert (row.version, row.previous_version, row.is_on_own_account) == (newer, None, False)
    assert row.moved_at
    moved = TimelineEntry.objects.about(own.pk).get(kind="VERSION_MOVED")
    assert (moved.facts["before"], moved.facts["version"]) == ("Development Version", "1.1.0")
    assert (moved.actor_name, moved.reason) == ("Paula", REASON)


def test_without_a_released_version_it_is_refused(
    move: Move, application: Application, northwind: Account, alice: User
) -> None:
    own = on_development(application, northwind, alice)
    with pytest.raises(NotPossible, match="Northwind has the Development Version of Stock Bridge installed"):
        move()
    assert now(own).application.account == northwind
    assert application.secrets.live().count() == 1


def test_an_installation_on_the_new_account_becomes_its_own(
    move: Move, application: Application, version: Version, depot: Account, dave: User
) -> None:
    there = install(application, depot, version, dave).installation
    with pytest.raises(NotPossible, match="Only the application's own account can choose a version"):
        switch(there, to=application.versions.development(), by=acting(dave))
    move()
    assert now(there).is_on_own_account
    assert switch(there, to=application.versions.development(), by=acting(dave)).version.is_development


def test_installations_elsewhere_stay_as_they_are(move: Move, installation: Installation) -> None:
    token = lifecycle.current_token(installation)
    move()
    row = now(installation)
    assert (row.state, row.version, row.is_on_own_account) == ("ACTIVE", installation.version, False)
    assert lifecycle.current_token(row) == token


def test_pending_postbacks_keep_their_address(
    move: Move, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    install(application, cakes, with_postback(application, HOOKS, alice), carol)
    [before] = Delivery.objects.waiting().values_list("url", "host", "next_attempt_at")
    move()
    assert list(Delivery.objects.waiting().values_list("url", "host", "next_attempt_at")) == [before]
    assert before[0] == HOOKS


def test_connectors_stay(move: Move, installation: Installation, northwind: Account, alice: User) -> None:
    kept = connector(northwind, "https://api.example.com", alice)
    move()
    kept.refresh_from_db()
    assert (kept.account, kept.enabled) == (northwind, True)


# Its listing.


def listed(application: Application, alice: User, paula: User) -> Review:
    review = listings.hand_in(application, by=acting(alice))
    listings.accept(application, by=acting(paula, reason="Good."))
    return review


def test_what_was_listed_goes_back_to_review(
    move: Move, application: Application, version: Version, alice: User, paula: User
) -> None:
    before = listed(application, alice, paula)
    assert offers.on_offer().filter(pk=application.pk).exists()
    assert move().listing == Application.Listing.IN_REVIEW
    assert not offers.on_offer().filter(pk=application.pk).exists()
    review = Review.objects.open().get()
    assert review != before
    assert (review.application_id, review.requested_by) == (application.pk, paula)


def test_what_waits_for_a_decision_waits_for_one_as_a_request_of_the_new_team(
    move: Move, application: Application, version: Version, alice: User, paula: User
) -> None:
    before = listings.hand_in(application, by=acting(alice))
    assert move().listing == Application.Listing.IN_REVIEW
    before.refresh_from_db()
    assert before.decision == Review.Decision.TAKEN_BACK
    assert Review.objects.open().get().requested_by == paula


@pytest.mark.parametrize("listing", ["UNLISTED", "RETURNED"])
def test_what_is_not_listed_stays_so(listing: str, move: Move, application: Application) -> None:
    Application.objects.filter(pk=application.pk).update(listing=listing)
    assert move().listing == listing
    assert not Review.objects.exists()


# Who is told.


def letters() -> dict[str, list[str]]:
    """Subjects by addressee."""
    found: dict[str, list[str]] = {}
    for sent in mail.outbox:
        for to in sent.to:
            found.setdefault(to, []).append(str(sent.subject))
    return found


def test_owners_get_one_mail_each(
    move: Move,
    application: Application,
    cakes: Account,
    alice: User,
    bob: User,
    carol: User,
    dave: User,
) -> None:
    second = Account.objects.create(name="Carol's Cafe", slug="cafe", contact_email=carol.email)
    Membership.objects.create(account=second, user=carol, role=Membership.Role.OWNER)
    version = with_postback(application, HOOKS, alice)
    for account in (cakes, second):
        install(application, account, version, carol)
    move()
    assert letters() == {
        dave.email: ["Stock Bridge now belongs to Dave's Depot"],
        alice.email: ["Stock Bridge was moved to Dave's Depot"],
        carol.email: ["Stock Bridge now belongs to Dave's Depot"],
    }
    here, away, publisher = (sent.body for sent in mail.outbox)
    assert all(REASON in body for body in (here, away, publisher))
    assert "its postbacks go to hooks.example.com" in here
    assert "its postbacks go to hooks.example.com" in publisher
    assert address("application_general", Application.objects.get(pk=application.pk)) in here
    assert "Carol's Cakes: http" in publisher
    assert "Carol's Cafe: http" in publisher


def test_a_name_with_a_line_break_breaks_no_mail(move: Move, application: Application) -> None:
    Application.objects.filter(pk=application.pk).update(name="Stock\r\nBcc: eve@example.com")
    move()
    assert {sent.subject for sent in mail.outbox} == {
        "Stock Bcc: eve@example.com now belongs to Dave's Depot",
        "Stock Bcc: eve@example.com was moved to Dave's Depot",
    }


def test_each_side_reads_it_where_it_reads_of_the_application(
    move: Move,
    application: Application,
    cakes: Account,
    alice: User,
    carol: User,
    dave: User,
    client_of: ClientOf,
) -> None:
    there = install(application, cakes, with_postback(application, HOOKS, alice), carol).installation
    row = move()
    words = "Stock Bridge moved from Northwind to Dave's Depot by Support; its postbacks go to hooks.example.com"
    for who, page in (
        (carol, reverse("installation_detail", args=[cakes.slug, there.pk])),
        (dave, address("application_activity", row)),
    ):
        told = read(client_of(who).get(page))
        assert words in told
        assert REASON in told
    left = read(client_of(alice).get(reverse("account_activity", args=["northwind"])))
    assert "Stock Bridge moved to Dave's Depot by Support" in left
    came = read(client_of(dave).get(reverse("account_activity", args=["daves-depot"])))
    assert "Stock Bridge moved here from Northwind by Support; its postbacks go to hooks.example.com" in came


def test_the_consent_page_names_the_new_publisher_and_the_host(
    move: Move, application: Application, depot: Account, cakes: Account, alice: User, carol: User, client_of: ClientOf
) -> None:
    with_postback(application, HOOKS, alice)
    move()
    page = read(client_of(carol).get(reverse("authorize", args=[application.pk])))
    assert "Dave's Depot" in page
    assert "Northwind" not in page
    assert "hooks.example.com" in page
