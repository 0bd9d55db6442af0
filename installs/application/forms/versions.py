"""Forms of the Versions tab: its filters, and the number and notes of a new version."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django_filters import CharFilter, ChoiceFilter, FilterSet

from installs.models import Installation
from linnapp.form_fields import WrittenField
from linnapp.models import Version
from linnapp.models.versions import VersionQuerySet
from linnapp.services.versions import Number, too_low

NUMBER = re.compile(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})", re.ASCII)
MOST_NOTES = Version._meta.get_field("notes").max_length
USES = (("installed", "Installed"), ("unused", "Not installed"))


class VersionFilter(FilterSet):
    q = CharFilter(method="search")
    use = ChoiceFilter(choices=USES, method="by_use")

    class Meta:
        model = Version
        fields: tuple[str, ...] = ()

    def search(self, queryset: VersionQuerySet, name: str, value: str) -> VersionQuerySet:
        found = NUMBER.fullmatch(value.strip())
        if found:
            return queryset.numbered(number_of(found))
        return queryset.filter(notes_folded__has=value)

    def by_use(self, queryset: VersionQuerySet, name: str, value: str) -> VersionQuerySet:
        used = queryset.in_use(Installation.objects.live())
        return used if value == "installed" else queryset.exclude(pk__in=used.values("pk"))


def number_of(found: re.Match[str]) -> Number:
    major, minor, patch = (int(part) for part in found.groups())
    return (major, minor, patch)


def why(suggested: str, newest: Version | None) -> str:
    """Why this number is suggested."""
    if newest is None:
        return f"{suggested} is the usual first number. Numbers only go up and are never reused."
    what = "which was withdrawn" if newest.withdrawn_at else "the newest version"
    return (
        f"{suggested} is the next minor number after {newest.label}, {what}. "
        "You can type a higher one. Numbers only go up and are never reused."
    )


class NumberField(forms.CharField):
    """A version number; its cleaned value is three numbers to compare by."""

    def clean(self, value: str) -> Number:
        text = super().clean(value)
        found = NUMBER.fullmatch(text.removeprefix("v"))
        if not found:
            raise ValidationError(f"“{text}” is not a version number. Write major.minor.patch, such as 1.2.0.")
        return number_of(found)


class NotesForm(forms.Form):
    """Step 2. `newest` is the version that the number must pass, None for the first one."""

    number = NumberField(max_length=24, error_messages={"required": "Give the version a number, such as 1.2.0."})
    notes = WrittenField(
        rows=6,
        required=False,
        max_length=MOST_NOTES,
        help_text="What is new for the accounts that install it. They read this before they update.",
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, newest: Version | None, suggested: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.newest = newest
        self.fields["number"].help_text = why(suggested, newest)

    def clean_number(self) -> Number:
        number: Number = self.cleaned_data["number"]
        if self.newest and number <= self.newest.numbers:
            raise ValidationError(too_low(self.newest))
        return number


class ReleaseForm(forms.Form):
    """Step 3: what was shown is what is released. Whether the number still passes is the service's question."""

    number = NumberField(max_length=24, widget=forms.HiddenInput)
    notes = WrittenField(rows=6, required=False, max_length=MOST_NOTES, widget=forms.HiddenInput)
    revision = forms.IntegerField(widget=forms.HiddenInput)
