"""Every breakage of `make mutants` finds its place, so that whoever moves code learns at once when one is lost."""

import ast

import pytest

from tests.mutants import changes
from tests.mutants.breakages import Breakage, TemplateBreakage
from tests.mutants.by_hand import BREAKAGES
from tests.mutants.generated import SUBJECTS, Subject, accepted, all_of, sample_of
from tests.mutants.operators import variants
from tests.mutants.places import Change, Gone, broken_module, file_of_tests


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.what)
def test_a_breakage_finds_its_place_and_its_tests(breakage: Breakage | TemplateBreakage) -> None:
    assert breakage.broken().lines
    assert breakage.test_paths()


def test_no_two_breakages_have_the_same_name() -> None:
    assert len({breakage.what for breakage in BREAKAGES}) == len(BREAKAGES)


PIECE = """
@guarded
def piece(rows, *, by):
    if rows is None or (
        by.has_left
    ):
        return None
    record(
        by, kind="ended",
    )
    found = rows.live().filter(owner=by, state__in=(1, 2)).first()
    return found
"""


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (changes.instead("rows . live( )", "rows"), "found = rows.filter(owner=by, state__in=(1, 2)).first()"),
        (changes.never("by.has_left"), "if False:"),
        (changes.always("rows is None or by.has_left"), "if True:"),
        (changes.without("record"), "pass"),
        (changes.then("record", "rows = []"), "rows = []"),
        (changes.returns("rows"), "return rows"),
        (changes.sets("found", "None"), "found = None"),
        (changes.without_call("filter", "owner"), "found = rows.live().first()"),
        (changes.without_argument("filter", "owner"), "found = rows.live().filter(state__in=(1, 2)).first()"),
        (changes.without_argument("record", "by"), "record(kind='ended')"),
        (changes.without_operand("by.has_left"), "if rows is None:"),
        (changes.without_element("2"), "found = rows.live().filter(owner=by, state__in=(1,)).first()"),
        (changes.text("en ded", "begun"), ""),
        (changes.text("ended", "begun"), "record(by, kind='begun')"),
    ],
)
def test_a_change_is_made_whatever_the_format(change: Change, line: str) -> None:
    piece = ast.parse(PIECE).body[0]
    if not line:
        with pytest.raises(Gone):
            change(piece)
        return
    change(piece)
    assert line in [each.strip() for each in ast.unparse(piece).splitlines()]


@pytest.mark.parametrize(
    "change",
    [
        changes.instead("by", "None"),
        changes.never("rows.are_gone"),
        changes.without("log"),
        changes.without_call("first", "owner"),
        changes.without_call("record"),
        changes.without_argument("filter", "rows"),
        changes.without_operand("by.has_come"),
        changes.without_element("3"),
        changes.without_decorator("transaction"),
        changes.sets("lost", "None"),
    ],
)
def test_what_is_not_there_once_is_gone(change: Change) -> None:
    with pytest.raises(Gone):
        change(ast.parse(PIECE).body[0])


@pytest.mark.parametrize(
    ("module", "name"), [("installs.nowhere", "install"), ("tests.mutants.places", "nothing"), ("tests", "x")]
)
def test_a_place_that_is_not_there_is_gone(module: str, name: str) -> None:
    with pytest.raises(Gone):
        broken_module(module, name, changes.returns("None"))


def test_a_test_file_is_found_wherever_it_stands() -> None:
    assert file_of_tests("test_mutants").endswith("house/test_mutants.py")
    with pytest.raises(Gone):
        file_of_tests("test_of_nothing")


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.module)
def test_mutants_are_made_of_a_module_and_its_tests_are_found(subject: Subject) -> None:
    tried = sample_of(subject)
    assert len(tried) > 20
    assert [mutant.full_name for mutant in tried] == [mutant.full_name for mutant in sample_of(subject)]
    for mutant in tried:
        ast.parse(mutant.broken().text)
    assert tried[0].test_paths() + tried[0].further()


def test_who_accepts_a_survivor_says_why_and_it_is_still_made() -> None:
    made = [mutant.full_name for subject in SUBJECTS for mutant in all_of(subject)]
    assert len(set(made)) == len(made)
    reasons = accepted()
    assert set(reasons) <= set(made)
    assert all(reasons.values())


RULED = """
def ruled(rows: list[int] = None, *, by=None) -> bool:
    'As it is, or 2.'
    if by is not None and by < 2:
        raise Refused('Not 2.')
    return not rows.filter(by=by).exists()
"""


def test_rules_make_one_small_change_each() -> None:
    whole = ast.parse(RULED).body[0]
    lines = ast.unparse(whole).splitlines()
    changed = [set(code.splitlines()) - set(lines) for code in variants(whole)]
    assert sorted(line.strip() for each in changed for line in each) == [
        "if by < 2:",
        "if by is None and by < 2:",
        "if by is not None and by < 3:",
        "if by is not None and by <= 2:",
        "if by is not None or by < 2:",
        "if by is not None:",
        "pass",
        "return not rows.exists()",
        "return not rows.filter().exists()",
        "return rows.filter(by=by).exists()",
    ]
