"""What the pages of an installing account share: fetching its installation."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from installs.installations import lifecycle
from installs.models import Installation
from installs.models.installations import InstallationQuerySet
from linnapp import pages
from linnapp.actors import Actor


def readable(request: HttpRequest, account: str, installation: UUID) -> Installation:
    """The installation in the address, for whoever is of the account it is on; everybody else gets 404."""
    return _get(Installation.objects.on_accounts_of(request.user), account, installation)


def managed(request: HttpRequest, account: str, installation: UUID) -> Installation:
    """For whoever may install on the account."""
    return _get(Installation.objects.manageable_by(request.user), account, installation)


def is_managed(request: HttpRequest, installation: Installation) -> bool:
    return Installation.objects.manageable_by(request.user).filter(pk=installation.pk).exists()


def acting(request: HttpRequest, installation: Installation) -> Actor:
    """On the side of the installing account, which on the application's own account is its developer's."""
    return pages.acting(request, lifecycle.installing_side(installation.application, installation.account))


def what_it_stops(request: HttpRequest, installation: Installation) -> dict[str, Any]:
    """For the pages that ask before an installation is suspended or uninstalled."""
    return {
        "installation": installation,
        "sessions": installation.sessions.live().count(),
    }


def _get(queryset: InstallationQuerySet, account: str, installation: UUID) -> Installation:
    return get_object_or_404(queryset.on_account(account).with_its_facts(), pk=installation)
