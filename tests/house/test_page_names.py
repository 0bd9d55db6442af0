"""A URL name that is wrong fails. Left out in silence, a link that nobody misses would be gone for good."""

import re
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.template import Context, Template
from django.urls import NoReverseMatch

from linnapp.admin_pages import door

ROOT = Path(__file__).resolve().parents[2]
SWALLOWED = re.compile(r"\{% url [^%]+ as \w+ %\}")


@pytest.mark.parametrize(
    "source",
    [
        '{% entry "Team" "users" "taem" %}',
        '{% entry "Team" "users" "team" %}',
        '{% tab_link "overview" "Overview" "application_overveiw" %}',
        '{% address "serach" as search_url %}',
        "{% address notice.url_name as notice_url %}",
    ],
)
def test_a_wrong_name_in_a_template_fails(source: str) -> None:
    application = SimpleNamespace(pk=uuid4(), account=SimpleNamespace(slug="northwind"))
    context = Context({"application": application})
    with pytest.raises(NoReverseMatch):
        Template("{% load portal %}" + source).render(context)


def test_an_address_is_kept_for_later_as_it_is_written_at_once() -> None:
    template = Template('{% load portal %}{% address "search" as here %}{% url "search" %} {{ here }}')
    assert template.render(Context()) == "/search/ /search/"


def test_a_wrong_name_in_the_admin_fails() -> None:
    assert door("Search", "search") == ("Search", "/search/")
    with pytest.raises(NoReverseMatch):
        door("Search", "serach")


def test_no_template_swallows_a_wrong_name() -> None:
    pages = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "templates").rglob("*.txt")]
    assert len(pages) > 100
    assert [str(page) for page in pages if SWALLOWED.search(page.read_text())] == []
    assert SWALLOWED.search('{% url "search" as search_url %}')


def test_no_code_swallows_a_wrong_name() -> None:
    modules = [*(ROOT / "linnapp").rglob("*.py"), *(ROOT / "installs").rglob("*.py")]
    assert [str(module) for module in modules if "NoReverseMatch" in module.read_text()] == []
