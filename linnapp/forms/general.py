"""The forms of the General tab."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import EmailValidator, URLValidator
from django.http import QueryDict

from linnapp import logos
from linnapp.forms.applications import NameField, refuse_invisible
from linnapp.models import Application
from linnapp.services.applications import EDITABLE

MOST_TRACKING_BYTES = 2048
LOGO_TYPES = "image/png,image/jpeg,image/webp"
CONTACT = "Write an e-mail address, or a web address that begins with https:// or http://."


class TextField(forms.CharField):
    """Text of several lines: a browser sends its line breaks as CRLF, they are kept as LF."""

    def __init__(self, *, rows: int, **options: Any) -> None:
        super().__init__(
            required=False,
            max_length=2000,
            widget=forms.Textarea(attrs={"rows": rows}),
            show_hidden_initial=True,
            validators=[refuse_invisible],
            **options,
        )

    def to_python(self, value: Any) -> str:
        return spelled(super().to_python(value) or "")


def spelled(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def check_contact(text: str) -> None:
    """An e-mail address or a web page: consent links to it, so that no other scheme may pass."""
    checks = (EmailValidator(), URLValidator(schemes=["http", "https"]))
    if not any(_passes(check, text) for check in checks):
        raise ValidationError(CONTACT)


def _passes(check: EmailValidator | URLValidator, text: str) -> bool:
    try:
        check(text)
    except ValidationError:
        return False
    return True


class DetailsForm(forms.Form):
    """Name and texts of an application. Each field carries what it held when the form was opened, so that saving does
    not undo what somebody else wrote meanwhile."""

    name = NameField(label="Name", help_text="Shown to whoever installs the application.", show_hidden_initial=True)
    summary = TextField(rows=3, label="Summary", help_text="Only your team sees this.")
    description = TextField(
        rows=5, label="Description", help_text="Shown to whoever installs the application, and in the store."
    )
    support_contact = forms.CharField(
        label="Support contact",
        required=False,
        max_length=200,
        validators=[check_contact],
        show_hidden_initial=True,
        help_text="An e-mail address or a web page where installers get help.",
    )

    def __init__(self, sent: QueryDict | None = None, *, application: Application) -> None:
        super().__init__(sent, initial={name: getattr(application, name) for name in EDITABLE})
        self.theirs: Mapping[str, str] = {}

    def values(self) -> dict[str, str]:
        """Only what was sent: a field that is missing from the request is not a wish to empty it."""
        return {name: value for name, value in self.cleaned_data.items() if self.add_prefix(name) in self.data}

    def started_from(self) -> dict[str, str]:
        names = {name: self[name].html_initial_name for name in self.fields}
        return {name: spelled(self.data[sent]) for name, sent in names.items() if sent in self.data}

    def put_beside(self, theirs: Mapping[str, str]) -> None:
        """Shows what stands in a field now beside what was typed. Saving once more is then knowingly."""
        moved = QueryDict(mutable=True)
        moved.update(self.data)
        for name, value in theirs.items():
            moved[self[name].html_initial_name] = value
            self.add_error(name, "Somebody else changed this while you were editing. Yours is kept here, unsaved.")
        self.data, self.theirs = moved, theirs

    def conflicts(self) -> list[tuple[str, str]]:
        return [(str(self[name].label), value) for name, value in self.theirs.items()]


class LogoForm(forms.Form):
    logo = forms.FileField(
        label="Choose a picture",
        help_text="PNG, JPEG or WebP, exactly 140 x 140, at most 1 MB.",
        error_messages={"required": "Choose a picture first.", "empty": "This file is empty. Choose another one."},
        widget=forms.FileInput(attrs={"accept": LOGO_TYPES}),
    )

    def clean_logo(self) -> "UploadedFile[Any]":
        picture: UploadedFile[Any] = self.cleaned_data["logo"]
        if (picture.size or 0) > logos.MOST_BYTES:
            raise ValidationError(logos.TOO_LARGE)
        return picture


class TrackingForm(forms.Form):
    tracking = forms.CharField(
        label="Add tracking",
        required=False,
        help_text="Handed back to you with the postback of whoever installs by this link: "
        "the id you know the customer by, for instance.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-tracking": ""}),
    )

    def clean_tracking(self) -> str:
        text: str = self.cleaned_data["tracking"]
        if len(text.encode()) > MOST_TRACKING_BYTES:
            raise ValidationError("Tracking is at most 2 kB. Put a shorter id here, and keep the rest on your side.")
        return text
