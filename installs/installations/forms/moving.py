"""What the pages that move an installation send."""

from typing import cast

from django import forms
from django.http import QueryDict

from linnapp.models import Version


class VersionReadForm(forms.Form):
    """What was read is what is agreed to: `version` is the one the page showed."""

    version = forms.IntegerField(min_value=1, max_value=2**63 - 1)


class SwitchForm(forms.Form):
    version = forms.ModelChoiceField(
        Version.objects.none(),
        empty_label=None,
        error_messages={"invalid_choice": "You cannot choose that version. Choose one of these."},
        help_text="The Development Version changes with each Save Manifest; a released version never changes.",
    )

    def __init__(self, sent: QueryDict | None = None, *, offered: list[Version], current: Version) -> None:
        super().__init__(sent, initial={"version": current.pk})
        rows = Version.objects.filter(pk__in=[version.pk for version in offered])
        cast("forms.ModelChoiceField[Version]", self.fields["version"]).queryset = rows.newest_first()
