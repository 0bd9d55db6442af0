"""Lines of the log, and what stands beside each: the reference of the request or the name of the job, the account and
the application that it is about. Nothing of a request's head, body or query is ever put there."""

import logging
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars, get_contextvars, merge_contextvars

# In the order in which a line has them.
ABOUT = ("reference", "job", "account", "application")
FIRST = ("time", "level", "logger", "message", *ABOUT)
# A slug of an address may be anything that somebody typed.
MOST_CHARACTERS = 100
# Paths whose rest is the key of a one-time link.
KEYED = re.compile(r"(/(?:verify|password|invitations|mails/updates|sign-in/go-on)/).+", re.DOTALL)


def about(**names: object) -> AbstractContextManager[None]:
    """Lines that this thread or task writes meanwhile are about these too."""
    return bound_contextvars(**_short(names))


def about_alone(**names: object) -> AbstractContextManager[None]:
    """Lines are about these and nothing else. Afterwards all is as it was, whatever was added in between: the next
    request of the thread begins without it."""
    return bound_contextvars(**(dict.fromkeys(ABOUT, "") | _short(names)))


def also_about(**names: object) -> None:
    """Adds what became known, until the end of `about_alone`."""
    bind_contextvars(**_short(names))


def _short(names: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value)[:MOST_CHARACTERS] for name, value in names.items()}


def what_it_is_about() -> dict[str, str]:
    found = get_contextvars()
    return {name: found[name] for name in ABOUT if found.get(name)}


def without_key(path: str) -> str:
    return KEYED.sub(r"\1…", path)


class Referenced(logging.Filter):
    """Puts the reference into lines of text, and takes keys of one-time links out of the paths in any line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.reference = what_it_is_about().get("reference", "-")
        if isinstance(record.args, tuple):
            record.args = tuple(without_key(each) if isinstance(each, str) else each for each in record.args)
        return True


class JsonLines(structlog.stdlib.ProcessorFormatter):
    """One JSON object a line, whatever is logged: FIRST, without those that are not known, then `exception` as text,
    with no value of a variable in it."""

    def __init__(self) -> None:
        super().__init__(
            foreign_pre_chain=[
                merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            ],
            processors=[
                self.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.EventRenamer("message"),
                in_order,
                structlog.processors.JSONRenderer(),
            ],
        )


def in_order(logger: object, method: str, line: Mapping[str, Any]) -> Mapping[str, Any]:
    known = {name: line[name] for name in FIRST if line.get(name)}
    return known | ({"exception": line["exception"]} if "exception" in line else {})


def logging_of(form: str, level: str, dsn: str, environment: str) -> dict[str, Any]:
    """What Django's LOGGING is: to stderr as "text" or "json", counted, and faults to what `dsn` names."""
    told: dict[str, Any] = {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "reference": {"()": "linnapp.log_lines.Referenced"},
            "queue": {"()": "linnapp.jobs.QueueIsAway"},
        },
        "formatters": {
            "text": {"format": "%(asctime)s %(levelname)s %(name)s [%(reference)s] %(message)s"},
            "json": {"()": "linnapp.log_lines.JsonLines"},
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": form, "filters": ["reference", "queue"]},
            # Lines that tell of a fault are counted for /metrics.
            "counted": {"class": "linnapp.figures.CountedLog", "level": "WARNING"},
        },
        "root": {"handlers": ["stderr", "counted"], "level": level},
        "loggers": {
            "django": {"handlers": [], "propagate": True, "level": "WARNING"},
            # A refused request is not news for the operator; the reference in the answer finds it.
            "django.request": {"level": "ERROR"},
            # Nor is what a stranger sends: another host, too large a body, too many fields.
            "django.security": {"level": "CRITICAL"},
            # What `serve` tells of itself, whatever the level of the rest.
            "linnapp.management.commands.serve": {"level": "INFO"},
        },
    }
    if dsn:
        told["handlers"]["sentry"] = {
            "()": "linnapp.error_reports.told_to",
            "dsn": dsn,
            "environment": environment,
            "filters": ["queue"],
        }
        told["root"]["handlers"].append("sentry")
    return told
