"""The portal's processes as a service manager keeps them: what ended is started again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tests.kit.portal import ROOT, descendants

# So many seconds after the last start, a process that ended is started again.
AGAIN_SECONDS = 1.0
STOP_SECONDS = 12


class Service:
    """`manage.py serve`, by role or as a whole."""

    def __init__(self, name: str, env: dict[str, str], *arguments: str) -> None:
        self.name, self.arguments = name, arguments
        # Should the drill itself be killed, what it started is not left behind.
        self.env = env | {"LINNAPP_SERVED_BY": str(os.getpid())}
        self.log = Path(env["STATE_DIR"]) / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        # Not to be started for now.
        self.held = False

    def keep(self) -> None:
        """Starts it, where it does not run; to be called from the main thread, with which the process ends."""
        if self.held or (self.process and self.process.poll() is None):
            return
        if time.monotonic() - self.started_at < AGAIN_SECONDS:
            return
        self.started_at = time.monotonic()
        command = [sys.executable, "-u", "manage.py", "serve", *self.arguments]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=output, stderr=output)

    def kill(self) -> None:
        """The process that was started, and nothing else: its children must end by themselves."""
        kill([self.process.pid] if self._runs() and self.process else [])

    def kill_child(self) -> None:
        """One of its children: it must find another."""
        kill(sorted(self._children())[-1:])

    def kill_whole(self) -> None:
        """All of its processes at one blow, as a machine that loses power."""
        children = self._children()
        self.kill()
        kill(children)

    def stop(self) -> None:
        if not self._runs() or self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill_whole()

    def _runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def _children(self) -> set[int]:
        return descendants(self.process.pid) if self._runs() and self.process else set()


def kill(processes: Iterable[int]) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
