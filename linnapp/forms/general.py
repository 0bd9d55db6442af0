"""The forms of the General tab."""

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from linnapp.form_fields import ContactField, LogoField, MeanwhileForm, NameField, TextField
from linnapp.models import Application
from linnapp.services.applications import EDITABLE

MOST_TRACKING_BYTES = 2048


class DetailsForm(MeanwhileForm, forms.Form):
    """Name and texts of an application."""

    name = NameField(label="Name", help_text="People who install the application see it.", show_hidden_initial=True)
    summary = TextField(rows=3, label="Summary", help_text="Only your team sees this.")
    description = TextField(
        rows=5,
        label="Description",
        help_text="People who install the application see it, and so does everybody in the store.",
    )
    support_contact = ContactField(
        label="Support contact",
        show_hidden_initial=True,
        help_text="An e-mail address or a web page where installers get help.",
    )

    def __init__(self, sent: QueryDict | None = None, *, application: Application) -> None:
        super().__init__(sent, initial={name: getattr(application, name) for name in EDITABLE})

    def values(self) -> dict[str, str]:
        """Only what was sent: a field that is missing from the request is not a wish to empty it."""
        return {name: value for name, value in self.cleaned_data.items() if self.add_prefix(name) in self.data}


class LogoForm(forms.Form):
    logo = LogoField(
        label="Choose a picture",
        help_text="PNG, JPEG or WebP<span data-without-script>, exactly 140 x 140, at most 1 MB</span>"
        "<span data-needs-script> of any size: you crop it to 140 x 140 here</span>.",
    )


class TrackingForm(forms.Form):
    tracking = forms.CharField(
        label="Add tracking",
        required=False,
        help_text="Sent back to you in the postback of each installation made through this link. "
        "It can be your own id for the customer.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-tracking": ""}),
    )

    def clean_tracking(self) -> str:
        text: str = self.cleaned_data["tracking"]
        if len(text.encode()) > MOST_TRACKING_BYTES:
            raise ValidationError("Tracking is at most 2 kB. Put a shorter id here, and keep the rest on your side.")
        return text
