"""What a developer has set for an application's postbacks: when an installation is complete."""

from django.db import transaction

from installs.models import PostbackPolicy
from linnapp import timeline
from linnapp.errors import NotPossible
from linnapp.models import Application, User
from linnapp.timeline import Kind, Side


def mode_of(application: Application) -> PostbackPolicy.Mode:
    row = PostbackPolicy.objects.filter(application=application).first()
    return PostbackPolicy.Mode(row.mode) if row else PostbackPolicy.Mode.COMPLETE_AND_RETRY


def waits_for_200(application: Application) -> bool:
    """Whether the developer chose that only a postback answered with 200 completes an installation."""
    return mode_of(application) == PostbackPolicy.Mode.WAIT_FOR_200


@transaction.atomic
def choose_mode(application: Application, mode: PostbackPolicy.Mode, *, by: User) -> None:
    row = Application.objects.select_for_update(of=("self",)).select_related("account").get(pk=application.pk)
    if row.retired_at:
        raise NotPossible(f"{row} is retired: it sends no postbacks any more.")
    policy, _ = PostbackPolicy.objects.get_or_create(application=row)
    if policy.mode == mode:
        return
    policy.mode = mode
    policy.save(update_fields=["mode"])
    timeline.record(
        Kind.POSTBACK_MODE,
        by=by,
        side=Side.DEVELOPER,
        application=row,
        account=row.account,
        mode=policy.get_mode_display(),
    )
