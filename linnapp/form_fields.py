"""What forms of the portal and of the admin are made of: fields that read as people write, and forms that know what
somebody else wrote meanwhile. No ORM."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import EmailValidator, URLValidator
from django.http import QueryDict
from django.utils import timezone

from linnapp import logos

# They join and shape letters; other characters of their class can make a name read as another one.
SHAPING = {"\u200c", "\u200d"}
LOGO_TYPES = "image/png,image/jpeg,image/webp"
CONTACT = "Write an e-mail address, or a web address that begins with https:// or http://."
MINUTES = "%Y-%m-%dT%H:%M%z"
# A page that is sent was opened within it.
LONGEST_OPEN = timedelta(days=30)
MEANWHILE = "Somebody else changed this while you were editing. Yours is kept here, unsaved."


def refuse_invisible(text: str) -> None:
    """Line breaks and tabs are a matter of the field; what else cannot be seen has no place in any."""
    for character in text:
        kind = unicodedata.category(character)
        if kind in {"Cc", "Cf", "Cs", "Zl", "Zp"} and character not in SHAPING | {"\n", "\t"}:
            raise ValidationError("It holds a character that cannot be seen. Type the text anew, do not paste it.")


class OneLineField(forms.CharField):
    """A name, spelled as it is read: blanks in a row are one. Mails to others carry it."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return " ".join(part for part in text.split(" ") if part)

    def validate(self, value: str) -> None:
        super().validate(value)
        if "\n" in value or "\t" in value:
            raise ValidationError("A name is one line.")
        refuse_invisible(value)


class NameField(OneLineField):
    """Of an application."""

    def __init__(self, **options: Any) -> None:
        messages = {"required": "Give the application a name.", "max_length": "Use at most 80 characters."}
        super().__init__(max_length=80, error_messages=messages, **options)


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


class ContactField(forms.CharField):
    """Where installers get help."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=200, validators=[check_contact], **options)


class LogoField(forms.FileField):
    def __init__(self, **options: Any) -> None:
        messages = {"required": "Choose a picture first.", "empty": "This file is empty. Choose another one."}
        super().__init__(
            help_text="PNG, JPEG or WebP, exactly 140 x 140, at most 1 MB.",
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
