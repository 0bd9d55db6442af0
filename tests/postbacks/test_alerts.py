"""Mail to the Owners: the first postback that was given up, a host that is held, and that it answers again."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.installations import suspending
from installs.models import AlertSent, Delivery, Installation, PostbackAlerts, PostbackHost
from installs.postbacks import parking
from installs.postbacks.retries import ATTEMPTS
from linnapp.models import Account, Application, TimelineEntry, User
from tests.kit.events import send_events
from tests.kit.people import ClientOf, acting
from tests.kit.posting import deliver, install, with_postback
from tests.kit.receivers import Receiver, Reply, receiving
from tests.postbacks.test_parking import ago, due_now, fails_since

pytestmark = pytest.mark.usefixtures("to_loopback")


def page_url(application: Application, name: str = "postback_settings") -> str:
    return reverse(name, args=(application.account.slug, application.pk))


def subjects() -> list[str]:
    return [str(message.subject) for message in mail.outbox]


def the_last_attempt() -> None:
    Delivery.objects.filter(state=Delivery.State.DUE).update(tried=ATTEMPTS - 1, next_attempt_at=timezone.now())
    deliver()


def hold(receiver: Receiver) -> None:
    fails_since(PostbackHost.objects.get(), ago(days=6), 3)
    due_now()
    deliver()


def trial() -> None:
    PostbackHost.objects.update(next_trial_at=ago(seconds=1))
    parking.try_held()
    deliver()


def test_the_first_that_is_given_up_is_told_once_until_the_host_recovers(
    application: Application, cakes: Account, depot: Account, alice: User, carol: User, dave: User
) -> None:
    with receiving(Reply(500)) as receiver:
        version = with_postback(application, receiver.url, alice)
        install(application, cakes, version, carol)
        deliver()
        the_last_attempt()
        assert subjects() == [f"A postback to {receiver.host_and_port} could not be delivered"]
        text = str(mail.outbox[0].body)
        assert mail.outbox[0].to == [alice.email]
        assert f"of Stock Bridge to {receiver.host_and_port} could not be delivered: all attempts failed." in text
        assert "The last one: Answered 500" in text
        assert f"http://localhost:8000{page_url(application, 'postback_list')}?state=exhausted" in text
        assert f"http://localhost:8000{page_url(application)}#alerts" in text
        assert "as an Owner of Northwind, at most once in 24 hours for each host" in text
        # Two days later the host still fails: that was told.
        AlertSent.objects.update(sent_at=ago(days=2))
        PostbackHost.objects.update(failing_since=ago(days=4))
        install(application, depot, version, dave)
        the_last_attempt()
        assert Delivery.objects.filter(state="EXHAUSTED").count() == 2
        assert len(mail.outbox) == 1
        # It recovered, and began to fail again.
        PostbackHost.objects.update(failing_since=ago(days=1))
        install(application, cakes, version, carol)
        the_last_attempt()
    assert len(mail.outbox) == 2


def test_a_host_that_fails_one_and_takes_others_is_told_once_a_day(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving(Reply(500)) as receiver:
        version = with_postback(application, receiver.url, alice)
        told = []
        for hours in (0, 23, 25):
            AlertSent.objects.update(sent_at=ago(hours=hours))
            install(application, cakes, version, carol)
            PostbackHost.objects.update(failing_since=None)
            the_last_attempt()
            told.append(len(mail.outbox))
    assert told == [1, 1, 2]


def test_a_host_that_is_held_is_told_with_the_way_to_the_log(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    with receiving(Reply(500)) as receiver:
        install(application, cakes, with_postback(application, receiver.url, alice), carol)
        deliver()
        hold(receiver)
    assert subjects() == [f"Postbacks to {receiver.host_and_port} are held"]
    text = str(mail.outbox[0].body)
    since = timezone.now() - timedelta(days=6)
    assert f"have failed since {since.day} {since:%B %Y}. They are now held" in text
    assert f"http://localhost:8000{page_url(application, 'postback_list')}?state=held" in text


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (0, "None of the others was held."),
        (1, "1 other that was held is on its way now, in order."),
        (2, "2 others that were held are on their way now, in order."),
    ],
)
def test_a_host_that_answers_again_is_told_with_what_is_on_its_way(
    application: Application, cakes: Account, alice: User, carol: User, more: int, sentence: str
) -> None:
    answers = [Reply(500), Reply(500)]
    with receiving(lambda received: answers.pop() if answers else Reply()) as receiver:
        version = with_postback(application, receiver.url, alice)
        install(application, cakes, version, carol)
        deliver()
        hold(receiver)
        for _ in range(more):
            install(application, cakes, version, carol)
        trial()
        receiver.wait_for(3 + more)
    assert subjects()[1:] == [f"{receiver.host_and_port} answers again"]
    text = str(mail.outbox[1].body)
    assert sentence in text
    assert f"http://localhost:8000{page_url(application, 'postback_replay')}" in text


def test_a_host_that_comes_and_goes_fills_no_mailbox(
    application: Application, cakes: Account, alice: User, carol: User
) -> None:
    healthy = False
    with receiving(lambda received: Reply(200 if healthy else 500)) as receiver:
        version = with_postback(application, receiver.url, alice)
        for _ in range(4):
            healthy = False
            install(application, cakes, version, carol)
            deliver()
            hold(receiver)
            healthy = True
            trial()
    host = receiver.host_and_port
    assert TimelineEntry.objects.filter(kind="POSTBACKS_PARKED").count() == 4
    assert subjects() == [f"Postbacks to {host} are held", f"{host} answers again"]


@pytest.mark.parametrize(
    ("chosen", "told"),
    [([], []), (["parked"], ["held"]), (["recovered"], ["again"]), (["exhausted"], ["could not be delivered"])],
)
def test_only_what_was_chosen_is_told(
    chosen: list[str],
    told: list[str],
    application: Application,
    cakes: Account,
    alice: User,
    carol: User,
    client_of: ClientOf,
) -> None:
    client_of(alice).post(page_url(application, "postback_alerts"), {"matters": chosen})
    answers = [Reply(500)] * 4
    with receiving(lambda received: answers.pop() if answers else Reply()) as receiver:
        version = with_postback(application, receiver.url, alice)
        install(application, cakes, version, carol)
        deliver()
        the_last_attempt()
        install(application, cakes, version, carol)
        deliver()
        hold(receiver)
        trial()
    assert Delivery.objects.filter(state="EXHAUSTED").exists()
    assert TimelineEntry.objects.filter(kind="POSTBACKS_RELEASED").exists()
    assert [[word for word in told if word in subject] for subject in subjects()] == [[word] for word in told]


def test_only_those_who_own_the_account_get_it(
    application: Application, cakes: Account, alice: User, bob: User, carol: User
) -> None:
    with receiving(Reply(500)) as receiver:
        install(application, cakes, with_postback(application, receiver.url, alice), carol)
        the_last_attempt()
    assert [message.to for message in mail.outbox] == [[alice.email]]


# The choice.


def ticked(page: str) -> list[str]:
    return re.findall(r'<input type="checkbox" name="matters" value="(\w+)"[^>]* checked', page)


@pytest.fixture
def bobs(bob: User, client_of: ClientOf) -> Client:
    return client_of(bob)


def test_all_are_on_until_a_developer_chooses_and_the_choice_is_on_record(
    application: Application, bobs: Client
) -> None:
    assert ticked(bobs.get(page_url(application)).content.decode()) == ["exhausted", "parked", "recovered"]
    answer = bobs.post(page_url(application, "postback_alerts"), {"matters": ["parked", "recovered"]}, follow=True)
    assert answer.redirect_chain == [(f"{page_url(application)}#alerts", 302)]
    assert ticked(answer.content.decode()) == ["parked", "recovered"]
    entry = TimelineEntry.objects.get(kind="POSTBACK_ALERTS")
    assert entry.actor_name == "Bob"
    assert entry.facts["alerts"] == "postbacks or events to a host are held; a host that was held answers again"
    bobs.post(page_url(application, "postback_alerts"), {"matters": ["recovered", "parked"]})
    assert TimelineEntry.objects.filter(kind="POSTBACK_ALERTS").count() == 1
    assert ticked(bobs.post(page_url(application, "postback_alerts"), follow=True).content.decode()) == []
    assert TimelineEntry.objects.filter(kind="POSTBACK_ALERTS").latest("pk").facts["alerts"] == "nothing"


def test_what_is_none_of_the_three_is_refused_and_the_rest_stays_ticked(application: Application, bobs: Client) -> None:
    answer = bobs.post(page_url(application, "postback_alerts"), {"matters": ["parked", "weekly"]})
    assert answer.status_code == 422
    assert "Choose from the three." in answer.content.decode()
    assert ticked(answer.content.decode()) == ["parked"]
    assert not PostbackAlerts.objects.exists()


def test_of_a_retired_application_nothing_is_chosen_any_more(application: Application, bobs: Client) -> None:
    Application.objects.update(retired_at=timezone.now())
    answer = bobs.post(page_url(application, "postback_alerts"), {"matters": ["parked"]})
    assert answer.status_code == 422
    assert "no longer sends postbacks" in answer.content.decode()
    assert not PostbackAlerts.objects.exists()


def test_events_that_are_given_up_held_and_arrive_again_are_told_of_as_events(
    application: Application, installation: Installation, alice: User, carol: User
) -> None:
    healthy = False
    with receiving(lambda received: Reply(200 if healthy else 500)) as receiver:
        send_events(application, receiver.url, alice)
        suspending.suspend(installation, by=acting(carol))
        the_last_attempt()
        suspending.resume(installation, by=acting(carol))
        deliver()
        hold(receiver)
        healthy = True
        trial()
    host = receiver.host_and_port
    assert subjects() == [
        f"An event to {host} could not be delivered",
        f"Events to {host} are held",
        f"{host} answers again",
    ]
    texts = [str(message.body) for message in mail.outbox]
    assert f"An event of Stock Bridge to {host} could not be delivered" in texts[0]
    assert "Your endpoint does not know what happened." in texts[0]
    assert f"Events of Stock Bridge to {host} have failed since" in texts[1]
    assert f"An event of Stock Bridge to {host} was delivered" in texts[2]
    assert not any("ostback of" in text for text in texts)
