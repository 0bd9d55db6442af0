"""The words of our querysets are ours: none takes the name of one of Django's, whose meaning every reader knows."""

from typing import Any

from django.apps import apps
from django.db.models import QuerySet

from linnapp.models import Version
from linnapp.models.versions import VersionQuerySet

# What does as Django's own does, and fills the folded columns besides.
KEPT = {"FillsFolded.update", "FillsFolded.bulk_update"}
DJANGOS = {name for name in dir(QuerySet) if not name.startswith("__")}


def shadowed(manager: Any) -> set[str]:
    """Members of a manager and its queryset that stand in the place of one of Django's, as Class.member."""
    classes = (*type(manager).__mro__, *type(manager.get_queryset()).__mro__)
    ours = [cls for cls in classes if not cls.__module__.startswith("django.")]
    return {f"{cls.__name__}.{name}" for cls in ours for name in DJANGOS & vars(cls).keys()}


def test_no_word_of_a_queryset_shadows_one_of_djangos() -> None:
    managers = [
        manager
        for name in ("linnapp", "installs")
        for model in apps.get_app_config(name).get_models()
        for manager in model._meta.managers
    ]
    assert len(managers) > 25
    assert set().union(*map(shadowed, managers)) == KEPT


def test_a_planted_one_is_found() -> None:
    class Planted(VersionQuerySet):
        def latest(self, *fields: Any) -> Any:
            return self.the_latest()

        def installable_today(self) -> Any:
            return self.installable()

    manager: Any = Planted.as_manager()
    manager.model = Version
    assert shadowed(manager) - KEPT == {"Planted.latest"}
