"""Cells of files for spreadsheets: none begins a formula, and each is read back as it was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linnapp.cells import guarded, unguarded
from tests.kit.fuzzing import examples

BEGINNINGS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
texts = st.text(max_size=12) | st.text(f"'{BEGINNINGS}1a;", max_size=6)


@given(texts)
@settings(max_examples=examples(200), deadline=None)
def test_no_cell_begins_a_formula_and_each_is_read_back(text: str) -> None:
    assert guarded(text)[:1] not in set(BEGINNINGS)
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+44 20 7946 0000", "'+44 20 7946 0000"),
        ("'=1+1", "''=1+1"),
        ("'tis mine", "'tis mine"),
        ("Müller 株式会社", "Müller 株式会社"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_only_what_would_be_run_gets_an_apostrophe(text: str, cell: str) -> None:
    assert guarded(text) == cell
    assert unguarded(cell) == text
