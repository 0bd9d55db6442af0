"""The folded column beside each text that is searched, and the one way to search it: `name_folded__has`."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import FullResultSet
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import IsNull, Lookup
from django.db.models.sql.compiler import SQLCompiler

from linnapp.folding import folded, sought
from linnapp.models import trigrams

AnyModel = TypeVar("AnyModel", bound=models.Model)
ROWS_AT_ONCE = 2000
FEW = 500
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

    def get_prep_lookup(self) -> str:
        return sought(str(self.rhs))

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:
        if not self.rhs:
            raise FullResultSet
        lhs, params = self.process_lhs(compiler, connection)
        if connection.vendor == "sqlite":
            return self._by_its_table(compiler)
        wanted = connection.ops.prep_for_like_query(self.rhs)
        return f"{lhs} LIKE %s", [*params, f"%{wanted}%"]

    def _by_its_table(self, compiler: SQLCompiler) -> SQL:
        """SQLite keeps the trigrams in a table of their own, which is asked for the keys."""
        field = self.lhs.target
        table, quoted = field.model._meta.db_table, '"{}"'.format(self.rhs.replace('"', '""'))
        alias = compiler.quote_name_unless_alias(self.lhs.alias)
        keys = trigrams.KEYS_FOUND.format(table=table)
        return f'{alias}."{field.model._meta.pk.column}" IN ({keys})', [f"{field.column} : {quoted}"]


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
    """What `__in` takes: the keys where few rows were found, which an index of the other table is asked for one by one;
    a query where they are many, of which the first rows are soon met."""
    keys = list(found.order_by().values_list(key, flat=True)[: FEW + 1])
    return keys if len(keys) <= FEW else found.values(key)


def is_common(model: type[models.Model], has: models.Q) -> bool:
    """Whether so many rows have it that the first are soon met in any order, as some of them tell: it would take longer
    to find all that have it."""
    some = model._base_manager.order_by("pk").values("pk")[: 4 * FEW]
    return model._base_manager.filter(has, pk__in=some).order_by().count() > FEW // 4


def there_is(rows: models.QuerySet[Any]) -> IsNull:
    """Whether there is one of these rows, which refer to the row outside. Looked for only as rows come by: of an EXISTS
    PostgreSQL may list all that could be asked for first, though a page is full after a few."""
    return IsNull(models.Subquery(rows.order_by().values("pk")[:1]), False)


def is_among(key: str, found: models.QuerySet[Any]) -> models.Q:
    """That the row of this key was found: as `among` where few were, else looked for as rows come by. For a page, and
    not for what is counted."""
    keys = among(found)
    few = isinstance(keys, list)
    return models.Q(**{f"{key}__in": keys}) if few else models.Q(there_is(found.filter(pk=models.OuterRef(key))))


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
