"""Consents over HTTP, as a browser gives them: sign in, read the page, send its form; and send the same form again
when no answer came."""

import re
import threading
import time
from collections.abc import Callable
from html import unescape

import requests

from tests.drill.plan import WIRE_EMAIL, WIRE_PASSWORD, Consent

# The first sending of every third form does not wait for its answer, which is then lost for sure.
IMPATIENT = (3.0, 0.01)
PATIENT = (3.0, 20.0)
HIDDEN = re.compile(r'name="(csrfmiddlewaretoken|account|version|nonce)" value="([^"]*)"')
FORM = re.compile(r'<form method="post".*?</form>', re.DOTALL)


class Refused(Exception):
    """The portal answered, and not as it should: no retry mends it."""


class Wire(threading.Thread):
    """Gives its consents over so many seconds, and gives up after `limit`; `owe` is told of each that stands."""

    def __init__(
        self, env: dict[str, str], consents: list[Consent], owe: Callable[[str], None], seconds: float, limit: float
    ) -> None:
        super().__init__(name="wire", daemon=True)
        self.portal_url, self.consents, self.owe = f"http://localhost:{env['PORT']}", consents, owe
        self.deadline = time.monotonic() + limit
        self.pause = seconds / max(len(consents), 1)
        self.sent_again = 0
        self.fault = ""
        self.over = threading.Event()

    def run(self) -> None:
        try:
            with requests.Session() as browser:
                self._until_it_works(lambda: self._sign_in(browser))
                for number, consent in enumerate(self.consents):
                    self._consent(browser, consent, impatient=number % 3 == 0)
                    if self.over.wait(self.pause):
                        return
        except Refused as error:
            self.fault = str(error)

    def _sign_in(self, browser: requests.Session) -> bool:
        address = f"{self.portal_url}/sign-in/"
        token = _fields(browser.get(address, timeout=PATIENT).text, of="login")["csrfmiddlewaretoken"]
        form = {"csrfmiddlewaretoken": token, "login": WIRE_EMAIL, "password": WIRE_PASSWORD}
        answer = browser.post(address, data=form, timeout=PATIENT, allow_redirects=False)
        return answer.status_code == 302

    def _consent(self, browser: requests.Session, consent: Consent, *, impatient: bool) -> None:
        address = f"{self.portal_url}/Authorization/Authorize/{consent.application}?Tracking={consent.tracking}"
        form: dict[str, str] = {}

        def opened() -> bool:
            page = browser.get(address, params={"account": consent.account}, timeout=PATIENT)
            form.update(_fields(page.text, of="nonce"))
            return bool(form)

        def sent() -> bool:
            nonlocal impatient
            timeout, impatient = IMPATIENT if impatient else PATIENT, False
            answer = browser.post(address, data=form, timeout=timeout, allow_redirects=False)
            if answer.status_code == 302 and "/installed/" in answer.headers["Location"]:
                return True
            if answer.status_code < 500:
                raise Refused(f"{consent.tracking}: the consent form was answered {answer.status_code}")
            return False

        self._until_it_works(opened)
        form["agreed"] = "on"
        self.sent_again += self._until_it_works(sent) - 1
        self.owe(consent.tracking)

    def _until_it_works(self, work: Callable[[], bool]) -> int:
        """How often it was tried; a portal that is down is asked again, a while long."""
        tries = 0
        while not self.over.is_set() and time.monotonic() < self.deadline:
            tries += 1
            try:
                if work():
                    return tries
            except (requests.RequestException, KeyError):
                # Nobody there, an answer that broke off, or a page of an error in the form's place.
                pass
            self.over.wait(0.3)
        raise Refused("the portal was away for too long")


def _fields(page: str, of: str) -> dict[str, str]:
    """The hidden fields of the form that has this field; none where the page has no such form."""
    form = next((found for found in FORM.findall(page) if f'name="{of}"' in found), "")
    return {name: unescape(value) for name, value in HIDDEN.findall(form)}
