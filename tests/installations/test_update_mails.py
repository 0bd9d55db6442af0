"""Owners are told of updates by mail: once a week at most, and not after one click."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.db.models.signals import post_init
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from installs import tasks
from installs.installations import lifecycle, moving, suspending, update_mails
from installs.models import Installation, UpdateMailing
from linnapp.models import Account, Application, Membership, User, Version
from tests.kit.consenting import external, read, release
from tests.kit.people import ClientOf, acting


@pytest.fixture
def latest(installation: Installation, alice: User) -> Version:
    return release(installation.application, (1, 1, 0), external(moduleName="Newer"), alice)


def send() -> list[str]:
    """Who is mailed by one run of the job."""
    mail.outbox.clear()
    tasks.mail_about_updates.call_local()
    return sorted(address for message in mail.outbox for address in message.to)


def pass_days(days: int) -> None:
    """As if the last mail went out so much earlier."""
    for row in UpdateMailing.objects.exclude(sent_at=None):
        UpdateMailing.objects.filter(pk=row.pk).update(sent_at=row.sent_at - timedelta(days=days))  # type: ignore[operator]


def install_older(application: Application, account: Account, version: Version, latest: Version, by: User) -> None:
    """As if it had been installed before the latest version came."""
    Version.objects.filter(pk=latest.pk).update(withdrawn_at=timezone.now())
    lifecycle.install(application, account=account, version=version, by=acting(by))
    Version.objects.filter(pk=latest.pk).update(withdrawn_at=None)


def link_in(message: Any) -> str:
    found = re.fullmatch(r"<https?://[^/]+(/[^>]*)>", message.extra_headers["List-Unsubscribe"])
    assert found
    return found[1]


def test_owners_with_an_update_waiting_are_told_what_and_where(
    installation: Installation, latest: Version, cakes: Account, carol: User, alice: User, dave: User, depot: Account
) -> None:
    Membership.objects.create(account=cakes, user=alice, role=Membership.Role.DEVELOPER)
    lifecycle.install(installation.application, account=depot, version=latest, by=acting(dave))
    assert send() == [carol.email]
    (message,) = mail.outbox
    assert message.subject == "1 application has an update"
    assert "Carol's Cakes: Stock Bridge 1.0.0, 1.1.0 is available" in message.body
    assert reverse("installation_update", args=[cakes.slug, installation.pk]) in message.body
    assert link_in(message) in message.body
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert lifecycle.current_token(installation).value() not in message.body


def asking_for(*nodes: str) -> dict[str, Any]:
    return external() | {"LinnworksPermissions": [f"GlobalPermissions.{node}" for node in nodes]}


def test_what_an_update_newly_reaches_is_told_as_its_page_tells_it(
    installation: Installation, carol: User, alice: User
) -> None:
    few = release(installation.application, (1, 1, 0), asking_for("OrderBook.ViewOrderDetailsNode"), alice)
    moving.update(installation, to=few, by=acting(carol))
    more = ["Inventory.EditStockLevelNode", "OrderBook.DeleteOrderNode", "Stock.StockCountNode", "Users.ViewUsersNode"]
    release(installation.application, (1, 2, 0), asking_for("OrderBook.ViewOrderDetailsNode", *more), alice)
    assert send() == [carol.email]
    assert (
        "Stock Bridge 1.1.0, 1.2.0 is available\n"
        "  It will newly be able to:\n"
        "  - Change how many of each product you have\n"
        "  - Delete orders\n"
        "  - Count your stock\n"
        "  - and 1 more\n"
        "  http"
    ) in str(mail.outbox[0].body)


def test_an_update_that_reaches_nothing_new_is_told_without_a_word_of_it(
    installation: Installation, latest: Version, carol: User
) -> None:
    assert send() == [carol.email]
    assert "1.1.0 is available\n  http" in str(mail.outbox[0].body)


def test_a_person_has_one_mail_for_all_accounts(
    installation: Installation, latest: Version, version: Version, depot: Account, carol: User, dave: User
) -> None:
    install_older(installation.application, depot, version, latest, dave)
    Membership.objects.create(account=depot, user=carol, role=Membership.Role.OWNER)
    assert send() == [carol.email, dave.email]
    (to_carol,) = [message for message in mail.outbox if message.to == [carol.email]]
    assert to_carol.subject == "2 applications have an update"
    assert "Dave's Depot: Stock Bridge" in to_carol.body


def test_a_week_has_one_mail_at_most_and_only_news_make_another(
    installation: Installation, latest: Version, carol: User, alice: User
) -> None:
    assert send() == [carol.email]
    assert send() == []
    release(installation.application, (1, 2, 0), external(moduleName="Newest"), alice)
    assert send() == []
    pass_days(6)
    assert send() == []
    pass_days(1)
    assert send() == [carol.email]


def test_nobody_is_told_of_the_same_update_again(
    installation: Installation, latest: Version, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert send() == [carol.email]
    later = timezone.now() + timedelta(days=30)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert send() == []
    assert len(update_mails.waiting_for(carol)) == 1


def owners_with_an_update(installation: Installation, latest: Version, count: int) -> list[User]:
    base = Account.objects.count()
    names = [f"other-{base + number}" for number in range(count)]
    people = [User.objects.create(email=f"{name}@example.com", name=name) for name in names]
    for name, person in zip(names, people, strict=True):
        account = Account.objects.create(name=name, slug=name)
        Membership.objects.create(account=account, user=person, role=Membership.Role.OWNER)
        facts = {key: getattr(installation, key) for key in ("application", "version", "state")}
        row = Installation.objects.create(**facts, account=account)
        UpdateMailing.objects.create(user=person, told=[f"{row.pk}:{latest.pk}"])
    return people


def test_those_who_were_told_cost_no_statements_of_their_own(installation: Installation, latest: Version) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            send()
        return len(asked)

    send()
    owners_with_an_update(installation, latest, 2)
    few = statements()
    owners_with_an_update(installation, latest, 30)
    assert statements() == few
    assert few < 20


def test_people_are_looked_at_some_at_a_time(
    installation: Installation, latest: Version, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update_mails, "TOGETHER", 2)
    others = owners_with_an_update(installation, latest, 5)
    UpdateMailing.objects.update(told=[])
    assert send() == sorted(person.email for person in [carol, *others])


def test_what_was_suspended_and_comes_back_is_not_told_again(
    installation: Installation, latest: Version, version: Version, depot: Account, carol: User, dave: User
) -> None:
    assert send() == [carol.email]
    suspending.suspend(installation, by=acting(carol))
    install_older(installation.application, depot, version, latest, dave)
    Membership.objects.create(account=depot, user=carol, role=Membership.Role.OWNER)
    pass_days(7)
    assert carol.email in send()
    suspending.resume(installation, by=acting(carol))
    pass_days(7)
    assert carol.email not in send()


def test_nothing_waiting_is_no_mail(installation: Installation, latest: Version, carol: User) -> None:
    moving.update(installation, to=latest, by=acting(carol))
    assert send() == []
    assert not UpdateMailing.objects.exists()


def test_one_click_without_signing_in_ends_them(
    installation: Installation, latest: Version, carol: User, alice: User
) -> None:
    send()
    link = link_in(mail.outbox[0])
    program = Client(enforce_csrf_checks=True)
    answer = program.post(link, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert "E-mails about updates are off" in read(answer)
    UpdateMailing.objects.update(sent_at=None, told=[])
    assert send() == []


def test_the_link_asks_and_a_scanner_that_follows_it_ends_nothing(
    installation: Installation, latest: Version, carol: User
) -> None:
    send()
    link, client = link_in(mail.outbox[0]), Client()
    for _ in range(2):
        assert "Turn them off" in read(client.get(link))
    assert not update_mails.are_stopped(carol)
    assert "Turn them on again" in read(client.post(link))
    assert client.post(f"{link}again/").headers["Location"] == link
    assert "Turn them off" in read(client.get(link))
    UpdateMailing.objects.update(sent_at=None, told=[])
    assert send() == [carol.email]


def test_a_link_made_up_ends_nothing(installation: Installation, latest: Version, carol: User, dave: User) -> None:
    key = update_mails.key_of(carol)
    for made_up in (str(carol.pk), key[:-1], f"{dave.pk}:{key.partition(':')[2]}", "x"):
        for name in ("update_mails_stop", "update_mails_start_again"):
            assert Client().post(reverse(name, args=[made_up])).status_code == 404
    assert send() == [carol.email]


def test_it_signs_nobody_in_and_opens_nothing_else(
    client_of: ClientOf, installation: Installation, latest: Version, carol: User
) -> None:
    client = client_of(None)
    client.post(reverse("update_mails_stop", args=[update_mails.key_of(carol)]))
    page = client.get(reverse("my_apps", args=[installation.account.slug]))
    assert page.headers["Location"].startswith("/sign-in/")


def test_those_who_left_have_no_mail(installation: Installation, latest: Version, carol: User) -> None:
    User.objects.filter(pk=carol.pk).update(is_active=False)
    assert send() == []


def test_nobody_is_invited_to_update_what_is_suspended(
    installation: Installation, latest: Version, carol: User, sam: User
) -> None:
    suspending.suspend_by_staff(installation, by=acting(sam, reason="Checked."))
    assert send() == []
    suspending.resume_by_staff(installation, by=acting(sam, reason="Good."))
    suspending.suspend(installation, by=acting(carol))
    assert send() == []
    suspending.resume(installation, by=acting(carol))
    suspending.suspend_application(installation.application, by=acting(sam, reason="Checked."))
    assert send() == []
    suspending.resume_application(installation.application, by=acting(sam, reason="Good."))
    assert send() == [carol.email]


def test_an_update_that_is_older_than_the_last_mail_is_told_to_a_new_owner(
    installation: Installation, latest: Version, version: Version, depot: Account, carol: User, dave: User
) -> None:
    install_older(installation.application, depot, version, latest, dave)
    assert carol.email in send()
    Membership.objects.create(account=depot, user=carol, role=Membership.Role.OWNER)
    pass_days(7)
    assert send() == [carol.email]
    assert "Dave's Depot: Stock Bridge" in mail.outbox[0].body
    pass_days(7)
    assert send() == []


def test_what_a_long_mail_did_not_name_comes_first_in_the_next(
    installation: Installation,
    latest: Version,
    version: Version,
    depot: Account,
    carol: User,
    dave: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(update_mails, "MOST_TOLD", 1)
    install_older(installation.application, depot, version, latest, dave)
    Membership.objects.create(account=depot, user=carol, role=Membership.Role.OWNER)
    for told, left_out in (("Carol's Cakes: ", "Dave's Depot: "), ("Dave's Depot: ", "Carol's Cakes: ")):
        send()
        (to_carol,) = [message.body for message in mail.outbox if message.to == [carol.email]]
        assert told in to_carol
        assert left_out not in to_carol
        assert "and 1 more, under My apps." in to_carol
        pass_days(7)
    assert carol.email not in send()


def test_whole_rows_are_read_of_those_alone_that_the_mail_names(
    installation: Installation, latest: Version, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody owns an account with thousands of them."""
    monkeypatch.setattr(update_mails, "MOST_TOLD", 2)
    owners_with_an_update(installation, latest, 9)
    for account in Account.objects.filter(slug__startswith="other-"):
        Membership.objects.create(account=account, user=carol, role=Membership.Role.OWNER)
    read: list[Installation] = []

    def note(instance: Installation, **_: Any) -> None:
        read.append(instance)

    post_init.connect(note, Installation)
    try:
        assert send() == [carol.email]
    finally:
        post_init.disconnect(note, Installation)
    assert mail.outbox[0].subject == "10 applications have an update"
    assert "and 8 more, under My apps." in mail.outbox[0].body
    assert len(read) == 2


def test_a_worker_whose_mail_another_has_claimed_sends_none(
    installation: Installation, latest: Version, carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = update_mails.waiting_for

    def claimed_meanwhile(person: User) -> list[update_mails.Waiting]:
        UpdateMailing.objects.update(sent_at=timezone.now())
        return found(person)

    monkeypatch.setattr(update_mails, "waiting_for", claimed_meanwhile)
    assert send() == []


class QueueAway(EmailBackend):
    """Takes mails to everybody but Carol."""

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        if "carol" in messages[0].to[0]:
            raise ConnectionError("Error 111 connecting to localhost:6379.")
        return super().send_messages(messages)


def test_a_mail_that_cannot_be_handed_over_is_tried_again_and_keeps_nobody_from_theirs(
    installation: Installation,
    latest: Version,
    version: Version,
    depot: Account,
    carol: User,
    dave: User,
    settings: Settings,
) -> None:
    install_older(installation.application, depot, version, latest, dave)
    usual = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "tests.installations.test_update_mails.QueueAway"
    assert send() == [dave.email]
    settings.EMAIL_BACKEND = usual
    assert send() == [carol.email]
    assert send() == []
