"""Takes the name and the addresses of a deleted person out of all texts that name people: the one place that changes
entries of the timeline.

A job goes over each table, a few rows at a time, by key: what it changes names them no more, so that it can begin anew
after it was stopped. It goes over all of them twice, the second time when nothing that ran in their name at the moment
of the deletion can still write."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone
from huey.contrib.djhuey import db_task

from linnapp import batches, credentials, jobs
from linnapp.models import (
    Account,
    Application,
    AuditEntry,
    BulkChange,
    BulkRow,
    Deletion,
    OutgoingMail,
    StaffAccess,
    TimelineEntry,
    User,
)
from linnapp.models.people import DELETED
from linnapp.models.timeline import Sides, Told
from linnapp.models.traces import traces_of
from linnapp.supervision import stop_asked

# Whatever began before the deletion is over by then.
STRAGGLERS = timedelta(minutes=15)
# Nobody else takes one up for so long.
TAKEN_FOR = timedelta(minutes=10)
ROWS_AT_ONCE = 500
# Of an entry's facts, names of companies and applications; and those that name people, or that people wrote. All others
# are words of the portal's own, which somebody may be called by.
NOT_PEOPLE = frozenset({"application", "account", "publisher"})
OF_ONE = frozenset({"member", "to"})
# In somebody's own record, addresses of before too.
OF_RECORD = OF_ONE | {"before", "email"}
NAMING = OF_ONE | {"factor", "filters", "narrowed", "title"}
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Words:
    """What is taken out of one text. A name of one word is a person's only where it stands alone."""

    name: str
    addresses: Collection[str]

    def in_text(self, text: str) -> str:
        for address in self.addresses:
            if address in text.lower():
                text = re.sub(rf"(?<![\w.+-]){re.escape(address)}(?![\w-]|\.\w)", DELETED, text, flags=re.IGNORECASE)
        if not self.name:
            return text
        if text.casefold() == self.name.casefold():
            return DELETED
        if " " in self.name and self.name.casefold() in text.casefold():
            text = re.sub(rf"(?<!\w){re.escape(self.name)}(?!\w)", DELETED, text, flags=re.IGNORECASE)
        return text

    def in_value(self, value: Any) -> Any:
        """What is nested has labels and words of the portal in it: no name is sought there."""
        if isinstance(value, str):
            return self.in_text(value)
        plain = replace(self, name="")
        if isinstance(value, list):
            return [plain.in_value(each) for each in value]
        if isinstance(value, dict):
            return {name: plain.in_value(each) for name, each in value.items()}
        return value

    def in_facts(self, facts: dict[str, Any], *, of_gone: bool) -> dict[str, Any]:
        """Of an account that went with them, its name may be theirs."""
        naming = NAMING | NOT_PEOPLE if of_gone else NAMING
        plain = replace(self, name="")
        return {
            name: fact if name in NOT_PEOPLE - naming else (self if name in naming else plain).in_value(fact)
            for name, fact in facts.items()
        }


@dataclass(frozen=True)
class Sought:
    """What is looked for. An address is theirs wherever it stands, but for one that somebody else has since (`taken`),
    in what is younger than the deletion. A name may be a word: it is theirs in rows that are tied to them by key, and
    in those of `accounts`, where they have or had a seat, or which they entered; nowhere, where somebody else has it
    too. `gone` are accounts that went with them."""

    key: int
    name: str = field(repr=False)
    addresses: Collection[str] = field(repr=False)
    begun_at: datetime
    accounts: frozenset[UUID]
    gone: frozenset[UUID]
    taken: frozenset[str] = field(repr=False)

    def words(self, made: datetime | None, *, is_theirs: bool, is_near: bool) -> Words:
        """For a row of this moment. `is_near`: it is of one of the accounts."""
        is_young = made is not None and made >= self.begun_at and not is_theirs
        addresses = [address for address in self.addresses if not is_young or address not in self.taken]
        return Words(self.name if is_theirs or is_near else "", addresses)

    @property
    def still_theirs(self) -> list[str]:
        return [address for address in self.addresses if address not in self.taken]


@db_task()
def work(key: int) -> None:
    erase(key)


def take_up() -> None:
    """What is due: the second time, and what a job that is gone left behind."""
    for key in list(Deletion.objects.due(timezone.now()).values_list("pk", flat=True)):
        if stop_asked():
            return
        if not jobs.ask(work, key):
            erase(key)


def erase(key: int) -> None:
    """Once over all tables, unless another job is at it. The row goes with the last time."""
    now = timezone.now()
    if not Deletion.objects.due(now).filter(pk=key).update(due_at=now + TAKEN_FOR):
        return
    deletion = Deletion.objects.get(pk=key)
    sought = _sought(deletion)
    _entries(TimelineEntry, TimelineEntry.objects.without_hours(), sought)
    _entries(AuditEntry, AuditEntry.objects.all(), sought)
    for model in models_with_texts():
        _texts(model, sought)
    _record(sought)
    _contacts(sought)
    _sessions(sought)
    _mails(OutgoingMail.objects.over(), sought)
    if stop_asked():
        return
    if now < deletion.begun_at + STRAGGLERS:
        Deletion.objects.filter(pk=key).update(due_at=deletion.begun_at + STRAGGLERS)
        return
    _mails(OutgoingMail.objects.all(), sought)
    deletion.delete()


def _mails(rows: QuerySet[Any], sought: Sought) -> None:
    of_others = Q(recipient__in=sought.taken, created_at__gte=sought.begun_at)
    batches.drop(rows.filter(recipient__in=sought.addresses).exclude(of_others).order_by("pk"))


def models_with_texts() -> list[type[Model]]:
    found = [model for model in apps.get_models() if traces_of(model).texts]
    return [model for model in found if not issubclass(model, Told)]


def _sought(deletion: Deletion) -> Sought:
    kept = json.loads(credentials.decrypt(deletion.sought_encrypted))
    others = User.objects.exclude(pk=deletion.person_id)
    is_shared = others.filter(name__iexact=kept["name"]).exists()
    addresses = kept["addresses"]
    confirmed = EmailAddress.objects.filter(email__in=addresses, verified=True).values_list("email", flat=True)
    taken = {*others.filter(email__in=addresses).values_list("email", flat=True), *confirmed}
    # One that an older release wrote has no accounts, and "None" for each that went.
    gone = frozenset(UUID(key) for key in kept["gone"] if key != "None")
    return Sought(
        key=deletion.person_id,
        name="" if is_shared else kept["name"],
        addresses=addresses,
        begun_at=deletion.begun_at,
        accounts=gone | _accounts(deletion.person_id) | set(map(UUID, kept.get("accounts", ()))),
        gone=gone,
        taken=frozenset(address.lower() for address in taken),
    )


def _accounts(person: int) -> set[UUID]:
    """Where they had a seat, or were as staff. Whoever acts for their own account, rather than on what another one
    has, had one there."""
    own = Q(side=Sides.CUSTOMER) | Q(side=Sides.DEVELOPER, subject_id=None)
    found = (
        TimelineEntry.objects.filter(own, actor_id=person).values_list("account_id", flat=True),
        AuditEntry.objects.filter(person_id=person).values_list("account_id", flat=True),
        StaffAccess.objects.filter(person=person).values_list("account_id", flat=True),
    )
    return {key for keys in found for key in keys.order_by().distinct() if key}


def _pages(rows: QuerySet[Any], *columns: str) -> Iterator[list[Row]]:
    rows = rows.order_by("pk").values_list("pk", *columns)
    page = list(rows[:ROWS_AT_ONCE])
    while page and not stop_asked():
        yield page
        page = list(rows.filter(pk__gt=page[-1][0])[:ROWS_AT_ONCE])


def _write(model: type[Model], changed: dict[Any, dict[str, Any]]) -> None:
    def step(keys: Sequence[Any]) -> None:
        with transaction.atomic():
            for key in keys:
                model._default_manager.filter(pk=key).update(**changed[key])

    batches.work_through(changed, step)


def _entries(model: type[Told], rows: QuerySet[Any], sought: Sought) -> None:
    """What they did and what was done to them, by their number; and wherever they are named."""
    names = {"actor_id": "actor_name", "person_id": "person_name"}
    names = {key: name for key, name in names.items() if hasattr(model, key)}
    for page in _pages(rows, "at", "account_id", "reason", "facts", *names, *names.values()):
        changed = {}
        for pk, at, account, reason, facts, *people in page:
            keys, called = people[: len(names)], people[len(names) :]
            is_theirs = sought.key in (*keys, facts.get("person"))
            words = sought.words(at, is_theirs=is_theirs, is_near=account in sought.accounts)
            plain = replace(words, name="")
            after: dict[str, Any] = {
                name: DELETED if key == sought.key else plain.in_text(text)
                for key, name, text in zip(keys, names.values(), called, strict=True)
            }
            told = words.in_facts(facts, of_gone=account in sought.gone)
            if sought.key in (facts.get("person"), *keys[1:]):
                told |= dict.fromkeys((OF_RECORD if keys[1:] else OF_ONE) & told.keys(), DELETED)
            after |= {"reason": words.in_text(reason), "facts": told}
            if list(after.values()) != [*called, reason, facts]:
                changed[pk] = after
        _write(model, changed)


def _texts(model: type[Model], sought: Sought) -> None:
    """Whose a row is, is asked of those alone in which something was found."""
    traces = traces_of(model)
    everything = Words(sought.name, sought.addresses)
    near = _near(model, sought.accounts)
    for page in _pages(model._base_manager.all(), traces.made, *traces.texts):
        found = [row for row in page if any(everything.in_value(value) != value for value in row[2:])]
        rows = model._base_manager.filter(pk__in=[row[0] for row in found]).order_by()
        tied = set(rows.filter(_tied(model, sought.key)).values_list("pk", flat=True)) if found else set()
        of_accounts = set(rows.filter(near).values_list("pk", flat=True)) if found else set()
        changed = {}
        for pk, made, *values in found:
            words = sought.words(made, is_theirs=pk in tied, is_near=pk in of_accounts)
            after = [words.in_value(value) for value in values]
            if after != values:
                changed[pk] = dict(zip(traces.texts, after, strict=True))
        _write(model, changed)


def _any(paths: Iterable[str], keys: Collection[Any]) -> Q:
    """One of these leads to one of the keys; without paths, none does."""
    found = Q(pk__in=())
    for path in paths:
        found |= Q(**{f"{path}__in": keys})
    return found


def _near(model: type[Model], accounts: Collection[UUID]) -> Q:
    """What staff do to many rows is of an account where all of these are."""
    if model is BulkRow:
        told = TimelineEntry.objects.filter(pk=OuterRef("entry_id"), account_id__in=accounts)
        return Q(Exists(told)) | Q(change__table=Account._meta.label, target__in=[str(key) for key in accounts])
    if model is BulkChange:
        rows, near = BulkRow.objects.filter(change=OuterRef("pk")), _near(BulkRow, accounts)
        return Q(Exists(rows.filter(near))) & ~Q(Exists(rows.exclude(near)))
    return _any(traces_of(model).accounts, accounts)


def _tied(model: type[Model], person: int) -> Q:
    fields = model._meta.concrete_fields
    own = [field.attname for field in fields if field.related_model is User]
    tied = _any((*own, *traces_of(model).people), [person])
    label = User._meta.label
    if model is BulkChange:
        tied |= Q(table=label, rows__target=str(person))
    if model is BulkRow:
        tied |= Q(change__table=label, target=str(person))
    if model is LogEntry:
        tied |= Q(object_id=str(person), content_type__model=User._meta.model_name)
    return tied


def _record(sought: Sought) -> None:
    """Whom it is about and who did it, by their number; from where they signed in is nobody's to read any more."""
    mine = {"person_id": {"person_name": DELETED, "network": "", "device": ""}, "actor_id": {"actor_name": DELETED}}
    for column, values in mine.items():
        keys = AuditEntry.objects.filter(**{column: sought.key}).values_list("pk", flat=True)
        _write(AuditEntry, dict.fromkeys(keys, values))


def _contacts(sought: Sought) -> None:
    """What stands beside keys: who began a bulk change, and what was set of them; whom installers of an application
    turn to."""
    BulkChange.objects.filter(person=sought.key).update(person_name=DELETED)
    about = BulkRow.objects.filter(target=str(sought.key), change__table=User._meta.label)
    about.update(name=DELETED, wanted_encrypted="", before_encrypted="")
    logged = LogEntry.objects.filter(object_id=str(sought.key), content_type__model=User._meta.model_name)
    logged.update(object_repr=DELETED)
    for address in sought.still_theirs:
        for row in Application.objects.filter(support_contact__iexact=address).select_related("account"):
            Application.objects.filter(pk=row.pk).update(support_contact=row.account.contact_email)


def _sessions(sought: Sought) -> None:
    """Of browsers that signed in, or only typed an address: what they hold is signed, and no column."""
    for page in _pages(Session.objects.all(), "session_data"):
        stale = [key for key, data in page if _is_theirs(Session(session_data=data).get_decoded(), sought)]
        Session.objects.filter(pk__in=stale).delete()


def _is_theirs(session: dict[str, Any], sought: Sought) -> bool:
    """Of somebody else who is signed in, none is: their own address may end as one that is sought."""
    if person := session.get("_auth_user_id"):
        return bool(person == str(sought.key))
    text = json.dumps(session, default=str, ensure_ascii=False)
    return Words("", sought.still_theirs).in_text(text) != text
