"""How django-allauth signs people up and in here."""

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from django.conf import settings

from linnapp.addresses import client_address


class PeopleAdapter(DefaultAccountAdapter):
    def save_user(self, request: Any, user: Any, form: Any, commit: bool = True) -> Any:
        """A person with a name; the form makes the account they own."""
        user.name = form.cleaned_data.get("name", "")
        user.time_zone = form.cleaned_data.get("time_zone") or "UTC"
        return super().save_user(request, user, form, commit)

    def get_client_ip(self, request: Any) -> str:
        """What allauth's throttle counts by: the same address as everywhere."""
        return client_address(request.META)

    def is_reauthentication_required(self, *, app: str, **options: Any) -> bool:
        """Not within minutes of signing in either: allauth itself counts only a password given a second time."""
        records = get_authentication_records(self.request, self.request.user)
        latest = max((record["at"] for record in records), default=0)
        return time.time() - latest >= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT

    def is_safe_url(self, url: str) -> bool:
        """Where a person is sent back to after signing in. Nothing behind the question mark decides which host that
        is, and Django refuses whatever is longer than 2 kB: a link that carries 2 kB of Tracking would be lost."""
        return super().is_safe_url(url.partition("?")[0])
