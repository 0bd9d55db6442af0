"""An application is locked first, by whatever changes something about it."""

from linnapp.errors import NotPossible
from linnapp.models import Application


def locked(application: Application, *, retired: str = "nothing about it can be changed any more") -> Application:
    """The row with its account, locked until the transaction ends. Raises NotPossible for one that was deleted, and for
    a retired one, with what that means for who asks."""
    rows = Application.objects.select_for_update(of=("self",)).select_related("account")
    row = rows.filter(pk=application.pk).first()
    if row is None:
        raise NotPossible(f"{application.name} does not exist any more.")
    if row.retired_at:
        raise NotPossible(f"{row.name} is retired: {retired}.")
    return row
