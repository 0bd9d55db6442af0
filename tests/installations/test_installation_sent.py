"""The page after installing with a PostbackUrl: what it says, when it asks again, and that it never has the token."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from installs.installations import lifecycle, progress, suspending
from installs.models import Delivery, Installation, PermanentToken, Session
from installs.models.installations import NOT_TAKEN
from installs.postbacks import deciding
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, User, Version
from linnapp.services import applications
from tests.kit.consenting import address, read, sent
from tests.kit.people import ClientOf, acting
from tests.kit.posting import deliver, wait_for_200, with_postback
from tests.kit.receivers import Reply, nobody_listens, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")


def install(client: Client, version: Version, account: Account, nonce: str = "a" * 32, **query: str) -> str:
    answer = client.post(address(version.application, **query), sent(version, account, nonce=nonce))
    assert answer.status_code == 302
    return answer.headers["Location"]


def part(client: Client, url: str, seen: str = "") -> Any:
    return client.get(url, {"seen": seen} if seen else {}, headers={"HX-Request": "true"})


def seen_of(answer: Any) -> str:
    """What the page says it shows, in the address that it asks; "" where it asks no more."""
    found = re.search(r'hx-get="[^"]*\?seen=([^"]+)" hx-trigger="every 1s"', answer.content.decode())
    return found[1] if found else ""


def lapse() -> None:
    past = timezone.now() - timedelta(seconds=1)
    Installation.objects.update(waits_until=past)
    PermanentToken.objects.update(ends_at=past)


def begin_session(application: Application) -> None:
    Session.objects.create(
        digest="d",
        installation=Installation.objects.get(),
        permanent_token=PermanentToken.objects.get(),
        secret=application.secrets.get(),
        expires_at=timezone.now() + timedelta(hours=1),
    )


def test_the_lines_fill_in_until_all_is_known(
    client_of: ClientOf, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    client = client_of(carol)
    with receiving() as receiver:
        url = install(client, with_postback(application, receiver.url, alice), cakes)
        before = client.get(url)
        host = receiver.host_and_port
        assert f"Installed Sending the permanent token to {host} First connection: waiting" in read(before)
        assert "no-store" in before.headers["Cache-Control"]
        assert "data-without-script>Refresh</a>" in before.content.decode()
        seen = seen_of(before)
        assert part(client, url, seen).status_code == 204
        deliver()
    news = part(client, url, seen)
    assert news.status_code == 200
    assert news.content.decode().lstrip().startswith('<div id="installation-sent"')
    assert re.search(rf"Sent to <strong>{re.escape(host)}</strong>, \d+ ms", news.content.decode())
    seen = seen_of(news)
    begin_session(application)
    done = part(client, url, seen)
    assert "First connection: <time" in done.content.decode()
    assert seen_of(done) == ""
    assert "Refresh" not in done.content.decode()


def test_a_page_left_open_stops_asking_and_keeps_its_refresh_link(
    client_of: ClientOf, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    client = client_of(carol)
    url = install(client, with_postback(application, "http://127.0.0.1:9/", alice), cakes)
    seen = seen_of(client.get(url))
    Delivery.objects.update(created_at=timezone.now() - progress.ASKS_FOR)
    late = part(client, url, seen)
    assert seen_of(late) == ""
    assert f'href="{url}">Refresh</a>' in late.content.decode()


def test_a_browser_that_may_see_the_permanent_token_elsewhere_does_not_get_it_here(
    client_of: ClientOf, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    client = client_of(carol)
    url = install(client, with_postback(application, "http://127.0.0.1:9/", alice), cakes)
    row = Installation.objects.get()
    token = lifecycle.current_token(row).value()
    shown = client.post(reverse("installation_token_reveal", args=[cakes.slug, row.pk]), follow=True)
    assert token in read(shown)
    for answer in (client.get(url), part(client, url)):
        assert answer.status_code == 200
        assert token not in answer.content.decode()
        assert token.replace("-", "") not in answer.content.decode()


def test_a_failed_attempt_is_told_with_its_cause_and_the_next_one(
    client_of: ClientOf, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    client = client_of(carol)
    with receiving(Reply(503)) as receiver:
        url = install(client, with_postback(application, receiver.url, alice), cakes)
        deliver()
    due = Delivery.objects.get()
    assert due.next_attempt_at is not None
    page = read(client.get(url))
    assert f"Not yet sent to {due.host} : Answered 503 Service Unavailable." in page
    said = page.partition("Next attempt at ")[2]
    assert f"{timezone.localtime(due.next_attempt_at):%H:%M:%S}" in said[:40]
    assert "Stock Bridge is installed" in page


def test_one_that_is_given_up_says_whom_to_ask(
    client_of: ClientOf, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    applications.edit_application(application, by=acting(alice), support_contact="help@northwind.example")
    client = client_of(carol)
    with receiving(Reply(410)) as receiver:
        url = install(client, with_postback(application, receiver.url, alice), cakes)
        deliver()
    answer = client.get(url)
    page = read(answer)
    assert "Answered 410 Gone: this postback is not sent again. It is not tried again automatically." in page
    assert "Ask its developer, Northwind, to send it again" in page
    assert 'href="mailto:help@northwind.example"' in answer.content.decode()


def test_while_the_application_is_suspended_it_says_so(
    client_of: ClientOf, application: Application, cakes: Account, alice: User, carol: User, sam: User
) -> None:
    client = client_of(carol)
    url = install(client, with_postback(application, "http://127.0.0.1:9/", alice), cakes)
    suspending.suspend_application(application, by=acting(sam, reason="It lost orders."))
    assert "Not yet sent to 127.0.0.1:9 : the application is suspended" in read(client.get(url))


def test_authorising_again_says_that_the_same_permanent_token_was_sent_again(
    client_of: ClientOf, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    client = client_of(carol)
    with receiving() as receiver:
        version = with_postback(application, receiver.url, alice)
        install(client, version, cakes)
        again = client.get(address(application))
        assert "Authorising again sends the same permanent token once more." in read(again)
        url = install(client, version, cakes, nonce="b" * 32)
        deliver()
        tokens = {postback.form["Token"] for postback in receiver.wait_for(2)}
        assert f"The same permanent token was sent again to {receiver.host_and_port}" in read(client.get(url))
    assert len(tokens) == 1


def test_what_moves_to_a_version_without_a_postback_url_is_shown_its_permanent_token_as_before(
    client_of: ClientOf, application: Application, northwind: Account, alice: User
) -> None:
    client = client_of(alice)
    without = application.versions.development()
    sending = with_postback(application, "http://127.0.0.1:9/", alice)
    url = install(client, sending, northwind)
    token = PermanentToken.objects.get().value()
    assert token not in client.get(url).content.decode()
    without.refresh_from_db()
    Version.objects.filter(pk=without.pk).update(snapshot={"Modules": [{"type": "ExternalApplication"}]})
    url = install(client, without, northwind, nonce="b" * 32)
    assert token in read(client.get(url))


# Only install when my endpoint answers 200.


def test_one_that_waits_says_for_whom_and_then_that_it_is_installed(
    client_of: ClientOf, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    wait_for_200(application)
    client = client_of(carol)
    with receiving() as receiver:
        url = install(client, with_postback(application, receiver.url, alice), cakes)
        waiting = client.get(url)
        assert "Stock Bridge is being installed" in read(waiting)
        assert f"Waiting for {receiver.host_and_port} to answer" in read(waiting)
        deliver()
    news = part(client, url, seen_of(waiting)).content.decode()
    assert "Stock Bridge is installed" in news
    assert "Sent to <strong>" in news


@pytest.mark.parametrize(("decides", "said"), [(True, "and then install it again"), (False, "and then send it again")])
def test_on_the_makers_own_account_it_leads_to_the_postbacks(
    client_of: ClientOf, application: Application, northwind: Account, alice: User, decides: bool, said: str
) -> None:
    if decides:
        wait_for_200(application)
    client = client_of(alice)
    with receiving(Reply(410)) as receiver:
        url = install(client, with_postback(application, receiver.url, alice), northwind)
        deliver()
    answer = client.get(url)
    assert said in read(answer)
    assert "Ask its developer" not in read(answer)
    assert f'href="{reverse("postback_list", args=[northwind.slug, application.pk])}"' in answer.content.decode()
    told = read(client.get(reverse("application_activity", args=[northwind.slug, application.pk])))
    assert ". on Northwind" not in told


def test_a_failed_one_says_why_and_leads_to_installing_again_with_the_same_tracking(
    client_of: ClientOf, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    wait_for_200(application)
    client = client_of(carol)
    with receiving(Reply(404)) as receiver:
        url = install(client, with_postback(application, receiver.url, alice), cakes, Tracking="a%26b")
        deliver()
    answer = client.get(url)
    page = read(answer)
    assert answer.status_code == 200
    assert "Stock Bridge is not installed" in page
    assert "Answered 404 Not Found: only 200 completes an installation of this application." in page
    assert "Ask its developer, Northwind" in page
    assert seen_of(answer) == ""
    again = f'href="{reverse("authorize", args=[application.pk])}?account={cakes.slug}&amp;Tracking=a%26b"'
    detail = client.get(reverse("installation_detail", args=[cakes.slug, Installation.objects.get().pk]))
    for shown in (answer, detail):
        assert again in shown.content.decode()
    assert "It was not installed: Answered 404 Not Found" in read(detail)


@pytest.mark.usefixtures("cakes")
def test_one_that_no_worker_takes_reads_as_failed_before_anybody_wrote_it_down(
    client_of: ClientOf, application: Application, cakes: Account, alice: User, carol: User
) -> None:
    wait_for_200(application)
    client = client_of(carol)
    with nobody_listens() as host:
        url = install(client, with_postback(application, host, alice), cakes)
        seen = seen_of(client.get(url))
        lapse()
    news = part(client, url, seen)
    assert "to answer:<br>No worker of the portal took the postback within 60 seconds" in news.content.decode()
    assert Installation.objects.get().state == Installation.State.PENDING
    assert seen_of(news) == ""
    deciding.fail_lapsed(Installation.objects.lapsed())
    assert NOT_TAKEN in read(client.get(url))


@pytest.fixture
def waiting(application: Application, cakes: Account, alice: User, carol: User) -> Installation:
    wait_for_200(application)
    version = with_postback(application, "http://127.0.0.1:9/", alice)
    return lifecycle.install(application, account=cakes, version=version, by=acting(carol)).installation


def everywhere(client_of: ClientOf, row: Installation, carol: User, alice: User, sam: User, paula: User) -> list[str]:
    """Every page that shows an installation's state."""
    mine, theirs = [row.account.slug, row.pk], ["northwind", row.application_id]
    pages = [
        (carol, reverse("my_apps", args=mine[:1])),
        (carol, reverse("installation_detail", args=mine)),
        (alice, reverse("application_installations", args=theirs)),
        (alice, reverse("application_installations", args=theirs) + "?format=csv"),
        (sam, reverse("support_installation", args=[row.pk])),
        (paula, reverse("admin:installs_installation_changelist")),
    ]
    return [text_of(client_of(user).get(url)) for user, url in pages]


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return b"".join(answer).decode()


@pytest.mark.parametrize("lapsed", [False, True])
def test_its_state_stands_wherever_it_is_shown(
    client_of: ClientOf, waiting: Installation, carol: User, alice: User, sam: User, paula: User, lapsed: bool
) -> None:
    if lapsed:
        lapse()
    word = "Failed" if lapsed else "Waiting"
    apps, detail, tab, csv, support, admin = everywhere(client_of, waiting, carol, alice, sam, paula)
    for page in (apps, detail, tab, support):
        pills = re.findall(r'<span class="pill" data-tone="\w+">.*?</svg>([^<]*)</span>', page, re.DOTALL)
        # The installation's comes first; what is left of them is that of its postback.
        states = [pill for pill in pills if pill in ("Waiting", "Failed")]
        assert states[0] == word
    assert ("failed" if lapsed else "pending") in csv
    assert ("No worker of the portal took" in csv) == lapsed
    assert f'<td data-label="State" class="field-pill">{word}</td>' in admin
    assert ("It was not installed" if lapsed else "Waiting for its developer's server") in detail.replace("&#x27;", "'")
    assert ("The installation failed" if lapsed else "to answer its postback with 200") in support


@pytest.mark.parametrize(("state", "before", "after"), [("pending", 1, 0), ("failed", 0, 1)])
def test_the_chips_find_it(
    client_of: ClientOf, waiting: Installation, carol: User, alice: User, state: str, before: int, after: int
) -> None:
    apps = reverse("my_apps", args=[waiting.account.slug])
    tab = reverse("application_installations", args=["northwind", waiting.application_id])

    def found() -> list[int]:
        mine = client_of(carol).get(apps, {"state": state}).context["rows"]
        return [len(mine), len(client_of(alice).get(tab, {"state": state}).context["rows"])]

    assert found() == [before, before]
    lapse()
    assert found() == [after, after]


def test_one_that_is_suspended_while_it_waits_is_found_as_suspended_alone(waiting: Installation, sam: User) -> None:
    suspending.suspend_by_staff(waiting, by=acting(sam, reason="Asked for."))
    rows = Installation.objects
    assert [rows.shown_as(state).count() for state in ("suspended", "pending", "active")] == [1, 0, 0]


def test_one_that_waits_can_be_uninstalled_and_an_answer_after_that_changes_nothing(
    client_of: ClientOf, waiting: Installation, carol: User
) -> None:
    client = client_of(carol)
    url = reverse("installation_uninstall", args=[waiting.account.slug, waiting.pk])
    assert "An answer after this changes nothing." in read(client.get(url))
    assert deciding.take(waiting.pk)
    assert client.post(url).status_code == 302
    deciding.decide(waiting.pk, passed=True, host="127.0.0.1:9", cause="Answered 200 OK.")
    waiting.refresh_from_db()
    assert waiting.state == Installation.State.UNINSTALLED
    assert not PermanentToken.objects.live().exists()
    page = reverse("installation_installed", args=[waiting.account.slug, waiting.pk])
    assert client.get(page).headers["Location"] == reverse("installation_detail", args=url.split("/")[2:5:2])


def test_a_failed_one_is_neither_uninstalled_revealed_nor_suspended(
    client_of: ClientOf, waiting: Installation, carol: User, alice: User, sam: User
) -> None:
    lapse()
    mine, client = [waiting.account.slug, waiting.pk], client_of(carol)
    detail = reverse("installation_detail", args=mine)
    assert client.get(reverse("installation_uninstall", args=mine)).headers["Location"] == detail
    refused = client.post(reverse("installation_uninstall", args=mine), follow=True)
    assert "failed, and its permanent token stopped working then" in read(refused)
    refused = client.post(reverse("installation_token_reveal", args=mine), follow=True)
    assert "failed, and its permanent token stopped working then" in read(refused)
    tab = reverse("application_installations", args=["northwind", waiting.application_id])
    assert "Reveal" not in read(client_of(alice).get(tab))
    with pytest.raises(NotPossible, match="failed, and its permanent token stopped working then"):
        suspending.suspend_by_staff(waiting, by=acting(sam, reason="Asked for."))
