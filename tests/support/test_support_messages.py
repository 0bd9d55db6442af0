"""What support writes to the developer or to the customer: by mail, and on record for that side alone."""

import pytest
from django.core import mail
from django.test import Client

from installs.models import Installation
from installs.support.messages import MOST_A_DAY
from linnapp.models import Account, TimelineEntry, User
from tests.kit.consenting import read
from tests.kit.people import ClientOf
from tests.support.test_acts_of_support import case_of

pytestmark = pytest.mark.django_db
TEXT = "Your client still sends …bd4f.\n\nSend the new one, please."
TYPED = {"subject": "Stock Bridge on Carol's Cakes", "text": TEXT}


def to_developer(installation: Installation) -> str:
    return case_of(installation, "acts", "tell-developer")


def to_customer(installation: Installation) -> str:
    return case_of(installation, "acts", "tell-customer")


def pages_of_customer(client: Client, installation: Installation) -> list[str]:
    here = f"/a/{installation.account.slug}"
    paths = (f"{here}/apps/{installation.pk}/", f"{here}/activity/", f"{here}/activity/?format=csv")
    return [_text(client, path) for path in paths]


def pages_of_developer(client: Client, installation: Installation) -> list[str]:
    application = installation.application
    here = f"/a/{application.account.slug}"
    of_application = f"{here}/applications/{application.pk}/activity/"
    paths = (of_application, f"{of_application}?format=csv", f"{here}/activity/", f"{here}/activity/?format=csv")
    return [_text(client, path) for path in paths]


def _text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return b"".join(answer).decode() if answer.streaming else answer.content.decode()


@pytest.fixture
def console(sam: User, client_of: ClientOf) -> Client:
    return client_of(sam)


def test_the_developers_team_gets_it_and_the_customer_reads_nothing_of_it(
    console: Client, installation: Installation, alice: User, bob: User, carol: User, client_of: ClientOf
) -> None:
    page = console.get(to_developer(installation)).content.decode()
    assert f"Installation: {installation.pk}" in page
    assert "Alice" in page
    assert "Bob" in page
    mail.outbox.clear()
    console.post(to_developer(installation), TYPED)
    assert sorted(address for message in mail.outbox for address in message.to) == [alice.email, bob.email]
    [body] = {str(message.body) for message in mail.outbox}
    assert TEXT in body
    assert f"/applications/{installation.application_id}/activity/?installation={installation.pk}" in body
    assert any(TEXT.partition("\n")[0] in page for page in pages_of_developer(client_of(alice), installation)[:1])
    assert TEXT.partition("\n")[0] in pages_of_developer(client_of(alice), installation)[2]
    for shown in pages_of_customer(client_of(carol), installation):
        assert "…bd4f" not in shown
        assert "Support wrote" not in shown
    assert "Sam wrote to Northwind: Stock Bridge on Carol's Cakes" in read(console.get(case_of(installation)))


def test_the_customers_owners_get_it_and_the_developer_reads_nothing_of_it(
    console: Client, installation: Installation, alice: User, carol: User, client_of: ClientOf
) -> None:
    mail.outbox.clear()
    console.post(to_customer(installation), TYPED)
    [sent] = mail.outbox
    assert sent.to == [carol.email]
    assert f"/a/{installation.account.slug}/apps/{installation.pk}/" in sent.body
    mine = pages_of_customer(client_of(carol), installation)
    assert "Support wrote to Carol" in mine[0]
    assert "bd4f" in mine[0]
    assert "bd4f" in mine[1]
    for shown in pages_of_developer(client_of(alice), installation):
        assert "…bd4f" not in shown
        assert "wrote to" not in shown


def test_a_reference_stands_in_what_a_message_begins_with(console: Client, installation: Installation) -> None:
    for page in (to_developer(installation), to_customer(installation)):
        shown = console.get(page, {"reference": "0123456789abcdef", "cause": "<script>"}).content.decode()
        assert "Reference: 0123456789abcdef" in shown
        assert "&lt;script" not in shown


def test_what_was_typed_stays_where_it_is_refused(console: Client, installation: Installation) -> None:
    value = installation.permanent_tokens.get().value()
    mail.outbox.clear()
    answer = console.post(to_customer(installation), {**TYPED, "text": f"You sent {value} to us."})
    assert answer.status_code == 422
    assert "This contains a secret or token" in read(answer)
    assert f"You sent {value} to us." in answer.content.decode()
    assert not mail.outbox
    assert not TimelineEntry.objects.filter(kind="SUPPORT_WROTE").exists()


def test_somebody_writes_so_many_about_an_installation_within_a_day(
    console: Client, installation: Installation, paula: User, client_of: ClientOf
) -> None:
    for number in range(MOST_A_DAY):
        page = to_customer(installation) if number % 2 else to_developer(installation)
        assert console.post(page, TYPED).status_code == 302
    mail.outbox.clear()
    answer = console.post(to_customer(installation), TYPED)
    assert answer.status_code == 422
    assert f"You wrote {MOST_A_DAY} messages about this installation in a day." in read(answer)
    assert "Your client still sends" in answer.content.decode()
    assert not mail.outbox
    assert client_of(paula).post(to_customer(installation), TYPED).status_code == 302


def test_nobody_to_write_to_is_said(console: Client, installation: Installation, carol: User) -> None:
    carol.is_active = False
    carol.save()
    assert "there is nobody to write to" in read(console.get(to_customer(installation)))
    answer = console.post(to_customer(installation), TYPED)
    assert "there is nobody to write to" in read(answer)


def test_on_its_own_account_there_is_one_side_to_write_to(
    console: Client, northwind: Account, installation: Installation
) -> None:
    Installation.objects.filter(pk=installation.pk).update(account=northwind)
    page = console.get(case_of(installation)).content.decode()
    assert "/acts/tell-developer/" in page
    assert "/acts/tell-customer/" not in page
