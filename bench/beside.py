"""Exchange latency beside pages at full load.

    python -m bench.beside [sqlite|postgres] [SECONDS]

One client exchanges, one request after the other, while eight clients read pages, four download CSV files, or people
sign in from eight addresses. Printed, not written to a document: by hand, where the front is changed.
"""

import json
import re
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import requests

from bench.exchanges import CREDENTIALS, prepared
from bench.pages import PEOPLE, csrf, read_pages, signed_in
from tests.kit.portal import manage, serving, shell_assignments

SIGN_INS, ADDRESSES = 72, 8
Load = Callable[[str, threading.Event, int], int]


def download(url: str, enough: threading.Event, number: int) -> int:
    browser = signed_in(url, PEOPLE[0])
    applications = browser.get(url, timeout=60)
    found = re.search(r'href="([^"]+/applications/[0-9a-f-]{36}/)', applications.text)
    assert found is not None, applications.url
    address = f"{url}{found[1]}installations/?format=csv"
    count = 0
    while not enough.is_set():
        answer = browser.get(address, timeout=60)
        count += answer.status_code == 200
    return count


def sign_in(url: str, enough: threading.Event, number: int, password: str) -> int:
    headers = {"Referer": url, "X-Forwarded-For": f"203.0.113.{number}"}
    count = 0
    while not enough.is_set() and count < SIGN_INS // ADDRESSES:
        browser = requests.Session()
        key = csrf(browser.get(f"{url}/sign-in/", headers=headers, timeout=60).text)
        form = {"csrfmiddlewaretoken": key, "login": PEOPLE[number % 4], "password": password}
        count += browser.post(f"{url}/sign-in/", form, headers=headers, timeout=60).status_code == 200
    return count


def latencies(url: str, body: str, seconds: float) -> list[float]:
    """Milliseconds, of one exchange after the other."""
    taken = []
    with requests.Session() as client:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            began = time.perf_counter()
            answer = client.post(
                f"{url}/api/Auth/AuthorizeByApplication", body, headers={"Content-Type": "application/json"}, timeout=60
            )
            taken.append(1000 * (time.perf_counter() - began))
            answer.raise_for_status()
            time.sleep(0.005)
    return taken


def beside(url: str, body: str, load: Load | None, clients: int, seconds: float) -> str:
    enough = threading.Event()
    with ThreadPoolExecutor(max(clients, 1)) as pool:
        others = [pool.submit(load, url, enough, number) for number in range(clients)] if load else []
        time.sleep(1)
        taken = sorted(latencies(url, body, seconds))
        enough.set()
        count = sum(other.result() for other in others)
    return f"{median(taken):5.1f} / {taken[int(0.99 * (len(taken) - 1))]:5.1f} ({count} beside)"


def main(engine: str = "postgres", seconds: str = "10") -> None:
    # The loads run in threads beside the client that is timed: it must not wait for them.
    sys.setswitchinterval(0.0001)
    with prepared(engine) as env:
        row = json.loads(manage(env, "shell", "--verbosity", "0", "--command", CREDENTIALS))[0]
        password = shell_assignments(manage(env, "demo_env")).get("DEMO_PASSWORD") or _password(env)

        def people(url: str, enough: threading.Event, number: int) -> int:
            return sign_in(url, enough, number, password)

        loads: dict[str, tuple[Load | None, int]] = {
            "quiet": (None, 0),
            "beside 8 readers of pages": (read_pages, 8),
            "beside 4 CSV files": (download, 4),
            f"beside {SIGN_INS} sign-ins": (people, ADDRESSES),
        }
        sys.stdout.write(f"{engine}, median / p99 in ms\n")
        with serving(env | {"TRUSTED_PROXIES": "127.0.0.0/8"}, "--web") as portal:
            for name, (load, clients) in loads.items():
                figures = beside(portal.url, json.dumps(row), load, clients, float(seconds))
                sys.stdout.write(f"{name:28} {figures}\n")
                sys.stdout.flush()


def _password(env: dict[str, str]) -> str:
    command = "from django.conf import settings; print(settings.DEMO_PASSWORD)"
    return manage(env, "shell", "--verbosity", "0", "--command", command).strip()


if __name__ == "__main__":
    main(*sys.argv[1:])
