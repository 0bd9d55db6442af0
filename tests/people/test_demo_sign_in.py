from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from linnapp.models import User
from tests.kit.people import ClientOf

pytestmark = pytest.mark.django_db
SIGN_IN = "/demo/sign-in/"


@pytest.fixture
def demo(settings: Settings) -> None:
    settings.DEMO = True


def test_one_click_signs_in_and_counts_as_fresh(client: Client, alice: User, demo: None) -> None:
    answer = client.post(SIGN_IN, {"email": alice.email, "next": "/profile/"})
    assert answer.headers["Location"] == "/profile/"
    assert (
        client.post("/profile/e-mail/", {"email": "a@new.example", "action_add": "1"}).headers["Location"]
        == "/profile/e-mail/"
    )


def test_one_click_leaves_nothing_of_the_person_before(
    alice: User, carol: User, client_of: ClientOf, demo: None
) -> None:
    client = client_of(carol)
    session = client.session
    session["shown:token:1"] = timezone.now().isoformat()
    session.save()
    client.post(SIGN_IN, {"email": alice.email})
    assert client.session["_auth_user_id"] == str(alice.pk)
    assert "shown:token:1" not in client.session


def test_only_the_demos_people(client: Client, demo: None) -> None:
    User.objects.create_user("erin@emporium.example", "x", name="Erin")
    for email in ("erin@emporium.example", "dave@davesdepot.example", ""):
        assert client.post(SIGN_IN, {"email": email}).status_code == 404
    assert "_auth_user_id" not in client.session


def test_nobody_outside_of_demo_mode(client: Client, alice: User) -> None:
    assert client.post(SIGN_IN, {"email": alice.email}).status_code == 404
    assert "_auth_user_id" not in client.session
    assert b"People of the demo" not in client.get("/sign-in/").content


def test_it_needs_a_post_and_a_token(client: Client, alice: User, demo: None) -> None:
    assert client.get(SIGN_IN).status_code == 405
    assert Client(enforce_csrf_checks=True).post(SIGN_IN, {"email": alice.email}).status_code == 403


def test_it_leads_only_to_this_site(client: Client, alice: User, demo: None) -> None:
    answer = client.post(SIGN_IN, {"email": alice.email, "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"


def test_the_sign_in_page_offers_those_there_are(client: Client, alice: User, demo: None) -> None:
    page = client.get("/sign-in/?next=/profile/").content.decode()
    assert "alice@northwind.example" in page
    assert "carol@carolscakes.example" not in page
    assert page.count('name="next" value="/profile/"') == 2


@pytest.mark.parametrize("sign", ["X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "Via"])
def test_nobody_behind_a_proxy(client: Client, alice: User, demo: None, sign: str) -> None:
    passed_on = Client(headers={sign: "127.0.0.1"})
    assert passed_on.post(SIGN_IN, {"email": alice.email}).status_code == 404
    assert b"People of the demo" not in passed_on.get("/sign-in/").content
    assert "_auth_user_id" not in passed_on.session


@pytest.mark.parametrize(
    "peer", [{"REMOTE_ADDR": "203.0.113.9"}, {"REMOTE_ADDR": ""}, {"SERVER_PROTOCOL": "HTTP/1.0"}], ids=str
)
def test_nobody_from_elsewhere(alice: User, demo: None, peer: dict[str, Any]) -> None:
    assert Client(**peer).post(SIGN_IN, {"email": alice.email}).status_code == 404
    assert b"People of the demo" not in Client(**peer).get("/sign-in/").content
