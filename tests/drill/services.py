"""The portal's processes as a service manager keeps them: what ended is started again."""

import os
import subprocess
import sys
import time
from pathlib import Path

from linnapp.supervision import SERVED_BY
from tests.kit.portal import ROOT, children, kill, kill_whole

# So many seconds after the last start, a process that ended is started again.
AGAIN_SECONDS = 1.0
STOP_SECONDS = 12


class Service:
    """`manage.py serve`, by role or as a whole."""

    def __init__(self, name: str, env: dict[str, str], *arguments: str) -> None:
        self.name, self.arguments = name, arguments
        # Should the drill itself be killed, what it started is not left behind.
        self.env = env | {SERVED_BY: str(os.getpid())}
        self.log = Path(env["STATE_DIR"]) / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        # Not to be started for now.
        self.held = False

    def keep(self) -> None:
        """Starts it, where it does not run; to be called from the main thread, with which the process ends."""
        if self.held or self._running():
            return
        if time.monotonic() - self.started_at < AGAIN_SECONDS:
            return
        self.started_at = time.monotonic()
        command = [sys.executable, "-u", "manage.py", "serve", *self.arguments]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=output, stderr=output)

    def kill(self) -> None:
        """The process that was started, and nothing else: its children must end by themselves."""
        if running := self._running():
            kill([running.pid])

    def kill_child(self) -> None:
        """One of its children, the youngest, and not what that has begun: it must find another."""
        if running := self._running():
            kill(sorted(children(running.pid))[-1:])

    def kill_whole(self) -> None:
        """All of its processes at one blow, as a machine that loses power."""
        if running := self._running():
            kill_whole(running)

    def stop(self) -> None:
        if running := self._running():
            running.terminate()
            try:
                running.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                kill_whole(running)

    def _running(self) -> subprocess.Popen[bytes] | None:
        return self.process if self.process and self.process.poll() is None else None
