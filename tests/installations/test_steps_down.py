"""An account on a version that was withdrawn keeps it, and is offered the newest that is left, also one below."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from installs import tasks
from installs.application import withdrawing
from installs.installations import lifecycle, moving, suspending, update_mails
from installs.models import Installation, UpdateMailing
from linnapp.models import Account, Application, User, Version
from tests.kit.consenting import address, external, read, release, sent
from tests.kit.people import ClientOf, acting
from tests.kit.pressing import form_of
from tests.kit.updates import detail, moving_to, now, page_of, told


@pytest.fixture
def withdrawn(installation: Installation, skipped: Version, latest: Version, carol: User, alice: User) -> Version:
    """1.2.0, which Carol's Cakes is on; 1.1.0 and 1.0.0 are left."""
    moving.update(installation, to=latest, by=acting(carol))
    withdrawing.withdraw_version(latest, by=acting(alice))
    return latest


def test_it_keeps_working_and_the_newest_below_is_offered(
    client_of: ClientOf, installation: Installation, withdrawn: Version, skipped: Version, carol: User
) -> None:
    row = now(installation)
    assert (row.version, row.shown_state) == (withdrawn, "active")
    assert moving.available_update(row) == skipped
    assert [found.pk for found in Installation.objects.behind()] == [row.pk]
    assert [found.pk for found in Installation.objects.with_update_available()] == [row.pk]
    client = client_of(carol)
    page = read(client.get(detail(installation)))
    assert "1.2.0 was withdrawn; 1.1.0 is the newest now. Read what it changes" in page
    assert "Move to 1.1.0" in page
    assert "Version 1.2.0 Withdrawn" in page
    apps = client.get(reverse("my_apps", args=[installation.account.slug]), {"state": "update"})
    assert "Move to 1.1.0 of Stock Bridge" in read(apps)
    assert "Update to" not in read(apps)


def test_the_page_says_that_it_is_a_step_down_and_moves(
    client_of: ClientOf, installation: Installation, withdrawn: Version, skipped: Version, carol: User, alice: User
) -> None:
    client = client_of(carol)
    answer = client.get(page_of(installation))
    page = read(answer)
    assert "Move Stock Bridge to 1.1.0? on Carol's Cakes, from 1.2.0" in page
    assert (
        "1.2.0 was withdrawn; 1.1.0 is the newest now. 1.2.0 keeps working until you move. This is a step down" in page
    )
    assert "It will no longer" in page
    assert "Field Today, 1.2.0 After, 1.1.0" in page
    assert "Notes from its developer" not in page
    assert "There is no way back: 1.2.0 was withdrawn." in page
    token = lifecycle.current_token(installation)
    for _ in range(2):
        done = client.post(page_of(installation), dict(form_of(answer, "update").fields), follow=True)
        assert "Stock Bridge is now on 1.1.0." in done.content.decode()
    assert lifecycle.current_token(installation) == token
    assert now(installation).version == skipped
    assert told(installation) == ["INSTALLED", "UPDATED", "VERSION_WITHDRAWN", "MOVED_DOWN"]
    assert "Moved down to 1.1.0 by Carol: 1.2.0 was withdrawn" in read(client.get(detail(installation)))
    tab = reverse("application_activity", args=["northwind", installation.application_id])
    assert "Moved down to 1.1.0 by Carol's Cakes: 1.2.0 was withdrawn" in read(client_of(alice).get(tab))


def test_a_step_down_leaves_no_way_back_also_when_the_withdrawal_is_taken_back(
    installation: Installation, withdrawn: Version, carol: User, alice: User
) -> None:
    moving.update(installation, to=moving_to(installation), by=acting(carol))
    assert moving.way_back(now(installation)) is None
    withdrawing.take_back_withdrawal(withdrawn, by=acting(alice))
    assert moving.way_back(now(installation)) is None
    assert moving.available_update(now(installation)) == withdrawn


def test_the_way_back_to_where_the_step_leads_is_not_offered_beside_it(
    client_of: ClientOf, installation: Installation, withdrawn: Version, version: Version, skipped: Version, carol: User
) -> None:
    client = client_of(carol)
    # It was updated from 1.0.0, two below: both ways are there, and the page of the one promises no way forward.
    page = read(client.get(detail(installation)))
    assert "Go back to 1.0.0" in page
    back = read(client.get(page_of(installation, "installation_go_back")))
    assert "1.2.0 was withdrawn, so you cannot update to it again." in back
    Version.objects.filter(pk=skipped.pk).update(withdrawn_at=timezone.now())
    page = read(client.get(detail(installation)))
    assert "Move to 1.0.0" in page
    assert "Go back to 1.0.0" not in page


def test_from_a_withdrawn_version_in_between_the_way_leads_up(
    client_of: ClientOf, installation: Installation, skipped: Version, carol: User, alice: User
) -> None:
    moving.update(installation, to=skipped, by=acting(carol))
    newest = release(installation.application, (1, 3, 0), external(moduleName="Newest"), alice)
    withdrawing.withdraw_version(skipped, by=acting(alice))
    client = client_of(carol)
    page = read(client.get(page_of(installation)))
    assert "Update Stock Bridge to 1.3.0?" in page
    assert "1.1.0 was withdrawn; 1.3.0 is the newest now." in page
    assert "step down" not in page
    client.post(page_of(installation), {"version": newest.pk})
    assert told(installation)[-1] == "UPDATED"


def test_with_none_left_it_stays_and_is_told_so(
    client_of: ClientOf, installation: Installation, version: Version, carol: User, alice: User
) -> None:
    withdrawing.withdraw_version(version, by=acting(alice))
    assert not Installation.objects.behind().exists()
    client = client_of(carol)
    page = read(client.get(detail(installation)))
    assert "1.0.0 was withdrawn. It keeps working here, and there is no other version to move to." in page
    assert client.get(page_of(installation)).headers["Location"] == detail(installation)
    other = release(installation.application, (1, 1, 0), external(moduleName="Newer"), alice)
    withdrawing.withdraw_version(other, by=acting(alice))
    answer = client.post(page_of(installation), {"version": other.pk}, follow=True)
    assert "Stock Bridge is on 1.0.0, and there is no other version to move to." in answer.content.decode()
    assert now(installation).version == version


def test_what_was_read_and_is_another_by_now_is_shown_anew(
    client_of: ClientOf,
    installation: Installation,
    withdrawn: Version,
    skipped: Version,
    version: Version,
    carol: User,
    alice: User,
) -> None:
    client = client_of(carol)
    withdrawing.withdraw_version(skipped, by=acting(alice))
    answer = client.post(page_of(installation), {"version": skipped.pk})
    assert answer.status_code == 422
    assert "1.1.0 was withdrawn while you were reading. This is what 1.0.0 changes." in read(answer)
    withdrawing.take_back_withdrawal(skipped, by=acting(alice))
    answer = client.post(page_of(installation), {"version": version.pk})
    assert "1.1.0 became the newest version while you were reading. This is what it changes." in read(answer)
    withdrawing.take_back_withdrawal(withdrawn, by=acting(alice))
    answer = client.post(page_of(installation), {"version": skipped.pk}, follow=True)
    assert "Stock Bridge is on 1.2.0, and there is nothing newer to update to." in answer.content.decode()
    assert now(installation).version == withdrawn


def test_a_withdrawn_version_is_gone_back_to_by_nobody(
    client_of: ClientOf, installation: Installation, version: Version, latest: Version, carol: User, alice: User
) -> None:
    moving.update(installation, to=latest, by=acting(carol))
    withdrawing.withdraw_version(version, by=acting(alice))
    client = client_of(carol)
    assert "Go back" not in read(client.get(detail(installation)))
    client.post(page_of(installation, "installation_go_back"), {"version": version.pk})
    assert now(installation).version == latest


def test_authorising_again_keeps_the_withdrawn_version_and_leads_to_the_step_down(
    client_of: ClientOf, installation: Installation, withdrawn: Version, cakes: Account, carol: User
) -> None:
    client, url = client_of(carol), address(installation.application)
    page = read(client.get(url))
    assert "It stays on its version. 1.2.0 was withdrawn; 1.1.0 is the newest now" in page
    client.post(url, sent(withdrawn, cakes))
    assert now(installation).version == withdrawn
    assert told(installation)[-1] == "AUTHORISED_AGAIN"


def test_the_store_offers_the_step_down_and_leaves_out_what_was_withdrawn(
    client_of: ClientOf, installation: Installation, withdrawn: Version, cakes: Account, carol: User, alice: User
) -> None:
    Application.objects.update(listing=Application.Listing.LISTED)
    url = reverse("store_application", args=[cakes.slug, installation.application_id])
    page = read(client_of(carol).get(url))
    assert "Move to 1.1.0" in page
    assert "Newest version 1.1.0" in page
    for left in installation.application.versions.installable():
        withdrawing.withdraw_version(left, by=acting(alice))
    assert client_of(carol).get(url).status_code == 404
    assert "Stock Bridge" not in read(client_of(carol).get(reverse("store", args=[cakes.slug])))


# The mails.


def send() -> list[Any]:
    mail.outbox.clear()
    UpdateMailing.objects.exclude(sent_at=None).update(sent_at=timezone.now() - timedelta(days=7))
    tasks.mail_about_updates.call_local()
    return list(mail.outbox)


def test_owners_are_told_of_the_step_down_also_where_the_way_up_was_told_before(
    installation: Installation, skipped: Version, carol: User, alice: User
) -> None:
    (first,) = send()
    assert "Stock Bridge 1.0.0, 1.1.0 is available" in first.body
    newest = release(installation.application, (1, 2, 0), external(moduleName="Newest"), alice)
    moving.update(installation, to=newest, by=acting(carol))
    assert send() == []
    withdrawing.withdraw_version(newest, by=acting(alice))
    (message,) = send()
    assert message.to == [carol.email]
    assert message.subject == "1 application runs a withdrawn version"
    assert "Carol's Cakes: Stock Bridge 1.2.0 was withdrawn; 1.1.0 is the newest now" in message.body
    assert re.search(page_of(installation), message.body)
    assert send() == []
    suspending.suspend(installation, by=acting(carol))
    assert [row.available for row in update_mails.waiting_for(carol)] == []
