"""A host that keeps failing is parked: its deliveries are held, the oldest is tried each hour, and the first success
releases the rest in order. For each application and host, because an endpoint is one developer's, and apart for
postbacks and events: whatever becomes of events, a permanent token goes out.

Whoever writes an attempt down only marks the host, however many wait for it: they are held and released in batches
after that, by a job. What is new to a host is held until all before it are released, so that none overtakes another.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from huey.contrib.djhuey import db_task

from installs.models import Attempt, Delivery, EventSettings, PostbackHost
from installs.models.deliveries import DeliveryQuerySet, host_of
from installs.postbacks import alerts, kinds
from installs.postbacks.holding import hold
from linnapp import batches, jobs, timeline
from linnapp.actors import NOBODY
from linnapp.models import Application
from linnapp.moments import kept

# A host is parked that has failed for so long, and so often in the last day.
FAILING_FOR = timedelta(days=5)
FAILURES_IN_A_DAY = 3
Key = tuple[UUID, str, str]
PARKED = {Delivery.Kind.POSTBACK: kinds.POSTBACKS_PARKED, Delivery.Kind.EVENT: kinds.EVENTS_PARKED}
RELEASED = {Delivery.Kind.POSTBACK: kinds.POSTBACKS_RELEASED, Delivery.Kind.EVENT: kinds.EVENTS_RELEASED}


def note(outcomes: Iterable[tuple[Key, bool]]) -> set[Key]:
    """Takes in how each host did (application, host and kind; whether it answered well), in the caller's transaction,
    and returns those that are parked now. A host that does well costs no write.

    In the order of the keys, so that two workers do not wait for each other in a circle.
    """
    did_well: dict[Key, bool] = {}
    for key, passed in outcomes:
        did_well[key] = did_well.get(key, False) or passed
    known = {_key(row): row for row in _rows(did_well)}
    for key, passed in sorted(did_well.items()):
        row = known.get(key)
        if passed and row and row.failing_since:
            _answers_again(row)
        elif not passed:
            _fails(key, row)
    return {_key(row) for row in _rows(did_well) if row.is_parked}


def _key(row: PostbackHost) -> Key:
    return row.application_id, row.host, row.kind


def _rows(keys: Iterable[Key]) -> Iterable[PostbackHost]:
    keys = set(keys)
    wanted = Q(application__in={key[0] for key in keys}, host__in={key[1] for key in keys})
    return [row for row in PostbackHost.objects.filter(wanted) if _key(row) in keys]


def _fails(key: Key, row: PostbackHost | None) -> None:
    now = timezone.now()
    if row is None:
        # A row that points to it is written: whoever holds the application, and waits for deliveries, goes first.
        Application.objects.select_for_update(no_key=True).filter(pk=key[0]).first()
        row, _ = PostbackHost.objects.get_or_create(
            application_id=key[0], host=key[1], kind=key[2], defaults={"failing_since": now}
        )
    if row.failing_since is None:
        # Not of one whose deliveries are being released: that would park it again at once.
        PostbackHost.objects.filter(pk=row.pk, failing_since=None, parked_at=None).update(failing_since=now)
    elif row.parked_at is None and row.failing_since < now - FAILING_FOR and _failed_today(row):
        _park(row)


def _failed_today(row: PostbackHost) -> bool:
    """The attempt that is being written counts as well."""
    attempts = Attempt.objects.failed().since(timezone.now() - timedelta(days=1))
    here = attempts.filter(delivery__application=row.application_id, delivery__host=row.host, delivery__kind=row.kind)
    return here[:FAILURES_IN_A_DAY].count() + 1 >= FAILURES_IN_A_DAY


def _is_left(row: PostbackHost) -> bool:
    """Whether events go elsewhere by now, or nowhere: what is not sent to does not answer again."""
    if row.kind != Delivery.Kind.EVENT:
        return False
    url = EventSettings.objects.of_application(row.application).values_list("url", flat=True).first()
    return host_of(url or "") != row.host


def _park(row: PostbackHost) -> None:
    if _is_left(row):
        return
    now = timezone.now()
    next_trial = now + PostbackHost.TRIAL_EVERY
    if not PostbackHost.objects.filter(pk=row.pk, parked_at=None).update(parked_at=now, next_trial_at=next_trial):
        return
    timeline.record(
        PARKED[Delivery.Kind(row.kind)],
        by=NOBODY,
        application=row.application,
        host=row.host,
        since=kept(row.failing_since, "DATE_FORMAT") if row.failing_since else "",
    )
    alerts.parked(row)
    transaction.on_commit(lambda: jobs.ask(hold_due, row.pk))


@db_task()
def hold_due(key: int) -> None:
    """What was due to a host that was parked a moment ago. Where the queue loses this, each is held by its own attempt.

    Not once a delivery was tried on purpose: that one is due."""
    row = PostbackHost.objects.parked().before_their_first_trial().filter(pk=key).first()
    if row is None:
        return
    still = PostbackHost.objects.parked().before_their_first_trial().filter(pk=key)
    due = _held_or_due(row, Delivery.State.DUE).filter(Exists(still), claimed_until=None)
    _in_batches(due, lambda: {"state": Delivery.State.HELD, "next_attempt_at": None})


def _answers_again(row: PostbackHost) -> None:
    """Without its failures a parked host counts as one whose deliveries are being released."""
    mine = PostbackHost.objects.filter(pk=row.pk, parked_at=row.parked_at).exclude(failing_since=None)
    waiting = _held_or_due(row, Delivery.State.HELD).count() if row.parked_at else 0
    if not mine.update(failing_since=None, next_trial_at=None) or row.parked_at is None:
        return
    kind = RELEASED[Delivery.Kind(row.kind)]
    timeline.record(kind, by=NOBODY, application=row.application, host=row.host, count=waiting)
    alerts.recovered(row, waiting)
    transaction.on_commit(lambda: jobs.ask(release))


@db_task()
def release() -> None:
    """Of all hosts that answer again. What the queue loses is found within the minute."""
    free_stranded()


def forget_events(application: Application) -> None:
    """How the hosts of its Events URLs did until now, once events go to another host, or nowhere: what is sent to none
    of them would end their parking. The caller holds the application."""
    rows = PostbackHost.objects.of_application(application).filter(kind=Delivery.Kind.EVENT)
    for host in rows.parked().order_by("host").values_list("host", flat=True):
        timeline.record(kinds.EVENTS_HOST_LEFT, by=NOBODY, application=application, host=host)
    rows.update(failing_since=None, parked_at=None, next_trial_at=None)


def free_stranded() -> None:
    """Makes due what is held for a host that is not parked: it answers again, or this was recorded, or its attempt
    written down, just when the last was released. A lock on the host would let installations wait for whoever writes
    attempts down."""
    its_host = {"application": OuterRef("application"), "host": OuterRef("host"), "kind": OuterRef("kind")}
    stranded = Delivery.objects.held().filter(~Exists(PostbackHost.objects.parked().filter(**its_host)))
    # Each batch a moment later than the one before: they are sent in this order.
    _in_batches(stranded, lambda: {"state": Delivery.State.DUE, "next_attempt_at": timezone.now(), "tried": 0})
    for row in PostbackHost.objects.answering_again():
        PostbackHost.objects.answering_again().filter(
            ~Exists(_held_or_due(row, Delivery.State.HELD)), pk=row.pk
        ).update(parked_at=None)


def try_held() -> None:
    """Makes the oldest held delivery of each parked host due, once an hour. Those of installations that are over try no
    host: they go along, to be given up."""
    now, claimed = timezone.now(), []
    for row in PostbackHost.objects.parked().filter(next_trial_at__lte=now):
        with transaction.atomic():
            mine = PostbackHost.objects.filter(pk=row.pk, next_trial_at=row.next_trial_at)
            if mine.update(next_trial_at=now + PostbackHost.TRIAL_EVERY):
                held = _held_or_due(row, Delivery.State.HELD)
                live = held.sendable()
                oldest = list(live.order_by("created_at", "pk").values_list("pk", flat=True)[:1])
                tried = held.filter(pk__in=oldest)
                hold(tried)
                tried.update(state=Delivery.State.DUE, next_attempt_at=now)
                claimed.append(row)
    for row in claimed:
        held = _held_or_due(row, Delivery.State.HELD)
        over = held.filter(~Q(pk__in=held.sendable().values("pk")))
        _in_batches(over, lambda: {"state": Delivery.State.DUE, "next_attempt_at": timezone.now()})


def _in_batches(rows: DeliveryQuerySet, values: Callable[[], dict[str, object]]) -> None:
    """Sets this in all of them, the oldest first, a few in each transaction; in those that are still so then."""

    @transaction.atomic
    def write(keys: Sequence[UUID]) -> None:
        some = rows.filter(pk__in=keys)
        hold(some)
        some.update(**values())

    batches.work_through_pages(rows.order_by("created_at", "number", "pk"), write)


def _held_or_due(row: PostbackHost, state: Delivery.State) -> DeliveryQuerySet:
    rows = Delivery.objects.without_tests().of_kind(row.kind).to_host(row.host)
    return rows.filter(application=row.application_id, state=state, decides=False)
