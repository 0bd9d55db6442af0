"""The application's own account moves its installation between the Development Version and released ones."""

import pytest
from django.urls import reverse
from django.utils import timezone

from installs.installations import lifecycle, moving
from installs.models import Installation
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, TimelineEntry, User, Version
from tests.kit.consenting import external, read, release
from tests.kit.people import ClientOf, acting

MARK = 'data-tone="development"'


def page_of(row: Installation, name: str = "installation_switch") -> str:
    return reverse(name, args=[row.account.slug, row.pk])


def now(row: Installation) -> Installation:
    return Installation.objects.with_its_facts().get(pk=row.pk)


def told(row: Installation) -> list[str]:
    return list(TimelineEntry.objects.about(row.pk).order_by("id").values_list("kind", flat=True))


def tab(application: Application) -> str:
    return reverse("application_installations", args=[application.account.slug, application.pk])


@pytest.fixture
def own(application: Application, version: Version, northwind: Account, bob: User) -> Installation:
    """Stock Bridge on Northwind itself, on the Development Version."""
    development = application.versions.development()
    return lifecycle.install(application, account=northwind, version=development, by=acting(bob)).installation


def test_it_is_switched_to_a_released_version_and_back(
    client_of: ClientOf, own: Installation, version: Version, bob: User
) -> None:
    client, development = client_of(bob), own.version
    token = lifecycle.current_token(own)
    page = read(client.get(page_of(own)))
    assert "Switch Stock Bridge on Northwind to another version" in page
    for to, words in ((version, "is now on 1.0.0."), (development, "is now on the Development Version.")):
        answer = client.post(page_of(own), {"version": to.pk}, follow=True)
        assert answer.redirect_chain[0][0] == page_of(own, "installation_detail")
        assert words in answer.content.decode()
        assert now(own).version == to
    assert lifecycle.current_token(own) == token
    assert told(own) == ["INSTALLED", "VERSION_MOVED", "VERSION_MOVED"]
    assert "Moved from 1.0.0 to Development Version by Bob" in read(client.get(page_of(own, "installation_detail")))


def test_both_lists_lead_to_it_on_the_own_account_only(
    client_of: ClientOf, own: Installation, installation: Installation, bob: User
) -> None:
    client = client_of(bob)
    for url in (tab(own.application), page_of(own, "installation_detail")):
        page = client.get(url).content.decode()
        assert page_of(own) in page
        assert page_of(installation) not in page


def test_what_was_not_offered_is_refused(
    client_of: ClientOf, own: Installation, version: Version, installation: Installation, alice: User
) -> None:
    client = client_of(alice)
    withdrawn = release(Application.objects.get(pk=own.application_id), (1, 1, 0), external(), alice)
    Version.objects.filter(pk=withdrawn.pk).update(withdrawn_at=timezone.now())
    for chosen in (withdrawn.pk, 2**63, "x", "", 0):
        answer = client.post(page_of(own), {"version": chosen})
        assert answer.status_code == 422
    assert "You cannot choose that version" in read(client.post(page_of(own), {"version": withdrawn.pk}))
    assert now(own).version.is_development
    assert told(own) == ["INSTALLED"]


def test_no_customer_switches(
    client_of: ClientOf, own: Installation, installation: Installation, carol: User, alice: User, sam: User
) -> None:
    development = own.version
    for user, row in ((carol, installation), (carol, own), (alice, installation), (sam, own)):
        client = client_of(user)
        assert client.get(page_of(row)).status_code == 404
        assert client.post(page_of(row), {"version": development.pk}).status_code == 404
    assert now(installation).version.label == "1.0.0"
    assert now(own).version == development


def test_the_service_lets_no_customer_choose_either(installation: Installation, carol: User) -> None:
    with pytest.raises(NotPossible, match="the application's own account can choose"):
        moving.switch(installation, to=installation.version, by=acting(carol))


def test_one_that_is_over_leads_back_to_its_page(client_of: ClientOf, own: Installation, alice: User) -> None:
    lifecycle.uninstall(own, by=acting(alice))
    client = client_of(alice)
    assert client.get(page_of(own)).headers["Location"] == page_of(own, "installation_detail")
    assert page_of(own) not in client.get(page_of(own, "installation_detail")).content.decode()


def test_the_development_version_is_marked_wherever_its_installation_stands(
    client_of: ClientOf, own: Installation, version: Version, bob: User, sam: User
) -> None:
    places = [
        (bob, tab(own.application)),
        (bob, reverse("my_apps", args=[own.account.slug])),
        (bob, page_of(own, "installation_detail")),
        (sam, reverse("support_installation", args=[own.pk])),
    ]
    for reader, url in places:
        assert MARK in client_of(reader).get(url).content.decode(), url
    client_of(bob).post(page_of(own), {"version": version.pk})
    for reader, url in places:
        assert MARK not in client_of(reader).get(url).content.decode(), url
