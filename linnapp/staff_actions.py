"""What staff do to rows of a table, one or many: told before, with a reason, by a service."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Model, QuerySet
from django.forms import Field

from linnapp.actors import Actor, Side
from linnapp.names import isolated
from linnapp.words import span_in_words, with_commas

UNDONE_WITHIN = timedelta(hours=24)
Values = Mapping[str, Any]
# Of one row, what an act sets in it: name, old, new.
Edit = tuple[str, str, str]


def shown_as_it_is(before: Values, after: Values) -> list[Edit]:
    return [(name, str(before[name]), str(after.get(name, ""))) for name in before]


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

    `undone_by` names the act that takes it back, within a span, and `undo_means` says what that is; `mark` is what of
    a row tells, later, that it still stands as this act left it.

    `concerns` narrows rows to those that it changes, as things stand, and `reach` tells of these what else it reaches,
    in numbers: both by a few statements, however many the rows. `fields` makes what is typed beside the reason, by
    name; `wanted_of` makes of that what a bulk change keeps, as JSON. `shown` tells of one row what was set in it.
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
    undo_means: str = "rows that somebody changed since stay"
    mark: Callable[[Any], object] = lambda row: ""
    concerns: Callable[[QuerySet[Any]], QuerySet[Any]] | None = None
    reach: Callable[[QuerySet[Any]], Sequence[str]] = lambda rows: ()
    fields: Callable[[], dict[str, Field]] = dict
    wanted_of: Callable[[Values], Values] = dict
    shown: Callable[[Values, Values], list[Edit]] = shown_as_it_is
    # A permission beside that to change the table; whether no permission is enough; whether the sign-in must be fresh.
    needs: str = ""
    for_superusers: bool = False
    fresh: bool = False
    # Done to one row from its page, and not to chosen rows of a list.
    one_by_one: bool = False

    def told(self, rows: list[Any], wanted: Values) -> list[Effect]:
        return self.effects(rows)

    def in_numbers(self, rows: QuerySet[Any], number: int, wanted: Values) -> list[str]:
        """What it does to all of these, of which there are so many; nothing where that is not counted."""
        if self.concerns is None:
            return []
        concerned = self.concerns(rows)
        return [self.so_many(concerned.count(), number), *self.reach(concerned)]

    def so_many(self, changed: int, number: int) -> str:
        were = self.outcome or self.done
        return f"{were[0].upper()}{were[1:]}: {with_commas(changed)} of {with_commas(number)}."

    def do(self, row: Any, by: Actor, wanted: Values, seen: Values | None) -> bool:
        """`wanted` is set in the row, by an act that sets something; `seen` is what was read there when that was
        asked for. Raises NotPossible, and Moved where something else stands there now."""
        return self.perform(row, by)

    def before(self, row: Any) -> dict[str, Any]:
        """What is needed to set the row back, of an act that sets something."""
        return {}

    def wanted_back(self, wanted: Values) -> Values:
        """What an undo keeps for all rows, beside what is set back in each."""
        return {}

    def asked_of(self, names: str) -> str:
        return f"{self.verb}{self.of} {isolated(names)}{self.after}"

    def came_to(self, names: str, number: int) -> str:
        were = "was" if number == 1 else "were"
        return f"{isolated(names)} {self.outcome or f'{were} {self.done}'}"

    @property
    def undo_told(self) -> str:
        if not self.undone_by:
            return "This cannot be undone."
        return f"It can be undone for {span_in_words(self.undone_within)}: {self.undo_means}."


def _nothing(*given: Any) -> Any:
    raise NotImplementedError


@dataclass(frozen=True)
class FieldEdit(StaffAction):
    """Sets the one field of many rows that `fields` makes; `edit` is the service of the form that edits it."""

    effects: Callable[[list[Any]], list[Effect]] = _nothing
    perform: Callable[[Any, Actor], bool] = _nothing
    field: str = ""
    edit: Callable[..., list[str]] = _nothing

    def told(self, rows: list[Any], wanted: Values) -> list[Effect]:
        if self.field not in wanted:
            return [Effect(row, f"Now: {self._value(row)}.") for row in rows]
        new = wanted[self.field]
        return [Effect(row, self._changes(row, new), str(getattr(row, self.field))) for row in rows]

    def in_numbers(self, rows: QuerySet[Any], number: int, wanted: Values) -> list[str]:
        if self.field not in wanted:
            return []
        return [self.so_many(rows.exclude(**{self.field: wanted[self.field]}).count(), number)]

    def _changes(self, row: Any, new: str) -> str:
        return "No change." if getattr(row, self.field) == new else f"{self._value(row)} → {new or '(empty)'}"

    def _value(self, row: Any) -> str:
        return str(getattr(row, self.field)) or "(empty)"

    def do(self, row: Any, by: Actor, wanted: Values, seen: Values | None) -> bool:
        return bool(self.edit(row, by=by, started_from=seen, **{self.field: wanted[self.field]}))

    def before(self, row: Any) -> dict[str, Any]:
        return {self.field: getattr(row, self.field)}


@dataclass(frozen=True)
class Import(StaffAction):
    """Sets what a file says, each row its own values; `save` is the service of the page that edits one. `reads` makes
    of a file the rows that somebody looks at first, of one of these `kinds`, which `hint` names. `makes` is how a row
    comes to be that is not there yet (NewRows), where a file may ask for one."""

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
    kinds: str = ".csv,.xlsx,.json,text/csv,application/json"
    hint: str = "CSV, XLSX or JSON in the form of the export, at most 10 MB."
    makes: Any = None

    def do(self, row: Any, by: Actor, wanted: Values, seen: Values | None) -> bool:
        """With nothing to set, the row was made by what is undone."""
        if self.makes and not wanted:
            return bool(self.makes.unmake(row, by))
        return self.save(row, wanted, seen, by) is not False
