"""Postbacks that support has sent again: some of an installation, or all that failed of its application."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from installs.models import Delivery, Installation
from installs.postbacks import asking, effects
from installs.postbacks.asking import TOGETHER
from installs.postbacks.retention import KEPT
from linnapp.actors import Actor
from linnapp.errors import NotPossible

NEWEST = "newest"
AS_BEFORE = "before"
# The value of the choice of all that have not arrived.
ALL = "all"
MOST_LISTED = 10
MOST_AT_ONCE = 200
MOST_COUNTED = 1_000
SPANS = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "all": KEPT}
UNARRIVED = (*Delivery.FAILED, Delivery.State.HELD)


def unarrived(installation: Installation) -> list[Delivery]:
    """Those that were given up or are held, as far as they can be sent again; the oldest first."""
    rows = Delivery.objects.of_installation(installation).without_tests().filter(state__in=UNARRIVED).for_page()
    return [
        row for row in _with(installation, rows.order_by("created_at", "pk")[:MOST_AT_ONCE]) if not asking.why_not(row)
    ]


def sendable(installation: Installation) -> list[Delivery]:
    """The newest postbacks that can be sent again one by one, also those that arrived."""
    rows = Delivery.objects.of_installation(installation).without_tests().newest_first()[: 2 * MOST_LISTED]
    return [row for row in _with(installation, rows) if not asking.why_not(row)][:MOST_LISTED]


def _with(installation: Installation, rows: Iterable[Delivery]) -> list[Delivery]:
    """With the installation that is read already."""
    found = list(rows)
    for row in found:
        row.installation = installation
    return found


def told(installation: Installation) -> tuple[str, bool]:
    """What sending all of them again does, and whether any can be sent."""
    hosts = [row.host for row in unarrived(installation)]
    if hosts:
        return effects.failed_again(hosts), True
    if sendable(installation):
        return "None has failed or is held. You can redeliver one that was delivered.", True
    return "There is no postback to redeliver now.", False


def newest_url(installation: Installation) -> str:
    """The PostbackUrl of the newest version, or of the Development Version for an installation on it; "" for none."""
    return asking.newest_urls(installation.application)[installation.version.is_development]


@transaction.atomic
def send_again(installation: Installation, *, which: str, to_newest: bool = False, by: Actor) -> int:
    """`which` is ALL or the key of one; the number of them. Raises NotPossible where none can be sent."""
    rows = unarrived(installation) if which == ALL else _one(installation, which)
    if not rows:
        raise NotPossible("None of them can be redelivered now. See their results first.")
    for row in rows:
        asking.redeliver(row, to_newest=to_newest, by=by)
    return len(rows)


def _one(installation: Installation, key: str) -> list[Delivery]:
    return [row for row in sendable(installation) if str(row.pk) == key]


def failed_counts(installation: Installation) -> dict[str, int]:
    """How many of the application's failed in each span, as far as they are counted."""
    now = timezone.now()
    return {
        key: asking.replayable(installation.application, now - span).order_by()[:MOST_COUNTED].count()
        for key, span in SPANS.items()
    }


def replay_told(installation: Installation) -> tuple[str, bool]:
    application = installation.application
    if not asking.replayable(application, timezone.now() - KEPT).order_by().exists():
        return f"No postback of {application} has failed on a live installation: nothing changes.", False
    told = (
        f"Failed postbacks of {application} are sent again, on this account and on others, oldest first: "
        f"{TOGETHER} at a time, those that failed first."
    )
    return told, True


def replay(installation: Installation, *, since: datetime, to_newest: bool = False, by: Actor) -> int:
    """What failed of its application since then, so many at a time; the number of them."""
    return asking.replay(installation.application, since=since, to_newest=to_newest, by=by)
