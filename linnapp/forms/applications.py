"""What a developer writes about an application."""

import unicodedata
from typing import Any, NamedTuple

import django_filters
from django import forms
from django.core.exceptions import ValidationError

from linnapp.models import Application
from linnapp.models.applications import ApplicationQuerySet

Type = Application.Type
# They join and shape letters; other characters of their class can make a name read as another one.
SHAPING = {"\u200c", "\u200d"}


class Advice(NamedTuple):
    choose: str
    prefills: str


ADVICE = {
    Type.SYSTEM: Advice(
        "Choose this when a system of yours calls the API: an ERP, a warehouse, a connector.",
        "Starts with one External Application module, ready as it is.",
    ),
    Type.CHANNEL: Advice(
        "Choose this when you bring a sales channel: its orders come in, stock and prices go out.",
        "Starts with one Channel Integration module; you fill in its endpoints.",
    ),
    Type.SHIPPING: Advice(
        "Choose this when you bring a courier or a label service.",
        "Starts with one Shipping Integration module; you fill in its endpoints.",
    ),
    Type.EMBEDDED: Advice(
        "Choose this when a page of yours opens inside the platform.",
        "Starts with one External User Interface module; you fill in its URL.",
    ),
}


def refuse_invisible(text: str) -> None:
    """Line breaks and tabs are a matter of the field; what else cannot be seen has no place in any."""
    for character in text:
        kind = unicodedata.category(character)
        if kind in {"Cc", "Cf", "Cs", "Zl", "Zp"} and character not in SHAPING | {"\n", "\t"}:
            raise ValidationError("It holds a character that cannot be seen. Type the text anew, do not paste it.")


class NameField(forms.CharField):
    """One line, spelled as it is read: blanks in a row are one."""

    def __init__(self, **options: Any) -> None:
        messages = {"required": "Give the application a name.", "max_length": "Use at most 80 characters."}
        super().__init__(max_length=80, error_messages=messages, **options)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return " ".join(part for part in text.split(" ") if part)

    def validate(self, value: str) -> None:
        super().validate(value)
        if "\n" in value or "\t" in value:
            raise ValidationError("A name is one line.")
        refuse_invisible(value)


class NewApplicationForm(forms.Form):
    name = NameField(
        label="Name",
        help_text="Whoever installs the application reads it. You can change it later.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    type = forms.ChoiceField(
        label="Application Type",
        choices=Type.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the four types.", "invalid_choice": "Choose one of the four types."},
    )

    def type_rows(self) -> list[tuple[Any, Advice]]:
        """Each radio button with what to say about it."""
        return [(radio, ADVICE[Type(radio.data["value"])]) for radio in self["type"]]


class ApplicationFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="search", label="Search")
    type = django_filters.ChoiceFilter(choices=Type.choices)
    state = django_filters.ChoiceFilter(choices=Application.State.choices, method="of_state")

    class Meta:
        model = Application
        fields: tuple[str, ...] = ()

    def search(self, queryset: ApplicationQuerySet, name: str, value: str) -> ApplicationQuerySet:
        return queryset.matching(value)

    def of_state(self, queryset: ApplicationQuerySet, name: str, value: str) -> ApplicationQuerySet:
        return queryset.in_state(value)
