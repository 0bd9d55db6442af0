"""The bare view on the server of `manage.py serve`, with the same settings: `python -m bench.bare.serve PORT`."""

import os
import sys
from typing import Any

import django
from django.apps import apps
from django.core.wsgi import get_wsgi_application
from django.db import connection
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from bench.bare import digest

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.bare.settings"


def make_tables(tokens: list[str]) -> None:
    """The tables, and a row for each permanent token that the load will send."""
    credential, session = apps.get_app_config("bare").get_models()
    with connection.schema_editor() as editor:
        editor.create_model(credential)
        editor.create_model(session)
    credential._default_manager.bulk_create(credential(digest=digest(token)) for token in tokens)
    connection.close()


def load() -> Any:
    return get_wsgi_application()


if __name__ == "__main__":
    django.setup()
    make_tables(sys.stdin.read().split())
    Server(
        "bench.bare.urls",
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.WSGI,
        workers=int(os.environ["WEB_WORKERS"]),
        blocking_threads=1,
        websockets=False,
        log_level=LogLevels.warning,
    ).serve(target_loader=load, wrap_loader=False)
