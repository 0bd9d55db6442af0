"""A file of changes to a table: read by a job into rows that say what each would change, and written by nobody until
somebody applies it."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Protocol, cast
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, UUIDField
from django.utils import timezone
from huey.contrib.djhuey import db_task

from linnapp import bulk_changes, credentials
from linnapp.actors import Actor
from linnapp.errors import NotPossible
from linnapp.import_files import Row, Table, Unreadable, read_table
from linnapp.models import BulkChange, BulkRow
from linnapp.models.bulk_changes import sealed
from linnapp.staff_actions import Import

AT_ONCE = 500
State = BulkRow.State


class ImportPage(Protocol):
    """The admin page of a table that can be imported. `import_keys` are the columns that a row is found by, the first
    of those that the file has; `import_fields` cleans what the others hold, and tells which may be set."""

    import_keys: tuple[str, ...]
    model: type[Model]

    def import_fields(self) -> Mapping[str, forms.Field]: ...


@transaction.atomic
def begin(model: type[Model], act: Import, name: str, content: bytes, *, by: Actor) -> BulkChange:
    """Keeps the file until the job has read it."""
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


def read_now(key: UUID) -> None:
    change = BulkChange.objects.get(pk=key)
    if change.state != BulkChange.State.READING:
        return
    act = cast(Import, bulk_changes.act_of(change))
    try:
        rows, change.said = act.reads(change, credentials.decrypt(change.file_encrypted).encode("latin-1"))
        change.total = _write(change, rows)
        change.state = BulkChange.State.READY
    except Unreadable as fault:
        change.state, change.said, change.ended_at = BulkChange.State.STOPPED, str(fault), timezone.now()
    change.file_encrypted = ""
    change.save(update_fields=["state", "said", "total", "ended_at", "file_encrypted"])


def rows_of_table(change: BulkChange, content: bytes) -> tuple[Iterable[BulkRow], str]:
    """Of a file with columns; what is to be said about how it was read. Raises Unreadable."""
    table = read_table(change.file_name, content)
    return Preview(change, table), " ".join(filter(None, (table.note, _ignored(change, table))))


def take_up() -> None:
    """Files that a job which is gone left unread."""
    for key in BulkChange.objects.unread().values_list("pk", flat=True):
        read(key)


def _page(change: BulkChange) -> ImportPage:
    return cast(ImportPage, bulk_changes.page_of(change))


def _ignored(change: BulkChange, table: Table) -> str:
    page = _page(change)
    others = [name for name in table.columns if name not in page.import_keys and name not in page.import_fields()]
    return f"Not read, as an import cannot change it: {', '.join(others)}." if others else ""


@transaction.atomic
def _write(change: BulkChange, rows: Iterable[BulkRow]) -> int:
    """Anew, where a job died in the middle of it."""
    change.rows.all().delete()
    found, number = iter(rows), 0
    while some := list(islice(found, AT_ONCE)):
        number += len(BulkRow.objects.bulk_create(some))
    return number


class Preview:
    """What each row of a file would change; nothing is written by it."""

    def __init__(self, change: BulkChange, table: Table) -> None:
        self.change, self.table, self.page = change, table, _page(change)
        fields = self.page.import_fields()
        self.fields = {name: field for name, field in fields.items() if name in table.columns}
        self.key = next((name for name in self.page.import_keys if name in table.columns), "")
        if not self.key:
            raise Unreadable(f"A row is found by its {' or '.join(self.page.import_keys)}: there is no such column.")
        if not self.fields:
            raise Unreadable(f"No column can be changed. An import changes: {', '.join(fields)}.")
        self.seen: dict[str, int] = {}

    def __iter__(self) -> Iterator[BulkRow]:
        found = iter(self.table.rows)
        while some := list(islice(found, AT_ONCE)):
            targets = self._targets(some)
            for row in some:
                yield self._row(row, targets)

    def _targets(self, rows: list[Row]) -> dict[str, Any]:
        keys = {key for row in rows if (key := self._key(row))}
        there = self.page.model._default_manager.filter(**{f"{self.key}__in": keys})
        return {self._spelled(getattr(target, self.key)): target for target in there}

    def _spelled(self, value: object) -> str:
        return str(value).lower()

    def _key(self, row: Row) -> str:
        text = row.cells.get(self.key, "").strip()
        field = self.page.model._meta.get_field(self.key)
        if isinstance(field, UUIDField):
            return str(UUID(spelled)) if (spelled := credentials.canonical(text)) else ""
        if self.key == "id":
            return text if text.isdecimal() and len(text) < 18 else ""
        return text.lower()

    def _row(self, row: Row, targets: Mapping[str, Any]) -> BulkRow:
        made = BulkRow(change=self.change, position=row.number, target="", name=row.cells.get(self.key, "")[:300])
        key = self._key(row)
        target = targets.get(key) if key else None
        try:
            if target is None:
                raise ValidationError(f"Nothing has this {self.key}.")
            if key in self.seen:
                raise ValidationError(f"It stands in line {self.seen[key]} too.")
            self.seen[key] = row.number
            wanted = self._wanted(row, target)
        except ValidationError as fault:
            made.state, made.said = State.WRONG, " ".join(fault.messages)
            return made
        made.target, made.name = str(target.pk), str(target)[:300]
        made.state = State.WAITING if wanted else State.SAME
        made.wanted_encrypted = sealed(wanted)
        made.before_encrypted = sealed({name: getattr(target, name) for name in wanted})
        return made

    def _wanted(self, row: Row, target: Any) -> dict[str, Any]:
        """What differs, cleaned as the form of the page cleans it; all that is wrong at once."""
        wanted, faults = {}, []
        for name, field in self.fields.items():
            if name not in row.cells:
                continue
            try:
                value = field.clean(_chosen(field, row.cells[name]))
            except ValidationError as fault:
                faults += [f"{name}: {sentence}" for sentence in fault.messages]
            else:
                if value != getattr(target, name):
                    wanted[name] = value
        if faults:
            raise ValidationError(faults)
        return wanted


def _chosen(field: forms.Field, text: str) -> str:
    """A choice may be written as people read it."""
    if not isinstance(field, forms.ChoiceField):
        return text
    choices = cast(Iterable[tuple[str, str]], field.choices)
    words = {str(label).lower(): str(value) for value, label in choices}
    return words.get(text.strip().lower(), text.strip())


def apply(change: BulkChange, *, by: Actor) -> None:
    """Has the job begin. Raises NotPossible while a row is wrong, without a reason, and for one that began."""
    if not by.reason.strip():
        raise NotPossible("Write why: who it is about reads it.")
    if change.rows.filter(state=State.WRONG).exists():
        raise NotPossible("Nothing is changed by a file with wrong rows. Fix it, and send it again.")
    ready = BulkChange.objects.filter(pk=change.pk, state=BulkChange.State.READY)
    begun = ready.update(
        state=BulkChange.State.WORKING,
        reason=by.reason,
        person=by.person,
        person_name=str(by.person),
        beaten_at=timezone.now(),
        said="",
    )
    if not begun:
        raise NotPossible("It was applied already.")
