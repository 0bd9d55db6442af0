"""The way back to the version before: what it says, where it leads, when it closes."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from installs.installations import lifecycle, moving
from installs.models import Installation
from linnapp.models import Account, Application, User, Version
from tests.kit.consenting import external, read, release
from tests.kit.people import ClientOf, acting
from tests.kit.pressing import form_of
from tests.kit.updates import detail, now, page_of, told


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
    assert "It was updated again while you were reading. You can now go back to 1.2.0." in read(answer)
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
    assert "Stock Bridge is now on 1.2.0." in updated
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
    assert "the update was more than 14 days ago, or that version has since been withdrawn." in answer.content.decode()
    assert "Go back" not in read(client.get(detail(installation)))
    assert now(installation).version == latest


def test_a_version_that_was_withdrawn_is_not_gone_back_to(
    client_of: ClientOf, installation: Installation, version: Version, latest: Version, carol: User
) -> None:
    moving.update(installation, to=latest, by=acting(carol))
    Version.objects.filter(pk=version.pk).update(withdrawn_at=timezone.now())
    client_of(carol).post(page_of(installation, "installation_go_back"), {"version": version.pk})
    assert now(installation).version == latest


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
