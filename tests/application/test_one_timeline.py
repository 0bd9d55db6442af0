"""One timeline, three readers: each is told the same facts without what is not theirs, on the page and in the files."""

import csv
import json
import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from installs.exchange import hours
from installs.models import ExchangeHour, Installation
from linnapp import kinds, timeline, timeline_pages
from linnapp.actors import Actor, Side
from linnapp.kinds import Kind
from linnapp.models import Account, Application, TimelineEntry, User
from tests.house.world import secrets_of_the_database
from tests.kit.people import ClientOf, person

pytestmark = pytest.mark.django_db
FORMS = ("page", "csv", "json")
# Facts that sentences name, each with a value that no other sentence holds.
FACTS = dict.fromkeys(re.findall(r"{(\w+)}", " ".join(kind.sentence for kind in kinds.registered())), "some")
BY_NUMBER = ("exchanges", "refused", "addresses", "installations")


@pytest.fixture
def people_of() -> dict[Side, User]:
    """With names that are in no other word."""
    return {
        Side.DEVELOPER: person("Zebedee", "zebedee@northwind.example"),
        Side.CUSTOMER: person("Yolanda", "yolanda@carolscakes.example"),
        Side.STAFF: person("Xaver", "xaver@linnapp.example", is_staff=True),
    }


@pytest.fixture
def everything_happened(installation: Installation, people_of: dict[Side, User]) -> None:
    """Each kind there is, of the installation and of the application, by each side; and by staff who came in."""
    for kind in kinds.registered():
        for by in _actors(people_of):
            _write(installation, kind, by)


def _actors(people: dict[Side, User]) -> list[Actor]:
    sides = [Actor(people[side], side) for side in (Side.DEVELOPER, Side.CUSTOMER)]
    staff = people[Side.STAFF]
    inside = [
        Actor(staff, Side.STAFF, f"Inside-{side.lower()}", uuid4(), side) for side in (Side.DEVELOPER, Side.CUSTOMER)
    ]
    return [*sides, Actor(staff, Side.STAFF, "Told-to-both"), *inside]


def _write(installation: Installation, kind: Kind, by: Actor) -> None:
    names = {"application", "account", "publisher", "who", *BY_NUMBER}
    facts: dict[str, Any] = {name: value for name, value in FACTS.items() if name not in names}
    facts |= {name: 2 for name in BY_NUMBER if name in FACTS}
    if kind.about == "exchanges":
        facts |= {"hour": hours.hour_of(timezone.now() - timedelta(hours=3)).isoformat(), "by_secret": {}}
    timeline.record_about(installation, kind, by=by, **facts)


def pages_of(installation: Installation) -> dict[str, tuple[str, ...]]:
    """Of each reader, with what would take them past the first page."""
    application, account = installation.application, installation.account
    of_application = f"/a/{application.account.slug}/applications/{application.pk}/activity/"
    return {
        "alice": (of_application, f"{of_application}?installation={installation.pk}"),
        "carol": (f"/a/{account.slug}/apps/{installation.pk}/", f"/a/{account.slug}/activity/"),
        "sam": (f"/support/installations/{installation.pk}/",),
    }


def whole(browser: Client, address: str) -> str:
    """What all pages of it say, without its tags."""
    said, following = "", address
    while following:
        answer = browser.get(following)
        assert answer.status_code == 200
        page = answer.content.decode()
        found = re.search(r'<a href="([^"]+)" rel="next"', page)
        following = unescape(found[1]) if found else ""
        said += page
    return said


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def files(browser: Client, address: str) -> tuple[list[dict[str, str]], list[dict[str, Any]]]:
    """The rows of the two files."""
    join = "&" if "?" in address else "?"
    answers = {form: browser.get(f"{address}{join}format={form}") for form in FORMS[1:]}
    read = {form: b"".join(answer.streaming_content).decode() for form, answer in answers.items()}  # type: ignore[attr-defined]
    return list(csv.DictReader(read["csv"].splitlines())), json.loads(read["json"])


# Of each reader: who is not named to them, and which reasons are not theirs.
HIDDEN = {
    "alice": ("Yolanda", "yolanda@", "Inside-customer"),
    "carol": ("Zebedee", "zebedee@", "Inside-developer"),
    "sam": (),
}
READ = {
    "alice": ("Zebedee", "Inside-developer", "Told-to-both", "Xaver of this portal's staff"),
    "carol": ("Yolanda", "Inside-customer", "Told-to-both", "Xaver of this portal's staff"),
    "sam": ("Zebedee", "Yolanda", "Inside-developer", "Inside-customer", "Told-to-both", "Xaver"),
}


@pytest.mark.parametrize("reader", ["alice", "carol", "sam"])
def test_no_reader_is_told_what_is_not_theirs(
    reader: str,
    installation: Installation,
    everything_happened: None,
    client_of: ClientOf,
    request: pytest.FixtureRequest,
) -> None:
    browser, read = client_of(request.getfixturevalue(reader)), ""
    secrets = secrets_of_the_database()
    for address in pages_of(installation)[reader]:
        page = whole(browser, address)
        assert "Not shown here: " in text_of(page)
        rows, objects = files(browser, address)
        for told in (text_of(page), json.dumps(objects), json.dumps(rows)):
            assert not [hidden for hidden in HIDDEN[reader] if hidden in told]
            assert not [secret for secret in secrets if secret in told]
        read += text_of(page)
    assert not [told for told in READ[reader] if told not in read]


@pytest.mark.parametrize("reader", ["alice", "carol", "sam"])
def test_the_files_hold_what_the_page_holds_and_nothing_else(
    reader: str,
    installation: Installation,
    everything_happened: None,
    client_of: ClientOf,
    request: pytest.FixtureRequest,
) -> None:
    browser = client_of(request.getfixturevalue(reader))
    for address in pages_of(installation)[reader]:
        page = whole(browser, address)
        text = text_of(page).casefold()
        rows, objects = files(browser, address)
        assert [[*row.values()][:-1] for row in rows] == [[*line.values()][:-1] for line in objects]
        assert rows
        for line in objects:
            said = [line[name] for name in ("what", "reason", "application", "account", "by", "on_behalf_of")]
            said += [part for detail in line["details"] for part in re.split(r": |; ", detail)]
            assert not [words for words in said if words.casefold() not in text], line
            assert datetime.fromisoformat(line["when"]).isoformat() in page


def test_the_hour_of_exchanges_is_told_by_its_begin_in_the_zone_of_whoever_reads(
    installation: Installation, carol: User, sam: User, alice: User, client_of: ClientOf
) -> None:
    begin = hours.hour_of(timezone.now()) - timedelta(hours=5)
    row = ExchangeHour.objects.create(installation=installation, hour=begin, exchanges=3, refused=0, addresses=1)
    hours.record_hour([row])
    of, told = pages_of(installation), {}
    for reader, zone, address in (
        (carol, "Asia/Tokyo", of["carol"][0]),
        (sam, "Asia/Tokyo", of["sam"][0]),
        (alice, "UTC", of["alice"][1]),
    ):
        User.objects.filter(pk=reader.pk).update(time_zone=zone)
        browser, local = client_of(reader), begin.astimezone(ZoneInfo(zone))
        page = browser.get(address).content.decode()
        assert f'<time datetime="{local.isoformat()}">{local:%H:%M}</time>, one hour' in page
        _, objects = files(browser, address)
        told[reader] = [line["when"] for line in objects if line["what"].startswith("3 exchanges")]
    assert told[carol] == told[sam] == [begin.astimezone(ZoneInfo("Asia/Tokyo")).isoformat()]
    assert told[alice] == [begin.isoformat()]


@pytest.mark.parametrize("reader", ["carol", "sam"])
def test_the_hour_that_runs_is_told_to_everybody(
    reader: str, installation: Installation, client_of: ClientOf, request: pytest.FixtureRequest
) -> None:
    browser = client_of(request.getfixturevalue(reader))
    address = pages_of(installation)[reader][0]
    ExchangeHour.objects.create(
        installation=installation, hour=hours.hour_of(timezone.now()), exchanges=2, refused=0, addresses=1
    )
    running = "2 exchanges, 0 refused. They get a line here when the hour is over."
    assert running in browser.get(address).content.decode()
    assert running not in browser.get(address, {"about": "credentials"}).content.decode()


def test_what_is_said_again_is_one_line_that_opens(
    installation: Installation, alice: User, carol: User, client_of: ClientOf
) -> None:
    kind, now = next(kind for kind in kinds.registered() if kind == "TOKEN_REVEALED"), timezone.now()
    for days in range(20, 0, -1):
        entry = timeline.record_about(installation, kind, by=Actor(carol, Side.CUSTOMER), tail="9f3a")
        TimelineEntry.objects.filter(pk=entry.pk).update(at=now - timedelta(days=days))
    timeline.record_about(installation, kind, by=Actor(carol, Side.CUSTOMER), tail="bd4f")
    since = timezone.localtime(now - timedelta(days=20))
    for browser, reader in ((client_of(carol), "carol"), (client_of(alice), "alice")):
        page = text_of(browser.get(pages_of(installation)[reader][-1 if reader == "alice" else 0]).content.decode())
        assert f"20 times since {since.day} {since:%b, %H:%M}" in page
        assert page.count("Permanent token …9f3a revealed to") == 20
        assert page.count("Permanent token …bd4f revealed to") == 1


def test_it_is_narrowed_by_subject_days_and_words(
    installation: Installation, application: Application, cakes: Account, carol: User, client_of: ClientOf
) -> None:
    browser, address = client_of(carol), pages_of(installation)["carol"][0]
    by, now = Actor(carol, Side.CUSTOMER), timezone.now()
    # Days are found by keys too: what was written first is the oldest here as well.
    TimelineEntry.objects.update(at=now - timedelta(days=20))
    kind_of = {kind: kind for kind in kinds.registered()}
    for name, days, facts in (
        ("TOKEN_REVEALED", 10, {"tail": "9f3a"}),
        ("UPDATED", 5, {"before": "1.0.0", "version": "1.1.0"}),
        ("WENT_BACK", 1, {"before": "1.1.0", "version": "1.0.0"}),
    ):
        entry = timeline.record_about(installation, kind_of[Kind(name)], by=by, **facts)
        TimelineEntry.objects.filter(pk=entry.pk).update(at=now - timedelta(days=days))

    def found(**asked: str) -> list[str]:
        page = text_of(browser.get(address, asked).content.decode())
        return [word for word in ("revealed to", "Updated from", "Went back from") if word in page]

    def day(days: int) -> str:
        return timezone.localdate(now - timedelta(days=days)).isoformat()

    assert found() == ["revealed to", "Updated from", "Went back from"]
    assert found(about="credentials") == ["revealed to"]
    assert found(since=day(5)) == ["Updated from", "Went back from"]
    assert found(until=day(5)) == ["revealed to", "Updated from"]
    assert found(since=day(5), until=day(5)) == ["Updated from"]
    assert found(q="1.1.0") == ["Updated from", "Went back from"]
    assert found(q="Carol") == ["revealed to", "Updated from", "Went back from"]
    assert found(q="Alice") == []
    assert found(since="nonsense") == found()
    for zone in ("Pacific/Auckland", "Pacific/Honolulu"):
        User.objects.filter(pk=carol.pk).update(time_zone=zone)
        assert found(since="0001-01-01", until="9999-12-31") == found()


def test_a_person_is_found_in_any_spelling_by_whoever_is_told_who_it_was(
    installation: Installation, client_of: ClientOf, alice: User, carol: User
) -> None:
    User.objects.filter(pk=carol.pk).update(name="JÖRG Ødegård")
    revealed = next(kind for kind in kinds.registered() if kind == "TOKEN_REVEALED")
    timeline.record_about(installation, revealed, by=Actor(User.objects.get(pk=carol.pk), Side.CUSTOMER), tail="9f3a")
    of = pages_of(installation)
    for words in ("jörg", "JORG", "o\u0308rg"):
        assert "revealed to JÖRG" in client_of(carol).get(of["carol"][0], {"q": words}).content.decode(), words
        assert "Nothing matches" in client_of(alice).get(of["alice"][1], {"q": words}).content.decode(), words


@pytest.mark.parametrize("reader", ["alice", "carol", "sam"])
def test_words_that_may_be_a_credential_stand_nowhere_on_the_page(
    reader: str, installation: Installation, client_of: ClientOf, request: pytest.FixtureRequest
) -> None:
    browser = client_of(request.getfixturevalue(reader))
    token = installation.permanent_tokens.get().value()
    for address in pages_of(installation)[reader]:
        for words in (token, f"mine is {token.replace('-', '')}"):
            page = browser.get(address, {"q": words}).content.decode()
            assert "Nothing matches" in page
            assert token[:8] not in page
        if address.endswith("/carols-cakes/activity/"):
            continue
        found = browser.get(address, {"q": str(installation.pk), "sort": "oldest"}).content.decode()
        assert "1.0.0 installed by" in found
        assert f'value="{installation.pk}"' in found


def test_days_are_those_of_whoever_reads(installation: Installation, carol: User, client_of: ClientOf) -> None:
    """An evening in London is the next morning in Tokyo; of an hour its begin counts, not when it was told."""
    User.objects.filter(pk=carol.pk).update(time_zone="Asia/Tokyo")
    # At any time of day less than the three days after which an hour is no longer looked for.
    midnight = timezone.now().replace(hour=15, minute=0, second=0, microsecond=0) - timedelta(days=2)
    TimelineEntry.objects.about(installation.pk).update(at=midnight)
    row = ExchangeHour.objects.create(
        installation=installation, hour=midnight - timedelta(hours=1), exchanges=3, refused=0, addresses=1
    )
    told = hours.record_hour([row])
    TimelineEntry.objects.filter(pk__in=[entry.pk for entry in told]).update(at=midnight + timedelta(minutes=5))
    day = midnight.astimezone(ZoneInfo("Asia/Tokyo")).date()
    browser, address = client_of(carol), pages_of(installation)["carol"][0]
    for since, until, of_it, of_hour in ((day, day, True, False), (day - timedelta(days=1),) * 2 + (False, True)):
        page = browser.get(address, {"since": since.isoformat(), "until": until.isoformat()}).content.decode()
        assert ("1.0.0 installed by Carol" in page, "3 exchanges, 0 refused" in page) == (of_it, of_hour)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_strangers_get_no_file(form: str, installation: Installation, dave: User, client_of: ClientOf) -> None:
    for addresses in pages_of(installation).values():
        for address in addresses:
            join = "&" if "?" in address else "?"
            assert client_of(dave).get(f"{address}{join}format={form}").status_code == 404


def test_support_reads_of_an_application_and_of_an_account(
    installation: Installation, northwind: Account, sam: User, rf: RequestFactory
) -> None:
    """As a page of the console includes it: lines lead to the case of their installation."""
    request = rf.get("/support/")
    request.user = sam
    of_application = timeline_pages.of_application(request, installation.application, reader=Side.STAFF)
    drawn = render_to_string("portal/_timeline.html", {"timeline": of_application}, request)
    case = reverse("support_installation", args=[installation.pk])
    assert f'<a href="{case}">1.0.0 installed by Carol</a> on Carol&#x27;s Cakes' in drawn
    of_account = timeline_pages.of_account(request, northwind, reader=Side.STAFF)
    drawn = render_to_string("portal/_timeline.html", {"timeline": of_account}, request)
    assert "Account created by Alice" in drawn
    assert "Not shown here: permanent tokens" in drawn


def test_the_overview_folds_what_is_said_again(
    installation: Installation, alice: User, client_of: ClientOf, application: Application
) -> None:
    revealed = next(kind for kind in kinds.registered() if kind == "SECRET_REVEALED")
    for _ in range(7):
        timeline.record(revealed, by=Actor(alice, Side.DEVELOPER), application=application, tail="9f3a")
    page = text_of(
        client_of(alice).get(reverse("application_overview", args=["northwind", application.pk])).content.decode()
    )
    assert "Application Secret …9f3a revealed to Alice 7 times since" in page
    assert "1.0.0 installed by Carol's Cakes" in page
