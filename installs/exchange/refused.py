"""Refusals as a list: those alike in one line, however many hours they went on. Three readers, each told as much as
`explanations` tells of a single one: the team of an application, the account of an installation, support.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from installs.exchange.causes import fix_of, in_words
from installs.exchange.references import found_in
from installs.exchange.refusals import Reason
from installs.exchange.sent import SecretSent
from installs.models import Installation, PermanentToken, RefusalGroup, RefusalSample, Session
from installs.models.refusals import RefusalGroupQuerySet
from linnapp import credentials
from linnapp.models import Application, Secret
from linnapp.pages import Column, Sort

ALIKE = (
    *("asked", "reason", "application_id", "named_application_id", "installation_id", "secret_sent", "secret_id"),
    *("token_sent", "permanent_token_id", "address", "is_rest"),
)
# For a team, without the application that was named where that is another one: not even whether there is such a one.
ALIKE_FOR_TEAM = tuple(name for name in ALIKE if name != "named_application_id")
SORTS = {"newest": Sort("Newest first", ("-hour", "-last_at")), "oldest": Sort("Oldest first", ("hour", "last_at"))}
# Ids and credentials in one text that are looked at.
MOST_PASTED = 20
# What the account of an installation is told of a refusal, and so all by which it tells two apart.
ALIKE_FOR_ACCOUNT = ("asked", "reason")


@dataclass
class Line:
    """`newest` is the group of the last hour, `since` the begin of the first one on the page. `reference` is of the
    newest sample. `installation` is the one that was proven, or whose session token was sent as the permanent one; for
    support also the one whose permanent token was sent with a secret that proves nothing."""

    newest: RefusalGroup
    cause: str
    fix: str
    reference: str
    count: int
    since: datetime
    application: Application | None = None
    installation: Installation | None = None

    @property
    def is_proven(self) -> bool:
        return self.newest.application_id is not None


def with_references(groups: RefusalGroupQuerySet) -> RefusalGroupQuerySet:
    """Each with the reference of its newest sample."""
    samples = RefusalSample.objects.filter(group=OuterRef("pk")).order_by("-pk").values("reference")
    return groups.annotate(reference=Subquery(samples[:1]))


def lines_for_team(groups: Iterable[Any], application: Application) -> list[Line]:
    """Two queries. What is another team's is not told."""
    rows = list(groups)
    installations = Installation.objects.of_application(application).select_related("account").in_bulk(_installed(rows))
    secrets = Secret.objects.filter(application=application).in_bulk(_secrets(rows))

    def begun(row: Any) -> Line:
        return _line(row, secrets, application, installations, for_team=True)

    return _folded(rows, ALIKE_FOR_TEAM, begun)


def lines_for_account(groups: Iterable[Any]) -> list[Line]:
    """No query: cause and fix, as they are told of a reference to whoever is not of the application's team."""

    def begun(row: Any) -> Line:
        return _line(row, {}, None, {}, for_team=False)

    return _folded(list(groups), ALIKE_FOR_ACCOUNT, begun)


def lines_for_support(groups: Iterable[Any]) -> list[Line]:
    """Four queries."""
    rows = with_meant(groups)
    installations = Installation.objects.with_its_facts().in_bulk(_installed(rows))
    secrets = Secret.objects.in_bulk(_secrets(rows))
    named = {key for row in rows if (key := _application_of(row))}
    applications = Application.objects.select_related("account").in_bulk(list(named))

    def begun(row: Any) -> Line:
        application = applications.get(_application_of(row)) if _application_of(row) else None
        return _line(row, secrets, application, installations, for_team=application is not None)

    return _folded(rows, ALIKE, begun)


def _line(
    row: Any,
    secrets: dict[int, Secret],
    application: Application | None,
    installations: dict[UUID, Installation],
    *,
    for_team: bool,
) -> Line:
    secret = secrets.get(row.secret_id) if row.secret_id else None
    installed = installation_of(row)
    return Line(
        row,
        cause=cause_of(row, secret) if for_team else in_words(row.reason),
        fix=fix_of(row.reason, row.secret_sent, for_team=for_team),
        reference=row.reference or "",
        count=row.count,
        since=row.hour,
        application=application,
        installation=installations.get(installed) if installed else None,
    )


def _folded(rows: list[Any], alike: tuple[str, ...], begun: Callable[[Any], Line]) -> list[Line]:
    """In the order in which the first of each stands."""
    folded: dict[tuple[object, ...], Line] = {}
    for row in rows:
        key = tuple(getattr(row, name) for name in alike)
        line = folded.get(key)
        if line is None:
            folded[key] = begun(row)
            continue
        line.count += row.count
        line.since = min(line.since, row.hour)
        line.reference = line.reference or row.reference or ""
    return list(folded.values())


def cause_of(group: RefusalGroup, secret: Secret | None) -> str:
    """`secret` is the one that was sent, where the reader may know it: what is another team's is not told."""
    if group.reason != Reason.UNPROVEN:
        return in_words(group.reason)
    if group.secret_sent == SecretSent.RETIRED:
        return f"The retired Application Secret …{secret.tail} was sent" if secret else "A retired secret was sent"
    if secret:
        return f"A wrong Application ID was sent with the secret …{secret.tail}"
    return "Another Application Secret was sent" if group.secret_sent else in_words(group.reason)


def installation_of(group: Any) -> UUID | None:
    """Of a session token in the permanent token's place, the installation is what was written down of the session."""
    written = group.facts.get("installation")
    return group.installation_id or getattr(group, "meant", None) or (UUID(written) if written else None)


def with_meant(groups: Iterable[Any]) -> list[Any]:
    """Each with `meant`, for support alone: the installation whose permanent token was sent, by whoever sent it. One
    query."""
    rows = list(groups)
    sent = {row.permanent_token_id for row in rows if row.permanent_token_id and not row.installation_id}
    meant = dict(PermanentToken.objects.filter(pk__in=sent).values_list("pk", "installation_id")) if sent else {}
    for row in rows:
        row.meant = meant.get(row.permanent_token_id)
    return rows


def columns(*, for_support: bool = False) -> tuple[Column, ...]:
    """Of the list as a file."""
    application = Column("Application", lambda row: row.application_id or row.named_application_id)
    return (
        Column("Hour", lambda row: row.hour),
        Column("Last", lambda row: row.last_at),
        Column("Refused", lambda row: row.get_asked_display()),
        Column("Cause", lambda row: cause_of(row, None)),
        Column("What to do", lambda row: fix_of(row.reason, row.secret_sent, for_team=True)),
        Column("Times", lambda row: row.count),
        Column("From", lambda row: row.address),
        *((application,) if for_support else ()),
        Column("Installation", lambda row: row.installation_id or getattr(row, "meant", None)),
        Column("Proven", lambda row: "yes" if row.application_id else "no"),
        Column("Reference", lambda row: row.reference),
    )


def narrowed_by(text: str, *, secrets: "QuerySet[Secret]", installations: "QuerySet[Installation]") -> dict[str, str]:
    """What to ask a list for in the place of a text that may hold a credential: what it is of, among these."""
    if references := found_in(credentials.UUID_SHAPE.sub(" ", text)):
        return {"reference": references[0]}
    ids = [UUID(found) for found in credentials.UUID_SHAPE.findall(text)[:MOST_PASTED]]
    digests = [credentials.digest(str(value)) for value in ids]
    if secret := secrets.filter(digest__in=digests).values_list("pk", flat=True).first():
        return {"secret": str(secret)}
    tokens = PermanentToken.objects.filter(digest__in=digests).values_list("installation", flat=True)
    sessions = Session.objects.filter(digest__in=digests).values_list("installation", flat=True)
    meant = installations.filter(pk__in={*ids, *tokens, *sessions})
    found = meant.order_by().values_list("pk", flat=True).first()
    return {"installation": str(found)} if found else {}


def asked_cause(request: HttpRequest) -> str:
    """The one cause that the address narrows to, in words."""
    reason = request.GET.get("cause", "")
    return in_words(reason) if reason in set(Reason) else ""


def _application_of(group: RefusalGroup) -> UUID | None:
    return group.application_id or group.named_application_id


def _installed(rows: Iterable[RefusalGroup]) -> list[UUID]:
    return list({key for row in rows if (key := installation_of(row))})


def _secrets(rows: Iterable[RefusalGroup]) -> list[int]:
    return list({row.secret_id for row in rows if row.secret_id is not None})
