"""Installing: what it leaves, the page after it, authorising again, and installing anew."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.installations import lifecycle, suspending
from installs.models import Delivery, Installation, PermanentToken, StockLocation
from linnapp.actors import Side
from linnapp.errors import Moved, NotPossible
from linnapp.models import Account, Application, Membership, TimelineEntry, User, Version
from linnapp.services import people
from tests.kit.consenting import address, external, read, release, rows, sent
from tests.kit.people import ClientOf, acting


def install(client: Client, version: Version, account: Account, nonce: str = "a" * 32) -> Any:
    return client.post(address(version.application), sent(version, account, nonce=nonce))


def kinds() -> list[str]:
    return list(TimelineEntry.objects.exclude(subject_id=None).order_by("id").values_list("kind", flat=True))


def test_installing_leaves_one_installation_one_permanent_token_and_a_line(
    client_of: ClientOf, version: Version, cakes: Account, carol: User
) -> None:
    answer = install(client_of(carol), version, cakes)
    row = Installation.objects.get()
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/a/{cakes.slug}/apps/{row.pk}/installed/"
    assert (row.version, row.account, row.installed_by, row.state) == (version, cakes, carol, "ACTIVE")
    assert PermanentToken.objects.get().installation == row
    assert StockLocation.objects.filter(account=cakes).count() == 1
    assert kinds() == ["INSTALLED"]
    assert Delivery.objects.count() == 0


def test_the_permanent_token_is_shown_to_whoever_installed_and_for_ten_minutes(
    client_of: ClientOf, version: Version, cakes: Account, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(carol)
    page = client.get(install(client, version, cakes).headers["Location"])
    token = lifecycle.current_token(Installation.objects.get())
    assert token.value() in read(page)
    assert "Give this to the developer of Stock Bridge. You can find it again under My apps" in read(page)
    assert "no-store" in page.headers["Cache-Control"]
    later = timezone.now() + timedelta(minutes=10)
    monkeypatch.setattr("linnapp.pages.timezone.now", lambda: later)
    again = client.get(page.request["PATH_INFO"])
    assert token.value() not in again.content.decode()
    assert f"…{token.tail}" in read(again)


def test_the_command_of_the_first_call_has_everything_but_the_secret(
    client_of: ClientOf, version: Version, cakes: Account, carol: User
) -> None:
    client = client_of(carol)
    page = client.get(install(client, version, cakes).headers["Location"])
    command = page.context["command"]
    assert command.startswith("curl http://localhost:8000/api/Auth/AuthorizeByApplication ")
    assert f"-d ApplicationId={version.application_id} " in command
    assert '-d ApplicationSecret="$APPLICATION_SECRET"' in command
    assert lifecycle.current_token(Installation.objects.get()).value() not in command


def test_the_page_after_installing_names_the_version(
    client_of: ClientOf, installation: Installation, version: Version, carol: User
) -> None:
    url = reverse("installation_installed", args=[installation.account.slug, installation.pk])
    assert "on Carol's Cakes, version 1.0.0" in read(client_of(carol).get(url))
    Installation.objects.filter(pk=installation.pk).update(version=version.application.versions.development())
    assert "on Carol's Cakes, Development Version" in read(client_of(carol).get(url))


def test_another_browser_of_the_same_person_is_shown_no_token(
    client_of: ClientOf, installation: Installation, carol: User
) -> None:
    url = reverse("installation_installed", args=[installation.account.slug, installation.pk])
    page = client_of(carol).get(url)
    assert page.status_code == 200
    assert lifecycle.current_token(installation).value() not in page.content.decode()


def test_nobody_else_gets_the_page_after_installing(
    client_of: ClientOf, installation: Installation, alice: User, dave: User
) -> None:
    url = reverse("installation_installed", args=[installation.account.slug, installation.pk])
    assert [client_of(user).get(url).status_code for user in (alice, dave, None)] == [404, 404, 302]
    assert client_of(installation.installed_by).post(url).status_code == 405


def test_authorising_again_gives_the_same_permanent_token(
    client_of: ClientOf, installation: Installation, carol: User
) -> None:
    token = lifecycle.current_token(installation).value()
    client = client_of(carol)
    answer = install(client, installation.version, installation.account)
    assert token in read(client.get(answer.headers["Location"]))
    assert Installation.objects.count() == PermanentToken.objects.count() == 1
    assert kinds() == ["INSTALLED", "AUTHORISED_AGAIN"]


def test_authorising_again_moves_no_customer_to_another_version(
    client_of: ClientOf, installation: Installation, carol: User, alice: User
) -> None:
    newer = release(installation.application, (1, 1, 0), external() | {"LinnworksPermissions": ["A.B.C"]}, alice)
    before = rows()
    assert install(client_of(carol), newer, installation.account).status_code == 422
    assert rows() == before
    assert install(client_of(carol), installation.version, installation.account).status_code == 302
    installation.refresh_from_db()
    assert installation.version.label == "1.0.0"


def test_the_own_account_moves_to_the_version_chosen(
    client_of: ClientOf, application: Application, version: Version, northwind: Account, bob: User
) -> None:
    development = application.versions.development()
    assert install(client_of(bob), development, northwind).status_code == 302
    assert Installation.objects.get().version == development
    assert install(client_of(bob), version, northwind, nonce="b" * 32).status_code == 302
    assert Installation.objects.get().version == version
    assert kinds() == ["INSTALLED", "VERSION_MOVED", "AUTHORISED_AGAIN"]
    moved = TimelineEntry.objects.get(kind="VERSION_MOVED")
    assert (moved.facts["before"], moved.facts["version"]) == (development.label, version.label)
    page = client_of(bob).get(address(application, account=northwind.slug))
    assert page.context["question"].version == version


def test_the_development_version_is_what_the_own_account_takes_by_default_before_any_release(
    client_of: ClientOf, application: Application, northwind: Account, alice: User
) -> None:
    page = client_of(alice).get(address(application))
    assert page.status_code == 200
    assert page.context["question"].version == application.versions.development()


def test_a_form_sent_twice_counts_once(client_of: ClientOf, version: Version, cakes: Account, carol: User) -> None:
    client = client_of(carol)
    first = install(client, version, cakes)
    second = install(client, version, cakes)
    assert first.headers["Location"] == second.headers["Location"]
    assert kinds() == ["INSTALLED"]


def test_installing_again_after_uninstalling_gives_a_new_permanent_token(
    client_of: ClientOf, installation: Installation, carol: User
) -> None:
    before = lifecycle.current_token(installation).value()
    lifecycle.uninstall(installation, by=acting(carol))
    install(client_of(carol), installation.version, installation.account)
    fresh = Installation.objects.live().get()
    assert fresh.pk != installation.pk
    assert lifecycle.current_token(fresh).value() != before
    assert list(installation.permanent_tokens.live()) == []


def test_a_page_brought_back_after_uninstalling_installs_nothing(
    client_of: ClientOf, version: Version, cakes: Account, carol: User
) -> None:
    client = client_of(carol)
    install(client, version, cakes)
    lifecycle.uninstall(Installation.objects.get(), by=acting(carol))
    before = rows()
    answer = install(client, version, cakes)
    assert answer.status_code == 422
    assert "This form was already used, and Stock Bridge has since been uninstalled." in read(answer)
    assert rows() == before


def test_authorising_again_lifts_no_suspension(
    client_of: ClientOf, installation: Installation, carol: User, sam: User
) -> None:
    suspending.suspend_by_staff(installation, by=acting(sam, reason="Too many calls."))
    client = client_of(carol)
    page = read(client.get(address(installation.application)))
    assert (
        "It is suspended by staff, and authorising again does not resume it. The reason of staff: Too many calls."
        in page
    )
    answer = install(client, installation.version, installation.account)
    after = read(client.get(answer.headers["Location"]))
    assert "Until then its permanent token is not exchanged, so it gets no session token." in after
    installation.refresh_from_db()
    assert installation.suspended_by_staff_at is not None


def test_the_page_after_installing_ends_with_the_installation(
    client_of: ClientOf, installation: Installation, carol: User
) -> None:
    lifecycle.uninstall(installation, by=acting(carol))
    url = reverse("installation_installed", args=[installation.account.slug, installation.pk])
    answer = client_of(carol).get(url)
    assert answer.headers["Location"] == f"/a/{installation.account.slug}/apps/{installation.pk}/"


def test_saving_the_manifest_leaves_what_is_installed_as_it_is(installation: Installation, alice: User) -> None:
    before = (Installation.objects.values().get(), installation.version.snapshot)
    release(installation.application, (1, 1, 0), external() | {"LinnworksPermissions": ["A.B.C"]}, alice)
    installation.version.refresh_from_db()
    assert (Installation.objects.values().get(), installation.version.snapshot) == before


def test_the_service_refuses_whoever_may_not(
    application: Application, version: Version, cakes: Account, northwind: Account, carol: User, bob: User, alice: User
) -> None:
    latest = release(application, (1, 1, 0), external() | {"LinnworksPermissions": ["A.B.C"]}, alice)
    before = rows()
    for account, chosen, by, refusal in (
        (cakes, latest, alice, NotPossible),
        (northwind, latest, carol, NotPossible),
        (cakes, application.versions.development(), carol, NotPossible),
        (cakes, version, carol, Moved),
    ):
        with pytest.raises(refusal):
            lifecycle.install(application, account=account, version=chosen, by=acting(by))
    assert rows() == before
    assert lifecycle.install(application, account=northwind, version=version, by=acting(bob)).created


def test_staff_install_for_nobody_whatever_seats_they_have(version: Version, cakes: Account, paula: User) -> None:
    Membership.objects.create(account=cakes, user=paula, role=Membership.Role.OWNER)
    with pytest.raises(NotPossible, match="Only an Owner of Carol's Cakes can install"):
        lifecycle.install(version.application, account=cakes, version=version, by=acting(paula))
    assert not Installation.objects.exists()
    assert lifecycle.install(
        version.application, account=cakes, version=version, by=acting(paula, Side.CUSTOMER)
    ).created


@pytest.mark.parametrize(("reason", "said"), [("It is misused.", "is suspended: It is misused."), ("", "is suspended")])
def test_a_suspended_application_is_not_installed_and_the_reason_is_said_where_there_is_one(
    application: Application, version: Version, cakes: Account, carol: User, reason: str, said: str
) -> None:
    Application.objects.filter(pk=application.pk).update(suspended_by_staff_at=timezone.now(), suspension_reason=reason)
    with pytest.raises(NotPossible) as refusal:
        lifecycle.install(application, account=cakes, version=version, by=acting(carol))
    assert str(refusal.value) == f"{application.name} {said}"
    assert not Installation.objects.exists()


def test_one_form_counts_once_on_each_account(version: Version, cakes: Account, carol: User) -> None:
    bakery = people.create_account(name="A Bakery", owner=carol)
    first, second, again = (
        lifecycle.install(version.application, account=account, version=version, consent="a" * 32, by=acting(carol))
        for account in (cakes, bakery, cakes)
    )
    assert (first.created, second.created, again.created) == (True, True, False)
    assert (second.installation.account, again.installation) == (bakery, first.installation)


def test_uninstalling_leaves_the_end_of_an_earlier_permanent_token_as_it_was(
    installation: Installation, carol: User
) -> None:
    ended = timezone.now() - timedelta(days=3)
    earlier = PermanentToken.objects.create(
        installation=installation, digest="d" * 64, encrypted="", tail="beef", ends_at=ended
    )
    lifecycle.uninstall(installation, by=acting(carol))
    earlier.refresh_from_db()
    assert earlier.ends_at == ended
    assert not installation.permanent_tokens.live().exists()


def test_installing_ends_what_lapsed_here_and_leaves_others_to_the_job(
    installation: Installation, northwind: Account, alice: User
) -> None:
    """Whose application is not locked, is not ended: two who did so would wait for each other."""
    lapsed = timezone.now() - timedelta(seconds=1)
    Installation.objects.filter(pk=installation.pk).update(state="PENDING", waits_until=lapsed)
    version, application = installation.version, installation.application
    lifecycle.install(application, account=northwind, version=version, by=acting(alice))
    installation.refresh_from_db()
    assert installation.state == "PENDING"


def test_a_seat_elsewhere_offers_no_version_in_development(
    application: Application, version: Version, northwind: Account, cakes: Account, carol: User, bob: User
) -> None:
    development = application.versions.development()
    assert lifecycle.offered_versions(application, northwind, carol) == [version]
    assert lifecycle.offered_versions(application, northwind, bob) == [development, version]


def test_another_version_chosen_on_the_own_account_is_a_move_of_that_moment(
    application: Application, version: Version, northwind: Account, bob: User
) -> None:
    row = lifecycle.install(application, account=northwind, version=version, by=acting(bob)).installation
    assert row.moved_at is None
    development = application.versions.development()
    lifecycle.install(application, account=northwind, version=development, by=acting(bob))
    row.refresh_from_db()
    assert row.version == development
    assert row.moved_at is not None


@pytest.mark.parametrize(
    ("state", "said"), [("FAILED", "that installation failed: "), ("UNINSTALLED", "since been uninstalled")]
)
def test_a_form_whose_installation_is_over_says_what_became_of_it(
    installation: Installation, carol: User, state: str, said: str
) -> None:
    Installation.objects.filter(pk=installation.pk).update(state=state, consent="a" * 32, failure="No answer came.")
    application, version, account = installation.application, installation.version, installation.account
    with pytest.raises(NotPossible, match=said):
        lifecycle.install(application, account=account, version=version, consent="a" * 32, by=acting(carol))
