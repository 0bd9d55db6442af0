"""Many rows of every table that grows, each made of one that is there: a few beside it, of the same application or
account, whose pages are looked at, and as many as wanted of others."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from allauth.account.models import EmailAddress
from django.db import connection, models
from django.utils import timezone

from bench.scale.filling import Column, Model, tables
from installs.models import (
    AlertSent,
    AttemptCount,
    CaseAssignment,
    Connector,
    ConnectorCheck,
    EventSettings,
    FailureWindow,
    HelpCase,
    HelpMessage,
    Installation,
    PostbackAlerts,
    PostbackHost,
    PostbackPolicy,
    RefusedConsent,
    Review,
    SigningSecret,
    StaffNote,
)
from linnapp.models import (
    Account,
    Application,
    BulkChange,
    BulkNotice,
    Deletion,
    ExportFile,
    ExportPart,
    Invitation,
    KnockCount,
    MailRefusal,
    Membership,
    Module,
    Parameter,
    Secret,
    StaffAccess,
    User,
    Version,
    sqlite_statistics,
)
from linnapp.models.folded import FoldedField

# Tables without a row for each installation, person or day, each with the reason. They are filled too.
OF_APPLICATIONS = "a few for each application, 2,000 at a million installations"
OF_STAFF = "what staff did by hand"
OF_FEW = "a hundredth of the accounts or people has one; 10,000 are read within a few ms"
ENDS = "has an end of its own"
SMALL: dict[Model, str] = {
    **dict.fromkeys(
        (
            AlertSent, Application, EventSettings, Module, Parameter, PostbackAlerts, PostbackHost, PostbackPolicy,
            Review, Secret, SigningSecret, Version,
        ),
        OF_APPLICATIONS,
    ),
    **dict.fromkeys((BulkChange, BulkNotice, CaseAssignment, ExportFile, ExportPart, StaffAccess, StaffNote), OF_STAFF),
    **dict.fromkeys(
        (Connector, ConnectorCheck, Deletion, HelpCase, HelpMessage, Invitation, MailRefusal, RefusedConsent), OF_FEW
    ),
    **dict.fromkeys((FailureWindow, KnockCount), ENDS),
}  # fmt: skip
# Not filled.
BOUNDED: dict[Model, str] = {
    AttemptCount: "one row for each way an attempt may end",
    User.groups.through: "staff are few",
    User.user_permissions.through: "staff are few",
}
# What a line that outlives all points at: no foreign keys.
POINTED_AT: dict[str, Model] = {
    "account_id": Account,
    "application_id": Application,
    "installation_id": Installation,
    "person_id": User,
}
# Of these no row is made beside the one that is there: nobody has a hundred.
OF_OTHERS_ALONE = {(Membership, "user"), (EmailAddress, "user")}
TOLD_BY_NAME = {"name", "host", "actor_name", "person_name"}
STEPS = 5_000
INSERTED_AT_ONCE = 500
PENDING = (
    "SELECT gin_clean_pending_list(i.oid) FROM pg_class i JOIN pg_am a ON a.oid = i.relam"
    " WHERE a.amname = 'gin' AND i.relkind = 'i'"
)


def filled() -> list[Model]:
    """Those that another points at first."""
    left, found = [model for model in tables() if model not in BOUNDED], list[Model]()
    while left:
        free = next(model for model in left if not set(parents(model)) & (set(left) - {model}))
        left.remove(free)
        found.append(free)
    return found


def parents(model: Model) -> Iterator[Model]:
    for field in model._meta.local_concrete_fields:
        if parent := parent_of(field):
            yield parent


def parent_of(field: Column) -> Model | None:
    if isinstance(field, models.ForeignKey):
        related: Model = field.related_model
        return related
    return POINTED_AT.get(field.name)


class ManyRows:
    """Rows of these tables, by default of all that are not bounded; made of the first of each table unless `bases` has
    another."""

    def __init__(self, *bases: models.Model, only: Iterable[Model] = ()) -> None:
        chosen, wanted = {type(base): base for base in bases}, set(only)
        self.others: dict[Model, list[Any]] = {}
        self.tables = list[Table]()
        for model in filled():
            if not wanted or model in wanted:
                self.tables.append(Table(model, self, chosen.get(model)))

    @property
    def growing(self) -> list["Table"]:
        return [table for table in self.tables if table.model not in SMALL]

    def add(self, *, beside: int, others: int) -> None:
        """So many rows of each table beside the one that is there, for each of what it is of; and so many of others."""
        for table in self.tables:
            table.add_others(others)
        for table in self.tables:
            table.add_beside(beside)
        analyze(table.model for table in self.tables)
        as_of_a_large_portal(table.model for table in self.growing)

    def grow(self, others: int) -> None:
        """So many more of each table that grows."""
        for table in self.growing:
            table.add_others(others)
        analyze(table.model for table in self.growing)
        as_of_a_large_portal(table.model for table in self.growing)


class Table:
    def __init__(self, model: Model, rows: ManyRows, base: models.Model | None) -> None:
        self.model, self.rows = model, rows
        self.fields = model._meta.local_concrete_fields
        self.made = self.made_of_others = 0
        self.made_beside: dict[str, int] = {}
        self.base = base or model._base_manager.order_by("pk").first() or self.first()
        self.pointers = [field.name for field in self.fields if parent_of(field)]
        self.together = list(together(self.base))
        alone = any(parent_of(field) and (field.unique or (field.name,) in self.together) for field in self.fields)
        self.of = [] if alone else [field.name for field in self.fields if self.takes_others_beside(field)]

        self.same = {
            field.attname: getattr(self.base, field.attname) for field in self.fields if not is_numbered(field)
        }
        self.varied = [field for field in self.fields if self.is_varied(field)]

    def first(self) -> models.Model:
        return self.model._base_manager.create(**{
            field.attname: made_up(field) for field in self.fields if not field.primary_key and wants(field)
        })  # fmt: skip

    def takes_others_beside(self, field: Column) -> bool:
        """Whether more rows may be of the same application, account or whatever this field points at."""
        if parent_of(field) is None or field.unique or (self.model, field.name) in OF_OTHERS_ALONE:
            return False
        if getattr(self.base, field.attname) is None:
            return False
        return all(
            any(other != field.name and self.varies(self.model._meta.get_field(other)) for other in names)
            for names in self.together
            if field.name in names
        )

    def varies(self, field: Any) -> bool:
        if getattr(self.base, field.attname) is None:
            return False
        return parent_of(field) is not None or (is_told_apart(field) and self.is_of_several(field))

    def is_of_several(self, field: Column) -> bool:
        return any(field.name in names for names in self.together)

    def add_others(self, number: int) -> None:
        start = self.made_of_others
        self.made_of_others += number
        rows = [self.row(start + at, "") for at in range(number)]
        self.insert(rows)
        self.rows.others.setdefault(self.model, []).extend(row.pk for row in rows)

    def add_beside(self, number: int) -> None:
        for name in self.of:
            start = self.made_beside.get(name, 0)
            self.made_beside[name] = start + number
            self.insert([self.row(start + at, name) for at in range(number)])

    def insert(self, rows: list[Any]) -> None:
        self.model._base_manager.bulk_create(rows, batch_size=INSERTED_AT_ONCE)

    def row(self, at: int, beside: str) -> models.Model:
        self.made += 1
        varied = {field.attname: self.value(field, at, beside) for field in self.varied if field.name != beside}
        return self.model(**self.same | varied)

    def value(self, field: Column, at: int, beside: str) -> Any:
        value = self.same[field.attname]
        if parent := parent_of(field):
            keys = self.rows.others[parent]
            # Each pair once: the second is another for what it stands beside.
            shift = 0 if field.name == self.pointers[0] or not beside else 1 + self.of.index(beside)
            return keys[(at + shift) % len(keys)]
        if isinstance(value, datetime) and not field.unique and not self.is_of_several(field):
            # In the order in which they are written.
            return value - timedelta(minutes=STEPS - self.made)
        return told_apart(field, value, self.made)

    def is_varied(self, field: Column) -> bool:
        value = getattr(self.base, field.attname)
        if value is None or isinstance(field, (models.AutoField, FoldedField)):
            return False
        if parent := parent_of(field):
            return any(parent is table.model for table in self.rows.tables)
        return field.unique or self.is_of_several(field) or isinstance(value, datetime) or field.name in TOLD_BY_NAME


def together(row: models.Model) -> Iterator[tuple[str, ...]]:
    """Fields that no other row may share with one like this."""
    alike = type(row)._base_manager.filter(pk=row.pk)
    for one in row._meta.constraints:
        if isinstance(one, models.UniqueConstraint) and (not one.condition or alike.filter(one.condition).exists()):
            yield tuple(one.fields)
    yield from (tuple(names) for names in row._meta.unique_together)


def is_numbered(field: Column) -> bool:
    return isinstance(field, models.AutoField)


def is_told_apart(field: Column) -> bool:
    return not field.choices and not isinstance(field, models.BooleanField)


def told_apart(field: Column, value: Any, number: int) -> Any:
    if not is_told_apart(field):
        return value
    if isinstance(value, UUID):
        return uuid4()
    if isinstance(value, int):
        return value + number
    if isinstance(value, datetime):
        return value - timedelta(hours=STEPS - number)
    if isinstance(value, date):
        return value - timedelta(days=STEPS - number)
    if "@" in value:
        return f"n{number}.{value}"
    tail = f"-{number}"
    return (value[: field.max_length - len(tail)] if field.max_length else value) + tail


def wants(field: Column) -> bool:
    return parent_of(field) is not None or not (field.null or field.has_default() or field.blank)


def made_up(field: Column) -> Any:
    """A value of a row that stands alone: of the first application, account and so on."""
    if (parent := parent_of(field)) is not None:
        row = parent._base_manager.order_by("pk").first()
        return None if field.null and parent is field.model else row and row.pk
    if field.choices:
        return next(iter(field.flatchoices))[0]
    for kind, value in (
        (models.DateTimeField, timezone.now()), (models.DateField, timezone.localdate()), (models.UUIDField, uuid4()),
        (models.IntegerField, 1), (models.BooleanField, False), (models.JSONField, {}),
        (models.GenericIPAddressField, "192.0.2.1"),
    ):  # fmt: skip
        if isinstance(field, kind):
            return value
    return "x"


def analyze(of: Iterable[Model]) -> None:
    """SQLite goes by the figures of a large portal, as it does in production."""
    sqlite_statistics.tell(connection)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for model in of:
                cursor.execute(f'ANALYZE "{model._meta.db_table}"')
            # What other tests left to be sorted in: an index of trigrams seems the dearer for it.
            cursor.execute(PENDING)


def as_of_a_large_portal(of: Iterable[Model], times: int = 1000) -> None:
    """PostgreSQL plans as if there were so many times as many rows: of a small table it reads everything. Needs a
    superuser, and lasts as long as the transaction."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for model in of:
            cursor.execute(
                "UPDATE pg_class SET reltuples = reltuples * %s WHERE oid = %s::regclass "
                "OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = %s::regclass)",
                [times, model._meta.db_table, model._meta.db_table],
            )
        cursor.execute("SET LOCAL jit = off")
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
