"""What of installations is counted, and by which expression they are sorted by use."""

import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self, TypeVar

from django.db import models
from django.utils import timezone

AnyModel = TypeVar("AnyModel", bound=models.Model)


class Never(models.Func):
    """A moment before every other, written out: an expression with a parameter in it is that of no index in SQLite."""

    template = "'1970-01-01 00:00:00'"
    output_field = models.DateTimeField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="'1970-01-01 00:00:00+00'::timestamptz", **context)


class Written(models.Value):
    """A word of the code, written out: of a parameter SQLite cannot tell that it meets the condition of an index."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return f"'{self.value}'", []


UNFINISHED = (Written("PENDING"), Written("FAILED"))


class CountsInstallations(models.QuerySet[AnyModel]):
    def completed(self) -> Self:
        """Installed once, whatever became of them: neither failed nor still waiting for the postback's 200."""
        return self.filter(state__in=("ACTIVE", "UNINSTALLED"))

    def first_exchanged(self) -> "models.QuerySet[AnyModel, dict[str, datetime]]":
        """The moment of the first token exchange of any of these, as far as it is folded: a row at most."""
        exchanged = self.filter(first_exchange_at__isnull=False).order_by("first_exchange_at")
        return exchanged.values("first_exchange_at")[:1]

    def counted_by_version(self) -> dict[int, int]:
        """How many of these are on each version, by the version's key."""
        # By "*": of the key the rows themselves would be read, and not only an index.
        rows = self.order_by().values("version_id").annotate(count=models.Count("*"))
        return {row["version_id"]: row["count"] for row in rows}

    def live_by_version(self) -> dict[int, int]:
        """The same of those that are live: those that are active by their index alone, without a look at each, and the
        few that wait."""
        active = self.filter(state="ACTIVE").counted_by_version()
        waiting = self.filter(state__in=UNFINISHED, state="PENDING", waits_until__gt=timezone.now())
        return Counter(active) + Counter(waiting.counted_by_version())

    def among(self, keys: Iterable[uuid.UUID]) -> set[uuid.UUID]:
        """Which of these keys are of such installations."""
        return set(self.filter(pk__in=list(keys)).values_list("pk", flat=True))
