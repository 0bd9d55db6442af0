"""That somebody of support looked at an installation, an application or an account, and what they looked at last."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from installs.models import Installation
from installs.support import kinds
from linnapp import timeline
from linnapp.actors import Actor, Side
from linnapp.kinds import Kind
from linnapp.models import Account, Application, TimelineEntry, User
from linnapp.models.people import Reader
from linnapp.models.timeline import TimelineEntryQuerySet

# One view is on record for so long: reading a case means opening its page many times.
VIEW_STANDS_FOR = timedelta(hours=1)
Viewed = Installation | Application | Account


def note_view(viewed: Viewed, *, by: Actor) -> None:
    """Puts it on record that this person read the case, once an hour: whoever it is about reads that too. The person's
    row is locked: that of an application is held by every exchange."""
    if by.person is None or _viewed_lately(viewed, by.person):
        return
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=by.person.pk)
        if not _viewed_lately(viewed, by.person):
            _record(viewed, by)


def _record(viewed: Viewed, by: Actor) -> None:
    if isinstance(viewed, Installation):
        timeline.record_about(viewed, kinds.SUPPORT_VIEWED, by=by)
    elif isinstance(viewed, Application):
        timeline.record(kinds.SUPPORT_VIEWED_APPLICATION, by=by, application=viewed, subject_id=viewed.pk)
    else:
        timeline.record(kinds.SUPPORT_VIEWED_ACCOUNT, by=by, account=viewed, subject_id=viewed.pk)


def _viewed_lately(viewed: Viewed, person: Reader) -> bool:
    views = TimelineEntry.objects.about(viewed.pk).of_kinds(_kind_of(viewed)).by_person(person)
    return views.filter(at__gt=timezone.now() - VIEW_STANDS_FOR).exists()


def _kind_of(viewed: Viewed) -> Kind:
    if isinstance(viewed, Installation):
        return kinds.SUPPORT_VIEWED
    return kinds.SUPPORT_VIEWED_APPLICATION if isinstance(viewed, Application) else kinds.SUPPORT_VIEWED_ACCOUNT


def _views_of(person: Reader) -> TimelineEntryQuerySet:
    return TimelineEntry.objects.of_kinds(kinds.SUPPORT_VIEWED).by_person(person).filter(side=Side.STAFF)


def viewed_lately(person: User) -> list[Installation]:
    """The installations this person looked at last, the latest first."""
    newest = _views_of(person).newest_first().values_list("subject_id", flat=True)[:50]
    ids = list(dict.fromkeys(newest))[:8]
    rows = Installation.objects.with_its_facts().in_bulk(ids)
    return [rows[key] for key in ids if key in rows]
