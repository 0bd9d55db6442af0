"""The pages that rotate a permanent token and end sessions, on the account that installed and on the application."""

import html
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.installations import lifecycle, progress, rotating, suspending
from installs.models import Delivery, Installation, PermanentToken, Session
from linnapp.models import Account, Application, User
from tests.kit.consenting import read
from tests.kit.exchanging import exchange
from tests.kit.people import PASSWORD, ClientOf, acting
from tests.kit.posting import deliver, install, with_postback
from tests.kit.receivers import Reply, receiving
from tests.typed.forms import go_on

pytestmark = pytest.mark.usefixtures("to_loopback")
OF_ACCOUNT = {"rotate": "installation_rotate", "end": "installation_old_token_end", "s": "installation_sessions_end"}
OF_APPLICATION = {"rotate": "application_token_rotate", "end": "application_old_token_end"}
OF_APPLICATION["s"] = "application_sessions_end"


def mine(row: Installation, act: str = "rotate") -> str:
    return reverse(OF_ACCOUNT[act], args=[row.account.slug, row.pk])


def theirs(row: Installation, act: str = "rotate") -> str:
    return reverse(OF_APPLICATION[act], args=["northwind", row.application_id, row.pk])


def detail(row: Installation) -> str:
    return reverse("installation_detail", args=[row.account.slug, row.pk])


def listed(row: Installation) -> str:
    return reverse("application_installations", args=["northwind", row.application_id])


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return read(answer)


def links_of(answer: Any) -> set[str]:
    """Where the links of a page lead: a list writes those next to it as short as it may."""
    assert answer.status_code == 200
    found = re.findall(r'href="([^"]*)"', answer.content.decode())
    return {urljoin(answer.request["PATH_INFO"], html.unescape(link)) for link in found}


def part(client: Client, url: str, seen: str = "") -> Any:
    return client.get(url, {"seen": seen} if seen else {}, headers={"HX-Request": "true"})


def seen_of(answer: Any) -> str:
    found = re.search(r'hx-get="[^"]*\?seen=([^"]+)" hx-trigger="every 1s"', answer.content.decode())
    return found[1] if found else ""


@pytest.fixture
def sent(application: Application, cakes: Account, alice: User, carol: User) -> Installation:
    with receiving() as receiver:
        version = with_postback(application, receiver.url, alice)
        row = install(application, cakes, version, carol).installation
        deliver()
    return row


@pytest.mark.parametrize(("person", "page"), [("carol", mine), ("alice", theirs), ("bob", theirs)])
def test_it_says_what_happens_and_what_breaks_and_then_shows_the_new_one_once(
    client_of: ClientOf, installation: Installation, person: str, page: Any, request: pytest.FixtureRequest
) -> None:
    client, url = client_of(request.getfixturevalue(person)), page(installation)
    old = lifecycle.current_token(installation)
    exchange(old)
    before = text(client.get(url))
    assert "A new permanent token is created and shown to you on the next page." in before
    assert f"The current one, …{old.tail} , works until the new one is first used, or for 24 hours after" in before
    assert "the sessions begun with it end. 1 session is live now." in before
    assert PermanentToken.objects.count() == 1
    answer = client.post(url)
    assert (answer.status_code, answer.headers["Location"]) == (302, url)
    new = lifecycle.current_token(installation)
    after = client.get(url)
    assert f"<code>{new.value()}</code>" in after.content.decode()
    assert after.headers["Cache-Control"] == "no-store"
    old.refresh_from_db()
    assert old.ends_at is not None
    until = f"{old.ends_at.day} {old.ends_at:%B, %H:%M} at the latest."
    assert f"The old one, …{old.tail} It works until the new one is first used, until {until}" in read(after)
    session = client.session
    session.update({key: "2026-01-01T00:00:00+00:00" for key, _ in session.items() if key.startswith("shown:")})
    session.save()
    assert new.value() not in client.get(url).content.decode()


@pytest.mark.parametrize("page", [mine, theirs])
def test_with_a_postback_it_is_shown_on_no_page_and_the_lines_fill_in(
    client_of: ClientOf, sent: Installation, carol: User, alice: User, page: Any
) -> None:
    client, url = client_of(carol if page is mine else alice), page(sent)
    with receiving() as receiver:
        assert "A new permanent token is created and sent to" in text(client.get(url))
        client.post(url)
        owed = Delivery.objects.filter(event="token_rotated")
        owed.update(url=receiver.url, host=receiver.host_and_port)
        rotation = rotating.rotation_of(sent)
        assert rotation is not None
        before = client.get(url)
        assert f"Sending it to {receiver.host_and_port}" in read(before)
        assert "for at most 24 hours after that is delivered." in read(before)
        assert "The new one has not been delivered yet:" in read(before)
        assert part(client, url, seen_of(before)).status_code == 204
        deliver()
    news = part(client, url, seen_of(before))
    assert news.content.decode().lstrip().startswith('<div id="rotated"')
    assert re.search(rf"Sent to <strong>{receiver.host_and_port}</strong>, \d+ ms", news.content.decode())
    assert part(client, url, seen_of(news)).status_code == 204
    exchange(rotation.new)
    done = part(client, url, seen_of(news)).content.decode()
    assert "The old permanent token no longer works. Only" in done
    assert seen_of(part(client, url)) == ""
    for answer in (before, news):
        assert rotation.new.value() not in answer.content.decode()
        assert rotation.old.value() not in answer.content.decode()
    assert "What happens:" in text(client.get(url))


def test_a_page_left_open_stops_asking(client_of: ClientOf, installation: Installation, carol: User) -> None:
    client = client_of(carol)
    client.post(mine(installation))
    assert seen_of(client.get(mine(installation)))
    PermanentToken.objects.update(created_at=timezone.now() - progress.ASKS_FOR)
    late = client.get(mine(installation))
    assert seen_of(late) == ""
    assert f'href="{mine(installation)}">Refresh</a>' in late.content.decode()


def test_while_it_does_not_arrive_both_sides_read_it_under_needs_attention(
    client_of: ClientOf, sent: Installation, carol: User, alice: User, eve: User
) -> None:
    client_of(carol).post(mine(sent))
    with receiving(Reply(503)) as receiver:
        Delivery.objects.filter(event="token_rotated").update(url=receiver.url, host="hooks.example.com")
        deliver()
    tail = PermanentToken.objects.order_by("pk")[0].tail
    said = "The new permanent token of Stock Bridge has not been delivered to hooks.example.com"
    for reader in (carol, eve):
        for url in (detail(sent), reverse("my_apps", args=["carols-cakes"])):
            page = text(client_of(reader).get(url))
            assert f"Needs attention {said} Answered 503 Service Unavailable. The old one, …{tail} , works" in page
    overview = reverse("application_overview", args=["northwind", sent.application_id])
    seen = client_of(alice).get(overview)
    assert "1 new permanent token has not been delivered" in read(seen)
    assert f"{listed(sent)}?state=rotated" in seen.content.decode()
    found = client_of(alice).get(listed(sent), {"state": "rotated"})
    assert f"old: …{tail}" in read(found)
    assert theirs(sent) in links_of(found)
    Delivery.objects.update(next_attempt_at=timezone.now())
    with receiving() as receiver:
        Delivery.objects.filter(event="token_rotated").update(url=receiver.url)
        deliver()
    assert "Needs attention" not in text(client_of(carol).get(detail(sent)))
    assert "Needs attention" not in text(client_of(carol).get(reverse("my_apps", args=["carols-cakes"])))
    assert "has not arrived" not in text(client_of(alice).get(overview))


def test_one_that_was_given_up_says_whom_to_ask(
    client_of: ClientOf, sent: Installation, carol: User, alice: User
) -> None:
    client_of(carol).post(mine(sent))
    owed = Delivery.objects.filter(event="token_rotated")
    owed.update(state=Delivery.State.STOPPED, outcome="Answered 410 Gone.")
    assert "Ask Northwind to redeliver it." in text(client_of(carol).get(mine(sent)))
    page = client_of(alice).get(theirs(sent))
    assert "Fix your endpoint, then redeliver it." in text(page)
    assert reverse("postback_detail", args=["northwind", sent.application_id, owed.get().pk]) in page.content.decode()


@pytest.mark.parametrize(("person", "page"), [("carol", mine), ("alice", theirs)])
def test_the_old_one_is_ended_from_the_page(
    client_of: ClientOf, installation: Installation, person: str, page: Any, request: pytest.FixtureRequest
) -> None:
    client = client_of(request.getfixturevalue(person))
    client.post(page(installation))
    rotation = rotating.rotation_of(installation)
    assert rotation is not None
    exchange(rotation.old)
    shown = client.get(page(installation))
    assert "refused at once, and 1 session begun with it ends" in text(shown)
    assert f'action="{page(installation, "end")}"' in shown.content.decode()
    assert client.get(page(installation, "end")).status_code == 405
    answer = client.post(page(installation, "end"), follow=True)
    assert f"The old permanent token no longer works. Only …{rotation.new.tail} does now." in read_all(answer)
    assert exchange(rotation.old).status_code == 400
    again = client.post(page(installation, "end"), follow=True)
    assert "there is no old one to end" in read_all(again)


def read_all(answer: Any) -> str:
    return str(answer.content.decode().replace("&#x27;", "'"))


def test_rotating_again_meanwhile_leads_to_what_is_under_way(
    client_of: ClientOf, installation: Installation, carol: User
) -> None:
    client = client_of(carol)
    client.post(mine(installation))
    answer = client.post(mine(installation), follow=True)
    assert "It has already been rotated, and the old permanent token" in read_all(answer)
    assert PermanentToken.objects.count() == 2


def test_an_old_sign_in_is_asked_for_again_before_anything_is_made(
    client_of: ClientOf, installation: Installation, alice: User
) -> None:
    client = client_of(alice, fresh=False)
    assert client.get(theirs(installation)).status_code == 200
    asked = client.post(theirs(installation))
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert PermanentToken.objects.count() == 1
    page = client.get(go_on(client, asked, PASSWORD).headers["Location"])
    assert lifecycle.current_token(installation).value() in page.content.decode()
    assert PermanentToken.objects.count() == 2


def test_what_staff_rotated_waits_to_be_revealed(
    client_of: ClientOf, installation: Installation, sam: User, carol: User
) -> None:
    rotation = rotating.rotate(installation, by=acting(sam, reason="It stood in a log."))
    client = client_of(carol)
    assert "has not been revealed The old one," in text(client.get(detail(installation)))
    assert "Not revealed yet" in text(client.get(mine(installation)))
    client.post(reverse("installation_token_reveal", args=["carols-cakes", installation.pk]))
    assert rotation.new.value() in client.get(mine(installation)).content.decode()
    assert "Needs attention" not in text(client.get(detail(installation)))


def test_the_links_stand_where_they_can_be_used(
    client_of: ClientOf, installation: Installation, carol: User, eve: User, alice: User
) -> None:
    exchange(lifecycle.current_token(installation))
    for reader, stand in ((carol, True), (eve, False)):
        page = client_of(reader).get(detail(installation)).content.decode()
        assert [mine(installation) in page, mine(installation, "s") in page] == [stand, stand]
    assert links_of(client_of(alice).get(listed(installation))) >= {theirs(installation), theirs(installation, "s")}
    client_of(carol).post(mine(installation))
    page = client_of(carol).get(detail(installation)).content.decode()
    assert f'{mine(installation)}#old">End the old one now…' in page
    lifecycle.uninstall(installation, by=acting(carol))
    assert links_of(client_of(alice).get(listed(installation))).isdisjoint(
        {theirs(installation), theirs(installation, "s")}
    )
    for client, url, back in (
        (client_of(carol), mine(installation), detail(installation)),
        (client_of(alice), theirs(installation), f"{listed(installation)}?q={installation.pk}"),
        (client_of(carol), mine(installation, "s"), detail(installation)),
    ):
        assert client.get(url).headers["Location"] == back
        assert "is uninstalled, and its permanent token stopped working" in read_all(client.post(url, follow=True))


@pytest.mark.parametrize(("person", "page"), [("carol", mine), ("bob", theirs)])
def test_sessions_are_ended_from_a_page_that_says_what_that_does(
    client_of: ClientOf, installation: Installation, person: str, page: Any, request: pytest.FixtureRequest
) -> None:
    client, url = client_of(request.getfixturevalue(person)), page(installation, "s")
    assert "No session is live: there is nothing to end." in text(client.get(url))
    assert "No session was live, so nothing changed." in read_all(client.post(url, follow=True))
    for _ in range(2):
        exchange(lifecycle.current_token(installation))
    before = text(client.get(url))
    assert "2 sessions end at once: the next call of each is answered 401." in before
    assert "The permanent token still works," in before
    assert "2 sessions have ended." in read_all(client.post(url, follow=True))
    assert not Session.objects.live().exists()


def test_an_installation_of_another_application_is_not_found_here(
    client_of: ClientOf, installation: Installation, northwind: Account, alice: User, carol: User
) -> None:
    other = Application.objects.create(account=northwind, name="Other", type=Application.Type.SYSTEM)
    for act in OF_APPLICATION.values():
        url = reverse(act, args=["northwind", other.pk, installation.pk])
        assert client_of(alice).post(url).status_code == 404
    for act in ("rotate", "end", "s"):
        assert client_of(carol).post(theirs(installation, act)).status_code == 404
        assert client_of(alice).post(mine(installation, act)).status_code == 404
    assert PermanentToken.objects.count() == 1


def test_while_the_application_is_suspended_the_page_says_when_it_is_sent(
    client_of: ClientOf, sent: Installation, carol: User, paula: User
) -> None:
    suspending.suspend_application(sent.application, by=acting(paula, reason="Checked."))
    client = client_of(carol)
    assert "It is sent once Stock Bridge is resumed." in text(client.get(mine(sent)))
    client.post(mine(sent))
    assert "the application is suspended It is sent once the application is resumed." in text(client.get(mine(sent)))


def test_the_old_one_in_its_last_day_says_until_when(
    client_of: ClientOf, installation: Installation, carol: User
) -> None:
    client_of(carol).post(mine(installation))
    old = PermanentToken.objects.order_by("pk")[0]
    PermanentToken.objects.filter(pk=old.pk).update(ends_at=datetime(2031, 5, 3, 12, 30, tzinfo=UTC))
    said = f"The old one, …{old.tail} , works until this one is first used, until 3 May, 12:30 at the latest"
    assert said in text(client_of(carol).get(detail(installation)))
