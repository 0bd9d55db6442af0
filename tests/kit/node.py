"""Node with the public Standard Webhooks library for JavaScript, in a folder of its own."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PINNED = Path(__file__).resolve().parent.parent / "clients" / "node"
INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
# What a script finds: the values it was given, by name.
PREAMBLE = 'const given = JSON.parse(require("fs").readFileSync(0));\n'

SIGN = """
const { Webhook } = require("standardwebhooks");
console.log(new Webhook(given.secret).sign(given.id, new Date(given.seconds * 1000), given.body));
"""


@dataclass(frozen=True)
class Node:
    folder: Path

    def run(self, script: str, **given: Any) -> str:
        """What a script prints, to which `given` is known by that name."""
        (self.folder / "script.js").write_text(PREAMBLE + script)
        done = subprocess.run(
            ["node", "script.js"],
            cwd=self.folder,
            input=json.dumps(given),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def signature(self, secret: str, message_id: str, seconds: int, body: str) -> str:
        """What the library signs with."""
        return self.run(SIGN, secret=secret, id=message_id, seconds=seconds, body=body)


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("no node and npm: install both, and the Standard Webhooks library for JavaScript is tried too")
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PINNED / name, folder)
    done = subprocess.run(INSTALL, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        pytest.skip(f"npm cannot install the Standard Webhooks library for JavaScript: {done.stderr.strip()[-200:]}")
    return Node(folder)
