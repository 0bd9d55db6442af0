"""The checklist's next line as one button, on the pages that somebody comes to after each step."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from installs.application.checklist import checklist, next_line
from installs.installations import lifecycle
from installs.models import Delivery, Installation
from linnapp.models import Account, Application, User, Version
from tests.exchange.test_exchanges import exchange
from tests.kit.consenting import address, external, release, sent
from tests.kit.people import ClientOf, acting
from tests.kit.posting import install, wait_for_200, with_postback

ENDPOINT = "https://hooks.northwind.example/installed"
NEXT = re.compile(r'<a role="button" href="([^"]+)">(Next: [^<]+)</a>')


def next_on(client: Client, name: str, application: Application, *more: object) -> list[tuple[str, str]]:
    page = client.get(reverse(name, args=(application.account.slug, application.pk, *more)))
    return NEXT.findall(page.content.decode())


def of(application: Application, name: str) -> str:
    return reverse(name, args=(application.account.slug, application.pk))


def install_own(application: Application, by: User) -> Installation:
    version = application.versions.development()
    return lifecycle.install(application, account=application.account, version=version, by=acting(by)).installation


def test_general_leads_from_step_to_step(application: Application, alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    consent = f"{address(application)}?account=northwind"
    assert next_on(client, "application_general", application) == [(consent, "Next: Install it on Northwind")]
    installation = install_own(application, alice)
    call = f"{of(application, 'application_overview')}#next"
    assert next_on(client, "application_general", application) == [(call, "Next: Make the first call")]
    assert 'id="next"' in client.get(call).content.decode()
    exchange(installation, timezone.now())
    create = "Next: Create a version for others to install"
    assert next_on(client, "application_general", application) == [(of(application, "version_review"), create)]
    release(application, (1, 0, 0), external(), alice)
    assert next_on(client, "application_general", application) == []


def test_general_has_one_primary_button(application: Application, alice: User, client_of: ClientOf) -> None:
    def saves(person: User) -> list[str]:
        page = client_of(person).get(of(application, "application_general")).content.decode()
        return re.findall(r'<button type="submit"([^>]*)>Save changes', page)

    assert saves(alice) == [' class="secondary"']
    exchange(install_own(application, alice), timezone.now())
    release(application, (1, 0, 0), external(), alice)
    assert saves(alice) == [""]


def test_a_version_just_released_is_installed_next(application: Application, alice: User, client_of: ClientOf) -> None:
    version = with_postback(application, ENDPOINT, alice)
    client = client_of(alice)
    consent = f"{address(application)}?account=northwind"
    found = next_on(client, "version_detail", application, version.pk)
    assert found == [(consent, "Next: Install it on Northwind")]
    page = client.get(reverse("version_detail", args=("northwind", application.pk, version.pk))).content.decode()
    assert '<a role="button" class="secondary" href="' + of(application, "version_review") in page


def test_what_nobody_can_do_is_not_next(application: Application, alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    Application.objects.filter(pk=application.pk).update(suspended_by_staff_at=timezone.now())
    assert next_on(client, "application_general", application) == []
    Application.objects.filter(pk=application.pk).update(suspended_by_staff_at=None, retired_at=timezone.now())
    assert next_on(client, "application_general", application) == []


def test_it_is_the_line_that_overview_unfolds(
    application: Application, northwind: Account, cakes: Account, alice: User, carol: User
) -> None:
    def both() -> str | None:
        row = Application.objects.get(pk=application.pk)
        assert next_line(row) == checklist(row).open_line
        return next_line(row)

    found = [both()]
    development = application.versions.development()
    development.snapshot["Modules"][0]["parameters"] = [{"name": "PostbackUrl", "value": ENDPOINT}]
    development.save()
    installation = install_own(application, alice)
    found.append(both())
    exchange(installation, application.created_at + timedelta(minutes=1))
    found.append(both())
    Delivery.objects.update(state=Delivery.State.DELIVERED)
    found.append(both())
    with_postback(application, ENDPOINT, alice)
    found.append(both())
    assert found == ["installed", "exchange", "postback", "version", None]


def test_what_failed_or_is_still_waiting_is_not_installed(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    wait_for_200(application)
    made = install(application, cakes, with_postback(application, ENDPOINT, alice), carol).installation
    assert made.is_pending
    assert next_line(application) == "installed"
    Installation.objects.update(state=Installation.State.FAILED, failure="Answered 500.")
    assert next_line(application) == "installed"
    Installation.objects.update(state=Installation.State.ACTIVE)
    assert next_line(application) == "exchange"


def test_it_costs_one_statement_once_the_first_call_is_on_record(
    application: Application,
    installation: Installation,
    version: Version,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    Installation.objects.filter(pk=installation.pk).update(first_exchange_at=timezone.now())
    row = Application.objects.select_related("account").get(pk=application.pk)
    with django_assert_num_queries(1):
        assert next_line(row) is None


# After installing on one's own account.


def test_the_developers_own_first_call_is_complete_on_the_page_after_installing(
    alice: User, northwind: Account, client_of: ClientOf
) -> None:
    client = client_of(alice)
    made = client.post(reverse("application_new", args=("northwind",)), {"name": "Hello Stock", "type": "SYSTEM"})
    application = Application.objects.get(name="Hello Stock")
    assert made.headers["Location"] == of(application, "application_general")
    page = installed(client, application, northwind)
    token, secret = lifecycle.current_token(Installation.objects.get()).value(), application.secrets.get().value()
    command = page.partition("<pre><code>")[2].partition("</code>")[0]
    assert f"-d ApplicationId={application.pk} " in command
    assert f"-d ApplicationSecret={secret} " in command
    assert command.endswith(f"-d Token={token}")
    assert "$" not in command
    assert f'<a href="{of(application, "application_general")}">General</a>' in page
    assert f'class="secondary" href="{of(application, "application_overview")}">Back to Hello Stock</a>' in page


def test_a_secret_that_is_not_shown_any_more_is_looked_up_on_general(
    application: Application, alice: User, northwind: Account, client_of: ClientOf
) -> None:
    page = installed(client_of(alice), application, northwind)
    command = page.partition("<pre><code>")[2].partition("</code>")[0]
    assert "-d ApplicationSecret=&quot;$APPLICATION_SECRET&quot; " in command
    assert lifecycle.current_token(Installation.objects.get()).value() in command
    assert application.secrets.get().value() not in page
    assert f'from <a href="{of(application, "application_general")}">General</a>' in page


def test_a_customer_is_led_to_their_apps_and_shown_no_secret(
    version: Version, cakes: Account, carol: User, client_of: ClientOf
) -> None:
    client = client_of(carol)
    page = client.get(client.post(address(version.application), sent(version, cakes)).headers["Location"])
    text = page.content.decode()
    assert version.application.secrets.get().value() not in text
    assert "Back to" not in text
    assert f'<a role="button" href="/a/{cakes.slug}/apps/">Go to My apps</a>' in text


def test_after_a_postback_the_way_back_is_the_primary_button(
    application: Application, alice: User, northwind: Account, client_of: ClientOf
) -> None:
    version, client = with_postback(application, ENDPOINT, alice), client_of(alice)
    page = client.get(client.post(address(application), sent(version, northwind)).headers["Location"]).content.decode()
    assert f'<a role="button" href="{of(application, "application_overview")}">Back to Stock Bridge</a>' in page
    assert '<a role="button" class="secondary" href="/a/northwind/apps/">Go to My apps</a>' in page


def installed(client: Client, application: Application, account: Account) -> str:
    form = sent(application.versions.development(), account)
    return str(client.get(client.post(address(application), form).headers["Location"]).content.decode())


# Draft until the first version, Live after.


@pytest.mark.parametrize("page", ["application_overview", "application_general"])
def test_an_application_is_a_draft_until_its_first_version(
    page: str, application: Application, alice: User, client_of: ClientOf
) -> None:
    client, state = client_of(alice), re.compile(r"System Integration <span class=\"pill\"[^>]*>.*?</svg>(\w+)</span>")
    assert state.findall(client.get(of(application, page)).content.decode()) == ["Draft"]
    release(application, (1, 0, 0), external(), alice)
    assert state.findall(client.get(of(application, page)).content.decode()) == ["Live"]
    Version.objects.released().update(withdrawn_at=timezone.now())
    assert state.findall(client.get(of(application, page)).content.decode()) == ["Live"]
    Application.objects.filter(pk=application.pk).update(suspended_by_staff_at=timezone.now())
    assert state.findall(client.get(of(application, page)).content.decode()) == ["Suspended"]


def test_drafts_are_found_in_the_list(
    application: Application, northwind: Account, alice: User, client_of: ClientOf
) -> None:
    client, url = client_of(alice), reverse("application_list", args=("northwind",))

    def names(state: str) -> list[str]:
        return [row.name for row in client.get(f"{url}?state={state}").context["list"].rows]

    assert (names("DRAFT"), names("LIVE")) == (["Stock Bridge"], [])
    assert "Draft</span>" in client.get(url).content.decode().partition("<tbody>")[2]
    release(application, (1, 0, 0), external(), alice)
    assert (names("DRAFT"), names("LIVE")) == ([], ["Stock Bridge"])
    assert "Draft</span>" not in client.get(url).content.decode().partition("<tbody>")[2]


# The Installation URL in the head.


def test_the_head_opens_and_copies_the_installation_url(
    application: Application, alice: User, client_of: ClientOf
) -> None:
    head = client_of(alice).get(of(application, "application_overview")).content.decode().partition('class="tabs"')[0]
    assert re.search(f'href="{address(application)}">.*Install…</a>', head)
    assert f'data-copy="http://localhost:8000{address(application)}"' in head
    assert "Copy link</button>" in head
