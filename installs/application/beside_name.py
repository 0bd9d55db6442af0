"""What stands beside an application's name, in its head and in lists."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import OuterRef

from installs.models import Installation
from linnapp import words
from linnapp.models import Application, Version
from linnapp.models.capped import MOST_COUNTED, CountUpTo, count_up_to


@dataclass(frozen=True)
class BesideName:
    """`installations` are the live ones, counted up to MOST_COUNTED; `newest` is None where every version is withdrawn,
    and where there is none."""

    newest: Version | None
    installations: int
    all_withdrawn: bool = False

    @property
    def is_draft(self) -> bool:
        """Nothing was released yet: nobody but its own account can install it."""
        return self.newest is None and not self.all_withdrawn

    @property
    def counted(self) -> str:
        return words.counted_up_to(MOST_COUNTED, self.installations, "installation")

    @property
    def number(self) -> str:
        return self.counted.rpartition(" ")[0]


def of_each(applications: Iterable[Application]) -> dict[UUID, BesideName]:
    """For a whole page of applications: two queries, however many they are."""
    keys = [application.pk for application in applications]
    first = {row.application_id: row for row in Version.objects.filter(application__in=keys).first_of_each()}
    live = CountUpTo(Installation.objects.live().filter(application=OuterRef("pk")))
    counts = dict(Application.objects.filter(pk__in=keys).order_by().annotate(number=live).values_list("pk", "number"))
    return {key: beside_name(first.get(key), counts.get(key, 0)) for key in keys}


def of(application: Application) -> BesideName:
    """The same of one, in two statements that are sooner made."""
    first = Version.objects.of_application(application).released().latest_first().defer("snapshot", "notes").first()
    return beside_name(first, count_up_to(Installation.objects.of_application(application).live()))


def beside_name(first: Version | None, installations: int) -> BesideName:
    """`first` as of VersionQuerySet.latest_first."""
    all_withdrawn = first is not None and first.withdrawn_at is not None
    return BesideName(None if all_withdrawn else first, installations, all_withdrawn)
