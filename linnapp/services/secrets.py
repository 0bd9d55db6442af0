"""Application Secrets as far as they are the developer's own affair: ending one ends sessions, and is in `installs`."""

from django.db import transaction

from linnapp import credentials, timeline
from linnapp.errors import NotPossible
from linnapp.models import Application, Secret, User

MOST_LIVE = 2


@transaction.atomic
def create_secret(*, application: Application, by: User) -> Secret:
    """The next secret beside the one in use; raises NotPossible where two are live already."""
    row = Application.objects.select_for_update().get(pk=application.pk)
    if row.retired_at:
        raise NotPossible(f"{row.name} is retired: it gets no new Application Secret.")
    if row.secrets.live().count() >= MOST_LIVE:
        raise NotPossible("Two Application Secrets are live already. Retire one first, then make the next.")
    value = credentials.new_credential()
    secret = Secret.objects.create(
        application=row,
        digest=credentials.digest(value),
        encrypted=credentials.encrypt(value),
        tail=credentials.tail(value),
        created_by=by,
    )
    timeline.record(
        timeline.Kind.SECRET_CREATED,
        by=by,
        side=timeline.Side.DEVELOPER,
        application=row,
        account=row.account,
        tail=secret.tail,
    )
    return secret


@transaction.atomic
def reveal_secret(secret: Secret, *, by: User) -> str:
    """The secret in the clear, on record. The view asks for a fresh sign-in first."""
    timeline.record(
        timeline.Kind.SECRET_REVEALED,
        by=by,
        side=timeline.Side.DEVELOPER,
        application=secret.application,
        account=secret.application.account,
        tail=secret.tail,
    )
    return secret.value()
