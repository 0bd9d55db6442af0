import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from linnapp.templatetags import portal

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
INLINE = re.compile(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:", re.IGNORECASE)
USED_ICON = re.compile(r"""\{% (?:icon|entry "[^"]+") ["']([\w-]+)["']""")
ELSEWHERE = re.compile(r"(?:src|href|url)\s*[=(]\s*[\"']?(?:https?:)?//", re.IGNORECASE)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR / "templates")))
def test_a_template_has_nothing_inline_and_only_icons_that_exist(path: Path) -> None:
    source = path.read_text()
    assert not INLINE.search(source)
    for name in USED_ICON.findall(source):
        assert "<svg" in portal.icon(name)


def test_nothing_is_loaded_from_elsewhere() -> None:
    own = [*TEMPLATES, settings.BASE_DIR / "static/css/portal.css", settings.BASE_DIR / "static/js/portal.js"]
    assert [path.name for path in own if ELSEWHERE.search(path.read_text())] == []


@pytest.mark.django_db
@pytest.mark.parametrize(("cookie", "expected"), [("dark", True), ("light", True), ('"><b>', False), ("", False)])
def test_the_theme_is_written_by_the_server(client: Client, cookie: str, expected: bool) -> None:
    client.cookies["theme"] = cookie
    html = client.get("/sign-in/").content.decode()
    assert (f'<html lang="en" data-theme="{cookie}">' in html) is expected
    assert "<b>" not in html


@pytest.mark.django_db
def test_a_page_carries_what_htmx_may_do_and_its_csrf_header(client: Client) -> None:
    html = client.get("/sign-in/").content.decode()
    assert '"allowEval":false' in html
    assert '"historyCacheSize":0' in html
    assert re.search(r"""hx-headers='\{"x-csrftoken": "\w{64}"\}'""", html)
