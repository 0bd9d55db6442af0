"""One postback: every attempt with its request and answer, what the schedule says, and asking for it again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.installations import lifecycle, suspending
from installs.models import Delivery, Installation, PostbackHost
from installs.postbacks import asking
from linnapp.models import Account, Application, TimelineEntry, User
from tests.kit.consenting import external, read, release
from tests.kit.people import ClientOf, acting
from tests.kit.posting import deliver, install, wait_for_200, with_postback
from tests.kit.receivers import Reply, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")
State = Delivery.State


def detail(delivery: Delivery) -> str:
    application = delivery.application
    return reverse("postback_detail", args=(application.account.slug, application.pk, delivery.pk))


def redeliver(client: Client, delivery: Delivery, **form: str) -> str:
    """What the person reads who asked for it."""
    return read(client.post(f"{detail(delivery)}redeliver/", form, follow=True))


@pytest.fixture
def owed(application: Application, cakes: Account, alice: User, carol: User) -> Delivery:
    """Of an endpoint that answered 410: it is given up."""
    with receiving(Reply(410, body=b"<b>we moved</b>")) as receiver:
        version = with_postback(application, f"{receiver.url}/in?token=[{{TOKEN}}]&t=[{{TRACKING}}]", alice)
        install(application, cakes, version, carol, tracking="spring <sale>")
        deliver()
    return Delivery.objects.get()


def test_it_shows_the_address_with_its_placeholders_and_the_attempt_as_it_was_written(
    client_of: ClientOf, alice: User, owed: Delivery
) -> None:
    page = client_of(alice).get(detail(owed)).content.decode()
    assert f"<code>http://{owed.host}/in?token=[{{TOKEN}}]&amp;t=[{{TRACKING}}]</code>" in page
    assert "<code>spring &lt;sale&gt;</code>" in page
    assert f"<code>{owed.pk}</code>" in page
    assert "Answered 410 Gone: this postback is not sent again." in page
    assert "status 410" in page
    assert "&lt;b&gt;we moved&lt;/b&gt;" in page
    assert "POST /in?token=…" in page


def test_no_permanent_token_is_on_it(client_of: ClientOf, alice: User, owed: Delivery) -> None:
    assert owed.installation is not None
    page = client_of(alice).get(detail(owed)).content.decode()
    value = lifecycle.current_token(owed.installation).value()
    assert value not in page
    assert value.replace("-", "") not in page


def test_attempts_stand_newest_first(client_of: ClientOf, alice: User, owed: Delivery) -> None:
    owed.attempts.update(at=timezone.now() - timedelta(hours=1))
    owed.attempts.create(cause="Answered 503 Service Unavailable.", status=503, milliseconds=12_345)
    page = read(client_of(alice).get(detail(owed)))
    assert page.index("Answered 503") < page.index("status 410")
    assert "Attempts 2" in page
    assert "12,345 ms, status 503" in page


def test_attempts_that_came_to_the_same_are_folded_into_one(client_of: ClientOf, alice: User, owed: Delivery) -> None:
    owed.attempts.all().delete()
    begin = datetime(2026, 11, 26, 12, 1, tzinfo=UTC)
    for nth in range(10):
        at = begin + timedelta(minutes=nth)
        owed.attempts.create(at=at, cause="Answered 502 Bad Gateway.", status=502, request=f"POST /{nth}", answer="no")
    answer = client_of(alice).get(detail(owed))
    page = answer.content.decode()
    assert page.count('<details class="folded">') == 1
    assert "10 attempts, all: Answered 502 Bad Gateway. 26 Nov, 12:01 to 12:10" in read(answer)
    assert page.index("POST /9") < page.index("POST /0"), "each can be read, the newest first"
    owed.attempts.create(at=begin + timedelta(days=1), cause="Answered 200 OK.", status=200, passed=True)
    owed.attempts.create(at=begin + timedelta(days=2), cause="Answered 502 Bad Gateway.", status=502)
    answer = client_of(alice).get(detail(owed))
    assert answer.content.decode().count('<details class="folded">') == 1
    assert "Attempts 12" in read(answer)


@pytest.mark.parametrize(
    ("fields", "minutes", "sentence"),
    [
        ({"state": State.DUE, "tried": 2}, 20, "Attempt 3 of 10 follows in 1"),
        ({"state": State.DUE, "tried": 0}, -1, "Attempt 1 of 10 follows at once."),
        ({"state": State.DUE, "decides": True}, -1, "only 200 completes the installation"),
        ({"state": State.EXHAUSTED, "tried": 10}, 0, "All 10 attempts failed, so it is not tried again automatically."),
        ({"state": State.STOPPED}, 0, "It is not tried again automatically."),
        ({"state": State.HELD}, 0, "It is sent when the host answers again"),
        ({"state": State.DELIVERED}, 0, "Delivered just now"),
    ],
)
def test_what_the_schedule_says_next(
    client_of: ClientOf, alice: User, owed: Delivery, fields: dict[str, Any], minutes: int, sentence: str
) -> None:
    due = timezone.now() + timedelta(minutes=minutes) if minutes else None
    Delivery.objects.update(next_attempt_at=due, ended_at=timezone.now(), **fields)
    assert sentence in read(client_of(alice).get(detail(owed)))


def test_while_it_is_sent_the_page_looks_again_and_is_told_only_news(
    client_of: ClientOf, alice: User, owed: Delivery
) -> None:
    client = client_of(alice)
    assert 'hx-trigger="every' not in client.get(detail(owed)).content.decode()
    asking.redeliver(owed, by=acting(alice))
    page = client.get(detail(owed))
    assert 'hx-trigger="every' in page.content.decode()
    seen = f"{detail(owed)}?seen={page.context['mark']}"
    assert client.get(seen, headers={"HX-Request": "true"}).status_code == 204
    assert client.get(seen).status_code == 200
    Delivery.objects.update(state=State.DELIVERED, next_attempt_at=None, ended_at=timezone.now())
    news = client.get(seen, headers={"HX-Request": "true"}).content.decode()
    assert news.strip().startswith('<div id="postback">')
    assert "Delivered" in news


def test_it_does_not_look_again_for_an_attempt_of_tomorrow_nor_while_the_application_is_suspended(
    client_of: ClientOf, alice: User, sam: User, owed: Delivery
) -> None:
    client = client_of(alice)
    Delivery.objects.update(state=State.DUE, next_attempt_at=timezone.now() + timedelta(hours=20))
    assert 'hx-trigger="every' not in client.get(detail(owed)).content.decode()
    Delivery.objects.update(next_attempt_at=timezone.now())
    suspending.suspend_application(owed.application, by=acting(sam, reason="Asked for."))
    page = client.get(detail(owed))
    assert 'hx-trigger="every' not in page.content.decode()
    assert "It waits until Stock Bridge is resumed." in read(page)


def test_redelivering_sends_it_to_its_own_address_under_the_same_id(
    client_of: ClientOf, application: Application, cakes: Account, alice: User, bob: User, carol: User
) -> None:
    answers = [Reply(410), Reply(200)]
    with receiving(lambda received: answers.pop(0)) as receiver:
        install(application, cakes, with_postback(application, receiver.url, alice), carol)
        deliver()
        delivery = Delivery.objects.get()
        client = client_of(bob)
        assert "Redelivering now" in redeliver(client, delivery)
        deliver()
        first, second = receiver.wait_for(2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == str(delivery.pk)
    page = read(client.get(detail(delivery)))
    assert "Delivered just now . Answered 200 OK." in page
    assert "Attempts 2" in page
    told = TimelineEntry.objects.get(kind="POSTBACK_AGAIN")
    assert told.actor_name == "Bob"


def test_where_the_newest_version_has_another_address_it_is_offered_by_its_host(
    client_of: ClientOf, application: Application, alice: User, owed: Delivery
) -> None:
    client = client_of(alice)
    assert "Redeliver to the newest address" not in read(client.get(detail(owed)))
    with receiving() as mended:
        with_postback(application, f"{mended.url}/mended", alice, (1, 0, 1))
        assert f"Redeliver to the newest address, {mended.host_and_port}" in read(client.get(detail(owed)))
        redeliver(client, owed, to="newest")
        deliver()
        (sent,) = mended.wait_for(1)
    assert sent.path == "/mended"
    assert sent.form["Tracking"] == "spring <sale>"


def test_a_newest_version_without_one_offers_nothing_and_is_refused_in_words(
    client_of: ClientOf, application: Application, alice: User, owed: Delivery
) -> None:
    release(application, (1, 0, 1), external(), alice)
    client = client_of(alice)
    assert "Redeliver to the newest address" not in read(client.get(detail(owed)))
    assert "The newest version has no Postback URL." in redeliver(client, owed, to="newest")
    owed.refresh_from_db()
    assert owed.state == State.STOPPED


def test_what_cannot_be_sent_again_says_why_and_stays_as_it_is(
    client_of: ClientOf, carol: User, alice: User, owed: Delivery
) -> None:
    assert owed.installation is not None
    client = client_of(alice)
    Delivery.objects.update(claimed_until=timezone.now() + timedelta(seconds=20))
    assert "It is being sent right now." in redeliver(client, owed)
    Delivery.objects.update(claimed_until=None)
    lifecycle.uninstall(owed.installation, by=acting(carol))
    page = client.get(detail(owed))
    assert "there is nothing to send again" in read(page)
    assert "/redeliver/" not in page.content.decode()
    assert "The installation and its permanent token have ended" in redeliver(client, owed)
    owed.refresh_from_db()
    assert (owed.state, owed.attempts.count()) == (State.STOPPED, 1)


def test_a_test_is_not_sent_again(client_of: ClientOf, application: Application, alice: User) -> None:
    test = asking.send_test(application, url="https://hooks.northwind.example/", by=acting(alice))
    client = client_of(alice)
    assert "a test by Alice, without a permanent token" in read(client.get(detail(test)))
    assert "Send another test postback." in redeliver(client, test)


def test_that_an_installation_waits_for_it_is_said(
    client_of: ClientOf, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    wait_for_200(application)
    with receiving(Reply(201)) as receiver:
        install(application, cakes, with_postback(application, receiver.url, alice), carol)
        client = client_of(alice)
        delivery = Delivery.objects.get()
        assert "only 200 completes the installation" in read(client.get(detail(delivery)))
        deliver()
    assert "Answered 201 Created: only 200 completes an installation" in read(client.get(detail(delivery)))


def test_what_an_installation_waits_for_is_not_asked_for_again_because_it_would_decide_nothing_then(
    client_of: ClientOf, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    wait_for_200(application)
    with receiving() as receiver:
        made = install(application, cakes, with_postback(application, receiver.url, alice), carol)
        client = client_of(alice)
        delivery = Delivery.objects.get()
        page = client.get(detail(delivery)).content.decode()
        assert "/redeliver/" not in page
        assert "there is nothing to send again" not in page
        assert "An installation is waiting for it" in redeliver(client, delivery)
        deliver()
    made.installation.refresh_from_db()
    assert made.installation.state == Installation.State.ACTIVE


def test_a_held_one_says_when_the_host_is_tried(client_of: ClientOf, alice: User, owed: Delivery) -> None:
    Delivery.objects.update(state=State.HELD)
    since = timezone.now() - timedelta(days=6)
    trial = timezone.now() + timedelta(minutes=30, seconds=30)
    PostbackHost.objects.update(failing_since=since, parked_at=since, next_trial_at=trial)
    assert "the oldest held postback is tried in 30 minutes" in read(client_of(alice).get(detail(owed)))


def test_it_is_found_below_its_own_application_only(
    client_of: ClientOf, application: Application, dave: User, depot: Account, owed: Delivery
) -> None:
    other = Application.objects.create(account=depot, name="Depot Tool", type=Application.Type.SYSTEM)
    client = client_of(dave)
    for address in (
        reverse("postback_detail", args=(depot.slug, other.pk, owed.pk)),
        reverse("postback_detail", args=(depot.slug, application.pk, owed.pk)),
        detail(owed),
    ):
        assert client.get(address).status_code == 404
        assert client.post(f"{address}redeliver/").status_code == 404
    owed.refresh_from_db()
    assert owed.state == State.STOPPED


def test_asking_again_is_a_post(client_of: ClientOf, alice: User, owed: Delivery) -> None:
    assert client_of(alice).get(f"{detail(owed)}redeliver/").status_code == 405
