"""Two workers fold different hours of one day at once: neither takes away what the other wrote."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from installs.exchange import hour_lines, hours
from installs.exchange.hour_lines import Counted
from installs.models import AddressDay, Installation

pytestmark = pytest.mark.django_db(transaction=True)
HOURS = range(16)


def test_each_hour_of_a_day_stays(installation: Installation) -> None:
    midnight = datetime.combine(timezone.now().date() - timedelta(days=1), datetime.min.time(), UTC)
    together = threading.Barrier(4)

    def fold(hour: int) -> None:
        at = midnight + timedelta(hours=hour)
        counted = Counted(installation.pk, Counter({1: 1}), Counter({"192.0.2.1": hour + 1}), at, at)
        try:
            together.wait(60)
            with transaction.atomic():
                hour_lines.write(at, [counted])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(fold, HOURS))
    assert AddressDay.objects.get().hours == {f"{hour:02}": {"192.0.2.0/24": hour + 1} for hour in HOURS}


def test_last_use_is_written_for_one_that_an_exchange_holds_too(installation: Installation) -> None:
    """Together with others it is passed by, and then waited for by itself."""
    now, held = timezone.now(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            list(Installation.objects.select_for_update().filter(pk=installation.pk))
            held.set()
            threading.Event().wait(0.1)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(hold)
        held.wait(60)
        hours._mark_used({installation.pk: hours.Seen(None, now)})
        holder.result()
    installation.refresh_from_db()
    assert (installation.first_exchange_at, installation.last_used_at) == (None, now)
