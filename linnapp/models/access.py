"""Staff on an account that they have no seat in: who, why, for how long."""

import uuid
from datetime import datetime
from typing import Any, ClassVar, Protocol, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from linnapp.models.managers import manager_of
from linnapp.models.traces import OfPerson, Traces

LOOK_PERMISSION = "linnapp.look_into_accounts"
WORK_PERMISSION = "linnapp.work_in_accounts"
REVEAL_PERMISSION = "linnapp.reveal_credentials"
# What counts as a second factor: recovery codes stand in for one that is lost, and are none by themselves.
FACTORS = ("totp", "webauthn")


class Visitor(Protocol):
    """Somebody signed in, or nobody."""

    pk: Any
    is_staff: Any

    @property
    def is_authenticated(self) -> Any: ...

    def has_perm(self, perm: str) -> bool: ...


class StaffAccessQuerySet(models.QuerySet["StaffAccess"]):
    def running(self) -> Self:
        return self.filter(ends_at__gt=timezone.now())

    def of_person(self, person: Visitor) -> Self:
        return self.filter(person_id=person.pk)

    def to_work(self) -> Self:
        return self.filter(purpose=StaffAccess.Purpose.WORK)

    def newest_first(self) -> Self:
        return self.select_related("person", "account", "ended_by").order_by("-begun_at", "-pk")


class StaffAccess(models.Model):
    """An account's pages, open to one of staff for a while. A seat in the account counts more: who has one has no
    access beside it. Ended early, `ends_at` is the moment of that, and `ended_by` who did it."""

    class Purpose(models.TextChoices):
        LOOK = "LOOK", "to look"
        WORK = "WORK", "to work"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey("linnapp.User", models.CASCADE, related_name="+")
    account = models.ForeignKey("linnapp.Account", models.CASCADE, related_name="staff_accesses")
    purpose = models.CharField(max_length=10, choices=Purpose)
    reason = models.TextField(max_length=2000)
    begun_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField()
    ended_by = models.ForeignKey("linnapp.User", models.SET_NULL, null=True, blank=True, related_name="+")

    # Owners go on reading that somebody of staff was inside, and when.
    traces: ClassVar[Traces] = Traces(texts=("reason",), made="begun_at", accounts=("account",), outlives=True)
    of_person: ClassVar[OfPerson] = OfPerson(
        "accounts_entered_as_staff",
        "person",
        {
            "account": "account__name",
            "purpose": "purpose",
            "reason": "reason",
            "begun": "begun_at",
            "ended": "ends_at",
        },
    )
    objects: ClassVar[StaffAccessQuerySet] = manager_of(StaffAccessQuerySet)

    class Meta:
        verbose_name = "staff access"
        verbose_name_plural = "staff accesses"
        indexes = (
            models.Index(fields=("person", "ends_at"), name="accesses_of_person"),
            models.Index(fields=("account", "begun_at"), name="accesses_to_account"),
            models.Index(fields=("-begun_at", "-id"), name="accesses_newest"),
        )
        permissions = (
            ("look_into_accounts", "Can open accounts to look, with a reason"),
            ("work_in_accounts", "Can open accounts to work, with a reason"),
            ("reveal_credentials", "Can reveal secrets and permanent tokens while working in an account"),
        )

    def __str__(self) -> str:
        return f"{self.person} in {self.account}, {self.get_purpose_display()}"

    @property
    def is_to_look(self) -> bool:
        return self.purpose == self.Purpose.LOOK

    @property
    def may_reveal(self) -> bool:
        """Whether this person is shown secrets and permanent tokens by it."""
        return not self.is_to_look and self.person.has_perm(REVEAL_PERMISSION)

    @property
    def is_running(self) -> bool:
        return self.ends_at > timezone.now()

    def minutes_left(self, now: datetime | None = None) -> int:
        """Whole minutes, the last one as 1."""
        seconds = (self.ends_at - (now or timezone.now())).total_seconds()
        return max(0, -int(-seconds // 60))


def purposes_of(person: Visitor) -> list[StaffAccess.Purpose]:
    """What this person may enter accounts for now: a permission that is taken away closes what it opened."""
    needed = {StaffAccess.Purpose.LOOK: LOOK_PERMISSION, StaffAccess.Purpose.WORK: WORK_PERMISSION}
    return [purpose for purpose, permission in needed.items() if person.is_staff and person.has_perm(permission)]


def inside(user: Visitor, account: str, *, to_work: bool = False) -> models.Q:
    """A condition: that this person is inside the account by a staff access, `account` being the path to its key.
    Whoever is not staff is inside nothing, and pays nothing for the question; nor is a session inside in which no
    second factor was used, where staff need one."""
    if not (user.is_authenticated and user.is_staff) or getattr(user, "without_factor_here", False):
        return models.Q(pk__in=[])
    accesses = StaffAccess.objects.running().of_person(user).filter(purpose__in=purposes_of(user))
    # Where there is a seat, the seat counts.
    accesses = accesses.exclude(account__memberships__user_id=user.pk)
    if to_work:
        accesses = accesses.to_work()
    if settings.STAFF_NEED_FACTOR:
        accesses = accesses.filter(person__authenticator__type__in=FACTORS)
    return models.Q(**{f"{account}__in": accesses.values("account")})
