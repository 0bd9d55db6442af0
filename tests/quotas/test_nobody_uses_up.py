"""What one does uses up nothing of others', and what is given up makes no way round a quota."""

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from linnapp.models import Account, Application, KnockCount, Membership, User
from linnapp.services import people
from tests.kit.connectors import connector, seen
from tests.kit.people import ClientOf, acting
from tests.quotas.test_quotas import HOOK, RAISED, new_account, new_application

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("to_loopback")]


def test_an_account_that_was_handed_over_is_not_taken_back_beside_as_many_others(
    northwind: Account, alice: User, carol: User, client_of: ClientOf, settings: Settings
) -> None:
    settings.ACCOUNTS_PER_PERSON = 1
    seat = Membership.objects.get(account=northwind, user=alice)
    Membership.objects.create(account=northwind, user=carol, role=Membership.Role.OWNER)
    seat = people.change_role(seat, role="DEVELOPER", by=acting(alice))
    KnockCount.objects.all().delete()
    client = client_of(alice)
    assert client.post(reverse("account_new"), {"name": "Second"}).status_code == 302
    said = f"{alice} created Northwind and handed it over. One person may have 1 account that they created"
    answer = client_of(carol).post(reverse("member_role", args=["northwind", seat.pk]), {"role": "OWNER"}, follow=True)
    assert said in seen(answer)
    people.remove_member(seat, by=acting(carol))
    _, key = people.invite(northwind, email=alice.email, role="OWNER", by=acting(carol))
    assert said in seen(client.post(reverse("invitation_accept", args=[key])))
    assert not northwind.memberships.filter(user=alice).exists()
    settings.ACCOUNTS_PER_PERSON = 2
    assert client.post(reverse("invitation_accept", args=[key])).status_code == 302


def test_handing_over_and_retiring_make_no_more_than_so_many_in_a_day(
    northwind: Account, application: Application, alice: User, carol: User, client_of: ClientOf, settings: Settings
) -> None:
    KnockCount.objects.all().delete()
    settings.ACCOUNTS_PER_PERSON = settings.APPLICATIONS_PER_ACCOUNT = 1
    client = client_of(alice)
    Application.objects.update(retired_at=timezone.now())
    Membership.objects.filter(user=alice).update(user=carol)
    for number in range(2):
        assert new_account(client, application, number).status_code == 302
        Membership.objects.filter(user=alice).update(user=carol)
    answer = new_account(client, application, 2)
    assert f"You may create 2 accounts in 24 hours. The next one can be created in 24 hours. {RAISED}" in seen(answer)
    client = client_of(carol)
    for number in range(2):
        assert new_application(client, application, number).status_code == 302
        Application.objects.update(retired_at=timezone.now())
    answer = new_application(client, application, 2)
    assert "Northwind may create 2 applications in 24 hours. The next one can be created in 24 hours." in seen(answer)


def test_a_quota_that_is_reached_is_told_before_anything_is_typed(
    northwind: Account, application: Application, alice: User, client_of: ClientOf, settings: Settings
) -> None:
    client = client_of(alice)
    connector(northwind, HOOK, alice)
    pages = {
        reverse("account_new"): "You may have 1 account that you created.",
        reverse("application_new", args=["northwind"]): "Northwind may have 1 application.",
        reverse("connector_new", args=["northwind"]): "Northwind may have 1 connector.",
        reverse("connector_list", args=["northwind"]): "Northwind may have 1 connector.",
    }
    for page, said in pages.items():
        assert said not in seen(client.get(page))
    settings.ACCOUNTS_PER_PERSON = settings.APPLICATIONS_PER_ACCOUNT = settings.CONNECTORS_PER_ACCOUNT = 1
    for page, said in pages.items():
        answer = client.get(page)
        assert said in seen(answer)
        assert 'id="id_name"' not in answer.content.decode()


def test_whoever_invites_one_address_often_leaves_others_their_invitations(
    application: Application, alice: User, carol: User, cakes: Account, client_of: ClientOf, settings: Settings
) -> None:
    settings.INVITATIONS_PER_DAY_TO_ONE = 1
    client, form = client_of(alice), {"email": "friend@friends.example", "role": "DEVELOPER"}
    people.create_account(name="Second", owner=alice)
    assert client.post(reverse("invitation_create", args=["northwind"]), form).status_code == 302
    answer = client.post(reverse("invitation_create", args=["second"]), form)
    assert (
        "You may invite one address once in 24 hours. The link in the newest e-mail to friend@friends.example"
        in seen(answer)
    )
    page = reverse("invitation_create", args=[cakes.slug])
    KnockCount.objects.filter(limit="invitations of an address a day").update(count=5)
    answer = client_of(carol).post(page, form)
    said = "All accounts together may invite one address 5 times in 24 hours. friend@friends.example can be"
    assert f"{said} invited again in 24 hours. {RAISED}" in seen(answer)
    KnockCount.objects.filter(limit="invitations of an address a day").update(count=4)
    assert client_of(carol).post(page, form).status_code == 302


def test_others_do_not_use_up_the_few_tests_of_a_host_that_are_kept_for_each(
    application: Application, alice: User, bob: User, client_of: ClientOf, settings: Settings
) -> None:
    settings.TESTS_PER_MINUTE_TO_HOST = 24
    page, form = reverse("postback_test", args=["northwind", application.pk]), {"url": HOOK}
    assert client_of(alice).post(page, form).status_code == 302
    KnockCount.objects.filter(limit="tests of a host").update(count=24)
    answers = [client_of(bob).post(page, form) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [302, 302, 422]
    assert "All people together may send 24 tests a minute to hooks.example.com. Wait" in seen(answers[-1])
