"""What a developer should look at, in sentences, each with the page that helps."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.utils import timezone

from installs.models import Installation, RefusalGroup
from installs.refusals import CAUSES, Reason
from linnapp.models import Application

CONNECTS_WITHIN = timedelta(hours=24)
REFUSALS_OF = timedelta(hours=24)
SECRET_ENDS_WITHIN = timedelta(days=7)
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


def notices(application: Application) -> list[Notice]:
    if application.retired_at:
        return []
    parts = (_suspended_installations, _refused, _never_connected, _ending_secrets, _nothing_to_install)
    return [notice for part in parts for notice in part(application)]


def accounts(count: int) -> str:
    return "1 installation" if count == 1 else f"{count:,} installations"


def _suspended_installations(application: Application) -> Iterator[Notice]:
    if application.suspended_by_staff_at:
        return
    if count := Installation.objects.of_application(application).suspended().count():
        verb = "is" if count == 1 else "are"
        yield Notice(
            "suspended",
            "circle-pause",
            f"{accounts(count)} {verb} suspended",
            "No permanent token of theirs is exchanged until that is lifted.",
            "Show them",
            "application_installations",
            urlencode({"state": "suspended"}),
        )


def _refused(application: Application) -> Iterator[Notice]:
    since = timezone.now() - REFUSALS_OF
    reasons = RefusalGroup.objects.of_application(application.pk).since(since).by_reason()
    if not reasons:
        return
    total = sum(reasons.values())
    named = [f"{_cause(reason)} ({count:,})" for reason, count in list(reasons.items())[:CAUSES_NAMED]]
    more = len(reasons) - len(named)
    yield Notice(
        "failed",
        "circle-alert",
        "1 exchange was refused in the last day" if total == 1 else f"{total:,} exchanges were refused in the last day",
        "; ".join(named) + (f"; and {more} other cause{'s' if more > 1 else ''}" if more else ""),
        "Exchanges",
        "application_activity",
        urlencode({"about": "exchanges"}),
    )


def _cause(reason: str) -> str:
    return CAUSES.get(Reason(reason), reason.lower()) if reason in Reason.__members__ else reason.lower()


def _never_connected(application: Application) -> Iterator[Notice]:
    silent = Installation.objects.of_application(application).never_connected()
    if count := silent.filter(installed_at__lt=timezone.now() - CONNECTS_WITHIN).count():
        yield Notice(
            "waiting",
            "unplug",
            f"{accounts(count)} never connected",
            "Installed over 24 hours ago, no first exchange.",
            "Show them",
            "application_installations",
            urlencode({"state": "never_connected"}),
        )


def _ending_secrets(application: Application) -> Iterator[Notice]:
    soon = timezone.now() + SECRET_ENDS_WITHIN
    for secret in application.secrets.live().filter(ends_at__lt=soon):
        ends = timezone.localtime(secret.ends_at)
        yield Notice(
            "waiting",
            "key-round",
            f"Application Secret …{secret.tail} ends on {ends.day} {ends:%B at %H:%M}",
            "Whatever still uses it is refused from then on.",
            "Secrets",
            "application_general",
        )


def _nothing_to_install(application: Application) -> Iterator[Notice]:
    if application.versions.released().exists() and not application.versions.installable().exists():
        yield Notice(
            "waiting",
            "tag",
            "No version can be installed",
            "All released versions are withdrawn.",
            "Versions",
            "version_list",
        )
