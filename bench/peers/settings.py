"""Django for django-tasks' database worker, with the options that the portal gives its own database."""

import os
from typing import Any
from urllib.parse import urlsplit

url = urlsplit(os.environ.get("DATABASE_URL", ""))
EMBEDDED: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": os.path.join(os.environ["STATE_DIR"], "tasks.sqlite3"),
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    },
}
POSTGRESQL: dict[str, Any] = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": url.path.strip("/"),
    "USER": url.username,
    "PASSWORD": url.password,
    "HOST": url.hostname,
    "PORT": url.port,
    "OPTIONS": {"server_side_binding": True, "prepare_threshold": 1},
}
# The worker looks at its connections before each task: without this it would open a new one each time.
DATABASES = {"default": (POSTGRESQL if url.scheme else EMBEDDED) | {"CONN_MAX_AGE": None}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django_tasks", "django_tasks_db"]
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
SECRET_KEY = "bench"
USE_TZ = True
