"""Ending a secret, ending an application."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from linnapp import names
from linnapp.endings import ending_field
from linnapp.models import Application


class RetireSecretForm(forms.Form):
    after = ending_field("When does it end?")


class RemoveApplicationForm(forms.Form):
    name = forms.CharField(
        label="To confirm, type its name",
        error_messages={"required": "Type the name of the application to confirm."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, application: Application, **options: Any) -> None:
        super().__init__(*args, **options)
        self.application = application

    def clean_name(self) -> str:
        typed: str = self.cleaned_data["name"]
        if names.as_line(typed.strip(names.BEGIN + names.END)) != self.application.name:
            raise ValidationError(f"The name is “{self.application}”. Type it exactly like that.")
        return typed
