"""A file of changes to a table: read by a job into rows that say what each would change, and written by nobody until
somebody applies it."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any, Protocol, cast
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.db.models import Model, UUIDField
from django.utils import timezone
from huey.contrib.djhuey import db_task

from linnapp import batches, bulk_changes, credentials, jobs, mail_addresses
from linnapp.actors import Actor
from linnapp.errors import NotPossible
from linnapp.import_files import Row, Table, read_table
from linnapp.models import BulkChange, BulkRow, User
from linnapp.models.bulk_changes import sealed
from linnapp.new_rows import NewRows, cleaned
from linnapp.staff_actions import Import, Values
from linnapp.supervision import stop_asked
from linnapp.workbook_reading import Unreadable

logger = logging.getLogger(__name__)
AT_ONCE = 200
# Of one person at the same time, neither applied nor discarded.
MOST_FILES = 20
MOST_TRIES = 3
TOO_MANY_FILES = (
    f"You have {MOST_FILES} files that were not applied. Discard some under Bulk changes, then upload this one."
)
NOT_READ = "Something in this file could not be read. Upload it in parts to find the row."
State = BulkRow.State


class ImportPage(Protocol):
    """The admin page of a table that can be imported. `import_keys` are the columns that a row is found by, the first
    of those that the file has; `import_fields` cleans what the others hold, and tells which may be set; `stands` is
    what a row holds of one of them now, `refuses` why it cannot get what is wanted, as far as that is known before."""

    import_keys: tuple[str, ...]
    list_select_related: Any
    model: type[Model]

    def import_fields(self) -> Mapping[str, forms.Field]: ...

    def stands(self, row: Any, name: str) -> Any: ...

    def refuses(self, row: Any, wanted: Values) -> str: ...


@transaction.atomic
def begin(model: type[Model], act: Import, name: str, content: bytes, *, by: Actor) -> BulkChange:
    """Keeps the file until the job has read it. Raises NotPossible for one too many."""
    assert by.person is not None
    # Two that are sent at the same moment are counted one after the other.
    User.objects.select_for_update(no_key=True).get(pk=by.person.pk)
    if BulkChange.objects.unapplied_of(by.person).count() >= MOST_FILES:
        raise NotPossible(TOO_MANY_FILES)
    change = BulkChange(
        table=model._meta.label,
        act=act.name,
        title=f"{act.verb} {model._meta.verbose_name_plural}: {name}"[:200],
        reason="",
        person=by.person,
        person_name=str(by.person),
        state=BulkChange.State.READING,
        total=0,
        file_name=name[:200],
        file_encrypted=credentials.encrypt(content.decode("latin-1")),
    )
    change.save(force_insert=True)
    return change


@db_task()
def read(key: UUID) -> None:
    """In the worker."""
    read_now(key)


class _NotOursAnyMore(Exception):
    """Read, discarded, or taken up by another job; or this process stops, and another job begins anew."""


def read_now(key: UUID) -> None:
    change = _taken(key)
    if change is None:
        return
    act = cast(Import, bulk_changes.act_of(change))
    try:
        rows, said = act.reads(change, credentials.decrypt(change.file_encrypted).encode("latin-1"))
        total = _write(change, rows)
        _beat(change, state=BulkChange.State.READY, said=said, total=total, file_encrypted="")
    except _NotOursAnyMore:
        return
    except Unreadable as fault:
        _give_up(change, str(fault))
    except OperationalError:
        raise
    except Exception:
        # Else the sweep would begin with it again every minute, for good.
        logger.exception("The file of bulk change %s was not read", change.pk)
        _give_up(change, NOT_READ)


def _taken(key: UUID) -> BulkChange | None:
    """By this job alone, unless another one is at it. Jobs may wait for each other for longer than a silence."""
    reading = BulkChange.objects.filter(pk=key, state=BulkChange.State.READING)
    change = reading.select_related("person").first()
    if change is None or (change.tries and not BulkChange.objects.unread().filter(pk=key).exists()):
        return None
    if not reading.filter(tries=change.tries).update(tries=change.tries + 1, beaten_at=timezone.now()):
        return None
    change.tries += 1
    return change


def _beat(change: BulkChange, **facts: Any) -> None:
    """What is kept of it while it is this job's, and no other's."""
    ours = BulkChange.objects.filter(pk=change.pk, state=BulkChange.State.READING, tries=change.tries)
    if not ours.update(beaten_at=timezone.now(), **facts):
        raise _NotOursAnyMore


def _drop_rows(change: BulkChange) -> None:
    batches.drop(change.rows.order_by("position"))
    # A process that stops drops some of them alone.
    if change.rows.exists():
        raise _NotOursAnyMore


def _give_up(change: BulkChange, why: str) -> None:
    """Its rows go first: where this process stops meanwhile, `take_up` finds what is left to do."""
    with suppress(_NotOursAnyMore):
        _drop_rows(change)
        _beat(change, state=BulkChange.State.STOPPED, said=why, total=0, ended_at=timezone.now(), file_encrypted="")


def rows_of_table(change: BulkChange, content: bytes) -> tuple[Iterable[BulkRow], str]:
    """Of a file with columns; what is to be said about how it was read. Raises Unreadable."""
    table = read_table(change.file_name, content)
    return Preview(change, table), " ".join(filter(None, (table.note, _ignored(change, table))))


def take_up() -> None:
    """Files that a job which is gone left unread."""
    for change in BulkChange.objects.unread():
        if stop_asked():
            return
        if change.tries >= MOST_TRIES:
            # Taken, so that a job that was only slow writes no row any more.
            if taken := _taken(change.pk):
                _give_up(taken, NOT_READ)
        elif not jobs.ask(read, change.pk):
            read_now(change.pk)


def _page(change: BulkChange) -> ImportPage:
    return cast(ImportPage, bulk_changes.page_of(change))


def _ignored(change: BulkChange, table: Table) -> str:
    page = _page(change)
    makes = cast(Import, bulk_changes.act_of(change)).makes
    changeable = {*page.import_keys, *page.import_fields()}
    of_new = makes.fields().keys() - changeable if makes else set()
    others = [name for name in table.columns if name not in changeable | of_new]
    new = [name for name in table.columns if name in of_new]
    said = [f"Ignored, because an import cannot change it: {', '.join(others)}."] if others else []
    return " ".join([*said, f"Used for new rows only: {', '.join(new)}."] if new else said)


def _write(change: BulkChange, rows: Iterable[BulkRow]) -> int:
    """Anew, where a job died in the middle of it. In parts: a file is read for seconds, and others write meanwhile."""
    _beat(change)
    _drop_rows(change)
    found, number = iter(rows), 0
    while some := list(islice(found, AT_ONCE)):
        if stop_asked():
            raise _NotOursAnyMore
        with transaction.atomic():
            _beat(change)
            number += len(BulkRow.objects.bulk_create(some))
    return number


class Preview:
    """What each row of a file would change or make; nothing is written by it."""

    def __init__(self, change: BulkChange, table: Table) -> None:
        self.change, self.table, self.page = change, table, _page(change)
        self.act = cast(Import, bulk_changes.act_of(change))
        fields, makes = self.page.import_fields(), self.makes
        self.fields = {name: field for name, field in fields.items() if name in table.columns}
        self.key = next((name for name in self.page.import_keys if name in table.columns), "")
        # A column that nobody asked for is not kept.
        self.read = self.fields.keys() | (self.makes.fields().keys() if self.makes else set())
        self.may_be_new = bool(makes and makes.is_asked_for(table.columns))
        if not self.key and not self.may_be_new:
            raise Unreadable(f"A row is found by its {' or '.join(self.page.import_keys)}: there is no such column.")
        if not self.fields and not self.may_be_new:
            raise Unreadable(f"No column can be changed. An import changes: {', '.join(fields)}.")
        self.seen: dict[object, int] = {}
        person = change.person
        self.may_make = bool(makes and person and person.has_perm(makes.needs))

    @property
    def makes(self) -> NewRows | None:
        return cast("NewRows | None", self.act.makes)

    def __iter__(self) -> Iterator[BulkRow]:
        found = iter(self.table.rows)
        while some := list(islice(found, AT_ONCE)):
            targets = self._targets(some)
            asked: list[tuple[BulkRow, Values]] = []
            made = [self._row(row, targets, asked) for row in some]
            self._judge(asked)
            yield from made

    def _targets(self, rows: list[Row]) -> dict[str, Any]:
        keys = {key for row in rows if (key := self._key(row))}
        if not keys:
            return {}
        rows_there = self.page.model._default_manager.select_related(*self.page.list_select_related or ())
        there = rows_there.filter(**{f"{self.key}__in": keys})
        return {self._spelled(getattr(target, self.key)): target for target in there}

    def _spelled(self, value: object) -> str:
        return str(value).lower()

    def _key(self, row: Row) -> str:
        if not self.key:
            return ""
        text = row.cells.get(self.key, "").strip()
        field = self.page.model._meta.get_field(self.key)
        if isinstance(field, UUIDField):
            return str(UUID(spelled)) if (spelled := credentials.canonical(text)) else ""
        if self.key == "id":
            return text if text.isdecimal() and len(text) < 18 else ""
        return mail_addresses.spelled(text).lower()

    def _row(self, row: Row, targets: Mapping[str, Any], asked: list[tuple[BulkRow, Values]]) -> BulkRow:
        """Whoever asks for one that is not there is put among `asked`, to be judged with others."""
        read = (text for name, text in row.cells.items() if name in self.read)
        name = row.cells.get(self.key, "").strip() or next(filter(str.strip, read), "")
        made = BulkRow(change=self.change, position=row.number, target="", name=name[:300])
        key = self._key(row)
        target = targets.get(key) if key else None
        if target is not None:
            made.target, made.name = str(target.pk), str(target)[:300]
        try:
            if target is None:
                asked.append((made, self._new(row)))
            else:
                self._refuse_twice(key, row.number)
                self._compare(made, row, target)
        except ValidationError as fault:
            self._wrong(made, fault, row.cells)
        return made

    def _wrong(self, made: BulkRow, fault: ValidationError, typed: Mapping[str, str]) -> None:
        """With what was typed, which may be personal: it is kept as values are."""
        made.state, made.said = State.WRONG, " ".join(fault.messages)
        made.wanted_encrypted = sealed({name: text for name, text in typed.items() if name in self.read and text})

    def _refuse_twice(self, key: object, number: int) -> None:
        if key in self.seen:
            raise ValidationError(f"It is also in line {self.seen[key]}.")
        self.seen[key] = number

    def _compare(self, made: BulkRow, row: Row, target: Any) -> None:
        wanted, faults = cleaned(self.fields, row.cells)
        if faults:
            raise ValidationError(faults)
        stands = {name: self.page.stands(target, name) for name in wanted}
        wanted = {name: value for name, value in wanted.items() if value != stands[name]}
        made.mark = str(self.act.mark(target))[:200]
        if wanted and (why := self.page.refuses(target, wanted)):
            raise ValidationError(why)
        made.state = State.WAITING if wanted else State.SAME
        made.wanted_encrypted = sealed(wanted)
        made.before_encrypted = sealed({name: stands[name] for name in wanted})

    def _new(self, row: Row) -> Values:
        """What a row is asked to be made with. Raises ValidationError where a file cannot ask for it."""
        if row.cells.get("id", "").strip():
            fault = f"Nothing has this {self.key}."
            raise ValidationError(f"{fault} A new row has none: leave it empty." if self.may_be_new else fault)
        if self.makes is None:
            raise ValidationError(f"Nothing has this {self.key}.")
        if not self.may_be_new:
            raise ValidationError(f"Nothing has this {self.key}. A new row needs {self.makes.columns()}.")
        if not self.may_make:
            raise ValidationError("This would be a new row, and you are not allowed to add one.")
        return self.makes.wanted(row.cells)

    def _judge(self, asked: list[tuple[BulkRow, Values]]) -> None:
        if not asked or self.makes is None or self.change.person is None:
            return
        judged = self.makes.judged([values for _, values in asked], self.change.person)
        for (made, values), found in zip(asked, judged, strict=True):
            typed = {name: str(value) for name, value in values.items()}
            made.name = self.makes.named(values)[:300]
            try:
                if isinstance(found, str):
                    raise ValidationError(found)
                if found:
                    self._refuse_twice(("new", self.makes.key(found)), made.position)
            except ValidationError as fault:
                self._wrong(made, fault, typed)
            else:
                made.state = State.WAITING if found else State.SAME
                made.wanted_encrypted = sealed(dict(found))


def apply(change: BulkChange, *, by: Actor) -> None:
    """Has the job begin. Raises NotPossible while a row is wrong, without a reason, and for one that began."""
    if not by.reason.strip():
        raise NotPossible("Write a reason: the people this is about read it.")
    if change.rows.filter(state=State.WRONG).exists():
        raise NotPossible("A file with wrong rows changes nothing. Fix it and upload it again.")
    if change.is_over:
        raise NotPossible("It was uploaded too long ago, and its rows are being removed. Upload the file again.")
    ready = BulkChange.objects.filter(pk=change.pk, state=BulkChange.State.READY)
    begun = ready.update(
        state=BulkChange.State.WORKING,
        reason=by.reason,
        person=by.person,
        person_name=str(by.person),
        began_at=timezone.now(),
        beaten_at=timezone.now(),
        said="",
    )
    if not begun:
        raise NotPossible("It has already been applied.")
