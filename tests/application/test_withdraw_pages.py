"""The pages on which a developer withdraws a version and takes that back."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from installs.application import removal, withdrawing
from installs.installations import lifecycle, moving
from installs.models import Installation
from linnapp.models import Account, Application, User, Version
from tests.kit.consenting import external, read, release
from tests.kit.people import ClientOf, acting
from tests.kit.versions import address


@pytest.fixture
def newer(application: Application, installation: Installation, alice: User) -> Version:
    """1.1.0, while Carol's Cakes is on 1.0.0."""
    return release(application, (1, 1, 0), external(moduleName="Newer"), alice)


def test_the_page_shows_the_consequences_in_numbers_before(
    client_of: ClientOf,
    application: Application,
    installation: Installation,
    newer: Version,
    version: Version,
    depot: Account,
    dave: User,
    carol: User,
    alice: User,
) -> None:
    client, url = client_of(alice), address("version_withdraw", application, newer.pk)
    page = read(client.get(url))
    assert "They get 1.0.0 instead." in page
    assert "None, so nobody has to move." in page
    lifecycle.install(application, account=depot, version=newer, by=acting(dave))
    moving.update(installation, to=newer, by=acting(carol))
    page = read(client.get(url))
    assert "2 accounts run 1.1.0. It keeps working for them, and they are not moved." in page
    assert "They are offered 1.0.0, which is a step down, under My apps and by e-mail." in page
    assert "You can take this back for 1 hour." in page
    older = read(client.get(address("version_withdraw", application, version.pk)))
    assert "Nothing changes: they get 1.1.0, as before." in older
    assert "1 account that updated from it recently can no longer go back to it." in older
    assert Version.objects.filter(withdrawn_at__isnull=False).count() == 0


def test_the_last_one_says_that_nothing_is_left(
    client_of: ClientOf, application: Application, installation: Installation, version: Version, alice: User
) -> None:
    client, url = client_of(alice), address("version_withdraw", application, version.pk)
    page = read(client.get(url))
    assert "No other account can install Stock Bridge until you release another version: none is left." in page
    assert "There is nothing to offer them until you release another version." in page
    assert "store" not in page
    Application.objects.update(listing=Application.Listing.LISTED)
    assert "It disappears from the store until then." in read(client.get(url))
    Application.objects.update(listing=Application.Listing.IN_REVIEW)
    assert "It is in review and cannot be listed until then." in read(client.get(url))


def test_withdrawing_and_taking_back_by_the_forms_of_the_pages(
    client_of: ClientOf, application: Application, newer: Version, bob: User
) -> None:
    client = client_of(bob)
    lists = client.get(address("version_list", application)).content.decode()
    withdraw, detail = (address(name, application, newer.pk) for name in ("version_withdraw", "version_detail"))
    assert withdraw in lists
    assert withdraw in client.get(detail).content.decode()
    for _ in range(2):
        answer = client.post(withdraw)
        assert answer.headers["Location"] == detail
    page = client.get(detail)
    assert "1.1.0 is withdrawn. You can take this back until" in page.content.decode()
    assert "Withdrawn just now by Bob" in read(page)
    assert withdraw not in page.content.decode()
    assert client.get(withdraw).headers["Location"] == detail
    for url in (detail, address("version_list", application)):
        found = client.get(url).content.decode()
        assert 'aria-label="Take back the withdrawal of 1.1.0"' in found
        assert address("version_take_back", application, newer.pk) in found
    answer = client.post(address("version_take_back", application, newer.pk), follow=True)
    assert "1.1.0 is no longer withdrawn: it can be installed again." in answer.content.decode()
    assert Version.objects.get(pk=newer.pk).withdrawn_at is None


def test_past_the_hour_the_way_back_is_gone_and_a_form_kept_open_is_refused(
    client_of: ClientOf, application: Application, newer: Version, alice: User
) -> None:
    withdrawing.withdraw_version(newer, by=acting(alice))
    Version.objects.filter(pk=newer.pk).update(withdrawn_at=timezone.now() - timedelta(minutes=61))
    client, detail = client_of(alice), address("version_detail", application, newer.pk)
    for url in (detail, address("version_list", application)):
        page = client.get(url).content.decode()
        assert "Withdrawn" in page
        assert "Take back" not in page
    answer = client.post(address("version_take_back", application, newer.pk), follow=True)
    assert "1.1.0 was withdrawn more than 1 hour ago, and that is permanent." in answer.content.decode()
    assert Version.objects.get(pk=newer.pk).withdrawn_at


def test_what_staff_wrote_stands_on_the_versions_page(
    client_of: ClientOf, application: Application, newer: Version, alice: User, paula: User
) -> None:
    withdrawing.withdraw_version(newer, by=acting(paula, reason="It loses orders."))
    page = read(client_of(alice).get(address("version_detail", application, newer.pk)))
    assert "Withdrawn just now by Support “It loses orders.”" in page
    assert "“It loses orders.”" in page


def test_the_list_says_who_is_on_a_withdrawn_version(
    client_of: ClientOf,
    application: Application,
    installation: Installation,
    newer: Version,
    version: Version,
    depot: Account,
    dave: User,
    carol: User,
    alice: User,
) -> None:
    moving.update(installation, to=newer, by=acting(carol))
    withdrawing.withdraw_version(newer, by=acting(alice))
    client, url = client_of(alice), address("version_list", application)
    assert "1 live installation is on a version that was withdrawn; 1.0.0 is the latest now." in read(client.get(url))
    listed = address("application_installations", application)
    assert "1.1.0 Withdrawn" in read(client.get(listed, {"state": "behind"}))
    lifecycle.install(application, account=depot, version=version, by=acting(dave))
    release(application, (1, 2, 0), external(moduleName="Newest"), alice)
    page = read(client.get(url))
    assert "2 live installations are behind 1.2.0, the latest version, or on one that was withdrawn." in page


@pytest.mark.parametrize("name", ["version_withdraw", "version_take_back"])
def test_strangers_and_customers_find_nothing(
    client_of: ClientOf, application: Application, newer: Version, carol: User, dave: User, sam: User, name: str
) -> None:
    for user in (carol, dave, sam):
        assert client_of(user).post(address(name, application, newer.pk)).status_code == 404
    assert client_of(None).post(address(name, application, newer.pk)).headers["Location"].startswith("/sign-in/")
    assert Version.objects.get(pk=newer.pk).withdrawn_at is None


def test_other_methods_and_other_versions_are_refused(
    client_of: ClientOf, application: Application, newer: Version, northwind: Account, alice: User
) -> None:
    client: Any = client_of(alice)
    assert client.put(address("version_withdraw", application, newer.pk)).status_code == 405
    assert client.get(address("version_take_back", application, newer.pk)).status_code == 405
    other = Application.objects.create(account=northwind, name="Other", type=Application.Type.SYSTEM)
    for name in ("version_withdraw", "version_take_back"):
        assert client.post(address(name, other, newer.pk)).status_code == 404
    development = application.versions.development()
    detail = address("version_detail", application, development.pk)
    assert client.get(address("version_withdraw", application, development.pk)).headers["Location"] == detail
    answer = client.post(address("version_withdraw", application, development.pk), follow=True)
    assert "The Development Version cannot be withdrawn" in answer.content.decode()
    assert "Withdraw…" not in answer.content.decode()


def test_a_retired_application_offers_neither(
    client_of: ClientOf,
    application: Application,
    installation: Installation,
    version: Version,
    carol: User,
    alice: User,
) -> None:
    withdrawing.withdraw_version(version, by=acting(alice))
    lifecycle.uninstall(installation, by=acting(carol))
    removal.remove_application(application, by=acting(alice))
    client = client_of(alice)
    for url in (address("version_list", application), address("version_detail", application, version.pk)):
        page = client.get(url).content.decode()
        assert "Take back" not in page
        assert "/withdraw/" not in page
    answer = client.post(address("version_take_back", application, version.pk), follow=True)
    assert "is retired: its versions can no longer be installed" in answer.content.decode()


def test_the_forms_need_no_script(client_of: ClientOf, application: Application, newer: Version, alice: User) -> None:
    client = client_of(alice)
    url = address("version_withdraw", application, newer.pk)
    page = client.get(url).content.decode()
    assert f'<form method="post" action="{url}">' in page
