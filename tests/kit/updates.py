"""What tests of updates share: the pages of one installation, what it is on now, and what it could be on."""

from typing import Any

from django.urls import reverse

from installs.installations import lifecycle, moving
from installs.models import Installation
from linnapp.models import Account, Application, TimelineEntry, User, Version
from linnapp.services import applications
from tests.kit.consenting import external, release
from tests.kit.people import acting


def page_of(row: Installation, name: str = "installation_update") -> str:
    return reverse(name, args=[row.account.slug, row.pk])


def detail(row: Installation) -> str:
    return page_of(row, "installation_detail")


def now(row: Installation) -> Installation:
    return Installation.objects.with_its_facts().get(pk=row.pk)


def told(row: Installation) -> list[str]:
    return list(TimelineEntry.objects.about(row.pk).order_by("id").values_list("kind", flat=True))


def endpoint(url: str, **members: str) -> dict[str, Any]:
    """A manifest with a module that has an address."""
    interface = {"type": "ExternalUserInterface", "moduleName": "Panel", "group": "Folder"}
    interface["parameters"] = [{"name": "IFrameUrl", "value": url}]  # type: ignore[assignment]
    return {"Modules": [{"type": "ExternalApplication"}, interface | members]}


def another(like: Installation, name: str, on: Account, by: User, maker: User) -> Installation:
    made, _ = applications.create_application(
        account=like.application.account, name=name, kind=Application.Type.SYSTEM, by=acting(maker)
    )
    version = release(made, (1, 0, 9), external(), maker)
    return lifecycle.install(made, account=on, version=version, by=acting(by)).installation


def moving_to(row: Installation) -> Version:
    version = moving.available_update(now(row))
    assert version is not None
    return version
