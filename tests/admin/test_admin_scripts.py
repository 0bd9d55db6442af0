"""A page of the admin brings the scripts that it uses."""

import re

import pytest
from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.test import Client

from linnapp.admin_scripts import scripts_before
from linnapp.models import Application, User
from tests.kit.people import ClientOf

SCRIPT = re.compile(r'<script[^>]* src="[^"]*?([\w.-]+\.js|jsi18n/)"')


@pytest.fixture
def browser(client_of: ClientOf, paula: User) -> Client:
    return client_of(paula)


def scripts_of(browser: Client, address: str) -> set[str]:
    answer = browser.get(address)
    assert answer.status_code == 200
    return set(SCRIPT.findall(answer.content.decode())) - {"admin-theme.js", "theme.js", "nav_sidebar.js"}


def test_a_list_brings_what_ticking_rows_needs(browser: Client, application: Application) -> None:
    found = scripts_of(browser, "/admin/linnapp/application/")
    assert found == {"jsi18n/", "actions.js", "filters.js", "admin-lists.js"}


def test_a_form_without_fields_that_have_scripts_brings_none(browser: Client, application: Application) -> None:
    found = scripts_of(browser, f"/admin/linnapp/application/{application.pk}/change/")
    assert found == {"admin-lists.js", "change_form.js"}


def test_a_field_that_searches_brings_what_it_needs_in_its_order(browser: Client) -> None:
    found = SCRIPT.findall(browser.get("/admin/linnapp/invitation/add/").content.decode())
    for first, then in (
        ("jquery.min.js", "select2.full.min.js"), ("select2.full.min.js", "jquery.init.js"),
        ("jquery.init.js", "autocomplete.js"), ("jsi18n/", "autocomplete.js"),
    ):  # fmt: skip
        assert found.index(first) < found.index(then)
    assert not {"xregexp.min.js", "urlify.js", "prepopulate.js"} & set(found)


def test_a_calendar_has_what_it_is_written_with_before_it() -> None:
    form = type("Form", (forms.Form,), {"since": forms.SplitDateTimeField(widget=AdminSplitDateTime())})()
    found = SCRIPT.findall(str(scripts_before(form) + form.media))
    assert found.index("core.js") < found.index("calendar.js") < found.index("DateTimeShortcuts.js")
