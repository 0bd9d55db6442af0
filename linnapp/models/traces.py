"""What a table keeps of people beside its keys to them. A model says it as `traces` and `of_person`; whatever takes
one's own data along, or deletes a person, goes by that, also for a table that is made some day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Traces:
    """`texts`: columns of text or JSON in which people are named, or name each other. `made`: the path to when they
    were written. `accounts`: paths to the account whose row it is; `people`: paths to persons that a row is tied to,
    beside its own foreign keys. `outlives`: its rows stay when the person that they point to is deleted, though they
    would go with a deleted row. `work_of`: keys to whoever works on a row, who is nobody then."""

    texts: tuple[str, ...] = ()
    made: str = ""
    accounts: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    outlives: bool = False
    work_of: tuple[str, ...] = ()


# Of tables that others brought along: what the admin logs of its own forms.
OF_OTHERS = {
    "admin.LogEntry": Traces(texts=("object_repr", "change_message"), made="action_time", outlives=True),
}


def traces_of(model: Any) -> Traces:
    found: Traces = getattr(model, "traces", None) or OF_OTHERS.get(model._meta.label) or Traces()
    return found


@dataclass(frozen=True)
class OfPerson:
    """A part of what somebody takes along of themselves: its `name` in the file, the path `by` from the table to the
    person, and what stands in a row: names, and paths of values."""

    name: str
    by: str
    columns: Mapping[str, str] = field(default_factory=dict)
