"""Asks a portal how it is, and waits until it says what is expected."""

import time
from collections.abc import Callable

import requests

# Not what is promised, which is five seconds: a machine that runs tests may stand still for a while.
PATIENCE = 60.0


def ready(url: str, query: str = "", **headers: str) -> requests.Response:
    return requests.get(f"{url}/readyz{query}", headers=headers, timeout=10)


def lines_of(answer: requests.Response) -> dict[str, str]:
    """What is said of each part."""
    return dict(line.split(": ", 1) for line in answer.text.splitlines()[1:])


def wait_for(condition: Callable[[], bool], words: Callable[[], str] = lambda: "") -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, words()
        time.sleep(0.1)


def wait_until_ready(url: str, query: str = "") -> None:
    wait_for(lambda: ready(url, query).status_code == 200, lambda: ready(url).text)


def wait_until_ill(url: str, part: str, words: str) -> None:
    """Until /readyz is red, and says so of this part in words that hold these."""

    def is_ill() -> bool:
        answer = ready(url)
        return answer.status_code == 503 and words in lines_of(answer)[part]

    wait_for(is_ill, lambda: ready(url).text)
