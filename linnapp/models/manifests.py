import uuid

from django.db import models

from linnapp.manifest import HOST
from linnapp.models.applications import Application


class Module(models.Model):
    """One module of an application's saved manifest. `key` is the same in every snapshot, whatever is renamed."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="modules")
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    position = models.PositiveIntegerField()
    group = models.CharField(max_length=200, blank=True)
    name = models.CharField("module name", max_length=200, blank=True)
    formatted_name = models.CharField(max_length=200, blank=True)
    type = models.CharField(max_length=60)
    path = models.TextField(blank=True, help_text="Deprecated.")
    extra = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("application", "position")
        constraints = (models.UniqueConstraint(fields=("application", "key"), name="module_key_once_in_application"),)

    def __str__(self) -> str:
        """Not by its names: they are for the team alone, and the admin writes this everywhere."""
        return self.type or HOST


class Parameter(models.Model):
    module = models.ForeignKey(Module, models.CASCADE, related_name="parameters")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    # Any JSON: numbers and booleans arrive both plain and as strings, and are handed back as they came.
    value = models.JSONField(null=True, blank=True)
    extra = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("module", "position")

    def __str__(self) -> str:
        return self.name
