"""How documents are written: what Markdown may do in them, placeholders, and the parts that the portal's own tables
make."""

import gzip
import json
import re
from html import unescape
from pathlib import Path, PurePosixPath

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from installs.documentation import documents, parts, readers
from installs.documentation.documents import DOCUMENTS, Unresolved
from installs.documentation.markdown import rendered
from installs.documentation.readers import Reader, filled
from linnapp.manifest.permission_words import AREAS, sentence_of
from linnapp.models import Application
from tests.kit.portal import ROOT

TAG = re.compile(r"<[^>]+>")
CALL = "/api/Inventory/GetStockLocations"


def html_of(slug: str) -> str:
    return documents.BY_SLUG[slug].rendered.html


def rows_of(html: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [[unescape(TAG.sub("", cell)) for cell in re.findall(r"<td>(.*?)</td>", row, re.DOTALL)] for row in rows]


def test_every_text_of_the_guide_is_a_document() -> None:
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/guide").iterdir()}
    assert files == {document.file for document in DOCUMENTS if document.file.startswith("docs/guide/")}


def test_every_placeholder_is_known_and_every_known_one_is_used() -> None:
    text = "".join((ROOT / document.file).read_text() for document in DOCUMENTS)
    named = set(re.findall(r"\{\{(\w+)\}\}", text))
    made = {name.removeprefix("part_") for name in named if name.startswith("part_")}
    assert made == set(parts.PARTS)
    assert named - {f"part_{name}" for name in made} == set(Reader().values)
    pages = set(re.findall(r"\(portal:(\w+)\)", text))
    assert pages <= set(readers.PAGES)


@pytest.mark.parametrize("html", ["{{no_such_value}}", '<a href="{{page_no_such_page}}">There</a>'])
def test_a_placeholder_that_nobody_knows_fails(html: str) -> None:
    with pytest.raises(KeyError):
        filled(html, Reader())


@pytest.mark.parametrize("link", ["portal:nowhere", "nothing.md", "../testing.md", "../../README.md", "/etc/passwd"])
def test_a_link_that_leads_nowhere_fails(link: str) -> None:
    with pytest.raises(Unresolved):
        documents._address(link, PurePosixPath("docs/guide"))
    with pytest.raises(Unresolved):
        documents._part("no_such_part")


def test_values_are_escaped_and_fill_nothing_further(application: Application) -> None:
    odd = Application(pk=application.pk, account=application.account, name="x")
    odd.pk = '"><script>{{portal}}'
    reader = Reader(account=application.account, applications=[odd], application=odd)
    text = filled('<a href="{{page_calls}}">Calls</a> {{application_id}}', reader)
    assert text == '<a href="/calls/">Calls</a> &quot;&gt;&lt;script&gt;{{portal}}'


def test_what_markdown_may_do() -> None:
    text = (
        "# A `b`\n\n<script>x</script> <b>bold</b> [here](javascript:alert) [there](x.md)\n\n## Is it?\n\n## Is it?\n"
    )
    document = rendered(text, lambda link: f"/to/{link}")
    assert document.title == "A b"
    assert [heading.id for heading in document.headings] == ["is-it", "is-it-1"]
    assert "<script" not in document.html
    assert "<b>" not in document.html
    assert "javascript:" not in "".join(re.findall(r'href="[^"]*"', document.html))
    assert '<a href="/to/x.md">there</a>' in document.html
    assert '<h2 id="is-it-1">' in document.html
    with pytest.raises(ValueError, match="begins with its title"):
        rendered("No title", str)


def test_code_can_be_copied_and_tables_scroll() -> None:
    html = html_of("postbacks")
    assert html.count("<pre") == html.count('</pre><button type="button" class="copy" data-copy-above') > 5
    assert html.count("<table>") == html.count('<div class="scrolls" tabindex="0"') > 3


def test_permissions_are_told_in_the_words_of_consent() -> None:
    rows = [row for row in rows_of(html_of("permissions")) if row and row[0].startswith("GlobalPermissions.")]
    assert len(rows) == sum(len(area.nodes) for area in AREAS) > 100
    assert [row for row in rows if sentence_of(row[0]) != row[1]] == []


@pytest.mark.django_db
def test_refused_exchanges_are_told_as_the_api_tells_them(right: dict[str, str], nothing_noted: None) -> None:
    told = {(row[0], row[1]) for row in rows_of(html_of("errors")) if len(row) == 3}
    wrong = [
        right | {"ApplicationSecret": right["ApplicationId"]},
        right | {"Token": "00000000-0000-4000-8000-000000000000"},
        right | {"Token": right["ApplicationSecret"]},
    ]
    for credentials in wrong:
        answer = Client().post("/api/Auth/AuthorizeByApplication", credentials, content_type="application/json")
        message = answer.json()["Message"].partition(" (reference")[0]
        assert (str(answer.status_code), message) in told


@pytest.mark.django_db
def test_refused_calls_are_told_as_the_api_tells_them(nothing_noted: None) -> None:
    told = html_of("errors")
    without = Client().get(CALL)
    assert without.json()["Message"].partition(" (reference")[0] in unescape(TAG.sub("", told))
    statuses = [int(row[0]) for row in rows_of(told) if len(row) == 3]
    answers = (without, Client().get("/api/Nothing/Here"), Client().delete(CALL))
    assert {answer.status_code for answer in answers} == set(parts.STATUS_OF_CALLS.values()) <= set(statuses)


@pytest.mark.django_db
def test_the_answer_of_an_exchange_has_the_members_that_are_told(right: dict[str, str], nothing_noted: None) -> None:
    answer = Client().post("/api/Auth/AuthorizeByApplication", json.dumps(right), content_type="application/json")
    section = html_of("exchange").partition('id="the-answer"')[2].partition("<h2")[0]
    told = set(re.findall(r"<code>(\w+)</code>", section))
    values = {"grant_type", "scope", "client_id", "token", "State", "AVAILABLE", "EU", "US", "AS"}
    members = answer.json()
    assert told - values <= members.keys()
    empty = section.partition("are always empty")[0].rpartition("<p>")[2]
    assert [name for name in re.findall(r"<code>(\w+)</code>", empty) if members[name] != ""] == []


@pytest.mark.django_db
def test_a_first_look_at_a_document_is_light() -> None:
    """All that a browser loads for the longest page, as it is sent: with the script of htmx, which is the portal's."""
    sent, named = {}, set[str]()
    for document in DOCUMENTS:
        answer = Client().get(reverse("document", args=[document.slug]), headers={"accept-encoding": "gzip"})
        assert answer.headers["Content-Encoding"] == "gzip"
        sent[document.slug] = len(answer.content)
        named |= set(re.findall(r'(?:src|href)="/static/([^"]+)"', gzip.decompress(answer.content).decode()))
    assert len(named) > 4
    files = [len(gzip.compress(Path(found).read_bytes())) for name in named if (found := finders.find(name))]
    assert len(files) == len(named)
    assert max(sent.values()) + sum(files) < 60_000, (sent, files)
