"""Which mails a person gets: those that may be switched off, by kind and account, and those that always come."""

import re
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone

from installs.help import asking, inbox
from installs.installations import suspending_accounts, update_mails
from installs.models import Installation, PostbackHost
from installs.postbacks import alerts
from linnapp import mail as portal_mail
from linnapp import mail_choices
from linnapp.models import Account, Application, MailRefusal, Membership, User
from tests.kit.consenting import external, release
from tests.kit.people import ClientOf, acting

pytestmark = pytest.mark.django_db
PAGE = "/profile/mails/"
FOOT = f"Choose which e-mails you get: {settings.SITE_URL}{PAGE}"
Kind = portal_mail.Kind


def sent() -> list[tuple[str, str]]:
    """To whom, and the subject."""
    found = [(message.to[0], str(message.subject)) for message in mail.outbox]
    mail.outbox.clear()
    return found


def ticked(browser: Client) -> dict[str, set[str]]:
    """By kind, as the page has it."""
    page = browser.get(PAGE).content.decode()
    found: dict[str, set[str]] = {}
    for name, value, more in re.findall(r'<input type="checkbox" name="(\w+)" value="([\w-]+)"([^>]*)>', page):
        found.setdefault(name, set())
        if "checked" in more:
            found[name].add(value)
    return found


def choose(browser: Client, **wanted: Any) -> None:
    """What is not named stays as it is."""
    answer = browser.post(PAGE, {name: list(values) for name, values in (ticked(browser) | wanted).items()})
    assert answer.headers["Location"] == PAGE


@pytest.fixture
def host(application: Application) -> PostbackHost:
    return PostbackHost.objects.create(application=application, host="hooks.x.example", failing_since=timezone.now())


def test_everything_is_on_at_first_and_staff_have_a_choice_of_their_own(
    alice: User, northwind: Account, sam: User, client_of: ClientOf
) -> None:
    assert ticked(client_of(alice)) == {kind: {"all"} for kind in ("UPDATES", "POSTBACKS", "HELP")}
    assert ticked(client_of(sam)) == {kind: {"all"} for kind in ("UPDATES", "POSTBACKS", "HELP", "CASES")}
    page = unescape(client_of(alice).get(PAGE).content.decode())
    assert "You cannot switch these off" in page


def test_alerts_that_one_owner_does_not_want_come_to_the_others(
    host: PostbackHost, application: Application, alice: User, bob: User, client_of: ClientOf
) -> None:
    Membership.objects.filter(user=bob).update(role="OWNER")
    alerts.parked(host)
    assert [to for to, _ in sent()] == [alice.email, bob.email]
    choose(client_of(alice), POSTBACKS=[])
    host.delete()
    again = PostbackHost.objects.create(
        application=application, host="other.x.example", failing_since=host.failing_since
    )
    alerts.parked(again)
    assert [to for to, _ in sent()] == [bob.email]


def test_of_many_addresses_those_stay_that_want_the_mail(northwind: Account, alice: User, bob: User) -> None:
    mail_choices.stop(alice, Kind.HELP)
    assert mail_choices.wanting(Kind.HELP, [alice.email, bob.email], northwind) == [bob.email]


def test_a_choice_is_made_for_each_account(
    northwind: Account, cakes: Account, carol: User, sam: User, client_of: ClientOf
) -> None:
    Membership.objects.create(account=northwind, user=carol, role="OWNER")
    browser = client_of(carol)
    assert ticked(browser)["HELP"] == {"all", str(northwind.pk), str(cakes.pk)}
    choose(browser, HELP=["all", str(northwind.pk)])
    assert ticked(browser)["HELP"] == {"all", str(northwind.pk)}
    answered = {}
    for account in (northwind, cakes):
        case = asking.ask(account, sentence="It does not work.", by=acting(carol))
        mail.outbox.clear()
        inbox.answer(case, "Since when?", by=acting(sam))
        answered[account.slug] = sent()
    assert answered == {"northwind": [(carol.email, "Support answered you")], "carols-cakes": []}


def test_updates_of_one_account_only_and_none_at_all(
    installation: Installation, application: Application, carol: User, alice: User, client_of: ClientOf
) -> None:
    release(application, (1, 1, 0), external(moduleName="Newer"), alice)
    choose(client_of(carol), UPDATES=[])
    assert not list(update_mails.owners_due())
    # The link in the mail, which asks for no sign-in, is the same choice.
    assert update_mails.are_stopped(carol)
    update_mails.start_again(carol)
    assert ticked(client_of(carol))["UPDATES"] == {"all"}
    assert update_mails.send_due() == 1
    assert FOOT in str(mail.outbox[0].body)


def test_each_that_may_be_switched_off_says_where(
    host: PostbackHost, alice: User, northwind: Account, sam: User, paula: User
) -> None:
    alerts.parked(host)
    case = asking.ask(northwind, sentence="It does not work.", by=acting(alice))
    inbox.assign(case, to=sam, by=acting(paula))
    assert [FOOT in str(message.body) for message in mail.outbox] == [True, True]


def test_what_staff_do_to_an_account_always_comes(alice: User, northwind: Account, paula: User) -> None:
    for kind in Kind:
        MailRefusal.objects.create(user=alice, kind=kind)
    suspending_accounts.suspend_account(northwind, by=acting(paula, reason="They send spam."))
    assert [to for to, _ in sent()] == [alice.email]
    always = set(Kind) - mail_choices.OPTIONAL
    assert always == {Kind.INVITATION, Kind.CONFIRMATION, Kind.PASSWORD, Kind.SIGN_IN, Kind.NOTICE, Kind.OTHER}


def test_a_case_that_is_assigned_is_no_mail_for_who_wants_none(
    alice: User, northwind: Account, sam: User, paula: User, client_of: ClientOf
) -> None:
    choose(client_of(sam), CASES=[])
    case = asking.ask(northwind, sentence="It does not work.", by=acting(alice))
    inbox.assign(case, to=sam, by=acting(paula))
    assert sent() == []


def test_nobody_chooses_for_accounts_of_others(
    alice: User, northwind: Account, depot: Account, client_of: ClientOf
) -> None:
    answer = client_of(alice).post(PAGE, {"HELP": ["all", str(depot.pk)]})
    assert answer.status_code == 422
    assert not MailRefusal.objects.exists()
