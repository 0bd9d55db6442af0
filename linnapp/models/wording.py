"""Several texts of a row searched as one: by an index of trigrams in PostgreSQL, and by a table of them in SQLite."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FullResultSet
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler

from linnapp.models import trigrams, words_in_sqlite
from linnapp.models.commonness import are_counted_many


@dataclass(frozen=True)
class Wording:
    """Text columns and facts of a table, and the rows that are searched as the index's condition has it in SQL. Changed
    only with a migration that drops the index `name`: a query with other texts does not find it. `name` is that of the
    table of trigrams in SQLite, whose triggers tell by themselves that they are others. Of one column alone
    PostgreSQL needs no condition beside `icontains`, which asks for just that."""

    table: str
    name: str
    columns: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    condition: str = ""

    @property
    def is_of_one_column(self) -> bool:
        return len(self.columns) + len(self.facts) == 1

    def expression(self, table: str) -> str:
        """The texts of a row, in capitals; no parameter is in it, since the index has none."""
        texts = [f'{table}."{column}"' for column in self.columns]
        texts += [f"COALESCE({table}.\"facts\" ->> '{fact}', '')" for fact in self.facts]
        joined = " || ' ' || ".join(texts)
        return f"UPPER({joined})"


def wordings() -> list[Wording]:
    """Of all tables, which name theirs as `wordings`."""
    return [words for model in apps.get_models() for words in getattr(model, "wordings", ())]


class MayHold(models.Expression):
    """Rows whose texts, one after the other, have this text in them: all in which one text has it, and some more where
    it spans two. A condition beside those that decide."""

    conditional = True

    def __init__(self, wording: Wording, text: str) -> None:
        super().__init__(output_field=models.BooleanField())
        self.wording, self.text = wording, text
        self.place: Any = models.F("pk")

    def get_source_expressions(self) -> list[Any]:
        return [self.place]

    def set_source_expressions(self, exprs: Any) -> None:
        (self.place,) = exprs

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:
        if connection.vendor == "sqlite":
            return self._by_its_table(compiler, connection)
        if self.wording.is_of_one_column:
            raise FullResultSet
        texts = self.wording.expression(compiler.quote_name_unless_alias(self.place.alias))
        return f"{texts} LIKE UPPER(%s)", [f"%{connection.ops.prep_for_like_query(self.text)}%"]

    def _by_its_table(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:
        asked = words_in_sqlite.asked(self.text)
        name, rows = self.wording.name, self.wording.table
        if not asked or are_counted_many(connection.alias, trigrams=name, rows=rows, asked=asked):
            raise FullResultSet
        place = compiler.quote_name_unless_alias(self.place.alias)
        return f'{place}."id" IN ({words_in_sqlite.FOUND.format(name=name)})', [asked]


def contains(model: type[models.Model], name: str, text: str) -> models.Q:
    """Rows with this text in this column, in whatever case; by its trigrams where it has some."""
    there = models.Q((f"{name}__icontains", text))
    for words in getattr(model, "wordings", ()):
        if words.is_of_one_column and words.columns == (name,):
            return models.Q(MayHold(words, text)) & there
    return there


def make(connection: BaseDatabaseWrapper, wording: Wording) -> None:
    """Makes its index where it is missing and can be made, beside whoever writes the table."""
    if connection.vendor == "sqlite":
        words_in_sqlite.make(connection, wording)
        return
    with connection.cursor() as cursor:
        if not trigrams.has_extension(connection, cursor):
            return
        texts = wording.expression(f'"{wording.table}"')
        where = f" WHERE {wording.condition}" if wording.condition else ""
        of = f'"{wording.table}" USING gin ({texts} gin_trgm_ops){where}'
        trigrams.make_beside(connection, cursor, wording.name, of)
