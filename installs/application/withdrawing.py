"""Withdrawing a released version: no new installation gets it from then on. Installed accounts keep it, and are offered
the newest that is left, also one below; nobody is moved. Within the hour it may be taken back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from installs.application import kinds
from installs.installations import moving
from installs.models import Installation
from linnapp import timeline
from linnapp.actors import Actor, refuse_unless_staff
from linnapp.errors import NotPossible
from linnapp.kinds import Kind
from linnapp.models import Application, TimelineEntry, Version
from linnapp.services import notices
from linnapp.services.locking import locked
from linnapp.words import span_in_words

TAKEN_BACK_WITHIN = timedelta(hours=1)


@transaction.atomic
def withdraw_version(version: Version, *, by: Actor) -> bool:
    """Whether it was not withdrawn before. By the application's team, or by staff with a reason; raises NotPossible for
    others, for what was never released, and for a retired application. The application's lock lets an installation
    under way end first: none is made on this version once this returns."""
    row = _locked(version, by)
    if row.withdrawn_at:
        return False
    _set(row, timezone.now())
    _record(kinds.VERSION_WITHDRAWN, row, by)
    _tell_owners(row, by, "withdrawn", f"Version {row.label} of {row.application} was withdrawn")
    return True


@transaction.atomic
def take_back_withdrawal(version: Version, *, by: Actor) -> bool:
    """Whether it was withdrawn. By whoever may withdraw it, whoever did; raises NotPossible for others, and once the
    hour is over."""
    row = _locked(version, by)
    if row.withdrawn_at is None:
        return False
    if not may_be_taken_back(row):
        raise NotPossible(
            f"{row.label} was withdrawn more than {span_in_words(TAKEN_BACK_WITHIN)} ago, and that is permanent. "
            "Release its manifest under a new number instead."
        )
    _set(row, None)
    _record(kinds.WITHDRAWAL_TAKEN_BACK, row, by)
    _tell_owners(row, by, "taken_back", f"Version {row.label} of {row.application} can be installed again")
    return True


def _locked(version: Version, by: Actor) -> Version:
    """The row as it stands, with its application locked, for somebody who may withdraw it."""
    application = locked(version.application, retired="its versions can no longer be installed")
    _refuse_others(application, by)
    row = Version.objects.of_application(application).get(pk=version.pk)
    row.application = application
    if row.is_development:
        raise NotPossible("The Development Version cannot be withdrawn, only released versions.")
    return row


def _refuse_others(application: Application, by: Actor) -> None:
    if by.is_staff:
        refuse_unless_staff(by)
        if not by.reason.strip():
            raise NotPossible("Give the reason. The developer and the accounts on this version read it.")
    elif not Application.objects.editable_by(by.reader).filter(pk=application.pk).exists():
        raise NotPossible(f"Only the team of {application.account} can withdraw a version of {application}.")


def _set(version: Version, withdrawn_at: datetime | None) -> None:
    version.withdrawn_at = withdrawn_at
    version.save(update_fields=["withdrawn_at"])
    version.application.changed_at = timezone.now()
    version.application.save(update_fields=["changed_at"])


def _record(kind: Kind, version: Version, by: Actor) -> None:
    """A line of the application's, and one of each installation that runs it."""
    timeline.record(kind, by=by, application=version.application, version=version.label)
    rows = Installation.objects.of_application(version.application).live().on_version(version)
    entries = []
    for row in rows.select_related("account").iterator():
        row.application = version.application
        entries.append(timeline.entry_about(row, kind, by=by, version=version.label))
    timeline.record_all(entries)


def _tell_owners(version: Version, by: Actor, decision: str, subject: str) -> None:
    """By mail, where staff did it: what the team itself does needs none."""
    if not by.is_staff:
        return
    application = version.application
    page = settings.SITE_URL + reverse("version_detail", args=[application.account.slug, application.pk, version.pk])
    facts = {"version": version, "application": application, "link": page}
    template = f"installs/application/mail/version_{decision}.txt"
    notices.tell(application.account.owners(), subject, template, facts, by=by)


def may_be_taken_back(version: Version) -> bool:
    until = taken_back_until(version)
    return until is not None and timezone.now() < until


def taken_back_until(version: Version) -> datetime | None:
    return version.withdrawn_at + TAKEN_BACK_WITHIN if version.withdrawn_at else None


def withdrawal_of(version: Version) -> TimelineEntry | None:
    """By whom it was withdrawn, and why; None where it is not."""
    if version.withdrawn_at is None:
        return None
    entries = TimelineEntry.objects.about_application(version.application_id).of_application_as_a_whole()
    told = entries.of_kinds(kinds.VERSION_WITHDRAWN).filter(facts__version=version.label)
    return told.newest_first().first()


@dataclass(frozen=True)
class Consequences:
    """What withdrawing a version does, told before. `accounts` run it, `ways_back` could go back to it. `left` is the
    newest that is left: what new installations get, and what those accounts are offered; None for nothing."""

    accounts: int
    ways_back: int
    left: Version | None
    is_latest: bool


def consequences(versions: Iterable[Version]) -> dict[int, Consequences]:
    """By version, where all of them are withdrawn."""
    rows = list(versions)
    applications = {row.application_id for row in rows}
    live = Installation.objects.live().filter(version__in=rows, application__in=applications).order_by()
    accounts = dict(live.values_list("version").annotate(number=Count("*")))
    ways_back = dict(moving.with_way_back_to(rows).order_by().values_list("previous_version").annotate(Count("pk")))
    installable = _installable_of(applications)
    found = {}
    for row in rows:
        siblings = [version for version in installable if version.application_id == row.application_id]
        left = next((version for version in siblings if version not in rows), None)
        is_latest = bool(siblings) and siblings[0] == row
        found[row.pk] = Consequences(accounts.get(row.pk, 0), ways_back.get(row.pk, 0), left, is_latest)
    return found


def _installable_of(applications: Iterable[object]) -> list[Version]:
    rows = Version.objects.installable().filter(application__in=list(applications))
    return list(rows.defer("snapshot").newest_first())
