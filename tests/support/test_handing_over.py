"""Who of support has a case: taken, handed to a colleague with a note, given back; the customer reads none of it."""

import pytest
from django.core import mail
from django.test import Client

from installs.help import asking
from installs.models import CaseAssignment, HelpCase, Installation
from installs.support import handing_over
from linnapp.errors import NotPossible
from linnapp.models import Account, User
from tests.kit.consenting import read
from tests.kit.people import ClientOf, acting, person, support_group
from tests.support.test_acts_of_support import case_of
from tests.support.test_support_messages import pages_of_customer, pages_of_developer

pytestmark = pytest.mark.django_db
NOTE = "Waits for the wallaby invoice."


@pytest.fixture
def tess(db: None) -> User:
    """Of Support, too."""
    user = person("Tess", "tess@linnapp.example", is_staff=True)
    user.groups.add(support_group())
    return user


@pytest.fixture
def console(sam: User, client_of: ClientOf) -> Client:
    return client_of(sam)


def hand_over(client: Client, installation: Installation, to: User | None, note: str = "") -> str:
    typed = {"to": str(to.pk) if to else "nobody", "note": note}
    return read(client.post(case_of(installation, "hand-over"), typed, follow=True))


def test_a_case_is_handed_to_a_colleague_who_is_told(
    console: Client, sam: User, tess: User, installation: Installation, client_of: ClientOf
) -> None:
    mail.outbox.clear()
    page = hand_over(console, installation, tess, NOTE)
    assert "Tess has this case now, and gets an e-mail." in page
    assert "Assigned to Tess, since" in page
    [sent] = mail.outbox
    assert sent.to == [tess.email]
    assert NOTE in sent.body
    assert case_of(installation) in sent.body
    found = read(client_of(tess).get("/support/"))
    assert "Assigned to you" in found
    assert NOTE in found
    assert "Assigned to you" not in read(console.get("/support/"))
    assert "Case assigned to Tess by Sam" in read(console.get(case_of(installation)))


def test_one_takes_a_case_and_gives_it_back_without_a_mail(
    console: Client, sam: User, installation: Installation
) -> None:
    mail.outbox.clear()
    assert "This case is yours." in hand_over(console, installation, sam)
    assert CaseAssignment.objects.get().assigned_to == sam
    assert "Nobody has this case now." in hand_over(console, installation, None)
    assert not CaseAssignment.objects.exists()
    assert not mail.outbox
    assert "Assigned to you" not in read(console.get("/support/"))


def test_a_case_has_one_person_at_a_time(
    console: Client, sam: User, tess: User, paula: User, installation: Installation
) -> None:
    for to in (tess, paula, tess):
        hand_over(console, installation, to, NOTE)
    assert CaseAssignment.objects.get().assigned_to == tess
    assert [case.installation for case in handing_over.assigned_to(tess)] == [installation]
    assert not handing_over.assigned_to(paula)


def test_what_the_account_asked_goes_along_and_nobody_elses(
    console: Client,
    sam: User,
    tess: User,
    paula: User,
    carol: User,
    dave: User,
    depot: Account,
    installation: Installation,
) -> None:
    """Whoever loses it is told by mail, with what moved."""

    def asked(who: User, account: Account, words: str, has: User | None) -> HelpCase:
        case = asking.ask(account, sentence=words, installation=installation, by=acting(who))
        HelpCase.objects.filter(pk=case.pk).update(assigned_to=has)
        return case

    hand_over(console, installation, tess)
    free = asked(carol, installation.account, "Nobody has it.", None)
    hers = asked(carol, installation.account, "Tess has it.", tess)
    others = asked(carol, installation.account, "Paula took it.", paula)
    elsewhere = asked(dave, depot, "A reference of Carol's.", None)
    HelpCase.objects.filter(pk=elsewhere.pk).update(installation=None, led_to=installation)
    mail.outbox.clear()
    hand_over(console, installation, sam)
    has = {case.pk: case.assigned_to for case in HelpCase.objects.all()}
    assert has == {free.pk: sam, hers.pk: sam, others.pk: paula, elsewhere.pk: None}
    [sent] = mail.outbox
    assert (sent.to, sent.subject) == ([tess.email], "Stock Bridge on Carol's Cakes is no longer yours")
    assert "Sam took the case of Stock Bridge on Carol's Cakes, which you had." in sent.body
    assert "- Nobody has it.\n- Tess has it.\n" in sent.body
    assert "Paula took it." not in sent.body


def test_only_people_of_support_give_and_get_one(
    console: Client, sam: User, alice: User, carol: User, dave: User, installation: Installation, client_of: ClientOf
) -> None:
    away = person("Uma", "uma@linnapp.example", is_staff=True)
    for to in (alice, away):
        answer = console.post(case_of(installation, "hand-over"), {"to": str(to.pk)})
        assert (answer.status_code, "Choose somebody in support." in read(answer)) == (422, True)
        with pytest.raises(NotPossible):
            handing_over.assign(installation, to=to, by=acting(sam))
    for who in (alice, carol, dave, away):
        client = client_of(who)
        assert client.get(case_of(installation, "hand-over")).status_code == 404
        assert client.post(case_of(installation, "hand-over"), {"to": str(sam.pk)}).status_code == 404
    assert not CaseAssignment.objects.exists()


def test_neither_customer_nor_developer_reads_who_has_it(
    console: Client, tess: User, alice: User, carol: User, installation: Installation, client_of: ClientOf
) -> None:
    hand_over(console, installation, tess, NOTE)
    hand_over(console, installation, None)
    shown = pages_of_customer(client_of(carol), installation) + pages_of_developer(client_of(alice), installation)
    assert len(shown) == 7
    for page in shown:
        assert "Tess" not in page
        assert "wallaby" not in page
        assert "Case " not in page


def test_the_link_to_a_case_can_be_copied(console: Client, installation: Installation) -> None:
    page = console.get(case_of(installation)).content.decode()
    assert f'{case_of(installation)}"' in page.partition('data-copy="http')[2]
