"""Installations sorted by account, of an application that many have: accounts are gone through by name."""

import pytest
from django.urls import reverse

from installs.installations.views import of_application
from installs.models import Installation
from linnapp import pages
from linnapp.models import Account, User
from tests.kit.people import ClientOf

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("many", [3, 1000])
def test_each_page_has_the_next_accounts(
    many: int, installation: Installation, alice: User, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_application, "MANY", many)
    defaults = pages.ListPage.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "size", 4)
    # Many are called alike, more than a page has.
    names = [*(f"Shop {number:02}" for number in range(3)), *["Shop 03"] * 6, "Shop 04", "Shop 05"]
    accounts = [Account.objects.create(name=name, slug=f"s{at}") for at, name in enumerate(reversed(names))]
    facts = {key: getattr(installation, key) for key in ("application", "version")}
    for account in (*accounts, accounts[4]):
        state = Installation.State.UNINSTALLED if account is accounts[4] else Installation.State.ACTIVE
        Installation.objects.create(**facts, account=account, state=state)
    # One that has nothing of it.
    Account.objects.create(name="Shop 03b", slug="other")
    rows = Installation.objects.filter(application=installation.application).order_by("account__name", "pk")
    wanted = [str(key) for key in rows.values_list("pk", flat=True)]
    client = client_of(alice)
    application = installation.application
    there = reverse("application_installations", args=(application.account.slug, application.pk))
    found, url = [], f"{there}?sort=account"
    while url:
        page = client.get(url).context["list"]
        found += [str(row.pk) for row in page.rows]
        url = page.next_url
    assert found == wanted
