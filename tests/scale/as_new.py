"""Tables as a new database has them. What other tests of the run left in PostgreSQL's, pages of dead rows, entries of
indexes that are not sorted in and the figures of both, else decides which plan it prefers."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Model

from linnapp.models import commonness


@pytest.fixture
def as_new(db: None) -> Iterator[None]:
    """Has to come before the fixtures that make rows. Undone with the test's transaction, as these are. Nor is known
    what rows were expected of others."""
    commonness.forget()
    if connection.vendor == "postgresql":
        truncate()
    yield
    commonness.forget()


def truncate() -> None:
    models = apps.get_models(include_auto_created=True)
    empty = [model._meta.db_table for model in models if is_a_table(model) and not model._base_manager.exists()]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(map(connection.ops.quote_name, empty))}")


def is_a_table(model: type[Model]) -> bool:
    return model._meta.managed and not model._meta.proxy
