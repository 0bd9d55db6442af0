"""Two people edit the same row: what each of them began with decides what is written."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Model

from linnapp.errors import Moved


class EditedMeanwhile(Moved):
    """Somebody else changed the same fields since the person began: what stands in them now, by field."""

    def __init__(self, theirs: Mapping[str, str]) -> None:
        super().__init__("Somebody else has changed the same fields.")
        self.theirs = theirs


def write_changes(row: Model, values: Mapping[str, Any], started_from: Mapping[str, str] | None = None) -> list[str]:
    """Sets on a locked row what differs from it, unsaved; the names of the fields.

    `started_from` is what the person saw when they began: a field left as it was is not written, one that somebody
    else changed since raises EditedMeanwhile.
    """
    seen = started_from or {}
    wanted = {name: value for name, value in values.items() if value != seen.get(name)}
    changed = [name for name, value in wanted.items() if getattr(row, name) != value]
    moved = [name for name in changed if name in seen and getattr(row, name) != seen[name]]
    if moved:
        raise EditedMeanwhile({name: getattr(row, name) for name in moved})
    for name in changed:
        setattr(row, name, wanted[name])
    return changed


def labels(row: Model, names: list[str]) -> str:
    """The fields as people call them."""
    words = {field.name: str(field.verbose_name) for field in row._meta.fields}
    return ", ".join(words[name] for name in names)
