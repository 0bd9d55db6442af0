"""People who read pages, as a load: `python -m bench.pages URL HOW_MANY`, until it is ended."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import requests

from tests.kit.portal import ROOT

PEOPLE = ("alice@northwind.example", "carol@carolscakes.example", "dave@davesdepot.example", "sam@linnapp.example")


def signed_in(url: str, person: str, password: str = "") -> requests.Session:
    """Without a password as the demo's people sign in, which is open to this machine alone, and through no proxy."""
    browser = requests.Session()
    form = {"csrfmiddlewaretoken": csrf(browser.get(f"{url}/sign-in/", timeout=60).text)}
    form |= {"login": person, "password": password} if password else {"email": person}
    page = "/sign-in/" if password else "/demo/sign-in/"
    answer = browser.post(f"{url}{page}", form, headers={"Referer": url}, timeout=60)
    answer.raise_for_status()
    assert "/sign-in/" not in answer.url, f"{person} was not signed in"
    return browser


def csrf(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def read_pages(url: str, enough: threading.Event, number: int) -> int:
    browser = signed_in(url, PEOPLE[number % 2])
    home = browser.get(url, timeout=60).url
    count = 0
    while not enough.is_set():
        count += browser.get(home, timeout=60).status_code == 200
    return count


@contextmanager
def reading_pages(url: str, how_many: int) -> Iterator[None]:
    """Beside whatever is done within, in a process of its own."""
    process = subprocess.Popen([sys.executable, "-m", "bench.pages", url, str(how_many)], cwd=ROOT)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def main(url: str, how_many: str) -> None:
    with ThreadPoolExecutor(int(how_many)) as pool:
        readers = [pool.submit(read_pages, url, threading.Event(), number) for number in range(int(how_many))]
        for reader in readers:
            reader.result()


if __name__ == "__main__":
    main(*sys.argv[1:])
