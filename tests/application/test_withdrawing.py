"""A released version is withdrawn: who may, what it does to whom, and the hour in which it is taken back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from installs.application import kinds, removal, withdrawing
from installs.installations import lifecycle
from installs.models import Installation
from installs.store import listings, offers
from linnapp.actors import NOBODY, Actor, Side
from linnapp.errors import Moved, NotPossible
from linnapp.models import Account, Application, TimelineEntry, User, Version
from linnapp.services import versions
from tests.kit.consenting import external, read, release
from tests.kit.people import ClientOf, acting
from tests.kit.versions import address

KINDS = ("VERSION_WITHDRAWN", "WITHDRAWAL_TAKEN_BACK")


def now(version: Version) -> Version:
    return Version.objects.get(pk=version.pk)


def entries() -> list[tuple[str, str, bool]]:
    """Kind, reason, and whether it is told of an installation."""
    rows = TimelineEntry.objects.filter(kind__in=KINDS).order_by("pk")
    return [(row.kind, row.reason, row.subject_id is not None) for row in rows]


def pass_minutes(version: Version, minutes: int) -> None:
    """As if it had been withdrawn so much earlier."""
    at = now(version).withdrawn_at
    assert at
    Version.objects.filter(pk=version.pk).update(withdrawn_at=at - timedelta(minutes=minutes))


@pytest.fixture
def newer(application: Application, version: Version, alice: User) -> Version:
    """1.1.0, after 1.0.0."""
    return release(application, (1, 1, 0), external(moduleName="Newer"), alice)


# The service.


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_the_team_withdraws_and_takes_back(
    name: str, newer: Version, alice: User, bob: User, application: Application
) -> None:
    by = acting({"alice": alice, "bob": bob}[name])
    assert withdrawing.withdraw_version(newer, by=by) is True
    assert withdrawing.withdraw_version(newer, by=by) is False
    assert now(newer).withdrawn_at
    assert application.versions.the_latest() != newer
    assert withdrawing.take_back_withdrawal(newer, by=by) is True
    assert withdrawing.take_back_withdrawal(newer, by=by) is False
    assert now(newer).withdrawn_at is None
    assert application.versions.the_latest() == newer
    assert entries() == [("VERSION_WITHDRAWN", "", False), ("WITHDRAWAL_TAKEN_BACK", "", False)]


def test_staff_withdraw_with_a_reason_and_not_without(newer: Version, paula: User, sam: User) -> None:
    for reason in ("", "  "):
        with pytest.raises(NotPossible, match="Give the reason"):
            withdrawing.withdraw_version(newer, by=acting(paula, reason=reason))
    assert now(newer).withdrawn_at is None
    withdrawing.withdraw_version(newer, by=acting(paula, reason="It loses orders."))
    with pytest.raises(NotPossible, match="Give the reason"):
        withdrawing.take_back_withdrawal(newer, by=acting(sam))
    withdrawing.take_back_withdrawal(newer, by=acting(sam, reason="It does not."))
    assert entries() == [
        ("VERSION_WITHDRAWN", "It loses orders.", False),
        ("WITHDRAWAL_TAKEN_BACK", "It does not.", False),
    ]


def test_nobody_else_may(
    installation: Installation, newer: Version, carol: User, dave: User, alice: User, paula: User
) -> None:
    others = [
        (acting(carol), "Only the team of Northwind"),
        (acting(dave), "Only the team of Northwind"),
        # Who is no staff is none by calling themselves so, and staff have no seat.
        (Actor(carol, Side.STAFF, "Because."), "Only this portal's staff"),
        (Actor(alice, Side.STAFF, "Because."), "Only this portal's staff"),
        (Actor(paula, Side.DEVELOPER, "Because."), "Only the team of Northwind"),
        (NOBODY, "Only the team of Northwind"),
    ]
    for by, words in others:
        with pytest.raises(NotPossible, match=words):
            withdrawing.withdraw_version(newer, by=by)
    assert now(newer).withdrawn_at is None
    withdrawing.withdraw_version(newer, by=acting(alice))
    for by, words in others:
        with pytest.raises(NotPossible, match=words):
            withdrawing.take_back_withdrawal(newer, by=by)
    assert now(newer).withdrawn_at
    assert len(entries()) == 1


def test_what_was_never_released_or_is_retired_is_not_withdrawn(
    application: Application, installation: Installation, version: Version, alice: User, carol: User
) -> None:
    with pytest.raises(NotPossible, match="The Development Version cannot be withdrawn"):
        withdrawing.withdraw_version(application.versions.development(), by=acting(alice))
    lifecycle.uninstall(installation, by=acting(carol))
    removal.remove_application(application, by=acting(alice))
    for act in (withdrawing.withdraw_version, withdrawing.take_back_withdrawal):
        with pytest.raises(NotPossible, match="is retired: its versions can no longer be installed"):
            act(version, by=acting(alice))
    assert entries() == []


def test_it_is_taken_back_within_the_hour_and_not_after(newer: Version, alice: User) -> None:
    withdrawing.withdraw_version(newer, by=acting(alice))
    pass_minutes(newer, 61)
    with pytest.raises(NotPossible, match="was withdrawn more than 1 hour ago, and that is permanent"):
        withdrawing.take_back_withdrawal(newer, by=acting(alice))
    assert now(newer).withdrawn_at
    Version.objects.filter(pk=newer.pk).update(withdrawn_at=timezone.now() - timedelta(minutes=59))
    assert withdrawing.take_back_withdrawal(newer, by=acting(alice)) is True


def test_each_account_that_runs_it_reads_so_and_no_other(
    application: Application,
    version: Version,
    installation: Installation,
    depot: Account,
    dave: User,
    alice: User,
    carol: User,
    paula: User,
    client_of: ClientOf,
) -> None:
    newer = release(application, (1, 1, 0), external(moduleName="Newer"), alice)
    other = lifecycle.install(application, account=depot, version=newer, by=acting(dave)).installation
    withdrawing.withdraw_version(newer, by=acting(paula, reason="It loses orders."))
    assert entries() == [("VERSION_WITHDRAWN", "It loses orders.", told) for told in (False, True)]
    assert [entry.kind for entry in TimelineEntry.objects.about(other.pk).of_kinds(kinds.VERSION_WITHDRAWN)]
    page = read(client_of(dave).get(f"/a/{depot.slug}/apps/{other.pk}/"))
    assert "Version 1.1.0 withdrawn by Support" in page
    assert "It loses orders." in page
    assert "Version 1.1.0 withdrawn" not in read(client_of(carol).get(f"/a/carols-cakes/apps/{installation.pk}/"))
    activity = read(client_of(alice).get(address("application_activity", application)))
    assert activity.count("Version 1.1.0 withdrawn by Support") == 1
    assert "It loses orders." in activity


# What everybody reads of versions.


def test_new_installations_get_the_one_before_and_a_form_that_was_read_is_refused(
    application: Application, newer: Version, version: Version, cakes: Account, carol: User, alice: User
) -> None:
    withdrawing.withdraw_version(newer, by=acting(alice))
    with pytest.raises(Moved, match=r"1\.1\.0 was withdrawn while you were reading"):
        lifecycle.install(application, account=cakes, version=newer, by=acting(carol))
    assert Installation.objects.count() == 0
    assert lifecycle.offered_versions(application, cakes, carol) == [version]
    assert lifecycle.install(application, account=cakes, version=version, by=acting(carol)).created


def test_with_none_left_the_installation_url_says_so(
    application: Application, version: Version, cakes: Account, carol: User, alice: User, client_of: ClientOf
) -> None:
    withdrawing.withdraw_version(version, by=acting(alice))
    answer = client_of(carol).get(f"/Authorization/Authorize/{application.pk}")
    assert answer.status_code == 404
    assert "No version can be installed now. Northwind withdrew every version it released" in read(answer)
    assert "No version was released yet" not in read(answer)
    alices = client_of(alice)
    assert "every version withdrawn" in read(alices.get(address("application_overview", application)))
    listed = read(alices.get(f"/a/{application.account.slug}/applications/"))
    assert "none yet" not in listed


def test_the_number_is_never_used_again_and_the_manifest_may_be(
    application: Application, newer: Version, alice: User, client_of: ClientOf
) -> None:
    withdrawing.withdraw_version(newer, by=acting(alice))
    application.refresh_from_db()
    assert versions.suggested_number(application) == (1, 2, 0)
    revision = application.manifest_revision
    for number in ((1, 0, 1), (1, 1, 0)):
        with pytest.raises(NotPossible, match=r"above 1\.1\.0, which was withdrawn: its number is never used again"):
            versions.create_version(application, number=number, notes="", expected_revision=revision, by=acting(alice))
    client = client_of(alice)
    review = read(client.get(address("version_review", application)))
    assert "changes in your saved manifest since 1.0.0, the newest version that is not withdrawn" in review
    notes = client.get(address("version_notes", application), {"revision": revision})
    assert "1.2.0 is the next minor number after 1.1.0, which was withdrawn." in read(notes)
    again = versions.create_version(
        application, number=(1, 2, 0), notes="", expected_revision=revision, by=acting(alice)
    )
    assert again.snapshot == newer.snapshot


def test_with_all_withdrawn_the_same_manifest_may_be_released(
    application: Application, version: Version, alice: User, client_of: ClientOf
) -> None:
    withdrawing.withdraw_version(version, by=acting(alice))
    review = read(client_of(alice).get(address("version_review", application)))
    assert "Every version was withdrawn, so there is none to compare with" in review
    assert "Continue" in review
    again = versions.create_version(application, number=(1, 1, 0), notes="", expected_revision=1, by=acting(alice))
    assert application.versions.the_latest() == again


# The store.


def test_without_a_version_left_it_leaves_the_store_and_comes_back_with_it(
    application: Application, version: Version, alice: User, paula: User
) -> None:
    listings.list_in_store(application, by=acting(paula, reason="Reviewed."))
    withdrawing.withdraw_version(version, by=acting(alice))
    assert not offers.on_offer().exists()
    application.refresh_from_db()
    # A review is about name, description and logo: no withdrawal changes them.
    assert application.listing == Application.Listing.LISTED
    assert listings.changed_fields(application) == []
    withdrawing.take_back_withdrawal(version, by=acting(alice))
    assert offers.on_offer().get() == application


def test_what_is_in_review_is_not_listed_while_nothing_is_left(
    application: Application, version: Version, alice: User, paula: User
) -> None:
    listings.hand_in(application, by=acting(alice))
    withdrawing.withdraw_version(version, by=acting(alice))
    with pytest.raises(NotPossible, match="has no version that can be installed"):
        listings.list_in_store(application, by=acting(paula, reason="Reviewed."))
    application.refresh_from_db()
    assert application.listing == Application.Listing.IN_REVIEW
    failing = [check.name for check in listings.checks(application) if not check.passed]
    assert "Released version" in failing
