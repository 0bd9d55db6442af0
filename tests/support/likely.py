"""How tests read the likely causes of a case: as Sam's page shows them, once what was refused is written down."""

import html
import re
from typing import Any

from django.test import Client

from installs.exchange import ledger
from installs.models import Installation
from installs.support.likely import rules
from installs.support.likely.causes import LikelyCause
from linnapp.models import User
from tests.kit.exchanging import LOCATIONS, URL, post

__all__ = ["LOCATIONS", "URL", "call", "causes", "first", "page_of", "post"]
# Of the two sides, what neither may read of the other or of a third one.
PERSONS = r"\b(Alice|Bob|Carol(?!'s Cakes)|Dave(?!'s Depot)|Paula|Sam)\b"
# An address with its port is that of an endpoint.
PERSONS_AND_STRANGERS = re.compile(rf"{PERSONS}|Order Board|127\.0\.0\.\d+(?![\d:])")


def call(session_token: str, path: str = LOCATIONS, address: str = "127.0.0.1") -> Any:
    return Client().get(path, headers={"Authorization": session_token}, REMOTE_ADDR=address)


def page_of(console: Client, installation: Installation) -> str:
    ledger.flush()
    answer = console.get(f"/support/installations/{installation.pk}/")
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def causes(console: Client, installation: Installation) -> list[LikelyCause]:
    """Those that hold, in order. The page shows the first of them large and with its button, the others below; and
    what is told to the two sides names nobody of the other."""
    page = page_of(console, installation)
    sam = User.objects.get(name="Sam")
    row = Installation.objects.with_its_facts().get(pk=installation.pk)
    found = rules.likely_causes(row, sam)
    large = re.findall(r"<h2><small>Likely cause</small><br>(.*?)</h2>", page)
    assert large == [cause.sentence for cause in found[:1]]
    assert ("Nothing wrong is visible" in page) is (not found)
    for cause in found:
        assert f"?cause={cause.rule}" in page or not cause.fixes
        assert all(line in page for line in (cause.sentence, *cause.evidence, cause.reference))
        assert not PERSONS_AND_STRANGERS.search(cause.for_developer + cause.for_customer)
        assert rules.named(row, sam, cause.rule) == cause
    return found


def first(console: Client, installation: Installation) -> LikelyCause:
    found = causes(console, installation)
    assert found
    return found[0]


def names(found: list[LikelyCause]) -> list[str]:
    return [cause.rule for cause in found]
