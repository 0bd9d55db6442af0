"""From claimed rows to what the sending threads need, in a few queries for all of them."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import NamedTuple
from uuid import UUID

from installs.models import Delivery, EventSettings, Installation, PermanentToken, SigningSecret
from installs.models.sending import Owed
from installs.outbound import Step
from installs.postbacks import deciding, records
from installs.postbacks.posting import Post
from linnapp import credentials
from linnapp.timeline import Party

log = logging.getLogger(__name__)

OVER = "The installation and its permanent token have ended, so there is nothing to send."
NO_EVENTS_URL = "The Events URL was removed, so there is nowhere to send it."
# Nobody's: what a test carries in the place of a permanent token.
TEST_TOKEN = "00000000-0000-4000-8000-000000000000"


class Token(NamedTuple):
    pk: int
    installation: UUID
    encrypted: str
    replaces: int | None


def pack(claimed: Sequence[Owed]) -> list[Post]:
    """A Post for each delivery that still has something to send; the others are given up, with the reason."""
    tokens = _tokens([row.installation_id for row in claimed if row.installation_id])
    secrets = _signing_secrets({row.application_id for row in claimed})
    events_urls = _events_urls({row.application_id for row in claimed if row.is_event})
    posts = []
    for row in claimed:
        signed_with = tuple(secrets[row.application_id])
        if row.is_event:
            # Where it goes is set now: it may have been set anew since the row was read.
            url = row.url if row.is_test else events_urls.get(row.application_id, "")
            if url:
                posts.append(_post(row, url, signed_with))
            else:
                records.stop(row, NO_EVENTS_URL)
            continue
        if row.installation_id and not _stands(row):
            records.stop(row, _why_not(row))
            continue
        token = tokens.get(row.installation_id) if row.installation_id else None
        if token is None and row.installation_id:
            records.stop(row, OVER)
            continue
        # Without a permanent token it is a test, which carries nobody's.
        sent = _opened(token.encrypted, f"permanent token {token.pk}") if token else TEST_TOKEN
        posts.append(_post(row, row.url, signed_with, sent, token.pk if token and token.replaces else None))
    return posts


def _events_urls(applications: Iterable[UUID]) -> dict[UUID, str]:
    """No query where there is no event."""
    keys = list(applications)
    return dict(EventSettings.objects.filter(application__in=keys).values_list("application", "url")) if keys else {}


def _stands(row: Owed) -> bool:
    return deciding.take(row.installation_id) if row.decides and row.installation_id else row.is_live


def _why_not(row: Owed) -> str:
    """Read again: whether an installation still waits was found out after the row was claimed."""
    over = Installation.objects.select_related("application").get(deliveries=row.pk)
    return over.why_failed if over.has_failed else OVER


def _tokens(installations: Iterable[UUID]) -> dict[UUID, Token]:
    """The newest live permanent token of each."""
    rows = PermanentToken.objects.live().filter(installation__in=installations).order_by("created_at", "pk")
    found = map(Token._make, rows.values_list("pk", "installation", "encrypted", "replaces"))
    return {row.installation: row for row in found}


def _opened(encrypted: str, name: str) -> str:
    """In the clear; "" for what these keys cannot read: its own attempt fails then, and nobody else's."""
    try:
        return credentials.decrypt(encrypted)
    except credentials.WrongKey as error:
        log.error("%s: %s", name, error)
        return ""


def _signing_secrets(applications: Iterable[UUID]) -> dict[UUID, list[str]]:
    """Of each application, the newest first."""
    found: dict[UUID, list[str]] = defaultdict(list)
    for row in SigningSecret.objects.live().filter(application__in=applications):
        if value := _opened(row.encrypted, str(row)):
            found[row.application_id].append(value)
    return found


def _post(row: Owed, url: str, secrets: tuple[str, ...], token: str = "", hands_over: int | None = None) -> Post:
    """An event is without any permanent token."""
    publisher = Party(row.publisher_id, row.publisher)
    return Post(
        delivery_id=row.pk,
        installation_id=row.installation_id,
        application=Party(row.application_id, row.application),
        account=Party(row.account_id, row.account) if row.account_id and row.account is not None else publisher,
        publisher=publisher,
        kind=row.kind,
        event=row.event,
        number=row.number,
        url=url,
        payload=row.payload,
        tracking=row.tracking,
        decides=row.decides,
        claimed_until=row.claimed_until,
        attempt=row.tried + 1,
        tells_steps=row.is_test,
        token=token,
        signing_secrets=secrets,
        hands_over=hands_over,
    )


def tell_step(delivery_id: UUID, step: Step) -> None:
    """Adds a step to a test, for the page that looks on. One courier holds the row; its application may be gone."""
    row = Delivery.objects.only("steps").filter(pk=delivery_id).first()
    if row:
        Delivery.objects.filter(pk=delivery_id).update(steps=[*row.steps, asdict(step)])
