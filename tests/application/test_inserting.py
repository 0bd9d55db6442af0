"""Rows that are written together stand as `bulk_create` would have written them."""

from uuid import uuid4

import pytest
from django.utils import timezone

from linnapp.models import TimelineEntry
from linnapp.models.inserting import prepared, prepared_of

pytestmark = pytest.mark.django_db
FIELDS = [field.attname for field in TimelineEntry._meta.concrete_fields if not field.primary_key]


def entry(number: int, **values: object) -> TimelineEntry:
    side = TimelineEntry.Side.STAFF
    facts = {"number": number, "name": "100% “%s”", "nothing": None, "list": [1.5, True]}
    return TimelineEntry(kind=f"KIND{number}", side=side, facts=facts, at=timezone.now(), **values)


def test_each_value_is_read_as_it_was_given() -> None:
    rows = [entry(1, subject_id=uuid4(), actor_id=7, reason="two\nlines"), entry(2)]
    prepared_of(TimelineEntry, rows).insert()
    TimelineEntry.objects.bulk_create(rows)
    read = list(TimelineEntry.objects.order_by("pk").values_list(*FIELDS))
    assert read[:2] == read[2:] == [tuple(getattr(row, name) for name in FIELDS) for row in rows]


def test_many_are_written_in_their_order_and_none_is_nothing() -> None:
    prepared_of(TimelineEntry, (entry(number) for number in range(1003))).insert()
    prepared(TimelineEntry, [], ["kind"]).insert()
    kinds = TimelineEntry.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == [f"KIND{number}" for number in range(1003)]
