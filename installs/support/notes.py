"""Notes that support keeps for itself: on an installation, an application or an account."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from installs.help.written import refuse_credentials
from installs.models import CaseAssignment, Installation, StaffNote
from installs.models.notes import MOST_CHARACTERS
from linnapp import batches
from linnapp.actors import Actor
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, User
from linnapp.services import knocks
from linnapp.services.knocks import Limit
from linnapp.services.support import refuse_unless_support

Subject = Installation | Application | Account
KEPT = timedelta(days=3 * 365)
ASSIGNED_FOR = timedelta(days=180)
MOST_SHOWN = 50
MOST_A_DAY = 200
NOTES = Limit(
    "notes of support", MOST_A_DAY, 24 * 3600, f"You wrote {MOST_A_DAY} notes in a day. Wait {{wait}}.", proven=True
)


def notes_on(subject: Subject, reader: User) -> tuple[list[StaffNote], bool]:
    """The newest, and whether there are more; none for whoever the console is not open to."""
    rows = list(StaffNote.objects.for_support(reader).on(subject).newest_first()[: MOST_SHOWN + 1])
    return rows[:MOST_SHOWN], len(rows) > MOST_SHOWN


@transaction.atomic
def add(subject: Subject, *, text: str, by: Actor) -> StaffNote:
    """Raises NotPossible for whoever is not of support, for no text, too much of it, or one with a secret in it, and
    past so many of a person a day."""
    refuse_unless_support(by)
    if not text.strip():
        raise NotPossible("Write something first.")
    if len(text) > MOST_CHARACTERS:
        raise NotPossible(f"Use at most {MOST_CHARACTERS:,} characters.")
    refuse_credentials(text)
    try:
        knocks.count(NOTES, by.reader.pk)
    except knocks.TooOften as refused:
        raise NotPossible(str(refused.message)) from refused
    return StaffNote.objects.create(text=text.strip(), by=by.person, **{StaffNote.kind_of(subject): subject})


@transaction.atomic
def remove(note: StaffNote, *, by: Actor) -> None:
    """Raises NotPossible for another's, and for one that stands longer than an hour."""
    refuse_unless_support(by)
    row = StaffNote.objects.select_for_update().filter(pk=note.pk).first()
    if row is None:
        return
    if row.by_id != by.reader.pk:
        raise NotPossible("Only the person who wrote a note can remove it.")
    if row.removable_until <= timezone.now():
        raise NotPossible("You can remove a note for an hour. Add another one to correct it.")
    row.delete()


def drop_old() -> int:
    """Notes and assignments whose time is over, batch after batch, until none is left or this process is asked to
    stop; the number of them."""
    now = timezone.now()
    notes = batches.drop(StaffNote.objects.written_before(now - KEPT).order_by("at"))
    return notes + batches.drop(CaseAssignment.objects.assigned_before(now - ASSIGNED_FOR).order_by("at"))
