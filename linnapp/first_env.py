"""`python -m linnapp.first_env`: writes a `.env` with fresh keys beside `manage.py`, unless there is one. It is for the
demo; `--site-url https://portal.example.com` makes one to run for real, and `--print` only prints it."""

import argparse
import base64
import os
import secrets
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet

ENV_FILE = Path(__file__).resolve().parent.parent / ".env"
# Without letters and digits that look alike: the password is read from a terminal and typed.
EASY = "abcdefghjkmnpqrstuvwxyz23456789"

KEYS = """\
# Settings of this portal; .env.example explains every one there is.
# Back this file up beside the database: without these keys no stored credential can be read or found.

# Signs cookies and one-time links.
SECRET_KEY={secret_key}

# Encrypt Application Secrets and permanent tokens. To change it, put a new key before the old one, with a comma.
CREDENTIAL_KEYS={credential_key}

# Credentials are found by their digest under this key.
DIGEST_KEY={digest_key}
"""
DEMO = """\
# Demo data, and a sign-in with one click for the people in it. Only works on loopback; remove it to run for real.
DEMO=true

# Password of the people in the demo data.
DEMO_PASSWORD={demo_password}

# Postbacks may go to this machine, and without https: for a receiver beside the portal. Remove both to run for real.
OUTBOUND_ALLOW_HTTP=true
OUTBOUND_ALLOWED_NETWORKS=127.0.0.0/8,::1/128

# More data calls are answered, with empty lists and pages, for tests of client programs. Remove it to run for real.
STAND_IN_ANSWERS=shipped

# The database, when SQLite in var/ is not enough.
# DATABASE_URL=postgres://user:password@127.0.0.1:5432/linnapp
"""
REAL = """\
# Where people and clients find the portal.
SITE_URL={site_url}

# The network of the proxy that ends TLS, as the portal sees it. Without it everybody counts as that proxy.
TRUSTED_PROXIES=127.0.0.1/32

# The mail server. Until it is named, mail is printed into the log of the worker.
# EMAIL_URL=smtp+tls://user:password@mail.example.com:587

# The database, when SQLite is not enough.
# DATABASE_URL=postgres://user:password@127.0.0.1:5432/linnapp
"""


def easy_password() -> str:
    """About 59 bits in three groups, such as `wbn4-x7kd-pe2m`."""
    return "-".join("".join(secrets.choice(EASY) for _ in range(4)) for _ in range(3))


def fresh_settings(site_url: str = "") -> str:
    """For the demo, unless the address of a real portal is given."""
    keys = KEYS.format(
        secret_key=secrets.token_urlsafe(48),
        credential_key=Fernet.generate_key().decode(),
        digest_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    )
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


def main(arguments: Sequence[str] = ()) -> int:
    parser = argparse.ArgumentParser(prog="python -m linnapp.first_env", description="Write a .env with fresh keys.")
    parser.add_argument("--site-url", default="", help="address of a portal that is to run for real, without demo data")
    parser.add_argument("--print", action="store_true", help="print it, and write nothing")
    chosen = parser.parse_args(arguments)
    settings = fresh_settings(chosen.site_url)
    if chosen.print:
        sys.stdout.write(settings)
        return 0
    written = write_once(ENV_FILE, settings)
    sys.stdout.write("Wrote .env with fresh keys: back it up.\n" if written else "There is a .env already: kept.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
