"""What a developer writes about an application."""

from typing import Any, NamedTuple

import django_filters
from django import forms

from linnapp.form_fields import NameField
from linnapp.models import Application, Version
from linnapp.models.applications import ApplicationQuerySet

Type = Application.Type
# Until its first version an application that could be live is a draft.
DRAFT = "DRAFT"
STATES = [(DRAFT, "Draft"), *Application.State.choices]


class Advice(NamedTuple):
    choose: str
    prefills: str


ADVICE = {
    Type.SYSTEM: Advice(
        "Choose this if your own system calls the API: an ERP, a warehouse, a connector. "
        "If you are not sure, keep this one.",
        "Starts with one External Application module, ready to use.",
    ),
    Type.CHANNEL: Advice(
        "Choose this if you add a sales channel: its orders come in, stock and prices go out.",
        "Starts with one Channel Integration module. You fill in its endpoints.",
    ),
    Type.SHIPPING: Advice(
        "Choose this if you add a courier or a label service.",
        "Starts with one Shipping Integration module. You fill in its endpoints.",
    ),
    Type.EMBEDDED: Advice(
        "Choose this if your own page opens inside the platform.",
        "Starts with one External User Interface module. You fill in its URL.",
    ),
}


class NewApplicationForm(forms.Form):
    name = NameField(
        label="Name",
        help_text="Customers see it when they install the application. You can change it later.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    type = forms.ChoiceField(
        label="Application Type",
        choices=Type.choices,
        initial=Type.SYSTEM,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the four types.", "invalid_choice": "Choose one of the four types."},
    )

    def type_rows(self) -> list[tuple[Any, Advice]]:
        """Each radio button with what to say about it."""
        return [(radio, ADVICE[Type(radio.data["value"])]) for radio in self["type"]]


class ApplicationFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="search", label="Search")
    type = django_filters.ChoiceFilter(choices=Type.choices)
    state = django_filters.ChoiceFilter(choices=STATES, method="of_state")

    class Meta:
        model = Application
        fields: tuple[str, ...] = ()

    def search(self, queryset: ApplicationQuerySet, name: str, value: str) -> ApplicationQuerySet:
        return queryset.matching(value)

    def of_state(self, queryset: ApplicationQuerySet, name: str, value: str) -> ApplicationQuerySet:
        released = Version.objects.released()
        if value == DRAFT:
            return queryset.in_state(Application.State.LIVE).without(released)
        found = queryset.in_state(value)
        return found.having(released) if value == Application.State.LIVE else found
