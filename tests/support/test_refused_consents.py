"""An installation that is refused, or that failed, carries a reference; support finds by it what it was."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from installs.installations import refused_consents
from installs.models import Installation, RefusedConsent
from linnapp.models import Account, Application, User, Version
from tests.kit.consenting import release
from tests.kit.people import ClientOf
from tests.kit.posting import install, wait_for_200, with_postback

pytestmark = pytest.mark.django_db


def link_of(application: Application | None) -> str:
    return f"/Authorization/Authorize/{application.pk if application else uuid4()}"


def reference_on(answer: Any) -> str:
    """The one that stands on the page, which is the one in the header too."""
    found = re.search(r"quote this reference: <code>([0-9a-f]+)</code>", answer.content.decode())
    assert found is not None
    assert found[1] == answer.headers["X-Request-Id"]
    return found[1]


@pytest.fixture
def console(sam: User, client_of: ClientOf) -> Client:
    return client_of(sam)


def search(client: Client, text: str) -> str:
    answer = client.post("/support/", {"q": text})
    return answer.headers.get("Location") or answer.content.decode()


def test_an_application_that_is_suspended_retired_or_not_there(
    console: Client, client_of: ClientOf, carol: User, cakes: Account, application: Application, version: Version
) -> None:
    customer = client_of(carol)
    Application.objects.update(suspended_by_staff_at=timezone.now(), suspension_reason="It asks for passwords.")
    page = search(console, f"It says: reference {reference_on(customer.get(link_of(application)))}")
    for told in ("Stock Bridge is suspended", "It asks for passwords.", "carol@carolscakes.example"):
        assert told in page, told
    assert f'href="/support/applications/{application.pk}/"' in page
    Application.objects.update(retired_at=timezone.now())
    assert "Stock Bridge is retired" in search(console, reference_on(customer.get(link_of(application))))
    page = search(console, reference_on(customer.get(link_of(None))))
    assert "There is no such application" in page
    assert "This is not an Installation URL" in search(
        console, reference_on(customer.get("/Authorization/Authorize/x"))
    )


def test_no_version_a_suspended_account_and_a_version_that_is_gone(
    console: Client, client_of: ClientOf, carol: User, cakes: Account, application: Application, alice: User
) -> None:
    customer = client_of(carol)
    page = search(console, reference_on(customer.get(link_of(application))))
    assert "No version was released yet." in page
    assert f'href="/support/accounts/{cakes.pk}/"' in page
    first = release(application, (1, 0, 0), {"Modules": [{"type": "ExternalApplication"}]}, alice)
    release(application, (1, 1, 0), {"Modules": [{"type": "ExternalApplication"}], "Permissions": []}, alice)
    fields = {"account": cakes.slug, "version": first.pk, "nonce": "a" * 32, "agreed": "on"}
    refused = customer.post(link_of(application), fields)
    assert refused.status_code == 422
    assert "A newer version was released while you were reading." in search(console, reference_on(refused))
    Account.objects.filter(pk=cakes.pk).update(suspended_by_staff_at=timezone.now())
    page = search(console, reference_on(customer.get(link_of(application))))
    assert "Carol&#x27;s Cakes is suspended: nothing can be installed on it." in page


def test_what_may_be_answered_keeps_nothing_and_shows_no_reference(
    client_of: ClientOf, carol: User, cakes: Account, application: Application, version: Version
) -> None:
    page = client_of(carol).get(link_of(application)).content.decode()
    assert "quote this reference" not in page
    assert client_of(None).get("/Authorization/Authorize/x").status_code == 404
    assert "quote this reference" not in client_of(None).get("/Authorization/Authorize/x").content.decode()
    assert not RefusedConsent.objects.exists()


def test_a_person_fills_no_table_and_what_is_kept_ends(
    console: Client, client_of: ClientOf, carol: User, cakes: Account, application: Application
) -> None:
    customer = client_of(carol)
    matters = reference_on(customer.get(link_of(application)))
    again = [reference_on(customer.get(link_of(application))) for _ in range(refused_consents.MOST_IN_AN_HOUR)]
    assert RefusedConsent.objects.count() == refused_consents.MOST_ALIKE
    assert "Nothing found" in search(console, matters)
    for reference in again[-refused_consents.MOST_ALIKE :]:
        assert "No version was released yet." in search(console, reference)
    others = [reference_on(customer.get(link_of(None))) for _ in range(refused_consents.MOST_IN_AN_HOUR - 1)]
    assert RefusedConsent.objects.count() == refused_consents.MOST_IN_AN_HOUR
    for reference in (others[0], others[-1], again[-1]):
        assert "Refused installation" in search(console, reference)
    RefusedConsent.objects.update(at=timezone.now() - timedelta(hours=2))
    last = reference_on(customer.get(link_of(None)))
    RefusedConsent.objects.exclude(reference=last).update(at=timezone.now() - timedelta(days=31))
    refused_consents.drop_old()
    assert list(RefusedConsent.objects.values_list("reference", flat=True)) == [last]


def test_nobody_but_support_is_told_by_the_reference(
    client_of: ClientOf, carol: User, cakes: Account, application: Application, alice: User, dave: User
) -> None:
    reference = reference_on(client_of(carol).get(link_of(application)))
    for person in (alice, carol, dave):
        answer = client_of(person).post("/search/", {"q": reference})
        assert answer.status_code == 200
        page = answer.content.decode()
        assert "Refused installation" not in page
        assert "No version was released yet" not in page


def test_a_failed_installation_gives_the_reference_that_leads_support_to_it(
    console: Client, client_of: ClientOf, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    wait_for_200(application)
    version = with_postback(application, "https://hooks.northwind.example/", alice)
    row = install(application, cakes, version, carol).installation
    Installation.objects.update(state="FAILED", failed_at=timezone.now(), failure="Answered 500.")
    for page in ("", "installed/"):
        shown = client_of(carol).get(f"/a/carols-cakes/apps/{row.pk}/{page}").content.decode()
        assert f"quote this reference: <code>{row.pk}</code>" in shown, page
    assert search(console, f"it failed, reference {row.pk}") == f"/support/installations/{row.pk}/"
