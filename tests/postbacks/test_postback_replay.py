"""Replaying what failed since a moment: said before it is done, and done as it was said."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.installations import lifecycle
from installs.models import Delivery
from linnapp.models import Account, Application, TimelineEntry, User
from tests.kit.consenting import external, read, release
from tests.kit.people import ClientOf, acting
from tests.kit.posting import deliver, install, with_postback
from tests.kit.receivers import Receiver, Reply, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")
State = Delivery.State


def replay(application: Application) -> str:
    return reverse("postback_replay", args=(application.account.slug, application.pk))


def ask(client: Client, application: Application, to: str = "version", **query: str) -> Any:
    """Sends the form as the page gives it."""
    page = client.get(replay(application), query)
    return client.post(replay(application), {"since": page.context["form"]["since"].value(), "to": to}, follow=True)


def failed(application: Application, accounts: dict[Account, User], by: User, receiver: Receiver) -> None:
    """An installation on each account, of which each postback was answered 410; a minute apart, the first is oldest."""
    version = with_postback(application, receiver.url, by)
    for number, (account, owner) in enumerate(accounts.items()):
        made = install(application, account, version, owner)
        deliver()
        minutes = timedelta(minutes=10 - number)
        Delivery.objects.filter(installation=made.installation).update(created_at=timezone.now() - minutes)


def test_it_says_how_many_and_which_then_sends_them_the_oldest_first(
    client_of: ClientOf,
    application: Application,
    cakes: Account,
    depot: Account,
    alice: User,
    carol: User,
    dave: User,
) -> None:
    answers = [Reply(410), Reply(410)]
    with receiving(lambda received: answers.pop() if answers else Reply()) as receiver:
        failed(application, {cakes: carol, depot: dave}, alice, receiver)
        client = client_of(alice)
        page = read(client.get(replay(application)))
        assert f"failed: 2 to {receiver.host_and_port}." in page
        assert page.index("Carol's Cakes") < page.index("Dave's Depot")
        assert "2 postbacks are being sent again, oldest first." in read(ask(client, application))
        deliver()
        again = [sent.form["AccountId"] for sent in receiver.wait_for(4)[2:]]
    assert sorted(again) == sorted((str(cakes.pk), str(depot.pk)))
    assert Delivery.objects.delivered().count() == 2
    assert TimelineEntry.objects.get(kind="POSTBACKS_REPLAYED").facts["count"] == 2


def test_only_what_failed_since_the_moment_of_installations_that_stand(
    client_of: ClientOf,
    application: Application,
    cakes: Account,
    depot: Account,
    northwind: Account,
    alice: User,
    carol: User,
    dave: User,
) -> None:
    with receiving(Reply(410)) as receiver:
        failed(application, {cakes: carol, depot: dave, northwind: alice}, alice, receiver)
    old, over, asked = Delivery.objects.order_by("created_at")
    Delivery.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=3))
    assert over.installation is not None
    lifecycle.uninstall(over.installation, by=acting(dave))
    client = client_of(alice)
    assert "1 postback created since" in read(client.get(replay(application), {"last": "hour"}))
    assert "2 postbacks created since" in read(client.get(replay(application), {"last": "day"}))
    ask(client, application, last="hour")
    states = {row.pk: row.state for row in Delivery.objects.all()}
    assert states == {old.pk: State.STOPPED, over.pk: State.STOPPED, asked.pk: State.DUE}


def test_they_go_to_the_newest_address_where_that_is_chosen(
    client_of: ClientOf, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving(Reply(410)) as old, receiving() as mended:
        failed(application, {cakes: carol}, alice, old)
        with_postback(application, mended.url, alice, (1, 0, 1))
        client = client_of(alice)
        assert f"The newest address is at {mended.host_and_port}." in read(client.get(replay(application)))
        ask(client, application, to="newest")
        deliver()
        mended.wait_for(1)
    assert Delivery.objects.get().state == State.DELIVERED


def test_a_newest_version_without_an_address_is_not_offered_and_refused(
    client_of: ClientOf, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving(Reply(410)) as receiver:
        failed(application, {cakes: carol}, alice, receiver)
    release(application, (1, 0, 1), external(), alice)
    client = client_of(alice)
    assert "To which address" not in read(client.get(replay(application)))
    answer = ask(client, application, to="newest")
    assert answer.status_code == 422
    assert "The newest version has no Postback URL." in read(answer)
    assert Delivery.objects.get().state == State.STOPPED


def test_a_moment_of_ones_own_is_read_in_the_readers_time_zone(
    client_of: ClientOf, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving(Reply(410)) as receiver:
        failed(application, {cakes: carol}, alice, receiver)
    User.objects.filter(pk=alice.pk).update(time_zone="Asia/Tokyo")
    client = client_of(alice)
    tokyo = timezone.now() + timedelta(hours=9)
    before, after = tokyo - timedelta(minutes=15), tokyo - timedelta(minutes=5)
    assert "1 postback created since" in read(client.get(replay(application), {"since": f"{before:%Y-%m-%dT%H:%M}"}))
    assert "has failed." in read(client.get(replay(application), {"since": f"{after:%Y-%m-%dT%H:%M}"}))


@pytest.mark.parametrize("since", ["yesterday", "0001-01-01T00:00", "9999-12-31T23:59", ""])
def test_a_moment_that_is_none_is_told_beside_the_field_and_kept(
    client_of: ClientOf, application: Application, cakes: Account, alice: User, carol: User, since: str
) -> None:
    with receiving(Reply(410)) as receiver:
        failed(application, {cakes: carol}, alice, receiver)
    User.objects.filter(pk=alice.pk).update(time_zone="Pacific/Kiritimati")
    client = client_of(alice)
    answer = client.get(replay(application), {"since": since})
    assert answer.status_code == 422
    assert "Choose" in read(answer)
    assert f'value="{since}"' in answer.content.decode() or not since
    assert client.post(replay(application), {"since": since, "to": "version"}).status_code == 422
    assert Delivery.objects.get().state == State.STOPPED


def test_nothing_failed_is_said(client_of: ClientOf, application: Application, alice: User) -> None:
    client = client_of(alice)
    page = client.get(replay(application))
    assert "has failed." in read(page)
    sent = client.post(replay(application), {"since": timezone.now().isoformat(), "to": "version"}, follow=True)
    assert "there was nothing to replay" in read(sent)
    assert not TimelineEntry.objects.filter(kind="POSTBACKS_REPLAYED").exists()


def test_the_tab_leads_there_once_something_failed(
    client_of: ClientOf, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    tab = reverse("postback_list", args=(application.account.slug, application.pk))
    client = client_of(alice)
    assert replay(application) not in client.get(tab).content.decode()
    with receiving(Reply(410)) as receiver:
        failed(application, {cakes: carol}, alice, receiver)
    assert replay(application) in client.get(tab).content.decode()
