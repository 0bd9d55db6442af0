"""Values of settings, from the environment or `.env`, each read in one way or refused with a sentence that says how to
mend it, names the line of `.env`, and never shows a secret."""

import ipaddress
import os
import re
import ssl
from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlsplit

import environ
import idna
from django.core.exceptions import ImproperlyConfigured

from linnapp import env_file
from linnapp.origins import LONGEST, fault_of_path
from linnapp.origins import fault_of as origin_fault

Network = IPv4Network | IPv6Network
# What a quota of 0 means: more than anybody has.
NO_LIMIT = 2**31 - 1
YES, NO = {"true", "on", "ok", "y", "yes", "1"}, {"false", "off", "n", "no", "0", ""}
# A part of a host name, as Django answers to it: no underscore.
LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)
# IPv4 as IPv6 writes it: whoever trusts these trusts everybody, as with 0.0.0.0/0.
ALL_OF_IPV4 = IPv6Network("::ffff:0:0/96")
MAIL_SCHEMES = "smtp://, smtp+tls:// or smtp+ssl://"
MAKE_ENV = "`python -m linnapp.first_env` writes a `.env` with fresh keys."
ANOTHER_KEY = "`python -c 'import secrets; print(secrets.token_urlsafe(48))'` prints one to write there."
PERCENT = "Write characters of user and password other than letters and digits as %-codes, such as %23 for #."


class Settings(environ.Env):
    """What is set: the environment comes before the file."""

    def __init__(self, file: Path, name: str, environment: Mapping[str, str]) -> None:
        super().__init__()
        self.file_name, self._is_there, self._given = name, file.exists(), frozenset(environment)
        self.written = {key: line for key, line in env_file.read(file, name).items() if key not in environment}
        # A copy: a process that this one starts later reads the file as it is by then.
        self.ENVIRON = {key: line.value for key, line in self.written.items()} | dict(environment)

    def refuse(self, name: str, sentence: str) -> NoReturn:
        place = f" (Line {self.written[name].number} of {self.file_name}.)" if name in self.written else ""
        raise ImproperlyConfigured(f"{sentence}{place}") from None

    def text(self, name: str, default: str = "") -> str:
        """The value as it is, or the default where it is empty or not set."""
        value = str(self.ENVIRON.get(name, ""))
        if value.startswith("$"):
            self.refuse(name, f"{name} starts with $. Nothing is substituted here: write the value itself, without $.")
        # As `docker run --env-file` passes it on. In a path it is a folder's name.
        if name not in self.written and env_file.NOTE.search(value) and not value.startswith("/"):
            self.refuse(name, f"{name} has a comment, or a # after a space, in the environment. Write the value alone.")
        if not value.isprintable():
            self.refuse(name, f"{name} contains characters that cannot be printed, or bytes that are not UTF-8.")
        return value or default

    def get_value(self, var: str, *arguments: Any, **options: Any) -> Any:
        self.text(var)
        return super().get_value(var, *arguments, **options)

    def required(self, name: str, least: int = 1) -> str:
        """Value of a setting without which the portal must not start, of so many characters at least."""
        value = self.text(name)
        if not value:
            self.refuse(name, f"{name} is not set. {self._how_to_set(name)}")
        if len(value) < least:
            self.refuse(name, f"{name} is shorter than {least} characters. {ANOTHER_KEY}")
        return value

    def _how_to_set(self, name: str) -> str:
        if name in self._given:
            return f"It is empty in the environment, which comes before {self.file_name}. Set or remove it there."
        return env_file.how_to_add(name, self.file_name) if self._is_there else MAKE_ENV

    def whole(self, name: str, default: int, least: int = 1, most: int = 2**31 - 1) -> int:
        """Value of a setting that is a whole number."""
        text = self.text(name, str(default))
        if not (text.isascii() and text.isdigit() and len(text) < 11 and least <= int(text) <= most):
            self.refuse(name, f"{name} is “{text}”. Write a whole number from {least} to {most}.")
        return int(text)

    def quota(self, name: str, default: int) -> int:
        """How much somebody may have, or ask for in a time: a whole number, 0 for as much as they like."""
        return self.whole(name, default, least=0) or NO_LIMIT

    def switch(self, name: str) -> bool:
        """Value of a setting that is on or off, and off unless it is set."""
        text = self.text(name).lower()
        if text not in YES | NO:
            self.refuse(name, f"{name} is “{text}”. Write true or false.")
        return text in YES

    def one_of(self, name: str, words: Sequence[str], default: str, advice: str) -> str:
        text = self.text(name, default)
        if text.upper() not in words:
            self.refuse(name, f"{name} is “{text}”. {advice}")
        return text.upper()

    def listed(self, name: str) -> list[str]:
        return [part.strip() for part in self.text(name).split(",") if part.strip()]

    def networks(self, name: str, *, not_everybody: bool = False) -> list[Network]:
        try:
            networks = [ipaddress.ip_network(network) for network in self.listed(name)]
        except ValueError as error:
            self.refuse(name, f"{name}: {error}. Write networks such as 10.0.0.0/8, with commas.")
        for whole in _together(networks) if not_everybody else ():
            if whole.prefixlen == 0 or (isinstance(whole, IPv6Network) and ALL_OF_IPV4.subnet_of(whole)):
                held = whole if whole in networks else self.text(name)
                self.refuse(
                    name,
                    f"{name} holds {held}, which is everybody: each client could then choose its own address. Write "
                    f"the networks of your proxies alone, such as 10.0.0.0/8.",
                )
        return networks

    def origins(self, name: str) -> list[str]:
        """Origins of pages, each as a browser sends it."""
        origins = self.listed(name)
        for origin in origins:
            if fault := origin_fault(origin):
                advice = "Write scheme and host, such as https://app.example.com, with commas between them."
                self.refuse(name, f"{name} has “{origin}”: {fault}. {advice}")
        return origins

    def certificates_in(self, name: str) -> str:
        """Path of a PEM file with certificates; empty when none is named."""
        path = self.text(name)
        if path:
            try:
                ssl.create_default_context(cafile=path)
            except OSError as error:
                fault = f"{name} is “{path}”, which cannot be read as PEM certificates ({error.strerror or error})."
                self.refuse(name, f"{fault} Name such a file, or leave it out.")
        return path

    def folder(self, name: str, default: Path) -> Path:
        """A folder that can be written to, made if need be."""
        path = Path(self.text(name, str(default))).resolve()
        advice = "Name a folder that the system user running linnapp may write to."
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            self.refuse(name, f"{name} is “{path}”, which cannot be made ({error.strerror}). {advice}")
        if not os.access(path, os.W_OK | os.X_OK):
            self.refuse(name, f"{name} is “{path}”, which cannot be written to. {advice}")
        return path

    def address(self, name: str, default: str, *, bare: bool) -> SplitResult:
        """A URL of http or https whose host is written as it travels; bare: without a path."""
        text = self.text(name, default).rstrip("/")
        advice = "Write scheme and host, such as https://portal.example.com"
        try:
            parts = urlsplit(text)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            self.refuse(name, f"{name} is not a readable address. {advice}")
        if "@" in parts.netloc:
            self.refuse(name, f"{name} contains a user name or password. {advice}")
        more = parts.query or parts.fragment or " " in text or "#" in text or "?" in text or (bare and parts.path)
        if parts.scheme not in {"http", "https"} or not host or more or port == 0:
            self.refuse(name, f"{name} is “{text}”. {advice}")
        written = self._host(name, host)
        bracketed = f"[{written}]" if ":" in written else written
        return parts._replace(netloc=bracketed if port is None else f"{bracketed}:{port}")

    def data_server(self, name: str, default: str) -> str:
        """An address that clients put the paths of their calls behind."""
        parts = self.address(name, default, bare=False)
        url = parts.geturl()
        if fault := fault_of_path(parts.path):
            self.refuse(name, f"{name} is “{url}”: {fault}. Write an address such as https://data.example.com")
        if len(url) > LONGEST:
            self.refuse(name, f"{name} has {len(url)} characters. Use at most {LONGEST}.")
        return url

    def hosts(self, name: str) -> list[str]:
        """Host names, or `.example.com` for one with all below it."""
        return [self._one_of_hosts(name, host) for host in self.listed(name)]

    def _one_of_hosts(self, name: str, host: str) -> str:
        if "*" in host:
            self.refuse(
                name,
                f"{name} holds “{host}”: with any name allowed, a stranger could make links in e-mails lead "
                "elsewhere. Write the names themselves, or .example.com for all names under one.",
            )
        if host.startswith("[") and host.endswith("]"):
            return f"[{self._host(name, host[1:-1])}]"
        below = "." if host.startswith(".") else ""
        return below + self._host(name, host.removeprefix("."))

    def _host(self, name: str, host: str) -> str:
        """In ASCII, as browsers send it."""
        if _is_address(host):
            return host
        try:
            written = (host if host.isascii() else idna.encode(host, uts46=True).decode()).lower()
        except idna.IDNAError:
            self.refuse(name, f"{name} holds “{host}”, which is not a host name: IDNA cannot write it.")
        if len(written) > 253 or not all(LABEL.fullmatch(label) for label in written.split(".")):
            self.refuse(
                name,
                f"{name} holds “{host}”, which is not a host name. Use letters, digits and hyphens, such as "
                "portal.example.com.",
            )
        return written

    def database(self, name: str) -> dict[str, Any]:
        """Django's settings of the database at this URL."""
        try:
            url = urlsplit(self.text(name))
            found: dict[str, Any] = self.db_url_config(self.text(name))
        except (ValueError, KeyError, ImproperlyConfigured):
            self.refuse(name, f"{name} cannot be read. Write postgres://user:password@host:5432/name. {PERCENT}")
        if not url.scheme.startswith("postgres") and url.scheme != "sqlite":
            self.refuse(name, f"{name} begins with postgres:// or sqlite:///. Unset, it is SQLite in STATE_DIR.")
        if "#" in self.text(name):
            self.refuse(name, f"{name} holds a #, which ends an address. {PERCENT}")
        if not found["NAME"]:
            self.refuse(name, f"{name} names no database. Write postgres://user:password@host:5432/name.")
        if url.scheme == "sqlite" and not Path(found["NAME"]).resolve().parent.is_dir():
            self.refuse(name, f"{name} names a file in a folder that is not there. Make the folder first.")
        return found

    def redis(self, name: str) -> str:
        """A URL as redis-py reads it, also one of a socket file; "" where none is set."""
        url = self.text(name)
        try:
            parts = urlsplit(url)
            database = parts.path.strip("/")
            number = not database or (database.isascii() and database.isdigit())
            if parts.scheme == "unix":
                known = bool(database)
            else:
                known = parts.scheme in {"redis", "rediss"} and bool(parts.hostname) and parts.port != 0 and number
        except ValueError:
            known = False
        if url and (not known or "#" in url):
            self.refuse(name, f"{name} cannot be read. Write redis://user:password@host:6379/0. {PERCENT}")
        return url

    def sentry(self, name: str) -> str:
        """A DSN as Sentry's settings show it; "" where none is set."""
        dsn = self.text(name)
        try:
            parts = urlsplit(dsn)
            known = parts.scheme in {"http", "https"} and bool(parts.hostname and parts.username) and parts.port != 0
        except ValueError:
            known = False
        project = parts.path.rpartition("/")[2] if known else ""
        if dsn and not (project.isascii() and project.isdigit()):
            self.refuse(name, f"{name} cannot be read. Copy it from Sentry: https://key@sentry.example.com/1.")
        return dsn

    def mail_server(self, name: str) -> dict[str, Any]:
        """Settings of Django's mail backend; without one mail is printed."""
        url = self.text(name, "consolemail://")
        advice = "Write smtp+tls://user:password@mail.example.com:587."
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            self.refuse(name, f"{name} cannot be read. {advice} {PERCENT}")
        if parts.scheme not in self.EMAIL_SCHEMES:
            self.refuse(name, f"{name} does not begin with {MAIL_SCHEMES}. {advice}")
        if parts.scheme.startswith("smtp"):
            cut_off = "#" in url or " " in url or "@" in parts.path + parts.query
            if cut_off or not parts.hostname or port == 0 or parts.path not in ("", "/"):
                self.refuse(name, f"{name} cannot be read. {advice} {PERCENT}")
        found: dict[str, Any] = self.email_url_config(url)
        return found

    def sender(self, name: str, default: str) -> str:
        """An address that mail comes from, with a name or without."""
        text = self.text(name, default)
        user, _, host = parseaddr(text)[1].rpartition("@")
        if not user or not host or " " in user:
            self.refuse(name, f"{name} is “{text}”. Write an e-mail address, such as portal@example.com.")
        return text


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _together(networks: list[Network]) -> list[Network]:
    """As few networks as hold the same addresses. Those of IPv4 that are written as IPv6 are IPv4."""
    fours, sixes = [], []
    for each in networks:
        if isinstance(each, IPv4Network):
            fours.append(each)
        elif each.subnet_of(ALL_OF_IPV4):
            fours.append(IPv4Network((int(each.network_address) & 0xFFFFFFFF, each.prefixlen - 96)))
        else:
            sixes.append(each)
    return [*ipaddress.collapse_addresses(fours), *ipaddress.collapse_addresses(sixes)]
