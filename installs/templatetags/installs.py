"""What a page shows of another subject: pages of the registry of installations, one wing's pages of another's. A page
loads these, no Python of it does."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django import template

from installs.application import beside_name, secret_ends
from installs.application.beside_name import BesideName
from installs.application.secret_ends import Use
from installs.connectors import own
from installs.exchange import command_line
from installs.installations import moving
from installs.models import Installation
from installs.postbacks import health
from installs.postbacks.health import Health
from installs.store import listings
from linnapp.models import Application, Secret, Version

register = template.Library()


@register.simple_tag
def facts_of(applications: Iterable[Application]) -> dict[UUID, BesideName]:
    """For a whole page of applications: two queries, however many they are."""
    return beside_name.of_each(applications)


@register.simple_tag
def postbacks_not_well(applications: Iterable[Application]) -> dict[UUID, Health]:
    """Of those of a page whose postbacks are not well: one query, however many they are."""
    return health.of_each(list(applications))


@register.simple_tag(takes_context=True)
def application_facts(context: template.Context, application: Application) -> BesideName:
    """What the page knows of it already, or asks for here."""
    known: BesideName | None = context.get("beside_name")
    return known or beside_name.of(application)


@register.simple_tag
def uses_of_secrets(application: Application) -> dict[int, Use]:
    """Which of two secrets is still in use: what whoever rotates them wants to know."""
    return secret_ends.uses_of_secrets(application)


@register.filter
def at(mapping: Mapping[Any, Any], key: object) -> Any:
    """The value at a key that is not text, which the dot of templates cannot reach."""
    return mapping.get(key)


@register.simple_tag
def installations_staying(application: Application) -> int:
    """Live installations that saving the manifest does not move: those on a released version."""
    rows = Installation.objects.live().filter(application=application, version__kind=Version.Kind.RELEASED)
    return rows.count()


@register.inclusion_tag("installs/connectors/_that_stop.html", takes_context=True)
def connectors_with_token_of(context: template.Context, installation: Installation) -> dict[str, Any]:
    """Connectors of the reader's account that stop when this installation does."""
    return {"connectors": own.with_token_of(installation, context["user"])}


@register.inclusion_tag("installs/connectors/_that_stop.html", takes_context=True)
def connectors_with_secret(context: template.Context, secret: Secret) -> dict[str, Any]:
    """Connectors of the reader's account that stop when this secret ends."""
    return {"connectors": own.with_secret(secret, context["user"])}


@register.inclusion_tag("installs/store/_changed_since_review.html")
def changed_since_review(application: Application) -> dict[str, Any]:
    """What an installer is told of a verified application that was edited since."""
    return {"changed": listings.changed_fields(application) if application.is_verified else []}


@register.simple_tag
def exchange_command(application: Application) -> str:
    return command_line.exchange_command(application)


@register.simple_tag
def update_to(latest: Version, installation: Installation | None) -> Version | None:
    """What this installation may update to, of an application whose latest version is at hand."""
    return moving.update_to(latest, installation) if installation else None


@register.simple_tag
def words_of_move(installation: Installation, available: Version) -> str:
    """Of the button that takes it there: "Update to 1.2.0", or "Move to 1.1.0" for a step down."""
    return moving.words_of(installation, available)
