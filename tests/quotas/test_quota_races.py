"""Many who ask at the same moment: together they get what is left, and nobody more."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from linnapp.models import Account, Application, Invitation, Membership, User
from tests.kit.people import ClientOf

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 20


def all_at_once(post: Callable[[int], int]) -> list[int]:
    """The status of each answer."""

    def ask(number: int) -> int:
        try:
            return post(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sorted(pool.map(ask, range(AT_ONCE)))


def browsers(client_of: ClientOf, person: User) -> list[Client]:
    return [client_of(person) for _ in range(AT_ONCE)]


def test_of_many_new_applications_at_the_last_place_one_is_made(
    application: Application, alice: User, client_of: ClientOf, settings: Settings
) -> None:
    settings.APPLICATIONS_PER_ACCOUNT = 2
    clients, page = browsers(client_of, alice), reverse("application_new", args=["northwind"])
    answers = all_at_once(lambda n: clients[n].post(page, {"name": f"App {n}", "type": "SYSTEM"}).status_code)
    assert answers == [302] + [422] * (AT_ONCE - 1)
    assert Application.objects.count() == 2


def test_of_many_new_accounts_at_the_last_place_one_is_opened(
    northwind: Account, alice: User, client_of: ClientOf, settings: Settings
) -> None:
    settings.ACCOUNTS_PER_PERSON = 2
    clients, page = browsers(client_of, alice), reverse("account_new")
    answers = all_at_once(lambda n: clients[n].post(page, {"name": f"Company {n}"}).status_code)
    assert answers == [302] + [422] * (AT_ONCE - 1)
    assert Account.objects.count() == 2


def test_of_many_invitations_from_many_accounts_one_address_gets_its_number(
    alice: User, client_of: ClientOf, settings: Settings
) -> None:
    settings.INVITATIONS_PER_DAY_TO_ONE = 3
    for number in range(AT_ONCE):
        account = Account.objects.create(name=f"Account {number}", slug=f"account-{number}")
        Membership.objects.create(account=account, user=alice, role=Membership.Role.OWNER)
    clients, form = browsers(client_of, alice), {"email": "carol@carolscakes.example", "role": "DEVELOPER"}

    def invite(number: int) -> int:
        return clients[number].post(reverse("invitation_create", args=[f"account-{number}"]), form).status_code

    assert all_at_once(invite) == [302] * 3 + [422] * (AT_ONCE - 3)
    assert Invitation.objects.count() == 3
