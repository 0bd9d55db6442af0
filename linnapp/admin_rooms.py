"""What of the admin somebody may open, and how its first page and its sidebar put the lists together: those that
people work with in rooms, all others folded behind them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

# As `ReadOnlyAdmin.room` names them; a list without a room is one of the internals.
ROOMS = ("Applications", "Installations", "Accounts and people", "What happened")
INTERNALS = ""


@dataclass(frozen=True)
class Rooms:
    working: list[tuple[str, list[Mapping[str, Any]]]]
    internals: list[Mapping[str, Any]]


def rooms_of(apps: Iterable[Mapping[str, Any]]) -> Rooms:
    """Of Django's list of what somebody may see, app by app."""
    models = sorted((model for app in apps for model in app["models"]), key=_place)
    found: dict[str, list[Mapping[str, Any]]] = {}
    for model in models:
        room = room_of(model["model"])
        found.setdefault(room if room in ROOMS else INTERNALS, []).append(model)
    return Rooms([(room, found[room]) for room in ROOMS if room in found], found.get(INTERNALS, []))


def room_of(model: type[Model]) -> str:
    return str(getattr(admin.site._registry.get(model), "room", ""))


def _place(model: Mapping[str, Any]) -> tuple[bool, str]:
    """What a room is named after stands first in it."""
    name = str(model["name"]).lower()
    return not room_of(model["model"]).lower().startswith(name), name


def working_pages() -> list[Any]:
    """The admin classes of what people work with, room by room."""
    named = [{"name": page.opts.verbose_name_plural, "model": model} for model, page in admin.site._registry.items()]
    rooms = rooms_of([{"models": named}])
    return [admin.site._registry[model["model"]] for _, models in rooms.working for model in models]


def finds_something(request: HttpRequest) -> bool:
    """Whether any list of the admin is open to whoever asks. No query beside those of their permissions."""
    user = request.user
    if not (user.is_active and user.is_authenticated and user.is_staff):
        return False
    return any(
        page.has_module_permission(request) and page.has_view_permission(request)
        for page in admin.site._registry.values()
    )
