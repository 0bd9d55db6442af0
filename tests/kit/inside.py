"""Python inside a portal: one process that has Django loaded with the portal's settings, for all that its tests ask.

Run as a program it is that process: code comes as lines of JSON, and what each prints goes back likewise.
"""

import io
import json
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, TextIO

import django
from django.db import connections

ROOT = Path(__file__).resolve().parent.parent.parent


class Inside:
    """Starts with the first question; `close` ends it."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def ask(self, code: str) -> str:
        """What this code prints, which sees the database as any other process does. One question at a time."""
        with self._lock:
            process = self._process = self._process or self._started()
            assert process.stdin
            assert process.stdout
            process.stdin.write(json.dumps(code) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        assert line, "the process inside the portal has ended"
        answer: dict[str, str] = json.loads(line)
        assert not answer["failed"], answer["failed"]
        return answer["printed"]

    def close(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()

    def _started(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.kit.inside"]
        env = {**self.env, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(command, cwd=ROOT, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def answer_all(questions: TextIO, answers: TextIO) -> None:
    for line in questions:
        printed = io.StringIO()
        with redirect_stdout(printed):
            failed = run(json.loads(line))
        # As a process that ends leaves them: nobody finds a lock, and a database may be dropped.
        connections.close_all()
        answers.write(json.dumps({"printed": printed.getvalue(), "failed": failed}) + "\n")
        answers.flush()


def run(code: str) -> str:
    """The traceback, should it fail."""
    names: dict[str, Any] = {}
    try:
        exec(code, names)
    except (Exception, SystemExit):
        return traceback.format_exc()
    return ""


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linnapp.settings")
    django.setup()
    # What else prints must not come between the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    answer_all(sys.stdin, answers)
