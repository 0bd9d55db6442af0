"""Fields of models that forms read in a way of their own."""

from typing import Any

from django.db import models

from linnapp.form_fields import OneLineField


class OneLine(models.CharField):  # type: ignore[type-arg]
    """A name. For the database it is any text."""

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"form_class": OneLineField, **options})

    def deconstruct(self) -> Any:
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.CharField", arguments, options
