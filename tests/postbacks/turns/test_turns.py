"""Whose turn it is: claimed in turn by the person behind the accounts, and sent with a share for each."""

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from installs.models import Delivery, claiming
from installs.models.claiming import groups_due
from installs.models.deliveries import host_of
from installs.models.sending import Owed
from installs.postbacks.turns.claims import Limits, claim
from linnapp import credentials
from linnapp.models import Account, Application, Membership, User
from linnapp.services import applications, people
from tests.kit.people import acting, person

Event = Delivery.Event
Make = Callable[..., list[Delivery]]
Developed = Callable[..., Application]


@pytest.fixture
def developed(db: None) -> Developed:
    """An application on an account of its own, of this person."""

    def make(owner: User) -> Application:
        name = f"Account {uuid4().hex[:6]}"
        account = people.create_account(name=name, owner=owner)
        kind = Application.Type.SYSTEM
        return applications.create_application(account=account, name=f"{name} app", kind=kind, by=acting(owner))[0]

    return make


@pytest.fixture
def ago() -> Iterator[int]:
    """Moments that come one after the other: what is owed first is due first."""
    return iter(range(10_000, 0, -1))


@pytest.fixture
def owe(ago: Iterator[int]) -> Make:
    def make(
        application: Application, count: int = 1, event: str = Event.AUTHORISED, **fields: object
    ) -> list[Delivery]:
        rows = []
        for _ in range(count):
            url = f"https://{fields.get('host', application.pk.hex + '.example')}/"
            row = Delivery(application=application, event=event, url=url, host=host_of(url))
            row.nonce, row.next_attempt_at = credentials.new_link_key(), timezone.now() - timedelta(seconds=next(ago))
            for name, value in fields.items():
                setattr(row, name, value)
            rows.append(row)
        return Delivery.objects.bulk_create(rows)

    return make


def whose(rows: list[Owed]) -> list[str]:
    return [Account.objects.get(pk=row.publisher_id).owners()[0].name for row in rows]


def test_each_person_has_a_turn_however_much_the_others_are_owed(developed: Developed, owe: Make) -> None:
    names = ["Many", "Few", "One"]
    apps = [developed(person(name, f"{name.lower()}@example.com")) for name in names]
    for application, count in zip(apps, (50, 2, 1), strict=True):
        owe(application, count)
    assert whose(claim(6)) == ["Many", "Few", "One", "Many", "Few", "Many"]


def test_twelve_accounts_of_one_person_have_one_turn(developed: Developed, owe: Make) -> None:
    several, other = person("Several", "several@example.com"), person("Other", "other@example.com")
    for _ in range(12):
        owe(developed(several), 3)
    owe(developed(other), 2)
    assert whose(claim(4)) == ["Several", "Other", "Several", "Other"]


def test_an_account_counts_as_whoever_opened_it_while_they_own_it(developed: Developed, owe: Make) -> None:
    """And as itself afterwards: whoever was given a seat in it has no turn less of their own."""
    opener, given = person("Opener", "opener@example.com"), person("Given", "given@example.com")
    first, second, left, demoted = (developed(opener) for _ in range(4))
    for application in (first, second, left, demoted):
        Membership.objects.create(account=application.account, user=given, role=Membership.Role.OWNER)
    own = developed(given)
    Membership.objects.filter(account=left.account, user=opener).delete()
    Membership.objects.filter(account=demoted.account, user=opener).update(role=Membership.Role.DEVELOPER)
    for application in (first, second, left, demoted, own):
        owe(application, 1)
    senders = {group.application: group.sender for group in groups_due(timezone.now())}
    assert senders == {
        first.pk: f"person {opener.pk}",
        second.pk: f"person {opener.pk}",
        left.pk: f"account {left.account_id}",
        demoted.pk: f"account {demoted.account_id}",
        own.pk: f"person {given.pk}",
    }


def test_an_account_that_staff_made_counts_as_itself(developed: Developed, owe: Make, paula: User) -> None:
    account = people.open_account(name="Made", owner_email="made@example.com", by=acting(paula, reason="Asked."))
    made = developed(person("Owner", "owner@example.com"))
    Application.objects.filter(pk=made.pk).update(account=account)
    owe(made, 1)
    assert [group.sender for group in groups_due(timezone.now())] == [f"account {account.pk}"]


def test_installations_go_before_tests_and_these_before_nothing_of_others(developed: Developed, owe: Make) -> None:
    tester, shop, other = (
        developed(person(name, f"{name.lower()}@example.com")) for name in ("Tester", "Shop", "Other")
    )
    owe(tester, 20, Event.TEST)
    owe(other, 2)
    owe(shop, 2, Event.INSTALLED)
    owe(shop, 1, Event.TEST)
    assert whose(claim(6)) == ["Shop", "Shop", "Tester", "Other", "Tester", "Other"]


def test_of_one_person_installations_go_first_and_then_tests(developed: Developed, owe: Make) -> None:
    one = developed(person("One", "one@example.com"))
    for event in (Event.AUTHORISED, Event.TEST, Event.INSTALLED):
        owe(one, 1, event)
    assert [row.event for row in claim(3)] == [Event.INSTALLED, Event.TEST, Event.AUTHORISED]


def test_a_persons_limit_and_that_of_each_host_are_kept(developed: Developed, owe: Make) -> None:
    one, two = (developed(person(name, f"{name.lower()}@example.com")) for name in ("One", "Two"))
    owe(one, 5, host="slow.example")
    owe(one, 2, host="quick.example")
    owe(two, 4)
    limits = Limits(
        left=lambda sender: 3,
        left_to=lambda sender, host: 1 if host == "slow.example" else 9,
    )
    claimed = claim(20, limits=limits)
    assert whose(claimed).count("Two") == 3
    assert sorted(row.host for row in claimed if row.application_id == one.pk) == ["quick.example"] * 2 + [
        "slow.example"
    ]


def test_a_host_that_has_enough_is_passed_over(developed: Developed, owe: Make) -> None:
    one = developed(person("One", "one@example.com"))
    owe(one, 30, host="slow.example")
    (quick,) = owe(one, 1, host="quick.example")
    (group,) = groups_due(timezone.now())
    assert [row.pk for row in claim(10, limits=Limits(full={group.sender: ["slow.example"]}))] == [quick.pk]


def test_whoever_has_most_under_way_comes_last(developed: Developed, owe: Make) -> None:
    busy, idle = (developed(person(name, f"{name.lower()}@example.com")) for name in ("Busy", "Idle"))
    owe(busy, 3)
    owe(idle, 3)
    sender = next(group.sender for group in groups_due(timezone.now()) if group.application == busy.pk)
    assert whose(claim(4, limits=Limits(under_way={sender: 2}))) == ["Idle", "Idle", "Busy", "Idle"]


def test_nothing_of_a_suspended_publisher_is_claimed_and_the_rest_is(
    developed: Developed, owe: Make, cakes: Account
) -> None:
    stopped, application, fine = (
        developed(person(name, f"{name.lower()}@example.com")) for name in ("Stopped", "Application", "Fine")
    )
    for one in (stopped, application, fine):
        owe(one, 2)
    Account.objects.filter(pk=stopped.account_id).update(suspended_by_staff_at=timezone.now())
    Application.objects.filter(pk=application.pk).update(suspended_by_staff_at=timezone.now())
    assert whose(claim(9)) == ["Fine", "Fine"]
    assert claim(9) == []


def test_of_events_each_installation_has_a_turn_with_its_first(developed: Developed, owe: Make) -> None:
    one = developed(person("One", "one@example.com"))
    long, short = uuid4(), uuid4()
    event = {"kind": Delivery.Kind.EVENT, "event": "installation.updated"}
    for number in range(1, 60):
        owe(one, subject=long, number=number, **event)
    owe(one, subject=short, number=1, **event)
    owe(one, subject=uuid4(), number=1, tried=2, **event)
    claimed = claim(9, events=True)
    assert sorted(
        (row.subject == long, row.number) for row in Delivery.objects.filter(pk__in=[r.pk for r in claimed])
    ) == [
        (False, 1),
        (False, 1),
        (True, 1),
    ]
    assert claim(9, events=True) == []
    assert claim(9) == []


@pytest.mark.parametrize("event", [Event.AUTHORISED, "installation.updated"])
def test_what_is_due_at_one_moment_goes_out_in_the_order_in_which_it_was_owed(
    developed: Developed, owe: Make, event: str
) -> None:
    """As by a replay, or once a host answers again; found in another order, and more than are claimed at a time."""
    one, now = developed(person("One", "one@example.com")), timezone.now()
    is_event = event != Event.AUTHORISED
    fields = {"kind": Delivery.Kind.EVENT, "tried": 1} if is_event else {}
    moments = random.Random(1).sample(range(60), 60)
    for place, minutes in enumerate(moments):
        of_event = {"subject": uuid4(), "number": 60 - place} if is_event else {}
        created_at = now - timedelta(minutes=minutes // 2 if is_event else minutes)
        owe(one, event=event, created_at=created_at, next_attempt_at=now, **fields, **of_event)
    order: list[Delivery] = []
    while claimed := claim(7, events=is_event):
        order += [Delivery.objects.get(pk=row.pk) for row in claimed]
    assert len(order) == len(moments)
    assert order == sorted(order, key=lambda row: (row.created_at, row.number or 0))


def test_an_event_that_is_tried_again_waits_for_those_before_it(developed: Developed, owe: Make) -> None:
    one, subject = developed(person("One", "one@example.com")), uuid4()
    event = {"kind": Delivery.Kind.EVENT, "event": "installation.updated", "subject": subject}
    owe(one, number=1, next_attempt_at=timezone.now() + timedelta(hours=1), **event)
    owe(one, number=2, tried=2, **event)
    claimed = claim(9, events=True)
    assert (list(claimed), claimed.senders) == ([], {})


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (claiming.GROUPS, "deliveries_in_turn"),
        (claiming.ROWS.format(place=0, most=3, number=3, hosts=""), "deliveries_in_turn"),
        (claiming.EVENT_GROUPS, "deliveries_first_events"),
        (claiming.HEADS, "deliveries_first_events"),
        (claiming.OPENERS.format(accounts="%s, %s"), "timeline_of_accounts"),
    ],
)
@pytest.mark.django_db
def test_each_step_asks_its_index_in_a_database_that_nobody_analysed(statement: str, index: str) -> None:
    """By the index of what is due, each step from one application to the next would read all of it. PostgreSQL has
    statistics to choose by."""
    if connection.vendor != "sqlite":
        assert "INDEXED BY" not in claiming.for_engine(statement)
        return
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {claiming.for_engine(statement)}", ["x"] * statement.count("%s"))
        plan = "\n".join(row[3] for row in cursor.fetchall())
    assert f"USING INDEX {index}" in plan, plan
    assert "deliveries_due" not in plan, plan
