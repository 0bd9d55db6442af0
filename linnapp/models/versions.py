from typing import Any, ClassVar, Self

from django.db import models
from django.db.models.functions import RowNumber
from django.db.models.lookups import GreaterThan, LessThan
from django.utils import timezone

from linnapp.manifest import Manifest, from_snapshot, postback_url
from linnapp.models.applications import Application
from linnapp.models.folded import FillsFolded, FoldedField, Searched
from linnapp.models.managers import manager_of
from linnapp.models.people import Reader, User

LATEST_FIRST = (
    models.F("withdrawn_at").asc(nulls_first=True),
    *(models.F(part).desc() for part in ("major", "minor", "patch")),
)


class Numbered(models.Func):
    """The three parts of a number as one value of a row, which an index over them is asked for at once."""

    template = "(%(expressions)s)"
    arity = 3
    output_field = models.IntegerField()


class VersionQuerySet(FillsFolded["Version"]):
    def visible_to(self, user: Reader) -> Self:
        return self.filter(application__in=Application.objects.visible_to(user))

    def released(self) -> Self:
        return self.filter(kind=Version.Kind.RELEASED)

    def installable(self) -> Self:
        """Released and not withdrawn."""
        return self.released().filter(withdrawn_at=None)

    def of_application(self, application: Application) -> Self:
        return self.filter(application=application)

    def numbered(self, number: tuple[int, int, int]) -> Self:
        return self.filter(major=number[0], minor=number[1], patch=number[2])

    def below(self, number: tuple[int, int, int]) -> Self:
        """Released under a lower number."""
        return self._beside(number, LessThan)

    def above(self, number: tuple[Any, Any, Any]) -> Self:
        """Released under a higher number; its parts may be references to an outer query."""
        return self._beside(number, GreaterThan)

    def _beside(self, number: tuple[Any, Any, Any], side: type[GreaterThan | LessThan]) -> Self:
        parts = (part if hasattr(part, "resolve_expression") else models.Value(part) for part in number)
        return self.released().filter(side(Numbered("major", "minor", "patch"), Numbered(*parts)))

    def outdated(self) -> "list[Version]":
        """Of the versions of one application those with something better: a higher one that can be installed, or any
        where they are withdrawn themselves."""
        released = self.released().only("kind", "major", "minor", "patch", "withdrawn_at")
        versions = list(released)
        highest = max((row.numbers for row in versions if not row.withdrawn_at), default=None)
        return [row for row in versions if highest and (row.withdrawn_at or row.numbers < highest)]

    def in_use(self, installations: models.QuerySet[Any]) -> Self:
        """Those that some of these installations are on: asked version by version, for there are few of them."""
        return self.filter(models.Exists(installations.order_by().filter(version=models.OuterRef("pk"))))

    def newest_first(self) -> Self:
        return self.order_by("-major", "-minor", "-patch")

    def the_latest(self) -> "Version | None":
        """The highest number that is released and not withdrawn, which new installations get; None for none."""
        return self.installable().newest_first().first()

    def latest_first(self) -> Self:
        """Those that can be installed before withdrawn ones."""
        return self.order_by(*LATEST_FIRST)

    def latest_of_each(self) -> Self:
        """The latest of every application among these rows, one row each."""
        return self.installable().first_of_each()

    def first_of_each(self) -> Self:
        """One released row of every application among these: its latest, or a withdrawn one where all of them are."""
        place = models.Window(RowNumber(), partition_by=models.F("application_id"), order_by=LATEST_FIRST)
        return self.released().annotate(place=place).filter(place=1)

    def development(self) -> "Version":
        return self.get(kind=Version.Kind.DEVELOPMENT)


class Version(Searched):
    """A snapshot of the manifest. Released ones never change (the database refuses); the Development Version follows
    Save Manifest, and there is one of it for each application."""

    class Kind(models.TextChoices):
        DEVELOPMENT = "DEVELOPMENT", "Development Version"
        RELEASED = "RELEASED", "Released"

    application = models.ForeignKey(Application, models.CASCADE, related_name="versions")
    kind = models.CharField(max_length=20, choices=Kind)
    major = models.PositiveIntegerField(null=True, blank=True)
    minor = models.PositiveIntegerField(null=True, blank=True)
    patch = models.PositiveIntegerField(null=True, blank=True)
    snapshot = models.JSONField()
    notes = models.TextField(blank=True, max_length=10_000)
    notes_folded = FoldedField(of="notes")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[VersionQuerySet] = manager_of(VersionQuerySet)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("application",),
                condition=models.Q(kind="DEVELOPMENT"),
                name="one_development_version",
            ),
            models.UniqueConstraint(fields=("application", "major", "minor", "patch"), name="version_number_once"),
            models.CheckConstraint(
                condition=models.Q(kind="DEVELOPMENT", major=None, minor=None, patch=None)
                | models.Q(kind="RELEASED", major__isnull=False, minor__isnull=False, patch__isnull=False),
                name="released_versions_have_a_number",
            ),
        )
        indexes = (
            models.Index(
                fields=("application", "major", "minor", "patch"),
                condition=models.Q(kind="RELEASED", withdrawn_at=None),
                name="versions_installable",
            ),
        )

    def __str__(self) -> str:
        return self.label

    @property
    def is_development(self) -> bool:
        return self.kind == self.Kind.DEVELOPMENT

    @property
    def numbers(self) -> tuple[int, int, int]:
        """Numbers to compare released versions by; raises for the Development Version."""
        if self.major is None or self.minor is None or self.patch is None:
            raise ValueError("the Development Version has no number")
        return (self.major, self.minor, self.patch)

    @property
    def label(self) -> str:
        return "Development Version" if self.is_development else "{}.{}.{}".format(*self.numbers)

    def manifest(self) -> Manifest:
        """By the shape of its snapshot: no rule of today makes what was released unreadable. Read anew each time, as
        the Development Version moves."""
        return from_snapshot(self.snapshot)

    @property
    def postback_url(self) -> str:
        """With its placeholders; "" where it has none."""
        return postback_url(self.manifest()) or ""
