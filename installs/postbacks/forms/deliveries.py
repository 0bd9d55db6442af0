"""How postbacks are narrowed, and from which moment they are replayed."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django_filters import CharFilter, ChoiceFilter, FilterSet

from installs.models import Delivery, EventType
from installs.models.deliveries import DeliveryQuerySet
from linnapp import credentials
from linnapp.models import Application
from linnapp.words import span_in_words

STATES = (
    ("due", "Waiting"),
    ("held", "Held"),
    ("delivered", "Delivered"),
    ("failed", "Failed"),
    ("stopped", "Stopped"),
    ("exhausted", "Exhausted"),
)
KINDS = ((Delivery.Kind.POSTBACK.value, "Postbacks"), (Delivery.Kind.EVENT.value, "Events"))
SPANS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


def last_in_words(span: timedelta) -> str:
    return "Last hour" if span == timedelta(hours=1) else span_in_words(span)


TIMES = [(key, last_in_words(span)) for key, span in SPANS.items()]
# Before it there was no portal. A year far from now overflows where it is turned into UTC.
FIRST_YEAR = 2000


def events_of_kind(kind: str) -> list[tuple[str, str]]:
    """What rows of one kind are called."""
    test = Delivery.Event.TEST
    return [*EventType.choices, (test.value, test.label)] if kind == Delivery.Kind.EVENT else Delivery.Event.choices


def kind_of(event: str) -> str:
    """ "" for a test and for what is no event: neither is of one kind."""
    kinds = [kind for kind, _ in KINDS if event in dict(events_of_kind(kind))]
    return kinds[0] if len(kinds) == 1 else ""


class InstallationPostbackFilter(FilterSet):
    state = ChoiceFilter(choices=STATES, method="by_state")
    kind = ChoiceFilter(choices=KINDS)
    event = ChoiceFilter(choices=Delivery.EVENTS)
    since = ChoiceFilter(choices=TIMES, method="by_time")

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = ()

    def by_state(self, queryset: DeliveryQuerySet, name: str, value: str) -> DeliveryQuerySet:
        return queryset.in_state(value)

    def by_time(self, queryset: DeliveryQuerySet, name: str, value: str) -> DeliveryQuerySet:
        return queryset.created_since(timezone.now() - SPANS[value])


class PostbackFilter(InstallationPostbackFilter):
    q = CharFilter(method="search")
    installation = CharFilter(method="by_installation")

    def __init__(self, *args: Any, application: Application, **options: Any) -> None:
        self.application = application
        super().__init__(*args, **options)

    def search(self, queryset: DeliveryQuerySet, name: str, value: str) -> DeliveryQuerySet:
        if identifier := credentials.canonical(value):
            return queryset.with_id(UUID(identifier))
        return queryset.matching(value.strip(), self.application)

    def by_installation(self, queryset: DeliveryQuerySet, name: str, value: str) -> DeliveryQuerySet:
        identifier = credentials.canonical(value)
        return queryset.filter(installation=UUID(identifier)) if identifier else queryset


class MomentField(forms.DateTimeField):
    """A moment that is past, in the reader's time zone."""

    default_error_messages = {
        "required": "Choose a day and a time.",
        "invalid": "Choose a day and a time, such as 2026-03-01 14:30.",
    }
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def to_python(self, value: Any) -> datetime | None:
        moment = super().to_python(value)
        if moment and not FIRST_YEAR <= moment.year <= timezone.now().year + 1:
            raise ValidationError("Choose a more recent moment, in the past.")
        return moment


class SinceForm(forms.Form):
    """The page's question: since when."""

    since = MomentField(label="Since")


class ReplayForm(forms.Form):
    """The act: the moment as the page counted with it, and to which address."""

    since = MomentField(widget=forms.HiddenInput)
    to = forms.ChoiceField(
        label="To which address",
        choices=(("version", "The address each was last sent to"), ("newest", "The address of the newest version")),
        widget=forms.RadioSelect,
        initial="version",
        error_messages={"required": "Choose the address.", "invalid_choice": "Choose one of the two."},
    )
