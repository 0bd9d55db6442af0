"""“It does not work”: from what a customer sends to its cause and its fix, as Carol, Sam and Alice see it in their
browsers, each story with real refusals. In the end nothing that was written anywhere, and no page that one of them was
shown, holds a secret.

A step is a page opened or a form sent: from what is pasted to the cause it is one, from there to the fix at most two.
"""

import json
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Error, Frame, Page, Response, expect

from tests.journeys.test_journey import sign_in
from tests.kit.hands import PATIENCE_MS, Mouse, hands_on
from tests.kit.portal import Portal, demo_portal
from tests.kit.receivers import Received, Reply, receiving

pytestmark = [pytest.mark.browser, pytest.mark.slow(seconds=90)]
PEOPLE = ("Carol", "Sam", "Alice")
# An application of Northwind on Carol's account, and another one of Northwind's, through the services.
INSTALLED = """
import json
from installs.installations import lifecycle
from linnapp.actors import Actor, Side
from linnapp.manifest import parse
from linnapp.models import Account, Application, User
from linnapp.services import applications, manifests, versions
alice, carol = User.objects.get(email="alice@northwind.example"), User.objects.get(email="carol@carolscakes.example")
by = Actor(alice, Side.DEVELOPER)
made, secret = applications.create_application(
    account=Account.objects.get(slug="northwind"), name={name!r}, kind=Application.Type.SYSTEM, by=by)
url = {url!r}
parameters = [{{"name": "PostbackUrl", "value": url}}] if url else []
modules = [{{"type": "ExternalApplication", "moduleName": "main", "parameters": parameters}}]
saved = manifests.save_manifest(made, parse({{"Modules": modules}}), expected_revision=made.manifest_revision, by=by)
version = versions.create_version(
    saved, number=(1, 0, 0), notes="First.", expected_revision=saved.manifest_revision, by=by)
row = lifecycle.install(
    saved, account=Account.objects.get(slug="carols-cakes"), version=version, by=Actor(carol, Side.CUSTOMER)
).installation
print(json.dumps({{
    "installation": str(row.pk),
    "ApplicationId": str(made.pk),
    "ApplicationSecret": secret.value(),
    "Token": lifecycle.current_token(row).value(),
}}))
"""
RETIRED = """
from datetime import timedelta
from installs.application import secret_ends
from linnapp.actors import Actor, Side
from linnapp.models import Application, User
from linnapp.services import secrets
by = Actor(User.objects.get(email="alice@northwind.example"), Side.DEVELOPER)
row = Application.objects.get(pk={application!r})
first = row.secrets.get()
secrets.create_secret(application=row, by=by)
secret_ends.retire_secret(first, after=timedelta(0), by=by)
"""
ENDED = """
from django.utils import timezone
from installs.models import Session
Session.objects.filter(installation={installation!r}).update(expires_at=timezone.now())
"""
KEPT = """
from installs.models import RefusalSample
print(RefusalSample.objects.filter(reference={reference!r}).exists())
"""
# Its next attempt now, at a host that has failed for six days.
AGAIN = """
from datetime import timedelta
from django.utils import timezone
from installs.models import Delivery, PostbackHost
from installs.postbacks import courier
row = Delivery.objects.get(installation={installation!r})
since = timezone.now() - timedelta(days=6)
PostbackHost.objects.filter(application=row.application).update(failing_since=since)
Delivery.objects.filter(pk=row.pk, state="DUE").update(next_attempt_at=timezone.now())
courier.wake()
print(row.state)
"""
A_DAY_OLD = """
from datetime import timedelta
from django.utils import timezone
from installs.models import Installation
Installation.objects.filter(pk={installation!r}).update(installed_at=timezone.now() - timedelta(hours=25))
"""


@dataclass
class Steps:
    """Pages opened and forms sent, counted from `begin`."""

    page: Page
    taken: int = 0

    def __post_init__(self) -> None:
        self.page.on("framenavigated", self._count)

    def _count(self, frame: Frame) -> None:
        self.taken += frame == self.page.main_frame

    def begin(self) -> None:
        self.taken = 0


@dataclass
class Shown:
    """What the portal answered the browsers in HTML, pages and parts of them, by who was shown it."""

    pages: list[tuple[str, str, str]] = field(default_factory=list)
    answers: int = 0

    def watch(self, name: str, page: Page) -> None:
        def keep(response: Response) -> None:
            if response.ok and response.headers.get("content-type", "").startswith("text/html"):
                self.answers += 1
                # Of what the browser left before all of it was read, there is nothing to read.
                with suppress(Error):
                    self.pages.append((name, response.url, response.text()))

        page.on("response", keep)

    def holding(self, marked: set[str]) -> list[str]:
        return [f"{name}: {url}" for name, url, page in self.pages if any(value in page.lower() for value in marked)]


@dataclass
class Installed:
    name: str
    installation: str
    credentials: dict[str, str]

    @property
    def secrets(self) -> list[str]:
        return [self.credentials["ApplicationSecret"], self.credentials["Token"]]


@pytest.fixture
def portal(tmp_path: Path, prepared_state: Path) -> Iterator[Portal]:
    """Its mails are printed to its log, which lies beside the database."""
    with demo_portal(tmp_path / "state", prepared_state, "sqlite") as portal:
        yield portal


@pytest.fixture
def shown() -> Shown:
    return Shown()


@pytest.fixture
def people(browser: Browser, portal: Portal, shown: Shown) -> Iterator[dict[str, Mouse]]:
    expect.set_options(timeout=PATIENCE_MS)
    seated = {name: hands_on(browser, portal.url, Mouse) for name in PEOPLE}
    for name, hands in seated.items():
        shown.watch(name, hands.page)
        sign_in(hands, name)
    yield seated
    for hands in seated.values():
        hands.page.context.close()


def test_each_story_from_what_is_pasted_to_what_both_read(
    portal: Portal, people: dict[str, Mouse], shown: Shown
) -> None:
    stories = (
        retired_secret, wrong_secret, wrong_application_id, ended_session, another_application, held_postback,
        never_connected,
    )  # fmt: skip
    secrets: list[str] = []
    for story in stories:
        secrets += story(Support(portal, people))
    marked = {spelled for value in secrets for spelled in (value, value.replace("-", ""))}
    assert len(marked) > 30
    assert written_in(Path(portal.env["STATE_DIR"]), marked) == []
    # A page that shows tails of them is among those that were read.
    tails = {value[-4:] for value in marked}
    assert {name.partition(":")[0] for name in shown.holding({f"…{tail}" for tail in tails})} >= {"Sam"}
    assert {name for name, _, _ in shown.pages} == set(PEOPLE)
    assert len(shown.pages) > 0.9 * shown.answers > 40
    assert shown.holding(marked) == []


class Support:
    """What the three do, the same in each story."""

    def __init__(self, portal: Portal, people: dict[str, Mouse]) -> None:
        self.portal = portal
        self.carol, self.sam, self.alice = (people[name] for name in PEOPLE)
        self.steps = Steps(self.sam.page)

    def install(self, name: str, url: str = "") -> Installed:
        said = json.loads(self.portal.ask(INSTALLED.format(name=name, url=url)))
        return Installed(name, said.pop("installation"), said)

    def exchange(self, members: dict[str, str], status: int = 400) -> Any:
        answer = requests.post(f"{self.portal.url}/api/Auth/AuthorizeByApplication", json=members, timeout=20)
        assert answer.status_code == status, answer.text
        return answer

    def asks_for_help(self, installed: Installed, message: str, *, types_it: bool = True) -> None:
        """The reference stands there already where it is of a refusal that is written, and proven hers."""
        page = self.carol.page
        if not types_it:
            self.is_written_down(reference_in(message))
        page.goto(f"{self.portal.url}/a/carols-cakes/apps/{installed.installation}/")
        self.carol.press(page.get_by_role("button", name="Get help"))
        if types_it:
            self.carol.write(page.get_by_label("Reference"), reference_in(message))
        expect(page.get_by_label("Reference")).to_have_value(reference_in(message))
        self.carol.write(page.get_by_label("What is wrong"), "It does not work any more.")
        self.carol.press(page.get_by_role("button", name="Send to support"))
        expect(page.locator("#messages")).to_contain_text("Sent to support.")

    def is_written_down(self, reference: str) -> None:
        asked, until = KEPT.format(reference=reference), time.monotonic() + 30
        while self.portal.ask(asked).strip() != "True":
            assert time.monotonic() < until

    def opens_the_case(self, installed: Installed, cause: str) -> None:
        """From the inbox; the cause stands on the page of the case."""
        page = self.sam.page
        page.goto(f"{self.portal.url}/support/cases/?sort=newest")
        self.steps.begin()
        self.sam.press(page.get_by_role("link", name=re.compile("It does not work any more")).first)
        expect(page.get_by_role("main")).to_contain_text(installed.name)
        self.reads_first(cause)

    def pastes(self, text: str, cause: str) -> None:
        page = self.sam.page
        page.goto(f"{self.portal.url}/support/")
        self.steps.begin()
        self.sam.write(page.get_by_role("main").locator("[name=q]"), text)
        self.sam.press(page.get_by_role("main").get_by_role("button", name="Search"))
        self.reads_first(cause)

    def reads_first(self, cause: str) -> None:
        expect(self.sam.page.get_by_role("main").locator(".notice h2").first).to_contain_text(cause)
        assert self.steps.taken == 1
        self.steps.begin()

    def tells(self, button: str, said: str) -> None:
        """By the button of the cause; the text is written already."""
        page = self.sam.page
        self.sam.press(page.locator(".notice").get_by_role("button", name=button))
        expect(page.get_by_label("Text")).to_have_value(re.compile(re.escape(said)))
        self.sam.press(page.get_by_role("button", name="Send", exact=True))
        expect(page.locator("#messages")).to_contain_text("Sent to ")
        assert self.steps.taken <= 2

    def alice_reads(self, installed: Installed, said: str) -> None:
        page = self.alice.page
        application = installed.credentials["ApplicationId"]
        activity = f"{self.portal.url}/a/northwind/applications/{application}/activity/"
        page.goto(f"{activity}?installation={installed.installation}")
        expect(page.locator("main")).to_contain_text(said)

    def carol_reads(self, installed: Installed, said: str) -> None:
        page = self.carol.page
        page.goto(f"{self.portal.url}/a/carols-cakes/apps/{installed.installation}/")
        expect(page.locator("main")).to_contain_text(said)

    def carol_does_not_read(self, installed: Installed, said: str) -> None:
        page = self.carol.page
        page.goto(f"{self.portal.url}/a/carols-cakes/apps/{installed.installation}/")
        expect(page.locator(".timeline").first).to_contain_text("installed by")
        expect(page.get_by_role("main")).not_to_contain_text(said)


def reference_in(message: str) -> str:
    found = re.search(r"reference ([a-z2-7]{26})", message)
    assert found, message
    return found[1]


def message_of(answer: Any) -> str:
    return str(answer.json()["Message"])


def retired_secret(support: Support) -> list[str]:
    """By *Get help*: Carol asks, Sam tells the developer why, answers her, and each reads what is theirs."""
    one = support.install("Retired Till")
    support.exchange(one.credentials, 200)
    support.portal.ask(RETIRED.format(application=one.credentials["ApplicationId"]))
    said = message_of(support.exchange(one.credentials))
    support.asks_for_help(one, said)
    support.opens_the_case(one, "Its client still sends a retired Application Secret.")
    support.tells("Tell Northwind", "still sends a retired Application Secret")
    support.alice_reads(one, "Give it the live one")
    support.carol_does_not_read(one, "Give it the live one")
    answer_the_case(support)
    return one.secrets


def answer_the_case(support: Support) -> None:
    """The act led back to it."""
    page = support.sam.page
    expect(page).to_have_url(re.compile("/support/cases/"))
    support.sam.write(page.get_by_label("Answer", exact=True), "Northwind fixes it: there is nothing for you to do.")
    support.sam.press(page.get_by_role("button", name="Send answer"))
    expect(page.locator("#messages")).to_contain_text("Answer sent")
    carol = support.carol.page
    carol.goto(f"{support.portal.url}/a/carols-cakes/help/")
    support.carol.press(carol.get_by_role("link", name=re.compile("It does not work any more")).first)
    expect(carol.get_by_role("main")).to_contain_text("there is nothing for you to do")


def wrong_secret(support: Support) -> list[str]:
    one = support.install("Wrong Till")
    wrong = "11111111-2222-4333-8444-55555555beef"
    said = message_of(support.exchange(one.credentials | {"ApplicationSecret": wrong}))
    support.pastes(f"Hello, it says: {said}", "Its client sends a wrong Application Secret.")
    support.tells("Tell Northwind", "Copy it again from its General page")
    support.alice_reads(one, "Copy it again from its General page")
    return [*one.secrets, wrong]


def wrong_application_id(support: Support) -> list[str]:
    one = support.install("Mistyped Till")
    said = message_of(support.exchange(one.credentials | {"ApplicationId": "11111111-2222-4333-8444-555555555555"}))
    support.pastes(said, "Its client sends a wrong Application ID.")
    support.tells("Tell Northwind", "with a wrong Application ID")
    support.alice_reads(one, "with a wrong Application ID")
    return one.secrets


def ended_session(support: Support) -> list[str]:
    """A call that is refused with 401, again and again: its client does not exchange anew."""
    one = support.install("Sleepy Till")
    session = str(support.exchange(one.credentials, 200).json()["Token"])
    support.portal.ask(ENDED.format(installation=one.installation))
    for _ in range(3):
        url = f"{support.portal.url}/api/Inventory/GetStockLocations"
        answer = requests.get(url, headers={"Authorization": session}, timeout=20)
        assert answer.status_code == 401
    support.asks_for_help(one, message_of(answer), types_it=False)
    support.opens_the_case(one, "Its session has ended, and the client keeps calling with it")
    support.tells("Tell Northwind", "Exchange the permanent token again")
    support.alice_reads(one, "Exchange the permanent token again")
    return [*one.secrets, session]


def another_application(support: Support) -> list[str]:
    one, other = support.install("Borrowed Till"), support.install("Lending Till")
    said = message_of(support.exchange(other.credentials | {"Token": one.credentials["Token"]}))
    support.pastes(said, "Its client sends the credentials of another application.")
    support.tells("Tell Northwind", "All three have to be of the same one")
    support.alice_reads(one, "All three have to be of the same one")
    return [*one.secrets, *other.secrets]


def held_postback(support: Support) -> list[str]:
    """The endpoint failed for days and is well again: what was held is sent, and arrives."""
    is_well = False

    def answer(_: Received) -> Reply:
        return Reply(200 if is_well else 500)

    with receiving(answer) as receiver:
        one = support.install("Holding Till", f"{receiver.url}/in?t=[{{TOKEN}}]")
        again = AGAIN.format(installation=one.installation)
        until = time.monotonic() + 30
        while support.portal.ask(again).strip() != "HELD":
            assert time.monotonic() < until
            time.sleep(0.3)
        is_well = True
        support.pastes(one.installation, "Its postback is held, because")
        page = support.sam.page
        support.sam.press(page.locator(".notice").get_by_role("button", name="Redeliver it"))
        support.sam.write(page.get_by_label("Reason"), "Northwind says that its server is well again.")
        support.sam.press(page.get_by_role("main").get_by_role("button", name="Redeliver postbacks"))
        expect(page.locator("#messages")).to_contain_text("sent again")
        assert support.steps.taken <= 2
        support.alice_reads(one, "Northwind says that its server is well again.")
        support.carol_reads(one, "Northwind says that its server is well again.")
    return one.secrets


def never_connected(support: Support) -> list[str]:
    one = support.install("Silent Till")
    support.portal.ask(A_DAY_OLD.format(installation=one.installation))
    support.pastes(one.installation, "has never connected.")
    support.tells("Tell Carol's Cakes", "permanent token")
    support.carol_reads(one, "permanent token")
    return one.secrets


def written_in(folder: Path, marked: set[str]) -> list[str]:
    """Files that hold one of these, whatever they are: database, queue, log with the mails."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert "Subject: " in (folder / "serve.log").read_text()
    return [str(path) for path in files if any(value.encode() in path.read_bytes() for value in marked)]
