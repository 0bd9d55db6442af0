"""What was refused, as a list: for support, of everybody or of one; and for the account of an installation."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from installs.application import secret_ends
from installs.exchange import ledger, records
from installs.installations import lifecycle
from installs.models import Installation
from linnapp.models import Application, TimelineEntry, User
from linnapp.services import secrets
from tests.kit.exchanging import LOCATIONS, WRONG, post
from tests.kit.people import ClientOf, acting

pytestmark = pytest.mark.django_db
REFUSED = "/support/refused/"
NO_ACCOUNT = '<td data-label="Account" class="words name"><span class="muted">not known'


@pytest.fixture
def right(installation: Installation) -> dict[str, str]:
    ledger.take()
    return {
        "ApplicationId": str(installation.application_id),
        "ApplicationSecret": installation.application.secrets.get().value(),
        "Token": lifecycle.current_token(installation).value(),
    }


@pytest.fixture
def console(sam: User, client_of: ClientOf) -> Client:
    return client_of(sam)


def own_page(installation: Installation) -> str:
    return f"/a/{installation.account.slug}/apps/{installation.pk}/refused/"


def read(client: Client, address: str, **asked: str) -> str:
    ledger.flush()
    answer = client.get(address, asked)
    assert answer.status_code == 200
    return answer.content.decode()


def causes(client: Client, **asked: str) -> list[str]:
    ledger.flush()
    return sorted(line.newest.reason for line in client.get(REFUSED, asked, follow=True).context["lines"])


def test_nothing_was_refused(console: Client) -> None:
    ledger.take()
    assert "No request was refused in the last 30 days." in read(console, REFUSED)


def test_what_had_no_room_in_a_flood_is_said(
    console: Client, right: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "OF_A_PREFIX", 1)
    for number in range(4):
        post(right | {"ApplicationSecret": WRONG} | ({"Token": WRONG} if number else {}))
        ledger.flush()
    page = read(console, REFUSED)
    assert '<span class="muted">others of the hour, counted together</span>' in page
    assert '<td data-label="How often" class="number">3</td>' in page


def test_support_reads_cause_fix_application_account_and_reference(
    console: Client, right: dict[str, str], installation: Installation, alice: User
) -> None:
    first = installation.application.secrets.get()
    secrets.create_secret(application=installation.application, by=acting(alice))
    secret_ends.retire_secret(first, after=timedelta(0), by=acting(alice))
    post(right)
    post(dict.fromkeys(right, WRONG))
    live = right | {"ApplicationSecret": installation.application.secrets.live().get().value()}
    Installation.objects.update(suspended_by_staff_at=timezone.now())
    suspended = post(live)
    page = read(console, REFUSED)
    assert f"The retired Application Secret …{first.tail} was sent" in page
    assert "Give the client the live Application Secret" in page
    assert "The installation is suspended by staff" in page
    assert page.count("named, not proven") == 1
    assert page.count('<span class="muted">not known</span>') == 2
    reference = suspended.headers["X-Request-Id"]
    assert f'/support/installations/{installation.pk}/?reference={reference}"' in page
    explained = read(console, REFUSED, q=suspended.json()["Message"])
    assert "Refused exchange" in explained
    assert "Application ID and Application Secret are right" in explained
    for secret in (right["ApplicationSecret"], right["Token"], live["ApplicationSecret"]):
        assert secret not in page + explained


def test_it_is_narrowed_by_whatever_names_one(
    console: Client, right: dict[str, str], installation: Installation
) -> None:
    application, account = installation.application, installation.account
    post(right | {"Token": WRONG}, REMOTE_ADDR="203.0.113.9")
    post(dict.fromkeys(right, WRONG), REMOTE_ADDR="198.51.100.1")
    Installation.objects.update(suspended_by_staff_at=timezone.now())
    post(right, REMOTE_ADDR="203.0.113.9")
    Client().get(LOCATIONS, headers={"Authorization": WRONG}, REMOTE_ADDR="198.51.100.1")
    everything = ["SUSPENDED_BY_STAFF", "UNKNOWN_SESSION", "UNKNOWN_TOKEN", "UNPROVEN"]
    of_application = ["SUSPENDED_BY_STAFF", "UNKNOWN_TOKEN"]
    assert causes(console) == everything
    assert causes(console, application=str(application.pk)) == of_application
    assert causes(console, account=str(application.account_id)) == of_application
    assert causes(console, account=str(account.pk)) == ["SUSPENDED_BY_STAFF"]
    assert causes(console, installation=str(installation.pk)) == ["SUSPENDED_BY_STAFF"]
    assert causes(console, q=f"it is {application.pk}, I think") == of_application
    assert causes(console, q=str(installation.pk)) == ["SUSPENDED_BY_STAFF"]
    assert causes(console, q="STÓCK") == of_application
    assert causes(console, q="carol") == ["SUSPENDED_BY_STAFF"]
    assert causes(console, q="203.0.113.77") == of_application
    assert causes(console, q="nobody is called so") == []
    assert causes(console, cause="UNPROVEN") == ["UNPROVEN"]
    assert causes(console, kind="calls") == ["UNKNOWN_SESSION"]
    assert causes(console, secret=str(application.secrets.get().pk)) == of_application
    assert causes(console, secret="9") == []
    assert causes(console, address="198.51.100.0/24") == ["UNKNOWN_SESSION", "UNPROVEN"]
    assert console.get(REFUSED, {"application": "nonsense"}).status_code == 404
    rows = console.get(REFUSED, {"format": "csv", "cause": "UNKNOWN_TOKEN"}).getvalue().decode().splitlines()
    assert len(rows) == 2
    assert str(application.pk) in rows[1]


def test_a_wrong_secret_beside_a_permanent_token_is_of_its_installation_for_support_alone(
    console: Client, right: dict[str, str], installation: Installation, client_of: ClientOf, carol: User
) -> None:
    said = post(right | {"ApplicationSecret": WRONG})
    post(right | {"ApplicationId": WRONG, "ApplicationSecret": WRONG})
    post(right | {"ApplicationSecret": WRONG, "Token": WRONG})
    case, account = f"/support/installations/{installation.pk}/", installation.account
    for asked in ({"installation": str(installation.pk)}, {"account": str(account.pk)}, {"q": account.name}):
        page = read(console, REFUSED, **asked)
        assert page.count('<td data-label="How often" class="number">1</td>') == 2, asked
        assert page.count(f'<a href="{case}') >= 2, asked
        assert NO_ACCOUNT not in page
        rows = console.get(REFUSED, asked | {"format": "csv"}).getvalue().decode().splitlines()
        assert [str(installation.pk) in row for row in rows] == [False, True, True]
    assert read(console, REFUSED).count(NO_ACCOUNT) == 1
    assert said.headers["X-Request-Id"] not in read(client_of(carol), own_page(installation))


@pytest.mark.parametrize("sent", ["ApplicationSecret", "Token"])
def test_a_pasted_credential_narrows_by_what_it_is_of_and_stands_nowhere(
    sent: str,
    console: Client,
    right: dict[str, str],
    installation: Installation,
    application: Application,
    client_of: ClientOf,
    alice: User,
) -> None:
    post(right | {"ApplicationSecret": WRONG})
    Installation.objects.update(suspended_by_staff_at=timezone.now())
    post(right)
    ledger.flush()
    value, narrowed = right[sent], {"Token": f"installation={installation.pk}"}
    team, tab = client_of(alice), f"/a/northwind/applications/{application.pk}/refused/"
    secret = f"secret={application.secrets.get().pk}"
    for client, address in ((console, REFUSED), (team, tab)):
        for text in (value, f"Hello, mine is {value.replace('-', '').upper()}."):
            answer = client.post(address, {"q": text, "kind": "exchanges"})
            assert answer.headers["Location"] == f"{address}?kind=exchanges&{narrowed.get(sent, secret)}"
            page = client.get(answer.headers["Location"]).content.decode()
            assert "The installation is suspended by staff" in page
            assert value not in page
            assert client.get(address, {"q": text}).headers["Location"].endswith(narrowed.get(sent, secret))
        unknown = client.post(address, {"q": WRONG}, follow=True)
        assert "Nothing is known by the id or credential" in unknown.content.decode()
        assert WRONG not in unknown.content.decode() + str(unknown.redirect_chain)
    assert client_of(None).post(tab, {"q": value}).headers["Location"].startswith("/sign-in/")


def test_what_a_line_leads_to_keeps_what_the_list_is_narrowed_by(
    console: Client, right: dict[str, str], installation: Installation
) -> None:
    post(right | {"Token": WRONG}, REMOTE_ADDR="203.0.113.9")
    Installation.objects.update(suspended_by_staff_at=timezone.now())
    post(right, REMOTE_ADDR="203.0.113.9")
    ledger.flush()
    account = str(installation.application.account_id)
    page = console.get(f"{REFUSED}?account={account}&address=203.0.113.0%2F24").content.decode()
    narrowed = f"{REFUSED}?account={account}&amp;address=203.0.113.0%2F24"
    application = str(installation.application_id)
    assert f'href="{narrowed}&amp;reference=' in page
    assert f'href="{narrowed}&amp;cause=UNKNOWN_TOKEN"' in page
    assert f'href="{narrowed}&amp;application={application}"' in page
    assert causes(console, installation=str(installation.pk), application=application) == ["SUSPENDED_BY_STAFF"]
    both = read(console, REFUSED, installation=str(installation.pk), application=application)
    assert f'Only the application <a href="/support/applications/{application}/">' in both


def test_it_says_of_how_many_where_an_account_has_more(
    console: Client, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/support/accounts/{installation.account_id}/"
    assert "Of the newest" not in read(console, address)
    monkeypatch.setattr("installs.support.refused.MOST_INSTALLATIONS", 0)
    for page in (read(console, address), read(console, REFUSED, account=str(installation.account_id))):
        assert "Of the newest 0 installations only" in page


def test_the_search_finds_what_was_refused_from_the_network_of_an_address(
    console: Client, right: dict[str, str]
) -> None:
    post(right | {"ApplicationSecret": WRONG}, REMOTE_ADDR="203.0.113.9")
    ledger.flush()
    page = console.post("/support/", {"q": "our server is 203.0.113.9"}).content.decode()
    assert "Refused from this network" in page
    assert "203.0.113.0/24" in page


def test_the_team_reads_once_that_support_looked_at_theirs(
    console: Client, installation: Installation, client_of: ClientOf, alice: User
) -> None:
    application = installation.application
    for _ in range(3):
        read(console, REFUSED, application=str(application.pk))
        read(console, REFUSED, account=str(installation.account_id))
    assert TimelineEntry.objects.filter(kind__startswith="SUPPORT_VIEWED_").count() == 2
    page = read(client_of(alice), f"/a/northwind/applications/{application.pk}/activity/")
    assert page.count("Stock Bridge viewed by Support") == 1
    TimelineEntry.objects.update(at=timezone.now() - timedelta(hours=2))
    read(console, REFUSED, application=str(application.pk))
    assert TimelineEntry.objects.filter(kind="SUPPORT_VIEWED_APPLICATION").count() == 2


def test_the_account_reads_cause_fix_and_reference_and_nothing_of_the_teams(
    right: dict[str, str], installation: Installation, client_of: ClientOf, carol: User, alice: User, dave: User
) -> None:
    customer = client_of(carol)
    detail = f"/a/{installation.account.slug}/apps/{installation.pk}/"
    assert own_page(installation) in read(customer, detail)
    assert "None of the requests of this installation was refused in the last 30 days." in read(
        customer, own_page(installation)
    )
    post(right | {"Token": WRONG}, REMOTE_ADDR="203.0.113.9")
    Installation.objects.update(suspended_by_staff_at=timezone.now())
    answers = [post(right, REMOTE_ADDR=address) for address in ("203.0.113.9", "203.0.113.9", "198.51.100.9")]
    page = read(customer, own_page(installation))
    assert page.count(">The installation is suspended by staff</a>") == 1
    assert '<td data-label="How often" class="number">3</td>' in page
    assert "Its page in the developer portal says why." in page
    told = read(customer, own_page(installation), reference=answers[0].headers["X-Request-Id"])
    assert "Refused exchange" in told
    secret = installation.application.secrets.get()
    for hidden in ("203.0.113", "198.51.100", f"…{secret.tail}", "Application ID and Application Secret are right"):
        assert hidden not in page + told, hidden
    assert "No permanent token of this portal was sent" not in page
    assert "The installation is suspended by staff" in read(customer, own_page(installation), kind="exchanges")
    assert "No refused request matches" in read(customer, own_page(installation), kind="calls")
    for stranger in (alice, dave):
        assert client_of(stranger).get(own_page(installation)).status_code == 404


def test_a_session_token_in_the_permanent_tokens_place_names_the_account_to_the_team(
    right: dict[str, str], installation: Installation, application: Application, client_of: ClientOf, alice: User
) -> None:
    post(right | {"Token": post(right).json()["Token"]})
    page = read(client_of(alice), f"/a/northwind/applications/{application.pk}/refused/")
    assert "A session token was sent instead of the permanent token" in page
    assert f'?installation={installation.pk}">Carol&#x27;s Cakes</a>' in page


def test_the_console_is_for_support(client_of: ClientOf, alice: User, carol: User, paula: User) -> None:
    assert client_of(paula).get(REFUSED).status_code == 200
    for person in (alice, carol):
        assert client_of(person).get(REFUSED).status_code == 404
