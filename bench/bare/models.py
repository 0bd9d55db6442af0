import uuid

from django.db import models
from django.utils import timezone


class Credential(models.Model):
    digest = models.CharField(max_length=64, unique=True)


class Session(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    digest = models.CharField(max_length=64, unique=True)
    credential = models.ForeignKey(Credential, models.CASCADE, db_index=False)
    created_at = models.DateTimeField(default=timezone.now)
