"""What a page shows of another subject: pages of the registry of installations, one wing's pages of another's. A page
loads these, no Python of it does."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django import template

from installs.application import beside_name, checklist, secret_ends
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
# Lines of the checklist that whoever edits the application takes.
EDITORS_LINES = ("manifest", "postback", "version")


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
def shown_state(application: Application, facts: BesideName) -> str:
    """The application's state as a pill has it: Draft until its first version, Live after."""
    state = application.state
    return "DRAFT" if state == Application.State.LIVE and facts.is_draft else str(state.value)


@register.simple_tag
def shown_states(applications: Iterable[Application]) -> dict[UUID, str]:
    """The same of a whole page: one query, however many they are."""
    shown = {row.pk: str(row.state.value) for row in applications}
    drafts = Application.objects.filter(pk__in=shown).without(Version.objects.released()).order_by()
    live = [key for key in drafts.values_list("pk", flat=True) if shown[key] == Application.State.LIVE]
    return shown | dict.fromkeys(live, "DRAFT")


@register.simple_tag
def own_state(application: Application) -> str:
    """The same of one that the page knows nothing else of."""
    return shown_states([application])[application.pk]


@register.simple_tag(takes_context=True)
def next_line_of(context: template.Context, application: Application) -> str:
    """The name of the checklist's next line; "" where there is none, or none that this reader may take. A page that
    knows the line already says so in `next_line`."""
    line = context["next_line"] if "next_line" in context else checklist.next_line(application)
    frame = context["frame"]
    may_take = {"exchange": True, "installed": frame.may_own} | dict.fromkeys(EDITORS_LINES, frame.may_edit)
    return line if line and may_take.get(line) else ""


@register.inclusion_tag("installs/application/_next_step.html", takes_context=True)
def next_step(context: template.Context, application: Application) -> dict[str, Any]:
    """The checklist's next line as one button, where there is one (`next_line_of`)."""
    return {"application": application, "line": next_line_of(context, application)}


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
def exchange_command_with(application: Application, permanent_token: str, secret: str) -> str:
    """With the credentials that the page shows in the clear."""
    return command_line.exchange_command_with(application, permanent_token=permanent_token, secret=secret)


@register.simple_tag
def update_to(latest: Version, installation: Installation | None) -> Version | None:
    """What this installation may update to, of an application whose latest version is at hand."""
    return moving.update_to(latest, installation) if installation else None


@register.simple_tag
def words_of_move(installation: Installation, available: Version) -> str:
    """Of the button that takes it there: "Update to 1.2.0", or "Move to 1.1.0" for a step down."""
    return moving.words_of(installation, available)
