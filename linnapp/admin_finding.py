"""The search of one list of the admin: by folded columns where there are some, and by keys where few rows are meant, so
that the database has an index for either."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.models import BooleanField, Case, Model, OuterRef, Q, QuerySet, Subquery, Value, When
from django.http import HttpRequest
from django.utils.text import smart_split, unescape_string_literal

from linnapp.folding import sought
from linnapp.models.folded import among, folded_fields, is_common

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


def _condition(rows: QuerySet[Any], path: Sequence[str], names: Sequence[str], text: str, keys: Keys) -> Q:
    model: type[Model] = rows.model
    far: Any = model
    many = False
    for relation in path:
        field = far._meta.get_field(relation)
        far, many = field.related_model, many or field.one_to_many or field.many_to_many
    beside = {field.of: field.name for field in folded_fields(far)}
    lookups = [f"{beside[name]}__has" if name in beside else f"{name}__icontains" for name in names]
    there = Q(*((lookup, text) for lookup in lookups), _connector=Q.OR)
    asked = (far, *lookups, text)
    if not path and (not beside or hasattr(rows, "with_text")):
        # What no index of the column finds is told by the rows themselves.
        return rows.with_text(names, text) or there if hasattr(rows, "with_text") else there
    read = _told_by_rows(beside, names, text)
    if not path:
        return read if _is_common(far, there, read, asked, keys) else there
    if asked not in keys:
        keys[asked] = among(far._base_manager.filter(there))
    if not many and _is_common(far, there, read, asked, keys):
        return Q(Subquery(_told(far, "__".join(path), read)))
    condition = Q(**{f"{'__'.join(path)}__in": keys[asked]})
    # By key, so that no row is found twice.
    return Q(pk__in=model._base_manager.filter(condition).values("pk")) if many else condition


def _told_by_rows(beside: Mapping[str, str], names: Sequence[str], text: str) -> Q:
    """The same, told by the rows themselves and not by an index of all that have it."""
    folded = [(f"{beside[name]}__contains", sought(text)) for name in names if name in beside]
    plain = [(f"{name}__icontains", text) for name in names if name not in beside]
    return Q(*folded, *plain, _connector=Q.OR)


def _is_common(model: Any, there: Q, read: Q, asked: tuple[object, ...], keys: Keys) -> bool:
    """Of SQLite alone, where all that have it would be looked up and kept for each statement; PostgreSQL knows how many
    they are. Some rows tell, where more than a few have it."""
    if connection.vendor != "sqlite":
        return False
    if asked not in keys:
        keys[asked] = among(model._base_manager.filter(there))
    if isinstance(keys[asked], list):
        return False
    if (*asked, "is common") not in keys:
        keys[(*asked, "is common")] = is_common(model, read)
    return bool(keys[(*asked, "is common")])


def _told(model: Any, path: str, read: Q) -> QuerySet[Any]:
    """Of the one row that another points to, whether it has the text."""
    has = Case(When(read, then=Value(True)), default=Value(False), output_field=BooleanField())
    rows: QuerySet[Any] = model._base_manager.filter(pk=OuterRef(path)).order_by().annotate(has_text=has)
    return rows.values("has_text")
