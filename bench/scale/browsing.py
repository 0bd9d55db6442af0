"""A browser without a window: one person, signed in, and what each page costs on its way."""

import base64
import gzip
import html
import re
import time
from dataclasses import dataclass
from urllib.parse import urljoin

import requests
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from bench.scale.names import PASSWORD, email

SIGN_IN, FACTOR = "/sign-in/", "/sign-in/factor/"
TIMEOUT, START_SECONDS = 300, 60
STEP_SECONDS, DIGITS = 30, 6


def wait_until_pages_come(url: str) -> None:
    """On a busy machine the port is open before anybody answers there: until then connections are reset."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            requests.get(f"{url}{SIGN_IN}", timeout=TIMEOUT).raise_for_status()
        except requests.RequestException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return


@dataclass(frozen=True)
class Answer:
    """`text` is what the page is, `wire` how many bytes of it came, `milliseconds` how long that took."""

    status: int
    text: str
    wire: int
    milliseconds: float
    leads_to: str = ""


class Browser:
    def __init__(self, url: str) -> None:
        self.url, self.session = url, requests.Session()
        self.session.headers["Accept-Encoding"] = "gzip"

    def ask(self, path: str, fields: dict[str, str] | None = None, *, as_part: bool = False) -> Answer:
        began = time.perf_counter()
        headers = {"Referer": self.url} | ({"HX-Request": "true"} if as_part else {})
        with self.session.request(
            "GET" if fields is None else "POST", self.url + path, data=fields, headers=headers, stream=True,
            allow_redirects=False, timeout=TIMEOUT,
        ) as answer:  # fmt: skip
            sent = answer.raw.read(decode_content=False)
            milliseconds = 1000 * (time.perf_counter() - began)
            plain = gzip.decompress(sent) if answer.headers.get("Content-Encoding") == "gzip" else sent
            leads_to = answer.headers.get("Location", "")
        return Answer(answer.status_code, plain.decode(errors="replace"), len(sent), milliseconds, leads_to)

    def filled(self, path: str, fields: dict[str, str]) -> dict[str, str]:
        """What a form of this page sends."""
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.ask(path).text)
        assert found is not None, f"{path} has no form"
        return {**fields, "csrfmiddlewaretoken": found[1]}

    def form(self, path: str) -> dict[str, str]:
        """What the form of this page that is sent by POST sends unless somebody types: its hidden fields and choices
        that are made. Empty where there is none."""
        forms = re.findall(r"<form[^>]*method=.post.*?</form>", self.ask(path).text, re.DOTALL | re.IGNORECASE)
        found = next((form for form in forms if 'name="nonce"' in form), "")
        inputs = (dict(re.findall(r'(\w+)="([^"]*)"', tag)) for tag in re.findall(r"<input[^>]*hidden[^>]*>", found))
        return {one["name"]: html.unescape(one.get("value", "")) for one in inputs}

    def sign_in(self, person: str, secret: str = "") -> None:
        """`secret` is of their authenticator app. A code is taken once, so that one that was used is followed by the
        next."""
        sent = self.filled(SIGN_IN, {"login": email(person), "password": PASSWORD})
        answer = self.ask(SIGN_IN, sent)
        assert answer.status == 302, f"{person} cannot sign in: {answer.status} {answer.text[:2000]}"
        if not secret:
            return
        app = TOTP(base64.b32decode(secret), DIGITS, SHA1(), STEP_SECONDS)
        for steps in (-1, 0, 1):
            code = app.generate(int(time.time()) + steps * STEP_SECONDS).decode()
            taken = self.ask(FACTOR, self.filled(FACTOR, {"code": code}))
            if taken.status == 302:
                return
        raise AssertionError(f"{person} gave three codes, and none was taken: {taken.text[-3000:]}")

    def far_on(self, path: str, pages: int) -> str:
        """The address so many pages on in a list, or of its last."""
        here = path
        for _ in range(pages):
            after = [link for link in self.links(here, path) if "after=" in link]
            if not after or after[-1] == here:
                break
            here = after[-1]
        return here

    def links(self, here: str, path: str) -> list[str]:
        """Where this page leads that is the same page with another query; a list as a file is none."""
        bare = path.partition("?")[0]
        found = (
            urljoin(here, html.unescape(link)) for link in re.findall(r'href="([^"]*\?[^"]*)"', self.ask(here).text)
        )
        return [link for link in found if link.partition("?")[0] == bare and "format=" not in link]
