"""Who may read how the portal is doing, beyond whether it is."""

from collections.abc import Mapping

from django.conf import settings

from linnapp import credentials
from linnapp.addresses import is_from_this_machine

BEARER = "bearer "


def is_monitor(meta: Mapping[str, str]) -> bool:
    """Somebody on this machine, or whoever has METRICS_TOKEN. `meta` has CGI's names."""
    return is_from_this_machine(meta) or has_token(meta.get("HTTP_AUTHORIZATION", ""))


def has_token(authorization: str) -> bool:
    if not settings.METRICS_TOKEN or authorization[: len(BEARER)].lower() != BEARER:
        return False
    return credentials.same(authorization[len(BEARER) :].strip(), settings.METRICS_TOKEN)
