import uuid
from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone

from linnapp import credentials
from linnapp.models.access import inside
from linnapp.models.fields import OneLine
from linnapp.models.folded import FillsFolded, FoldedField, Searched
from linnapp.models.managers import manager_of
from linnapp.models.named import Named
from linnapp.models.people import EDITING_ROLES, Account, Reader, User, has_seat
from linnapp.models.traces import OfPerson, Traces


class ApplicationQuerySet(FillsFolded["Application"]):
    def visible_to(self, user: Reader) -> Self:
        """Applications of the accounts this person is a member of, or inside of by a staff access."""
        return self.filter(has_seat(user, "account") | inside(user, "account"))

    def editable_by(self, user: Reader) -> Self:
        """Those this person may change, staff by an access to work: whether the application's state still allows it is
        the service's question."""
        return self.filter(has_seat(user, "account", *EDITING_ROLES) | inside(user, "account", to_work=True))

    def developed_by(self, user: Reader) -> Self:
        """Those of the teams that this person has a seat in: who may read what opens something."""
        return self.filter(has_seat(user, "account", *EDITING_ROLES))

    def for_support(self, user: Reader) -> Self:
        """All of them, for those the support console is open to."""
        return self if user.is_authenticated and user.is_support else self.none()

    def of_account(self, slug: str) -> Self:
        return self.filter(account__slug=slug)

    def not_retired(self) -> Self:
        return self.filter(retired_at=None)

    def listed(self) -> Self:
        return self.filter(listing=Application.Listing.LISTED)

    def in_state(self, state: str) -> Self:
        """As the property `state` tells: retired before suspended."""
        if state == Application.State.RETIRED:
            return self.exclude(retired_at=None)
        with_account = models.Q(account__suspended_by_staff_at__isnull=False)
        stopped = models.Q(suspended_by_staff_at__isnull=False) | with_account
        return self.not_retired().filter(stopped if state == Application.State.SUSPENDED else ~stopped)

    def having(self, versions: "models.QuerySet[Any]") -> Self:
        """Those that have one of these versions."""
        return self.filter(models.Exists(versions.order_by().filter(application=models.OuterRef("pk"))))

    def without(self, versions: "models.QuerySet[Any]") -> Self:
        return self.filter(~models.Exists(versions.order_by().filter(application=models.OuterRef("pk"))))

    def matching(self, text: str) -> Self:
        """Found by a part of the name, or by the Application ID in any of its spellings."""
        wanted = models.Q(name_folded__has=text)
        if spelled := credentials.canonical(text):
            wanted |= models.Q(pk=uuid.UUID(spelled))
        return self.filter(wanted)

    def named_like(self, application: "Application", on: Account | None = None) -> Self:
        """Others of the same account, or of that one, that a reader would take for this one."""
        return (
            self.not_retired()
            .filter(account=on or application.account, name__iexact=application.name)
            .exclude(pk=application.pk)
        )


class Application(Named, Searched):
    """What a developer registers. The primary key is the Application ID."""

    class Type(models.TextChoices):
        SYSTEM = "SYSTEM", "System Integration"
        CHANNEL = "CHANNEL", "Channel Integration"
        SHIPPING = "SHIPPING", "Shipping Integration"
        EMBEDDED = "EMBEDDED", "Embedded Application"

    class Listing(models.TextChoices):
        UNLISTED = "UNLISTED", "Unlisted"
        IN_REVIEW = "IN_REVIEW", "In review"
        RETURNED = "RETURNED", "Returned"
        LISTED = "LISTED", "Listed"

    class State(models.TextChoices):
        LIVE = "LIVE", "Live"
        SUSPENDED = "SUSPENDED", "Suspended"
        RETIRED = "RETIRED", "Retired"

    id = models.UUIDField("Application ID", primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="applications")
    name = OneLine(max_length=80)
    type = models.CharField("application type", max_length=20, choices=Type)
    summary = models.TextField(max_length=2000, blank=True, help_text="Only your team sees this.")
    description = models.TextField(
        max_length=2000, blank=True, help_text="People who install the application see it, and it is in the store."
    )
    support_contact = models.CharField(
        max_length=200, blank=True, help_text="An e-mail address or a web page where installers get help."
    )
    name_folded = FoldedField(of="name")
    description_folded = FoldedField(of="description")
    # The file's own digest is its address, so that a logo can be cached for ever.
    logo_digest = models.CharField(max_length=64, blank=True, editable=False)
    listing = models.CharField(max_length=20, choices=Listing, default=Listing.UNLISTED)
    suspended_by_staff_at = models.DateTimeField(null=True, blank=True)
    suspension_reason = models.TextField(blank=True, help_text="Read by the owner and by installers.")
    retired_at = models.DateTimeField(null=True, blank=True)
    # The manifest's part that is not a module.
    permissions = models.JSONField(default=list, blank=True)
    script_url = models.TextField(blank=True)
    manifest_extra = models.JSONField(default=dict, blank=True)
    manifest_revision = models.PositiveIntegerField(default=1)
    manifest_saved_at = models.DateTimeField(null=True, blank=True)
    manifest_saved_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    # Its name and its own texts are the account's: what stands there stays.
    traces: ClassVar[Traces] = Traces(texts=("suspension_reason",), made="suspended_by_staff_at", accounts=("account",))
    of_person: ClassVar[OfPerson] = OfPerson(
        "applications_made", "created_by", {"name": "name", "account": "account__name", "at": "created_at"}
    )
    objects: ClassVar[ApplicationQuerySet] = manager_of(ApplicationQuerySet)

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return str(self.name)

    @property
    def state(self) -> "Application.State":
        if self.retired_at:
            return self.State.RETIRED
        return self.State.SUSPENDED if self.stopped_at else self.State.LIVE

    @property
    def stopped_at(self) -> datetime | None:
        """Since when staff keep it from going on: by its own suspension, or by that of its account."""
        return self.suspended_by_staff_at or self.account.suspended_by_staff_at

    @property
    def is_verified(self) -> bool:
        return self.listing == self.Listing.LISTED


class SecretQuerySet(models.QuerySet["Secret"]):
    def live(self) -> Self:
        return self.filter(models.Q(ends_at=None) | models.Q(ends_at__gt=timezone.now()))

    def visible_to(self, user: Reader) -> Self:
        """Masked."""
        return self.filter(application__in=Application.objects.editable_by(user))

    def revealable_by(self, user: Reader) -> Self:
        """By right of a seat: staff are asked for a permission of its own, `actors.refuse_to_reveal`."""
        return self.filter(application__in=Application.objects.developed_by(user))


class Secret(models.Model):
    """An Application Secret: found by digest, shown again by decryption. At most two of an application are live."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="secrets")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    encrypted = models.TextField(editable=False)
    tail = models.CharField(max_length=4, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    ends_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[SecretQuerySet] = manager_of(SecretQuerySet)

    class Meta:
        ordering = ("created_at", "id")

    def __str__(self) -> str:
        return f"secret ending …{self.tail}"

    @property
    def is_live(self) -> bool:
        return self.ends_at is None or self.ends_at > timezone.now()

    def value(self) -> str:
        return credentials.decrypt(self.encrypted)
