import uuid
from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from installs.models.installation_counts import UNFINISHED, CountsInstallations, Never
from linnapp import credentials
from linnapp.models import Account, Application, User, Version
from linnapp.models.folded import is_among, there_is
from linnapp.models.managers import manager_of
from linnapp.models.people import Reader
from linnapp.models.traces import OfPerson, Traces

SUSPENSIONS_OF_ACCOUNTS = ("account__suspended_by_staff_at", "application__account__suspended_by_staff_at")
SUSPENSIONS = (
    "suspended_by_account_at",
    "suspended_by_staff_at",
    "application__suspended_by_staff_at",
    *SUSPENSIONS_OF_ACCOUNTS,
)

# What support may do about one, each by a permission of its own (`installs.support.acts`).
ACTS_OF_SUPPORT = (
    ("suspend_for_support", "Can suspend installations in the support console"),
    ("resume_for_support", "Can resume installations in the support console"),
    ("end_sessions_for_support", "Can end sessions in the support console"),
    ("redeliver_for_support", "Can send an installation's postbacks again in the support console"),
    ("replay_for_support", "Can replay an application's failed postbacks in the support console"),
    ("rotate_for_support", "Can rotate permanent tokens in the support console"),
    ("end_old_token_for_support", "Can end old permanent tokens in the support console"),
    ("tell_developer_for_support", "Can write to developers from the support console"),
    ("tell_customer_for_support", "Can write to customers from the support console"),
)
USED_AT = Coalesce("last_used_at", Never())
BY_USE = USED_AT.desc()
BEGAN = models.Q(first_exchange_at__isnull=False)
OWN_SUSPENSION = models.Q(suspended_by_account_at__isnull=False) | models.Q(suspended_by_staff_at__isnull=False)
# Past it, one that never connected is told of as such.
CONNECTS_WITHIN = timedelta(hours=24)

# Why nothing came of an installation that waited for its postback's 200.
NOT_TAKEN = "No worker of the portal took the postback within 60 seconds, or the one that did was stopped."
SUSPENDED_BEFORE = "The application was suspended before its postback was sent."


class InstallationQuerySet(CountsInstallations["Installation"]):
    def visible_to(self, user: Reader) -> Self:
        """Installations on this person's accounts, and those of the applications that the accounts own."""
        mine = Account.objects.visible_to(user).values("pk")
        return self.filter(models.Q(account__in=mine) | models.Q(application__account__in=mine))

    def on_accounts_of(self, user: Reader) -> Self:
        return self.filter(account__in=Account.objects.visible_to(user).values("pk"))

    def manageable_by(self, user: Reader) -> Self:
        """Those this person may update, uninstall and read the permanent token of, as one of the installing account:
        its Owner, and on the application's own account its Developers too."""
        owned = Account.objects.owned_by(user).values("pk")
        mine = Account.objects.with_seat_of(user).values("pk")
        return self.filter(
            models.Q(account__in=owned) | models.Q(account__in=mine, application__account=models.F("account"))
        )

    def for_support(self, user: Reader) -> Self:
        """All of them, for those the support console is open to."""
        return self if user.is_authenticated and user.is_support else self.none()

    def on_account(self, slug: str) -> Self:
        return self.filter(account__slug=slug)

    def of_either_side(self, account: Account) -> Self:
        """On the account, and those of its applications wherever they are."""
        return self.filter(models.Q(account=account) | models.Q(application__account=account))

    def with_its_facts(self) -> Self:
        """With what every page about an installation names: application and publisher, account, version."""
        return self.select_related("application__account", "account", "version")

    def of_own_applications(self) -> Self:
        """Those on the account that makes the application."""
        return self.filter(application__account=models.F("account"))

    def live(self) -> Self:
        """Active, or waiting for the postback's 200 and in time: those whose permanent token is exchanged."""
        in_time = models.Q(state=Installation.State.PENDING, waits_until__gt=timezone.now())
        return self.filter(in_time | models.Q(state=Installation.State.ACTIVE))

    def waiting(self) -> Self:
        """For the postback's 200, in time, and not suspended by anybody."""
        waiting = self.filter(state=Installation.State.PENDING, waits_until__gt=timezone.now())
        return waiting.filter(**dict.fromkeys(SUSPENSIONS))

    def lapsed(self) -> Self:
        """Nothing came of them in time: they read as failed, and nobody wrote it down yet."""
        return self.filter(state=Installation.State.PENDING, waits_until__lte=timezone.now())

    def failed(self) -> Self:
        in_time = models.Q(state=Installation.State.PENDING, waits_until__gt=timezone.now())
        return self.filter(~in_time, state__in=UNFINISHED)

    def active(self) -> Self:
        """Active, and not suspended by anybody: exchanges are answered."""
        unhindered = dict.fromkeys((*SUSPENSIONS, "application__retired_at"))
        return self.filter(state=Installation.State.ACTIVE, **unhindered)

    def of_application(self, application: Application) -> Self:
        return self.filter(application=application)

    def suspended(self) -> Self:
        """Live, but suspended by somebody: nothing is exchanged."""
        stands = models.Q(*((f"{fact}__isnull", False) for fact in SUSPENSIONS), _connector=models.Q.OR)
        return self.live().filter(stands)

    def on_released_versions(self) -> Self:
        return self.filter(version__kind=Version.Kind.RELEASED)

    def uninstalled(self) -> Self:
        return self.filter(state=Installation.State.UNINSTALLED)

    def shown_as(self, state: str) -> Self:
        """Those whose `shown_state` is this."""
        states = {"active": self.active, "suspended": self.suspended, "uninstalled": self.uninstalled}
        return (states | {"pending": self.waiting, "failed": self.failed})[state]()

    def by_account_name(self) -> Self:
        return self.order_by("account__name", "pk")

    def matching(self, text: str) -> Self:
        """Those whose application, or its publisher, has this text in its name."""
        makers = is_among("application__account", Account.objects.filter(name_folded__has=text))
        return self.filter(makers | models.Q(application__name_folded__has=text))

    def with_used_at(self) -> Self:
        """With `used_at` to sort by: the last use, and for what was never used a moment before every other."""
        return self.annotate(used_at=USED_AT)

    def never_connected(self) -> Self:
        return self.live().filter(first_exchange_at=None)

    def silent(self) -> Self:
        """Those that have never connected, a day after they were installed: none of them waits for a postback's 200
        any more."""
        long_ago = timezone.now() - CONNECTS_WITHIN
        return self.filter(state=Installation.State.ACTIVE, first_exchange_at=None, installed_at__lt=long_ago)

    def behind(self) -> Self:
        """Live, on a released version below the latest, or on a withdrawn one where any other is left."""
        beside = Version.objects.installable().filter(application=models.OuterRef("application"))
        above = beside.above((models.OuterRef("major"), models.OuterRef("minor"), models.OuterRef("patch")))
        better = models.Q(there_is(above)) | models.Q(withdrawn_at__isnull=False) & models.Q(there_is(beside))
        # Row by row: joined, PostgreSQL reads all versions of all applications for an account's few.
        return self.live().filter(there_is(Version.objects.released().filter(better, pk=models.OuterRef("version"))))

    def behind_in(self, application: Application) -> Self:
        """Those behind, of one application: by the keys of its versions, and not row by row."""
        return self.live().filter(version__in=Version.objects.of_application(application).outdated())

    def with_update_available(self) -> Self:
        """Those behind whose account may update: active, suspended or not, where neither account is."""
        unhindered = dict.fromkeys(("application__retired_at", *SUSPENSIONS_OF_ACCOUNTS))
        return self.behind().filter(state=Installation.State.ACTIVE, **unhindered)

    def rotated(self) -> Self:
        """Those with two permanent tokens that work: one takes the place of the other."""
        replacing = PermanentToken.objects.replacing().filter(installation=models.OuterRef("pk"))
        return self.filter(models.Exists(replacing))

    def on_version(self, version: Version) -> Self:
        return self.filter(version=version)

    def moved_lately(self) -> Self:
        """Those that moved to another version, the last first."""
        return self.filter(moved_at__isnull=False).order_by("-moved_at", "pk")


class Installation(models.Model):
    """One application on one account, on one version."""

    class State(models.TextChoices):
        PENDING = "PENDING", "Waiting"
        ACTIVE = "ACTIVE", "Active"
        UNINSTALLED = "UNINSTALLED", "Uninstalled"
        FAILED = "FAILED", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(Application, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    version = models.ForeignKey(Version, models.PROTECT, related_name="+")
    # What it was updated from, to go back to for a while.
    previous_version = models.ForeignKey(Version, models.SET_NULL, null=True, blank=True, related_name="+")
    moved_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=20, choices=State, default=State.ACTIVE)
    installed_at = models.DateTimeField(default=timezone.now)
    # The consent form that it was last authorised by: sent twice, it counts once.
    consent = models.CharField(max_length=64, blank=True, editable=False)
    installed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    suspended_by_account_at = models.DateTimeField(null=True, blank=True)
    suspended_by_staff_at = models.DateTimeField(null=True, blank=True)
    suspension_reason = models.TextField(blank=True, help_text="Read by the customer and by the developer.")
    uninstalled_at = models.DateTimeField(null=True, blank=True)
    # While pending: past this moment it reads as failed, with a worker or without one. Its permanent token ends then.
    waits_until = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    failure = models.TextField(blank=True)
    # Folded from sessions each minute.
    first_exchange_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    traces: ClassVar[Traces] = Traces(
        texts=("suspension_reason", "failure"), made="suspended_by_staff_at", accounts=("account",)
    )
    of_person: ClassVar[OfPerson] = OfPerson(
        "installations_made",
        "installed_by",
        {
            "application": "application__name",
            "account": "account__name",
            "at": "installed_at",
            "state": "state",
        },
    )
    objects: ClassVar[InstallationQuerySet] = manager_of(InstallationQuerySet)

    class Meta:
        permissions = ACTS_OF_SUPPORT
        constraints = (
            models.UniqueConstraint(
                fields=("application", "account"),
                condition=models.Q(state__in=("PENDING", "ACTIVE")),
                name="one_live_installation_for_application_and_account",
            ),
        )
        indexes = (
            models.Index(fields=("-installed_at", "id"), name="installation_newest"),
            models.Index(fields=("application", "-installed_at"), name="installations_by_application"),
            models.Index(fields=("account", "-installed_at"), name="installations_by_account"),
            # In place of the rows themselves, where they are counted.
            models.Index(fields=("application", "version", "state", "waits_until"), name="installations_by_version"),
            models.Index("application", BY_USE, models.F("id").desc(), name="installations_by_use"),
            models.Index(fields=("application", "first_exchange_at"), condition=BEGAN, name="installations_connected"),
            models.Index(
                fields=("application", "uninstalled_at"),
                condition=models.Q(uninstalled_at__isnull=False),
                name="installations_ended",
            ),
            models.Index(
                fields=("application", "-moved_at", "id"),
                condition=models.Q(moved_at__isnull=False),
                name="installations_moved",
            ),
            # Few of many: nothing came of them, or they are suspended by one side.
            models.Index(
                fields=("application", "-installed_at"),
                condition=models.Q(state__in=("PENDING", "FAILED")),
                name="installations_unfinished",
            ),
            models.Index(
                fields=("application", "-installed_at"), condition=OWN_SUSPENSION, name="installations_stopped"
            ),
            models.Index(
                fields=("waits_until",), condition=models.Q(waits_until__isnull=False), name="installations_waiting"
            ),
            # Few of many: those that have never connected, of all and of an application.
            models.Index(
                fields=("state", "installed_at"),
                condition=models.Q(first_exchange_at__isnull=True),
                name="installations_silent",
            ),
            # With all that is asked of these: they are counted by version, and SQLite looks at a column without a
            # value as at any other.
            models.Index(
                fields=("application", "-installed_at", "-id", "version", "state", "waits_until", "first_exchange_at"),
                condition=models.Q(first_exchange_at__isnull=True),
                name="installations_not_connected",
            ),
        )

    def __str__(self) -> str:
        return f"{self.application} on {self.account}"

    @property
    def is_pending(self) -> bool:
        return self.state == self.State.PENDING and self.waits_until is not None and self.waits_until > timezone.now()

    @property
    def is_live(self) -> bool:
        return self.state == self.State.ACTIVE or self.is_pending

    @property
    def is_silent(self) -> bool:
        """Whether it has never connected, a day after it was installed."""
        is_new = self.installed_at >= timezone.now() - CONNECTS_WITHIN
        return self.state == self.State.ACTIVE and self.first_exchange_at is None and not is_new

    @property
    def has_failed(self) -> bool:
        """The postback it waited for did not come to a 200, or no worker took it in time."""
        return self.state == self.State.FAILED or (self.state == self.State.PENDING and not self.is_pending)

    @property
    def is_suspended(self) -> bool:
        own = self.suspended_by_account_at or self.suspended_by_staff_at
        return self.is_live and bool(own or self.account.suspended_by_staff_at or self.application.stopped_at)

    @property
    def suspended_by(self) -> str:
        """By whom, in words that follow "suspended"; empty while no suspension stands."""
        whom = {
            "by the account": self.suspended_by_account_at,
            "by staff": self.suspended_by_staff_at,
            "everywhere, by staff": self.application.suspended_by_staff_at,
            "with the whole account, by staff": self.account.suspended_by_staff_at,
        }
        if not self.is_on_own_account:
            whom["with its developer's account, by staff"] = self.application.account.suspended_by_staff_at
        return " and ".join(words for words, at in whom.items() if at) if self.is_live else ""

    @property
    def why_failed(self) -> str:
        return self.failure or self._why_lapsed

    @property
    def _why_lapsed(self) -> str:
        suspended_at = self.application.stopped_at
        if suspended_at and self.waits_until and suspended_at < self.waits_until:
            return SUSPENDED_BEFORE
        return NOT_TAKEN

    @property
    def shown_state(self) -> str:
        """The state a reader is shown: suspended while any suspension stands."""
        if self.is_suspended:
            return "suspended"
        return "failed" if self.has_failed else self.state.lower()

    @property
    def is_on_own_account(self) -> bool:
        return self.account_id == self.application.account_id


class PermanentTokenQuerySet(models.QuerySet["PermanentToken"]):
    def live(self) -> Self:
        return self.filter(models.Q(ends_at=None) | models.Q(ends_at__gt=timezone.now()))

    def end(self) -> int:
        """Ends those that live, for ever: none of them waits to take the place of another any more."""
        return self.live().update(ends_at=timezone.now(), replaces=None)

    def of_application(self, application: Application) -> Self:
        return self.filter(installation__application=application)

    def replacing(self) -> Self:
        """Those beside which the one before them still works, which is read with them."""
        before_works = models.Q(replaces__ends_at=None) | models.Q(replaces__ends_at__gt=timezone.now())
        return self.live().filter(before_works, replaces__isnull=False).select_related("replaces")

    def not_handed_over(self) -> Self:
        """Of those that replace another: neither delivered nor shown so far."""
        return self.replacing().filter(replaces__ends_at=None)

    def having_replaced(self) -> Self:
        """Those whose predecessor has ended by use or by time, which nobody wrote down yet."""
        return self.filter(replaces__ends_at__lte=timezone.now())


class PermanentToken(models.Model):
    """Given at installation, exchanged for session tokens. At most two of an installation are live."""

    installation = models.ForeignKey(Installation, models.CASCADE, related_name="permanent_tokens")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    encrypted = models.TextField(editable=False)
    tail = models.CharField(max_length=4, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True, blank=True)
    # The one before it, until that has ended and the timeline says so. The first exchange with this one ends it.
    replaces = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+", db_index=False, editable=False
    )
    # Whether it was ended by the first exchange with the one that replaces it.
    ended_by_use = models.BooleanField(default=False, editable=False)

    objects: ClassVar[PermanentTokenQuerySet] = manager_of(PermanentTokenQuerySet)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (
            # Few of many: what has ended of theirs is looked for each minute.
            models.Index(
                fields=("replaces",), condition=models.Q(replaces__isnull=False), name="permanent_tokens_replacing"
            ),
        )

    def __str__(self) -> str:
        return f"permanent token ending …{self.tail}"

    def value(self) -> str:
        return credentials.decrypt(self.encrypted)
