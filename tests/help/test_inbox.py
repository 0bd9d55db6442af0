"""Cases: the inbox of support, what is answered there, and who reads what of it."""

import re
from html import unescape

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from installs.help import asking, inbox
from installs.models import HelpCase, Installation
from linnapp.models import Account, Application, TimelineEntry, User
from tests.kit.people import ClientOf, acting, person

pytestmark = pytest.mark.django_db
CASES = "/support/cases/"
WORDS = "Orders stopped coming in this morning."
ANSWER = "Your developer renews the secret today."


def page_of(case: HelpCase, name: str = "support_case") -> str:
    return reverse(name, args=[case.pk])


def own_page_of(case: HelpCase, name: str = "help_case") -> str:
    return reverse(name, args=[case.account.slug, case.pk])


def text_of(client: Client, address: str) -> str:
    return unescape(client.get(address).content.decode())


def listed(client: Client, query: str = "") -> list[HelpCase]:
    answer = client.get(CASES + query)
    assert answer.status_code == 200
    return list(answer.context["rows"])


@pytest.fixture
def case(carol: User, installation: Installation) -> HelpCase:
    return asking.ask(installation.account, sentence=WORDS, installation=installation, by=acting(carol))


@pytest.fixture
def console(client_of: ClientOf, sam: User) -> Client:
    return client_of(sam)


def test_an_answer_goes_by_mail_and_stands_on_the_page(
    console: Client, client_of: ClientOf, case: HelpCase, carol: User, sam: User
) -> None:
    assert WORDS in text_of(console, page_of(case))
    mail.outbox.clear()
    answer = console.post(page_of(case, "support_case_answer"), {"text": ANSWER})
    assert (answer.status_code, answer.headers["Location"]) == (302, page_of(case))
    sent = mail.outbox[-1]
    assert (sent.to, sent.subject) == (["carol@carolscakes.example"], "Support answered you")
    assert ANSWER in sent.body
    assert own_page_of(case) in sent.body
    page = text_of(client_of(carol), own_page_of(case))
    assert ANSWER in page
    assert "Support</strong>" in page
    assert "Sam" not in page
    assert "Sam</strong>" in text_of(console, page_of(case))
    case.refresh_from_db()
    assert (case.state, case.assigned_to) == ("WAITING", sam)


def test_who_has_the_case_is_told_of_each_word_of_the_customers_and_nobody_else(
    console: Client, client_of: ClientOf, case: HelpCase, carol: User, sam: User, paula: User
) -> None:
    client, write = client_of(carol), own_page_of(case, "help_case_write")
    mail.outbox.clear()
    client.post(write, {"text": "Anybody there?"})
    assert mail.outbox == []
    console.post(page_of(case, "support_case_assign"), {"to": sam.pk})
    assert mail.outbox == []
    client.post(write, {"text": "It is urgent."})
    assert [(message.to, page_of(case) in message.body) for message in mail.outbox] == [([sam.email], True)]
    console.post(page_of(case, "support_case_assign"), {"to": paula.pk})
    assert mail.outbox[-1].to == [paula.email]
    assert mail.outbox[-1].subject == "Sam assigned a case of Carol's Cakes to you"
    console.post(page_of(case, "support_case_assign"), {"to": ""})
    assert (mail.outbox[-1].to, "that you had to nobody" in mail.outbox[-1].body) == ([paula.email], True)
    client.post(write, {"text": "Still there?"})
    assert len(mail.outbox) == 3
    # One more word does not put it at the end of those that wait.
    since = HelpCase.objects.get().since
    assert since == case.since


def test_a_case_is_assigned_to_support_alone(console: Client, case: HelpCase, carol: User) -> None:
    assert console.post(page_of(case, "support_case_assign"), {"to": carol.pk}).status_code == 422
    assert HelpCase.objects.get().assigned_to is None


def test_the_owners_are_answered_where_who_asked_has_left(
    console: Client, bob: User, alice: User, northwind: Account
) -> None:
    case = asking.ask(northwind, sentence=WORDS, by=acting(bob))
    bob.memberships.all().delete()
    console.post(page_of(case, "support_case_answer"), {"text": ANSWER})
    assert mail.outbox[-1].to == [alice.email]
    bob.delete()
    assert "somebody who left" in text_of(console, page_of(case))


def test_the_states_of_a_case(console: Client, case: HelpCase) -> None:
    """An answer waits for the customer; one that solves it does not; each is taken back by a button."""
    for posted, state in (
        ({"text": ANSWER}, "WAITING"),
        ({"state": "OPEN"}, "OPEN"),
        ({"state": "WAITING"}, "WAITING"),
        ({"text": ANSWER, "solves": "on"}, "SOLVED"),
        ({"state": "OPEN"}, "OPEN"),
        ({"state": "SOLVED"}, "SOLVED"),
    ):
        name = "support_case_answer" if "text" in posted else "support_case_move"
        assert console.post(page_of(case, name), posted).status_code == 302
        assert HelpCase.objects.get().state == state
    answer = console.post(page_of(case, "support_case_answer"), {"text": " "})
    assert answer.status_code == 422
    assert "Write something first." in answer.content.decode()


@pytest.mark.parametrize("by", ["answer", "move"])
def test_support_opens_a_solved_case_again_within_the_ten_and_on_record(
    by: str, console: Client, case: HelpCase, carol: User, sam: User
) -> None:
    inbox.move(case, HelpCase.State.SOLVED, by=acting(sam))
    others = [asking.ask(case.account, sentence=WORDS, by=acting(carol)) for _ in range(asking.MOST_UNSOLVED)]
    posted = {"answer": {"text": ANSWER}, "move": {"state": "OPEN"}}[by]
    address = page_of(case, f"support_case_{by}")
    assert "already has 10 open cases" in unescape(console.post(address, posted, follow=True).content.decode())
    case.refresh_from_db()
    assert (case.state, case.messages.count()) == ("SOLVED", 0)
    asking.solve(others[0], by=acting(carol))
    assert console.post(address, posted).status_code == 302
    case.refresh_from_db()
    assert not case.is_solved
    entries = TimelineEntry.objects.about(case.installation_id or case.pk)
    assert entries.filter(kind="HELP_REOPENED").count() == 1


def test_an_answer_with_a_secret_is_not_sent(console: Client, case: HelpCase, application: Application) -> None:
    value = application.secrets.get().value()
    mail.outbox.clear()
    answer = console.post(page_of(case, "support_case_answer"), {"text": f"Use {value} from now on."})
    assert answer.status_code == 422
    assert f"This contains a secret or token, …{value[-4:]}." in unescape(answer.content.decode())
    assert (case.messages.count(), mail.outbox) == (0, [])


def test_the_inbox_has_who_waited_longest_first_and_is_narrowed(
    console: Client, sam: User, carol: User, cakes: Account, alice: User, northwind: Account
) -> None:
    def new(account: Account, who: User, reference: str = "") -> HelpCase:
        return asking.ask(account, sentence=WORDS, reference=reference, by=acting(who))

    Account.objects.filter(pk=cakes.pk).update(name="MÜLLER Kuchen")
    first, second, third, fourth = (
        new(cakes, carol),
        new(northwind, alice, "Ref-77"),
        new(cakes, carol),
        new(cakes, carol),
    )
    inbox.answer(third, ANSWER, by=acting(sam))
    inbox.move(fourth, HelpCase.State.SOLVED, by=acting(sam))
    inbox.assign(second, sam, by=acting(sam))
    asking.write(first, "Hello?", by=acting(carol))
    assert listed(console) == [first, second]
    assert listed(console, "?state=waiting") == [third]
    assert listed(console, "?state=solved") == [fourth]
    assert set(listed(console, "?state=all")) == {first, second, third, fourth}
    assert listed(console, "?sort=newest") == [second, first]
    assert listed(console, "?who=me") == [second]
    assert listed(console, "?who=nobody") == [first]
    assert set(listed(console, "?q=muller")) == {first, third, fourth}
    assert listed(console, "?q=ref-77 ") == [second]
    assert listed(console, "?q=nobody") == []
    assert listed(console, "?state=%00&who=%00&sort=%00") == [first, second]
    assert "Cases (2 open)" in text_of(console, "/support/")


def test_the_count_beside_the_link_has_an_end(console: Client, case: HelpCase) -> None:
    rows = [HelpCase(account=case.account, sentence=WORDS) for _ in range(inbox.MOST_COUNTED)]
    HelpCase.objects.bulk_create(rows)
    assert "Cases (100+ open)" in text_of(console, "/support/")


def test_the_inbox_asks_as_much_for_many_cases(
    console: Client, case: HelpCase, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    HelpCase.objects.bulk_create([HelpCase(account=case.account, sentence=WORDS) for _ in range(60)])
    with django_assert_max_num_queries(16):
        assert len(listed(console)) == 50


@pytest.mark.usefixtures("as_new")
def test_the_inbox_is_read_along_an_index(console: Client, case: HelpCase) -> None:
    """However many cases there are: none of them is sorted to show the first page."""
    HelpCase.objects.bulk_create([HelpCase(account=case.account, sentence=WORDS, state="SOLVED") for _ in range(5000)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for query in ("?state=solved", "?state=solved&sort=newest", "?state=all", "?state=all&sort=newest"):
        plan = console.get(CASES + query).context["list"].queryset[:51].explain()
        assert re.search(r"help_cases_(of_state_by_age|by_age|by_turn|by_state)\b", plan), (query, plan)
        assert not re.search(r"TEMP B-TREE FOR ORDER BY|-> +Sort ", plan), (query, plan)


def test_the_page_of_an_installation_has_its_open_cases(console: Client, case: HelpCase, sam: User) -> None:
    page = reverse("support_installation", args=[case.installation_id])
    assert page in text_of(console, page_of(case))
    assert page_of(case) in text_of(console, page)
    inbox.move(case, HelpCase.State.SOLVED, by=acting(sam))
    assert page_of(case) not in text_of(console, page)


def test_the_timeline_tells_each_side_its_own(
    console: Client, client_of: ClientOf, case: HelpCase, carol: User, alice: User, application: Application
) -> None:
    console.post(page_of(case, "support_case_answer"), {"text": ANSWER, "solves": "on"})
    told = ("asked support for help", "Help request answered", "Help request solved")
    installation = case.installation
    assert installation
    mine = text_of(client_of(carol), reverse("installation_detail", args=["carols-cakes", installation.pk]))
    activity = text_of(client_of(carol), reverse("account_activity", args=["carols-cakes"]))
    staff = text_of(console, reverse("support_installation", args=[installation.pk]))
    for words in told:
        assert mine.count(words) == activity.count(words) == staff.count(words) == 1, words
    assert "Help request answered by Support" in mine
    for name in ("application_activity", "application_overview", "application_installations"):
        theirs = text_of(client_of(alice), reverse(name, args=["northwind", application.pk]))
        assert not [words for words in (*told, WORDS, ANSWER, "of support") if words in theirs]


@pytest.fixture
def report(client_of: ClientOf, carol: User, installation: Installation) -> HelpCase:
    """From My apps."""
    client = client_of(carol)
    url = reverse("application_report", args=["carols-cakes", installation.application_id])
    assert url in text_of(client, reverse("installation_detail", args=["carols-cakes", installation.pk]))
    assert f'href="{url}"' in text_of(client, reverse("my_apps", args=["carols-cakes"]))
    answer = client.post(url, {"sentence": "It mails my customers."})
    assert answer.status_code == 422
    assert "It mails my customers." in answer.content.decode()
    assert client.post(url, {"complaint": "ASKS_TOO_MUCH", "sentence": "It mails my customers."}).status_code == 302
    return HelpCase.objects.get()


def test_a_report_reaches_support_and_never_the_developer(
    report: HelpCase, console: Client, client_of: ClientOf, alice: User, application: Application
) -> None:
    assert (report.kind, report.installation) == ("REPORT", None)
    page = text_of(console, page_of(report))
    for words in ("Report about Stock Bridge", "It asks for too much.", "It mails my customers.", "Carol"):
        assert words in page
    client = client_of(alice)
    for name in ("application_activity", "application_overview", "application_installations"):
        theirs = text_of(client, reverse(name, args=["northwind", application.pk]))
        assert "eported" not in theirs
        assert "mails my customers" not in theirs
    assert "eported" not in text_of(client, reverse("account_activity", args=["northwind"]))
    assert listed(console) == [report]
    assert not [message for message in mail.outbox if "alice" in message.to[0]]


def test_a_report_from_the_store(client_of: ClientOf, dave: User, depot: Account, installation: Installation) -> None:
    """Of what is neither listed nor installed there, nothing is said."""
    client = client_of(dave)
    url = reverse("application_report", args=[depot.slug, installation.application_id])
    posted = {"complaint": "LOOKS_LIKE_ANOTHER", "sentence": "It looks like ours."}
    assert (client.get(url).status_code, client.post(url, posted).status_code) == (404, 404)
    Application.objects.update(listing=Application.Listing.LISTED)
    store = reverse("store_application", args=[depot.slug, installation.application_id])
    assert url in text_of(client, store)
    assert client.post(url, posted).status_code == 302
    assert HelpCase.objects.get().account == depot


def test_only_support_has_an_inbox(client_of: ClientOf, case: HelpCase, carol: User, alice: User) -> None:
    of_staff = person("Quinn", "quinn@linnapp.example", is_staff=True)
    for who in (carol, alice, of_staff):
        client = client_of(who)
        assert client.get(CASES).status_code == client.get(page_of(case)).status_code == 404
        for name in ("answer", "move", "assign"):
            answer = client.post(page_of(case, f"support_case_{name}"), {"text": "x", "state": "SOLVED", "to": ""})
            assert answer.status_code == 404
    case.refresh_from_db()
    assert (case.state, case.messages.count()) == ("OPEN", 0)
