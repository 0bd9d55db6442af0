"""Whether the time of an answer tells who has an account: sign-in, reset and sign-up for known and unknown addresses.

Runs by hand against a portal that was started with TRUSTED_PROXIES=127.0.0.0/8, so that each request may come from an
address of its own and none is throttled:

    python -m bench.known_or_unknown http://localhost:8000

It signs a hundred people up, who stay in the portal's database, and takes about five minutes. Ends with 1 where the
medians of a pair lie more than 20 % apart.
"""

import argparse
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from statistics import median
from urllib.parse import urlencode, urlsplit

MOST_APART = 0.2
# A mail to confirm an address goes once in three minutes: a second sign-up before that is less work.
CONFIRMED_AGAIN_SECONDS = 185
PASSWORD = "a long enough secret"


@dataclass
class Door:
    """One portal, and who has knocked there so far."""

    base: str
    run: str = field(default_factory=lambda: os.urandom(4).hex())
    knocks: int = 0

    def milliseconds(self, path: str, typed: dict[str, str], expected: int) -> float:
        """Of the POST alone, by a new browser from a new address."""
        self.knocks += 1
        host = urlsplit(self.base)
        kind = HTTPSConnection if host.scheme == "https" else HTTPConnection
        connection = kind(host.netloc, timeout=30)
        headers = {"X-Forwarded-For": f"10.9.{self.knocks // 250}.{self.knocks % 250}", "Referer": self.base}
        connection.request("GET", path, headers=headers)
        page = connection.getresponse()
        headers |= {"Cookie": cookies_of(page), "Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(typed | {"csrfmiddlewaretoken": token_in(page.read().decode())})
        began = time.perf_counter()
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        took = (time.perf_counter() - began) * 1000
        connection.close()
        if answer.status != expected:
            sys.exit(f"{path} answered {answer.status}. Was the portal started with TRUSTED_PROXIES=127.0.0.0/8?")
        return took

    def sign_in(self, email: str) -> float:
        return self.milliseconds("/sign-in/", {"login": email, "password": "wrong"}, 422)

    def reset(self, email: str) -> float:
        return self.milliseconds("/password/", {"email": email}, 302)

    def sign_up(self, email: str) -> float:
        typed = {"name": "Erin", "company": "Emporium", "email": email, "password1": PASSWORD}
        return self.milliseconds("/sign-up/", typed, 302)

    def addresses(self, kind: str, count: int) -> list[str]:
        return [f"{kind}-{self.run}-{number}@nowhere.example" for number in range(count)]


def cookies_of(page: HTTPResponse) -> str:
    return "; ".join(cookie.partition(";")[0] for cookie in page.headers.get_all("Set-Cookie", []))


def token_in(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    return found[1] if found else ""


def compare(name: str, knock: Callable[[str], float], known: list[str], unknown: list[str]) -> bool:
    """Prints the two medians; whether they are near enough. In turn, so that what else the machine does meets both."""
    times = [(knock(one), knock(other)) for one, other in zip(known, unknown, strict=True)]
    medians = [median(each) for each in zip(*times, strict=True)]
    apart: float = max(medians) / min(medians) - 1
    print(f"{name:8} known {medians[0]:7.1f} ms, unknown {medians[1]:7.1f} ms, {apart:.0%} apart")  # noqa: T201
    return apart <= MOST_APART


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", nargs="?", default="http://localhost:8000")
    parser.add_argument("--count", type=int, default=50)
    options = parser.parse_args()
    door = Door(options.base.rstrip("/"))
    known = door.addresses("known", options.count)
    for email in known:
        door.sign_up(email)
    signed_up = time.monotonic()
    near = [
        compare("sign-in", door.sign_in, known, door.addresses("never", options.count)),
        compare("reset", door.reset, known, door.addresses("never", options.count)),
    ]
    time.sleep(max(0, signed_up + CONFIRMED_AGAIN_SECONDS - time.monotonic()))
    near.append(compare("sign-up", door.sign_up, known, door.addresses("new", options.count)))
    sys.exit(0 if all(near) else 1)


if __name__ == "__main__":
    main()
