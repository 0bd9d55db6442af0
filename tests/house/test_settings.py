"""Each setting is explained in `.env.example`, and `.env.example` explains nothing else."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.kit.portal import ROOT, environment

READS = re.compile(r"env\.\w+")


def names_in_settings() -> Iterator[str]:
    """Names that settings.py reads: the first argument of `env…("NAME")`."""
    for node in ast.walk(ast.parse((ROOT / "linnapp/settings.py").read_text())):
        if isinstance(node, ast.Call) and READS.fullmatch(ast.unparse(node.func)):
            argument = node.args[0]
            if isinstance(argument, ast.Constant):
                yield str(argument.value)


def paragraphs() -> list[str]:
    return (ROOT / ".env.example").read_text().strip().split("\n\n")[1:]


def test_the_example_lists_the_settings() -> None:
    listed = [re.findall(r"^#? ?([A-Z][A-Z_]+)=", paragraph, re.MULTILINE) for paragraph in paragraphs()]
    assert [names for names in listed if len(names) != 1] == []
    assert sorted(names[0] for names in listed) == sorted(set(names_in_settings()))


def test_each_has_a_comment_above_it() -> None:
    assert [paragraph for paragraph in paragraphs() if not re.match(r"# [A-Z].+\n", paragraph)] == []


def test_with_https_cookies_are_bound_to_this_host_and_never_sent_in_the_clear(tmp_path: Path) -> None:
    env = environment(tmp_path, DEMO="false", SITE_URL="https://portal.example.com")
    names = [f"{cookie}_COOKIE_NAME" for cookie in ("SESSION", "CSRF", "LAST_ACCOUNT", "DEVICE")]
    names += ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"]
    source = f"from linnapp import settings; print(*(getattr(settings, name) for name in {names}))"
    told = subprocess.run([sys.executable, "-c", source], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["__Host-session", "__Host-csrf", "__Host-account", "__Host-device", "True", "True"]


@pytest.mark.django_db
def test_postgresql_compiles_no_plan_for_a_page() -> None:
    if connection.vendor != "postgresql":
        assert "options" not in connection.settings_dict["OPTIONS"]
        return
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)
