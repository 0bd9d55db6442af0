"""That no page reads a table that grows, or asks the more the more rows it has: pages are asked while tables have few
rows and while they have many, and each statement once more when those that grow have many more."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from django.contrib import admin
from django.db import connection

from installs.installations.views import my_apps
from linnapp import pages
from linnapp.models import capped, commonness
from tests.scale.costs import Statement, cost, counts_a_whole_table, plan
from tests.scale.many_rows import ManyRows
from tests.scale.walking import Page

# Of each table, beside the row that is looked at and of others. Few: more than `pages.FEW`, from where on a list has
# chips, and less than a page. Many: more than a page, and more than what is counted.
FEW, MANY, OTHERS, MORE = 12, 28, 600, 600
ROWS_A_PAGE, FEWER_A_PAGE, COUNTED = 20, 5, 30
# A statement that reads less reads no table of MANY; one whose cost grows by so much for MORE rows reads these: half of
# them, or one step for each.
LITTLE, GROWN = {"postgresql": (150, MORE // 2), "sqlite": (1_000, MORE)}[connection.vendor]


@dataclass
class Faults:
    """By the name of a page: what it reads of a table that grows, and how many statements it sends with few rows and
    with many, where these are more. `sent` are those with many."""

    scans: dict[str, str] = field(default_factory=dict)
    uneven: dict[str, tuple[int, int]] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)


def faults(rows: ManyRows, lists: Iterable[Page], patch: pytest.MonkeyPatch) -> Faults:
    found = Faults()
    with_small_pages(patch)
    rows.add(beside=FEW, others=FEW)
    lists_of_the_admin_show(FEWER_A_PAGE, patch)
    # What a process keeps, and what a page leaves for another, is there from then on.
    answering = [page for page in lists if page.ask()[0]]
    few = {page: len(page.ask()[1]) for page in answering}
    rows.add(beside=MANY, others=OTHERS)
    lists_of_the_admin_show(ROWS_A_PAGE, patch)
    costs: dict[str, tuple[str, Statement, int]] = {}
    tables = {table.model._meta.db_table for table in rows.growing}
    for page, before in few.items():
        text, sent = page.ask()
        found.sent[page.name] = len(sent)
        # Fewer is no fault: of a word that many rows have no keys are looked for first. Nor is what a page does once in
        # some minutes, as to note that a browser is in use.
        if len(sent) > before and len(page.ask()[1]) > before:
            found.uneven[page.name] = (before, len(sent))
        note(page, sent, tables, costs)
        for other in page.leads_to(text):
            shown, sent = other.ask()
            note(other, sent, tables, costs)
            if not shown:
                found.lost.append(other.name)
    rows.grow(MORE)
    for name, statement, before in costs.values():
        counts_all = counts_a_whole_table(statement, tables)
        if before >= LITTLE or counts_all:
            now = cost(statement, tables)
            if now - before >= GROWN or counts_all:
                found.scans.setdefault(name, f"{before} -> {now}\n{statement.sql}\n{plan(statement)}\n")
    return found


def note(page: Page, sent: Iterable[Statement], tables: set[str], costs: dict[str, tuple[str, Statement, int]]) -> None:
    for statement in sent:
        if statement.reads and statement.key not in costs:
            costs[statement.key] = (page.name, statement, cost(statement, tables))


def with_small_pages(patch: pytest.MonkeyPatch) -> None:
    """So that a few hundred rows are many: pages show and counts count less."""
    defaults = pages.ListPage.__init__.__kwdefaults__
    assert defaults is not None
    patch.setitem(defaults, "size", ROWS_A_PAGE)
    patch.setattr(my_apps, "PAGE_SIZE", ROWS_A_PAGE)
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in {"linnapp", "installs"}:
            for most in {"MOST_COUNTED", "MOST_OF_TEXT"} & vars(module).keys():
                patch.setattr(module, most, COUNTED)
    patch.setattr(commonness, "FEW", COUNTED)
    for counts in (capped.CountUpTo.__init__, capped.count_up_to, pages.in_words):
        patch.setattr(counts, "__defaults__", (COUNTED,))


def lists_of_the_admin_show(number: int, patch: pytest.MonkeyPatch) -> None:
    for rows in admin.site._registry.values():
        patch.setattr(rows, "list_per_page", number)
