"""What the console's pages of an application and of an account tell in numbers: each bounded, and read by an index."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Q, Sum
from django.utils import timezone

from installs.exchange.causes import in_words
from installs.models import Installation, RefusalGroup
from installs.models.installations import InstallationQuerySet
from installs.models.refusals import RefusalGroupQuerySet
from installs.support import refused
from installs.support.likely.evidence import MOST_GROUPS, Evidence
from installs.support.refused import Subject

SHOWN, LOOKED_THROUGH = 20, 200
MOST_COUNTED = 100
REFUSED_WITHIN, SHOWN_WITHIN = timedelta(days=7), timedelta(days=30)
# Of what named the application and proved nothing: a flood has hundreds of groups in an hour.
LOOKED_AT = 2000


@dataclass(frozen=True)
class Cause:
    """Refusals for one reason; `named` of them by callers that proved nothing."""

    reason: str
    words: str
    count: int
    named: int
    last_at: datetime


def causes(subject: Subject) -> list[Cause]:
    """Why what concerns it was refused in the last week, the most frequent first."""
    return _by_reason(refused.of(subject).since(timezone.now() - REFUSED_WITHIN))


def causes_of_installation(seen: Evidence) -> list[Cause]:
    """The same of 30 days, the latest first, whether they go on or not. With those that sent a permanent token of it
    and proved nothing, or another application."""
    # By its index the newest that named the application, and what likely causes are read from anyway. Which of them
    # sent a token of it is looked for here: PostgreSQL would read the whole table for that.
    named = RefusalGroup.objects.filter(named_application_id=seen.application.pk, application_id=None)
    newest = named.order_by("-hour").values_list("pk", "permanent_token_id")[:LOOKED_AT]
    keys = [key for key, token in newest if token in seen.tokens][:MOST_GROUPS]
    keys += [group.pk for group in seen.groups_with_its_token]
    groups = RefusalGroup.objects.filter(Q(installation_id=seen.installation.pk) | Q(pk__in=keys))
    found = _by_reason(groups.since(timezone.now() - SHOWN_WITHIN))
    return sorted(found, key=lambda cause: cause.last_at, reverse=True)


def _by_reason(groups: RefusalGroupQuerySet) -> list[Cause]:
    groups = groups.order_by()
    named = Sum("count", filter=Q(application_id=None), default=0)
    rows = groups.values("reason").annotate(total=Sum("count"), named=named, last=Max("last_at"))
    return [
        Cause(row["reason"], in_words(row["reason"]), row["total"], row["named"], row["last"])
        for row in rows.order_by("-total", "reason")
    ]


def newest(rows: InstallationQuerySet) -> list[Installation]:
    """The newest of these, live ones first."""
    looked_through = rows.order_by("-installed_at").only("state", "waits_until")[:LOOKED_THROUGH]
    shown = [row.pk for row in sorted(looked_through, key=lambda row: not row.is_live)[:SHOWN]]
    found = Installation.objects.with_its_facts().defer("version__snapshot", "version__notes_folded").in_bulk(shown)
    return [found[key] for key in shown if key in found]


def never_connected(rows: InstallationQuerySet) -> str:
    """How many of these, in words."""
    count = rows.silent().order_by()[: MOST_COUNTED + 1].count()
    return f"over {MOST_COUNTED}" if count > MOST_COUNTED else str(count)
