"""Each setting is explained in `.env.example`, and `.env.example` explains nothing else."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.portal import ROOT, environment

READS = re.compile(r"env\.\w+|required|whole|networks|certificates_in")


def names_in_settings() -> Iterator[str]:
    """Names that settings.py reads: the first argument of `env…("NAME")`, `required("NAME")` and so on."""
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


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("SECRET_KEY", "", "SECRET_KEY is not set. `python -m linnapp.first_env` writes a `.env` with fresh keys."),
        ("CREDENTIAL_KEYS", "", "CREDENTIAL_KEYS is not set."),
        ("DIGEST_KEY", "", "DIGEST_KEY is not set."),
        ("SITE_URL", "http://portal.example.com", "use https, or set ALLOW_HTTP=true to accept plain http."),
        ("SITE_URL", "portal.example.com", "Write scheme and host, such as https://portal.example.com"),
        ("SITE_URL", "https://me:word@localhost", "Write scheme and host, such as https://portal.example.com"),
        ("SITE_URL", "https://portal.example.com", "DEMO=true lets anybody sign in: it runs on loopback only"),
        ("HOST", "0.0.0.0", "DEMO=true lets anybody sign in: it runs on loopback only"),
        ("ALLOWED_HOSTS", "portal.example.com", "it runs on loopback only, not with ALLOWED_HOSTS=portal.example.com."),
        ("CREDENTIAL_KEYS", "short", "CREDENTIAL_KEYS holds what is no Fernet key."),
        ("PORT", "eighty", "PORT is “eighty”. Write a whole number from 1 to 65535."),
        ("WEB_WORKERS", "0", "WEB_WORKERS is “0”. Write a whole number from 1 to"),
        ("SESSION_IDLE_SECONDS", "-5", "SESSION_IDLE_SECONDS is “-5”."),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "Write networks such as 10.0.0.0/8, with commas."),
        ("OUTBOUND_ALLOWED_NETWORKS", "everywhere", "Write networks such as 10.0.0.0/8, with commas."),
        ("OUTBOUND_CA_FILE", "/nowhere.pem", "OUTBOUND_CA_FILE is “/nowhere.pem”, which cannot be read"),
        ("OUTBOUND_CA_FILE", str(ROOT / "README.md"), "Name such a file, or leave it out."),
        ("DATABASE_URL", "mysql://user@127.0.0.1/linnapp", "DATABASE_URL begins with postgres:// or sqlite:///"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL is “LOUD”. Write DEBUG, INFO, WARNING or ERROR."),
        ("METRICS_TOKEN", "short", "METRICS_TOKEN is shorter than 16 characters."),
        ("STAND_IN_ANSWERS", "nowhere", "STAND_IN_ANSWERS is “nowhere”, which is no folder. Name one, write shipped"),
        ("STAND_IN_ANSWERS", "tests/wire", "01-json.http: that names no call."),
        ("LOCALITY", "UK", "LOCALITY is “UK”. Clients know EU, US and AS."),
        ("API_ALLOWED_ORIGINS", "https://a.example,*", "API_ALLOWED_ORIGINS has “*”: every page would be let in."),
    ],
)
def test_a_missing_or_unsafe_one_stops_the_start_with_a_sentence(
    tmp_path: Path, setting: str, value: str, sentence: str
) -> None:
    env = environment(tmp_path, DEMO="true") | {setting: value}
    stopped = subprocess.run(
        [sys.executable, "manage.py", "prepare"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert stopped.returncode == 1
    assert stopped.stderr.startswith("linnapp cannot start: ")
    assert sentence in stopped.stderr
    assert not (tmp_path / "db.sqlite3").exists()


def test_with_https_cookies_are_bound_to_this_host_and_never_sent_in_the_clear(tmp_path: Path) -> None:
    env = environment(tmp_path, DEMO="false", SITE_URL="https://portal.example.com")
    names = [f"{cookie}_COOKIE_NAME" for cookie in ("SESSION", "CSRF", "LAST_ACCOUNT", "DEVICE")]
    names += ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"]
    source = f"from linnapp import settings; print(*(getattr(settings, name) for name in {names}))"
    told = subprocess.run([sys.executable, "-c", source], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["__Host-session", "__Host-csrf", "__Host-account", "__Host-device", "True", "True"]
