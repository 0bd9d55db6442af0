"""oidc-provider with all it keeps in memory: exchanges are measured beside it where node and npm are on the PATH."""

import base64
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.load import posted
from tests.kit.portal import ROOT, free_port, stop, wait_until_answers

FOLDER = ROOT / "var" / "bench-oidc"
PACKAGE = "oidc-provider@9"
FORM = "application/x-www-form-urlencoded"


def missing() -> str:
    """What keeps it from running here; empty where nothing does."""
    absent = [name for name in ("node", "npm") if not shutil.which(name)]
    return f"no {' and no '.join(absent)} on the PATH: oidc-provider is left out" if absent else ""


@contextmanager
def serving_oidc() -> Iterator[tuple[int, list[bytes]]]:
    """Its port, and a request for a token."""
    _install()
    port, secret = free_port(), secrets.token_hex(16)
    command = ["node", str(FOLDER / "oidc.mjs"), str(port), secret]
    process = subprocess.Popen(command, cwd=FOLDER, env=os.environ | {"NODE_ENV": "production"}, stderr=sys.stderr)
    try:
        wait_until_answers(port, process)
        known = base64.b64encode(f"bench:{secret}".encode()).decode()
        body = "grant_type=client_credentials&scope=read"
        yield port, [posted(port, body, "/token", FORM, Authorization=f"Basic {known}")]
    finally:
        stop(process)


def _install() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "bench" / "peers" / "oidc.mjs", FOLDER)
    if not (FOLDER / "node_modules" / "oidc-provider").exists():
        sys.stderr.write("Installing oidc-provider.\n")
        command = ["npm", "install", "--silent", "--no-save", "--no-package-lock", PACKAGE]
        subprocess.run(command, cwd=FOLDER, check=True, stdout=subprocess.DEVNULL)
