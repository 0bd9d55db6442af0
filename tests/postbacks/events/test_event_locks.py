"""A worker writes what deliveries came to while somebody changes the same ones: nobody waits in a circle."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.kit.inside import Inside
from tests.kit.portal import environment, prepared_postgres

pytestmark = [pytest.mark.slow, pytest.mark.postgres]
# A row that is written stays locked for a moment before the next one is.
SLOWLY = """
CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(0.1); RETURN NEW; END $$;
CREATE TRIGGER slowly BEFORE UPDATE ON installs_delivery FOR EACH ROW EXECUTE FUNCTION slowly();
"""
LAY_OUT = """
import threading, time, uuid
from datetime import timedelta
from django.db import connection
from django.utils import timezone
from installs.models import Delivery, EventType, PostbackHost
from installs.postbacks import courier, event_settings, packing, parking, records
from installs.postbacks.turns import claims
from installs.postbacks.posting import Result
from linnapp import credentials
from linnapp.actors import NOBODY
from linnapp.models import Application
courier.wake = lambda: None
URL = "https://hooks.example.com/a"
application = Application.objects.filter(retired_at=None).first()
event_settings.choose(application, url=URL, events=EventType.values, by=NOBODY)
Delivery.objects.all().delete()

def owed(state=Delivery.State.DUE):
    return Delivery.objects.create(
        kind="event", application=application, event="application.suspended", subject=uuid.uuid4(), number=1,
        payload="{}", url=URL, host="hooks.example.com", nonce=credentials.new_link_key(), state=state,
        next_attempt_at=timezone.now() if state == Delivery.State.DUE else None,
    )

def results(status):
    posts = packing.pack(claims.claim(200, events=True))
    posts.sort(key=lambda post: post.delivery_id, reverse=True)
    made = enumerate(posts)
    return [Result(post, timezone.now(), 1, status, {}, "5xx", f"Answered {n}.", "", "") for n, post in made]
"""
RACE = """
ended = []

def run(act, after):
    time.sleep(after)
    try:
        act()
        ended.append("well")
    except Exception as fault:
        ended.append(str(fault))
    finally:
        connection.close()

acts = [(lambda: records.write(came), 0), (lambda: OTHER, 0.05)]
threads = [threading.Thread(target=run, args=act) for act in acts]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(ended, Delivery.objects.filter(claimed_until__isnull=False).count())
"""
FAIL = "for _ in range(6): owed()\ncame = results(500)\n"
KNOWN = "PostbackHost.objects.create(application=application, host='hooks.example.com', kind='event')\n"
PARKED = """
host = PostbackHost.objects.create(
    application=application, host="hooks.example.com", kind="event", failing_since=timezone.now() - timedelta(days=9),
    parked_at=timezone.now(), next_trial_at=timezone.now(),
)
for _ in range(3):
    owed(Delivery.State.HELD)
came = results(200)
"""
MOVED = 'event_settings.choose(application, url="https://other.example.com/b", events=EventType.values, by=NOBODY)'
CLEARED = 'event_settings.choose(application, url="", events=[], by=NOBODY)'
RACES = {
    "another URL while attempts fail": (KNOWN + FAIL, MOVED),
    "another URL at the first failure of a host": (FAIL, MOVED),
    "no URL while attempts fail": (KNOWN + FAIL, CLEARED),
    "another URL while a host is released": ("for _ in range(3): owed()\n" + PARKED, MOVED),
}


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory, prepared_state: Path) -> Iterator[Inside]:
    state = shutil.copytree(prepared_state, tmp_path_factory.mktemp("locks") / "state")
    with prepared_postgres("demo") as url:
        with psycopg.connect(url, autocommit=True) as database:
            database.execute(SLOWLY)
        with closing(Inside(environment(state, DEMO="true", DATABASE_URL=url))) as asked:
            yield asked


@pytest.mark.parametrize("race", RACES)
def test_nobody_waits_in_a_circle(inside: Inside, race: str) -> None:
    before, other = RACES[race]
    inside.ask("from installs.models import PostbackHost; PostbackHost.objects.all().delete()")
    assert inside.ask(LAY_OUT + before + RACE.replace("OTHER", other)) == "['well', 'well'] 0\n"
