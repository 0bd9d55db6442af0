"""Send test postback: the form, and the page that tells step by step what came of it."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from installs import outbound
from installs.installations import lifecycle, suspending
from installs.models import Delivery, Installation, SigningSecret
from installs.postbacks import asking, signing
from installs.postbacks.packing import TEST_TOKEN
from linnapp.models import Application, TimelineEntry, User
from tests.kit.certificates import Certificates
from tests.kit.people import ClientOf, acting
from tests.kit.posting import deliver, with_postback
from tests.kit.pressing import form_of, press
from tests.kit.receivers import Received, Reply, nobody_listens, receiving

pytestmark = pytest.mark.usefixtures("to_loopback")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def alices(alice: User, client_of: ClientOf) -> Client:
    return client_of(alice)


def page_url(application: Application, name: str = "postback_test", *more: object) -> str:
    return reverse(name, args=["northwind", application.pk, *more])


def send(client: Client, application: Application, url: str) -> Any:
    return client.post(page_url(application), {"url": url})


def ran(client: Client, application: Application, url: str) -> str:
    """The page of a test to this address, after a worker was at it."""
    asked = send(client, application, url)
    deliver()
    return seen(client.get(asked.headers["Location"]))


def seen(response: Any) -> str:
    """The page as it is read: without tags, its spaces as one."""
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", html.unescape(text))


def typed(response: Any) -> str:
    found = re.search(r'name="url" value="([^"]*)"', response.content.decode())
    return html.unescape(found[1]) if found else ""


def lines(page: str) -> list[tuple[str, str]]:
    """Step and mark, in the order of the page."""
    return re.findall(r"(\w+) \((passed|failed|running|not reached)\)", page)


# The form.


def test_it_begins_with_the_address_asked_for_else_the_saved_one_else_the_newest_versions(
    application: Application, alice: User, alices: Client
) -> None:
    assert typed(alices.get(page_url(application))) == ""
    with_postback(application, "https://saved.example.com/in", alice)
    assert typed(alices.get(page_url(application))) == "https://saved.example.com/in"
    application.modules.all().delete()
    assert typed(alices.get(page_url(application))) == "https://saved.example.com/in"
    asked = alices.get(page_url(application), {"url": "https://asked.example.com/?a=1&b=2"})
    assert typed(asked) == "https://asked.example.com/?a=1&b=2"


def test_it_says_that_the_permanent_token_in_it_is_nobodys(application: Application, alices: Client) -> None:
    page = seen(alices.get(page_url(application)))
    assert f"{TEST_TOKEN} Not a real one" in page
    assert "Made with your real signing secret" in page


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "Give the address to send the test to"),
        ("https://hooks.example.com:22/", "Port 22 is not for web servers, so nothing is sent there."),
        ("hooks.example.com", "The address must be a whole address, such as https://hooks.example.com/linnapp."),
        ("https://[{TOKEN}].example.com/", "in its path and query, not in its host"),
        ("https://me:secret@example.com/", "holds a user name or password"),
        ("https://example.com/" + "a" * 2048, "An address has at most 2048 characters; this one has 2068."),
    ],
)
def test_what_is_no_address_is_said_beside_the_field_and_kept(
    application: Application, alices: Client, address: str, said: str
) -> None:
    answer = send(alices, application, address)
    assert answer.status_code == 422
    beside = re.search(r'<ul class="errorlist" id="id_url_error">(.*?)</ul>', answer.content.decode(), re.DOTALL)
    assert beside
    assert said in html.unescape(beside[1])
    assert typed(answer) == address
    assert not Delivery.objects.exists()


def test_past_its_quota_a_test_is_refused_beside_the_address(
    application: Application, alice: User, alices: Client, settings: Settings
) -> None:
    settings.TESTS_PER_MINUTE = 2
    for _ in range(2):
        asking.send_test(application, url="https://hooks.example.com/", by=acting(alice))
    answer = send(alices, application, "https://hooks.example.com/three")
    assert answer.status_code == 422
    assert "You may send 2 tests a minute. Wait " in seen(answer)
    assert typed(answer) == "https://hooks.example.com/three"
    assert Delivery.objects.count() == 2


def test_from_app_modules_it_opens_with_what_is_typed_there_and_sends_nothing(
    application: Application, alice: User, alices: Client
) -> None:
    with_postback(application, "https://saved.example.com/", alice)
    form = form_of(alices.get(reverse("manifest_edit", args=["northwind", application.pk])), "manifest")
    form.type_into("0-p-value", "https://typed.example.com/?key=[{TOKEN}]")
    answer = press(alices, form, "Send test postback (opens in a new tab)")
    assert answer.status_code == 200
    assert typed(answer) == "https://typed.example.com/?key=[{TOKEN}]"
    assert not Delivery.objects.exists()


def test_a_place_that_is_none_opens_with_the_saved_address(
    application: Application, alice: User, alices: Client
) -> None:
    with_postback(application, "https://saved.example.com/", alice)
    for place in ("", "0-7", "0-x", "9-0", "0-" + "9" * 5000):
        answer = alices.post(
            page_url(application, "postback_test_typed"), {"parameter": place, "0-p-value": ["https://typed.example"]}
        )
        assert typed(answer) == "https://saved.example.com/"


# What is sent, and what the page tells of it.


def test_a_test_is_signed_with_the_real_secret_and_carries_nobodys_permanent_token(
    installation: Installation, alices: Client
) -> None:
    application = installation.application
    with receiving() as receiver:
        page = ran(alices, application, f"{receiver.url}/in?t=[{{TOKEN}}]")
        (postback,) = receiver.wait_for(1)
    assert postback.path == f"/in?t={TEST_TOKEN}"
    assert (postback.form["Event"], postback.form["Token"]) == ("test", TEST_TOKEN)
    assert postback.form["InstallationId"] == ""
    assert lifecycle.current_token(installation).value() not in f"{postback.path}{postback.body!r}"
    secrets = [secret.value() for secret in SigningSecret.objects.filter(application=application)]
    signing.verify(postback.headers, postback.body, secrets, now=timezone.now())
    assert lines(page) == [(name, "passed") for name in ("Name", "Address", "Connection", "Answer")]
    assert "Delivered Answered 200 OK." in page
    assert re.search(r"It took \d+ ms\.", page)
    assert TimelineEntry.objects.filter(kind="POSTBACK_TESTED").count() == 1


def test_the_page_shows_request_and_answer_as_the_log_keeps_them(application: Application, alices: Client) -> None:
    def echo(received: Received) -> Reply:
        return Reply(418, headers={"X-Seen": "yes"}, body=f"you sent {received.form['Token']} <b>".encode())

    with receiving(echo) as receiver:
        page = ran(alices, application, f"{receiver.url}/in?t=[{{TOKEN}}]")
    said, _, facts = page.partition("What it carries")
    assert "POST /in?t=…0000 HTTP/1.1" in said
    assert "which was not sent" not in said
    assert "X-Seen: yes" in said
    assert "you sent […0000] <b>" in said
    assert TEST_TOKEN not in said
    assert TEST_TOKEN in facts
    assert "Answered 418" in said


def test_a_server_that_refuses_is_told_at_its_step_with_what_mends_it(application: Application, alices: Client) -> None:
    with nobody_listens() as url:
        page = ran(alices, application, url)
    assert lines(page) == [
        ("Name", "passed"),
        ("Address", "passed"),
        ("Connection", "failed"),
        ("Answer", "not reached"),
    ]
    assert "Failed The server refused the connection." in page
    assert "Check that your server is running, that it listens on this port" in page
    assert Delivery.objects.get().state == Delivery.State.STOPPED


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("wrong_name", "not localhost"),
        ("expired", "The certificate expired on "),
        ("self_signed", "The certificate is self-signed"),
    ],
)
def test_a_wrong_certificate_is_told_and_nothing_is_sent(
    application: Application, alices: Client, certificates: Certificates, settings: Settings, kind: str, said: str
) -> None:
    settings.OUTBOUND_CA_FILE = certificates.ca_file
    with receiving(tls=getattr(certificates, kind)) as receiver:
        page = ran(alices, application, receiver.url)
        assert receiver.received == []
    assert lines(page)[2:] == [("Connection", "passed"), ("Certificate", "failed"), ("Answer", "not reached")]
    assert said in page
    assert "Request, which was not sent" in page
    assert "with a current certificate for this name" in page


def test_a_good_certificate_is_told_with_its_end(
    application: Application, alices: Client, certificates: Certificates, settings: Settings
) -> None:
    settings.OUTBOUND_CA_FILE = certificates.ca_file
    with receiving(tls=certificates.good) as receiver:
        page = ran(alices, application, receiver.url)
    assert [name for name, mark in lines(page) if mark == "passed"] == [
        "Name",
        "Address",
        "Connection",
        "Certificate",
        "Answer",
    ]
    assert "The certificate is for localhost and valid until" in page


def test_a_slow_server_is_told_at_the_answer(
    application: Application, alices: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound.client, "TOTAL_SECONDS", 0.3)
    with receiving(Reply(delay=5)) as receiver:
        page = ran(alices, application, receiver.url)
    assert lines(page)[-1] == ("Answer", "failed")
    assert "No answer within 0.3 seconds." in page
    assert "Answer first and do long work afterwards" in page
    assert "Answer None." in page


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (200, ""),
        (204, "only exactly 200 completes it"),
        (302, "redirects are not followed"),
        (401, "Postbacks do not authenticate"),
        (404, "Nothing is served at this path."),
        (405, "A postback is a POST with a form"),
        (410, "a real postback is not tried again"),
        (500, "The reason is in your server's log"),
        (599, "The reason is in your server's log"),
    ],
)
def test_each_answer_is_told_with_what_mends_it(
    application: Application, alices: Client, status: int, said: str
) -> None:
    with receiving(Reply(status)) as receiver:
        page = ran(alices, application, receiver.url)
        assert len(receiver.received) == 1
    assert f"Answered {status}" in page
    assert said in page
    assert ("Delivered" in page) is (200 <= status < 300)


def test_an_address_that_does_not_go_out_says_only_why(
    application: Application, alices: Client, settings: Settings
) -> None:
    settings.OUTBOUND_ALLOW_HTTP = False
    page = ran(alices, application, "http://hooks.example.com/")
    assert "http:// is not allowed here: use https://." in page
    assert "public DNS" not in page
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    page = ran(alices, application, "https://127.0.0.1/")
    assert lines(page)[1] == ("Address", "failed")
    assert "OUTBOUND_ALLOWED_NETWORKS" in page


def test_send_again_has_the_address_of_before(application: Application, alices: Client) -> None:
    with receiving(Reply(500)) as receiver:
        asked = send(alices, application, f"{receiver.url}/a?b=[{{TRACKING}}]")
        deliver()
        page = alices.get(asked.headers["Location"])
        assert typed(page) == f"{receiver.url}/a?b=[{{TRACKING}}]"
        assert ">Send again</button>" in page.content.decode()
        again = send(alices, application, typed(page))
        deliver()
        assert again.headers["Location"] != asked.headers["Location"]
        assert len(receiver.received) == 2


# While it runs.


def test_while_it_runs_the_page_asks_again_and_when_it_is_over_no_more(
    application: Application, alices: Client
) -> None:
    with receiving() as receiver:
        address = send(alices, application, receiver.url).headers["Location"]
        part = alices.get(address, headers=HTMX).content.decode()
        assert f'hx-get="{address}" hx-trigger="every 500ms"' in part
        assert "<html" not in part
        assert f'<a href="{address}">Refresh</a>' in part
        deliver()
        part = alices.get(address, headers=HTMX).content.decode()
    assert "hx-trigger" not in part
    assert "Refresh" not in part
    assert part.count('data-says="Delivered: Answered 200 OK."') == 1


def test_the_step_under_way_is_said(application: Application, alices: Client) -> None:
    address = send(alices, application, "https://hooks.example.com/").headers["Location"]
    steps = [{"name": "name", "words": "hooks.example.com is 203.0.113.9.", "milliseconds": 7, "passed": True}]
    Delivery.objects.update(claimed_until=timezone.now() + timedelta(seconds=30), steps=steps)
    page = seen(alices.get(address))
    assert lines(page) == [
        ("Name", "passed"),
        ("Address", "running"),
        ("Connection", "not reached"),
        ("Certificate", "not reached"),
        ("Answer", "not reached"),
    ]
    assert "hooks.example.com is 203.0.113.9. 7 ms" in page
    assert "Checking the address…" in page


def test_a_worker_that_began_anew_shows_its_own_steps_only(application: Application, alices: Client) -> None:
    address = send(alices, application, "https://hooks.example.com/").headers["Location"]
    first = [
        {"name": "name", "words": "First.", "milliseconds": 1, "passed": True},
        {"name": "address", "words": "Fine.", "milliseconds": 2, "passed": True},
    ]
    again = [{"name": "name", "words": "Second.", "milliseconds": 3, "passed": True}]
    Delivery.objects.update(claimed_until=timezone.now() + timedelta(seconds=30), steps=first + again)
    page = seen(alices.get(address))
    assert lines(page)[:2] == [("Name", "passed"), ("Address", "running")]
    assert "Second." in page
    assert "First." not in page


def test_one_that_no_worker_takes_says_so_after_some_seconds_with_what_to_check(
    application: Application, alices: Client
) -> None:
    address = send(alices, application, "https://hooks.example.com/").headers["Location"]
    assert "No worker of the portal has taken it yet." not in seen(alices.get(address))
    Delivery.objects.update(created_at=timezone.now() - timedelta(seconds=5))
    page = alices.get(address)
    assert "No worker of the portal has taken it yet." in seen(page)
    assert "manage.py serve" in seen(page)
    assert "every 500ms" in page.content.decode()
    Delivery.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    assert "every 5s" in alices.get(address).content.decode()


def test_while_the_application_is_suspended_a_test_says_that_it_waits(
    application: Application, alices: Client, sam: User
) -> None:
    address = send(alices, application, "https://hooks.example.com/").headers["Location"]
    suspending.suspend_application(application, by=acting(sam, reason="Asked for."))
    Delivery.objects.update(created_at=timezone.now() - timedelta(seconds=5))
    page = seen(alices.get(address))
    assert "its postbacks, including tests, wait until they lift the suspension" in page
    assert "No worker" not in page


# Who may.


def test_a_strangers_and_anothers_test_are_not_found(
    application: Application, alices: Client, dave: User, client_of: ClientOf, carol: User
) -> None:
    address = send(alices, application, "https://hooks.example.com/").headers["Location"]
    for stranger in (dave, carol):
        client = client_of(stranger)
        assert client.get(address).status_code == 404
        assert send(client, application, "https://hooks.example.com/").status_code == 404
    assert Delivery.objects.count() == 1


def test_a_real_postback_is_not_shown_as_a_test(installation: Installation, alices: Client) -> None:
    real = Delivery.objects.create(
        application=installation.application, installation=installation, event="installed", url="https://a.example/"
    )
    assert alices.get(page_url(installation.application, "postback_test_run", real.pk)).status_code == 404


def test_a_retired_application_sends_none(application: Application, alices: Client) -> None:
    Application.objects.update(retired_at=timezone.now())
    answer = send(alices, application, "https://hooks.example.com/")
    assert answer.status_code == 422
    assert "is retired: it no longer sends postbacks." in seen(answer)
    assert not Delivery.objects.exists()
