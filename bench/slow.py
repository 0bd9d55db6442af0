"""Exchanges and pages beside slow clients: 500 bodies and 500 heads that stop, and 200 readers of a CSV file of 10 MB
who take a kilobyte a second, all kept at that number for a minute.

    python -m bench.slow [sqlite|postgres] [SECONDS] [SHARE] [SETTLE]

Prints the rate of exchanges and the time of pages before and beside them. SHARE is of those numbers, 1 by default;
SETTLE the seconds until it is measured beside them.
"""

import json
import sys
import time
from statistics import median

import requests

from bench.exchanges import CREDENTIALS, forget_sessions, prepared
from bench.load import Figures, drive, posted
from tests.kit.portal import manage, serving
from tests.kit.slow import slow_clients

BODIES, HEADS, READERS = 500, 500, 200
ROWS = 60_000
# Accounts and installations of one application, until their CSV file has 10 MB.
GROW = f"""
from django.db import connection
from django.utils import timezone
from installs.models import Installation
from linnapp.models import Account
application = Installation.objects.active().filter(application__name="Stock Bridge").first().application
version = application.versions.the_latest()
accounts = Account.objects.bulk_create(
    [Account(name=f"Customer with a long enough name {{number}}", slug=f"slow-{{number}}",
             contact_email=f"owner-of-customer-{{number}}@example.com") for number in range({ROWS})], batch_size=2000)
Installation.objects.bulk_create(
    [Installation(application=application, account=account, version=version, state="ACTIVE",
                  installed_at=timezone.now()) for account in accounts], batch_size=2000)
connection.cursor().execute("ANALYZE")
print(application.pk, application.account.slug)
"""


def page_times(session: requests.Session, url: str, seconds: float) -> list[float]:
    """Milliseconds of one page after the other."""
    taken, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter()
        session.get(url, timeout=60).raise_for_status()
        taken.append(1000 * (time.perf_counter() - began))
    return taken


def both(
    env: dict[str, str], bodies: list[str], session: requests.Session, page: str, seconds: float
) -> tuple[Figures, float]:
    """Exchanges on a table of sessions that is empty, and then pages."""
    forget_sessions(env, "installs_session")
    figures = drive(int(env["PORT"]), [posted(int(env["PORT"]), body) for body in bodies], seconds)
    return figures, median(page_times(session, page, seconds))


def main(engine: str = "postgres", seconds: str = "25", share: str = "1", settle: str = "30") -> None:
    with prepared(engine) as env:
        bodies = [json.dumps(row) for row in json.loads(manage(env, "shell", "-v", "0", "-c", CREDENTIALS))]
        application, account = manage(env, "shell", "-v", "0", "-c", GROW).split()
        with serving(env) as portal, requests.Session() as session:
            sign_in(session, portal.url)
            path = f"/a/{account}/applications/{application}/installations/?format=csv"
            file = session.get(portal.url + path, timeout=300)
            sys.stdout.write(f"{engine}: the CSV file has {len(file.content) / 1e6:.1f} MB ({file.status_code})\n")
            page = f"{portal.url}/a/{account}/applications/"
            cookie = "; ".join(f"{name}={value}" for name, value in session.cookies.items())
            each = float(seconds)
            both(env, bodies, session, page, 2)
            alone, alone_page = both(env, bodies, session, page, each)
            many = {"bodies": BODIES, "heads": HEADS, "readers": READERS}
            some = {name: int(count * float(share)) for name, count in many.items()}
            with slow_clients(portal.port, **some, path=path, cookie=cookie, seconds=3 * each + 90):
                time.sleep(float(settle))
                beside, beside_page = both(env, bodies, session, page, each)
            tell("exchanges/s", alone.a_second, beside.a_second)
            tell("exchange p99, ms", alone.percentile(0.99), beside.percentile(0.99))
            tell("page, ms", alone_page, beside_page)


def sign_in(session: requests.Session, url: str) -> None:
    page = session.get(f"{url}/sign-in/", timeout=60).text
    key = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    form = {"csrfmiddlewaretoken": key, "email": "alice@northwind.example"}
    session.post(f"{url}/demo/sign-in/", form, headers={"Referer": url}, timeout=60).raise_for_status()


def tell(what: str, alone: float, beside: float) -> None:
    sys.stdout.write(f"{what:20} {alone:8.1f} -> {beside:8.1f} ({beside / alone:.2f})\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
