"""Who acts, and for whom. Made once a request from who is signed in and whose page it is; services take it, and the
timeline writes what it brings."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from linnapp.errors import NotPossible, SignInIsOld
from linnapp.models import Application, TimelineEntry, User
from linnapp.models.access import REVEAL_PERMISSION
from linnapp.models.people import Reader

Side = TimelineEntry.Side


@dataclass(frozen=True)
class Actor:
    """`side` is the side that readers of the timeline see acting: the developer's, the customer's, staff's, or the
    client program's. `reason` is what staff gave. `access` is the key of the staff access under which somebody works on
    an account that they have no seat in, and `on_side` the side whose page they do it on. `change` is the key of the
    bulk change that it is a part of. `fresh` is whether they signed in within minutes, on a page that asks where they
    did not; what acts without a page, as jobs and commands do, was asked for before."""

    person: User | None
    side: Side
    reason: str = ""
    access: UUID | None = None
    on_side: Side | None = None
    change: UUID | None = None
    fresh: bool = True

    @property
    def reader(self) -> Reader:
        """Whom the words of querysets are asked about: without a person, nobody."""
        return self.person or AnonymousUser()

    @property
    def is_staff(self) -> bool:
        """By the side that was chosen for the act; who is no staff has none of staff's rights by it."""
        return self.side == Side.STAFF

    @property
    def may_act_as_staff(self) -> bool:
        return self.is_staff and self.person is not None and self.person.is_active and self.person.is_staff


def refuse_unless_staff(by: Actor) -> None:
    """Raises NotPossible for everybody else."""
    if not by.may_act_as_staff:
        raise NotPossible("Only this portal's staff may do this.")


def refuse_unless_superuser(by: Actor, what: str) -> None:
    """Raises NotPossible for everybody else, who may not do `what`: "sign somebody out". Whoever acts is read anew:
    they may have been switched off while they typed."""
    refuse_unless_staff(by)
    if by.person is None or not User.objects.superusers().filter(pk=by.person.pk).exists():
        raise NotPossible(f"Only a platform admin may {what}.")


def refuse_to_reveal(by: Actor) -> None:
    """Raises NotPossible for staff who work in an account without the permission to read what opens something, or to
    lead it elsewhere. Whether others may is asked of their seats."""
    if by.is_staff and not (by.may_act_as_staff and by.access and by.person and by.person.has_perm(REVEAL_PERMISSION)):
        raise NotPossible("You do not have permission to reveal secrets and permanent tokens.")


def refuse_to_reveal_of(application: Application, by: Actor) -> None:
    """The same for what only the team of an application reads: whoever else has no seat there is refused as well."""
    refuse_to_reveal(by)
    if not by.is_staff and not Application.objects.developed_by(by.reader).filter(pk=application.pk).exists():
        raise NotPossible(f"Only the team of {application} may do this.")


def refuse_to_lead_away(by: Actor) -> None:
    """Raises NotPossible for staff who may not reveal a permanent token: sent to another address than before, it is
    revealed there."""
    if by.is_staff and not (by.may_act_as_staff and by.person and by.person.has_perm(REVEAL_PERMISSION)):
        raise NotPossible("You do not have permission to reveal secrets and permanent tokens.")


def refuse_unless_fresh(by: Actor) -> None:
    """For each service that shows a secret, makes one to be shown, or leads one to another address than before: after
    all that it refuses otherwise. Raises SignInIsOld: whoever sits down at an open browser gets nothing of it."""
    if not by.fresh:
        raise SignInIsOld


# What happens by itself: a client calls, an endpoint answers, a job finds that time is up.
NOBODY = Actor(None, Side.CLIENT)
