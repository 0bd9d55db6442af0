"""Rotating and ending sessions stand on pages of the installing account and of the application: the same acts, from two
desks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from installs.installations.views import own
from installs.models import Installation
from linnapp import pages, tab
from linnapp.actors import Actor, Side


@dataclass(frozen=True)
class Desk:
    """`urls` are the addresses of its acts, and of where they lead back to; `pages` is what its templates begin with,
    `shown` what they need besides."""

    installation: Installation
    by: Actor
    pages: str
    urls: Mapping[str, str]
    shown: Mapping[str, Any]

    @property
    def is_of_application(self) -> bool:
        return self.pages == "application"

    def template(self, name: str) -> str:
        return f"installs/installations/{self.pages}_{name}.html"

    def context(self, **more: Any) -> dict[str, Any]:
        facts = {"installation": self.installation, "application": self.installation.application, "desk": self}
        return facts | dict(self.shown) | more


def of_account(request: HttpRequest, account: str, installation: UUID) -> Desk:
    """For whoever may install on the account; everybody else gets 404."""
    row = own.managed(request, account, installation)
    here = (account, row.pk)
    urls = {
        "rotate": reverse("installation_rotate", args=here),
        "end_old": reverse("installation_old_token_end", args=here),
        "end_sessions": reverse("installation_sessions_end", args=here),
        "reveal": reverse("installation_token_reveal", args=here),
        "back": reverse("installation_detail", args=here),
    }
    return Desk(row, own.acting(request, row), "installation", urls, {})


def of_application(request: HttpRequest, account: str, application: UUID, installation: UUID) -> Desk:
    """For the team of the application's account; everybody else gets 404."""
    of = tab.editable(request, account, application)
    row = get_object_or_404(Installation.objects.of_application(of).with_its_facts(), pk=installation)
    here = (account, of.pk, row.pk)
    listed = reverse("application_installations", args=(account, of.pk))
    urls = {
        "rotate": reverse("application_token_rotate", args=here),
        "end_old": reverse("application_old_token_end", args=here),
        "end_sessions": reverse("application_sessions_end", args=here),
        "reveal": reverse("application_token_reveal", args=here),
        "back": f"{listed}?q={row.pk}",
    }
    return Desk(row, pages.acting(request, Side.DEVELOPER), "application", urls, tab.context(of, "installations"))
