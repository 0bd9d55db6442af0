"""Data calls from scripts of pages on other origins: those that the operator names, and no other.

A session token may be in a page, so its calls may be answered there. An Application Secret may not: the endpoints that
are sent one never are. No cookie of this portal goes with such a call or opens anything (no credentials mode).
"""

from dataclasses import replace
from functools import wraps

from django.conf import settings

from installs.exchange.steps import Answering, Endpoint
from installs.exchange.wire import EVERY_ANSWER
from linnapp.calls import Call, Reply

# The methods of data calls, the headers that a script sends with them, and those of the answer that it may read.
METHODS = "GET, POST"
SENT = "Authorization, Content-Type"
READ = "Retry-After, X-Request-Id"
# Seconds for which a browser remembers that it may ask.
REMEMBERED = "600"
# What an answer depends on, also where it is told to nobody.
VARY = ("Vary", "Origin")


def open_to_pages(answer: Endpoint) -> Endpoint:
    """Answers the preflights of pages that are let in, and lets them read what is answered, refusals too."""

    @wraps(answer)
    def answered(call: Call) -> Answering:
        if not settings.API_ALLOWED_ORIGINS:
            return (yield from answer(call))
        origin = call.meta.get("HTTP_ORIGIN", "")
        is_let_in = origin in settings.API_ALLOWED_ORIGINS
        if is_let_in and is_preflight(call):
            return preflight(origin)
        reply = yield from answer(call)
        said = (("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", READ)) if is_let_in else ()
        return replace(reply, headers=(*reply.headers, *said, VARY))

    return answered


def is_preflight(call: Call) -> bool:
    return call.method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in call.meta


def preflight(origin: str) -> Reply:
    headers = (
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Methods", METHODS),
        ("Access-Control-Allow-Headers", SENT),
        ("Access-Control-Max-Age", REMEMBERED),
        VARY,
        *EVERY_ANSWER,
    )
    return Reply(204, b"", headers, content_type="")
