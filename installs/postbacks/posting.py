"""One attempt: the request is rendered, signed and sent, and what came of it put into words. No database: threads run
this, and the answer may take ten seconds."""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote_plus
from uuid import UUID

from django.utils import timezone

from installs.models import Delivery
from installs.outbound import Answer, Client, NotSent, Step, masking
from installs.outbound.client import ALWAYS
from installs.postbacks import placeholders, signing
from linnapp import credentials
from linnapp.log_lines import about
from linnapp.timeline import Party

log = logging.getLogger(__name__)
# What a form's body holds as it stands: `quote_plus` would look at each letter.
PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")
# How servers answer that asked for a client certificate and got none; nginx says 400, and some its own 495 and 496.
KEEPS_OUT = {400, 401, 403, 495, 496}
WRITE_IT = "Put the address that it redirects to into the manifest."
UNEXPECTED = "The portal could not send it because of its own fault, which is in the portal's log."


@dataclass(frozen=True, eq=False)
class Post:
    """Everything that one attempt needs. `url` has its placeholders; `token` is the permanent token, which a repr must
    not show, and "" where it could not be read; `known` are the ids that the log may keep."""

    delivery_id: UUID
    installation_id: UUID | None
    application: Party
    account: Party
    publisher: Party
    kind: str
    event: str
    # Of an event; None else.
    number: int | None
    url: str
    # The body of an event, as it was recorded.
    payload: str
    tracking: str
    decides: bool
    claimed_until: datetime
    attempt: int
    tells_steps: bool
    token: str = field(repr=False)
    signing_secrets: tuple[str, ...] = field(repr=False)
    # The key of its permanent token, where that takes the place of another.
    hands_over: int | None = None

    @property
    def rank(self) -> int:
        """What goes first: an installation, a test, any other permanent token, an event."""
        if self.decides or self.event == Delivery.Event.INSTALLED:
            return 0
        if self.tells_steps:
            return 1
        return 3 if self.is_numbered else 2

    @property
    def is_event(self) -> bool:
        return self.kind == Delivery.Kind.EVENT

    @property
    def is_numbered(self) -> bool:
        """An event that is no test: only these wait for each other, and for threads of their own."""
        return self.number is not None

    @property
    def content_type(self) -> str:
        return "application/json" if self.is_event else "application/x-www-form-urlencoded"

    @property
    def known(self) -> tuple[UUID, ...]:
        ids = (self.delivery_id, self.application.pk, self.installation_id, self.account.pk)
        return tuple(value for value in ids if value)


@dataclass(frozen=True)
class Result:
    """What came of an attempt. `status` is None where there was no answer; `cause` is one sentence for a person;
    `kind` says the same for a counter."""

    post: Post
    at: datetime
    milliseconds: int
    status: int | None
    headers: Mapping[str, str]
    kind: str
    cause: str
    request: str
    answer: str


def attempt(post: Post, client: Client, tell: Callable[[Step], None]) -> Result:
    """Whatever happens, there is a result: a thread that ended with an exception would send nothing any more."""
    try:
        return _attempt(post, client, tell)
    except Exception as error:
        # The message may hold the address, and that the permanent token.
        with about(account=post.account.pk, application=post.application.pk):
            log.error("delivery %s: %s while it was sent", post.delivery_id, type(error).__name__)
        return Result(post, timezone.now(), 0, None, {}, "unexpected", UNEXPECTED, "", "")


def _attempt(post: Post, client: Client, tell: Callable[[Step], None]) -> Result:
    at = timezone.now()
    if not (post.token or post.is_event):
        raise ValueError("There is no permanent token to send.")
    url, body = _rendered(post, post.token)
    seen_url, seen_body = _seen(post, url, body)
    headers = {"Content-Type": post.content_type, "User-Agent": "linnapp-postback"}
    headers |= signing.headers(str(post.delivery_id), at, body.encode(), post.signing_secrets)
    shown = ALWAYS | headers | {signing.SIGNATURE: " ".join("v1,…" for _ in post.signing_secrets)}
    request = masking.printable(masking.request_text(seen_url, shown, seen_body))
    try:
        # A connection that an older answer went over could hold its rest: that decides no installation, and ends no
        # permanent token.
        answer = client.post(
            url,
            body=body.encode(),
            headers=headers,
            tell=tell if post.tells_steps else None,
            alone=post.decides or post.hands_over is not None,
        )
    except NotSent as error:
        return Result(post, at, error.milliseconds, None, {}, error.cause.lower(), str(error), request, "")
    return Result(
        post,
        at,
        answer.milliseconds,
        answer.status,
        {name.lower(): value for name, value in answer.headers},
        f"{answer.status // 100}xx",
        _in_words(answer, post),
        request,
        masking.answer_text(answer, post.known, post.token),
    )


def _rendered(post: Post, token: str) -> tuple[str, str]:
    """URL and body of protocol.md section 5. An event has no placeholders: there is no permanent token in it."""
    if post.is_event:
        return post.url, post.payload
    # Ids need no escapes.
    body = (
        f"Token={_escaped(token)}&Tracking={_escaped(post.tracking)}&ApplicationId={post.application.pk}"
        f"&InstallationId={post.installation_id or ''}&AccountId={post.account.pk}&Event={_escaped(post.event)}"
    )
    return placeholders.fill(post.url, token=token, tracking=post.tracking), body


def _escaped(value: str) -> str:
    return value if PLAIN.fullmatch(value) else quote_plus(value)


def _seen(post: Post, url: str, body: str) -> tuple[str, str]:
    """The same with a mask in the place of the permanent token: rendered anew where rendering would spell that in
    another way, so that it could not be found in what is sent."""
    if not post.token:
        return url, body
    mask = credentials.masked(post.token)
    if not PLAIN.fullmatch(post.token):
        return _rendered(post, mask)
    return url.replace(post.token, mask), body.replace(post.token, mask)


def _in_words(answer: Answer, post: Post) -> str:
    said = f"Answered {answer.status} {_phrase(answer.status)}".rstrip()
    if answer.wants_certificate and answer.status in KEEPS_OUT:
        return f"{said}: the server asks for a client certificate, and the portal has none."
    if 300 <= answer.status < 400:
        where = "Set the address that it redirects to as the Events URL." if post.is_event else WRITE_IT
        return f"{said}: redirects are not followed. {where}"
    if answer.status == HTTPStatus.GONE:
        return f"{said}: this {'event' if post.is_event else 'postback'} is not sent again."
    if post.decides and answer.status != HTTPStatus.OK:
        return f"{said}: only 200 completes an installation of this application."
    return f"{said}."


def _phrase(status: int) -> str:
    """Ours, because what stands in the answer is anybody's text."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
