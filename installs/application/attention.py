"""What a developer should look at, in sentences, each with the page that helps."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.utils import timezone

from installs.application import refused
from installs.application.at_once import SECRET_ENDS_WITHIN, AtOnce
from installs.exchange.refusals import CAUSES, Reason
from installs.models import Delivery, Installation
from installs.models.installations import CONNECTS_WITHIN
from installs.postbacks import health
from installs.store import listings
from linnapp.models import Application
from linnapp.moments import shown
from linnapp.words import counted, span_in_words, with_commas

CAUSES_NAMED = 3


@dataclass(frozen=True)
class Notice:
    """`url_name` is a page of the application, `query` what it is filtered by, `link` the words of the link."""

    tone: str
    icon: str
    sentence: str
    detail: str
    link: str
    url_name: str
    query: str = ""


def notices(application: Application, known: AtOnce | None = None) -> list[Notice]:
    if application.retired_at:
        return []
    known = known or AtOnce.of(application)
    parts = (
        _returned_listing,
        _suspended_installations,
        _failed_installations,
        _refused,
        _rotated,
        _parked_hosts,
        _postbacks,
        _events,
        _never_connected,
        _ending_secrets,
        _nothing_to_install,
    )
    return [notice for part in parts for notice in part(application, known)]


def _returned_listing(application: Application, known: AtOnce) -> Iterator[Notice]:
    if application.listing != Application.Listing.RETURNED:
        return
    review = listings.last_review(application)
    reasons = review.reasons if review else ""
    yield Notice("suspended", "undo-2", "Its listing was returned", reasons, "Listing", "listing")


def _suspended_installations(application: Application, known: AtOnce) -> Iterator[Notice]:
    if count := known.numbers.suspended:
        yield Notice(
            "suspended",
            "circle-pause",
            counted(count, "installation is suspended", "installations are suspended"),
            "Their permanent tokens are not exchanged until they are resumed.",
            "Show them",
            "application_installations",
            urlencode({"state": "suspended"}),
        )


def _failed_installations(application: Application, known: AtOnce) -> Iterator[Notice]:
    """An installation fails within a minute of its beginning, or never."""
    if not known.numbers.failed:
        return
    newest = Installation.objects.of_application(application).failed().order_by("-installed_at").first()
    if newest is None:
        return
    yield Notice(
        "failed",
        "circle-x",
        f"{counted(known.numbers.failed, 'installation')} failed in the last seven days",
        f"Your endpoint did not answer 200. The last one: {newest.why_failed}",
        "Show them",
        "application_installations",
        urlencode({"state": "failed"}),
    )


def _rotated(application: Application, known: AtOnce) -> Iterator[Notice]:
    """New permanent tokens that have reached nobody: the old ones have no end until then."""
    if count := known.numbers.not_handed_over:
        yield Notice(
            "waiting",
            "key-round",
            f"{counted(count, 'new permanent token has', 'new permanent tokens have')} not been delivered",
            "The old one works until the new one is used. Redeliver or reveal the new one; end a leaked old one.",
            "Show them",
            "application_installations",
            urlencode({"state": "rotated"}),
        )


def _parked_hosts(application: Application, known: AtOnce) -> Iterator[Notice]:
    for host, held in health.held_by_host(application) if known.numbers.parks_hosts else ():
        yield Notice(
            "suspended",
            "circle-pause",
            f"{host.get_kind_display()}s to {host.host} have been held since {_in_words(host.parked_at)}",
            f"{counted(held, f'{host.kind} waits', f'{host.kind}s wait')}. The oldest is tried once an hour, next "
            f"on {_in_words(host.next_trial_at)}; once one is delivered, the rest follow.",
            "Show them",
            "postback_list",
            urlencode({"state": "held", "kind": host.kind}),
        )


def _postbacks(application: Application, known: AtOnce) -> Iterator[Notice]:
    found = health.of_each([application]).get(application.pk)
    if found and found.given_up:
        yield Notice(
            "failed",
            "circle-x",
            f"{counted(found.given_up, 'postback')} not delivered in the last seven days",
            "Your endpoint does not have these permanent tokens. See why, fix it, and redeliver them.",
            "Show them",
            "postback_list",
            urlencode({"state": "failed", "kind": Delivery.Kind.POSTBACK}),
        )
    if found and found.retrying:
        yield Notice(
            "waiting",
            "clock",
            f"{counted(found.retrying, 'postback')} waiting for another attempt",
            f"The next attempt is on {_in_words(found.next_attempt_at)}.",
            "Show them",
            "postback_list",
            urlencode({"state": "due", "kind": Delivery.Kind.POSTBACK}),
        )


def _events(application: Application, known: AtOnce) -> Iterator[Notice]:
    if count := known.numbers.events_given_up:
        yield Notice(
            "failed",
            "circle-x",
            f"{counted(count, 'event')} not delivered in the last seven days",
            "Your endpoint does not know of these. See why, fix it, and redeliver them.",
            "Show them",
            "postback_list",
            urlencode({"state": "failed", "kind": Delivery.Kind.EVENT}),
        )


def _in_words(moment: datetime | None) -> str:
    """In the reader's time zone."""
    return shown(moment or timezone.now(), "DAY_LONG_AT")


def _refused(application: Application, known: AtOnce) -> Iterator[Notice]:
    causes = {_cause(reason): count for reason, count in known.days.refused_lately.items()}
    # Anybody can name a public Application ID; of all who do, these two are clients of theirs.
    if retired := sum(known.days.by_day("retired")):
        causes["retired Application Secret"] = retired
    if wrong := refused.of_those_where_it_works(application, known.days.by_text("named")):
        causes["wrong Application Secret, from where a right one came recently"] = wrong
    if not causes:
        return
    total = sum(causes.values())
    frequent = sorted(causes.items(), key=lambda cause: -cause[1])[:CAUSES_NAMED]
    named = [f"{cause} ({with_commas(count)})" for cause, count in frequent]
    more = len(causes) - len(named)
    yield Notice(
        "failed",
        "circle-alert",
        f"{counted(total, 'exchange was', 'exchanges were')} refused in the last day",
        "; ".join(named) + (f"; and {counted(more, 'other cause')}" if more else ""),
        "Show them",
        "application_refused",
        urlencode({"kind": "exchanges", "within": "day"}),
    )


def _cause(reason: str) -> str:
    return CAUSES.get(Reason(reason), reason.lower()) if reason in Reason.__members__ else reason.lower()


def _never_connected(application: Application, known: AtOnce) -> Iterator[Notice]:
    if count := known.numbers.silent:
        yield Notice(
            "waiting",
            "unplug",
            f"{counted(count, 'installation')} never connected",
            f"Installed over {span_in_words(CONNECTS_WITHIN)} ago, with no exchange since. The list has a "
            "message to send each customer.",
            "Show them",
            "application_installations",
            urlencode({"state": "never_connected"}),
        )


def _ending_secrets(application: Application, known: AtOnce) -> Iterator[Notice]:
    soon = timezone.now() + SECRET_ENDS_WITHIN
    for secret in application.secrets.live().filter(ends_at__lt=soon) if known.numbers.ends_secret else ():
        yield Notice(
            "waiting",
            "key-round",
            f"Application Secret …{secret.tail} ends on {_in_words(secret.ends_at)}",
            "Programs that still use it are refused from then on.",
            "Secrets",
            "application_general",
        )


def _nothing_to_install(application: Application, known: AtOnce) -> Iterator[Notice]:
    if known.versions.released and known.versions.latest is None:
        yield Notice(
            "waiting",
            "tag",
            "No version can be installed",
            "All released versions are withdrawn.",
            "Versions",
            "version_list",
        )
