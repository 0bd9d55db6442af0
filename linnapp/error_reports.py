"""Faults told to a Sentry, or to what speaks its protocol. Loaded only where SENTRY_DSN names one.

What leaves is put together anew from what is known to be no secret: where in the code, which kind of exception, the
words of the log line before anything is filled in, and the reference by which the portal's own log has the rest. No
text of an exception, no value of a variable, nothing of a request leaves.
"""

import logging
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.logging import EventHandler
from sentry_sdk.types import Event, Hint

from linnapp.log_lines import what_it_is_about

# Seconds in which what waits is still sent when a process ends.
LAST_SECONDS = 2.0
KEPT = ("event_id", "timestamp", "level", "logger", "platform", "environment", "server_name", "sdk")
KEPT_OF_EXCEPTION = ("type", "module", "mechanism")
KEPT_OF_FRAME = ("filename", "abs_path", "function", "module", "lineno", "pre_context", "context_line", "post_context")


class Told(EventHandler):
    """Errors of the log, sent by a thread of their own: nobody waits for it, and where it is away they are dropped."""

    def close(self) -> None:
        sentry_sdk.get_client().close(timeout=LAST_SECONDS)
        super().close()


def told_to(dsn: str, environment: str) -> logging.Handler:
    """The handler of the log that tells errors to this DSN."""
    sentry_sdk.init(
        dsn,
        environment=environment,
        # Each of these would look into requests, statements or calls by itself.
        default_integrations=False,
        auto_enabling_integrations=False,
        max_breadcrumbs=0,
        auto_session_tracking=False,
        propagate_traces=False,
        send_client_reports=False,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        before_send=without_secrets,
    )
    return Told(level=logging.ERROR)


def without_secrets(event: Event, hint: Hint) -> Event:
    given: dict[str, Any] = dict(event)
    kept: dict[str, Any] = {name: given[name] for name in KEPT if name in given}
    kept["tags"] = what_it_is_about()
    if "logentry" in given:
        # The loop of a web process writes what its tasks and connections hold into the lines below the first.
        kept["logentry"] = {"message": given["logentry"]["message"].partition("\n")[0]}
    exceptions = given.get("exception", {}).get("values", [])
    if exceptions:
        kept["exception"] = {"values": [_exception(each) for each in exceptions]}
    return kept  # type: ignore[return-value] # a part of an event is one


def _exception(given: dict[str, Any]) -> dict[str, Any]:
    kept = {name: given[name] for name in KEPT_OF_EXCEPTION if name in given}
    frames = (given.get("stacktrace") or {}).get("frames", [])
    kept["stacktrace"] = {"frames": [{name: frame.get(name) for name in KEPT_OF_FRAME} for frame in frames]}
    return kept
