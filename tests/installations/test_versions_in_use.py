"""What a developer reads of versions in use: who is behind, who moved, who is on one."""

from typing import Any

from django.urls import reverse

from installs.installations import lifecycle, moving
from installs.models import Installation
from linnapp.models import Account, Application, User, Version
from tests.kit.consenting import read
from tests.kit.people import ClientOf, acting
from tests.kit.updates import now


def tab(row: Installation, name: str, *more: object) -> str:
    return reverse(name, args=["northwind", row.application_id, *more])


def listed(client: Any, url: str) -> set[Installation]:
    return {row.installation for row in client.get(url).context["rows"]}


def test_the_developer_sees_who_is_behind_and_who_moved(
    client_of: ClientOf,
    installation: Installation,
    version: Version,
    latest: Version,
    depot: Account,
    dave: User,
    carol: User,
    alice: User,
) -> None:
    application = Application.objects.get(pk=installation.application_id)
    current = lifecycle.install(application, account=depot, version=latest, by=acting(dave)).installation
    client = client_of(alice)
    page = client.get(tab(installation, "version_list"))
    assert "1 live installation is behind 1.2.0, the latest version. Show them" in read(page)
    assert listed(client, tab(installation, "application_installations") + "?state=behind") == {installation}
    moving.update(installation, to=latest, by=acting(carol))
    moving.go_back(installation, to=version, by=acting(carol))
    moving.update(installation, to=latest, by=acting(carol))
    text = read(client.get(tab(installation, "version_list")))
    assert "behind" not in text
    moves = text.partition("Recent updates")[2]
    for sentence in ("Updated from 1.0.0 to 1.2.0 by Carol's Cakes", "Went back from 1.2.0 to 1.0.0, by Carol's Cakes"):
        assert sentence in moves
    assert "Carol " not in moves
    assert now(current).version == latest


def test_the_count_of_a_version_and_its_link_count_the_same(
    client_of: ClientOf, installation: Installation, version: Version, depot: Account, dave: User, alice: User
) -> None:
    ended = lifecycle.install(installation.application, account=depot, version=version, by=acting(dave)).installation
    lifecycle.uninstall(ended, by=acting(dave))
    client = client_of(alice)
    link = f"{tab(installation, 'application_installations')}?version={version.pk}&amp;state=live"
    for name, more in (("version_list", ()), ("version_detail", (version.pk,))):
        page = client.get(tab(installation, name, *more)).content.decode()
        assert f'<a href="{link}">1</a>' in page
    assert listed(client, link.replace("&amp;", "&")) == {installation}


def test_the_page_of_a_version_names_the_first_twenty_accounts_on_it(
    client_of: ClientOf, installation: Installation, version: Version, alice: User
) -> None:
    for number in range(25):
        account = Account.objects.create(name=f"Shop {number:02}", slug=f"shop-{number}", contact_email="a@b.example")
        Installation.objects.create(application=installation.application, account=account, version=version)
    gone = Account.objects.create(name="Aaron", slug="aaron", contact_email="a@b.example")
    state = Installation.State.UNINSTALLED
    Installation.objects.create(application=installation.application, account=gone, version=version, state=state)
    answer = client_of(alice).get(tab(installation, "version_detail", version.pk))
    names = [row.account.name for row in answer.context["on_it"]]
    assert names == ["Carol's Cakes", *(f"Shop {number:02}" for number in range(19))]
    assert "All 26" in read(answer)
