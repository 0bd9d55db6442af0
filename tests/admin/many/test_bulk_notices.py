"""Whom a bulk change is about hears of it by one mail, once it is over; of what is done alone at once."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from installs.installations import suspending, suspending_accounts
from installs.models import Installation
from linnapp import bulk_changes
from linnapp.models import Account, Application, BulkChange, BulkNotice, Membership, User
from linnapp.services import notices
from tests.admin.many.test_bulk_changes import begun, press
from tests.admin.test_admin_actions import act
from tests.kit.people import ClientOf, acting

ABOUT_MANY = "This portal's staff made changes to your accounts"
pytestmark = pytest.mark.django_db
WHY = "They send spam."


def sent() -> list[EmailMessage]:
    found = list(mail.outbox)
    mail.outbox.clear()
    return found


def test_owners_read_what_staff_suspend_and_resume_and_why(
    installation: Installation, alice: User, bob: User, carol: User, paula: User
) -> None:
    application, by = installation.application, acting(paula, reason=WHY)
    acts: list[tuple[Any, Any, Any, str, list[User]]] = [
        (suspending.suspend_application, suspending.resume_application, application, "Stock Bridge", [alice]),
        (
            suspending.suspend_by_staff,
            suspending.resume_by_staff,
            installation,
            "Stock Bridge was {} on Carol's Cakes",
            [carol, alice],
        ),
        (
            suspending_accounts.suspend_account,
            suspending_accounts.resume_account,
            installation.account,
            "Carol's Cakes",
            [carol],
        ),
    ]
    for suspend, resume, row, named, owners in acts:
        for do, done in ((suspend, "suspended"), (resume, "resumed")):
            assert do(row, by=by)
            assert not do(row, by=by)
            mails = sent()
            assert [message.to for message in mails] == [[owner.email] for owner in owners]
            for message in mails:
                assert message.subject == (named.format(done) if "{" in named else f"{named} was {done}")
                assert f"Their reason:\n\n{WHY}\n" in str(message.body)
                assert f": {settings.SITE_URL}/a/" in str(message.body)


def test_each_is_sent_to_a_page_of_their_own(installation: Installation, paula: User, client_of: ClientOf) -> None:
    suspending.suspend_by_staff(installation, by=acting(paula, reason=WHY))
    for message in sent():
        [page] = [word for word in str(message.body).split() if word.startswith(settings.SITE_URL)]
        reader = client_of(User.objects.get(email=message.to[0]))
        assert reader.get(page.removeprefix(settings.SITE_URL)).status_code == 200


def test_a_change_of_many_is_one_mail_with_the_reason_once(
    three: list[Application], alice: User, paulas: Client
) -> None:
    act(paulas, "suspend", *three, reason=WHY)
    [message] = sent()
    assert message.to == [alice.email]
    assert message.subject == ABOUT_MANY
    body = str(message.body)
    assert body.count(WHY) == 1
    for row in three:
        assert f"suspended {row} of Northwind." in body
        assert str(row.pk) in body
    assert not BulkNotice.objects.exists()
    press(paulas, BulkChange.objects.get(), "undo")
    bulk_changes.work_on(BulkChange.objects.get(undoes__isnull=False).pk)
    assert [message.subject for message in sent()] == [ABOUT_MANY]


def test_one_of_them_is_told_as_if_it_was_done_alone(
    three: list[Application], alice: User, carol: User, paula: User, paulas: Client
) -> None:
    suspending.suspend_application(three[0], by=acting(paula, reason=WHY))
    [alone] = sent()
    suspending.resume_application(three[0], by=acting(paula, reason=WHY))
    sent()
    act(paulas, "suspend", three[0], reason=WHY)
    [of_one] = sent()
    assert (of_one.subject, of_one.body, of_one.to) == (alone.subject, alone.body, alone.to)


def test_what_is_stopped_is_told_so_far_and_the_rest_once_it_went_on(
    three: list[Application], alice: User, paula: User, paulas: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = begun(three, paula)
    monkeypatch.setattr(bulk_changes, "STEP", 2)
    assert bulk_changes._step(change.pk, 0)
    press(paulas, change, "stop")
    assert sent() == []
    bulk_changes.work_on(change.pk)
    [message] = sent()
    assert ("First" in str(message.body), "Third" in str(message.body)) == (True, False)
    press(paulas, change, "go-on")
    bulk_changes.work_on(change.pk)
    assert [message.subject for message in sent()] == ["Third was suspended"]


def test_whose_job_died_before_the_mail_is_told_later_and_once(
    three: list[Application], alice: User, paula: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = begun(three, paula)

    def dies(change: BulkChange) -> None:
        raise SystemExit

    monkeypatch.setattr(notices, "send_all", dies)
    with pytest.raises(SystemExit):
        bulk_changes.work_on(change.pk)
    monkeypatch.undo()
    assert BulkNotice.objects.count() == 3
    assert "Stock" not in str(list(BulkNotice.objects.values()))
    bulk_changes.take_up()
    assert sent() == []
    BulkChange.objects.update(beaten_at=timezone.now() - timedelta(minutes=2))
    bulk_changes.take_up()
    bulk_changes.take_up()
    assert len(sent()) == 1


def test_more_than_a_mail_holds_are_counted(
    three: list[Application], alice: User, paulas: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "TOLD_AT_MOST", 2)
    act(paulas, "suspend", *three, reason=WHY)
    [message] = sent()
    assert str(message.body).count("suspended") == 2
    assert f"and 1 more. See the Activity of your accounts: {settings.SITE_URL}/\n" in str(message.body)


def test_who_cannot_sign_in_is_told_nothing(northwind: Account, alice: User, bob: User, paula: User) -> None:
    Membership.objects.filter(user=bob).update(role=Membership.Role.OWNER)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    suspending_accounts.suspend_account(northwind, by=acting(paula, reason=WHY))
    assert [message.to for message in sent()] == [[bob.email]]
