"""What the store offers, and how one account stands to it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from installs.models import Delivery, Installation
from linnapp.models import Account, Application, Version
from linnapp.models.capped import MOST_COUNTED, count_up_to
from linnapp.words import counted_up_to

RELIABILITY_OF = timedelta(days=30)


def on_offer() -> QuerySet[Application]:
    """Listed, neither retired nor suspended, itself or with its account, and with a version that can be installed."""
    installable = Version.objects.installable().filter(application=OuterRef("pk"))
    live = Application.objects.listed().in_state(Application.State.LIVE)
    return live.filter(Exists(installable)).select_related("account")


def matching(applications: QuerySet[Application], text: str) -> QuerySet[Application]:
    """By a part of what a visitor of the store reads: name, publisher, description."""
    found = Q(name_folded__has=text) | Q(account__name_folded__has=text) | Q(description_folded__has=text)
    return applications.filter(found)


@dataclass(frozen=True)
class Offer:
    """One application as one account sees it."""

    application: Application
    account: Account
    latest: Version
    installation: Installation | None

    @property
    def is_own(self) -> bool:
        """On the account that owns it, where its Developers install it too."""
        return self.application.account_id == self.account.pk

    @property
    def first_line(self) -> str:
        return next(iter(self.application.description.strip().splitlines()), "")


def offers(applications: Iterable[Application], account: Account) -> list[Offer]:
    """For a whole page of them, in their order: two queries, however many they are."""
    rows = list(applications)
    keys = [row.pk for row in rows]
    released = Version.objects.filter(application__in=keys).latest_of_each().defer("snapshot")
    latest = {version.application_id: version for version in released}
    installed = _installed(account, keys)
    return [Offer(row, account, latest[row.pk], installed.get(row.pk)) for row in rows if row.pk in latest]


def _installed(account: Account, keys: Iterable[UUID]) -> dict[UUID, Installation]:
    live = Installation.objects.live().filter(account=account, application__in=keys)
    rows = live.select_related("version", "account", "application__account").defer("version__snapshot")
    return {row.application_id: row for row in rows}


@dataclass(frozen=True)
class Reliability:
    """Of the postbacks owed in the last thirty days, how many arrived by now."""

    owed: int
    arrived: int

    @property
    def percent(self) -> float | None:
        """Never 100 while one is missing; None where nothing was owed."""
        return math.floor(1000 * self.arrived / self.owed) / 10 if self.owed else None


def reliability(application: Application, latest: Version) -> Reliability | None:
    """None for an application whose latest version has no PostbackUrl."""
    if not latest.postback_url:
        return None
    since = timezone.now() - RELIABILITY_OF
    owed, arrived = Delivery.objects.of_application(application).owed().owed_and_delivered([since])
    return Reliability(owed, sum(arrived))


def accounts_using(application: Application) -> str:
    """Without its maker's own."""
    others = Installation.objects.of_application(application).live().exclude(account=application.account)
    return counted_up_to(MOST_COUNTED, count_up_to(others), "account")
