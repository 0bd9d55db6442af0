"""What staff change about a person: the name, whether they may sign in, and what they may do in the portal."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from linnapp import kinds, timeline
from linnapp.actors import Actor, refuse_unless_staff
from linnapp.errors import NotPossible
from linnapp.models import User
from linnapp.models.people import may_act_as_superuser
from linnapp.services import access, audit
from linnapp.services.editing import EditedMeanwhile, write_changes

RIGHTS = ("is_staff", "is_superuser")


@transaction.atomic
def edit_person_by_staff(
    person: User, *, by: Actor, started_from: Mapping[str, Any] | None = None, **values: Any
) -> list[str]:
    """Sets name, is_active, is_staff, is_superuser or groups (a set of keys); the names of those that changed.

    Raises EditedMeanwhile where somebody else wrote into one of them since `started_from`, and NotPossible for
    whoever may not: what somebody may do in the portal, and all of who is of its staff, are superusers' to change, and
    nobody changes their own.
    """
    refuse_unless_staff(by)
    # All of them, in one order: of two who take away each other's rights, the second has none any more. Whoever writes
    # a row that points to one of them, such as the end of an access, waits for nobody (NO KEY).
    people = User.objects.select_for_update(no_key=True)
    locked = list(people.filter(is_superuser=True).order_by("pk"))
    superusers = {user.pk for user in locked if may_act_as_superuser(user)}
    row = people.get(pk=person.pk)
    if row.deleted_at:
        raise NotPossible("A deleted profile cannot be changed.")
    before = set(row.groups.values_list("pk", flat=True))
    wanted = dict(values)
    seen = set((started_from or {}).get("groups", before))
    groups = set(wanted.pop("groups", before))
    if groups == seen:
        # Left as it was: what somebody else made of it meanwhile stays.
        groups = before
    changed = write_changes(row, wanted, started_from)
    if groups != before:
        if seen != before:
            raise EditedMeanwhile({"groups": _named(before)})
        changed.append("groups")
    if changed:
        _refuse_others(row, by, set(changed) - {"name"}, superusers)
    written = [name for name in changed if name != "groups"]
    if "is_active" in changed:
        row.switched_at = timezone.now()
        written.append("switched_at")
    row.save(update_fields=written)
    if "groups" in changed:
        row.groups.set(groups)
    _record(row, changed, by)
    return changed


def _refuse_others(row: User, by: Actor, changed: set[str], superusers: set[int]) -> None:
    """`changed` is what, beside the name. The last superuser stays: nobody else could take their rights, and nobody
    takes their own. Whoever acts is read anew: they may have been switched off while they typed."""
    assert by.person is not None
    if row.pk == by.person.pk and changed:
        raise NotPossible("This is you. Ask another platform admin to change what you may do.")
    rights = User.objects.filter(pk=row.pk).values_list("is_staff", "is_superuser").get()
    if by.person.pk not in superusers and (changed - {"is_active"} or any(rights)):
        raise NotPossible("Only a platform admin may change what somebody of this portal's staff may do.")
    if not User.objects.filter(pk=by.person.pk, is_active=True, is_staff=True).exists():
        raise NotPossible("You no longer belong to this portal's staff.")


def _record(row: User, changed: list[str], by: Actor) -> None:
    """Whoever works with them reads that somebody cannot sign in any more; what they may do in the portal, nobody."""
    if not (row.is_active and row.is_staff):
        access.end_all(row, by=by)
    if "name" in changed:
        audit.copied(timeline.record(kinds.PERSON_RENAMED, by=by, member=row), of=row)
    if "is_active" in changed:
        kind = kinds.MEMBER_SWITCHED_ON if row.is_active else kinds.MEMBER_SWITCHED_OFF
        timeline.record_all(
            timeline.entry(kind, by=by, account=seat.account, member=row) for seat in row.memberships.with_people()
        )
        audit.put(kind, of=row, by=by, member=row)
    if {*RIGHTS, "groups"} & set(changed):
        has = [name.replace("is_", "") for name in RIGHTS if getattr(row, name)]
        groups = _named(set(row.groups.values_list("pk", flat=True)))
        now = ", ".join([*has, groups] if groups else has) or "nothing"
        audit.copied(timeline.record(kinds.PERSON_RIGHTS, by=by, member=row, now=now), of=row)


def _named(groups: set[int]) -> str:
    return ", ".join(Group.objects.filter(pk__in=groups).order_by("name").values_list("name", flat=True))
