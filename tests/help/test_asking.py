"""Get help, and the cases of an account: who opens, reads and writes them, and what their ends are."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.application.closing import close_account, closing
from installs.application.removal import remove_application
from installs.help import asking, ends, inbox
from installs.installations import lifecycle
from installs.models import HelpCase, HelpMessage, Installation, Session
from linnapp import credentials
from linnapp.models import Account, Application, StaffAccess, TimelineEntry, User
from linnapp.services import access
from tests.admin.test_admin import make_session
from tests.kit.people import ClientOf, acting

pytestmark = pytest.mark.django_db
NEW = "/help/new/"
WORDS = "Orders stopped coming in this morning."


def ask(client: Client, about: object, sentence: str = WORDS, reference: str = "") -> HelpCase:
    """Through the form, and to the page that it leads to."""
    answer = client.post(NEW, {"about": str(about), "sentence": sentence, "reference": reference})
    assert answer.status_code == 302, answer.content.decode()
    case = HelpCase.objects.latest("opened_at")
    assert answer.headers["Location"] == page_of(case)
    return case


def page_of(case: HelpCase, name: str = "help_case") -> str:
    return reverse(name, args=[case.account.slug, case.pk])


def text_of(client: Client, address: str) -> str:
    return unescape(client.get(address).content.decode())


@pytest.fixture
def case(client_of: ClientOf, carol: User, installation: Installation) -> HelpCase:
    return ask(client_of(carol), installation.pk)


def test_the_button_on_the_page_of_an_installation_leads_to_a_case(
    client_of: ClientOf, carol: User, installation: Installation
) -> None:
    client = client_of(carol)
    link = f"{NEW}?installation={installation.pk}"
    assert link in text_of(client, reverse("installation_detail", args=["carols-cakes", installation.pk]))
    form = text_of(client, link)
    assert f'<option value="{installation.pk}" selected>Stock Bridge on Carol\'s Cakes</option>' in form
    case = ask(client, installation.pk)
    assert (case.account.name, case.opened_by, case.installation) == ("Carol's Cakes", carol, installation)
    page = text_of(client, page_of(case))
    assert "Help with Stock Bridge" in page
    assert WORDS in page
    assert WORDS in text_of(client, reverse("help_cases", args=["carols-cakes"]))


def test_error_pages_lead_there_with_their_reference_for_whoever_is_signed_in(
    client_of: ClientOf, dave: User, depot: Account
) -> None:
    answer = client_of(dave).get("/a/nowhere/")
    link = f"{NEW}?reference={answer.headers['X-Request-Id']}"
    assert answer.status_code == 404
    assert link in answer.content.decode()
    assert NEW not in client_of(None).get("/a/nowhere/").content.decode()
    assert f'value="{answer.headers["X-Request-Id"]}"' in text_of(client_of(dave), link)


def test_a_developer_asks_about_an_installation_of_an_application_of_theirs(
    client_of: ClientOf, alice: User, carol: User, installation: Installation
) -> None:
    case = ask(client_of(alice), installation.pk)
    assert case.account.name == "Northwind"
    assert client_of(carol).get(page_of(case)).status_code == 404
    detail = reverse("installation_detail", args=["carols-cakes", installation.pk])
    assert "asked support" not in text_of(client_of(carol), detail)


def test_others_installations_are_no_choice(
    client_of: ClientOf, dave: User, depot: Account, installation: Installation
) -> None:
    client = client_of(dave)
    assert "Stock Bridge" not in text_of(client, f"{NEW}?installation={installation.pk}")
    answer = client.post(NEW, {"about": str(installation.pk), "sentence": WORDS})
    assert answer.status_code == 422
    page = unescape(answer.content.decode())
    assert "Choose one of these." in page
    assert WORDS in page
    assert not HelpCase.objects.exists()


def test_whoever_has_no_account_is_told_what_to_do(client_of: ClientOf, sam: User) -> None:
    client = client_of(sam)
    assert "you belong to none" in text_of(client, NEW)
    assert client.post(NEW, {"about": "carols-cakes", "sentence": WORDS}).status_code == 422
    assert not HelpCase.objects.exists()


def test_owners_and_whoever_asked_read_a_case_and_nobody_else(
    client_of: ClientOf, alice: User, bob: User, carol: User, dave: User, depot: Account, application: Application
) -> None:
    hers, his = ask(client_of(alice), "northwind"), ask(client_of(bob), "northwind", "A question of mine.")
    readers = {alice: (200, 200), bob: (404, 200), carol: (404, 404), dave: (404, 404)}
    for person, statuses in readers.items():
        client = client_of(person)
        assert (client.get(page_of(hers)).status_code, client.get(page_of(his)).status_code) == statuses
        for act in ("help_case_write", "help_case_solve"):
            answer = client.post(page_of(hers, act), {"text": "Mine now."})
            assert (answer.status_code == 404) is (person != alice)
    assert list(hers.messages.values_list("written_by", flat=True)) == [alice.pk]
    listed = text_of(client_of(bob), reverse("help_cases", args=["northwind"]))
    assert "A question of mine." in listed
    assert WORDS not in listed


def test_who_left_the_account_reads_nothing_any_more(client_of: ClientOf, bob: User, northwind: Account) -> None:
    case = ask(client_of(bob), "northwind")
    bob.memberships.all().delete()
    assert client_of(bob).get(page_of(case)).status_code == 404


def test_staff_inside_read_and_write_nothing_in_a_customers_name(
    client_of: ClientOf, case: HelpCase, cakes: Account, sam: User, paula: User
) -> None:
    access.enter(cakes, purpose=StaffAccess.Purpose.LOOK, by=acting(sam, reason="Looks"))
    access.enter(cakes, purpose=StaffAccess.Purpose.WORK, by=acting(paula, reason="Works"))
    for person, refused in ((sam, 403), (paula, 404)):
        client = client_of(person)
        page = text_of(client, page_of(case))
        assert WORDS in page
        assert page_of(case, "help_case_write") not in page
        for act in ("help_case_write", "help_case_solve"):
            assert client.post(page_of(case, act), {"text": "I am Carol."}).status_code == refused
        assert client.post(NEW, {"about": cakes.slug, "sentence": WORDS}).status_code == 422
    case.refresh_from_db()
    assert (case.state, case.messages.count(), HelpCase.objects.count()) == ("OPEN", 0, 1)


def test_ten_open_cases_are_the_most_of_an_account_and_what_was_typed_stays(
    client_of: ClientOf, carol: User, cakes: Account
) -> None:
    client = client_of(carol)
    cases = [ask(client, cakes.slug) for _ in range(asking.MOST_UNSOLVED)]
    answer = client.post(NEW, {"about": cakes.slug, "sentence": "One more.", "reference": "ref-11"})
    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "Carol's Cakes already has 10 open cases, which is the most." in page
    assert "One more.</textarea>" in page
    assert 'value="ref-11"' in page
    client.post(page_of(cases[0], "help_case_solve"))
    ask(client, cakes.slug, "Now there is room.")
    answer = client.post(page_of(cases[0], "help_case_write"), {"text": "It came back."})
    assert answer.status_code == 422
    assert "It came back." in answer.content.decode()
    cases[0].refresh_from_db()
    assert cases[0].is_solved


def test_twenty_cases_a_day_are_the_most_of_a_person(client_of: ClientOf, carol: User, cakes: Account) -> None:
    client = client_of(carol)
    for _ in range(asking.CASES.most):
        client.post(page_of(ask(client, cakes.slug), "help_case_solve"))
    answer = client.post(NEW, {"about": cakes.slug, "sentence": "One more."})
    assert answer.status_code == 422
    assert "You asked support twenty times in a day. Wait 24 hours" in answer.content.decode()
    assert HelpCase.objects.count() == asking.CASES.most


def test_what_cannot_be_seen_is_dropped_and_what_is_missing_is_said(
    client_of: ClientOf, carol: User, cakes: Account
) -> None:
    client = client_of(carol)
    case = ask(client, cakes.slug, "It\x00 says\u202e \ufeff“no”\r\n🏴\U000e0067\U000e007f", " Ab\u200bC\n12 ")
    assert case.sentence == "It says “no”\n🏴\U000e0067\U000e007f"
    assert case.reference == "AbC 12"
    answer = client.post(NEW, {"about": cakes.slug, "sentence": " \u200b ", "reference": "x" * 201})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Say in one sentence what is wrong." in page
    assert "x" * 201 in page
    assert HelpCase.objects.count() == 1


def test_tokens_and_secrets_that_were_pasted_are_left_out_and_ids_stay(
    client_of: ClientOf, carol: User, installation: Installation, sam: User
) -> None:
    session = credentials.new_credential()
    Session.objects.filter(pk=make_session(installation).pk).update(digest=credentials.digest(session))
    opening = [
        session,
        lifecycle.current_token(installation).value(),
        installation.application.secrets.get().value(),
    ]
    client = client_of(carol)
    text = f"{opening[0].upper()} and {{{opening[1]}}}, {opening[2].replace('-', '')}: {installation.pk}"
    case = ask(client, installation.pk, text, opening[1])
    client.post(page_of(case, "help_case_write"), {"text": text})
    inbox.answer(case, "Thank you.", by=acting(sam))
    message = HelpMessage.objects.filter(writer="ACCOUNT").get()
    kept = [case.sentence, case.reference, message.text, str(mail.outbox[-1].body)]
    for one in kept:
        assert not [value for value in opening if value[-12:] in one.lower()]
    assert str(installation.pk) in case.sentence
    assert f"…{opening[1][-4:]} (left out" in case.sentence


@pytest.mark.parametrize(
    "broken",
    [
        lambda value: f"Token%3D{value.replace('-', '')}",
        lambda value: f"abc{value.replace('-', '')}",
        lambda value: value[:14] + "\r\n" + value[14:],
        lambda value: value.replace("-", " - "),
        lambda value: value.replace("-", "\u2013"),
        lambda value: value.replace("-", "%2D"),
    ],
    ids=["in an address", "behind other digits", "over two lines", "spaced", "other dashes", "escaped dashes"],
)
def test_a_token_that_was_broken_up_on_the_way_is_left_out(
    broken: Callable[[str], str], client_of: ClientOf, carol: User, installation: Installation
) -> None:
    value = lifecycle.current_token(installation).value()
    case = ask(client_of(carol), installation.pk, f"It says {broken(value)} is wrong", "")
    assert case.sentence.startswith("It says ")
    assert f"…{value[-4:]} (left out" in case.sentence
    assert value[:8] not in case.sentence


def test_a_signing_secret_is_left_out(client_of: ClientOf, carol: User, installation: Installation) -> None:
    case = ask(client_of(carol), installation.pk, f"We sign with {credentials.new_signing_secret()}, as before", "")
    assert "whsec_" not in case.sentence
    assert case.sentence.endswith(", as before")


def test_a_solved_case_is_opened_again_by_a_word(client_of: ClientOf, case: HelpCase, carol: User) -> None:
    client = client_of(carol)
    client.post(page_of(case, "help_case_solve"))
    case.refresh_from_db()
    assert case.is_solved
    assert "Write again" in text_of(client, page_of(case))
    client.post(page_of(case, "help_case_write"), {"text": "It came back."})
    case.refresh_from_db()
    assert case.state == HelpCase.State.OPEN
    kinds = TimelineEntry.objects.about(case.installation_id or case.pk).order_by("pk").values_list("kind", flat=True)
    assert list(kinds)[-3:] == ["HELP_ASKED", "HELP_SOLVED", "HELP_REOPENED"]


def test_cases_end_a_year_after_they_were_solved(client_of: ClientOf, carol: User, cakes: Account) -> None:
    client = client_of(carol)
    solved, other, waiting = (ask(client, cakes.slug, sentence) for sentence in ("One.", "Two.", "Three."))
    client.post(page_of(solved, "help_case_write"), {"text": "More."})
    for row in (solved, other):
        client.post(page_of(row, "help_case_solve"))
    year = timezone.now() - ends.KEPT
    HelpCase.objects.filter(pk__in=[solved.pk, waiting.pk]).update(since=year - timedelta(minutes=1))
    HelpCase.objects.filter(pk=other.pk).update(since=year + timedelta(minutes=1))
    assert ends.drop_old() == 1
    assert set(HelpCase.objects.all()) == {other, waiting}
    assert not HelpMessage.objects.exists()


def test_an_account_is_closed_and_an_application_deleted_with_cases_about_them(
    client_of: ClientOf, dave: User, depot: Account, alice: User, paula: User, application: Application
) -> None:
    Application.objects.update(listing=Application.Listing.LISTED)
    url = reverse("application_report", args=[depot.slug, application.pk])
    assert client_of(dave).post(url, {"complaint": "OTHER", "sentence": WORDS}).status_code == 302
    assert remove_application(application, by=acting(alice))
    report = HelpCase.objects.get()
    assert "Report about Stock Bridge" in text_of(client_of(dave), page_of(report))
    assert closing(depot).cases == 1
    assert close_account(depot, by=acting(paula, reason="Opened for spam."))
    assert not HelpCase.objects.exists()
