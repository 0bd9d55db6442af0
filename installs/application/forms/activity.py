"""How the Activity tab is narrowed: by what it is about, by words, by installation."""

from uuid import UUID

from django.db.models import Q
from django_filters import CharFilter, ChoiceFilter, FilterSet, UUIDFilter

from linnapp import credentials
from linnapp.models import TimelineEntry
from linnapp.models.timeline import TimelineEntryQuerySet
from linnapp.timeline import Kind, Side

ABOUT: dict[str, tuple[Kind, ...]] = {
    "details": (
        Kind.APPLICATION_CREATED,
        Kind.APPLICATION_EDITED,
        Kind.APPLICATION_LOGO,
        Kind.APPLICATION_LISTED,
        Kind.APPLICATION_UNLISTED,
        Kind.LISTING_REQUESTED,
        Kind.LISTING_RETURNED,
        Kind.LISTING_TAKEN_BACK,
        Kind.APPLICATION_SUSPENDED,
        Kind.APPLICATION_RESUMED,
        Kind.APPLICATION_RETIRED,
        Kind.APPLICATION_DELETED,
    ),
    "versions": (Kind.MANIFEST_SAVED, Kind.VERSION_CREATED),
    "installations": (
        Kind.INSTALLED,
        Kind.AUTHORISED_AGAIN,
        Kind.VERSION_MOVED,
        Kind.UPDATED,
        Kind.WENT_BACK,
        Kind.UNINSTALLED,
        Kind.INSTALLATION_COMPLETED,
        Kind.INSTALLATION_FAILED,
        Kind.INSTALLATION_SUSPENDED,
        Kind.INSTALLATION_RESUMED,
    ),
    "postbacks": (
        Kind.POSTBACK,
        Kind.POSTBACK_ENDED,
        Kind.POSTBACK_AGAIN,
        Kind.POSTBACKS_REPLAYED,
        Kind.POSTBACK_TESTED,
        Kind.POSTBACKS_PARKED,
        Kind.POSTBACKS_RELEASED,
        Kind.POSTBACK_MODE,
    ),
    "credentials": (
        Kind.SECRET_CREATED,
        Kind.SECRET_REVEALED,
        Kind.SECRET_RETIRED,
        Kind.TOKEN_REVEALED,
        Kind.SIGNING_SECRET_REVEALED,
        Kind.SIGNING_SECRET_ROTATED,
    ),
    "exchanges": (Kind.EXCHANGES, Kind.APPLICATION_EXCHANGES),
}
CHOICES = (
    ("details", "Application"),
    ("versions", "Manifest and versions"),
    ("installations", "Installations"),
    ("postbacks", "Postbacks"),
    ("credentials", "Credentials"),
    ("exchanges", "Exchanges"),
    ("staff", "Support"),
)


class ActivityFilter(FilterSet):
    q = CharFilter(method="search")
    about = ChoiceFilter(choices=CHOICES, method="by_subject")
    installation = UUIDFilter(field_name="subject_id")

    class Meta:
        model = TimelineEntry
        fields: tuple[str, ...] = ()

    def search(self, queryset: TimelineEntryQuerySet, name: str, value: str) -> TimelineEntryQuerySet:
        """In what the developer's team is shown: names of people only where they are of the team, or a search would
        tell who works for a customer."""
        text = value.strip()
        if identifier := credentials.canonical(text):
            return queryset.about(UUID(identifier))
        of_the_team = Q(side=Side.DEVELOPER, actor_name__icontains=text)
        shown = Q(facts__account__icontains=text) | Q(facts__version__icontains=text) | Q(reason__icontains=text)
        return queryset.filter(of_the_team | shown)

    def by_subject(self, queryset: TimelineEntryQuerySet, name: str, value: str) -> TimelineEntryQuerySet:
        return queryset.filter(side=Side.STAFF) if value == "staff" else queryset.filter(kind__in=ABOUT[value])
