"""Ending a secret, ending an application."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from installs.rotation import ENDS
from linnapp.models import Application
from linnapp.words import span_in_words

AFTER = (*((key, f"In {span_in_words(span)}") for key, span in ENDS.items() if span), ("now", "Now"))


class RetireSecretForm(forms.Form):
    after = forms.ChoiceField(
        label="When does it end?",
        choices=AFTER,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose when it ends.", "invalid_choice": "Choose one of the three moments."},
    )

    def clean_after(self) -> Any:
        return ENDS[self.cleaned_data["after"]]


class RemoveApplicationForm(forms.Form):
    name = forms.CharField(
        label="Type its name to confirm",
        error_messages={"required": "Type the name of the application to confirm."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, application: Application, **options: Any) -> None:
        super().__init__(*args, **options)
        self.application = application

    def clean_name(self) -> str:
        typed: str = self.cleaned_data["name"]
        if typed != self.application.name:
            raise ValidationError(f"The name is “{self.application.name}”. Type it exactly as it stands here.")
        return typed
