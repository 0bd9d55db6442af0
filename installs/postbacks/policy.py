"""What a developer has set for an application's postbacks: when an installation is complete."""

from django.db import transaction

from installs.models import PostbackPolicy
from installs.postbacks import kinds
from linnapp import timeline
from linnapp.actors import Actor
from linnapp.models import Application
from linnapp.services.locking import locked

# What is said of a retired application to whoever changes something about its postbacks.
RETIRED = "it no longer sends postbacks"


def mode_of(application: Application) -> PostbackPolicy.Mode:
    row = PostbackPolicy.objects.filter(application=application).first()
    return PostbackPolicy.Mode(row.mode) if row else PostbackPolicy.Mode.COMPLETE_AND_RETRY


def waits_for_200(application: Application) -> bool:
    """Whether the developer chose that only a postback answered with 200 completes an installation."""
    return mode_of(application) == PostbackPolicy.Mode.WAIT_FOR_200


@transaction.atomic
def choose_mode(application: Application, mode: PostbackPolicy.Mode, *, by: Actor) -> None:
    row = locked(application, retired=RETIRED)
    policy, _ = PostbackPolicy.objects.get_or_create(application=row)
    if policy.mode == mode:
        return
    policy.mode = mode
    policy.save(update_fields=["mode"])
    timeline.record(kinds.POSTBACK_MODE, by=by, application=row, mode=policy.get_mode_display())
