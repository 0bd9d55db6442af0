"""What one may have, and may ask for in a time: past it each page says so in a sentence that tells what to do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from installs.models import Connector, ConnectorCheck, Delivery
from linnapp.models import Account, Application, Invitation, KnockCount, Membership, User, Version
from linnapp.services import applications, knocks, people, versions
from linnapp.setting_values import NO_LIMIT
from tests.kit.connectors import FILLED, connector, seen
from tests.kit.people import ClientOf, acting, person
from tests.kit.versions import rename_first_module

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("to_loopback")]
RAISED = "This portal's staff can raise the limit."
HOOK = "https://hooks.example.com/"


@dataclass(frozen=True)
class Asked:
    """Something that Alice asks for by a page, and how much there is of it."""

    setting: str
    ask: Callable[[Client, Application, int], Any]
    there: Callable[[], int]
    said: str
    # Stands in the form that is shown again.
    typed: Callable[[int], str] | None = None
    status: int = 422
    most: int = 2
    also: dict[str, int] = field(default_factory=dict)


def new_account(client: Client, application: Application, number: int) -> Any:
    return client.post(reverse("account_new"), {"name": f"Company {number}"})


def new_application(client: Client, application: Application, number: int) -> Any:
    return client.post(reverse("application_new", args=["northwind"]), {"name": f"App {number}", "type": "SYSTEM"})


def new_connector(client: Client, application: Application, number: int) -> Any:
    return client.post(reverse("connector_new", args=["northwind"]), FILLED | {"name": f"Warehouse {number}"})


def new_version(client: Client, application: Application, number: int) -> Any:
    alice = User.objects.get(email="alice@northwind.example")
    revision = rename_first_module(application, f"Name {number}", alice).manifest_revision
    form = {"number": f"1.{number}.0", "notes": f"Note {number}", "revision": revision}
    return client.post(reverse("version_release", args=["northwind", application.pk]), form, follow=True)


def invitation(client: Client, application: Application, number: int) -> Any:
    form = {"email": f"person-{number}@friends.example", "role": "DEVELOPER"}
    return client.post(reverse("invitation_create", args=["northwind"]), form)


def same_invitation(client: Client, application: Application, number: int) -> Any:
    return invitation(client, application, 0)


def sent_postback(client: Client, application: Application, number: int) -> Any:
    form = {"url": f"{HOOK}?number={number}"}
    return client.post(reverse("postback_test", args=["northwind", application.pk]), form)


def checked_connector(client: Client, application: Application, number: int) -> Any:
    """One of a kind each time: an account has one test at a time."""
    alice = User.objects.get(email="alice@northwind.example")
    ConnectorCheck.objects.update(state=ConnectorCheck.State.PASSED)
    row = connector(application.account, HOOK, alice, name=f"Warehouse {number}")
    return client.post(reverse("connector_check", args=["northwind", row.pk]), follow=True)


ASKED = {
    "accounts": Asked(
        "ACCOUNTS_PER_PERSON",
        new_account,
        lambda: Account.objects.count() - 1,
        "You may have 3 accounts that you created. Use one of them, or hand one over to another Owner and leave it. "
        f"{RAISED}",
        lambda number: f'value="Company {number}"',
        also={"ACCOUNTS_PER_PERSON": 3},
    ),
    "applications": Asked(
        "APPLICATIONS_PER_ACCOUNT",
        new_application,
        lambda: Application.objects.count() - 1,
        "Northwind may have 3 applications. Remove one that is not used. " + RAISED,
        lambda number: f'value="App {number}"',
        also={"APPLICATIONS_PER_ACCOUNT": 3},
    ),
    "connectors": Asked(
        "CONNECTORS_PER_ACCOUNT",
        new_connector,
        Connector.objects.count,
        f"Northwind may have 2 connectors. Delete one that you do not use. {RAISED}",
        lambda number: f'value="Warehouse {number}"',
    ),
    "versions": Asked(
        "VERSIONS_PER_DAY",
        new_version,
        Version.objects.released().count,
        f"Northwind may release 2 versions in 24 hours. The next one can be released in 24 hours. {RAISED}",
        lambda number: f"Note {number}",
        status=200,
    ),
    "invitations": Asked(
        "INVITATIONS_PER_DAY",
        invitation,
        Invitation.objects.count,
        f"Northwind may invite 2 people in 24 hours. The next one can be invited in 24 hours. {RAISED}",
        lambda number: f'value="person-{number}@friends.example"',
    ),
    "invitations of one": Asked(
        "INVITATIONS_PER_DAY_TO_ONE",
        same_invitation,
        lambda: len(mail.outbox),
        "Northwind may invite one address twice in 24 hours. The link in the newest e-mail to person-0@friends.example "
        f"works. The next one can be sent in 24 hours. {RAISED}",
        lambda number: 'value="person-0@friends.example"',
    ),
    "test postbacks": Asked(
        "TESTS_PER_MINUTE",
        sent_postback,
        Delivery.objects.count,
        "You may send 2 tests a minute. Wait ",
        lambda number: f"{HOOK}?number={number}",
    ),
    "test postbacks to one host": Asked(
        "TESTS_PER_MINUTE_TO_HOST",
        sent_postback,
        Delivery.objects.count,
        "All people together may send 2 tests a minute to hooks.example.com. Wait ",
        lambda number: f"{HOOK}?number={number}",
    ),
    "tests of connectors": Asked(
        "TESTS_PER_MINUTE",
        checked_connector,
        ConnectorCheck.objects.count,
        "You may send 2 tests a minute. Wait ",
        status=200,
    ),
    "tests of connectors to one host": Asked(
        "TESTS_PER_MINUTE_TO_HOST",
        checked_connector,
        ConnectorCheck.objects.count,
        "All people together may send 2 tests a minute to hooks.example.com. Wait ",
        status=200,
    ),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED.keys())
def test_one_too_many_is_refused_in_words_and_what_was_typed_stays(
    asked: Asked, application: Application, alice: User, client_of: ClientOf, settings: Settings
) -> None:
    client = client_of(alice)
    setattr(settings, asked.setting, asked.also.get(asked.setting, asked.most))
    for number in range(2):
        assert asked.said not in seen(asked.ask(client, application, number))
    assert asked.there() == 2
    answer = asked.ask(client, application, 2)
    assert answer.status_code == asked.status
    assert asked.said in seen(answer)
    assert RAISED in seen(answer)
    if asked.typed:
        assert asked.typed(2) in answer.content.decode()
    if answer.status_code == 422:
        assert len(answer.context["form"].non_field_errors()) == 1
    assert asked.there() == 2
    # Raised, it goes on where it was.
    setattr(settings, asked.setting, NO_LIMIT)
    assert asked.said not in seen(asked.ask(client, application, 3))
    assert asked.there() == 3


def test_the_day_ends_a_day_after_its_first(
    application: Application, alice: User, client_of: ClientOf, settings: Settings
) -> None:
    settings.INVITATIONS_PER_DAY = 1
    client = client_of(alice)
    invitation(client, application, 0)
    KnockCount.objects.update(ends_at=timezone.now() + timedelta(hours=3))
    assert "The next one can be invited in 3 hours." in seen(invitation(client, application, 1))
    KnockCount.objects.update(ends_at=timezone.now())
    assert invitation(client, application, 2).status_code == 302


def test_a_name_with_braces_is_told_as_it_is(
    northwind: Account, application: Application, alice: User, client_of: ClientOf, settings: Settings
) -> None:
    settings.INVITATIONS_PER_DAY = 1
    Account.objects.filter(pk=northwind.pk).update(name="{wait} {0} Ltd")
    invitation(client_of(alice), application, 0)
    assert "{wait} {0} Ltd may invite 1 person in 24 hours." in seen(invitation(client_of(alice), application, 1))


def test_only_accounts_that_somebody_opened_and_owns_are_counted(
    northwind: Account, alice: User, carol: User, cakes: Account, client_of: ClientOf, settings: Settings
) -> None:
    settings.ACCOUNTS_PER_PERSON = 1
    client = client_of(alice)
    seat = Membership.objects.create(account=cakes, user=alice, role=Membership.Role.OWNER)
    answer = client.post(reverse("account_new"), {"name": "Second"})
    assert "You may have 1 account that you created." in seen(answer)
    seat.delete()
    own = Membership.objects.get(account=northwind, user=alice)
    Membership.objects.create(account=northwind, user=carol, role=Membership.Role.OWNER)
    people.remove_member(own, by=acting(alice))
    assert client.post(reverse("account_new"), {"name": "Second"}).status_code == 302


def test_a_retired_application_makes_room(
    application: Application, alice: User, client_of: ClientOf, settings: Settings
) -> None:
    settings.APPLICATIONS_PER_ACCOUNT = 1
    client = client_of(alice)
    assert new_application(client, application, 1).status_code == 422
    Application.objects.update(retired_at=timezone.now())
    assert new_application(client, application, 2).status_code == 302


def test_a_person_is_counted_over_all_their_accounts(
    application: Application, alice: User, client_of: ClientOf, settings: Settings
) -> None:
    settings.INVITATIONS_PER_DAY = 2
    client = client_of(alice)
    people.create_account(name="Second", owner=alice)
    page = reverse("invitation_create", args=["second"])
    for number in range(2):
        client.post(page, {"email": f"person-{number}@friends.example", "role": "DEVELOPER"})
    answer = invitation(client, application, 2)
    assert f"You may invite 2 people in 24 hours. The next one can be invited in 24 hours. {RAISED}" in seen(answer)


def test_what_was_refused_for_another_reason_is_not_counted(
    application: Application, alice: User, bob: User, client_of: ClientOf, settings: Settings
) -> None:
    settings.INVITATIONS_PER_DAY = 1
    client, form = client_of(alice), {"email": bob.email, "role": "DEVELOPER"}
    answer = client.post(reverse("invitation_create", args=["northwind"]), form)
    assert "is already a member" in seen(answer)
    assert invitation(client, application, 0).status_code == 302


def test_staff_are_held_by_none_but_the_tests(
    application: Application, northwind: Account, alice: User, paula: User, settings: Settings
) -> None:
    settings.APPLICATIONS_PER_ACCOUNT = settings.VERSIONS_PER_DAY = settings.INVITATIONS_PER_DAY = 1
    settings.INVITATIONS_PER_DAY_TO_ONE = 1
    staff = acting(paula, reason="Moved in")
    applications.create_application(account=northwind, name="Another", kind=Application.Type.SYSTEM, by=staff)
    for number in range(1, 4):
        row = rename_first_module(application, f"Name {number}", alice)
        versions.create_version(row, number=(number, 0, 0), notes="", expected_revision=row.manifest_revision, by=staff)
        people.invite(northwind, email="carol@carolscakes.example", role="DEVELOPER", by=staff)
    assert Version.objects.released().count() == 3


def test_tests_of_one_host_are_counted_over_all_people_and_ports(
    application: Application, alice: User, bob: User, client_of: ClientOf, settings: Settings
) -> None:
    settings.TESTS_PER_MINUTE_TO_HOST = 2
    page = reverse("postback_test", args=["northwind", application.pk])
    for who, url in ((alice, "https://hooks.example.com:8443/"), (bob, "https://HOOKS.example.com/a")):
        assert client_of(who).post(page, {"url": url}).status_code == 302
    assert "may send 2 tests a minute to hooks.example.com" in seen(client_of(bob).post(page, {"url": HOOK}))
    assert client_of(bob).post(page, {"url": "https://other.example.com/"}).status_code == 302


# Mails that strangers ask for.


def sign_up(number: int, email: str = "") -> Any:
    form = {"name": "Eve", "company": f"Eves {number}", "password1": "correct horse battery staple"}
    return Client().post("/sign-up/", form | {"email": email or f"eve-{number}@eves.example"})


def forgotten(email: str, client: Client | None = None) -> Any:
    return (client or Client()).post("/password/", {"email": email})


def test_mails_that_a_network_asks_for_in_a_day(settings: Settings) -> None:
    settings.MAILS_PER_DAY = 2
    assert sign_up(1).status_code == 302
    assert forgotten("eve-2@eves.example").status_code == 302
    answer = sign_up(3)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 86_000
    said = f"Your network may ask for 2 e-mails in 24 hours. Wait 24 hours. {RAISED}"
    assert said in seen(answer)
    assert 'value="eve-3@eves.example"' in answer.content.decode()
    assert said in seen(forgotten("eve-4@eves.example"))
    assert len(mail.outbox) == 2


def test_mails_that_one_address_is_sent_in_a_day(alice: User, settings: Settings) -> None:
    settings.MAILS_PER_DAY_TO_ONE = 2
    for _ in range(2):
        assert forgotten(alice.email).status_code == 302
    answer = forgotten(f" {alice.email.upper()}")
    assert answer.status_code == 429
    said = "We send 2 such e-mails to one address in 24 hours, and this one has had that many. Use the newest, wait 24 "
    assert said + "hours, or ask this portal's staff to send another one now." in seen(answer)
    assert len(mail.outbox) == 2


def test_who_signs_others_up_keeps_nobody_from_a_new_password(alice: User, settings: Settings) -> None:
    settings.MAILS_PER_DAY_TO_ONE = 2
    # Within three minutes one of them is mailed: the others are not counted.
    assert [sign_up(number, alice.email).status_code for number in range(4)] == [302] * 4
    assert len(mail.outbox) == 1
    KnockCount.objects.filter(limit=knocks.CONFIRMATIONS.name).delete()
    assert [sign_up(number, alice.email).status_code for number in range(4, 6)] == [302, 429]
    assert [forgotten(alice.email).status_code for _ in range(3)] == [302, 302, 429]
    assert len(mail.outbox) == 4


def test_whatever_strangers_ask_for_a_known_device_gets_its_link(alice: User, settings: Settings) -> None:
    settings.MAILS_PER_DAY_TO_ONE = 2
    own = Client()
    own.post("/sign-in/", {"login": alice.email, "password": "correct horse battery"})
    own.post("/sign-out/")
    for _ in range(3):
        forgotten(alice.email)
    assert forgotten(alice.email, own).status_code == 302
    assert len(mail.outbox) == 3


def test_a_new_address_is_mailed_as_often_as_others(alice: User, client_of: ClientOf, settings: Settings) -> None:
    settings.MAILS_PER_DAY_TO_ONE = 1
    sign_up(1, "new@northwind.example")
    form = {"action_add": "", "email": "new@northwind.example"}
    answer = client_of(alice).post("/profile/e-mail/", form)
    assert answer.status_code == 429
    assert len(answer.context["form"].non_field_errors()) == 1
    assert "We send 1 such e-mail to one address in 24 hours, and this one has had that many." in seen(answer)
    settings.MAILS_PER_DAY_TO_ONE, settings.MAILS_PER_DAY = 10, 1
    assert client_of(alice).post("/profile/e-mail/", form).status_code == 302
    answer = client_of(alice).post("/profile/e-mail/", form | {"email": "newer@northwind.example"})
    assert "You may ask for 1 e-mail in 24 hours." in seen(answer)


def test_counts_of_a_day_take_no_room_of_others_and_lock_nobody_out(
    alice: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(knocks, "MOST_DAILY_ROWS", 2)
    monkeypatch.setattr(knocks, "MOST_ROWS", 8)
    settings.MAILS_PER_DAY_TO_ONE = 1
    assert forgotten("first@nowhere.example").status_code == 302
    assert KnockCount.objects.filter(daily=True).count() == 2
    # There is no room for a day of this address: it shares a row, which holds many times as much.
    monkeypatch.setattr(knocks, "SHARED_MOST_A_DAY", 3)
    assert [forgotten("second@nowhere.example").status_code for _ in range(4)] == [302, 302, 302, 429]
    assert KnockCount.objects.filter(daily=True).count() == 3
    answer = forgotten("second@nowhere.example")
    assert "Too many people asked for an e-mail in the last 24 hours. Wait 24 hours" in seen(answer)
    # Who has a row is held by it.
    assert forgotten("first@nowhere.example").status_code == 429


def test_a_new_person_opens_an_account_whatever_others_have(settings: Settings) -> None:
    settings.ACCOUNTS_PER_PERSON = 1
    assert sign_up(1).status_code == 302
    assert person("Eve", "other@eves.example").memberships.count() == 0
    assert Account.objects.count() == 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(59, "59 seconds"), (61, "2 minutes"), (3_600, "1 hour"), (3_601, "2 hours"), (86_341, "24 hours")],
)
def test_a_wait_is_never_told_shorter_than_it_is(seconds: int, words: str) -> None:
    assert knocks.in_words(seconds) == words
