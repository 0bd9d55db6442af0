"""Fields of models that forms read in a way of their own, and that are stored in one spelling."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from linnapp import mail_addresses, names
from linnapp.form_fields import MailAddressField, OneLineField


def check_line(text: str) -> None:
    if fault := names.fault_of_line(text):
        raise ValidationError(fault)


def check_address(text: str) -> None:
    """For commands, which ask no form."""
    try:
        mail_addresses.mailable(text)
    except mail_addresses.NotMailable as fault:
        raise ValidationError(str(fault)) from None


class OneLine(models.CharField):  # type: ignore[type-arg]
    """A name. For the database it is any text, composed."""

    default_validators = [check_line]

    def to_python(self, value: Any) -> Any:
        """Composed before it is measured: composing makes some texts longer."""
        text = super().to_python(value)
        return names.composed(text) if isinstance(text, str) else text

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return names.composed(text) if isinstance(text, str) else text

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": OneLineField, **options})

    def deconstruct(self) -> Any:
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.CharField", arguments, options


class MailAddress(models.EmailField):  # type: ignore[type-arg]
    """An address that mail can be sent to, with its domain as mail servers write it."""

    default_validators = [check_address]

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": MailAddressField, **options})

    def deconstruct(self) -> Any:
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.EmailField", arguments, options
