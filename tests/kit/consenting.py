"""How tests consent: the form as the page gives it, and what the pages say."""

import re
from typing import Any

from django.urls import reverse

from installs.models import Installation, PermanentToken
from linnapp.manifest import parse
from linnapp.models import Account, Application, TimelineEntry, User, Version
from linnapp.services import versions
from linnapp.services.manifests import save_manifest
from tests.kit.people import acting

Rows = tuple[int, int, int]


def address(application: Application, **choices: object) -> str:
    query = "&".join(f"{name}={value}" for name, value in choices.items())
    return reverse("authorize", args=[application.pk]) + (f"?{query}" if query else "")


def sent(version: Version, account: Account, /, **fields: str) -> dict[str, str]:
    """The consent form as the page gives it, agreed to."""
    form = {"account": account.slug, "version": str(version.pk), "nonce": "a" * 32, "agreed": "on"}
    return {name: value for name, value in (form | fields).items() if value}


def read(answer: Any) -> str:
    """What a person reads on the page."""
    main = answer.content.decode().replace("&#x27;", "'").partition("<main")[2]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


def rows() -> Rows:
    return Installation.objects.count(), PermanentToken.objects.count(), TimelineEntry.objects.count()


def release(application: Application, number: tuple[int, int, int], manifest: dict[str, Any], by: User) -> Version:
    application.refresh_from_db()
    saved = save_manifest(application, parse(manifest), expected_revision=application.manifest_revision, by=acting(by))
    return versions.create_version(
        application, number=number, notes="", expected_revision=saved.manifest_revision, by=acting(by)
    )


def external(**members: str) -> dict[str, Any]:
    return {"Modules": [{"type": "ExternalApplication", **members}]}
