"""How django-allauth signs people up and in here."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter

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
