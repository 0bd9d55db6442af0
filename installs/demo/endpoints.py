"""How the developers' endpoints of the demo answered their postbacks. Each attempt goes through the services that write
down real ones; only nothing is sent, and the moments are set afterwards."""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from installs.models import Delivery, Installation, PermanentToken, PostbackHost, SigningSecret
from installs.models.sending import owed
from installs.outbound import Answer, Cause, Client, NotSent, Step
from installs.postbacks import kinds, packing, records
from installs.postbacks.parking import FAILING_FOR
from installs.postbacks.posting import Post, Result, attempt
from installs.postbacks.retries import SCHEDULE
from installs.postbacks.turns.claims import LEASE
from linnapp import timeline
from linnapp.actors import NOBODY
from linnapp.models import Application
from linnapp.moments import kept

SEED = 5
# The answers to an account's postback of the last days, one after the other, the last one again and again; 0 is no
# answer in time. All other postbacks are answered with 200.
SCRIPT: Mapping[tuple[str, str], tuple[int, ...]] = {
    ("Blue Market", "Pebble Ceramics"): (503, 200),
    ("Blue Market", "Gable Tools"): (503, 503, 200),
    ("Blue Market", "Elm Street Toys"): (500,),
    ("Blue Market", "Iris Optics"): (410,),
    ("Blue Market", "Acme Stores"): (0, 200),
    ("Blue Market", "Violet Yarn"): (503,),
    ("Ledger Link", "Heron Prints"): (502, 200),
    ("Review Lamp", "Carol's Cakes"): (500,),
}
SCRIPTED = timedelta(days=10)
# Nobody takes this postback for a month, so that there is an installation that waits for its 200 to look at.
LEFT_WAITING = ("Review Lamp", "Dave's Depot")
WAITS_FOR = timedelta(days=30)
# The certificate of this application's endpoint ran out so long ago, and postbacks to it are held since.
EXPIRED = ("Parcel Sync", timedelta(days=6, hours=4))
PARKED_AGO = timedelta(hours=14)
# As late as trials once an hour allow: there is no such host, so the worker's own trial finds no name.
NEXT_TRIAL_IN = timedelta(minutes=55)
Later = Callable[[datetime, Callable[[datetime], object]], None]


class Endpoint(Client):
    """In the place of the door out: answers with the status it is told, and opens no connection."""

    def __init__(self) -> None:
        super().__init__(hosts=1, connections=1)
        self.chance = random.Random(SEED)
        self.status = 200
        self.certificate_ended: datetime | None = None

    def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        tell: Callable[[Step], None] | None = None,
        alone: bool = False,
    ) -> Answer:
        if self.certificate_ended:
            ended = kept(self.certificate_ended, "DATE_LONG")
            raise self.not_sent(Cause.CERTIFICATE, f"The server's certificate expired on {ended}.", 61)
        if not self.status:
            raise self.not_sent(Cause.NO_ANSWER, "No answer within 10 seconds.", 10_000)
        return Answer(
            status=self.status,
            reason="",
            headers=(("Content-Type", "text/plain"), ("Server", "nginx")),
            body=b"ok" if self.status == 200 else b"",
            is_cut=False,
            milliseconds=self.chance.randrange(40, 380),
            address="192.0.2.80",
        )

    def not_sent(self, cause: Cause, sentence: str, milliseconds: int) -> NotSent:
        fault = NotSent(cause, sentence)
        fault.milliseconds = milliseconds
        return fault


def names_of(delivery: Delivery) -> tuple[str, str]:
    """Of the application and of the account that installed it."""
    assert delivery.installation is not None
    return delivery.application.name, delivery.installation.account.name


class Endpoints:
    """Tells the story of each postback; `later` is how it plans what happens next."""

    def __init__(self, now: datetime, later: Later) -> None:
        self.now, self.later = now, later
        self.endpoint = Endpoint()
        self.signing: set[str] = set()

    def owed(self, delivery: Delivery, at: datetime) -> None:
        """Sets the moments of one that was owed just now, and plans its first attempt."""
        names = names_of(delivery)
        Delivery.objects.filter(pk=delivery.pk).update(created_at=at, next_attempt_at=at)
        if names[0] not in self.signing:
            self.signing.add(names[0])
            SigningSecret.objects.filter(application=delivery.application).update(created_at=at)
        if names == LEFT_WAITING:
            self.leave_waiting(delivery)
        elif delivery.state == Delivery.State.DUE:
            self.later(at + timedelta(milliseconds=300), lambda at: self.attempt(delivery.pk, at))

    def leave_waiting(self, delivery: Delivery) -> None:
        until = self.now + WAITS_FOR
        Delivery.objects.filter(pk=delivery.pk).update(next_attempt_at=until)
        Installation.objects.filter(deliveries=delivery).update(waits_until=until)
        PermanentToken.objects.filter(installation=delivery.installation_id).update(ends_at=until)

    def attempt(self, key: UUID, at: datetime) -> None:
        rows = Delivery.objects.filter(pk=key, state=Delivery.State.DUE)
        row = rows.select_related("application", "installation__account").first()
        if row is None:
            return
        row.claimed_until = timezone.now() + LEASE
        row.save(update_fields=["claimed_until"])
        self.tell_endpoint(row, at)
        claimed = owed([row.pk], row.claimed_until)
        records.write([self.result_of(post, at) for post in packing.pack(claimed)], mails=False)
        self.set_moments(row, at)

    def tell_endpoint(self, row: Delivery, at: datetime) -> None:
        names = names_of(row)
        answers = SCRIPT.get(names, (200,)) if row.created_at > self.now - SCRIPTED else (200,)
        self.endpoint.status = answers[min(row.tried, len(answers) - 1)]
        broken = names[0] == EXPIRED[0] and at > self.now - EXPIRED[1]
        self.endpoint.certificate_ended = self.now - EXPIRED[1] if broken else None

    def result_of(self, post: Post, at: datetime) -> Result:
        found = attempt(post, self.endpoint, lambda step: None)
        written, told = (f"webhook-timestamp: {int(moment.timestamp())}" for moment in (found.at, at))
        return replace(found, at=at, request=found.request.replace(written, told))

    def set_moments(self, row: Delivery, at: datetime) -> None:
        """As they would stand had it happened then; what comes next follows the schedule, without its chance."""
        mine = Delivery.objects.filter(pk=row.pk)
        ended = mine.filter(ended_at__isnull=False).update(ended_at=at)
        if row.decides:
            failed = Installation.objects.filter(deliveries=row, state=Installation.State.FAILED)
            if failed.update(failed_at=at):
                PermanentToken.objects.filter(installation=row.installation_id).update(ends_at=at)
        if ended:
            return
        if at > self.now - FAILING_FOR:
            hosts = PostbackHost.objects.filter(application=row.application, host=row.host)
            hosts.filter(failing_since__gt=at).update(failing_since=at)
        if not mine.filter(state=Delivery.State.DUE).exists():
            return
        again_at = at + SCHEDULE[row.tried]
        mine.update(next_attempt_at=again_at)
        if again_at < self.now:
            self.later(again_at, lambda at: self.attempt(row.pk, at))

    def park(self, application: Application, at: datetime) -> None:
        """What is due to the host that fails is held, and the oldest tried each hour from then on."""
        since = self.now - EXPIRED[1]
        host = PostbackHost.objects.get(application=application, failing_since__isnull=False)
        PostbackHost.objects.filter(pk=host.pk).update(
            failing_since=since, parked_at=at, next_trial_at=self.now + NEXT_TRIAL_IN
        )
        due = Delivery.objects.of_application(application).filter(state=Delivery.State.DUE)
        due.update(state=Delivery.State.HELD, next_attempt_at=None)
        words = kept(since, "DATE_FORMAT")
        timeline.record(kinds.POSTBACKS_PARKED, by=NOBODY, application=application, host=host.host, since=words)
        trial_at = at + PostbackHost.TRIAL_EVERY
        while trial_at < self.now:
            self.later(trial_at, lambda at: self.try_held(application, at))
            trial_at += PostbackHost.TRIAL_EVERY

    def try_held(self, application: Application, at: datetime) -> None:
        held = Delivery.objects.of_application(application).filter(state=Delivery.State.HELD)
        oldest = held.order_by("created_at").first()
        if oldest:
            Delivery.objects.filter(pk=oldest.pk).update(state=Delivery.State.DUE)
            self.attempt(oldest.pk, at)
