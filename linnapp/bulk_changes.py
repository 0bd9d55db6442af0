"""Many rows changed by one act of staff: written down as a list when it begins, worked through by a job row after row,
each in one transaction with its mark: a job that died goes on where it stopped, and does no row twice."""

import logging
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, Protocol, cast
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.db import OperationalError, transaction
from django.db.models import Max, Model, QuerySet
from django.utils import timezone
from huey.contrib.djhuey import db_task

from linnapp.actors import Actor, Side
from linnapp.errors import Moved, NotPossible
from linnapp.models import BulkChange, BulkRow, TimelineEntry, User
from linnapp.models.bulk_changes import opened, sealed
from linnapp.staff_actions import StaffAction, Values
from linnapp.supervision import stop_asked
from linnapp.words import counted

logger = logging.getLogger(__name__)
# A person's rights are asked anew, and others may write, after so many rows.
STEP = 50
# Fewer are done while the person waits.
AT_ONCE = 200
WRITTEN_AT_ONCE = 1000
GONE = "It does not exist any more."
CHANGED_SINCE = "Somebody changed it since: left as it is now."
NO_RIGHT = "{} may not do this any more."


class Page(Protocol):
    """The admin page of a table, as far as this asks it."""

    staff_actions: Iterable[StaffAction]

    def may_do(self, act: StaffAction, person: User) -> bool: ...


class Wish(NamedTuple):
    """One row as it is asked for: key, name, what is set in it beside what is set in all, and what was read there."""

    target: object
    name: str
    wanted: Values = {}
    seen: Values = {}
    mark: str = ""


def model_of(change: BulkChange) -> type[Model]:
    return apps.get_model(change.table)


def page_of(change: BulkChange) -> Page:
    return cast(Page, admin.site._registry[model_of(change)])


def act_of(change: BulkChange) -> StaffAction:
    return next(act for act in page_of(change).staff_actions if act.name == change.act)


def may(change: BulkChange, person: User) -> bool:
    """Asked of the database: what somebody was allowed a while ago, they may not be any more."""
    return person.is_active and person.is_staff and page_of(change).may_do(act_of(change), person)


@transaction.atomic
def begin(
    act: StaffAction,
    model: type[Model],
    wishes: Iterable[Wish],
    *,
    by: Actor,
    wanted: Values,
    undoes: BulkChange | None = None,
) -> BulkChange:
    """Writes down what is to be done; `work` does it."""
    change = BulkChange(
        table=model._meta.label,
        act=act.name,
        wanted=dict(wanted),
        reason=by.reason,
        person=by.person,
        person_name=str(by.person),
        undoes=undoes,
        total=0,
    )
    change.save(force_insert=True)
    rows = (
        BulkRow(
            change=change,
            position=position,
            target=str(wish.target),
            name=wish.name[:300],
            wanted_encrypted=sealed(dict(wish.wanted)),
            before_encrypted=sealed(dict(wish.seen)),
            mark=wish.mark,
        )
        for position, wish in enumerate(wishes)
    )
    while some := list(islice(rows, WRITTEN_AT_ONCE)):
        change.total += len(BulkRow.objects.bulk_create(some))
    names = counted(change.total, str(model._meta.verbose_name), str(model._meta.verbose_name_plural))
    change.title = f"{'Undo: ' if undoes else ''}{act.asked_of(names)}"
    change.save(update_fields=["total", "title"])
    return change


@db_task()
def work(key: UUID) -> None:
    """In the worker. One that is stopped meanwhile, or whose worker died, is taken up again by `take_up`."""
    work_on(key)


def work_on(key: UUID) -> None:
    while not stop_asked() and _step(key):
        pass


def take_up() -> None:
    """What a job that is gone left behind."""
    for key in BulkChange.objects.abandoned().values_list("pk", flat=True):
        work(key)


def _step(key: UUID) -> bool:
    """Some rows; whether more may wait. What its person may do is asked anew."""
    change = BulkChange.objects.select_related("person", "undoes").get(pk=key)
    if change.state != BulkChange.State.WORKING:
        return False
    person = change.person
    if person is None or not may(change, person):
        _end(change, BulkChange.State.STOPPED, NO_RIGHT.format(change.person_name))
        return False
    act = act_of(change)
    by = Actor(person, Side.STAFF, change.reason, on_side=act.on_side, change=change.pk)
    for _ in range(STEP):
        if not _row(change, act, by):
            _end(change, BulkChange.State.DONE)
            return False
    BulkChange.objects.filter(pk=key).update(beaten_at=timezone.now())
    return True


def _end(change: BulkChange, state: str, said: str = "") -> None:
    working = BulkChange.objects.filter(pk=change.pk, state=BulkChange.State.WORKING)
    working.update(state=state, said=said, ended_at=timezone.now())


@transaction.atomic
def _row(change: BulkChange, act: StaffAction, by: Actor) -> bool:
    """The next row that waits, done with its mark in one transaction; whether there was one."""
    row = change.rows.waiting().select_for_update(skip_locked=True).first()
    if row is None:
        return False
    last = TimelineEntry.objects.aggregate(last=Max("pk"))["last"] or 0
    try:
        with transaction.atomic():
            row.state = _done(change, act, row, by)
    except (NotPossible, Moved) as refused:
        row.state, row.said = BulkRow.State.LEFT, str(refused)
    except OperationalError:
        raise
    except Exception:
        logger.exception("A row of bulk change %s failed", change.pk)
        row.state, row.said = BulkRow.State.LEFT, "Something went wrong. Do it alone, to see what."
    written = TimelineEntry.objects.filter(pk__gt=last, facts__change=str(change.pk)).order_by("pk")
    row.entry_id = written.values_list("pk", flat=True).first()
    row.save(update_fields=["state", "said", "entry_id", "mark", "before_encrypted"])
    return True


def _done(change: BulkChange, act: StaffAction, row: BulkRow, by: Actor) -> str:
    found = _target(change, row)
    if found is None:
        raise NotPossible(GONE)
    undone = act_of(change.undoes) if change.undoes else None
    if undone and str(undone.mark(found))[:200] != row.mark:
        raise NotPossible(CHANGED_SINCE)
    wanted = change.wanted | opened(row.wanted_encrypted)
    seen = opened(row.before_encrypted) or None
    row.before_encrypted = row.before_encrypted or sealed(act.before(found))
    did = act.do(found, by, wanted, seen)
    again = _target(change, row)
    row.mark = str(act.mark(again))[:200] if again else ""
    return BulkRow.State.DONE if did else BulkRow.State.SAME


def _target(change: BulkChange, row: BulkRow) -> Any:
    return model_of(change)._default_manager.filter(pk=row.target).first()


# What is asked of one that is there.


def stop(change: BulkChange) -> None:
    _end(change, BulkChange.State.STOPPED, "Stopped by hand.")


def go_on(change: BulkChange, *, by: Actor) -> None:
    """As whoever asks for it now. Raises NotPossible where nothing waits."""
    if not change.rows.waiting().exists():
        raise NotPossible("Every row is done: there is nothing to go on with.")
    stopped = BulkChange.objects.filter(pk=change.pk, state=BulkChange.State.STOPPED)
    stopped.update(
        state=BulkChange.State.WORKING,
        said="",
        ended_at=None,
        beaten_at=timezone.now(),
        person=by.person,
        person_name=str(by.person),
    )


def undone_until(change: BulkChange) -> datetime | None:
    act = act_of(change)
    return change.created_at + act.undone_within if act.undone_by else None


def may_be_undone(change: BulkChange) -> bool:
    until = undone_until(change)
    over = change.state in (BulkChange.State.STOPPED, BulkChange.State.DONE) and change.undoes_id is None
    return over and until is not None and timezone.now() < until and not hasattr(change, "undone_by")


def undo(change: BulkChange, *, by: Actor) -> BulkChange:
    """Another change, of the rows that were done and stand as it left them. Raises NotPossible past its time, for one
    that goes on, and for a second undo."""
    with transaction.atomic():
        row = BulkChange.objects.select_for_update(of=("self",)).get(pk=change.pk)
        if not may_be_undone(row):
            raise NotPossible("It cannot be undone, or not any more.")
        act, model = act_of(row), model_of(row)
        back = next(one for one in page_of(row).staff_actions if one.name == act.undone_by)
        wishes = (_set_back(row, done) for done in row.rows.done())
        return begin(back, model, wishes, by=by, wanted={}, undoes=row)


def _set_back(change: BulkChange, done: BulkRow) -> Wish:
    """What stood there, where what was set stands still."""
    before = opened(done.before_encrypted)
    after = change.wanted | opened(done.wanted_encrypted)
    return Wish(done.target, done.name, before, {name: after[name] for name in before}, done.mark)


def drop_old() -> int:
    """With the old values of their rows."""
    keys = list(BulkChange.objects.over().values_list("pk", flat=True)[:20])
    BulkChange.objects.filter(pk__in=keys).delete()
    return len(keys)


def wishes_of(rows: QuerySet[Any]) -> Iterable[Wish]:
    return (Wish(row.pk, str(row)) for row in rows.iterator(chunk_size=1000))
