"""What a developer asks of postbacks: send one again, replay what failed, send a test."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from installs.models import Delivery, EventSettings, Installation
from installs.models.deliveries import DeliveryQuerySet, host_of
from installs.postbacks import courier, event_settings, kinds, recording, signing_secrets
from installs.postbacks.holding import hold
from installs.postbacks.policy import RETIRED
from installs.postbacks.retention import KEPT
from linnapp import credentials, timeline
from linnapp.actors import Actor, refuse_to_lead_away, refuse_unless_fresh
from linnapp.errors import NotPossible
from linnapp.kinds import Kind
from linnapp.models import Application, Version
from linnapp.services import quotas
from linnapp.services.locking import locked
from linnapp.words import span_in_words

NO_NEWEST_URL = "The newest version has no Postback URL. Send it to the address of its own version."
# Of all that failed so many are sent again at a time: whoever asks holds SQLite's one writer for them.
TOGETHER = 500
TEST_TRACKING = "a test from the portal"


def newest_url(delivery: Delivery) -> str:
    """The PostbackUrl of the newest version, or of the Development Version for an installation on it; "" for none. Of
    an event, where it goes anyway."""
    if delivery.is_event:
        return delivery.url
    return _newest_url(delivery.application, _is_on_development(delivery))


def newest_urls(application: Application) -> dict[bool, str]:
    """The same for all of an application, by whether an installation is on the Development Version."""
    return {on_development: _newest_url(application, on_development) for on_development in (False, True)}


def _newest_url(application: Application, on_development: bool) -> str:
    newest = application.versions.development() if on_development else application.versions.the_latest()
    return newest.postback_url if newest else ""


def _is_on_development(delivery: Delivery) -> bool:
    return delivery.installation is not None and delivery.installation.version.is_development


def why_not(row: Delivery) -> str:
    """Why it cannot be sent again now; "" where it can."""
    if row.is_test:
        return f"A test is sent only once. Send another test {row.kind}."
    if row.is_being_sent:
        return "It is being sent right now. Wait for the result first."
    if row.is_event:
        has_url = EventSettings.objects.of_application(row.application).with_url().exists()
        return "" if has_url else "There is no Events URL now. Set one first."
    if row.installation is None or not row.installation.is_live:
        return "The installation and its permanent token have ended, so there is nothing to send."
    if row.is_awaited:
        return "An installation is waiting for it. It is sent once, automatically, and its answer decides."
    return ""


@transaction.atomic
def redeliver(delivery: Delivery, *, to_newest: bool = False, by: Actor) -> None:
    """Due at once, with the whole schedule before it, under the same webhook-id: to the address it had, or to that of
    the newest version. Raises NotPossible for a test, for one that is being sent or that an installation waits for,
    and where the installation is over.
    """
    if to_newest:
        refuse_to_lead_away(by)
    row = _locked(delivery)
    if refused := why_not(row):
        raise NotPossible(refused)
    if row.is_event:
        _ask_again(row, event_settings.url_of(row.application))
    else:
        url = newest_url(row) if to_newest else row.url
        if url and url != row.url:
            refuse_unless_fresh(by)
        _ask_again(row, url)
    kind, again = _told_again(row.event, row.host, row.number)
    if row.installation is None:
        timeline.record(kind, by=by, application=row.application, **again)
    else:
        timeline.record_about(row.installation, kind, by=by, **again)
    transaction.on_commit(courier.wake)


def _told_again(event: str, host: str, number: int | None) -> tuple[Kind, dict[str, Any]]:
    facts: dict[str, Any] = {"event": Delivery.label_of(event).lower(), "host": host}
    return (kinds.POSTBACK_AGAIN, facts) if number is None else (kinds.EVENT_AGAIN, facts | {"number": number})


def failed_of(installation: Installation) -> DeliveryQuerySet:
    """What failed of one installation and was not sent since; the oldest first."""
    rows = Delivery.objects.of_installation(installation).without_tests().failed().sendable()
    return rows.order_by("created_at", "number", "pk")


def redeliver_failed(installation: Installation, *, by: Actor) -> int:
    """All of them, each to the address it had, TOGETHER at most; the number of them."""
    failed = failed_of(installation)
    return _replay(failed, _first(failed), installation.application, by=by, installation=installation)


def _locked(delivery: Delivery) -> Delivery:
    rows = Delivery.objects.select_for_update(of=("self",)).filter(pk=delivery.pk)
    facts = (
        "application__account",
        "installation__version",
        "installation__account",
        "installation__application__account",
    )
    row = rows.select_related(*facts).first()
    if row is None:
        raise NotPossible(f"It is older than {span_in_words(KEPT)} and has just been removed from the log.")
    return row


def _ask_again(row: Delivery, url: str) -> None:
    if not url:
        raise NotPossible(NO_NEWEST_URL)
    row.state, row.tried, row.next_attempt_at, row.ended_at = Delivery.State.DUE, 0, timezone.now(), None
    row.url, row.host, row.decides = url, host_of(url), False
    row.save(update_fields=["state", "tried", "next_attempt_at", "ended_at", "url", "host", "decides"])


def replayable(application: Application, since: datetime) -> DeliveryQuerySet:
    """What failed since a moment: postbacks of installations that are still live, and events; the oldest first."""
    rows = Delivery.objects.of_application(application).without_tests().failed().created_since(since)
    return rows.sendable().order_by("created_at", "number", "pk")


def replay(application: Application, *, since: datetime, to_newest: bool = False, by: Actor) -> int:
    """Asks again for what failed since a moment, in the order in which it was owed; the number of them. TOGETHER at
    most: asked once more, those come that were not sent again yet."""
    if to_newest:
        refuse_to_lead_away(by)
    failed = replayable(application, since)
    return _replay(failed, _first(failed), application, to_newest=to_newest, by=by)


def _first(failed: DeliveryQuerySet) -> list[UUID]:
    """Those that failed first: what was sent again, and failed again, is behind all the others. Looked for before the
    transaction, which is short then."""
    return list(failed.order_by("ended_at", "created_at", "number", "pk").values_list("pk", flat=True)[:TOGETHER])


@transaction.atomic
def _replay(
    failed: DeliveryQuerySet,
    some: Sequence[UUID],
    application: Application,
    *,
    to_newest: bool = False,
    by: Actor,
    installation: Installation | None = None,
) -> int:
    """Those of some that are still failed; each is told of the installation, or all at once of the application."""
    rows = failed.filter(pk__in=some)
    hold(rows)
    on_development = Q(installation__version__kind=Version.Kind.DEVELOPMENT)
    asked = rows.values_list("pk", "number", Coalesce(ExpressionWrapper(on_development, BooleanField()), False))
    keys: dict[tuple[bool, bool], list[UUID]] = defaultdict(list)
    for key, number, is_on_development in asked:
        keys[number is not None, is_on_development].append(key)
    newest = newest_urls(application) if to_newest else {}
    events_url = event_settings.url_of(application)
    _refuse_to_lead_away(keys, newest, by)
    for (is_event, is_on_development), of_these in keys.items():
        _ask_all_again(of_these, events_url if is_event else newest.get(is_on_development))
    if installation:
        each = Delivery.objects.filter(pk__in=[key for of_these in keys.values() for key in of_these])
        of_each = each.order_by("created_at", "pk").values_list("event", "host", "number")
        told = [_told_again(*facts) for facts in of_each]
        timeline.record_all(timeline.entry_about(installation, kind, by=by, **facts) for kind, facts in told)
    else:
        for kind, is_event in ((kinds.POSTBACKS_REPLAYED, False), (kinds.EVENTS_REPLAYED, True)):
            if count := sum(len(of_these) for alike, of_these in keys.items() if alike[0] is is_event):
                timeline.record(kind, by=by, application=application, count=count)
    if keys:
        transaction.on_commit(courier.wake)
    return sum(map(len, keys.values()))


def _refuse_to_lead_away(
    keys: Mapping[tuple[bool, bool], Sequence[UUID]], newest: Mapping[bool, str], by: Actor
) -> None:
    """Where one of them would go to another address than before. Events go where they are led already."""
    for (is_event, is_on_development), of_these in keys.items():
        url = "" if is_event else newest.get(is_on_development, "")
        if url and Delivery.objects.filter(pk__in=of_these).exclude(url=url).exists():
            refuse_unless_fresh(by)


def _ask_all_again(keys: Sequence[UUID], url: str | None) -> None:
    """As `_ask_again` does it, of rows that are held: to one address, or with None each to its own."""
    if url == "":
        raise NotPossible(NO_NEWEST_URL)
    to = {} if url is None else {"url": url, "host": host_of(url)}
    Delivery.objects.filter(pk__in=keys).update(
        state=Delivery.State.DUE, tried=0, next_attempt_at=timezone.now(), ended_at=None, decides=False, **to
    )


@transaction.atomic
def send_test(application: Application, *, url: str, by: Actor) -> Delivery:
    """A postback that carries nobody's permanent token, to any address the guard lets through. Raises NotPossible for
    what is no address, and past the quota of tests."""
    row = locked(application, retired=RETIRED)
    event_settings.refuse_address("The address", url)
    return _test(row, Delivery.Kind.POSTBACK, url, by, tracking=TEST_TRACKING)


@transaction.atomic
def send_test_event(application: Application, *, by: Actor) -> Delivery:
    """To the Events URL, without a number. Raises NotPossible where there is none, and past the quota of tests."""
    row = locked(application, retired=RETIRED)
    url = event_settings.url_of(row)
    if not url:
        raise NotPossible("Set the Events URL first, and save it.")
    return _test(row, Delivery.Kind.EVENT, url, by, payload=recording.test_body(row))


def _test(row: Application, kind: Delivery.Kind, url: str, by: Actor, **carried: str) -> Delivery:
    # Tests are sent to any address: not so many that the portal becomes a tool to knock at doors.
    quotas.count_test(url, by=by)
    signing_secrets.ensure(row)
    made = Delivery.objects.create(
        application=row,
        kind=kind,
        event=Delivery.Event.TEST,
        url=url,
        host=host_of(url),
        nonce=credentials.new_link_key(),
        requested_by=by.person,
        next_attempt_at=timezone.now(),
        **carried,
    )
    told = kinds.EVENT_TESTED if kind == Delivery.Kind.EVENT else kinds.POSTBACK_TESTED
    timeline.record(told, by=by, application=row, host=made.host)
    transaction.on_commit(courier.wake)
    return made
