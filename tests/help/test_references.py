"""The reference of a case leads support to its cause, and tells whoever sent it nothing that they may not read."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.exchange import ledger
from installs.help import inbox
from installs.models import HelpCase, Installation, RefusalSample
from linnapp.models import Account, Application, TimelineEntry, User
from tests.exchange.test_explanations import REFUSALS, reference_of
from tests.kit.exchanging import post
from tests.kit.people import ClientOf, acting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_noted")]
NEW = "/help/new/"
# What differs from one page to the next by itself: tokens of forms, keys of cases, moments.
OF_ITS_OWN = re.compile(r'(?:csrfmiddlewaretoken|drawn_for)" value="[^"]+"|[0-9a-f]{8}-[0-9a-f-]{27}|<time[^>]*>')
MAIN = re.compile(r"<main.*?</main>", re.DOTALL)


def ask(client: Client, about: object, reference: str) -> HelpCase:
    answer = client.post(NEW, {"about": str(about), "reference": reference, "sentence": "It does not work."})
    assert answer.status_code == 302
    return HelpCase.objects.latest("opened_at")


def everything_read(client: Client, case: HelpCase) -> str:
    """All that the asker reads of a case, with the reference as they sent it left out."""
    slug = case.account.slug
    pages = [
        client.get(f"{NEW}?reference={case.reference}"),
        client.get(reverse("help_case", args=[slug, case.pk])),
        client.get(reverse("help_cases", args=[slug])),
        client.get(reverse("account_activity", args=[slug])),
    ]
    text = "\n".join(MAIN.findall(unescape("".join(page.content.decode() for page in pages))))
    return OF_ITS_OWN.sub("", text.replace(case.reference, "REFERENCE"))


@pytest.fixture
def session_token(right: dict[str, str]) -> str:
    return str(post(right).json()["Token"])


@pytest.mark.parametrize("name", REFUSALS)
def test_anothers_reference_tells_the_asker_what_one_that_is_none_tells(
    name: str, right: dict[str, str], session_token: str, client_of: ClientOf, dave: User, depot: Account, sam: User
) -> None:
    answer = REFUSALS[name][0](right, session_token)
    ledger.flush()
    client, read = client_of(dave), []
    for reference in (reference_of(answer), "a" * 26):
        case = ask(client, depot.slug, reference)
        inbox.answer(case, "We look into it.", by=acting(sam))
        read.append(everything_read(client, case))
        assert "Stock Bridge" not in str([message.body for message in mail.outbox])
        TimelineEntry.objects.filter(kind__startswith="HELP_").delete()
        case.delete()
    assert read[0] == read[1]
    assert "Stock Bridge" not in read[0]
    assert "Carol" not in read[0]


def test_support_reads_the_cause_and_is_led_to_the_installation(
    right: dict[str, str], session_token: str, client_of: ClientOf, installation: Installation, carol: User, sam: User
) -> None:
    """The account reads what it may; before it is written down the case has the reference, and support finds both."""
    answer: Any = REFUSALS["call with the permanent token"][0](right, session_token)
    case = ask(client_of(carol), installation.account.slug, f"reference {reference_of(answer).upper()}.")
    assert (case.reference, case.led_to) == (f"reference {reference_of(answer).upper()}.", None)
    ledger.flush()
    console, page = client_of(sam), reverse("support_installation", args=[installation.pk])
    text = unescape(console.get(reverse("support_case", args=[case.pk])).content.decode())
    assert f"{page}?reference={reference_of(answer)}" in text
    assert "This is a permanent token" in text
    console.post(reverse("support_case_assign", args=[case.pk]), {"to": sam.pk})
    case.refresh_from_db()
    assert case.led_to == installation
    assert reverse("support_case", args=[case.pk]) in console.get(page).content.decode()


def test_what_is_refused_of_her_own_is_explained_to_the_asker(
    right: dict[str, str], session_token: str, client_of: ClientOf, cakes: Account, carol: User
) -> None:
    answer = REFUSALS["call with the permanent token"][0](right, session_token)
    ledger.flush()
    client = client_of(carol)
    case = ask(client, cakes.slug, reference_of(answer))
    page = client.get(reverse("help_case", args=[cakes.slug, case.pk])).content.decode()
    assert "Refused call" in page
    assert "How often" in page


def test_one_that_leads_nowhere_is_kept_and_can_be_searched_for(
    client_of: ClientOf, cakes: Account, carol: User, sam: User, application: Application
) -> None:
    case = ask(client_of(carol), cakes.slug, "0123456789abcdef")
    assert case.reference == "0123456789abcdef"
    text = client_of(sam).get(reverse("support_case", args=[case.pk])).content.decode()
    assert '<input type="hidden" name="q" value="0123456789abcdef">' in text


def prefilled(client: Client, query: str) -> str:
    found = re.search(r'name="reference"[^>]*', client.get(f"{NEW}{query}").content.decode())
    assert found
    value = re.search(r'value="([^"]*)"', found[0])
    return value[1] if value else ""


def test_help_with_an_installation_begins_with_its_last_refusal(
    right: dict[str, str],
    session_token: str,
    client_of: ClientOf,
    installation: Installation,
    carol: User,
    alice: User,
    dave: User,
    depot: Account,
) -> None:
    """Of a day, where this person may read it; what only named the installation is nobody's to read."""
    asked = f"?installation={installation.pk}"
    REFUSALS["call with the permanent token"][0](right, session_token)
    last = reference_of(REFUSALS["not served"][0](right, session_token))
    REFUSALS["wrong secret"][0](right, session_token)
    ledger.flush()
    assert prefilled(client_of(carol), asked) == prefilled(client_of(alice), asked) == last
    assert prefilled(client_of(carol), f"{asked}&reference=mine") == "mine"
    assert prefilled(client_of(carol), "") == prefilled(client_of(dave), asked) == ""
    RefusalSample.objects.update(at=timezone.now() - timedelta(hours=25))
    assert prefilled(client_of(carol), asked) == ""


def test_what_is_explained_to_a_customer_has_the_way_to_help(
    right: dict[str, str], session_token: str, client_of: ClientOf, installation: Installation, carol: User, sam: User
) -> None:
    reference = reference_of(REFUSALS["not served"][0](right, session_token))
    ledger.flush()
    asks = f"{NEW}?reference={reference}&installation={installation.pk}"
    address = reverse("installation_refused", args=[installation.account.slug, installation.pk])
    page = client_of(carol).get(address, {"reference": reference})
    assert f'href="{asks}"' in unescape(page.content.decode())
    case = client_of(sam).get(reverse("support_installation", args=[installation.pk]), {"reference": reference})
    assert asks not in unescape(case.content.decode())


def test_a_refused_installation_is_explained_in_the_case_it_led_to(
    client_of: ClientOf, cakes: Account, carol: User, dave: User, depot: Account, sam: User, application: Application
) -> None:
    """Its page has the reference once, with the way to ask; nobody else is told what it was."""
    Application.objects.update(retired_at=timezone.now())
    client = client_of(carol)
    page = client.get(reverse("authorize", args=[application.pk])).content.decode()
    [reference] = re.findall(r"<code>([0-9a-f]{16})</code>", page)
    assert f'href="{NEW}?reference={reference}"' in page
    case = ask(client, cakes.slug, reference)
    text = unescape(client_of(sam).get(reverse("support_case", args=[case.pk])).content.decode())
    assert "Refused installation" in text
    assert "Stock Bridge is retired" in text
    assert f'href="{reverse("support_application", args=[application.pk])}"' in text
    other = ask(client_of(dave), depot.slug, reference)
    assert (
        "Refused installation"
        not in client_of(dave).get(reverse("help_case", args=[depot.slug, other.pk])).content.decode()
    )


def test_an_installation_that_its_page_refuses_has_the_way_to_help(
    client_of: ClientOf, cakes: Account, carol: User, application: Application
) -> None:
    page = client_of(carol).get(reverse("authorize", args=[application.pk])).content.decode()
    assert "No version was released yet" in page
    [reference] = re.findall(r"<code>([0-9a-f]{16})</code>", page)
    assert f'href="{NEW}?reference={reference}"' in page
