"""Application Secrets as far as they are the developer's own affair: ending one ends sessions, and is in `installs`."""

from django.db import transaction

from linnapp import credentials, kinds, timeline
from linnapp.actors import Actor, refuse_to_reveal_of, refuse_unless_fresh
from linnapp.errors import NotPossible
from linnapp.models import Application, Secret
from linnapp.services.locking import locked

MOST_LIVE = 2


@transaction.atomic
def create_secret(*, application: Application, by: Actor) -> Secret:
    """The next secret beside the one in use; raises NotPossible where two are live already."""
    row = locked(application, retired="no new Application Secret can be created")
    if row.secrets.live().count() >= MOST_LIVE:
        raise NotPossible("There are already two live Application Secrets. Retire one first, then create the next.")
    refuse_unless_fresh(by)
    return make_secret(row, by=by)


def make_secret(application: Application, *, by: Actor) -> Secret:
    """One more, however many live. The caller holds the application's lock."""
    value = credentials.new_credential()
    secret = Secret.objects.create(
        application=application,
        digest=credentials.digest(value),
        encrypted=credentials.encrypt(value),
        tail=credentials.tail(value),
        created_by=by.person,
    )
    timeline.record(kinds.SECRET_CREATED, by=by, application=application, tail=secret.tail)
    return secret


@transaction.atomic
def reveal_secret(secret: Secret, *, by: Actor) -> Secret:
    """The secret, to be shown in the clear: on record."""
    refuse_to_reveal_of(secret.application, by)
    refuse_unless_fresh(by)
    timeline.record(kinds.SECRET_REVEALED, by=by, application=secret.application, tail=secret.tail)
    return secret
