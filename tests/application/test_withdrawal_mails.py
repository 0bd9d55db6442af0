"""The Owners of an application hear by mail that staff withdrew one of its versions, and that they took that back."""

import pytest
from django.conf import settings
from django.core import mail

from installs.application import withdrawing
from linnapp.models import Account, Application, Membership, User, Version
from tests.kit.people import acting
from tests.kit.versions import address

pytestmark = pytest.mark.django_db


def test_owners_are_told_what_staff_withdrew_and_why_and_what_they_took_back(
    application: Application, version: Version, bob: User, paula: User, alice: User
) -> None:
    withdrawing.withdraw_version(version, by=acting(paula, reason="It loses orders."))
    withdrawing.take_back_withdrawal(version, by=acting(paula, reason="It does not."))
    withdrawn, taken_back = mail.outbox
    assert withdrawn.subject == "Version 1.0.0 of Stock Bridge was withdrawn"
    assert taken_back.subject == "Version 1.0.0 of Stock Bridge can be installed again"
    here = settings.SITE_URL + address("version_detail", application, version.pk)
    for sent, reason in ((withdrawn, "It loses orders."), (taken_back, "It does not.")):
        assert sent.to == [alice.email]
        assert reason in sent.body
        assert here in sent.body


def test_what_the_team_does_itself_and_what_changes_nothing_is_told_nobody(
    application: Application, version: Version, alice: User, paula: User
) -> None:
    withdrawing.withdraw_version(version, by=acting(alice))
    withdrawing.withdraw_version(version, by=acting(paula, reason="Again."))
    withdrawing.take_back_withdrawal(version, by=acting(alice))
    assert mail.outbox == []


def test_a_name_with_a_line_break_breaks_no_mail_and_who_cannot_sign_in_gets_none(
    application: Application, version: Version, northwind: Account, alice: User, bob: User, paula: User
) -> None:
    Application.objects.filter(pk=application.pk).update(name="Stock\r\nBcc: eve@example.com")
    User.objects.filter(pk=alice.pk).update(is_active=False)
    Membership.objects.filter(user=bob).update(role=Membership.Role.OWNER)
    withdrawing.withdraw_version(version, by=acting(paula, reason="It loses orders."))
    [sent] = mail.outbox
    assert sent.subject == "Version 1.0.0 of Stock Bcc: eve@example.com was withdrawn"
    assert sent.to == [bob.email]
