"""Lists of accounts and people: few of many are found by an index of these, whatever is noted of the others."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone

from installs.application import closing, moving
from installs.models import Installation, RefusalGroup, Session
from linnapp.models import Account, Application, Invitation, Membership, OutgoingMail, User
from linnapp.services import people, rights
from tests.admin.test_admin import path_of
from tests.kit.people import ClientOf, acting, person
from tests.scale.test_lists_of_many import plan

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_new")]


@pytest.fixture
def paulas(paula: User, client_of: ClientOf) -> Client:
    return client_of(paula)


def unowned() -> set[Account]:
    return set(Account.objects.without_owner())


def unused() -> set[Account]:
    return set(closing.never_installed(Account.objects.all()))


def join(account: Account, email: str) -> User:
    joins = person("Erin", email)
    people.accept(Invitation.objects.get(account=account, email=email), by=acting(joins))
    return joins


def test_accounts_are_without_an_owner_until_one_comes_and_while_none_can_sign_in(
    northwind: Account, alice: User, paula: User
) -> None:
    staff = acting(paula, reason="Opened by phone.")
    opened = people.open_account(name="Opened", owner_email="erin@opened.example", by=staff)
    assert northwind.owned_at
    assert unowned() == {opened}
    erin = join(opened, "erin@opened.example")
    opened.refresh_from_db()
    assert opened.owned_at
    assert unowned() == set()
    for owner, account in ((alice, northwind), (erin, opened)):
        rights.edit_person_by_staff(owner, by=staff, is_active=False)
        assert unowned() == {account}
        rights.edit_person_by_staff(owner, by=staff, is_active=True)
    assert unowned() == set()


def test_an_owner_who_was_a_developer_counts(paula: User, bob: User, northwind: Account, alice: User) -> None:
    Membership.objects.filter(account=northwind, user=alice).delete()
    Account.objects.update(owned_at=None)
    assert unowned() == {northwind}
    seat = Membership.objects.get(user=bob)
    people.change_role(seat, role=Membership.Role.OWNER, by=acting(paula, reason="Nobody is left."))
    northwind.refresh_from_db()
    assert northwind.owned_at
    assert unowned() == set()


def test_whoever_makes_rows_without_a_note_is_looked_at(northwind: Account, installation: Installation) -> None:
    """As a release before this one does."""
    Account.objects.update(owned_at=None, used_at=None)
    assert unowned() == set()
    assert unused() == set()


def test_accounts_were_never_used_until_something_is_installed_on_them_or_of_theirs(
    northwind: Account, cakes: Account, depot: Account, request: pytest.FixtureRequest
) -> None:
    assert unused() == {northwind, cakes, depot}
    request.getfixturevalue("installation")
    assert unused() == {depot}
    for account in (northwind, cakes):
        account.refresh_from_db()
        assert account.used_at


def test_an_account_whose_application_went_away_was_never_used(
    installation: Installation, northwind: Account, depot: Account, paula: User
) -> None:
    application = Application.objects.get(pk=installation.application_id)
    by = acting(paula, reason="Sold.")
    moving.move_application(application, to=depot, secrets_end=timezone.now(), by=by)
    assert unused() == {northwind}


def test_few_of_many_are_found_by_an_index_of_these(paulas: Client, paula: User) -> None:
    def rows(model: Any, **asked: str) -> QuerySet[Any]:
        found: QuerySet[Any] = paulas.get(path_of(model), asked).context["cl"].queryset
        return found

    owners = [person(f"P{at}", f"p{at}@example.com") for at in range(4)]
    Account.objects.bulk_create(
        Account(name=f"A{at}", slug=f"a{at}", owned_at=timezone.now(), used_at=timezone.now()) for at in range(2000)
    )
    User.objects.filter(pk=owners[0].pk).update(is_active=False)
    OutgoingMail.objects.bulk_create(
        OutgoingMail(message_id=f"<{at}@example.com>", recipient="a@example.com", said="" if at else "No answer")
        for at in range(200)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    wanted = (
        (Account, {"owner": "none"}, "accounts_never_owned"),
        (Account, {"use": "none"}, "accounts_never_used"),
        (Account, {"o": "5"}, "accounts_newest"),
        (User, {"is_staff__exact": "1"}, "people_of_staff"),
        (User, {"is_superuser__exact": "1"}, "people_superusers"),
        (User, {"is_active__exact": "0"}, "people_switched_off"),
        (User, {"o": "2.-7"}, "people_by_name"),
        (Membership, {"role__exact": "DEVELOPER"}, "memberships_of_developers"),
        (OutgoingMail, {"shown": "Waiting, tried in vain"}, "mails_in_vain"),
        (Session, {"end__exact": "REPLACED"}, "sessions_by_end"),
    )
    for model, asked, index in wanted:
        assert index in plan(rows(model, **asked).values("pk")[:50]) or connection.vendor == "postgresql", index
    calls = RefusalGroup.objects.filter(RefusalGroup.IS_CALL).order_by("-hour", "-last_at", "-pk")
    assert "refusals_of_calls" in plan(calls[:50])


def test_a_list_turned_round_is_turned_round_whole(paulas: Client) -> None:
    """So that one index serves both ways."""
    for order, wanted in (("1", "name"), ("-1", "-name"), ("-1.2", "-name")):
        listed = paulas.get(path_of(Account), {"o": order}).context["cl"]
        assert listed.queryset.query.order_by[0] == wanted
        assert (listed.queryset.query.order_by == ("-name", "-pk")) == (order == "-1")
    # With the key in the end: rows of one moment come on one page each.
    for order, key in (("2", "pk"), ("-2", "-pk")):
        assert paulas.get(path_of(Session), {"o": order}).context["cl"].queryset.query.order_by[-1] == key


def test_people_are_narrowed_by_their_group_or_by_none(paulas: Client, sam: User, paula: User) -> None:
    def listed(group: str) -> set[User]:
        return set(paulas.get(path_of(User), {"groups__id__exact": group}).context["cl"].result_list)

    group = sam.groups.get()
    assert listed(str(group.pk)) == {sam}
    assert sam not in listed("none")
    assert paula in listed("none")
    for none in ("x", "9" * 30):
        assert paulas.get(path_of(User), {"groups__id__exact": none}).status_code == 302
