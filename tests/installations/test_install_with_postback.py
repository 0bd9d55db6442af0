"""Installing what has a PostbackUrl on a portal that runs, with a real receiver: the permanent token is at the
endpoint within two seconds, and in nothing that a browser, a mail or the log got."""

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.installations.test_install_races import CAROL, hidden, signed_in
from tests.kit import answers
from tests.kit.portal import Portal, demo_portal
from tests.kit.receivers import OK, Received, Receiver, Reply, receiving

WITHIN_SECONDS = 2
PATIENCE_SECONDS = 20
EXCHANGE = "/api/Auth/AuthorizeByApplication"
CALL = "/api/Inventory/GetStockLocations"
# By name: the path of the PostbackUrl behind the name's own, and whether an installation waits for its 200.
APPLICATIONS = {
    "query": ("?token=[{TOKEN}]", False),
    "path": ("/[{TOKEN}]/in", False),
    "form": ("", False),
    "again": ("", False),
    "echo": ("/[{TOKEN}]", False),
    "completes": ("", True),
    "fails": ("", True),
}
MADE = """
from linnapp.models import Account, Application, User
from linnapp.services import applications
from tests.kit.people import acting
from tests.kit.posting import wait_for_200, with_postback
alice = User.objects.get(email="alice@northwind.example")
northwind = Account.objects.get(slug="northwind")
for name, (path, strict) in {applications!r}.items():
    kind = Application.Type.SYSTEM
    made, secret = applications.create_application(account=northwind, name=name, kind=kind, by=acting(alice))
    with_postback(made, "{url}/" + name + path, alice)
    if strict:
        wait_for_200(made)
    print(name, made.pk, made.secrets.get().value())
"""
TOKEN_OF: dict[str, Callable[[Received], str]] = {
    "query": answers.token_in_query,
    "path": answers.token_in_path,
    "form": answers.token_in_form,
}


@dataclass
class Endpoint:
    """One receiver with an address for each application, and what it answers there."""

    receiver: Receiver
    answers: dict[str, Callable[[Received], Reply]] = field(default_factory=dict)

    def received(self, name: str, count: int = 1) -> list[Received]:
        """All that came for one application, once that is so many."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(found := [one for one in self.receiver.received if name_of(one) == name]) < count:
            assert time.monotonic() < deadline, self.receiver.received
            time.sleep(0.02)
        return found


@dataclass(frozen=True)
class Stage:
    portal: Portal
    endpoint: Endpoint
    session: requests.Session
    # Application ID and Application Secret, by name.
    credentials: dict[str, dict[str, str]]

    @property
    def host(self) -> str:
        return self.endpoint.receiver.host_and_port

    def exchange(self, name: str, token: str) -> requests.Response:
        sent = self.credentials[name] | {"Token": token}
        return requests.post(self.portal.url + EXCHANGE, json=sent, timeout=PATIENCE_SECONDS)

    def call(self, session_token: str) -> int:
        headers = {"Authorization": session_token}
        return requests.get(self.portal.url + CALL, headers=headers, timeout=PATIENCE_SECONDS).status_code


def name_of(received: Received) -> str:
    return re.split(r"[/?]", received.path)[1]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, prepared_state: Path) -> Iterator[Stage]:
    """A portal with the applications, and Carol signed in."""
    endpoint: Endpoint

    def answer(received: Received) -> Reply:
        answers = endpoint.answers.get(name_of(received))
        return answers(received) if answers else OK

    with demo_portal(tmp_path_factory.mktemp("postback"), prepared_state, "sqlite") as portal, receiving(answer) as to:
        endpoint = Endpoint(to)
        code = MADE.format(applications=APPLICATIONS, url=to.url)
        made = map(str.split, portal.ask(code).splitlines())
        credentials = {name: {"ApplicationId": key, "ApplicationSecret": secret} for name, key, secret in made}
        yield Stage(portal, endpoint, signed_in(portal, CAROL), credentials)


@dataclass
class Browser:
    """Carol's, which keeps all that it was ever sent: pages, parts of pages, headers."""

    stage: Stage
    got: list[str] = field(default_factory=list)

    @property
    def portal(self) -> Portal:
        return self.stage.portal

    def keep(self, answer: requests.Response, **options: Any) -> None:
        self.got.append(f"{answer.url}\n{answer.headers}\n{answer.text}")

    def get(self, path: str, **headers: str) -> str:
        answer = self.stage.session.get(
            self.portal.url + path, headers=headers, timeout=PATIENCE_SECONDS, hooks={"response": self.keep}
        )
        assert answer.ok, answer.text
        return answer.text

    def install(self, name: str, tracking: str = "") -> str:
        """Consents as the page asks; the address of the page after it."""
        path = f"/Authorization/Authorize/{self.stage.credentials[name]['ApplicationId']}?Tracking={tracking}"
        page = self.get(path)
        assert f"a key of its own to your account (permanent token), sent to {self.stage.host}" in read(page)
        names = ("csrfmiddlewaretoken", "account", "version", "nonce")
        form = {name: hidden(page, name) for name in names} | {"agreed": "on"}
        answer = self.stage.session.post(
            self.portal.url + path, form, timeout=PATIENCE_SECONDS, hooks={"response": self.keep}
        )
        assert answer.url.endswith("/installed/"), answer.text
        return answer.url.removeprefix(self.portal.url)

    def watch(self, path: str, until: str) -> str:
        """Asks as the page does, each time with what it shows, until it says this."""
        part = self.get(path)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while until not in read(part):
            assert time.monotonic() < deadline, part
            asked = re.search(r'hx-get="([^"]+)"', part)
            assert asked, part
            part = self.get(asked[1], **{"HX-Request": "true"}) or part
            time.sleep(0.05)
        return read(part)

    def look_around(self, path: str) -> None:
        """At every page of the flow that Carol can open afterwards."""
        detail = path.removesuffix("installed/")
        for page in (path, "/a/carols-cakes/apps/", detail, detail + "uninstall/"):
            self.get(page)

    def is_told(self, token: str) -> bool:
        """Whether the permanent token stands, with dashes or without, in anything that came, was mailed or logged."""
        return any(holds(text, token) for text in [*self.got, self.portal.log.read_text()])


def read(text: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


def holds(text: str, token: str) -> bool:
    return token.replace("-", "").lower() in text.replace("-", "").lower()


@pytest.fixture
def carol(stage: Stage) -> Browser:
    return Browser(stage)


@pytest.mark.parametrize("place", TOKEN_OF)
def test_the_endpoint_has_the_permanent_token_at_once_and_nobody_else_gets_it(
    stage: Stage, carol: Browser, place: str
) -> None:
    stage.endpoint.answers[place] = answers.wants(TOKEN_OF[place])
    began = time.time()
    installed = carol.install(place, tracking="customer-7")
    (postback,) = stage.endpoint.received(place)
    assert postback.at - began < WITHIN_SECONDS
    assert "First connection: waiting" in carol.watch(installed, f"Sent to {stage.host} ,")
    token = TOKEN_OF[place](postback)
    assert postback.form["Token"] == token
    assert postback.form["Tracking"] == "customer-7"
    carol.look_around(installed)
    assert len(carol.got) >= 8
    assert not carol.is_told(token)
    assert stage.exchange(place, token).status_code == 200
    assert "First connection: just now" in carol.watch(installed, "First connection: just now")


def exchanging(stage: Stage, name: str, answer: Reply) -> list[dict[str, Any]]:
    """Lets the endpoint exchange the permanent token before it answers; returns what it is told."""
    told: list[dict[str, Any]] = []

    def receive(received: Received) -> Reply:
        exchanged = stage.exchange(name, received.form["Token"])
        told.append(exchanged.json() | {"status": exchanged.status_code})
        return answer

    stage.endpoint.answers[name] = receive
    return told


def test_an_endpoint_that_exchanges_before_it_answers_200_completes_the_installation(
    stage: Stage, carol: Browser
) -> None:
    told = exchanging(stage, "completes", OK)
    installed = carol.install("completes")
    said = carol.watch(installed, "completes is installed")
    (postback,) = stage.endpoint.received("completes")
    assert told[0]["status"] == 200
    assert "First connection: just now" in said
    assert stage.call(told[0]["Token"]) == 200
    carol.look_around(installed)
    assert not carol.is_told(postback.form["Token"])


def test_one_that_exchanges_and_answers_500_is_left_with_nothing(stage: Stage, carol: Browser) -> None:
    told = exchanging(stage, "fails", Reply(500))
    installed = carol.install("fails")
    said = carol.watch(installed, "fails is not installed")
    (postback,) = stage.endpoint.received("fails")
    assert f"It waited for {stage.host} to answer: Answered 500 Internal Server Error: only 200 completes" in said
    assert told[0]["status"] == 200
    assert stage.call(told[0]["Token"]) == 401
    refused = stage.exchange("fails", postback.form["Token"])
    assert refused.status_code == 400
    assert refused.json()["Message"].startswith("This installation failed: its postback did not get a 200")
    carol.look_around(installed)
    assert not carol.is_told(postback.form["Token"])


def test_authorising_again_sends_the_same_permanent_token_again_and_shows_it_to_nobody(
    stage: Stage, carol: Browser
) -> None:
    first = carol.install("again")
    stage.endpoint.received("again")
    assert carol.install("again", tracking="second") == first
    one, two = stage.endpoint.received("again", 2)
    carol.watch(first, f"The same permanent token was sent again to {stage.host} ,")
    assert one.form["Token"] == two.form["Token"]
    assert (two.form["Event"], two.form["Tracking"]) == ("authorised", "second")
    assert not carol.is_told(one.form["Token"])


def test_what_an_endpoint_answers_with_is_shown_to_nobody_who_installs(stage: Stage, carol: Browser) -> None:
    """One that answers with the permanent token, in its body and its headers."""

    def echo(received: Received) -> Reply:
        token = received.form["Token"]
        return Reply(400, {"X-Token": token}, json.dumps({"error": f"{token} or {token.replace('-', '')}"}).encode())

    stage.endpoint.answers["echo"] = echo
    installed = carol.install("echo")
    postback, *_ = stage.endpoint.received("echo")
    said = carol.watch(installed, "Next attempt at")
    assert f"Not yet sent to {stage.host} : Answered 400 Bad Request." in said
    carol.look_around(installed)
    assert not carol.is_told(postback.form["Token"])
