"""A setting that is missing, unsafe or cannot be read stops the start with one sentence that says what to do."""

from pathlib import Path

import pytest

from tests.configuration.conftest import KEYS, Start
from tests.configuration.test_env_file import SECRET, refused
from tests.kit.portal import ROOT

NOT_A_HOST = "which is not a host name"
ON_LOOPBACK = "it runs on loopback only, not with"
QUOTE = "Write characters of user and password other than letters and digits as %-codes, such as %23 for #."
REFUSED = [
    ("SECRET_KEY", "", "SECRET_KEY is not set. It is empty in the environment, which comes before "),
    ("SECRET_KEY", SECRET, "SECRET_KEY is shorter than 32 characters. `python -c 'import secrets;"),
    ("CREDENTIAL_KEYS", "", "CREDENTIAL_KEYS is not set."),
    ("CREDENTIAL_KEYS", SECRET, "CREDENTIAL_KEYS contains something that is not a Fernet key."),
    ("DIGEST_KEY", "", "DIGEST_KEY is not set."),
    ("SITE_URL", "http://portal.example.com", "use https, or set ALLOW_HTTP=true to accept plain http."),
    ("SITE_URL", "portal.example.com", "Write scheme and host, such as https://portal.example.com"),
    ("SITE_URL", f"https://me:{SECRET}@localhost", "SITE_URL contains a user name or password. Write scheme and host"),
    ("SITE_URL", "https://portal.example.com/linnapp", "Write scheme and host, such as https://portal.example.com"),
    ("SITE_URL", "https://portal.example.com/#start", "Write scheme and host, such as https://portal.example.com"),
    ("SITE_URL", "https://portal.example.com:eighty", "SITE_URL is not a readable address."),
    ("SITE_URL", "https://[::1", "SITE_URL is not a readable address."),
    ("SITE_URL", "https://xn--.example.com", NOT_A_HOST),
    ("SITE_URL", "https://po\N{ZERO WIDTH JOINER}rtal.example.com", "cannot be printed"),
    ("SITE_URL", "https://ab\N{SNOWMAN}--\N{ARABIC-INDIC DIGIT ONE}.example.com", "IDNA cannot write it."),
    ("SITE_URL", f"https://{'ü' * 64}.example.com", "IDNA cannot write it."),
    ("SITE_URL", "https://linnapp_web:8000", NOT_A_HOST),
    ("SITE_URL", "https://portal..example.com", NOT_A_HOST),
    ("DATA_SERVER_URL", "api.example.com", "DATA_SERVER_URL is “api.example.com”. Write scheme and host"),
    ("DATA_SERVER_URL", f"https://me:{SECRET}@api.example.com", "DATA_SERVER_URL contains a user name or password."),
    ("DATA_SERVER_URL", "https://data.example.com/api", "“https://data.example.com/api”: it ends with /api"),
    ("DATA_SERVER_URL", "https://data.example.com/eu/API/", "“https://data.example.com/eu/API”: it ends with /api"),
    ("DATA_SERVER_URL", "https://data.example.com/eu/../x", "a part of its path is empty or made of dots"),
    ("DATA_SERVER_URL", f"https://data.example.com/{'a' * 200}", "DATA_SERVER_URL has 225 characters."),
    ("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS holds “*”: with any name allowed, a stranger"),
    ("ALLOWED_HOSTS", "*.example.com", "ALLOWED_HOSTS holds “*.example.com”"),
    ("ALLOWED_HOSTS", "https://portal.example.com", NOT_A_HOST),
    ("ALLOWED_HOSTS", "portal.example.com:8000", NOT_A_HOST),
    ("TRUSTED_PROXIES", "0.0.0.0/0", "TRUSTED_PROXIES holds 0.0.0.0/0, which is everybody"),
    ("TRUSTED_PROXIES", "10.0.0.0/8, ::/0", "TRUSTED_PROXIES holds ::/0, which is everybody"),
    ("TRUSTED_PROXIES", "::ffff:0:0/96", "which is everybody"),
    ("TRUSTED_PROXIES", "0.0.0.0/1,128.0.0.0/1", "holds 0.0.0.0/1,128.0.0.0/1, which is everybody"),
    ("TRUSTED_PROXIES", "128.0.0.0/1, ::ffff:0.0.0.0/97", "which is everybody"),
    ("TRUSTED_PROXIES", "::/1, 10.0.0.0/8, 8000::/1", "which is everybody"),
    ("TRUSTED_PROXIES", "10.0.0.1/8", "Write networks such as 10.0.0.0/8, with commas."),
    ("OUTBOUND_ALLOWED_NETWORKS", "everywhere", "Write networks such as 10.0.0.0/8, with commas."),
    ("OUTBOUND_CA_FILE", "/nowhere.pem", "OUTBOUND_CA_FILE is “/nowhere.pem”, which cannot be read"),
    ("OUTBOUND_CA_FILE", str(ROOT / "README.md"), "Name such a file, or leave it out."),
    ("PORT", "eighty", "PORT is “eighty”. Write a whole number from 1 to 65535."),
    ("PORT", "8000 # the usual", "PORT has a comment"),
    ("WEB_WORKERS", "0", "WEB_WORKERS is “0”. Write a whole number from 1 to"),
    ("SESSION_IDLE_SECONDS", "-5", "SESSION_IDLE_SECONDS is “-5”."),
    ("ALLOW_HTTP", "flase", "ALLOW_HTTP is “flase”. Write true or false."),
    ("DEBUG", "True.", "DEBUG is “true.”. Write true or false."),
    ("DEMO_PASSWORD", f"${SECRET}", "DEMO_PASSWORD starts with $. Nothing is substituted here"),
    ("DEMO_PASSWORD", f"{SECRET}\n", "DEMO_PASSWORD contains characters that cannot be printed"),
    ("METRICS_TOKEN", "short", "METRICS_TOKEN is shorter than 16 characters."),
    ("LOG_FORMAT", "xml", "LOG_FORMAT is “xml”. Write text or json."),
    ("LOG_LEVEL", "LOUD", "LOG_LEVEL is “LOUD”. Write DEBUG, INFO, WARNING or ERROR."),
    ("LOCALITY", "UK", "LOCALITY is “UK”. Clients know EU, US and AS."),
    ("STAND_IN_ANSWERS", "nowhere", "STAND_IN_ANSWERS is “nowhere”, which is no folder. Name one, write shipped"),
    ("STAND_IN_ANSWERS", "tests/wire", "01-json.http: that names no call."),
    ("API_ALLOWED_ORIGINS", "https://a.example,*", "API_ALLOWED_ORIGINS has “*”: every page would be let in."),
    ("DATABASE_URL", f"mysql://user:{SECRET}@127.0.0.1/linnapp", "DATABASE_URL begins with postgres:// or sqlite:///"),
    ("DATABASE_URL", f"postgres://user:{SECRET}/@127.0.0.1/linnapp", "DATABASE_URL cannot be read."),
    ("DATABASE_URL", f"postgres://user:{SECRET}#@127.0.0.1/linnapp", QUOTE),
    ("DATABASE_URL", f"postgres://user:{SECRET}@127.0.0.1:eighty/linnapp", "DATABASE_URL cannot be read."),
    ("DATABASE_URL", f"postgres://user:{SECRET}@127.0.0.1", "DATABASE_URL names no database."),
    ("DATABASE_URL", "sqlite:////nowhere/at/all.sqlite3", "names a file in a folder that is not"),
    ("REDIS_URL", f"redis://:{SECRET}@127.0.0.1:port/0", "REDIS_URL cannot be read."),
    ("REDIS_URL", "127.0.0.1:6379", "REDIS_URL cannot be read. Write redis://user:password@host:6379/0."),
    ("REDIS_URL", f"redis://:{SECRET}#@127.0.0.1", QUOTE),
    ("EMAIL_URL", f"smtp+tls://portal:{SECRET}#1@mail.example.com:587", QUOTE),
    ("EMAIL_URL", f"smtp+tls://portal:{SECRET}/1@mail.example.com:587", QUOTE),
    ("EMAIL_URL", f"smtp+tls://portal:{SECRET}?1@mail.example.com:587", QUOTE),
    ("EMAIL_URL", f"smtp+tls://portal:{SECRET}[1@mail.example.com:587", QUOTE),
    ("EMAIL_URL", f"smtp+tls://portal:{SECRET} 1@mail.example.com:587", QUOTE),
    ("EMAIL_URL", f"smtp+tls://portal:{SECRET}@mail.example.com:smtp", QUOTE),
    ("EMAIL_URL", f"smtp+tls://portal:{SECRET}@", "EMAIL_URL cannot be read."),
    ("EMAIL_URL", f"mailto://portal:{SECRET}@mail.example.com", "EMAIL_URL does not begin with smtp://, smtp+tls://"),
    ("EMAIL_URL", "mail.example.com:587", "EMAIL_URL does not begin with smtp://, smtp+tls:// or smtp+ssl://."),
    ("DEFAULT_FROM_EMAIL", "portal", "DEFAULT_FROM_EMAIL is “portal”. Write an e-mail address"),
    ("STATE_DIR", "/dev/null", "STATE_DIR is “/dev/null”, which cannot be made (File exists)."),
    ("STATE_DIR", "/dev/null/below", "STATE_DIR is “/dev/null/below”, which cannot be made (Not a directory)."),
    ("STATE_DIR", "/proc/sys/kernel", "STATE_DIR is “/proc/sys/kernel”, which cannot be written to."),
]  # fmt: skip
TOGETHER = [
    ({"DEBUG": "true", "SITE_URL": "https://portal.example.com"}, "DEBUG=true shows settings and code to anybody"),
    ({"DEBUG": "true", "HOST": "0.0.0.0"}, f"{ON_LOOPBACK} SITE_URL=http://localhost:8000 and HOST=0.0.0.0."),
    ({"DEBUG": "true", "ALLOWED_HOSTS": "portal.example.com"}, f"{ON_LOOPBACK} ALLOWED_HOSTS=portal.example.com."),
    ({"DEMO": "true", "SITE_URL": "https://portal.example.com"}, f"DEMO=true lets anybody sign in: {ON_LOOPBACK}"),
    ({"DEMO": "true", "HOST": "0.0.0.0"}, f"DEMO=true lets anybody sign in: {ON_LOOPBACK}"),
    ({"DEMO": "true", "ALLOWED_HOSTS": "portal.example.com"}, f"{ON_LOOPBACK} ALLOWED_HOSTS=portal.example.com."),
    ({"STAFF_WITHOUT_FACTOR": "true", "HOST": "0.0.0.0"}, f"lets staff in with a password alone: {ON_LOOPBACK}"),
]  # fmt: skip


@pytest.mark.parametrize(("setting", "value", "sentence"), REFUSED)
def test_it_stops_the_start_with_a_sentence(
    setting: str, value: str, sentence: str, start: Start, tmp_path: Path
) -> None:
    started = start("prepare", **{"state": value} if setting == "STATE_DIR" else {setting: value})
    assert started.code == 1
    assert sentence in refused(started.printed)
    assert not (tmp_path / "state" / "db.sqlite3").exists()


@pytest.mark.parametrize(("settings", "sentence"), TOGETHER)
def test_what_is_meant_for_one_machine_stays_on_it(settings: dict[str, str], sentence: str, start: Start) -> None:
    started = start("prepare", **settings)
    assert started.code == 1
    assert sentence in refused(started.printed)


@pytest.mark.parametrize("command", ["serve", "migrate", "check", "demo_env"])
def test_every_command_says_it(command: str, start: Start) -> None:
    started = start(command, file=f"{KEYS}PORT=eighty\n")
    line = KEYS.count("\n") + 1
    assert started.code == 1
    assert refused(started.printed).startswith("PORT is “eighty”. Write a whole number from 1 to 65535. (Line")
    assert f"(Line {line} of " in started.printed


def test_the_environment_comes_before_the_file_and_is_not_given_its_line(start: Start) -> None:
    assert "(Line" not in refused(start("check", file=f"{KEYS}PORT=8000\n", PORT="eighty").printed)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"SITE_URL": "https://Münchner-Kuchen.example"}, "https://xn--mnchner-kuchen-gsb.example"),
        ({"SITE_URL": "https://portal.example.com:8443/"}, "https://portal.example.com:8443"),
        ({"SITE_URL": "https://[2001:db8::1]:8443"}, "https://[2001:db8::1]:8443 [2001:db8::1]"),
        ({"ALLOWED_HOSTS": "localhost, .localhost,[::1]"}, ".localhost [::1]"),
        ({"EMAIL_URL": "smtp+tls://me@example.com:p%23%2F%3Fw@mail.example.com:587"}, "me@example.com p#/?w"),
        ({"DATABASE_URL": "postgres://me:p%23w@127.0.0.1:5432/linnapp"}, "linnapp me p#w 127.0.0.1 5432"),
        ({"TRUSTED_PROXIES": "10.0.0.0/8, ::1/128"}, "::1/128"),
        ({"DATA_SERVER_URL": "https://data.example.com/eu/"}, "https://data.example.com/eu"),
        ({"DEMO": "On", "DEBUG": "no"}, "True False"),
        ({"SITE_URL": "https://portal.example.com"}, "staff need a factor: True"),
        ({"DEMO": "true"}, "staff need a factor: False"),
        ({"STAFF_WITHOUT_FACTOR": "true"}, "staff need a factor: False"),
        ({"REDIS_URL": "unix://:p%23w@/run/redis.sock?db=1"}, "unix://:p%23w@/run/redis.sock?db=1"),
        ({"REDIS_URL": "rediss://me:p%23w@127.0.0.1"}, "rediss://me:p%23w@127.0.0.1"),
    ],
)
def test_what_is_meant_well_is_read_well(settings: dict[str, str], told: str, start: Start) -> None:
    names = [
        "SITE_URL",
        "ALLOWED_HOSTS",
        "TRUSTED_PROXIES",
        "DELIVERY_EMAIL",
        "DATABASES",
        "DEMO",
        "DEBUG",
        "REDIS_URL",
        "DATA_SERVER_URL",
    ]
    source = f"""
from django.conf import settings
found = [getattr(settings, name) for name in {names!r}]
flat = lambda one: (
    " ".join(map(flat, one.values())) if isinstance(one, dict)
    else " ".join(map(flat, one)) if isinstance(one, list) else str(one)
)
print(flat(found), "staff need a factor:", settings.STAFF_NEED_FACTOR)
"""
    started = start("shell", "--no-imports", "-c", source, **settings)
    assert (started.code, told in started.printed) == (0, True), started.printed
