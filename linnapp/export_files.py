"""Workbooks of lists, made by a job: written into encrypted parts as they grow, for whoever asked, until they end.

What somebody may is asked when the file is asked for, again when it is made, and again when it is fetched.
"""

import json
import logging
import time
import zoneinfo
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, cast
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import OperationalError, transaction
from django.db.models import F
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.http import urlencode
from huey.contrib.djhuey import db_task

from linnapp import batches, credentials, jobs, workbook_writing
from linnapp.actors import Actor, Side
from linnapp.admin_columns import Column, cell, plain
from linnapp.errors import NotPossible
from linnapp.exports import Asked, Listed, columns_and_pages, named, narrowed_by, put_on_record
from linnapp.models import ExportFile, ExportPart, User
from linnapp.models.exports import KEPT
from linnapp.supervision import stop_asked

logger = logging.getLogger(__name__)
WAY = "xlsx"
MOST_ROWS = 100_000
# Of one person at the same time.
MOST_FILES = 10
MOST_TRIES = 3
# Of one row, which is written and deleted at once.
PART_BYTES = 256 * 1024
BEATS_EVERY = 2.0
State = ExportFile.State
TOO_MANY_ROWS = "A workbook can have {:,} rows at most, and there are {:,}. Export them as CSV, which has no limit."
TOO_MANY_FILES = f"You already have {MOST_FILES} export files. Delete one, or wait until one expires."
NO_RIGHT = "You can no longer see this list."
WENT_WRONG = "Something went wrong. Try again, or export it as CSV."
CUT = "{:,} texts were too long for a cell and were cut. The CSV has them in full."


class _NotOursAnyMore(Exception):
    """Deleted, ended, or taken up by another job; or this process stops, and another job begins anew."""


def begin(asked: Asked, *, person: User) -> ExportFile:
    """Writes down what is asked for; `work` makes it. Raises NotPossible for too many rows, and for too many files."""
    if (number := asked.number) > MOST_ROWS:
        raise NotPossible(TOO_MANY_ROWS.format(MOST_ROWS, number))
    kept = {
        "query": urlencode(narrowed_by(asked.request), doseq=True),
        "ticked": None if asked.ticked is None else list(asked.ticked),
    }
    with transaction.atomic():
        # Two that are asked for at the same moment are counted one after the other.
        User.objects.select_for_update(no_key=True).get(pk=person.pk)
        if ExportFile.objects.of(person).current().count() >= MOST_FILES:
            raise NotPossible(TOO_MANY_FILES)
        return ExportFile.objects.create(
            table=asked.page.model._meta.label,
            title=_title(asked, number),
            closed=asked.closed.name if asked.closed else "",
            reason=asked.reason,
            person=person,
            asked_encrypted=credentials.encrypt(json.dumps(kept)),
            total=number,
            ends_at=timezone.now() + KEPT,
        )


def _title(asked: Asked, number: int) -> str:
    private = f" with {asked.closed.private}" if asked.closed else ""
    narrowed = ", ticked by hand" if asked.ticked is not None else ", filtered" if narrowed_by(asked.request) else ""
    return f"{named(asked.page, number)}{private}{narrowed}"


def page_of(file: ExportFile) -> Listed:
    return cast(Listed, admin.site._registry[apps.get_model(file.table)])


def may(file: ExportFile, request: HttpRequest) -> bool:
    """Whether whoever asks now may see the list, and what only teams read of it."""
    page, user = page_of(file), request.user
    sees = user.is_active and getattr(user, "is_staff", False) and page.has_view_permission(request)
    return bool(sees and (not file.closed or page.may_export_closed(request)))


@db_task()
def work(key: UUID) -> None:
    """In the worker. One whose worker died is begun anew by `take_up`."""
    make(key)


def take_up() -> None:
    """What a job that is gone left behind; what no job could make, is given up."""
    abandoned = ExportFile.objects.abandoned()
    abandoned.filter(tries__gte=MOST_TRIES).update(state=State.FAILED, said=WENT_WRONG, asked_encrypted="")
    for key in abandoned.filter(tries__lt=MOST_TRIES).values_list("pk", flat=True):
        if stop_asked():
            return
        if not jobs.ask(work, key):
            make(key)


def drop_old() -> int:
    """With their parts, each of which is large."""
    over = ExportFile.objects.over()
    for file in [*over.only("pk"), *ExportFile.objects.failed_with_parts().only("pk")]:
        _drop_parts(file)
    return batches.drop(over.order_by("ends_at"))


def _drop_parts(file: ExportFile) -> None:
    batches.drop(file.parts.order_by("position"), first=1)


def drop(*keys: UUID) -> None:
    ExportFile.objects.filter(pk__in=keys).delete()


def make(key: UUID) -> None:
    file = _taken(key)
    if file is None:
        return
    try:
        with timezone.override(_zone_of(file.person)):
            _make(file)
    except _NotOursAnyMore:
        return
    except OperationalError:
        raise
    except NotPossible as refused:
        _fail(file, str(refused))
    except Exception:
        logger.exception("Export file %s failed", key)
        _fail(file, WENT_WRONG)


def _taken(key: UUID) -> ExportFile | None:
    """By this job alone, unless another one is at it."""
    file = ExportFile.objects.select_related("person").filter(pk=key, state=State.MAKING).first()
    if file is None or (file.tries and not ExportFile.objects.abandoned().filter(pk=key).exists()):
        return None
    taken = ExportFile.objects.filter(pk=key, state=State.MAKING, tries=file.tries)
    if not taken.update(tries=F("tries") + 1, written=0, beaten_at=timezone.now()):
        return None
    file.tries += 1
    return file


def _zone_of(person: User) -> Any:
    """What was filtered by a day was filtered by a day of theirs."""
    with suppress(zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo(person.time_zone)
    return timezone.get_default_timezone()


def _fail(file: ExportFile, said: str) -> None:
    ours = ExportFile.objects.filter(pk=file.pk, tries=file.tries, state=State.MAKING)
    if ours.update(state=State.FAILED, said=said, asked_encrypted=""):
        _drop_parts(file)


def _make(file: ExportFile) -> None:
    _drop_parts(file)
    # A process that stops drops some of them alone.
    if file.parts.exists():
        raise _NotOursAnyMore
    asked = _asked(file)
    if asked.number > MOST_ROWS:
        raise NotPossible(TOO_MANY_ROWS.format(MOST_ROWS, asked.number))
    columns, found = columns_and_pages(asked)
    sink = _Sink(file)
    done = workbook_writing.write(cast(Any, sink), [column.name for column in columns], _rows(sink, columns, found))
    sink.finish()
    by = Actor(file.person, Side.STAFF, file.reason)
    now = timezone.now()
    with transaction.atomic():
        sink.beat(
            state=State.READY,
            total=done.rows,
            size=sink.size,
            ends_at=now + KEPT,
            asked_encrypted="",
            said=CUT.format(done.cut) if done.cut else "",
        )
        put_on_record(asked, WAY, by=by)


def _asked(file: ExportFile) -> Asked:
    """As the list would show it to its person now. Raises NotPossible where it would not."""
    request, page = HttpRequest(), page_of(file)
    kept = json.loads(credentials.decrypt(file.asked_encrypted))
    request.method, request.GET, request.user = "GET", QueryDict(kept["query"]), file.person
    if not may(file, request):
        raise NotPossible(NO_RIGHT)
    try:
        rows = page.get_changelist_instance(request).get_queryset(request)
    except IncorrectLookupParameters as fault:
        raise NotPossible("The list no longer has these filters.") from fault
    if kept["ticked"] is not None:
        rows = rows.filter(pk__in=kept["ticked"])
    closed = page.closed_export(file.closed) if file.closed else None
    return Asked(page, request, rows, closed, file.reason, kept["ticked"])


def _rows(
    sink: "_Sink", columns: Sequence[Column], found: Iterator[list[Any]]
) -> Iterator[list[workbook_writing.Cell]]:
    for page in found:
        for row in page:
            yield [_cell(column.value(row)) for column in columns]
        sink.went_on(len(page))


def _cell(value: Any) -> workbook_writing.Cell:
    """As CSV has it, so that either is read back the same; numbers as numbers, for a sheet to reckon with."""
    value = plain(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else cell(value)


class _Sink:
    """Takes a file as it is written, and keeps it in encrypted parts."""

    def __init__(self, file: ExportFile) -> None:
        self.file, self.size, self.parts, self.rows, self.beaten = file, 0, 0, 0, time.monotonic()
        self.waiting = bytearray()

    def write(self, content: Any) -> int:
        self.waiting += content
        while len(self.waiting) >= PART_BYTES:
            self._keep(PART_BYTES)
        return len(content)

    def flush(self) -> None:
        """Nothing: a part is kept once it is full, and the last one by `finish`."""

    def _keep(self, number: int) -> None:
        content = bytes(self.waiting[:number])
        del self.waiting[:number]
        with transaction.atomic():
            self.beat()
            encrypted = credentials.encrypt_bytes(content)
            ExportPart.objects.create(file=self.file, position=self.parts, content_encrypted=encrypted)
        self.parts, self.size = self.parts + 1, self.size + number

    def finish(self) -> None:
        self._keep(len(self.waiting))

    def went_on(self, rows: int) -> None:
        self.rows += rows
        if time.monotonic() - self.beaten > BEATS_EVERY:
            self.beat()

    def beat(self, **values: Any) -> None:
        """Raises what stops this job, once it is no more the one that makes the file."""
        if stop_asked():
            raise _NotOursAnyMore
        self.beaten = time.monotonic()
        ours = ExportFile.objects.filter(pk=self.file.pk, tries=self.file.tries, state=State.MAKING)
        if not ours.update(beaten_at=timezone.now(), written=self.rows, **values):
            raise _NotOursAnyMore


def content_of(file: ExportFile) -> Iterator[bytes]:
    """Part after part, each read when the one before is sent."""
    for key in list(file.parts.order_by("position").values_list("pk", flat=True)):
        yield credentials.decrypt_bytes(ExportPart.objects.get(pk=key).content_encrypted)
