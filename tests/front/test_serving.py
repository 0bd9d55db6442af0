"""What a process that makes pages is given."""

import pytest
from django.db import connection
from pytest_django import Settings

from linnapp.front.pages import LONGEST
from linnapp.front.serving import begin_pages


@pytest.mark.django_db
def test_the_database_gives_up_when_nobody_waits_and_plans_for_what_is_asked(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ON_WEB_START = []
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", dict(connection.settings_dict["OPTIONS"]))
    begin_pages()
    if connection.vendor != "postgresql":
        assert "options" not in connection.settings_dict["OPTIONS"]
        return
    of_a_page = connection.copy()
    with of_a_page.cursor() as cursor:
        cursor.execute("SELECT setting FROM pg_settings WHERE name = 'statement_timeout'")
        assert cursor.fetchone() == (str(int(LONGEST * 1000)),)
        # One that is to fit every application reads a hundred thousand rows for the largest.
        cursor.execute("SHOW plan_cache_mode")
        assert cursor.fetchone() == ("force_custom_plan",)
    of_a_page.close()
