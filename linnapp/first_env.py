"""`python -m linnapp.first_env`: writes a `.env` with fresh keys beside `manage.py`, unless there is one. It is for the
demo; `--site-url https://portal.example.com` makes one to run for real, `--print` only prints it, and `--key
DIGEST_KEY` prints one key for a `.env` that lacks it."""

import argparse
import base64
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from linnapp import env_file

ENV_FILE = Path(__file__).resolve().parent.parent / ".env"
# Without letters and digits that look alike: the password is read from a terminal and typed.
EASY = "abcdefghjkmnpqrstuvwxyz23456789"

KEYS = """\
# Settings of this portal; .env.example explains every one there is.
# Keep a copy of this file, apart from the backups of the database: without these keys no stored credential can be read
# or found, and anyone who has both can read them all.

# Signs cookies and one-time links.
SECRET_KEY={SECRET_KEY}

# Encrypt Application Secrets and permanent tokens. To change it, put a new key before the old one, with a comma.
CREDENTIAL_KEYS={CREDENTIAL_KEYS}

# Credentials are found by their digest under this key.
DIGEST_KEY={DIGEST_KEY}
"""
DEMO = """\
# Demo data, and a one-step sign-in for its people. Only works on loopback; remove it to run for real.
DEMO=true

# Password of the people in the demo data.
DEMO_PASSWORD={demo_password}

# Postbacks may go to this machine, and without https: for an endpoint next to the portal. Remove both to run for real.
OUTBOUND_ALLOW_HTTP=true
OUTBOUND_ALLOWED_NETWORKS=127.0.0.0/8,::1/128

# Answer more data calls, with empty lists and pages, for tests of client programs. Remove it to run for real.
STAND_IN_ANSWERS=shipped

# The database, when SQLite in var/ is not enough.
# DATABASE_URL=postgres://user:password@127.0.0.1:5432/linnapp
"""
REAL = """\
# Where people and clients find the portal.
SITE_URL={site_url}

# The network of the proxy that terminates TLS, as the portal sees it. Without it everybody counts as that proxy.
TRUSTED_PROXIES=127.0.0.1/32

# The mail server. Until it is named, mail is printed into the log of the worker.
# EMAIL_URL=smtp+tls://user:password@mail.example.com:587

# The database, when SQLite is not enough.
# DATABASE_URL=postgres://user:password@127.0.0.1:5432/linnapp
"""


def easy_password() -> str:
    """About 59 bits in three groups, such as `wbn4-x7kd-pe2m`."""
    return "-".join("".join(secrets.choice(EASY) for _ in range(4)) for _ in range(3))


# How each key is made, by the setting that holds it. Without any of them the portal does not start.
MADE: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "CREDENTIAL_KEYS": lambda: Fernet.generate_key().decode(),
    "DIGEST_KEY": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
}


def fresh_settings(site_url: str = "") -> str:
    """For the demo, unless the address of a real portal is given."""
    keys = KEYS.format(**{name: make() for name, make in MADE.items()})
    more = REAL.format(site_url=site_url) if site_url else DEMO.format(demo_password=easy_password())
    return f"{keys}\n{more}"


def write_once(path: Path, text: str) -> bool:
    """Write a file that only its owner can read, whole or not at all; False when one is there already."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".env.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # Unlike a rename, a link never replaces the keys that another start has written meanwhile.
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        Path(draft).unlink()
    return True


def missing_from(path: Path, environment: Mapping[str, str]) -> list[str]:
    """The keys that neither this file nor the environment has. Raises ImproperlyConfigured for a file that cannot be
    read."""
    written = env_file.read(path, path.name)
    has = {name: line.value for name, line in written.items()} | dict(environment)
    return [name for name in MADE if not has.get(name)]


def _told_of_file(path: Path) -> tuple[str, int]:
    """What to say of a file that is there already, and the command's exit code: 1 where no portal starts with it."""
    try:
        missing = missing_from(path, os.environ)
    except ImproperlyConfigured as error:
        return f"There is a .env already, which was kept. {error}\n", 1
    if not missing:
        return "There is a .env already: kept.\n", 0
    lines = [f"{name} is missing from it. {env_file.how_to_add(name, path.name)}" for name in missing]
    return "\n".join(["There is a .env already, which was kept. The portal does not start with it.", *lines, ""]), 1


def main(arguments: Sequence[str] = ()) -> int:
    parser = argparse.ArgumentParser(prog="python -m linnapp.first_env", description="Write a .env with fresh keys.")
    parser.add_argument("--site-url", default="", help="address of a portal to run for real, without demo data")
    parser.add_argument("--key", choices=MADE, help="print one line with this key alone, for a .env that lacks it")
    parser.add_argument("--print", action="store_true", help="print it, and write nothing")
    chosen = parser.parse_args(arguments)
    if chosen.key:
        # The last line of a file that somebody typed may have no end.
        sys.stdout.write(f"\n{chosen.key}={MADE[chosen.key]()}\n")
        return 0
    settings = fresh_settings(chosen.site_url)
    if chosen.print:
        sys.stdout.write(settings)
        return 0
    if write_once(ENV_FILE, settings):
        sys.stdout.write("Wrote .env with fresh keys: back it up.\n")
        return 0
    told, code = _told_of_file(ENV_FILE)
    sys.stdout.write(told)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
