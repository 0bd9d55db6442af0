"""How far an installation has come whose permanent token goes to the developer's endpoint, as the page after consent
tells it. Nothing here holds the permanent token."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Min
from django.utils import timezone

from installs.installations import rotating
from installs.installations.rotating import Rotation
from installs.models import Delivery, Installation
from installs.models.deliveries import host_of
from installs.postbacks import owing

# A page that was left open asks no longer than this.
ASKS_FOR = timedelta(minutes=10)


class Sending(StrEnum):
    ON_ITS_WAY = "on_its_way"
    SENT = "sent"
    AGAIN_LATER = "again_later"
    HELD = "held"
    SUSPENDED = "suspended"
    GIVEN_UP = "given_up"
    # The log of postbacks is kept for a while only.
    FORGOTTEN = "forgotten"


@dataclass(frozen=True)
class Progress:
    """`milliseconds` is how long the attempt took that arrived."""

    installation: Installation
    delivery: Delivery | None
    milliseconds: int | None
    first_connection: datetime | None

    @property
    def host(self) -> str:
        return self.delivery.host if self.delivery else host_of(self.installation.version.postback_url)

    @property
    def is_authorised_again(self) -> bool:
        return self.delivery is not None and self.delivery.event == Delivery.Event.AUTHORISED

    @property
    def sending(self) -> Sending:
        return sending_of(self.delivery, self.installation)

    @property
    def is_settled(self) -> bool:
        """Nothing more will come of it by itself, and all is known."""
        if self.installation.has_failed:
            return True
        arrived = self.sending in (Sending.SENT, Sending.GIVEN_UP, Sending.FORGOTTEN)
        return arrived and not self.installation.is_pending and self.first_connection is not None

    @property
    def asks_again(self) -> bool:
        """Whether the page asks by itself for what comes next."""
        begun = self.delivery.created_at if self.delivery else self.installation.installed_at
        return not self.is_settled and is_new(begun)

    @property
    def mark(self) -> str:
        """Another one as soon as the page would say something else."""
        tried = self.delivery.tried if self.delivery else 0
        facts = (self.installation.shown_state, self.sending, tried, self.first_connection is not None, self.asks_again)
        return "-".join(str(fact) for fact in facts)


@dataclass(frozen=True)
class FirstCall:
    """Whether the first call of an installation was made, for a page that shows how to make it."""

    installation: Installation
    made_at: datetime | None

    @property
    def asks_again(self) -> bool:
        return self.made_at is None and is_new(self.installation.installed_at)


@dataclass(frozen=True)
class RotationProgress:
    """The same for a permanent token that takes the place of another. `sessions` live that were made with the old one;
    `milliseconds` as above."""

    rotation: Rotation
    sessions: int
    milliseconds: int | None

    @property
    def sending(self) -> Sending | None:
        """None where no postback carries it."""
        delivery = self.rotation.delivery
        return sending_of(delivery, self.rotation.installation) if delivery else None

    @property
    def asks_again(self) -> bool:
        return is_new(self.rotation.new.created_at)

    @property
    def mark(self) -> str:
        tried = self.rotation.delivery.tried if self.rotation.delivery else 0
        facts = (self.sending, tried, self.rotation.is_handed_over, self.sessions, self.asks_again)
        return "-".join(str(fact) for fact in facts)


def is_new(begun: datetime) -> bool:
    """Whether a page that waits for what follows still asks."""
    return timezone.now() - begun < ASKS_FOR


def first_call(installation: Installation) -> FirstCall:
    return FirstCall(installation, _first_connection(installation))


def rotation_progress(installation: Installation) -> RotationProgress | None:
    """None where no rotation is under way."""
    rotation = rotating.rotation_of(installation)
    if rotation is None:
        return None
    sessions = installation.sessions.live().filter(permanent_token=rotation.old).count()
    return RotationProgress(rotation, sessions, _milliseconds(rotation.delivery))


def sending_of(row: Delivery | None, installation: Installation) -> Sending:
    if row is None:
        return Sending.FORGOTTEN
    if row.is_over:
        return Sending.SENT if row.state == Delivery.State.DELIVERED else Sending.GIVEN_UP
    if installation.application.stopped_at:
        return Sending.SUSPENDED
    if row.state == Delivery.State.HELD:
        return Sending.HELD
    is_later = row.next_attempt_at is not None and row.next_attempt_at > timezone.now()
    return Sending.AGAIN_LATER if row.outcome and is_later else Sending.ON_ITS_WAY


def progress_of(installation: Installation) -> Progress | None:
    """None where the last consent owed nothing to an endpoint: its permanent token is shown to whoever installed."""
    delivery = owing.owed_by_last_consent(installation)
    sends = delivery or installation.version.postback_url
    if not (sends or installation.is_pending or installation.has_failed):
        return None
    return Progress(installation, delivery, _milliseconds(delivery), _first_connection(installation))


def _milliseconds(delivery: Delivery | None) -> int | None:
    arrived = delivery.attempts.passed().last() if delivery else None
    return arrived.milliseconds if arrived else None


def _first_connection(installation: Installation) -> datetime | None:
    """From the session itself until the job of each minute has been there."""
    if installation.first_exchange_at:
        return installation.first_exchange_at
    first: datetime | None = installation.sessions.aggregate(first=Min("created_at"))["first"]
    return first
