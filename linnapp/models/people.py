import uuid
from typing import Any, ClassVar, Self
from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, BaseUserManager, PermissionsMixin
from django.db import models, transaction
from django.db.models.expressions import RawSQL
from django.utils import timezone

from linnapp import credentials, mail_addresses
from linnapp.folding import sought
from linnapp.models.access import FACTORS, inside
from linnapp.models.fields import MailAddress, OneLine
from linnapp.models.folded import FillsFolded, FoldedField, Searched, among, there_is
from linnapp.models.managers import manager_of
from linnapp.models.named import Named
from linnapp.models.traces import OfPerson, Traces

SUPPORT_GROUP = "Support"
TIME_ZONES = ["UTC", *sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))]


DELETED = "deleted person"


class UserQuerySet(FillsFolded["User"]):
    def named(self, text: str) -> Self:
        """Those with this text in their name or e-mail address."""
        return self.filter(models.Q(name_folded__has=text) | models.Q(email_folded__has=text))


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def superusers(self) -> UserQuerySet:
        """Those who may act as one: see `may_act_as_superuser`."""
        return self.get_queryset().filter(is_superuser=True, is_active=True, is_staff=True)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=mail_addresses.spelled(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    @transaction.atomic
    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """On the command line: whoever runs the portal vouches for the address, so that no mail has to confirm it."""
        user = self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
        addresses: Any = user.emailaddress_set  # type: ignore[attr-defined]
        addresses.create(email=user.email, verified=True, primary=True)
        return user


class User(Named, Searched, AbstractBaseUser, PermissionsMixin):
    """A person. What a person may do follows from memberships in accounts, never from the person alone."""

    email = MailAddress("e-mail", unique=True)
    name = OneLine(max_length=120)
    email_folded = FoldedField(of="email")
    name_folded = FoldedField(of="name")
    time_zone = models.CharField(max_length=64, default="UTC", help_text="Times on every page are shown in this zone.")
    is_active = models.BooleanField(default=True, help_text="Somebody who is not active cannot sign in.")
    # When staff last changed that: what stands as before may have been taken back and done anew.
    switched_at = models.DateTimeField("last switched off or on", null=True, editable=False)
    # No sign-in that began before this goes on to its second factor.
    signed_out_at = models.DateTimeField("last signed out everywhere", null=True, editable=False)
    is_staff = models.BooleanField("may open the admin", default=False)
    date_joined = models.DateTimeField("joined", default=timezone.now)
    # Of a request, and of no row: no second factor was used in its session, and what was entered as staff is closed.
    without_factor_here = False
    # The row stays, without name and address: what points to it says "deleted person".
    deleted_at = models.DateTimeField("deleted", null=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    of_person: ClassVar[OfPerson] = OfPerson(
        "person",
        "pk",
        {
            "e-mail": "email",
            "name": "name",
            "time_zone": "time_zone",
            "joined": "date_joined",
            "last_signed_in": "last_login",
            "may_open_the_admin": "is_staff",
            "superuser": "is_superuser",
        },
    )
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"
        indexes = (
            models.Index(fields=("-date_joined", "-id"), name="people_newest"),
            models.Index(fields=("name", "-date_joined", "-id"), name="people_by_name"),
            # Few of many.
            models.Index(fields=("-date_joined", "-id"), condition=models.Q(is_staff=True), name="people_of_staff"),
            models.Index(
                fields=("-date_joined", "-id"), condition=models.Q(is_superuser=True), name="people_superusers"
            ),
            models.Index(
                fields=("-date_joined", "-id"),
                condition=models.Q(is_active=False, deleted_at__isnull=True),
                name="people_switched_off",
            ),
        )

    def __str__(self) -> str:
        return str(self.name or self.email)

    def get_full_name(self) -> str:
        return str(self.name)

    @property
    def is_support(self) -> bool:
        """Whether the support console is open to this person: one query for those who are staff."""
        if not (self.is_active and self.is_staff):
            return False
        return self.is_superuser or self.groups.filter(name=SUPPORT_GROUP).exists()


Reader = User | AnonymousUser


def may_act_as_superuser(reader: Reader) -> bool:
    """Whoever is switched off, or is not of the staff, has none of a superuser's rights."""
    return reader.is_superuser and reader.is_active and reader.is_staff


class AccountQuerySet(FillsFolded["Account"]):
    """Two sets of words: `visible_to` and `overseen_by` count a staff access, all others ask for a seat."""

    def visible_to(self, user: Reader) -> Self:
        """Those this person is a member of, or inside of by a staff access."""
        return self.filter(has_seat(user, "pk") | inside(user, "pk"))

    def with_seat_of(self, user: Reader) -> Self:
        """Those this person is a member of, whatever else they may look at."""
        return self.filter(has_seat(user, "pk"))

    def developed_by(self, user: Reader) -> Self:
        """Those on which this person may make applications."""
        return self.filter(has_seat(user, "pk", *EDITING_ROLES))

    def owned_by(self, user: Reader) -> Self:
        return self.filter(has_seat(user, "pk", Membership.Role.OWNER))

    def overseen_by(self, user: Reader) -> Self:
        """Those whose Owner-only pages this person may read."""
        return self.filter(has_seat(user, "pk", Membership.Role.OWNER) | inside(user, "pk"))

    def for_support(self, user: Reader) -> Self:
        """All of them, for those the support console is open to."""
        return self if user.is_authenticated and user.is_support else self.none()

    def without_owner(self) -> Self:
        """Those that nobody who can sign in owns. Asked of those that may be: that never had an Owner, or had one who
        is switched off; its last Owner leaves no account."""
        owners = Membership.objects.filter(role=Membership.Role.OWNER)
        off = owners.filter(user__in=among(User.objects.filter(is_active=False, deleted_at=None)))
        may_be = models.Q(owned_at=None) | models.Q(pk__in=among(off, "account"))
        able = owners.filter(account=models.OuterRef("pk"), user__is_active=True)
        return self.filter(may_be, ~models.Exists(able))

    def installable_by(self, user: Reader, own: uuid.UUID) -> Self:
        """Those this person may install an application of the account `own` on: those they own, and `own` itself for
        its Developers too."""
        # Those with any seat first: of an OR alone no engine makes anything but reading all accounts.
        return self.with_seat_of(user) & (self.owned_by(user) | self.developed_by(user).filter(pk=own))


class Account(Named, Searched):
    """A customer: the tenant that installs applications, and owns those that its team develops."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = OneLine("company name", max_length=120)
    slug = models.SlugField(max_length=60, unique=True, help_text="Part of the address of every page of the account.")
    contact_email = MailAddress("contact e-mail", help_text="Given to applications as the account's e-mail.")
    name_folded = FoldedField(of="name")
    slug_folded = FoldedField(of="slug")
    contact_email_folded = FoldedField(of="contact_email")
    # Whoever has none of these may be without an Owner, or without anything that was ever installed on it or of what it
    # makes: it is looked at. Those that have one are not, and are many.
    owned_at = models.DateTimeField("first had an Owner", null=True, editable=False)
    used_at = models.DateTimeField("first used", null=True, editable=False)
    suspended_by_staff_at = models.DateTimeField(null=True, blank=True)
    suspension_reason = models.TextField(blank=True, help_text="Read by the people of the account.")
    members_need_factor = models.BooleanField("members need a second factor", default=False, db_default=False)
    created_at = models.DateTimeField(default=timezone.now)
    members: "models.ManyToManyField[User, Membership]" = models.ManyToManyField(
        User, through="Membership", related_name="accounts"
    )

    traces: ClassVar[Traces] = Traces(texts=("suspension_reason",), made="suspended_by_staff_at", accounts=("pk",))
    objects: ClassVar[AccountQuerySet] = manager_of(AccountQuerySet)

    class Meta:
        ordering = ("name",)
        indexes = (
            models.Index(fields=("name", "id"), name="accounts_by_name"),
            models.Index(fields=("-created_at", "-id"), name="accounts_newest"),
            # Few of many.
            models.Index(
                fields=("name", "id"),
                condition=models.Q(suspended_by_staff_at__isnull=False),
                name="suspended_accounts_by_name",
            ),
            models.Index(fields=("name", "id"), condition=models.Q(owned_at__isnull=True), name="accounts_never_owned"),
            models.Index(fields=("name", "id"), condition=models.Q(used_at__isnull=True), name="accounts_never_used"),
        )

    def __str__(self) -> str:
        return str(self.name)

    def note_use(self) -> None:
        """Something is installed on it or of what it makes: by whoever has it locked."""
        if self.used_at is None:
            self.used_at = timezone.now()
            self.save(update_fields=["used_at"])

    def forget_use(self) -> None:
        """What was used may have been an application that is another account's from now on."""
        if self.used_at is not None:
            self.used_at = None
            self.save(update_fields=["used_at"])

    def owners(self) -> list[User]:
        """Those who can sign in: whom to ask, and to tell."""
        owners = User.objects.filter(memberships__account=self, memberships__role=Membership.Role.OWNER)
        return list(owners.filter(is_active=True).order_by("name"))


class MembershipQuerySet(models.QuerySet["Membership"]):
    def of_accounts_owned_by(self, user: Reader) -> Self:
        """Seats whose role this person may change."""
        return self.filter(account__in=Account.objects.owned_by(user).values("pk"))

    def removable_by(self, user: Reader) -> Self:
        """Those, and this person's own wherever they are: anybody may leave."""
        return self.of_accounts_owned_by(user) | self.filter(user_id=user.pk)

    def with_people(self) -> Self:
        return self.select_related("user", "account").order_by("user__name", "pk")

    def matching(self, text: str) -> Self:
        """Seats of people with this text in their name or e-mail address. Of one team: its rows are read, and not the
        index of everybody's names."""
        words = sought(text)
        named = models.Q(name_folded__contains=words) | models.Q(email_folded__contains=words)
        return self.filter(self._of(User.objects.filter(named)))

    def having_factor(self, wanted: bool) -> Self:
        having = self._of(User.objects.filter(authenticator__type__in=FACTORS))
        return self.filter(having if wanted else ~having)

    def _of(self, people: models.QuerySet[User]) -> models.Q:
        """Seats of these people, each looked up as the rows of a team come by."""
        return models.Q(there_is(people.filter(pk=models.OuterRef("user"))))

    def that_open(self) -> Self:
        """Those whose account asks for no second factor, or whose person has one."""
        return self.filter(
            models.Q(account__members_need_factor=False) | models.Q(user__authenticator__type__in=FACTORS)
        )


class Membership(models.Model):
    class Role(models.TextChoices):
        OWNER = "OWNER", "Owner"
        DEVELOPER = "DEVELOPER", "Developer"

    # As the index says it, without a parameter, by which SQLite finds no index of some rows.
    IS_DEVELOPER: ClassVar[models.Q] = models.Q(role=RawSQL("'DEVELOPER'", ()))

    account = models.ForeignKey(Account, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    created_at = models.DateTimeField(default=timezone.now)

    of_person: ClassVar[OfPerson] = OfPerson(
        "accounts", "user", {"account": "account__name", "role": "role", "since": "created_at"}
    )
    objects: ClassVar[MembershipQuerySet] = manager_of(MembershipQuerySet)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("account", "user"), name="one_membership_for_person_and_account"),
        )
        indexes = (
            # Without Owners, who nearly all are: SQLite would take it for a seat in an account too.
            models.Index(fields=("-id",), condition=models.Q(role="DEVELOPER"), name="memberships_of_developers"),
            models.Index(fields=("-created_at", "-id"), name="memberships_newest"),
        )

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()} of {self.account}"

    @property
    def is_owner(self) -> bool:
        return self.role == self.Role.OWNER


EDITING_ROLES = (Membership.Role.OWNER, Membership.Role.DEVELOPER)


def has_seat(user: Reader, account: str, *roles: str) -> models.Q:
    """A condition: that this person has a seat in the account, in one of the roles where any is named; `account` is the
    path to its key. By a list of keys and not by a join: it is combined with others. A seat in an account that asks for
    a second factor counts once there is one."""
    if not user.is_authenticated:
        return models.Q(pk__in=[])
    seats = Membership.objects.filter(user_id=user.pk).that_open()
    return models.Q(**{f"{account}__in": (seats.filter(role__in=roles) if roles else seats).values("account")})


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def managed_by(self, user: Reader) -> Self:
        return self.filter(account__in=Account.objects.owned_by(user).values("pk"))

    def open(self) -> Self:
        return self.filter(accepted_at=None, expires_at__gt=timezone.now())

    def newest_first(self) -> Self:
        return self.select_related("invited_by").order_by("-created_at", "-pk")

    def with_key(self, key: str) -> "Invitation | None":
        """The open invitation whose link holds this key."""
        return self.open().select_related("account", "invited_by").filter(key_digest=credentials.digest(key)).first()


class Invitation(models.Model):
    """A seat offered by e-mail. The link's key is kept as a digest only."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="invitations")
    email = MailAddress("e-mail")
    role = models.CharField(max_length=20, choices=Membership.Role, default=Membership.Role.DEVELOPER)
    key_digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    of_person: ClassVar[OfPerson] = OfPerson(
        "invitations_by_you",
        "invited_by",
        {
            "account": "account__name",
            "e-mail": "email",
            "role": "role",
            "at": "created_at",
            "accepted": "accepted_at",
        },
    )
    objects: ClassVar[InvitationQuerySet] = manager_of(InvitationQuerySet)

    class Meta:
        indexes = (models.Index(fields=("expires_at",), name="invitations_by_end"),)

    def __str__(self) -> str:
        return f"{self.email} to {self.account}"

    @property
    def is_over(self) -> bool:
        return self.accepted_at is not None or self.expires_at <= timezone.now()
