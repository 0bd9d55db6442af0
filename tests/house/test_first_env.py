import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from linnapp import first_env


def settings_in(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_it_writes_fresh_keys_that_only_the_owner_can_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_env, "ENV_FILE", tmp_path / ".env")
    assert first_env.main() == 0
    written = settings_in(tmp_path / ".env")
    assert list(written) == [
        "SECRET_KEY",
        "CREDENTIAL_KEYS",
        "DIGEST_KEY",
        "DEMO",
        "DEMO_PASSWORD",
        "OUTBOUND_ALLOW_HTTP",
        "OUTBOUND_ALLOWED_NETWORKS",
        "STAND_IN_ANSWERS",
    ]
    assert len(written["SECRET_KEY"]) == 64
    assert Fernet(written["CREDENTIAL_KEYS"]).encrypt(b"x")
    assert len(written["DIGEST_KEY"]) == 44
    assert written["DEMO"] == "true"
    assert re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){2}", written["DEMO_PASSWORD"])
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_it_says_where_its_copy_belongs() -> None:
    """Not where the backups are: whoever finds them there has the keys as well."""
    assert "# Keep a copy of this file, apart from the backups of the database" in first_env.fresh_settings()


def test_no_two_are_alike() -> None:
    assert first_env.fresh_settings() != first_env.fresh_settings()


def test_it_never_replaces_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(first_env, "ENV_FILE", tmp_path / ".env")
    mine = "SECRET_KEY=mine\nCREDENTIAL_KEYS=mine\nDIGEST_KEY=mine\n"
    (tmp_path / ".env").write_text(mine)
    assert first_env.main() == 0
    assert (tmp_path / ".env").read_text() == mine
    assert capsys.readouterr().out == "There is a .env already: kept.\n"


def test_of_two_starts_at_once_one_writes(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(lambda number: first_env.write_once(tmp_path / ".env", str(number)), range(8)))
    assert sum(written) == 1
    assert (tmp_path / ".env").read_text() == str(written.index(True))


def test_for_a_real_portal_it_opens_nothing_of_the_demo(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert first_env.main(["--site-url", "https://portal.example.com", "--print"]) == 0
    (tmp_path / ".env").write_text(capsys.readouterr().out)
    written = settings_in(tmp_path / ".env")
    assert list(written) == ["SECRET_KEY", "CREDENTIAL_KEYS", "DIGEST_KEY", "SITE_URL", "TRUSTED_PROXIES"]
    assert written["SITE_URL"] == "https://portal.example.com"
    assert Fernet(written["CREDENTIAL_KEYS"]).encrypt(b"x")


def test_what_is_printed_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(first_env, "ENV_FILE", tmp_path / ".env")
    assert first_env.main(["--print"]) == 0
    assert "\nDEMO=true\n" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
