"""What forms of the portal and of the admin are made of: fields that read as people write, and forms that know what
somebody else wrote meanwhile. No ORM."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import URLValidator
from django.http import QueryDict
from django.utils import timezone

from linnapp import logos, mail_addresses, names

LOGO_TYPES = "image/png,image/jpeg,image/webp"
CONTACT = "Enter an e-mail address, or a web address that begins with https:// or http://."
MINUTES = "%Y-%m-%dT%H:%M%z"
# A page that is sent was opened within it.
LONGEST_OPEN = timedelta(days=30)
MEANWHILE = "Somebody else changed this while you were editing. Your version is kept here, unsaved."


def check_text(text: str) -> None:
    """Of several lines."""
    if fault := names.fault_of_text(text):
        raise ValidationError(fault)


class OneLineField(forms.CharField):
    """A name, or `what` else is one line: spelled as it is read, blanks in a row are one. Mails to others carry it."""

    def __init__(self, *, what: str = "a name", **options: Any) -> None:
        super().__init__(**options)
        self.what = what

    def to_python(self, value: Any) -> str:
        return names.as_line(super().to_python(value) or "")

    def validate(self, value: str) -> None:
        super().validate(value)
        if fault := names.fault_of_line(value, self.what):
            raise ValidationError(fault)


class NameField(OneLineField):
    """Of an application. Pages count what is left of it while it is typed."""

    def __init__(self, *, help_text: str = "", **options: Any) -> None:
        messages = {"required": "Give the application a name.", "max_length": "Use at most 80 characters."}
        told = f"{help_text} At most 80 characters.".lstrip()
        super().__init__(max_length=80, error_messages=messages, help_text=told, **options)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | {"data-counts": ""}


class WrittenField(forms.CharField):
    """Text of several lines: a browser sends its line breaks as CRLF, they are kept as LF."""

    def __init__(self, *, rows: int = 3, **options: Any) -> None:
        options.setdefault("widget", forms.Textarea(attrs={"rows": rows}))
        super().__init__(**options)

    def to_python(self, value: Any) -> str:
        return names.composed(spelled(super().to_python(value) or ""))

    def validate(self, value: str) -> None:
        super().validate(value)
        check_text(value)


class TextField(WrittenField):
    """Of an application."""

    def __init__(self, *, rows: int, **options: Any) -> None:
        super().__init__(rows=rows, required=False, max_length=2000, show_hidden_initial=True, **options)


class ReasonField(WrittenField):
    """Why somebody does something: whom it is about reads it."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "Reason")
        super().__init__(max_length=2000, error_messages={"required": "Give a reason."}, **options)


class MailAddressField(forms.EmailField):
    """An address that mail can be sent to, as it is sent there."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": mail_addresses.LONGEST} | options)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        if not text:
            return text
        try:
            return mail_addresses.mailable(text)
        except mail_addresses.NotMailable as fault:
            raise ValidationError(str(fault)) from None


def spelled(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def contact(text: str) -> str:
    """An e-mail address or a web page: consent links to it, so that no other scheme may pass."""
    try:
        URLValidator(schemes=["http", "https"])(text)
    except ValidationError:
        try:
            return mail_addresses.mailable(text)
        except mail_addresses.NotMailable as fault:
            raise ValidationError(str(fault) if "@" in text else CONTACT) from None
    return text


class ContactField(forms.CharField):
    """Where installers get help."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=200, **options)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        if fault := names.fault_of_line(text, "an address"):
            raise ValidationError(fault)
        return contact(text) if text else text


class LogoField(forms.FileField):
    def __init__(self, **options: Any) -> None:
        messages = {"required": "Choose a picture first.", "empty": "This file is empty. Choose another one."}
        options.setdefault("help_text", "PNG, JPEG or WebP, exactly 140 x 140, at most 1 MB.")
        super().__init__(
            error_messages=messages,
            widget=forms.FileInput(attrs={"accept": LOGO_TYPES}),
            **options,
        )

    def clean(self, data: Any, initial: Any = None) -> "UploadedFile[Any] | None":
        picture: UploadedFile[Any] | None = super().clean(data, initial)
        if picture and (picture.size or 0) > logos.MOST_BYTES:
            raise ValidationError(logos.TOO_LARGE)
        return picture


class MeanwhileForm(forms.BaseForm):
    """Each field with a hidden initial carries what it held when the form was opened, so that saving does not undo what
    somebody else wrote meanwhile."""

    theirs: Mapping[str, str] = {}

    def started_from(self) -> dict[str, str]:
        names = {name: self[name].html_initial_name for name in self.fields}
        return {name: spelled(self.data[sent]) for name, sent in names.items() if sent in self.data}

    def put_beside(self, theirs: Mapping[str, str]) -> None:
        """Shows what stands in a field now beside what was typed. Saving once more is then knowingly."""
        moved = QueryDict(mutable=True)
        moved.update(self.data)
        for name, value in theirs.items():
            moved[self[name].html_initial_name] = value
            self.add_error(name, MEANWHILE)
        self.data, self.theirs = moved, theirs

    def conflicts(self) -> list[tuple[str, str]]:
        return [(str(self[name].label), value) for name, value in self.theirs.items()]


class AskedField(forms.DateTimeField):
    """When the page was opened, to the minute: spans that are typed beside it are reckoned from it, so that what is
    read and what is done are the same."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False, input_formats=[MINUTES], initial=f"{timezone.now():{MINUTES}}")

    def clean(self, value: Any) -> datetime:
        now = timezone.now().replace(second=0, microsecond=0)
        try:
            # No page was opened later than now, and none is sent that was open for longer.
            return max(min(super().clean(value) or now, now), now - LONGEST_OPEN)
        except (forms.ValidationError, OverflowError):
            return now
