"""Writing down what attempts came to: many at once, in one transaction. No row is asked for twice."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, DateTimeField, F, Field, TextField, Value, When
from django.utils import timezone

from installs.models import Attempt, AttemptCount, Delivery, PostbackHost
from installs.models.deliveries import host_of
from installs.models.sending import Owed
from installs.postbacks import alerts, deciding, handover, kinds, parking
from installs.postbacks.holding import hold
from installs.postbacks.posting import Post, Result
from installs.postbacks.retries import Judgement, Verdict, judge
from linnapp import timeline
from linnapp.actors import NOBODY
from linnapp.kinds import Kind
from linnapp.models import TimelineEntry
from linnapp.models.inserting import Prepared, prepared

State = Delivery.State
STATES = {
    Verdict.DELIVERED: State.DELIVERED,
    Verdict.AGAIN: State.DUE,
    Verdict.STOPPED: State.STOPPED,
    Verdict.EXHAUSTED: State.EXHAUSTED,
}
Judged = tuple[Result, Judgement]
# Of each attempt.
ATTEMPT = ("delivery_id", "at", "passed", "milliseconds", "status", "cause", "request", "answer")


def apart(results: Sequence[Result]) -> list[list[Result]]:
    """What is written in one transaction each: all together, but for those that change an installation. That is locked
    before the delivery's row, as whoever ends it does."""
    alone: list[Result] = []
    others: list[Result] = []
    for result in results:
        (alone if result.post.decides or result.post.hands_over else others).append(result)
    return [[result] for result in alone] + ([others] if others else [])


def write(results: Sequence[Result], *, mails: bool = True) -> None:
    """Each delivery's attempt, new state and line of the timeline; what an installation waited for is decided, and of
    two permanent tokens the older one gets its end. Without mails: what is told as it was long ago.

    All that needs no database is done before the transaction, which others may wait for.
    """
    judged = [(result, _judge(result)) for result in results]
    _write(judged, _attempts(judged), timeline.prepared(_told(judged, ())), mails=mails)


@transaction.atomic
def _write(judged: Sequence[Judged], attempts: Prepared, lines: Prepared, *, mails: bool) -> None:
    for result, judgement in judged:
        if result.post.decides and result.post.installation_id:
            _decide(result, judgement)
        if result.post.hands_over and judgement.verdict == Verdict.DELIVERED:
            handover.was_delivered(result.post.hands_over)
    hosts = parking.note(
        (_place(result), judgement.verdict == Verdict.DELIVERED)
        for result, judgement in judged
        if not result.post.tells_steps
    )
    attempts.insert()
    _write_states(judged, hosts)
    if mails:
        _tell_of_exhausted(judged, hosts)
    _count(judged)
    # To a parked host nothing is given up.
    (timeline.prepared(_told(judged, hosts)) if hosts else lines).insert()


def _judge(result: Result) -> Judgement:
    post = result.post
    if post.tells_steps:
        # A test is made once: whoever asked for it looks on.
        passed = result.status is not None and 200 <= result.status < 300
        return Judgement(Verdict.DELIVERED if passed else Verdict.STOPPED)
    return judge(result.status, result.headers, attempt=post.attempt, decides=post.decides, now=timezone.now())


def _decide(result: Result, judgement: Judgement) -> None:
    assert result.post.installation_id is not None
    deciding.decide(
        result.post.installation_id,
        passed=judgement.verdict == Verdict.DELIVERED,
        host=host_of(result.post.url),
        cause=result.cause,
    )


def _attempts(judged: Sequence[Judged]) -> Prepared:
    rows = (
        (
            result.post.delivery_id,
            result.at,
            judgement.verdict == Verdict.DELIVERED,
            result.milliseconds,
            result.status,
            result.cause,
            result.request,
            result.answer,
        )
        for result, judgement in judged
    )
    return prepared(Attempt, rows, ATTEMPT)


def _place(result: Result) -> parking.Key:
    """What is parked by."""
    return result.post.application.pk, host_of(result.post.url), result.post.kind


def _write_states(judged: Sequence[Judged], parked: Collection[parking.Key]) -> None:
    """One UPDATE for all that came to the same, however their causes and next moments differ. A row that another worker
    has claimed since keeps that one's word."""
    alike: dict[tuple[datetime, State, str], list[Judged]] = defaultdict(list)
    for result, judgement in judged:
        state = _state(result, judgement, parked)
        alike[result.post.claimed_until, state, host_of(result.post.url) if state == State.HELD else ""].append(
            (result, judgement)
        )
    hold(Delivery.objects.filter(pk__in=[result.post.delivery_id for result, _ in judged]))
    for (claim, state, host), of_these in alike.items():
        rows = Delivery.objects.claimed([result.post.delivery_id for result, _ in of_these], claim)
        if state == State.HELD:
            # The Events URL was set to another host meanwhile, which is not the one that fails.
            rows.exclude(host=host).update(claimed_until=None)
        again = {result.post.delivery_id: judgement.again_at for result, judgement in of_these}
        rows.update(
            state=state,
            next_attempt_at=_by_row(again, DateTimeField()) if state == State.DUE else None,
            outcome=_by_row({result.post.delivery_id: result.cause for result, _ in of_these}, TextField()),
            tried=F("tried") + 1,
            claimed_until=None,
            ended_at=None if state in (State.DUE, State.HELD) else timezone.now(),
        )


def _by_row(values: Mapping[UUID, Any], kind: "Field[Any, Any]") -> Any:
    """For one UPDATE of rows by their keys: the value that all have, or what says it of each."""
    keys: dict[Any, list[UUID]] = defaultdict(list)
    for key, value in values.items():
        keys[value].append(key)
    if len(keys) == 1:
        return next(iter(keys))
    return Case(*(When(pk__in=of_it, then=Value(value)) for value, of_it in keys.items()), output_field=kind)


def _state(result: Result, judgement: Judgement, parked: Collection[parking.Key]) -> State:
    """What is owed to a parked host is held, however often it was tried."""
    state = STATES[judgement.verdict]
    is_parked = _place(result) in parked
    return State.HELD if is_parked and state in (State.DUE, State.EXHAUSTED) else state


def _tell_of_exhausted(judged: Sequence[Judged], parked: Collection[parking.Key]) -> None:
    """Once for each host, in the order of the hosts, so that two workers do not wait for each other in a circle."""
    causes = {
        _place(result): result.cause
        for result, judgement in judged
        if not result.post.tells_steps and _state(result, judgement, parked) == State.EXHAUSTED
    }
    for (application_id, host, kind), cause in sorted(causes.items()):
        row, _ = PostbackHost.objects.get_or_create(application_id=application_id, host=host, kind=kind)
        alerts.exhausted(row, cause)


def _count(judged: Sequence[Judged]) -> None:
    """In the order of the names, so that two workers do not wait for each other in a circle."""
    for outcome, number in sorted(Counter(result.kind for result, _ in judged).items()):
        if not AttemptCount.objects.filter(outcome=outcome).update(count=F("count") + number):
            AttemptCount.objects.get_or_create(outcome=outcome)
            AttemptCount.objects.filter(outcome=outcome).update(count=F("count") + number)


def _told(judged: Sequence[Judged], parked: Collection[parking.Key]) -> list[TimelineEntry]:
    lasting = [one for one in judged if not one[0].post.tells_steps]
    return [_line(result, _state(result, judgement, parked)) for result, judgement in lasting]


def _line(result: Result, state: State) -> TimelineEntry:
    post = result.post
    given_up = state in (State.STOPPED, State.EXHAUSTED)
    facts = {"number": post.number} if post.is_event else {}
    return timeline.entry(
        _kind(post, given_up=given_up),
        by=NOBODY,
        application=post.application,
        account=post.account,
        subject_id=post.installation_id,
        publisher=post.publisher.name,
        event=Delivery.label_of(post.event).lower(),
        host=host_of(post.url),
        outcome=result.cause.rstrip("."),
        **facts,
    )


def _kind(post: Post, *, given_up: bool) -> Kind:
    if post.is_event:
        return kinds.EVENT_ENDED if given_up else kinds.EVENT
    return kinds.POSTBACK_ENDED if given_up else kinds.POSTBACK


@transaction.atomic
def stop(row: Owed, cause: str) -> None:
    """Gives a claimed delivery up without an attempt."""
    Delivery.objects.claimed([row.pk], row.claimed_until).update(
        state=State.STOPPED, outcome=cause, next_attempt_at=None, claimed_until=None, ended_at=timezone.now()
    )
