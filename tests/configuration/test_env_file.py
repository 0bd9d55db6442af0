"""A `.env` is read to its last line; a line that cannot be read stops the start, named and never quoted."""

import codecs
from pathlib import Path

import pytest

from tests.configuration.conftest import KEYS, Start

LINES = KEYS.count("\n")
# What no sentence may show.
SECRET = "Xq7-hunter-2"


def refused(started_printed: str) -> str:
    assert started_printed.count("\n") == 1, started_printed
    assert started_printed.startswith("linnapp cannot start: ")
    assert SECRET not in started_printed
    return started_printed.removeprefix("linnapp cannot start: ").strip()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (f"METRICS_TOKEN {SECRET}", "cannot be read. Write NAME=value"),
        (f"METRICS_TOKEN = {SECRET}", "cannot be read. Write NAME=value, without a space before the equals sign"),
        (f"METRICS_TOKEN: {SECRET}", "cannot be read. Write NAME=value"),
        (f"METRICS-TOKEN={SECRET}", "cannot be read. Write NAME=value"),
        (f"set METRICS_TOKEN={SECRET}", "cannot be read. Write NAME=value"),
        (f"// {SECRET}", "a comment needs its own line and starts with #."),
        (f"METRICS_TOKEN={SECRET}\0", "cannot be read."),
        (f'METRICS_TOKEN="{SECRET}', "cannot be read: the quotation mark before the value is not closed."),
        (f"METRICS_TOKEN='{SECRET}", "cannot be read: the quotation mark before the value is not closed."),
        (
            f"METRICS_TOKEN={SECRET} # for Prometheus",
            "the value of METRICS_TOKEN is followed by a comment. Put the comment on its own line",
        ),
        (f"METRICS_TOKEN={SECRET}\t# for Prometheus", "the value of METRICS_TOKEN is followed by a comment."),
        (f'METRICS_TOKEN="{SECRET}" # for Prometheus', "the value of METRICS_TOKEN is followed by a comment."),
        ("METRICS_TOKEN=# none", "the value of METRICS_TOKEN is followed by a comment."),
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_not_quoted(line: str, sentence: str, start: Start) -> None:
    told = refused(start("check", file=f"{KEYS}{line}\n").printed)
    assert told.startswith(f"Line {LINES + 1} of ")
    assert "/.env" in told
    assert sentence in told


def test_a_value_that_begins_with_a_dollar_sign_is_refused(start: Start) -> None:
    told = refused(start("check", file=f"{KEYS}METRICS_TOKEN=${SECRET}\n").printed)
    assert told.startswith(
        "METRICS_TOKEN starts with $. Nothing is substituted here: write the value itself, without $."
    )
    assert f"(Line {LINES + 1} of " in told


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (f"{KEYS}DEFAULT_FROM_EMAIL=Müller <mueller@example.com>\n".encode("latin-1"), LINES + 1),
        (codecs.BOM_UTF16_LE + KEYS.encode("utf-16-le"), 1),
    ],
    ids=["Latin-1", "UTF-16"],
)
def test_one_that_is_not_utf_8_is_refused_by_its_line(content: bytes, line: int, start: Start) -> None:
    told = refused(start("check", file=content).printed)
    assert f"is not UTF-8, as line {line} shows. Save it as UTF-8" in told


@pytest.mark.parametrize(
    "content",
    [
        codecs.BOM_UTF8 + KEYS.encode(),
        KEYS.replace("\n", "\r\n").encode(),
        codecs.BOM_UTF8 + KEYS.replace("\n", "\r\n").encode(),
        KEYS.replace("\n", "\r").encode(),
        f"  # indented\n\t\n{KEYS}export LOCALITY=US  \n".encode(),
        f"{KEYS}LOCALITY='US'\n".encode(),
        f'{KEYS}LOCALITY="US"'.encode(),
        f"{KEYS}LOCALITY= US\n".encode(),
        f"{KEYS}DEMO_PASSWORD='word # and more'\nDEFAULT_FROM_EMAIL=a#b@example.com\n".encode(),
    ],
    ids=["BOM", "CRLF", "BOM and CRLF", "CR", "blank", "single", "double and no end", "space", "# in a value"],
)
def test_every_other_way_of_writing_one_is_read(content: bytes, start: Start) -> None:
    started = start("check", file=content)
    assert (started.code, started.printed) == (0, "System check identified no issues (0 silenced).\n")


def test_one_that_may_not_be_read_says_so(start: Start, tmp_path: Path) -> None:
    told = refused(start("check", ENV_FILE=str(tmp_path)).printed)
    advice = "Make it a file that the system user running linnapp may read."
    assert told == f"{tmp_path} cannot be read (Is a directory). {advice}"
