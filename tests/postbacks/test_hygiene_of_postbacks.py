"""An installation with a postback against a running portal, whose endpoint answers with all it was sent and all it got
for it; then everything that the portal has written is searched. Only the encrypted columns hold a secret."""

import json
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from django.urls import reverse

from tests.drill import plan
from tests.drill.plan import WIRE_EMAIL, WIRE_PASSWORD
from tests.drill.wire import Wire
from tests.kit.portal import Portal, environment, serving
from tests.kit.receivers import Received, Reply, receiving

LAY_OUT = """
from linnapp.models import Secret, User
from tests.drill import bulk
bulk.lay_out({url!r}, 1, 0, last=0, folder={folder!r})
developer = User.objects.get(email="developer@drill.example")
developer.set_password({password!r})
developer.save()
import json
print(json.dumps({{str(secret.application_id): secret.value() for secret in Secret.objects.all()}}))
"""
KEPT = """
import json
from installs.models import Delivery, Installation, PermanentToken, SigningSecret
installation = Installation.objects.select_related("application__account", "account").get()
delivery = Delivery.objects.get()
print(json.dumps({
    "tokens": [row.value() for row in PermanentToken.objects.all()],
    "signing_secrets": [row.value() for row in SigningSecret.objects.filter(application=installation.application)],
    "installation": str(installation.pk),
    "application": str(installation.application_id),
    "publisher": installation.application.account.slug,
    "account": installation.account.slug,
    "delivery": str(delivery.pk),
    "state": delivery.state,
    "written": [f"{row.request} {row.answer}" for row in delivery.attempts.all()],
}))
"""


@dataclass
class Endpoint:
    """Exchanges the permanent token as soon as it has it, and answers with everything: refused first, then well."""

    portal_url: str
    secrets: dict[str, str] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)

    def answer(self, received: Received) -> Reply:
        application, token = received.form["ApplicationId"], received.form["Token"]
        self.tokens.append(token)
        self.sessions.append(self.exchanged(application, self.secrets[application], token))
        said = {
            "path": received.path,
            "headers": dict(received.headers),
            "form": received.form,
            "secret": self.secrets[application],
            "session": self.sessions[-1],
            "spellings": [token.upper(), token.replace("-", ""), f"{{{token}}}"],
        }
        status = 500 if len(self.tokens) == 1 else 200
        return Reply(status, headers={"X-Path": received.path, "Set-Cookie": token}, body=json.dumps(said).encode())

    def exchanged(self, application: str, secret: str, token: str) -> str:
        members = {"ApplicationId": application, "ApplicationSecret": secret, "Token": token}
        address = f"{self.portal_url}/api/Auth/AuthorizeByApplication"
        for wrong in ({"Token": secret}, {"ApplicationSecret": token}):
            assert requests.post(address, json=members | wrong, timeout=10).status_code == 400
        requests.get(address, params=members, timeout=10)
        return str(requests.post(address, json=members, timeout=10).json()["Token"])


def signed_in(portal: Portal, email: str) -> requests.Session:
    browser = requests.Session()
    address = f"{portal.url}/sign-in/"
    page = browser.get(address, timeout=20).text
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found
    form = {"csrfmiddlewaretoken": found[1], "login": email, "password": WIRE_PASSWORD}
    assert browser.post(address, data=form, timeout=20, allow_redirects=False).status_code == 302
    return browser


def pages(portal: Portal, kept: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Of the developer's side and of the account's, where something is told of postbacks."""
    of_publisher, of_account = (kept["publisher"], kept["application"]), (kept["account"], kept["installation"])
    names = ("overview", "general", "installations", "activity")
    addresses = [reverse(f"application_{name}", args=of_publisher) for name in names]
    addresses += [reverse(name, args=of_publisher) for name in ("postback_list", "postback_settings")]
    addresses += [reverse("postback_detail", args=(*of_publisher, kept["delivery"]))]
    installed = [reverse(name, args=of_account) for name in ("installation_detail", "installation_installed")]
    for email, seen in (("developer@drill.example", addresses), (WIRE_EMAIL, installed)):
        browser = signed_in(portal, email)
        for address in seen:
            answer = browser.get(portal.url + address, timeout=20)
            assert answer.status_code == 200, address
            yield address, answer.text


def spellings(secret: str) -> set[str]:
    bare = secret.removeprefix("whsec_")
    return {bare, bare.upper(), bare.replace("-", ""), bare.replace("-", "").upper(), quote(bare, safe="")}


def files_with(folder: Path, secrets: set[str]) -> list[str]:
    """Names of the files that hold one of these: databases with what was deleted in them, queue, log."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and "static" not in path.relative_to(folder).parts:
            content = path.read_bytes()
            found += [path.name for secret in secrets if secret.encode() in content]
    return found


@pytest.mark.slow
def test_only_encrypted_columns_hold_what_a_postback_carries(tmp_path: Path, empty_state: Path) -> None:
    shutil.copytree(empty_state, tmp_path, dirs_exist_ok=True)
    env = environment(tmp_path, DEMO="false", LOG_LEVEL="DEBUG")
    endpoint = Endpoint(f"http://localhost:{env['PORT']}")
    with receiving(endpoint.answer) as receiver, serving(env) as portal:
        url = f"{receiver.url}/in/[{{TOKEN}}]?token=[{{TOKEN}}]&from="
        code = LAY_OUT.format(url=url, folder=str(tmp_path), password=WIRE_PASSWORD)
        endpoint.secrets |= json.loads(portal.ask(code))
        Wire(env, plan.read(tmp_path / "wire.json"), owe=lambda tracking: None, seconds=0, limit=60).run()
        receiver.wait_for(2, seconds=40)
        kept = standing(portal)
        secret = endpoint.secrets[kept["application"]]
        secrets = {*endpoint.tokens, *endpoint.sessions, secret, *kept["signing_secrets"]}
        every = set().union(*map(spellings, secrets))
        seen = dict(pages(portal, kept))
    # One permanent token, one signing secret, the Application Secret, and a session token for each attempt.
    assert len(secrets) == 5
    assert kept["tokens"] == [endpoint.tokens[0]]
    # It was all there to be written.
    assert "X-Path: /in/[…" in kept["written"][0]
    assert kept["application"] in kept["written"][0]
    assert {address for address, text in seen.items() for value in every if value in text} == set()
    assert files_with(tmp_path, every) == []
    # What is looked for would be found.
    assert files_with(tmp_path, {kept["application"].replace("-", "")}) != []


def standing(portal: Portal) -> dict[str, Any]:
    """What the rows say, once the second attempt is written down."""
    deadline = time.monotonic() + 10
    while True:
        kept: dict[str, Any] = json.loads(portal.ask(KEPT))
        if kept["state"] == "DELIVERED":
            return kept
        assert time.monotonic() < deadline, kept["state"]
