"""Who is of support: asked before whatever only support does, and by whoever gives a case to somebody."""

from django.db.models import Q

from linnapp.actors import Actor
from linnapp.errors import NotPossible
from linnapp.models import User
from linnapp.models.people import SUPPORT_GROUP


def refuse_unless_support(by: Actor) -> None:
    """Raises NotPossible for everybody else."""
    if not (by.may_act_as_staff and by.person and by.person.is_support):
        raise NotPossible("Only this portal's support may do this.")


def colleagues() -> list[User]:
    """Those whom a case can be assigned to."""
    of_group = Q(pk__in=User.objects.filter(groups__name=SUPPORT_GROUP).values("pk"))
    people = User.objects.filter(of_group | Q(is_superuser=True), is_active=True, is_staff=True)
    # Few, by the index of staff: sorted at once, SQLite would read everybody in the order of their names.
    return list(User.objects.filter(pk__in=list(people.values_list("pk", flat=True))).order_by("name", "pk"))
