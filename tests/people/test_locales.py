"""Moments are written in the locale that the reader's browser prefers: by name, in one place, and in pages alone."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import translation

from installs.models import Installation
from linnapp.formats.en import formats as british
from linnapp.formats.en_US import formats as american
from linnapp.models import Account, Application, StaffAccess, TimelineEntry, User
from linnapp.moments import AMERICAN, BRITISH, LETTERS, kept, locale_of, shown
from tests.kit.people import ClientOf

MOMENT = datetime(2026, 3, 5, 14, 7, 9, tzinfo=UTC)
HEADERS = {BRITISH: "en-GB,en;q=0.9", AMERICAN: "en-US,en;q=0.9"}
# ISO, for files, addresses and terminals, is no reader's.
IN_BRACES = r"\{[^{}]*:[^{}]*"
BY_HAND = re.compile(
    rf"{IN_BRACES}(?:%[aAbBpI]|%-d|%d %[^H]|(?<!%d[T ])%H:%M)|strftime|date_format|intcomma|\.day\}} \{{"
)
IN_TEMPLATES = re.compile(r"""(?:\|\s*(?:date|time|in_mail)\b:?|\{%\s*now)\s*(?:["']([^"']*)["'])?""")
# `c` is ISO, and what an address takes is.
MACHINES = {"c", "Y-m-d"}


@pytest.mark.parametrize(
    ("accepted", "locale"),
    [
        ("en-US,en;q=0.9", AMERICAN),
        ("en-us", AMERICAN),
        ("en-GB,en-US;q=0.9,en;q=0.8", BRITISH),
        ("en-GB;q=0.4, en-US;q=0.9", AMERICAN),
        ("en-AU,en;q=0.9,en-US;q=0.8", BRITISH),
        ("en", BRITISH),
        # Chrome in German.
        ("de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", BRITISH),
        ("en-US;q=0,de", BRITISH),
        ("*", BRITISH),
        ("", BRITISH),
        ("en-US;q=wrong", BRITISH),
        ("x" * 100_000, BRITISH),
    ],
)
def test_only_a_browser_that_prefers_american_english_gets_it(accepted: str, locale: str) -> None:
    assert locale_of(accepted) == locale


@pytest.mark.parametrize(
    ("name", "in_britain", "in_america"),
    [
        ("DAY", "5 Mar", "Mar 5"),
        ("DAY_LONG_AT", "5 March at 14:07", "March 5 at 2:07 PM"),
        ("DATE_FORMAT", "5 Mar 2026", "Mar 5, 2026"),
        ("TIME_FORMAT", "14:07", "2:07 PM"),
        ("DATETIME_FORMAT", "5 Mar 2026, 14:07", "Mar 5, 2026, 2:07 PM"),
        ("DATETIME_EXACT", "5 March 2026, 14:07:09", "March 5, 2026, 2:07:09 PM"),
        ("WEEKDAY_LONG", "Thursday, 5 March 2026", "Thursday, March 5, 2026"),
    ],
)
def test_a_moment_reads_as_in_either_country(name: str, in_britain: str, in_america: str) -> None:
    assert shown(MOMENT, name) == in_britain
    with translation.override(AMERICAN):
        assert shown(MOMENT, name) == in_america
        assert kept(MOMENT, name) == in_britain


def test_midnight_and_noon_are_twelve_in_america() -> None:
    with translation.override(AMERICAN):
        assert shown(MOMENT.replace(hour=0, minute=5), "TIME_FORMAT") == "12:05 AM"
        assert shown(MOMENT.replace(hour=12), "TIME_FORMAT") == "12:07 PM"


def names_of(formats: ModuleType) -> dict[str, str]:
    return {name: text for name, text in vars(formats).items() if name.isupper() and isinstance(text, str)}


def test_both_countries_have_the_same_formats_of_letters_that_are_known() -> None:
    assert names_of(british).keys() == names_of(american).keys()
    for text in (*names_of(british).values(), *names_of(american).values()):
        assert set(re.sub(r"\\.", "", text)) - set(", :") <= LETTERS.keys()


def test_no_module_and_no_template_writes_a_moment_by_hand() -> None:
    known, found = names_of(british).keys() | MACHINES, []
    for folder in ("linnapp", "installs"):
        for path in sorted((settings.BASE_DIR / folder).rglob("*.py")):
            if "migrations" not in path.parts and path.name != "moments.py":
                found += [f"{path}: {line.strip()}" for line in _lines(path) if BY_HAND.search(line)]
    for path in sorted((settings.BASE_DIR / "templates").rglob("*.*")):
        found += [f"{path}: {name}" for name in IN_TEMPLATES.findall(path.read_text()) if name not in known]
    assert not found


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def read(client: Client, address: str, locale: str) -> str:
    return client.get(address, headers={"accept-language": HEADERS[locale]}).content.decode()


@pytest.fixture
def fifth_of_march(installation: Installation) -> Installation:
    TimelineEntry.objects.update(at=MOMENT)
    Installation.objects.update(installed_at=MOMENT)
    Application.objects.update(changed_at=MOMENT, created_at=MOMENT)
    return installation


@pytest.mark.parametrize(
    ("locale", "exact", "day", "in_admin"),
    [
        (BRITISH, "5 March 2026, 14:07:09 UTC", "Thursday, 5 March 2026", "5 Mar 2026, 14:07"),
        (AMERICAN, "March 5, 2026, 2:07:09 PM UTC", "Thursday, March 5, 2026", "Mar 5, 2026, 2:07 PM"),
    ],
)
def test_pages_and_the_admin_write_for_their_reader(
    fifth_of_march: Installation, alice: User, paula: User, client_of: ClientOf, locale: str, exact: str, day: str,
    in_admin: str,
) -> None:  # fmt: skip
    application, client = fifth_of_march.application, client_of(alice)
    activity = read(client, reverse("application_activity", args=("northwind", application.pk)), locale)
    assert f'title="{exact}"' in activity
    assert f"<h3>{day}</h3>" in activity
    assert f'title="{exact}"' in read(client, reverse("application_list", args=("northwind",)), locale)
    replay = f"{reverse('postback_replay', args=('northwind', application.pk))}?since=2026-03-05T14:07"
    assert f"since {exact.replace(':09', '').removesuffix(' UTC')} has failed" in read(client, replay, locale)
    admin = client_of(paula)
    as_of = re.search(r"As of ([^.]+)\.", read(admin, reverse("admin:index"), locale))
    assert as_of
    assert as_of[1].endswith("M") is (locale == AMERICAN)
    rows = reverse("admin:linnapp_application_changelist")
    assert in_admin in read(admin, rows, locale)
    assert in_admin in read(admin, reverse("admin:linnapp_application_change", args=[application.pk]), locale)


def test_the_page_after_one_from_america_is_british_again(
    fifth_of_march: Installation, alice: User, client_of: ClientOf
) -> None:
    client, page = client_of(alice), reverse("application_activity", args=("northwind", fifth_of_march.application_id))
    read(client, page, AMERICAN)
    assert "Thursday, 5 March 2026" in client.get(page).content.decode()


def test_mails_and_what_is_stored_do_not_follow_whoever_sent_them(
    application: Application, northwind: Account, alice: User, sam: User, client_of: ClientOf
) -> None:
    headers = {"accept-language": HEADERS[AMERICAN]}
    client_of(sam).post("/inside/northwind/", {"purpose": "LOOK", "reason": "Asked by Alice."}, headers=headers)
    assert f"until {StaffAccess.objects.get().ends_at.astimezone(UTC):%H:%M} UTC" in mail.outbox[0].body
    client = client_of(alice)
    client.post(reverse("secret_create", args=("northwind", application.pk)), headers=headers)
    first = application.secrets.order_by("created_at").first()
    assert first
    retire = reverse("secret_retire", args=("northwind", application.pk, first.pk))
    client.post(retire, {"after": "7d"}, headers=headers)
    first.refresh_from_db()
    assert first.ends_at
    assert first.ends_at - datetime.now(UTC) > timedelta(days=6)
    told = f"on {first.ends_at.day} {first.ends_at:%b %Y at %H:%M} UTC"
    assert TimelineEntry.objects.filter(facts__ends=told).exists()


def test_files_are_the_same_for_everybody(fifth_of_march: Installation, alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    page = f"{reverse('application_installations', args=('northwind', fifth_of_march.application_id))}?format=csv"
    texts = {b"".join(client.get(page, headers={"accept-language": text})).decode() for text in HEADERS.values()}
    assert len(texts) == 1
    assert "2026-03-05" in texts.pop()
