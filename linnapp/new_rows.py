"""Rows that a file asks for and that are not there yet: judged before anybody applies it, and once more when each is
made."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.db.models.functions import Lower

from linnapp import credentials
from linnapp.actors import Actor
from linnapp.errors import NotPossible
from linnapp.models import Account, TimelineEntry, User
from linnapp.names import isolated
from linnapp.staff_actions import Values

YES_OR_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
# Each as it will be made; why it cannot be; or nothing, where there is nothing to do.
Judged = Sequence[Values | str]
ACCOUNT_COLUMNS = ("account_slug", "account_id")


@dataclass(frozen=True)
class NewRows:
    """How a table gets new rows. `fields` cleans the columns of one, of which it needs those that are required, and
    one of `one_of`, where that names any. `judged` looks at many at once, for a person; no two may have the same `key`.
    `alone` holds, until the transaction ends, what two that make the same at once would both pass by. `make` is the
    service of the page that makes one by hand, `unmake` takes back what nobody touched since, or raises NotPossible.
    `needs` is the permission, `told` and `undo_told` say all this before; `fresh` is whether the sign-in
    must be a fresh one, as for whatever gives a seat."""

    needs: str
    told: str
    undo_told: str
    fields: Callable[[], Mapping[str, forms.Field]]
    named: Callable[[Values], str]
    key: Callable[[Values], object]
    judged: Callable[[Sequence[Values], User], Judged]
    make: Callable[[Values, Actor], Model]
    unmake: Callable[[Any, Actor], bool]
    alone: Callable[[Values], object] = lambda values: None
    one_of: tuple[str, ...] = ()
    fresh: bool = False

    def required(self) -> list[str]:
        return [name for name, field in self.fields().items() if field.required]

    def columns(self) -> str:
        return ", ".join([*self.required(), *([" or ".join(self.one_of)] if self.one_of else [])])

    def is_asked_for(self, columns: Iterable[str]) -> bool:
        """Whether a file with these columns can tell of a new row."""
        there = set(columns)
        return there.issuperset(self.required()) and (not self.one_of or bool(there & set(self.one_of)))

    def wanted(self, cells: Mapping[str, str]) -> dict[str, Any]:
        """Raises ValidationError, with all that is wrong at once."""
        fields = self.fields()
        missing = [name for name in self.required() if not cells.get(name, "").strip()]
        if self.one_of and not any(cells.get(name, "").strip() for name in self.one_of):
            missing.append(" or ".join(self.one_of))
        values, faults = cleaned({name: fields[name] for name in fields if name not in missing}, cells)
        faults += [f"{name}: a new row needs a value." for name in missing]
        if faults:
            raise ValidationError(faults)
        return {name: value for name, value in values.items() if value not in ("", None)}

    def made(self, values: Values, by: Actor) -> Model | None:
        """None where it is there by now as it should be. Raises NotPossible for what cannot be made any more."""
        assert by.person is not None
        self.alone(values)
        [judged] = self.judged([values], by.person)
        if isinstance(judged, str):
            raise NotPossible(judged)
        return self.make(judged, by) if judged else None


def cleaned(fields: Mapping[str, forms.Field], cells: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """As the form of the page cleans them: the values of the columns that are there, and what is wrong."""
    values, faults = {}, []
    for name, field in fields.items():
        if name not in cells:
            continue
        try:
            values[name] = field.clean(_chosen(field, cells[name]))
        except ValidationError as fault:
            faults += [f"{name}: {sentence}" for sentence in fault.messages]
    return values, faults


def _chosen(field: forms.Field, text: str) -> str | bool:
    """A choice may be written as people read it. An empty cell is no No."""
    if isinstance(field, forms.BooleanField):
        if (found := YES_OR_NO.get(text.strip().lower())) is None:
            raise ValidationError("Enter yes or no.")
        return found
    if not isinstance(field, forms.ChoiceField):
        return text
    choices = cast(Iterable[tuple[str, str]], field.choices)
    words = {str(written).lower(): str(value) for value, label in choices for written in (label, value)}
    if text.strip() and text.strip().lower() not in words:
        raise ValidationError(f"Enter one of these: {', '.join(str(label) for value, label in choices if value)}.")
    return words.get(text.strip().lower(), "")


def account_fields() -> dict[str, forms.Field]:
    """The columns that name an account: one of them is enough."""
    return {name: forms.CharField(required=False, max_length=100) for name in ACCOUNT_COLUMNS}


def accounts_named(rows: Sequence[Values]) -> list[Account | None]:
    """Of each row the account that it names, by slug, by id, or by both; None where there is none, or where they name
    two."""
    slugs = [str(row.get("account_slug", "")).lower() for row in rows]
    keys = [credentials.canonical(str(row.get("account_id", ""))) for row in rows]
    by_slug = {account.slug: account for account in Account.objects.filter(slug__in=set(slugs) - {""})}
    by_key = {account.pk.hex: account for account in Account.objects.filter(pk__in=set(filter(None, keys)))}
    found = []
    for row, slug, key in zip(rows, slugs, keys, strict=True):
        named = [by_slug.get(slug)] if slug else []
        named += [by_key.get(key) if key else None] if row.get("account_id") else []
        found.append(named[0] if len(set(named)) == 1 else None)
    return found


NO_ACCOUNT = f"{' or '.join(ACCOUNT_COLUMNS)}: there is no such account."


def named_like(rows: QuerySet[Any], names: Iterable[str]) -> QuerySet[Any]:
    """Those whose names may read as one of these, whatever letters are large: `casefold` then tells. SQLite makes only
    the letters of ASCII small, PostgreSQL all."""
    forms = {form for name in names for form in (name.lower(), name.upper(), name.title(), name.casefold())}
    spelled = {"".join(sign.lower() if sign.isascii() else sign for sign in form) for form in forms}
    found: QuerySet[Any] = rows.annotate(name_in_lower_case=Lower("name")).filter(name_in_lower_case__in=spelled)
    return found


def taken(what: str, name: str, there: str) -> str:
    spelled = "" if name == there else f", spelled {isolated(there)}"
    return f"{what} called {isolated(name)}{spelled}. Give its id to change it."


def was_touched(change_of: Iterable[TimelineEntry]) -> bool:
    """Whether something happened to what was made, beside that it was made, by one bulk change."""
    changes = {entry.facts.get("change") for entry in change_of}
    return len(changes) != 1 or None in changes
