"""The search of one list of the admin: by folded columns where there are some, and by keys where few rows are meant, so
that the database has an index for either."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connections
from django.db.models import F, Model, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.http import HttpRequest
from django.utils.text import smart_split, unescape_string_literal

from linnapp.models.commonness import are_expected_many
from linnapp.models.folded import among, folded_fields, leads_to, leads_to_through
from linnapp.models.wording import contains

# One in so many rows.
MOST_SORTED = 4
Keys = dict[tuple[object, ...], Any]
# The search over everything asks the same tables for many lists.
KEYS: WeakKeyDictionary[HttpRequest, Keys] = WeakKeyDictionary()


def keys_of(request: HttpRequest) -> Keys:
    """What was found in related tables for this request."""
    return KEYS.setdefault(request, {})


def narrowed(rows: QuerySet[Any], fields: Sequence[str], text: str, keys: Keys) -> QuerySet[Any]:
    """Those that have every word of the text in one of these fields, which are paths over relations. What stands
    between quotes is one word."""
    by_relation: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for field in fields:
        *relations, name = field.split("__")
        by_relation[tuple(relations)].append(name)
    for word in smart_split(text):
        sought = unescape_string_literal(word) if word[0] in "\"'" and word[:1] == word[1:][-1:] else word
        conditions = [_condition(rows, path, names, sought, keys) for path, names in by_relation.items()]
        rows = rows.filter(Q(*conditions, _connector=Q.OR))
        if hasattr(rows, "with_words"):
            rows = rows.with_words(sought)
    return rows


def in_its_order(rows: QuerySet[Any], fields: Sequence[str]) -> QuerySet[Any]:
    """What was found by a text, sorted whole where the list goes by a text that is searched: all that have a word may
    begin with it, and stand far behind in the index of that order, by which PostgreSQL would look for the first. Where
    so many have it that they cannot all stand behind, the index is the better way."""
    first, *further = rows.query.order_by
    if not isinstance(first, str):
        return rows
    name = first.removeprefix("-")
    if name not in fields or connections[rows.db].vendor != "postgresql" or are_expected_many(rows, one_in=MOST_SORTED):
        return rows
    # An order of which there is no index.
    text = Concat(F(name), Value(""))
    return rows.order_by(text.desc() if first.startswith("-") else text, *further)


def _condition(rows: QuerySet[Any], path: Sequence[str], names: Sequence[str], text: str, keys: Keys) -> Q:
    model: type[Model] = rows.model
    far: Any = model
    many = False
    for relation in path:
        field = far._meta.get_field(relation)
        far, many = field.related_model, many or field.one_to_many or field.many_to_many
    beside = {field.of: field.name for field in folded_fields(far)}
    there = Q()
    for name in names:
        there |= Q((f"{beside[name]}__has", text)) if name in beside else contains(far, name, text)
    if not path:
        # What no index of the column finds is told by the rows themselves.
        return rows.with_text(names, text) or there if hasattr(rows, "with_text") else there
    asked = (far, *names, text)
    if asked not in keys:
        keys[asked] = among(far._base_manager.filter(there))
    joined = "__".join(path)
    return leads_to_through(model, joined, keys[asked]) if many else leads_to(joined, keys[asked])
