"""Whether whoever changes the same things at once waits in a circle: deadlocks that PostgreSQL counted, and requests
that failed.

    python -m bench.deadlocks [SECONDS]

Runs by hand. A portal with two web processes and two workers, on few applications and accounts: clients exchange, with
right and with wrong credentials, while processes beside them install, uninstall, suspend and resume installations,
applications and accounts, save manifests, edit, rotate permanent tokens, make and retire secrets, replay, and do what
the worker does each minute. Every second postback is answered 500. Ends with 1 where there was a deadlock or a 500.
"""

import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from threading import Event

import psycopg

from bench.exchanges import LIMITS
from bench.load import EXCHANGE
from tests.kit.engines import fresh_postgres_database
from tests.kit.inside import Inside
from tests.kit.portal import Portal, environment, manage, serving, started, stop
from tests.kit.receivers import Received, Reply, receiving

SECONDS, CLIENTS, ACTORS, WORKERS = 30.0, 6, 4, 2
ACCOUNTS, APPLICATIONS = 6, 3
SETTINGS = LIMITS | {"DEMO": "false", "OUTBOUND_ALLOW_HTTP": "true", "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8"}
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
# PostgreSQL tells what it counted a moment later.
COUNTED_SECONDS = 2
LAY_OUT = """
from installs.installations import lifecycle
from installs.models import EventType
from installs.postbacks import event_settings
from linnapp.actors import NOBODY
from linnapp.services import applications, people
from tests.kit.people import acting, person
from tests.kit.posting import with_postback
person("Paula", "paula@linnapp.example", is_staff=True, is_superuser=True)
customers = []
for number in range({accounts}):
    owner = person(f"Customer {{number}}", f"customer-{{number}}@example.com")
    customers.append(people.create_account(name=owner.name, owner=owner))
for number in range({applications}):
    owner = person(f"Developer {{number}}", f"developer-{{number}}@example.com")
    account = people.create_account(name=owner.name, owner=owner)
    row, _ = applications.create_application(account=account, name=f"App {{number}}", kind="SYSTEM", by=acting(owner))
    version = with_postback(row, "{url}", owner)
    event_settings.choose(row, url="{url}", events=EventType.values, by=NOBODY)
    for customer in customers[::2]:
        lifecycle.install(row, account=customer, version=version, by=acting(customer.owners()[0]))
"""
# Whatever ends a moment later: that is refused then.
CREDENTIALS = """
import json
from installs.models import PermanentToken
rows = PermanentToken.objects.filter(ends_at=None, installation__state="ACTIVE").select_related("installation")
print(json.dumps([{
    "ApplicationId": str(row.installation.application_id),
    "ApplicationSecret": secret.value(),
    "Token": row.value(),
} for row in rows if (secret := row.installation.application.secrets.filter(ends_at=None).last())]))
"""
ACT = """
import json, random, time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError
from django.utils import timezone
from installs.application import secret_ends, withdrawing
from installs.exchange import hours, records
from installs.installations import lifecycle, rotating, session_ends, suspending, suspending_accounts
from installs.models import Installation
from installs.postbacks import asking, deciding, parking
from linnapp.actors import Actor, Side
from linnapp.errors import Moved, NotPossible
from linnapp.models import Account, Application, User
from linnapp.services import applications, manifests, secrets

chance = random.Random({seed})
staff = Actor(User.objects.get(email="paula@linnapp.example"), Side.STAFF, "Hunt")
APPLICATIONS = [row.pk for row in Application.objects.not_retired()]
ACCOUNTS = [row.pk for row in Account.objects.all()]
application = lambda: Application.objects.select_related("account").get(pk=chance.choice(APPLICATIONS))
account = lambda: Account.objects.get(pk=chance.choice(ACCOUNTS))
def installation():
    rows = list(Installation.objects.live().filter(application__in=APPLICATIONS, account__in=ACCOUNTS).with_its_facts())
    return chance.choice(rows)
owner = lambda row: Actor(row.owners()[0], Side.CUSTOMER, "Hunt")
team = lambda row: Actor(row.account.owners()[0], Side.DEVELOPER, "Hunt")

def install():
    row, on = application(), account()
    versions = lifecycle.offered_versions(row, on, on.owners()[0])
    lifecycle.install(row, account=on, version=versions[0], by=owner(on))
def uninstall():
    row = installation()
    lifecycle.uninstall(row, by=owner(row.account))
def suspend():
    row = installation()
    chance.choice([suspending.suspend, suspending.resume])(row, by=owner(row.account))
def suspend_by_staff():
    row = installation()
    chance.choice([suspending.suspend_by_staff, suspending.resume_by_staff])(row, by=staff)
def suspend_application():
    row = application()
    suspending.suspend_application(row, by=staff)
    time.sleep(0.02)
    suspending.resume_application(row, by=staff)
def suspend_account():
    row = account()
    suspending_accounts.suspend_account(row, by=staff)
    time.sleep(0.02)
    suspending_accounts.resume_account(row, by=staff)
def save():
    row = application()
    saved = manifests.manifest_of(row)
    value = chance.choice(["Inventory", "Orders", "Locations", "Stock"])
    changed = replace(saved, permissions=(value,))
    manifests.save_manifest(row, changed, expected_revision=row.manifest_revision, by=team(row))
def edit():
    row = application()
    applications.edit_application(row, by=team(row), summary=str(chance.random()))
def rotate():
    row = installation()
    if rotating.rotation_of(row):
        rotating.end_old_token(row, by=owner(row.account))
    else:
        rotating.rotate(row, by=owner(row.account))
def end_sessions():
    row = installation()
    session_ends.end_sessions(row, by=owner(row.account))
def renew_secret():
    row = application()
    first = row.secrets.live().order_by("pk").first()
    secrets.create_secret(application=row, by=team(row))
    secret_ends.retire_secret(first, after=timedelta(0), by=team(row))
def replay():
    row = application()
    asking.replay(row, since=timezone.now() - timedelta(hours=1), by=team(row))
def withdraw():
    row = application()
    version = list(row.versions.installable()[:1])[0]
    withdrawing.withdraw_version(version, by=staff)
    withdrawing.take_back_withdrawal(version, by=staff)
def each_minute():
    hours.fold()
    hours.tell_timeline()
    rotating.write_down_ended()
    parking.free_stranded()
    parking.try_held()
    deciding.fail_lapsed(Installation.objects.lapsed())
    records.drop_old()

ACTS = [install, install, install, uninstall, suspend, suspend, suspend_by_staff, suspend_by_staff, suspend_application,
        suspend_account, save, save, edit, rotate, rotate, end_sessions, renew_secret, replay, withdraw, each_minute]
done, until = Counter(), time.monotonic() + {seconds}
while time.monotonic() < until:
    act = chance.choice(ACTS)
    try:
        act()
        done[act.__name__] += 1
    except DatabaseError as fault:
        done[f"{{act.__name__}} FAILED: {{str(fault).splitlines()[0]}}"] += 1
    except (NotPossible, Moved, IndexError, ObjectDoesNotExist) as refused:
        done["refused"] += 1
print(json.dumps(done))
"""


@contextmanager
def workers(env: dict[str, str]) -> Iterator[None]:
    with ExitStack() as stack:
        for number in range(WORKERS):
            log = Path(env["STATE_DIR"]) / f"worker-{number}.log"
            stack.callback(stop, started(env, log, "--worker"))
        yield


def exchanging(portal: Portal, over: Event, seed: int) -> Counter[int]:
    """What one client is answered, who takes up new credentials every few seconds; each fifth exchange is wrong."""
    chance, statuses = random.Random(seed), Counter[int]()
    while not over.is_set():
        rows = json.loads(portal.ask(CREDENTIALS))
        renewed = time.monotonic() + 2
        while rows and not over.is_set() and time.monotonic() < renewed:
            members = dict(chance.choice(rows))
            if chance.random() < 0.2:
                members["Token"] = chance.choice(rows)["ApplicationId"]
            statuses[_status(portal.port, json.dumps(members))] += 1
    return statuses


def _status(port: int, body: str) -> int:
    connection = HTTPConnection("localhost", port, timeout=60)
    try:
        connection.request("POST", EXCHANGE, body, {"Content-Type": "application/json"})
        return connection.getresponse().status
    finally:
        connection.close()


def acting(env: dict[str, str], seconds: float, seed: int) -> Counter[str]:
    with closing(Inside(env)) as inside:
        return Counter(json.loads(inside.ask(ACT.format(seed=seed, seconds=seconds))))


def deadlocks(url: str) -> int:
    time.sleep(COUNTED_SECONDS)
    with psycopg.connect(url) as database:
        row = database.execute(DEADLOCKS).fetchone()
        return int(row[0]) if row else 0


def hunt(seconds: float) -> bool:
    """Whether nothing was found."""
    asked = count()

    def every_second(received: Received) -> Reply:
        return Reply(500 if next(asked) % 2 else 200)

    with ExitStack() as stack:
        receiver = stack.enter_context(receiving(every_second))
        state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="linnapp-bench-")))
        url = stack.enter_context(fresh_postgres_database())
        env = environment(state, **SETTINGS, DATABASE_URL=url)
        manage(env, "prepare")
        with serving(env, "--web") as portal, workers(env):
            portal.ask(LAY_OUT.format(url=receiver.url, accounts=ACCOUNTS, applications=APPLICATIONS))
            before = deadlocks(url)
            over = Event()
            with ThreadPoolExecutor(CLIENTS + ACTORS) as pool:
                clients = [pool.submit(exchanging, portal, over, seed) for seed in range(CLIENTS)]
                actors = [pool.submit(acting, env, seconds, seed) for seed in range(ACTORS)]
                wait(actors)
                over.set()
                statuses = sum((client.result() for client in clients), Counter[int]())
                acts = sum((actor.result() for actor in actors), Counter[str]())
            found = deadlocks(url) - before
        logs = "".join(path.read_text(errors="replace") for path in state.glob("*.log"))
    say(f"{seconds:.0f} s: {statuses.total()} exchanges {dict(sorted(statuses.items()))}, {next(asked)} postbacks")
    for act, times in sorted(acts.items()):
        say(f"  {times:6} {act}")
    faults = logs.count("Traceback")
    say(f"deadlocks: {found}; tracebacks in the logs: {faults}")
    if faults:
        say(logs[logs.index("Traceback") :][:4000])
    return not (found or statuses[500] or any("FAILED" in act for act in acts))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(0 if hunt(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS) else 1)
