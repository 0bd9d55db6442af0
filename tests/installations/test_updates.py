"""An account updates its installation where an update is offered, and is moved by nothing else."""

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from installs.installations import lifecycle, moving, suspending
from installs.models import Installation
from linnapp.models import Account, Application, User, Version
from linnapp.services import applications
from tests.kit.consenting import external, read, release
from tests.kit.people import ClientOf, acting
from tests.kit.updates import another, detail, moving_to, now, page_of, told


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
    with django_assert_max_num_queries(10):
        page = read(client.get(url))
    assert page.count("to 2.0.0") == 4


def test_updating_moves_this_installation_and_says_how_to_go_back(
    client_of: ClientOf, installation: Installation, latest: Version, carol: User
) -> None:
    client, token = client_of(carol), lifecycle.current_token(installation)
    answer = client.post(page_of(installation), {"version": latest.pk})
    assert answer.headers["Location"] == detail(installation)
    assert now(installation).version == latest
    assert lifecycle.current_token(installation) == token
    page = client.get(detail(installation))
    assert "Stock Bridge is now on 1.2.0. You can go back to 1.0.0 until" in page.content.decode()
    assert "Updated from 1.0.0 just now . Go back to 1.0.0" in read(page)
    assert "Updated from 1.0.0 to 1.2.0 by Carol" in read(page)


def test_a_version_released_while_it_was_read_shows_the_page_anew(
    client_of: ClientOf, installation: Installation, skipped: Version, latest: Version, carol: User
) -> None:
    client = client_of(carol)
    answer = client.post(page_of(installation), {"version": skipped.pk})
    assert answer.status_code == 422
    page = read(answer)
    assert "1.2.0 became the newest version while you were reading. This is what it changes." in page
    assert "Update to 1.2.0 Not now" in page
    assert now(installation).version.label == "1.0.0"
    Version.objects.filter(pk=latest.pk).update(withdrawn_at=timezone.now())
    answer = client.post(page_of(installation), {"version": latest.pk})
    assert "1.2.0 was withdrawn while you were reading. This is what 1.1.0 changes." in read(answer)
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
        assert "You can update Stock Bridge only to 1.2.0, the latest version." in answer.content.decode()
    assert now(installation).version.label == "1.0.0"
    assert told(installation) == ["INSTALLED"]


def test_one_that_is_on_the_latest_leads_back_to_its_page(
    client_of: ClientOf, installation: Installation, version: Version, carol: User
) -> None:
    client = client_of(carol)
    assert client.get(page_of(installation)).headers["Location"] == detail(installation)
    answer = client.post(page_of(installation), {"version": version.pk}, follow=True)
    # As if the button was pressed twice.
    assert "Stock Bridge is now on 1.0.0." in answer.content.decode()
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
