"""Files as other programs write them: byte order marks, numbers of any length, manifests that only the form minds."""

import codecs

import pytest
from django.test import Client

from linnapp.import_files import read_table
from linnapp.models import Application
from linnapp.services.manifests import manifest_of
from tests.admin import test_imports
from tests.admin.test_imports import applied, page, upload_manifests

pytestmark = pytest.mark.django_db
two = test_imports.two


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("text", ["id,name\n7,株式会社\n", '[{"id": 7, "name": "株式会社"}]'])
def test_a_byte_order_mark_names_the_encoding(encoding: str, text: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    table = read_table("x", (mark + text).encode(encoding))
    assert table.columns == ["id", "name"]
    assert [row.cells for row in table.rows] == [{"id": "7", "name": "株式会社"}]


def test_numbers_of_a_json_table_are_read_as_they_are_written() -> None:
    written = ["9" * 5000, "1E2", "-0", "1e400", "NaN"]
    table = read_table("x", f'[{", ".join(f"""{{"n": {number}}}""" for number in written)}]'.encode())
    assert [row.cells["n"] for row in table.rows] == written


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("9" * 5000, "This is a number with 5,000 digits, which is too long."),
        ("1e400", "1e400 is larger than any number that can be kept."),
        ('{"a": 1, "a": 2}', "The member “a” is here twice. Keep one."),
    ],
    ids=["5000 digits", "1e400", "twice"],
)
def test_a_value_in_a_manifest_that_cannot_be_kept_is_named_by_line_and_path(
    two: list[Application], paulas: Client, value: str, said: str
) -> None:
    line = f'{{"application": "{two[1].pk}", "manifest": {{"modules": [], "x": {value}}}}}'
    change = upload_manifests(paulas, ["", line])
    (row,) = change.rows.all()
    assert (row.position, row.state) == (2, "WRONG")
    assert row.said.startswith("Line 2, column ")
    assert f": manifest.x{'.a' * ('twice' in said)}: {said}" in row.said


def test_a_name_in_mixed_case_and_a_number_in_another_spelling_are_kept_and_told(
    two: list[Application], paulas: Client
) -> None:
    parameters = '[{"name": "ChannelName", "value": "BlueMarket"}, {"name": "Own", "value": 1E2}]'
    host = '{"group": [{"type": "PluggableComponent"}]}'
    modules = f'[{{"type": "ChannelIntegration", "parameters": {parameters}}}, {host}]'
    line = f'{{"application": "{two[0].pk}", "manifest": {{"modules": {modules}}}}}'
    change = upload_manifests(paulas, [line])
    shown = page(paulas, change)
    words = "manifest.modules[0].parameters[1].value: 1E2 is kept as 100.0: the same number."
    assert f"Line 1, column {line.index('1E2') + 1}: {words}" in shown
    assert "ChannelName should be upper case: BLUEMARKET. It is saved as it is." in shown
    assert "Module “Host of modules” added" in shown
    applied(paulas, change)
    now = manifest_of(Application.objects.get(pk=two[0].pk))
    assert now.modules[0].value_of("ChannelName") == "BlueMarket"
    assert now.modules[1].is_host


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_json_lines_are_read_as_their_byte_order_mark_says(two: list[Application], paulas: Client, mark: bytes) -> None:
    encoding = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}[mark]
    manifest = '{"modules": [{"type": "ExternalApplication", "moduleName": "株式会社"}]}'
    lines = "\n".join(f'{{"application": "{row.pk}", "manifest": {manifest}}}' for row in two)
    change = upload_manifests(paulas, mark + lines.encode(encoding))
    applied(paulas, change)
    assert [manifest_of(Application.objects.get(pk=row.pk)).modules[0].name for row in two] == ["株式会社"] * 2


def test_a_manifest_above_a_limit_is_refused_in_its_line(two: list[Application], paulas: Client) -> None:
    many = ", ".join(f'{{"name": "p{number}"}}' for number in range(1001))
    wrong = f'{{"modules": [{{"type": "PluggableComponent", "parameters": [{many}]}}]}}'
    large = f'{{"modules": [], "x": [{"0, " * 20_000}0]}}'
    lines = [f'{{"application": "{row.pk}", "manifest": {one}}}' for row, one in zip(two, (wrong, large), strict=True)]
    said = [row.said for row in upload_manifests(paulas, lines).rows.order_by("position")]
    assert "manifest.modules: There are 1,001 parameters in all." in said[0]
    assert "manifest.x: There are 20,004 JSON values, lists and objects counted." in said[1]
