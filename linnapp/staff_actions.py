"""What staff do to rows of a table, one or many: told before, with a reason, by a service."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Model

from linnapp.actors import Actor, Side
from linnapp.words import span_in_words

UNDONE_WITHIN = timedelta(hours=24)
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Effect:
    """What an act does to one row, told before it is done. `read` is what of the row was judged, where it is that: an
    edit of it meanwhile shows the page anew."""

    row: Model
    sentence: str
    read: str = ""


@dataclass(frozen=True)
class StaffAction:
    """Something staff do to chosen rows, with a reason. `perform` is a service: whether it changed anything, or
    NotPossible. `name` stands in addresses, `label` on buttons, where that is not the verb; `of` stands between the
    verb and what it is done to, `after` behind that. `done` says of rows what they were; `outcome`, in place of that,
    what they came to. `fits` tells whether a row's page offers it, `possible` whether it can be done now; one that
    `destroys` stands last there, in red.

    `undone_by` names the act that takes it back, within a span; `mark` is what of a row tells, later, that it still
    stands as this act left it.
    """

    name: str
    verb: str
    done: str
    read_by: str
    effects: Callable[[list[Any]], list[Effect]]
    perform: Callable[[Any, Actor], bool]
    of: str = ""
    after: str = ""
    outcome: str = ""
    label: str = ""
    destroys: bool = False
    fits: Callable[[Any], bool] = lambda row: True
    possible: Callable[[Any], bool] = lambda row: True
    on_side: Side | None = None
    undone_by: str = ""
    undone_within: timedelta = UNDONE_WITHIN
    mark: Callable[[Any], object] = lambda row: ""
    # A permission beside that to change the table; and whether the sign-in must be a fresh one.
    needs: str = ""
    fresh: bool = False

    def told(self, rows: list[Any], wanted: Values) -> list[Effect]:
        return self.effects(rows)

    def do(self, row: Any, by: Actor, wanted: Values, seen: Values | None) -> bool:
        """`wanted` is set in the row, by an act that sets something; `seen` is what was read there when that was
        asked for. Raises NotPossible, and Moved where something else stands there now."""
        return self.perform(row, by)

    def before(self, row: Any) -> dict[str, Any]:
        """What is needed to set the row back, of an act that sets something."""
        return {}

    def asked_of(self, names: str) -> str:
        return f"{self.verb}{self.of} {names}{self.after}"

    def came_to(self, names: str, number: int) -> str:
        were = "was" if number == 1 else "were"
        return f"{names} {self.outcome or f'{were} {self.done}'}"

    @property
    def undo_told(self) -> str:
        if not self.undone_by:
            return "This cannot be undone."
        return f"It can be undone for {span_in_words(self.undone_within)}: rows that somebody changed since stay."


def _nothing(*given: Any) -> Any:
    raise NotImplementedError


@dataclass(frozen=True)
class FieldEdit(StaffAction):
    """Sets one field of many rows; `edit` is the service of the form that edits it, `typed` makes the form's field."""

    effects: Callable[[list[Any]], list[Effect]] = _nothing
    perform: Callable[[Any, Actor], bool] = _nothing
    field: str = ""
    typed: Callable[[], Any] = _nothing
    edit: Callable[..., list[str]] = _nothing

    def told(self, rows: list[Any], wanted: Values) -> list[Effect]:
        if self.field not in wanted:
            return [Effect(row, f"Now: {self._value(row)}.") for row in rows]
        new = wanted[self.field]
        return [Effect(row, self._changes(row, new), str(getattr(row, self.field))) for row in rows]

    def _changes(self, row: Any, new: str) -> str:
        return "As it is." if getattr(row, self.field) == new else f"{self._value(row)} → {new or '(empty)'}"

    def _value(self, row: Any) -> str:
        return str(getattr(row, self.field)) or "(empty)"

    def do(self, row: Any, by: Actor, wanted: Values, seen: Values | None) -> bool:
        return bool(self.edit(row, by=by, started_from=seen, **{self.field: wanted[self.field]}))

    def before(self, row: Any) -> dict[str, Any]:
        return {self.field: getattr(row, self.field)}


Edit = tuple[str, str, str]


@dataclass(frozen=True)
class Import(StaffAction):
    """Sets what a file says, each row its own values; `save` is the service of the page that edits one. `reads` makes
    of a file the rows that somebody looks at first, `shown` tells of one what it sets: name, old and new."""

    name: str = "import"
    verb: str = "Import"
    done: str = "changed"
    read_by: str = ""
    effects: Callable[[list[Any]], list[Effect]] = _nothing
    perform: Callable[[Any, Actor], bool] = _nothing
    fits: Callable[[Any], bool] = lambda row: False
    undone_by: str = "import"
    save: Callable[[Any, Values, Values | None, Actor], object] = _nothing
    reads: Callable[..., Any] = _nothing
    shown: Callable[[Values, Values], list[Edit]] = lambda before, after: [
        (name, str(before[name]), str(after.get(name, ""))) for name in before
    ]

    def do(self, row: Any, by: Actor, wanted: Values, seen: Values | None) -> bool:
        return self.save(row, wanted, seen, by) is not False
