"""Many rows, a few at a time."""

import threading
import time
from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from linnapp import batches, supervision
from linnapp.models import KnockCount


def fill(number: int) -> None:
    over = timezone.now() - timedelta(hours=1)
    rows = (KnockCount(key=f"over-{one}", limit="resets", count=1, ends_at=over) for one in range(number))
    KnockCount.objects.bulk_create(rows)


def test_the_number_of_rows_follows_from_the_time_that_they_take() -> None:
    asked: list[int] = []

    def step(number: int) -> int:
        asked.append(number)
        # The first ones are quick; then each row takes two milliseconds.
        if len(asked) > 4:
            time.sleep(0.002 * number)
        return number if len(asked) < 8 else 0

    batches.work_off(step)
    assert asked[:5] == [5, 10, 20, 40, 80]
    assert asked[5:] == [5, 5, 5]


def test_it_ends_with_the_last_rows_and_says_how_many_there_were() -> None:
    left = [12]

    def step(number: int) -> int:
        taken = min(number, left[0])
        left[0] -= taken
        return taken

    assert batches.work_off(step) == 12


def test_it_stops_between_two_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()
    monkeypatch.setattr(supervision, "_asked", [asked])

    def step(number: int) -> int:
        asked.set()
        return number

    assert batches.work_off(step) == batches.FIRST


def test_what_was_read_is_gone_through_in_its_order() -> None:
    seen: list[int] = []
    assert batches.work_through(iter(range(33)), seen.extend) == 33
    assert seen == list(range(33))
    assert batches.work_through([], seen.extend) == 0


@pytest.mark.django_db(transaction=True)
def test_rows_are_dropped_a_few_in_each_transaction() -> None:
    fill(40)
    with CaptureQueriesContext(connection) as queries:
        assert batches.drop(KnockCount.objects.over(timezone.now()).order_by("ends_at")) == 40
    assert not KnockCount.objects.exists()
    assert [query["sql"] for query in queries].count("COMMIT") > 2


@pytest.mark.django_db
def test_a_row_that_is_not_over_any_more_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    fill(3)
    dropped = batches._dropped

    def meanwhile(over: QuerySet[KnockCount], keys: list[int]) -> int:
        KnockCount.objects.filter(key="over-1").update(ends_at=timezone.now() + timedelta(hours=1))
        return dropped(over, keys)

    monkeypatch.setattr(batches, "_dropped", meanwhile)
    batches.drop(KnockCount.objects.over(timezone.now()).order_by("pk"))
    assert [row.key for row in KnockCount.objects.all()] == ["over-1"]


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_holds_is_left_for_the_next_time() -> None:
    if not connection.features.has_select_for_update_skip_locked:
        # SQLite has one writer, and no rows that are held.
        return
    fill(3)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            KnockCount.objects.select_for_update().get(key="over-1")
            held.set()
            done.wait(10)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    batches.drop(KnockCount.objects.over(timezone.now()).order_by("pk"))
    done.set()
    holder.join()
    assert [row.key for row in KnockCount.objects.all()] == ["over-1"]


@pytest.mark.django_db
def test_of_many_rows_no_more_keys_are_read_at_once_than_a_page_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PAGE", 4)
    fill(10)

    def step(keys: Sequence[int]) -> None:
        KnockCount.objects.filter(pk__in=keys).delete()

    with CaptureQueriesContext(connection) as queries:
        assert batches.work_through_pages(KnockCount.objects.order_by("pk"), step) == 10
    pages = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]
    assert len(pages) == 3
    assert all("LIMIT 4" in sql for sql in pages)
    assert not KnockCount.objects.exists()


@pytest.mark.django_db
def test_a_page_of_rows_that_all_stay_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PAGE", 2)
    fill(3)
    seen: list[int] = []
    batches.work_through_pages(KnockCount.objects.order_by("pk"), seen.extend)
    assert len(seen) == 2
