"""Get to a first call: the checklist of Overview, and the pages that wait for the first call."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from installs.application.checklist import checklist
from installs.installations import lifecycle
from installs.models import Delivery, Installation
from linnapp.models import Account, Application, User, Version
from tests.exchange.test_exchanges import exchange
from tests.kit.people import ClientOf, acting
from tests.kit.posting import install, with_postback

ENDPOINT = "https://hooks.northwind.example/installed"
ASKS = 'hx-trigger="every 2s"'


def overview(application: Application) -> str:
    return reverse("application_overview", args=(application.account.slug, application.pk))


def open_and_done(application: Application) -> tuple[str | None, list[str]]:
    found = checklist(Application.objects.get(pk=application.pk))
    return found.open_line, [line.name for line in found.lines if line.done]


def test_the_lines_tick_themselves(
    application: Application, northwind: Account, alice: User, client_of: ClientOf
) -> None:
    assert open_and_done(application) == ("installed", ["created", "manifest"])
    version = application.versions.development()
    installation = lifecycle.install(application, account=northwind, version=version, by=acting(alice)).installation
    assert open_and_done(application) == ("exchange", ["created", "manifest", "installed"])
    exchange(installation, application.created_at + timedelta(minutes=4, seconds=12))
    assert open_and_done(application) == ("version", ["created", "manifest", "installed", "exchange"])
    page = client_of(alice).get(overview(application)).content.decode()
    assert "First call 4 min 12 s after creation" in page
    assert "Create a version" in page.partition("Let others install it")[2]
    Version.objects.create(
        application=application, kind=Version.Kind.RELEASED, major=1, minor=0, patch=0, snapshot=version.snapshot
    )
    assert open_and_done(application)[0] is None
    page = client_of(alice).get(overview(application)).content.decode()
    assert "First call 4 min 12 s after creation" in page
    unfolded = page.partition('class="first-call"')[2].partition("</details>")[2]
    assert '<a href="/calls/">Calls that this portal answers</a>' in unfolded
    calls = client_of(alice).get("/calls/").content.decode()
    assert f'<li><a href="{reverse("application_list", args=[northwind.slug])}">Applications</a></li>' in calls


def test_a_page_that_waits_for_the_first_call_is_drawn_again_when_it_was_made(
    application: Application, northwind: Account, alice: User, client_of: ClientOf
) -> None:
    client, part = client_of(alice), {"HX-Request": "true"}
    addresses = [overview(application)]
    assert ASKS not in client.get(addresses[0]).content.decode()
    version = application.versions.development()
    row = lifecycle.install(application, account=northwind, version=version, by=acting(alice)).installation
    addresses.append(reverse("installation_installed", args=[northwind.slug, row.pk]))
    assert [ASKS in client.get(address).content.decode() for address in addresses] == [True, True]
    assert [client.get(address, headers=part).status_code for address in addresses] == [204, 204]
    exchange(row, timezone.now())
    told = [client.get(address, headers=part).content.decode() for address in addresses]
    assert [ASKS in page or "<html" in page for page in told] == [False, False]
    assert "First call" in told[0]
    assert "The first call was made" in told[1]


def test_a_page_does_not_wait_for_the_first_call_without_end(
    application: Application, installation: Installation, alice: User, carol: User, client_of: ClientOf
) -> None:
    Installation.objects.update(installed_at=timezone.now() - timedelta(minutes=11))
    address = reverse("installation_installed", args=[installation.account.slug, installation.pk])
    pages = [
        client_of(carol).get(address).content.decode(),
        client_of(alice).get(overview(application)).content.decode(),
    ]
    assert [ASKS in page for page in pages] == [False, False]
    assert "Waiting for the first call" in pages[0]


def test_the_folded_moment_counts_once_sessions_are_gone(application: Application, installation: Installation) -> None:
    first = application.created_at + timedelta(hours=2)
    Installation.objects.filter(pk=installation.pk).update(first_exchange_at=first)
    assert checklist(application).took == "2 h 0 min"


def test_the_open_line_carries_its_button(client_of: ClientOf, alice: User, application: Application) -> None:
    client = client_of(alice)
    page = client.get(overview(application)).content.decode()
    assert "Install it on Northwind" in page
    assert "curl" not in page


def test_the_command_holds_real_ids_and_no_secret(
    client_of: ClientOf, alice: User, application: Application, installation: Installation
) -> None:
    page = client_of(alice).get(overview(application)).content.decode()
    assert "curl http://localhost:8000/api/Auth/AuthorizeByApplication" in page
    assert f"-d ApplicationId={application.pk}" in page
    assert "$APPLICATION_SECRET" in page
    assert "$PERMANENT_TOKEN" in page
    assert application.secrets.get().value() not in page
    assert lifecycle.current_token(installation).value() not in page


def test_a_postback_url_adds_a_line_that_the_first_delivery_ticks(
    application: Application, cakes: Account, alice: User, carol: User, client_of: ClientOf
) -> None:
    names = [line.name for line in checklist(application).lines]
    assert "postback" not in names
    made = install(application, cakes, with_postback(application, ENDPOINT, alice), carol)
    assert [line.name for line in checklist(application).lines] == [
        "created", "manifest", "installed", "exchange", "postback", "version",
    ]  # fmt: skip
    assert open_and_done(application)[0] == "exchange"
    exchange(made.installation, application.created_at + timedelta(minutes=1))
    assert open_and_done(application)[0] == "postback"
    page = client_of(alice).get(overview(application)).content.decode()
    assert "manage.py receive_postbacks" in page
    assert "$PERMANENT_TOKEN" not in page
    Delivery.objects.update(state=Delivery.State.DELIVERED, event=Delivery.Event.TEST)
    assert open_and_done(application)[0] == "postback"
    Delivery.objects.update(event=Delivery.Event.INSTALLED)
    assert "Postback answered by hooks.northwind.example" in [line.label for line in checklist(application).lines]
    assert open_and_done(application)[0] is None


def test_before_a_release_the_saved_manifest_says_whether_there_is_a_postback(
    application: Application, version: Version, alice: User
) -> None:
    with_postback(application, ENDPOINT, alice, (1, 1, 0))
    Version.objects.filter(kind=Version.Kind.RELEASED, minor=1).update(withdrawn_at=timezone.now())
    assert "postback" not in [line.name for line in checklist(application).lines]
    Version.objects.filter(kind=Version.Kind.RELEASED).delete()
    assert "postback" in [line.name for line in checklist(application).lines]
