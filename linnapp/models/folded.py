"""The folded column beside each text that is searched, and the one way to search it: `name_folded__has`."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import In, IsNull, Lookup
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler
from django.utils import tree

from linnapp.folding import folded, sought
from linnapp.models import commonness, trigrams

AnyModel = TypeVar("AnyModel", bound=models.Model)
AnyRows = TypeVar("AnyRows", bound=models.QuerySet[Any])
ROWS_AT_ONCE = 2000
SQL = tuple[str, list[Any]]
# Django's own classes take no type between brackets at run time.
if TYPE_CHECKING:
    Text = models.TextField[str, str]
    TextLookup = Lookup[str]
else:
    Text, TextLookup = models.TextField, Lookup


class FoldedField(Text):
    """Another field's text as `folding.folded` writes it. The database finds its parts by an index of trigrams."""

    def __init__(self, *args: Any, of: str = "", **options: Any) -> None:
        self.of = of
        super().__init__(*args, **options | {"default": "", "blank": True, "editable": False})

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, path, args, options = super().deconstruct()
        for fixed in ("default", "blank", "editable"):
            options.pop(fixed, None)
        return name, path, args, options | {"of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = folded(getattr(model_instance, self.of) or "")
        setattr(model_instance, self.attname, value)
        return value


def folded_fields(model: type[models.Model]) -> list[FoldedField]:
    return [field for field in model._meta.local_concrete_fields if isinstance(field, FoldedField)]


def make_findable(connection: BaseDatabaseWrapper, model: type[models.Model]) -> bool:
    """Folds what stands in the table, and makes the indexes: for migrations, after the columns were added. Whether the
    indexes are there."""
    fields = folded_fields(model)
    sources, key = [field.of for field in fields], model._meta.pk
    assert key is not None
    sets = ", ".join(f'"{field.column}" = %s' for field in fields)
    statement = f'UPDATE "{model._meta.db_table}" SET {sets} WHERE "{key.column}" = %s'
    rows = model._base_manager.using(connection.alias).order_by("pk").values_list("pk", *sources)
    batch = list(rows[:ROWS_AT_ONCE])
    while batch:
        keys = [key.get_db_prep_value(row[0], connection) for row in batch]
        texts = [[folded(text) for text in row[1:]] for row in batch]
        with connection.cursor() as cursor:
            cursor.executemany(statement, [(*each, one) for each, one in zip(texts, keys, strict=True)])
        batch = list(rows.filter(pk__gt=batch[-1][0])[:ROWS_AT_ONCE])
    return trigrams.make(connection, model, columns_of(model))


def columns_of(model: type[models.Model]) -> list[str]:
    return [str(field.column) for field in folded_fields(model)]


@FoldedField.register_lookup
class Has(TextLookup):
    """Rows whose text has this text in it, however either is written. Nothing but spaces is in all of them."""

    lookup_name = "has"
    is_asked_of_rows = False

    def get_prep_lookup(self) -> str:
        return sought(str(self.rhs))

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:
        if not self.rhs:
            raise FullResultSet
        lhs, params = self.process_lhs(compiler, connection)
        if connection.vendor == "sqlite":
            return self._by_its_table(compiler, connection)
        wanted = connection.ops.prep_for_like_query(self.rhs)
        return f"{lhs} LIKE %s", [*params, f"%{wanted}%"]

    def _by_its_table(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> SQL:
        """SQLite keeps the trigrams in a table of their own, which is asked for the keys; where these are many, each
        row is asked, in the order in which rows are wanted."""
        table, sought = self._asked()
        alias = compiler.quote_name_unless_alias(self.lhs.alias)
        key = f'{alias}."{self.lhs.target.model._meta.pk.column}"'
        if not self.is_asked_of_rows and not self.is_common(connection):
            return f"{key} IN ({trigrams.KEYS_FOUND.format(table=table)})", [sought]
        if (begun := BEGUN.get()) is None:
            return f'instr({alias}."{self.lhs.target.column}", %s) > 0', [self.rhs]
        begun.leads, begun.is_near = begun.leads or begun.inside, begun.is_near or not begun.inside
        if not self.is_common(connection):
            # For the company that it is in, an OR whose other words are enough.
            raise EmptyResultSet
        return f"{key} IN ({trigrams.SOME_KEYS_FOUND.format(table=table)})", [sought, begun.most]

    def is_common(self, connection: BaseDatabaseWrapper) -> bool:
        """Whether so many rows have it that the first of any list are soon met. Asked of SQLite alone."""
        table, sought = self._asked()
        names = {"trigrams": f"{table}_trigrams", "rows": f"{table}_keys"}
        return commonness.are_counted_many(connection.alias, **names, asked=sought)

    def _asked(self) -> tuple[str, str]:
        field, quoted = self.lhs.target, self.rhs.replace('"', '""')
        return field.model._meta.db_table, f'{field.column} : "{quoted}"'


@dataclass
class Begun:
    """`leads`: whether a word was asked for that many have, two tables away from the one that is listed, and so some
    may be left out; `is_near`: in that table itself or the next, where it is soon met."""

    most: int
    leads: bool = False
    is_near: bool = False
    inside: bool = False


BEGUN: ContextVar[Begun | None] = ContextVar("BEGUN", default=None)


@contextmanager
def some_of_common(most: int) -> Iterator[Begun]:
    """On SQLite, conditions by a word that many have are met by so many of these alone, whose keys are looked up first:
    for a count that ends, whose end they may reach. Row by row it passes by ten others for each. Not for what is
    negated, of which fewer words leave more rows."""
    token = BEGUN.set(Begun(most))
    try:
        yield cast(Begun, BEGUN.get())
    finally:
        BEGUN.reset(token)


class LeadsToOne(models.Expression):
    """That the row of this key is one of those found: asked as rows come by, and by keys in `some_of_common`."""

    conditional = True

    def __init__(self, path: str, found: models.QuerySet[Any]) -> None:
        super().__init__(output_field=models.BooleanField())
        self.is_far = "__" in path
        self.keys = found.order_by().values("pk").query
        self.sources: list[Any] = [models.Exists(found.filter(pk=models.OuterRef(path))), models.F(path)]

    def get_source_expressions(self) -> list[Any]:
        return self.sources

    def set_source_expressions(self, exprs: Any) -> None:
        self.sources = list(exprs)

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:
        there, key = self.sources
        if (begun := BEGUN.get()) is None:
            return compiler.compile(there)
        begun.inside = self.is_far
        try:
            return compiler.compile(In(key, self.keys.clone()))
        finally:
            begun.inside = False


class FillsFolded(models.QuerySet[AnyModel]):
    """Changes of many rows at once take their folded columns along."""

    def update(self, **values: Any) -> int:
        for field in folded_fields(self.model):
            if field.of in values and field.attname not in values:
                if not isinstance(values[field.of], str):
                    raise TypeError(f"{field.of} of many rows is set to a text, or one by one: it is searched.")
                values[field.attname] = folded(values[field.of])
        return super().update(**values)

    def bulk_update(self, objs: Iterable[AnyModel], fields: Iterable[str], batch_size: int | None = None) -> int:
        rows = list(objs)
        names = with_folded(self.model, list(fields))
        for field in folded_fields(self.model):
            if field.name in names:
                for row in rows:
                    field.pre_save(row, add=False)
        return super().bulk_update(rows, names, batch_size)


def among(found: models.QuerySet[Any], key: str = "pk") -> Any:
    """What `__in` and `leads_to` take: the keys where few rows were found, which an index of the other table is asked
    for one by one; a query where they are many, of which the first rows are soon met."""
    if is_common(found):
        rows = _asked_of_rows(found).order_by()
        return rows if key == "pk" else rows.values(key)
    keys = list(found.order_by().values_list(key, flat=True)[: commonness.FEW + 1])
    return keys if len(keys) <= commonness.FEW else found.values(key)


def there_is(rows: models.QuerySet[Any]) -> IsNull:
    """Whether there is one of these rows, which refer to the row outside. Looked for only as rows come by: of an EXISTS
    PostgreSQL may list all that could be asked for first, though a page is full after a few."""
    return IsNull(models.Subquery(rows.order_by().values("pk")[:1]), False)


class AsRowsCome(models.Expression):
    """Two conditions that say the same: `looked_up` where a query ends after the first rows of its order, or soon, as
    it counts; `gathered` where there is more to look through than to gather."""

    conditional = True

    def __init__(
        self, found: models.QuerySet[Any], within: models.QuerySet[Any] | None, *, looked_up: Any, gathered: Any
    ) -> None:
        super().__init__(output_field=models.BooleanField())
        self.found, self.within, self.looked_up, self.gathered = found, within, looked_up, gathered

    def get_source_expressions(self) -> list[Any]:
        return [self.looked_up, self.gathered]

    def set_source_expressions(self, exprs: Any) -> None:
        self.looked_up, self.gathered = exprs

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:
        query = compiler.query
        is_page = query.high_mark is not None and bool(query.order_by)
        if is_page or self._is_sooner_looked_up(query):
            return compiler.compile(self.looked_up)
        return compiler.compile(self.gathered)

    def _is_sooner_looked_up(self, query: Query) -> bool:
        assert query.model is not None
        rows = query.model._base_manager.using(self.found.db) if self.within is None else self.within
        return commonness.is_sooner_looked_up(rows, self.found, query.high_mark)


def is_among(key: str, found: models.QuerySet[Any]) -> models.Q:
    """That the row of this key was found: as `leads_to`, but PostgreSQL too looks for many as rows come by. For a page,
    and not for what is counted."""
    keys = among(found)
    if isinstance(keys, list) or connections[found.db].vendor == "sqlite":
        return leads_to(key, keys)
    return models.Q(there_is(found.filter(pk=models.OuterRef(key))))


def leads_to(path: str, found: Any, *, within: models.QuerySet[Any] | None = None) -> models.Q:
    """Rows that are of one of those that `among` found. `within` are the rows that are asked, where they are not a
    whole table."""
    return _are_of(path, found, is_common=_are_many(found), within=within)


def leads_to_through(model: type[models.Model], path: str, found: Any) -> models.Q:
    """The same of this model's rows over a path on which one meets many: by key, so that none is found twice."""
    rows = model._base_manager.filter(leads_to(path, found))
    if _are_many(found):
        return _are_of("pk", rows, is_common=True)
    # By keys again: of a query beside other conditions PostgreSQL expects half of the table.
    return leads_to("pk", among(rows))


def _are_many(found: Any) -> bool:
    return isinstance(found, models.QuerySet) and is_common(found)


def _are_of(path: str, found: Any, *, is_common: bool, within: models.QuerySet[Any] | None = None) -> models.Q:
    """Where all have a word either database would gather its keys before it looks at a row: so each row is asked for
    its own. PostgreSQL counts faster by keys, though."""
    if not is_common:
        return models.Q((f"{path}__in", found))
    if connections[found.db].vendor == "sqlite":
        return models.Q(LeadsToOne(path, found))
    own = found.filter(pk=models.OuterRef(path))
    gathered: Any = In(models.F(path), found.order_by().values("pk"))
    if within is not None:
        # Alone it is made a join, which of a part of a table looks up row by row.
        gathered = models.Func(gathered, template="(%(expressions)s) IS TRUE", output_field=models.BooleanField())
    return models.Q(AsRowsCome(found, within, looked_up=there_is(own), gathered=gathered))


def is_common(found: models.QuerySet[Any]) -> bool:
    """Whether so many rows have one of the words that these are found by that the first of any list are soon met."""
    connection, words = connections[found.db], list(_words(found.query.where))
    if connection.vendor == "sqlite":
        return any(one.is_common(connection) for one in words)
    return bool(words) and commonness.are_expected_many(found)


def _asked_of_rows(found: AnyRows) -> AnyRows:
    """The same, by words that SQLite asks of each row, also those that few have: beside one that many have their keys
    would be gathered for nothing."""
    rows = found.all()
    rows.query.where = _with_words_asked(rows.query.where)
    return rows


def _with_words_asked(node: Any) -> Any:
    twin = copy(node)
    if isinstance(node, Has):
        twin.is_asked_of_rows = True
    elif isinstance(node, tree.Node):
        twin.children = [_with_words_asked(child) for child in node.children]
    return twin


def _words(node: Any) -> Iterator[Has]:
    """Of conditions one of which is enough, or that are alone."""
    children = getattr(node, "children", ())
    if isinstance(node, Has):
        yield node
    elif not getattr(node, "negated", False) and (len(children) == 1 or getattr(node, "connector", "") == models.Q.OR):
        for child in children:
            yield from _words(child)


class Searched(models.Model):
    """A model with folded columns. Where only some fields are saved, the folded ones of these are saved with them."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        if (names := options.get("update_fields")) is not None:
            options["update_fields"] = with_folded(type(self), names)
        super().save(*args, **options)


def with_folded(model: type[models.Model], names: Collection[str]) -> list[str]:
    """Names of fields, and of the folded ones of those among them that are searched."""
    beside = [field.name for field in folded_fields(model) if field.of in names]
    return list(dict.fromkeys([*names, *beside]))
