"""The files of operators are true: settings, paths, commands and limits in them are those of the program."""

import json
import re
import shlex
from ipaddress import IPv4Network, ip_address
from pathlib import Path

import pytest
from django.core.management import get_commands

from installs.exchange.wire import Unreadable, read_members
from linnapp.front.connection import MOST_MACHINE_BYTES
from linnapp.front.health import ALIVE, READY
from linnapp.front.pages import LONGEST
from linnapp.front.reader import MOST_BODY_BYTES, MOST_HEAD_BYTES
from linnapp.management.commands.serve import STOP_SECONDS
from linnapp.supervision import GRACE_SECONDS
from tests.deploying.files import OPERATIONS
from tests.kit.portal import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = (ROOT / "compose.yaml").read_text()
NGINX = (OPERATIONS / "nginx.conf").read_text()
CADDY = (OPERATIONS / "Caddyfile").read_text()
UNITS = {name: (OPERATIONS / f"linnapp-{name}.service").read_text() for name in ("web", "worker")}
PAGE = (ROOT / "docs/operations.md").read_text()
SETTINGS = set(re.findall(r"^#? ?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
# Of Python, Docker and PostgreSQL, and two words of SQL.
OTHERS = {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "ENV_FILE", "POSTGRES_USER", "POSTGRES_DB"}
OTHERS |= {"POSTGRES_PASSWORD", "PORTAL", "ANALYZE", "CONCURRENTLY"}


def service(name: str) -> str:
    """A service of compose.yaml as it stands there."""
    return COMPOSE.partition(f"\n  {name}:\n")[2].partition("\n\n")[0]


def test_settings_named_there_exist() -> None:
    in_units = {
        name
        for unit in UNITS.values()
        for line in re.findall(r"^Environment=(.*)", unit, re.MULTILINE)
        for name in re.findall(r"(\w+)=", line)
    }
    in_image = set(re.findall(r"^(?:ENV|   ) ([A-Z_]+)=", DOCKERFILE, re.MULTILINE))
    in_compose = set(re.findall(r"^\s+([A-Z][A-Z_]+): ", COMPOSE, re.MULTILINE)) - {"HEALTHCHECK"}
    assert in_units == {"ENV_FILE", "STATE_DIR", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
    assert {"STATE_DIR", "HOST", "PORT"} <= in_image
    assert {"DATABASE_URL", "REDIS_URL", "TRUSTED_PROXIES", "SITE_URL"} <= in_compose
    assert (in_units | in_image | in_compose) - OTHERS - SETTINGS == set()


def test_settings_named_in_the_page_exist() -> None:
    named = set(re.findall(r"`([A-Z][A-Z_]{3,})(?:=[^`]*)?`", PAGE))
    assert len(named) > 8
    assert named - OTHERS - SETTINGS - {"REPOSITORY"} == set()


def test_commands_of_the_image_and_the_services_exist() -> None:
    commands = [
        json.loads(found) for found in re.findall(r"(?:command: |^CMD )(\[.*\])", DOCKERFILE + COMPOSE, re.MULTILINE)
    ]
    manage = [words[2:] for words in commands if words[1:2] == ["manage.py"]]
    for line in re.findall(r"^ExecStart(?:Pre)?=(.*)", "\n".join(UNITS.values()), re.MULTILINE):
        words = shlex.split(line)
        assert words[:2] == ["/opt/linnapp/.venv/bin/python", "manage.py"]
        manage.append(words[2:])
    assert sorted(map(" ".join, manage)) == sorted(
        ["serve", "prepare", "serve --web", "serve --worker", "prepare", "serve --web", "serve --worker"]
    )
    assert {words[0] for words in manage} <= set(get_commands())


def test_commands_of_the_page_exist() -> None:
    named = set(re.findall(r"(?:manage\.py|`portal|^portal) ([a-z_]{4,})", PAGE, re.MULTILINE))
    assert {"backup", "check_backup", "restore", "move_to", "maintenance", "metrics", "prepare"} <= named
    assert named - set(get_commands()) == set()


def test_what_the_image_is_made_of_is_let_in() -> None:
    copied = {
        word for line in re.findall(r"^COPY (?!--from)(.*)", DOCKERFILE, re.MULTILINE) for word in line.split()[:-1]
    }
    let_in = set(re.findall(r"^!(.*)", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert copied == let_in
    assert [name for name in sorted(copied) if not (ROOT / name).exists()] == []
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


def test_all_lead_to_the_port_that_serve_listens_on() -> None:
    assert re.findall(r"^EXPOSE (.*)", DOCKERFILE, re.MULTILINE) == ["8000"]
    assert "PORT=8000\n" in DOCKERFILE
    assert "HTTPConnection('127.0.0.1', int(os.environ['PORT'])" in DOCKERFILE
    assert f"c.request('GET', '{ALIVE}')" in DOCKERFILE
    assert re.findall(r"# PORT=(\d+)", (ROOT / ".env.example").read_text()) == ["8000"]
    assert set(re.findall(r"proxy_pass (.*);", NGINX)) == {"http://127.0.0.1:8000"}
    assert "reverse_proxy {$PORTAL:127.0.0.1:8000}" in CADDY
    assert 'PORT: "8000"' in COMPOSE
    assert "PORTAL: portal:8000" in COMPOSE


def test_the_proxy_of_the_containers_is_the_one_that_is_trusted() -> None:
    address = re.search(r"ipv4_address: ([\d.]+)", COMPOSE)
    assert address
    assert f"TRUSTED_PROXIES: {address[1]}/32" in COMPOSE
    pool = dict(re.findall(r"(subnet|gateway|ip_range): ([\d./]+)", COMPOSE))
    subnet, dealt_out = IPv4Network(pool["subnet"]), IPv4Network(pool["ip_range"])
    assert dealt_out.subnet_of(subnet)
    # Docker reserves nothing: an address that it deals out may be another container's when the proxy starts.
    own = {ip_address(address[1]), ip_address(pool["gateway"])}
    assert len(own) == 2
    assert [one for one in own if one not in subnet or one in dealt_out] == []


def test_limits_are_those_of_the_front() -> None:
    mega = 1024 * 1024
    allowed = [str(MOST_BODY_BYTES // mega), str(MOST_MACHINE_BYTES // mega)]
    assert re.findall(r"client_max_body_size (\d+)m;", NGINX) == allowed
    assert f"{MOST_BODY_BYTES // mega} MB for forms with files, {MOST_MACHINE_BYTES // mega} MB for the API" in CADDY
    assert re.findall(r"max_header_size (\d+)KiB", CADDY) == [str(MOST_HEAD_BYTES // 1024)]
    assert re.findall(r"large_client_header_buffers (\d+) (\d+)k;", NGINX) == [("4", str(MOST_HEAD_BYTES // 4 // 1024))]
    assert f"over {MOST_MACHINE_BYTES // mega} MB" in NGINX
    for seconds in re.findall(
        r"(?:proxy_read_timeout|proxy_send_timeout|response_header_timeout) (\d+)s", NGINX + CADDY
    ):
        assert int(seconds) > LONGEST


def test_what_is_for_the_machine_alone_passes_no_proxy() -> None:
    assert re.findall(r"location = (\S+) \{\s+return 404;", NGINX) == [ALIVE, READY]
    assert f"@health path {ALIVE} {READY}\n\thandle @health {{\n\t\trespond 404\n" in CADDY


def test_programs_are_told_by_nginx_what_the_portal_would_tell_them() -> None:
    told = re.search(r"return 413 '(.*)';", NGINX)
    assert told
    with pytest.raises(Unreadable) as refused:
        read_members("application/json", b" " * (MOST_MACHINE_BYTES + 1), "", query_allowed=False)
    assert json.loads(told[1]) == {"Code": str(refused.value.status), "Message": str(refused.value)}


def test_whoever_stops_it_waits_longer_than_it_takes() -> None:
    waits = re.findall(r"^TimeoutStopSec=(\d+)", "\n".join(UNITS.values()), re.MULTILINE)
    waits += re.findall(r"stop_grace_period: (\d+)s", COMPOSE.partition("\nservices:")[0])
    assert len(waits) == 3
    assert min(map(int, waits)) > GRACE_SECONDS > STOP_SECONDS


def test_containers_are_closed() -> None:
    for name in ("postgres", "redis", "proxy"):
        assert "read_only: true" in service(name), name
        assert "cap_drop: [ALL]" in service(name), name
        assert "no-new-privileges:true" in service(name), name
    shared = COMPOSE.partition("\nservices:")[0]
    assert all(words in shared for words in ("read_only: true", "cap_drop: [ALL]", "no-new-privileges:true"))
    assert [name for name in ("prepare", "portal", "worker") if "<<: *portal" not in service(name)] == []
    assert "networks: [front, data]" in service("portal")
    assert re.findall(r"^USER (.*)", DOCKERFILE, re.MULTILINE) == ["10001:10001"]


def test_the_two_units_differ_in_what_they_say_they_do() -> None:
    kept = [
        {line for line in unit.splitlines() if re.match(r"(Protect|Private|Restrict|System|NoNew|Cap|Lock|Mem)", line)}
        for unit in UNITS.values()
    ]
    assert kept[0] == kept[1]
    assert len(kept[0]) > 20
    assert ["IPAddressDeny=any" in unit for unit in UNITS.values()] == [True, False]


def test_files_that_the_page_names_are_there() -> None:
    named = {Path(name) for name in re.findall(r"\]\((operations(?:/[\w.-]+)?|\.\./[\w.]+)", PAGE)}
    named |= {Path("..", name) for name in re.findall(r"docs/operations/[\w.-]+", PAGE)}
    assert len(named) >= 5
    assert [str(name) for name in sorted(named) if not (ROOT / "docs" / name).exists()] == []


def block_after(heading: str) -> list[str]:
    """The lines of the first block of code under a heading of the page."""
    assert PAGE.count(f"\n{heading}\n") == 1
    return PAGE.partition(f"\n{heading}\n")[2].partition("```")[2].partition("```")[0].splitlines()[1:]


def test_what_a_first_start_made_is_moved_away_before_a_restore() -> None:
    lines = block_after("### Restoring")
    moved = lines.index("mv /var/lib/linnapp/db.sqlite3* /root/linnapp-before/")
    assert lines.index("systemctl stop linnapp-worker linnapp-web") < moved
    assert moved < next(at for at, line in enumerate(lines) if line.startswith("portal restore "))


def test_where_names_are_resolved_is_said_wherever_addresses_are_named() -> None:
    assert "/etc/resolv.conf" in UNITS["web"].partition("\nIPAddressDeny=any")[0].rpartition("\n\n")[2]
    paragraphs = [one for one in PAGE.split("\n\n") if "IPAddressAllow" in one and "PostgreSQL, Redis" in one]
    assert [one for one in paragraphs if "resolver" not in one] == []
    assert "`/etc/resolv.conf`" in PAGE


def test_haproxy_gives_a_page_its_time_and_sends_nothing_twice() -> None:
    example = (OPERATIONS / "haproxy.cfg").read_text()
    assert int(re.findall(r"timeout server (\d+)s", example)[0]) > LONGEST
    assert f"return status 404 if {{ path {ALIVE} {READY} }}" in example
    assert example.index("del-header X-Forwarded-For") < example.index("option forwardfor")
    assert re.findall(r"retry-on (.*)", example) == ["conn-failure"]
    people, programs = (set(re.findall(r"\n\tserver \w+ (\S+)", part)) for part in example.split("\nbackend ")[1:])
    assert people == programs


def test_the_example_of_kubernetes_waits_for_the_drain() -> None:
    told, example = PAGE.partition("```yaml\nspec:\n")[::2]
    drain = int(re.findall(r"DRAIN_SECONDS=(\d+)", told)[-1])
    figures = {
        name: int(value) for name, value in re.findall(r"(\w+): (\d+)$", example.partition("```")[0], re.MULTILINE)
    }
    assert figures["terminationGracePeriodSeconds"] >= drain + GRACE_SECONDS + 5
    assert drain > figures["periodSeconds"] * figures["failureThreshold"] + figures["timeoutSeconds"]
