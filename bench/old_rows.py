"""Fills a portal with what its periodic jobs count, tell and drop: rows of which nearly all are over."""

import secrets
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session as BrowserSession
from django.db.models import Model
from django.utils import timezone

from installs.models import (
    AddressDay,
    Attempt,
    Delivery,
    ExchangeHour,
    HelpCase,
    HelpMessage,
    Installation,
    PermanentToken,
    PostbackHost,
    RefusalGroup,
    RefusalSample,
    RefusedConsent,
    SecretHour,
    Session,
)
from linnapp.models import (
    Account,
    Application,
    BulkChange,
    BulkRow,
    ExportFile,
    ExportPart,
    Invitation,
    KnockCount,
    Membership,
    User,
)

NOW = timezone.now()
LONG_AGO, SPAN = NOW - timedelta(days=400), timedelta(seconds=1)
TEXT = "x" * 600


def hexadecimal() -> str:
    return secrets.token_hex(32)


def fill(share: float) -> None:
    """`share` of: 100,000 sessions, 50,000 deliveries, 20,000 refusal samples, and so on."""
    application = Application.objects.filter(retired_at=None, versions__kind="RELEASED").distinct().first()
    assert application is not None
    installed = installations(application, int(3000 * share))
    tokens = dict(PermanentToken.objects.filter(installation__in=installed).values_list("installation_id", "pk"))
    secret = application.secrets.order_by("pk").first()
    assert secret is not None

    def sessions(number: int, created: datetime, used: datetime, **more: Any) -> Iterator[Session]:
        for one in range(number):
            row = installed[one % len(installed)]
            yield Session(
                digest=hexadecimal(),
                installation=row,
                permanent_token_id=tokens[row.pk],
                secret=secret,
                address=f"198.51.{one % 100}.{one % 250}",
                created_at=created + one * timedelta(milliseconds=10),
                last_used_at=used,
                expires_at=created + timedelta(hours=24),
                **more,
            )

    ended = NOW - timedelta(days=3)
    write(Session, sessions(int(100_000 * share), ended, ended, ended_at=ended, end="EXPIRED"))
    write(Session, sessions(int(20_000 * share), NOW - timedelta(hours=3), NOW - timedelta(hours=2)))
    write(Session, sessions(int(20_000 * share), NOW - timedelta(minutes=4), NOW))
    of_postbacks(application, installed, int(50_000 * share))
    of_refusals(int(1_000 * share))
    of_hours(installed, secret.pk, int(20_000 * share))
    of_people(int(20_000 * share))
    of_staff(int(20_000 * share))


def write(model: type[Model], rows: Iterable[Any]) -> None:
    model._base_manager.bulk_create(rows, batch_size=2000)


def installations(application: Application, number: int) -> list[Installation]:
    version = application.versions.filter(kind="RELEASED").order_by("pk")[0]
    accounts = [Account(name=f"Old {n}", slug=f"old-{n}", contact_email="old@example.com") for n in range(number)]
    write(Account, accounts)
    rows = [Installation(application=application, account=account, version=version) for account in accounts]
    write(Installation, rows)
    write(PermanentToken, (PermanentToken(installation=row, digest=hexadecimal(), tail="abcd") for row in rows))
    # Some that lapsed while they waited, and some whose token was replaced.
    for row in rows[: number // 20]:
        row.state, row.waits_until = Installation.State.PENDING, NOW - timedelta(minutes=1)
    Installation.objects.bulk_update(rows[: number // 20], ["state", "waits_until"])
    for row in rows[number // 20 : number // 10]:
        old = PermanentToken.objects.get(installation=row)
        PermanentToken.objects.filter(pk=old.pk).update(ends_at=NOW - timedelta(minutes=1))
        PermanentToken.objects.create(installation=row, digest=hexadecimal(), tail="efgh", replaces=old)
    return rows


def of_postbacks(application: Application, installed: list[Installation], number: int) -> None:
    def deliveries(number: int, created: datetime, host: str, state: str) -> list[Delivery]:
        rows = [
            Delivery(
                application=application,
                installation=installed[one % len(installed)],
                event="installed",
                state=state,
                url=f"https://{host}/",
                host=host,
                nonce=hexadecimal(),
                created_at=created + one * timedelta(milliseconds=1),
            )
            for one in range(number)
        ]
        write(Delivery, rows)
        return rows

    old = deliveries(number, NOW - timedelta(days=95), "old.example", "DELIVERED")
    write(Attempt, (Attempt(delivery=row, at=row.created_at, request=TEXT, answer=TEXT) for row in old for _ in "ab"))
    # Some of them were tried ten times.
    write(Attempt, (Attempt(delivery=row, at=row.created_at, answer=TEXT) for row in old[::25] for _ in range(10)))
    deliveries(number // 10, NOW - timedelta(days=1), "stranded.example", "HELD")
    deliveries(number // 10, NOW - timedelta(days=1), "parked.example", "HELD")
    PostbackHost.objects.create(
        application=application, host="parked.example", failing_since=NOW, parked_at=NOW, next_trial_at=NOW
    )
    dead = [row.pk for row in installed[: len(installed) // 2]]
    live = Installation.objects.filter(pk__in=dead, state=Installation.State.ACTIVE)
    live.update(state=Installation.State.UNINSTALLED, uninstalled_at=NOW)


def of_refusals(groups: int) -> None:
    rows = [
        RefusalGroup(key=hexadecimal(), hour=LONG_AGO, reason="UNKNOWN_TOKEN", count=20, sampled=20, last_at=LONG_AGO)
        for _ in range(groups)
    ]
    write(RefusalGroup, rows)
    facts = {"token": "…abcd", "secret": "…efgh"}
    write(
        RefusalSample,
        (
            RefusalSample(group=row, reference=hexadecimal(), at=LONG_AGO, facts=facts)
            for row in rows
            for _ in range(20)
        ),
    )


def of_hours(installed: list[Installation], secret: int, number: int) -> None:
    hour = NOW.replace(minute=0, second=0, microsecond=0)
    write(
        ExchangeHour,
        (
            ExchangeHour(
                installation=row, application_id=row.application_id, hour=hour - timedelta(hours=5), exchanges=3
            )
            for row in installed
        ),
    )
    days = range(100, 100 + number // len(installed) + 1)
    of_days = [(row, hour - timedelta(days=day)) for day in days for row in installed]
    write(SecretHour, (SecretHour(installation=row, hour=at, secret_id=secret, exchanges=3) for row, at in of_days))
    addresses = {"10": {f"198.51.{n}.0/24": n for n in range(20)}}
    write(AddressDay, (AddressDay(installation=row, day=at.date(), hours=addresses) for row, at in of_days))


def of_people(number: int) -> None:
    write(
        BrowserSession,
        (
            BrowserSession(session_key=hexadecimal()[:40], session_data=TEXT, expire_date=LONG_AGO)
            for _ in range(number)
        ),
    )
    write(KnockCount, (KnockCount(key=hexadecimal(), limit="resets", count=1, ends_at=LONG_AGO) for _ in range(number)))
    strangers = [
        User(email=f"stranger-{one}@example.com", name="Nobody", date_joined=LONG_AGO) for one in range(number // 10)
    ]
    write(User, strangers)
    write(EmailAddress, (EmailAddress(user=person, email=person.email, primary=True) for person in strangers))
    theirs = [
        Account(name="Nobody's", slug=f"nobody-{one}", contact_email="n@example.com") for one in range(len(strangers))
    ]
    write(Account, theirs)
    seats = zip(strangers, theirs, strict=True)
    write(Membership, (Membership(user=person, account=account, role="OWNER") for person, account in seats))
    account = Account.objects.order_by("created_at")[0]
    write(
        Invitation,
        (
            Invitation(account=account, email="a@b.example", key_digest=hexadecimal(), expires_at=LONG_AGO)
            for _ in theirs
        ),
    )
    person = User.objects.filter(is_staff=True).order_by("pk")[0]
    write(
        RefusedConsent,
        (RefusedConsent(reference=hexadecimal(), at=LONG_AGO, person=person, heading="No", told=TEXT) for _ in theirs),
    )
    cases = [HelpCase(account=account, sentence=TEXT, state="SOLVED", since=LONG_AGO) for _ in range(number // 100)]
    write(HelpCase, cases)
    write(HelpMessage, (HelpMessage(case=row, writer="SUPPORT", text=TEXT) for row in cases for _ in range(50)))


def of_staff(number: int) -> None:
    person = User.objects.filter(is_staff=True).order_by("pk")[0]
    change = BulkChange.objects.create(
        table="linnapp.Account",
        act="suspend",
        title="Old",
        person=person,
        state="DONE",
        began_at=LONG_AGO,
        total=number,
    )
    write(
        BulkRow,
        (
            BulkRow(change=change, position=one, target=str(uuid.uuid4()), before_encrypted=TEXT)
            for one in range(number)
        ),
    )
    file = ExportFile.objects.create(
        table="linnapp.Account", title="Old", person=person, state="READY", total=1, ends_at=LONG_AGO
    )
    write(ExportPart, (ExportPart(file=file, position=one, content_encrypted="x" * 350_000) for one in range(80)))
