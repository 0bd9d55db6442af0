"""A refusal by its reference, as far as a reader may read of it.

Found by the sample that was kept of it; else by its group, which the reference holds; else among the rest of its hour
and cause; and where nothing is written of it yet, or was lost, by what the reference says itself.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from installs.exchange.causes import fix_of, in_words
from installs.exchange.findings import Refused, findings
from installs.exchange.references import Reference, found_in, tag_of
from installs.exchange.sent import SecretSent
from installs.models import Installation, PermanentToken, RefusalGroup, RefusalSample, Session
from linnapp.models import Application, Secret, TimelineEntry, User

# Of a reader, to compare with what a reference says of its application.
MOST_APPLICATIONS = 1000
Side = TimelineEntry.Side


@dataclass(frozen=True)
class Explanation:
    """`at` is the moment, where `sample` was kept, else the begin of the hour; `count` are those alike in the hour, 0
    where none is counted yet. `application` and `installation` are those that the reader may know of, for support also
    the installation of a token that was sent and proves nothing; the pages of the
    application are open to whoever `may_open` it."""

    reference: str
    at: datetime
    group: RefusalGroup
    sample: RefusalSample | None
    cause: str
    fix: str
    findings: list[str]
    application: Application | None
    installation: Installation | None
    is_for_team: bool
    may_open: bool

    @property
    def count(self) -> int:
        return self.group.count

    @property
    def address(self) -> str:
        if not self.is_for_team:
            return ""
        return (self.sample and self.sample.address) or self.group.address

    @property
    def values(self) -> dict[str, str]:
        return self.sample.facts if self.sample and self.is_for_team else {}

    @property
    def is_unproven(self) -> bool:
        return self.group.application_id is None and self.group.named_application_id is not None


@dataclass(frozen=True)
class _Kept:
    """A refusal with what is kept of it; `application` is the beginning of a digest, "" where the group says it."""

    group: RefusalGroup
    sample: RefusalSample | None = None
    application: str = ""


def explain(text: str, reader: User, *, in_console: bool = True) -> Explanation | None:
    """Of the first reference in the text that is one of a refusal which this person may read of. Support reads more
    `in_console` than on the pages of an account, which show them what its own people see."""
    for reference in found_in(text):
        kept = _kept(reference)
        if kept and (explanation := _explained(reference, kept, reader, everything=in_console and reader.is_support)):
            return explanation
    return None


def installation_of(text: str) -> UUID | None:
    """The key of the one whose refusal a reference in the text is of, whoever asks: to be read by support alone."""
    kept = (_kept(reference) for reference in found_in(text))
    return next((key for one in kept if one and (key := _meant(one.group))), None)


def _kept(reference: str) -> _Kept | None:
    if sample := RefusalSample.objects.select_related("group").filter(reference=reference).first():
        return _Kept(sample.group, sample)
    read = Reference.read(reference)
    return _by_group(read) if read else None


def _by_group(read: Reference) -> _Kept:
    alike = RefusalGroup.objects.filter(hour=read.hour, reason=read.reason)
    if group := alike.filter(is_rest=False, key__startswith=read.group).first():
        return _Kept(group)
    rests = list(alike.filter(is_rest=True))
    of_application = [rest for rest in rests if tag_of(_application_of(rest)) == read.application]
    if of_application and _application_of(of_application[0]):
        rest = of_application[0]
        rest.count = sum(each.count for each in of_application)
        # Of several installations: which one it was is not known.
        rest.installation_id = rest.installation_id if len(of_application) == 1 else None
    else:
        nobody = [rest for rest in rests if not _application_of(rest)]
        rest = nobody[0] if nobody else RefusalGroup(hour=read.hour, reason=read.reason, is_rest=True)
    rest.secret_sent, rest.token_sent = read.secret, read.token
    return _Kept(rest, application="" if _application_of(rest) else read.application)


def _application_of(group: RefusalGroup) -> UUID | None:
    return group.application_id or group.named_application_id


def _explained(reference: str, kept: _Kept, reader: User, *, everything: bool) -> Explanation | None:
    application = _application(kept, reader, everything=everything)
    installation = _installation(kept.group, reader, everything=everything)
    is_for_team = everything or application is not None
    if not (is_for_team or installation):
        return None
    group, sample = kept.group, kept.sample

    def sees_by_seat(key: UUID) -> bool:
        return Application.objects.visible_to(reader).filter(pk=key).exists()

    told = Refused(
        group=group,
        application=application,
        values=sample.facts if sample else {},
        side=Side.STAFF if everything else Side.DEVELOPER,
        sees=lambda key: everything or sees_by_seat(key),
    )
    return Explanation(
        reference=reference,
        at=sample.at if sample else group.hour,
        group=group,
        sample=sample,
        cause=in_words(group.reason),
        fix=fix_of(group.reason, group.secret_sent, for_team=is_for_team and application is not None),
        findings=findings(told) if is_for_team else [],
        application=application,
        installation=installation,
        is_for_team=is_for_team,
        may_open=application is not None and sees_by_seat(application.pk),
    )


def _application(kept: _Kept, reader: User, *, everything: bool) -> Application | None:
    """The one that was proven or named, where the reader is of its team; else the one whose secret was sent with the
    Application ID of another."""
    rows = Application.objects.all() if everything else Application.objects.visible_to(reader)
    rows = rows.select_related("account")
    if key := _application_of(kept.group):
        return rows.filter(pk=key).first() or rows.filter(pk__in=_by_secret(kept.group)).first()
    if not kept.application or everything:
        return None
    return next((row for row in rows[:MOST_APPLICATIONS] if tag_of(row.pk) == kept.application), None)


def _by_secret(group: RefusalGroup) -> list[UUID]:
    if group.secret_sent != SecretSent.ANOTHER_APPLICATIONS or group.secret_id is None:
        return []
    return list(Secret.objects.filter(pk=group.secret_id).values_list("application", flat=True))


def _installation(group: RefusalGroup, reader: User, *, everything: bool) -> Installation | None:
    rows = Installation.objects.with_its_facts()
    key = _meant(group) if everything else group.installation_id
    rows = rows if everything else rows.visible_to(reader)
    return rows.filter(pk=key).first() if key else None


def _meant(group: RefusalGroup) -> UUID | None:
    """The installation that was proven; else that of the token sent, by whoever sent it."""
    if group.installation_id:
        return group.installation_id
    if group.permanent_token_id:
        tokens = PermanentToken.objects.filter(pk=group.permanent_token_id)
        return tokens.values_list("installation_id", flat=True).first()
    sessions = Session.objects.filter(pk=group.session_id) if group.session_id else Session.objects.none()
    return sessions.values_list("installation_id", flat=True).first()
