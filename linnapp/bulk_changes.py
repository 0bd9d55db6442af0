"""Many rows changed by one act of staff: written down as a list when it begins, worked through by a job row after row,
each in one transaction with its mark: a job that died goes on where it stopped, and does no row twice."""

import logging
import time
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, Protocol, cast
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.db import OperationalError, connection, transaction
from django.db.models import Max, Model, QuerySet
from django.utils import timezone
from huey.contrib.djhuey import db_task

from linnapp import batches, jobs
from linnapp.actors import Actor, Side
from linnapp.errors import Moved, NotPossible
from linnapp.models import BulkChange, BulkRow, TimelineEntry, User
from linnapp.models.bulk_changes import opened, sealed
from linnapp.services import notices
from linnapp.staff_actions import Import, StaffAction, Values
from linnapp.supervision import stop_asked
from linnapp.words import counted

logger = logging.getLogger(__name__)
# A person's rights are asked anew, and others may write, after so many rows.
STEP = 50
# Fewer are done while the person waits.
AT_ONCE = 200
WRITTEN_AT_ONCE = 1000
# A job rests before the next row, so many times as long as the last one took, and so many seconds at most. SQLite lets
# one write at a time, and who waits asks again at intervals: without a gap exchanges would wait for the last row.
RESTS = {"sqlite": 5.0, "postgresql": 0.5}
LONGEST_REST = 0.25
# While the queue is away, whoever does its work looks for more of it after so many seconds.
LOOKS_EVERY = 30.0
GONE = "It no longer exists."
CHANGED_SINCE = "Somebody has changed it since, so it was left as it is."
FAILED = "Something went wrong, and nothing was changed. The worker's log says what."
NO_RIGHT = "{} is no longer allowed to do this."


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
    act = act_of(change)
    may_do = person.is_active and person.is_staff and page_of(change).may_do(act, person)
    return may_do and (not _makes(change, act) or person.has_perm(cast(Import, act).makes.needs))


def _makes(change: BulkChange, act: StaffAction) -> bool:
    """Whether a row waits that would be made, or taken back: that asks for more than to change the table."""
    return isinstance(act, Import) and bool(act.makes) and change.rows.waiting().asked_anew().exists()


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
    change.title = (f"Undo: {undoes.title}" if undoes else _title(change, act))[:200]
    change.save(update_fields=["total", "title"])
    return change


def _title(change: BulkChange, act: StaffAction) -> str:
    meta = model_of(change)._meta
    if change.total == 1:
        return act.asked_of(change.rows.values_list("name", flat=True)[0])
    return act.asked_of(counted(change.total, str(meta.verbose_name), str(meta.verbose_name_plural)))


@db_task()
def work(key: UUID) -> None:
    """In the worker. One that is stopped meanwhile, or whose worker died, is taken up again by `take_up`."""
    work_on(key, rests=RESTS[connection.vendor])


def work_on(key: UUID, *, rests: float = 0) -> None:
    while not stop_asked() and _step(key, rests):
        pass


def take_up() -> None:
    """What a job that is gone left behind; here, where the queue takes no other: some rows of each in turn, also of
    those that come meanwhile, so that none waits for the end of another."""
    for change in BulkChange.objects.with_mail_left():
        notices.send_all(change)
    mine: list[UUID] = []
    looked: float | None = None
    while not stop_asked():
        if looked is None or time.monotonic() - looked > LOOKS_EVERY:
            looked = time.monotonic()
            abandoned = BulkChange.objects.abandoned().exclude(pk__in=mine)
            mine += [key for key in abandoned.values_list("pk", flat=True) if not jobs.ask(work, key)]
        mine = [key for key in mine if not stop_asked() and _step(key, RESTS[connection.vendor])]
        if not mine:
            break


def _step(key: UUID, rests: float) -> bool:
    """Some rows; whether more may wait. What its person may do is asked anew."""
    change = BulkChange.objects.select_related("person", "undoes").get(pk=key)
    if change.state != BulkChange.State.WORKING:
        # Stopped by hand while rows were done: whom they are about is told by the job, which knows the last of them.
        notices.send_all(change)
        return False
    person = change.person
    if person is None or not may(change, person):
        _end(change, BulkChange.State.STOPPED, NO_RIGHT.format(change.person_name))
        notices.send_all(change)
        return False
    act = act_of(change)
    by = Actor(person, Side.STAFF, change.reason, on_side=act.on_side, change=change.pk, fresh=act.fresh)
    for _ in range(STEP):
        began = time.monotonic()
        if not _row(change, act, by):
            # Rows that are left are another job's, which ends the change after them.
            if not change.rows.waiting().exists():
                _end(change, BulkChange.State.DONE)
                notices.send_all(change)
            return False
        time.sleep(min(rests * (time.monotonic() - began), LONGEST_REST))
    BulkChange.objects.filter(pk=key).update(beaten_at=timezone.now())
    return True


def _end(change: BulkChange, state: str, said: str = "") -> None:
    working = BulkChange.objects.filter(pk=change.pk, state=BulkChange.State.WORKING)
    working.update(state=state, said=said, ended_at=timezone.now())


@transaction.atomic
def _row(change: BulkChange, act: StaffAction, by: Actor) -> bool:
    """The next row that waits, done with its mark in one transaction; whether there was one."""
    # Two work at it, where one was thought gone: they take turns, so that what is written meanwhile is of one row.
    # And of one that was stopped and goes on as another person, the first one's job does no row more.
    ours = BulkChange.objects.filter(pk=change.pk, person=change.person_id, began_at=change.began_at)
    working = ours.select_for_update().filter(state=BulkChange.State.WORKING).first()
    row = change.rows.waiting().first() if working else None
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
        row.state, row.said = BulkRow.State.LEFT, FAILED
    written = TimelineEntry.objects.filter(pk__gt=last, facts__change=str(change.pk)).order_by("pk")
    row.entry_id = written.values_list("pk", flat=True).first()
    row.save(update_fields=["state", "said", "entry_id", "mark", "before_encrypted", "target"])
    return True


def _done(change: BulkChange, act: StaffAction, row: BulkRow, by: Actor) -> str:
    if isinstance(act, Import) and act.makes and row.is_new:
        return _made(change, act, row, by)
    found = _target(change, row)
    if found is None:
        raise NotPossible(GONE)
    marked_by = act_of(change.undoes) if change.undoes else act
    if (change.undoes or row.mark) and str(marked_by.mark(found))[:200] != row.mark:
        raise NotPossible(CHANGED_SINCE)
    wanted = change.wanted | opened(row.wanted_encrypted)
    seen = opened(row.before_encrypted) or None
    row.before_encrypted = row.before_encrypted or sealed(act.before(found))
    did = act.do(found, by, wanted, seen)
    again = _target(change, row)
    row.mark = str(act.mark(again))[:200] if again else ""
    return BulkRow.State.DONE if did else BulkRow.State.SAME


def _made(change: BulkChange, act: Import, row: BulkRow, by: Actor) -> str:
    """What was made stands in the row by the transaction that made it: it is made once."""
    made = act.makes.made(opened(row.wanted_encrypted), by)
    if made is None:
        return BulkRow.State.SAME
    table = made._meta.label
    row.target = str(made.pk) if table == change.table else f"{table}:{made.pk}"
    return BulkRow.State.DONE


def _target(change: BulkChange, row: BulkRow) -> Any:
    table, key = row.points_to()
    return apps.get_model(table)._default_manager.filter(pk=key).first()


# What is asked of one that is there.


def stop(change: BulkChange) -> None:
    _end(change, BulkChange.State.STOPPED, "Stopped by hand.")


def may_go_on(change: BulkChange) -> bool:
    stopped = change.state == BulkChange.State.STOPPED and not change.may_be_discarded
    waits = stopped and not change.is_over and not hasattr(change, "undone_by")
    return waits and change.rows.waiting().exists()


@transaction.atomic
def go_on(change: BulkChange, *, by: Actor) -> None:
    """As whoever asks for it now. Raises NotPossible where nothing waits, for one that was undone, and for a
    file that nobody applied."""
    row = _locked(change)
    if not may_go_on(row):
        raise NotPossible("It is already running, is done, was undone, or never began.")
    # What is done from now on can be undone for as long as if it had just begun.
    row.state, row.said, row.ended_at, row.began_at = BulkChange.State.WORKING, "", None, timezone.now()
    row.beaten_at, row.person, row.person_name = row.began_at, by.person, str(by.person)
    row.save(update_fields=["state", "said", "ended_at", "began_at", "beaten_at", "person", "person_name"])


@transaction.atomic
def discard(change: BulkChange) -> None:
    """A file that was not applied, with what was read in it. Raises NotPossible for one that was."""
    row = _locked(change)
    if not row.may_be_discarded:
        raise NotPossible("It was applied, or is being read, so it stays on record.")
    row.delete()


def _locked(change: BulkChange) -> BulkChange:
    """What is asked of it at once by two is asked one after the other."""
    row = BulkChange.objects.select_for_update(of=("self",)).filter(pk=change.pk).first()
    if row is None:
        raise NotPossible("It has been discarded.")
    return row


def way_back(change: BulkChange) -> StaffAction | None:
    """The act that undoes it."""
    name = act_of(change).undone_by
    return next((act for act in page_of(change).staff_actions if act.name == name), None)


def undone_until(change: BulkChange) -> datetime | None:
    act = act_of(change)
    return change.began_at + act.undone_within if act.undone_by else None


def may_be_undone(change: BulkChange) -> bool:
    until = undone_until(change)
    over = change.state in (BulkChange.State.STOPPED, BulkChange.State.DONE) and change.undoes_id is None
    in_time = over and until is not None and timezone.now() < until
    return in_time and not hasattr(change, "undone_by") and change.rows.done().exists()


def undo(change: BulkChange, *, by: Actor) -> BulkChange:
    """Another change, of the rows that were done and stand as it left them. Raises NotPossible without a reason, past
    its time, for one that goes on, and for a second undo."""
    if not by.reason.strip():
        raise NotPossible("Give a reason: the people it concerns read it.")
    with transaction.atomic():
        row = _locked(change)
        if not may_be_undone(row):
            raise NotPossible("It cannot be undone, or no longer.")
        act, model, back = act_of(row), model_of(row), way_back(row)
        assert back is not None
        wishes = (_set_back(row, done) for done in row.rows.done())
        return begin(back, model, wishes, by=by, wanted=act.wanted_back(row.wanted), undoes=row)


def _set_back(change: BulkChange, done: BulkRow) -> Wish:
    """What stood there, where what was set stands still."""
    before = opened(done.before_encrypted)
    after = change.wanted | opened(done.wanted_encrypted)
    return Wish(done.target, done.name, before, {name: after.get(name, "") for name in before}, done.mark)


def drop_old() -> int:
    """With the old values of their rows, which go first: nobody applies or goes on with what is over."""
    over = BulkChange.objects.over()
    for key in list(over.values_list("pk", flat=True)):
        batches.drop(BulkRow.objects.filter(change=key).order_by("position"))
    return batches.drop(over.order_by("began_at"))


def wishes_of(rows: QuerySet[Any]) -> Iterable[Wish]:
    return (Wish(row.pk, str(row)) for row in rows.iterator(chunk_size=1000))
