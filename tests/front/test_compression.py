"""Pages leave compressed, and what shows a credential, comes in parts or is for machines does not."""

import gzip
import re

import pytest
import requests
from django.test import Client
from django.urls import reverse

from linnapp.models import Application, User
from tests.front.sockets import connected
from tests.kit.people import ClientOf
from tests.kit.portal import Portal

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
ANY_TOKEN = re.compile(r"csrf[^>]{0,40}?([A-Za-z0-9]{64})")
ALICE = "alice@northwind.example"
GZIP = {"Accept-Encoding": "gzip"}


@pytest.fixture(scope="module")
def alices(live_portal: Portal) -> requests.Session:
    browser = requests.Session()
    browser.headers["Referer"] = live_portal.url
    found = TOKEN.search(browser.get(f"{live_portal.url}/sign-in/", timeout=20).text)
    assert found
    form = {"csrfmiddlewaretoken": found[1], "email": ALICE}
    browser.post(f"{live_portal.url}/demo/sign-in/", form, timeout=20).raise_for_status()
    return browser


@pytest.fixture
def applications(live_portal: Portal) -> str:
    return f"{live_portal.url}/a/northwind/applications/"


def as_sent(
    browser: requests.Session, url: str, method: str = "GET", **headers: str
) -> tuple[requests.Response, bytes]:
    """The answer, and its body before anything is unpacked."""
    answer = browser.request(method, url, headers=headers, stream=True, timeout=20)
    return answer, answer.raw.read(decode_content=False)


def without_tokens(page: bytes) -> str:
    return ANY_TOKEN.sub("token", page.decode())


def test_a_list_is_compressed_for_who_takes_it_and_says_the_same(alices: requests.Session, applications: str) -> None:
    plain, whole = as_sent(alices, applications, **{"Accept-Encoding": "identity"})
    packed, sent = as_sent(alices, applications, **GZIP)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(sent) < len(whole) / 2
    assert int(packed.headers["Content-Length"]) == len(sent)
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert without_tokens(gzip.decompress(sent)) == without_tokens(whole)


def test_who_names_gzip_to_refuse_it_gets_it_plain(alices: requests.Session, applications: str) -> None:
    answer, body = as_sent(alices, applications, **{"Accept-Encoding": "gzip;q=0, identity"})
    assert "Content-Encoding" not in answer.headers
    assert b"</html>" in body


def test_the_token_of_forms_is_another_in_each_answer(alices: requests.Session, applications: str) -> None:
    pages = [gzip.decompress(as_sent(alices, applications, **GZIP)[1]).decode() for _ in range(2)]
    tokens = [set(ANY_TOKEN.findall(page)) for page in pages]
    assert all(tokens)
    assert not tokens[0] & tokens[1]
    secret = alices.cookies["csrf"]
    assert all(secret not in page for page in pages)


def test_head_has_the_headers_and_no_body(alices: requests.Session, applications: str) -> None:
    answer, body = as_sent(alices, applications, "HEAD", **GZIP)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) > 0
    assert body == b""


def test_a_list_as_a_file_comes_in_parts_as_before(alices: requests.Session, applications: str) -> None:
    page = alices.get(applications, timeout=20).text
    found = re.search(r"/applications/([0-9a-f-]{36})/", page)
    assert found
    answer, _ = as_sent(alices, f"{applications}{found[1]}/installations/?format=csv", **GZIP)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Encoding" not in answer.headers


def test_machines_are_answered_as_before(live_portal: Portal) -> None:
    with connected(live_portal.port) as client:
        for path in ("/api/Auth/GetServerUTCTime", f"/api/{'x' * 300}", "/v2/" + "x" * 300):
            client.send(f"GET {path} HTTP/1.1\r\nHost: {{host}}\r\nAccept-Encoding: gzip\r\n\r\n")
            _, headers, _ = client.answer()
            assert "content-encoding" not in headers


def test_pages_sent_ahead_are_read_one_after_the_other(live_portal: Portal) -> None:
    with connected(live_portal.port) as client:
        ask = "GET /sign-in/ HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n\r\n"
        client.send(ask + ask)
        for status, headers, body in client.answers(["GET", "GET"]):
            assert (status, headers["content-encoding"]) == (200, "gzip")
            assert b"</html>" in gzip.decompress(body)


@pytest.mark.django_db
def test_a_page_that_shows_a_secret_is_not_compressed(
    client_of: ClientOf, alice: User, application: Application
) -> None:
    browser: Client = client_of(alice)
    browser.defaults["HTTP_ACCEPT_ENCODING"] = "gzip"
    here = [application.account.slug, application.pk]
    secret = application.secrets.earliest("pk")
    masked = browser.get(reverse("application_general", args=here))
    assert masked.headers["Content-Encoding"] == "gzip"
    shown = browser.post(reverse("secret_reveal", args=[*here, secret.pk]), follow=True)
    assert secret.value() in shown.content.decode()
    assert "Content-Encoding" not in shown.headers
    assert shown.headers["Cache-Control"] == "no-store"
