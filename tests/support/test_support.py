import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from installs.installations import rotating
from installs.models import Delivery, Installation, RefusalGroup, RefusalSample
from linnapp import credentials, timeline
from linnapp.models import Account, Application, TimelineEntry, User
from tests.admin.test_admin import make_session
from tests.kit.people import ClientOf, acting
from tests.kit.posting import install, wait_for_200, with_postback

pytestmark = pytest.mark.django_db
SUPPORT = "/support/"


def case_of(installation: Installation) -> str:
    return f"/support/installations/{installation.pk}/"


def refuse(installation: Installation | None, reference: str, reason: str = "TOKEN_ENDED", count: int = 1) -> None:
    now = timezone.now()
    group = RefusalGroup.objects.create(
        key=reference,
        hour=now.replace(minute=0),
        reason=reason,
        installation_id=installation.pk if installation else None,
        address="192.0.2.0/24",
        count=count,
        last_at=now,
    )
    RefusalSample.objects.create(group=group, reference=reference, at=now, facts={"Token": "…9f3a"})


def search(client: Client, text: str) -> str:
    """Where the search leads, or the page it shows."""
    answer = client.post(SUPPORT, {"q": text})
    return answer.headers.get("Location") or answer.content.decode()


def test_an_installation_is_found_by_its_id_in_any_spelling(console: Client, installation: Installation) -> None:
    spelled = str(installation.pk)
    for text in (spelled, spelled.upper(), installation.pk.hex, f"{{{spelled}}}", f"  it says id {spelled}, help! "):
        assert search(console, text) == case_of(installation)


def test_a_pasted_token_leads_to_its_installation(console: Client, installation: Installation) -> None:
    permanent = installation.permanent_tokens.get().value()
    session_token = credentials.new_credential()
    session = make_session(installation)
    session.digest = credentials.digest(session_token)
    session.save()
    for text in (permanent, permanent.replace("-", "").upper(), f"Authorization: {session_token}"):
        assert search(console, text) == case_of(installation)


def test_nothing_pasted_that_may_be_a_token_is_shown_again(console: Client, installation: Installation) -> None:
    foreign = str(uuid4())
    page = search(console, foreign)
    assert "Nothing found" in page
    assert foreign not in page
    secret = installation.application.secrets.get().value()
    page = search(console, f"secret: {secret}")
    assert "Stock Bridge" in page
    assert secret not in page


@pytest.fixture
def owed(application: Application, cakes: Account, alice: User, carol: User) -> Delivery:
    """A postback that Carol's Cakes' installation of Stock Bridge led to."""
    version = with_postback(application, "https://hooks.northwind.example/[{TOKEN}]", alice)
    delivery = install(application, cakes, version, carol).delivery
    assert delivery is not None
    return delivery


def test_a_webhook_id_leads_to_its_installation_and_a_tests_to_its_application(
    console: Client, owed: Delivery, application: Application
) -> None:
    assert owed.installation is not None
    assert search(console, f"webhook-id: {owed.pk}") == case_of(owed.installation)
    test = Delivery.objects.create(
        application=application, event=Delivery.Event.TEST, url="https://x.example/", nonce="t"
    )
    assert f"Installations of {application.name}" in search(console, str(test.pk))


def test_the_case_says_why_an_installation_failed(
    console: Client, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    wait_for_200(application)
    version = with_postback(application, "https://hooks.northwind.example/", alice)
    row = install(application, cakes, version, carol).installation
    assert "The installation failed" not in console.get(case_of(row)).content.decode()
    Installation.objects.update(state="FAILED", failed_at=timezone.now(), failure="Answered 500.")
    page = console.get(case_of(row)).content.decode()
    assert "The installation failed" in page
    assert "Answered 500." in page
    assert "can install it again once hooks.northwind.example answers 200" in page


def test_a_reference_leads_to_the_installation_that_was_refused(console: Client, installation: Installation) -> None:
    refuse(installation, "0123456789abcdef")
    found = search(console, "Reference 0123456789ABCDEF.")
    assert found == f"{case_of(installation)}?reference=0123456789abcdef"
    page = console.get(found).content.decode()
    assert "Refused exchange" in page
    assert "192.0.2.0/24" in page
    foreign = console.get(case_of(installation), {"reference": "f" * 16}).content.decode()
    assert "Refused exchange" not in foreign


def test_a_reference_of_nobody_proven_shows_the_cause(console: Client) -> None:
    refuse(None, "0123456789abcdef", "UNPROVEN")
    page = search(console, "0123456789abcdef")
    assert "Application ID, Application Secret or token is wrong" in page
    assert "192.0.2.0/24" in page


@pytest.mark.parametrize("text", ["carol@carolscakes.example", "CAROL", "carols-cakes", "stock br"])
def test_words_find_company_person_and_application(console: Client, installation: Installation, text: str) -> None:
    assert f'href="{case_of(installation)}"' in search(console, text)


def test_an_account_and_an_application_are_found_by_id(console: Client, installation: Installation) -> None:
    for key in (installation.account_id, installation.application_id, installation.application.account_id):
        assert f'href="{case_of(installation)}"' in search(console, str(key))


def test_nothing_typed_is_said(console: Client) -> None:
    answer = console.post(SUPPORT, {"q": " "})
    assert answer.status_code == 422
    assert "Paste something first." in answer.content.decode()


def test_words_that_find_nothing_are_kept(console: Client) -> None:
    assert 'value="no such company"' in search(console, "no such company")


def test_what_is_searched_for_is_never_in_the_address(console: Client, installation: Installation) -> None:
    page = console.get(SUPPORT, {"q": str(installation.pk)})
    assert page.status_code == 200
    assert str(installation.pk) not in page.content.decode()
    assert 'method="post" action="/support/"' in page.content.decode()


def test_the_case_tells_what_happened_and_never_a_secret(console: Client, installation: Installation) -> None:
    make_session(installation)
    refuse(installation, "0123456789abcdef", count=412)
    page = console.get(case_of(installation)).content.decode()
    assert "Carol&#x27;s Cakes · Stock Bridge" in page
    assert "1.0.0 installed by Carol" in page
    assert "The permanent token was replaced by a newer one" in page
    assert "412 times" in page
    assert "1 live" in page
    assert "never shown to support" in page
    token, secret = installation.permanent_tokens.get(), installation.application.secrets.get()
    for value in (
        token.value(),
        token.tail,
        token.digest,
        secret.value(),
        secret.tail,
        installation.application.summary,
    ):
        assert not value or not re.search(rf"(?<![0-9a-f-]){re.escape(value)}(?![0-9a-f-])", page)
    assert "reveal" not in page.lower()


def test_looking_is_on_record_once_an_hour_and_the_customer_reads_it(
    console: Client, installation: Installation, sam: User, paula: User, client_of: ClientOf
) -> None:
    for _ in range(3):
        console.get(case_of(installation))
    views = TimelineEntry.objects.filter(kind="SUPPORT_VIEWED")
    assert [(view.actor_id, view.subject_id) for view in views] == [(sam.pk, installation.pk)]
    client_of(paula).get(case_of(installation))
    assert views.all().count() == 2
    views.update(at=timezone.now() - timedelta(minutes=61))
    console.get(case_of(installation))
    assert views.all().count() == 3
    entries = TimelineEntry.objects.about(installation.pk).newest_first()
    assert "Viewed by Support" in [line.sentence for line in timeline.lines(entries, timeline.Side.CUSTOMER)]
    assert "Viewed by Sam" in [line.sentence for line in timeline.lines(entries, timeline.Side.STAFF)]


def test_the_console_shows_what_was_looked_at(console: Client, installation: Installation) -> None:
    assert case_of(installation) not in console.get(SUPPORT).content.decode()
    console.get(case_of(installation))
    assert case_of(installation) in console.get(SUPPORT).content.decode()


def test_the_console_is_open_to_nobody_else(
    installation: Installation, alice: User, carol: User, dave: User, client_of: ClientOf
) -> None:
    staff = User.objects.create_user("stan@linnapp.example", "x", name="Stan", is_staff=True)
    for person in (alice, carol, dave, staff):
        client = client_of(person)
        assert client.get(SUPPORT).status_code == 404
        assert client.post(SUPPORT, {"q": str(installation.pk)}).status_code == 404
        assert client.get(case_of(installation)).status_code == 404
    assert Client().get(SUPPORT).headers["Location"] == "/sign-in/?next=/support/"
    assert not TimelineEntry.objects.filter(kind="SUPPORT_VIEWED").exists()


def test_the_case_can_only_be_read(console: Client, installation: Installation) -> None:
    assert console.post(case_of(installation)).status_code == 405
    assert console.get(f"/support/installations/{uuid4()}/").status_code == 404


def test_a_long_story_is_paged(console: Client, installation: Installation) -> None:
    TimelineEntry.objects.bulk_create(
        TimelineEntry(kind="AUTHORISED_AGAIN", side="CUSTOMER", subject_id=installation.pk, actor_name=f"Person {n}")
        for n in range(150)
    )
    first = console.get(case_of(installation)).content.decode()
    assert "Authorised again by Person 149" in first
    page = first
    for _ in range(3):
        older = re.search(r'href="([^"]+)" rel="next"', page)
        assert older
        page = console.get(unescape(older[1])).content.decode()
    assert "1.0.0 installed by Carol" in page
    assert "Person 149 " not in page
    for odd in ("nonsense", "9" * 5000, "²"):
        assert console.get(case_of(installation), {"after": odd, "since": odd}).status_code == 200


def test_search_and_case_cost_the_same_however_much_there_is(
    console: Client,
    installation: Installation,
    application: Application,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    accounts = Account.objects.bulk_create(
        Account(name=f"Customer {n}", slug=f"customer-{n}", contact_email="c@x.example") for n in range(60)
    )
    Installation.objects.bulk_create(
        Installation(application=application, account=account, version=installation.version) for account in accounts
    )
    for _ in range(30):
        make_session(installation)
    # SQLite is asked first whether most have the word.
    with django_assert_max_num_queries(22):
        console.post(SUPPORT, {"q": "customer"})
    with django_assert_max_num_queries(20):
        console.post(SUPPORT, {"q": str(application.pk)})
    console.get(case_of(installation))
    with django_assert_max_num_queries(45):
        console.get(case_of(installation))


def test_the_case_names_the_old_permanent_token_that_still_works(
    console: Client, installation: Installation, paula: User
) -> None:
    page = f"/support/installations/{installation.pk}/"
    assert "the old one also works" not in console.get(page).content.decode()
    rotation = rotating.rotate(installation, by=acting(paula, reason="It leaked."))
    shown = console.get(page).content.decode()
    assert f"…{rotation.new.tail} <small>never shown to support" in shown
    assert f"…{rotation.old.tail} <small>the old one also works, until the new one is used" in shown
    for token in (rotation.new, rotation.old):
        assert token.value() not in shown
    rotating.end_old_token(installation, by=acting(paula, reason="It leaked."))
    assert "the old one also works" not in console.get(page).content.decode()
