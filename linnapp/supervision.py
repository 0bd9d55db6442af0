"""Several processes run as one: they start together, stop together, and none outlives the one that started it."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType

logger = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# The children give up what they are at after 8 s (serve), so that this limit is met by a broken one only.
GRACE_SECONDS = 10.0
POLL_SECONDS = 0.1
PR_SET_PDEATHSIG = 1


_asked: list[threading.Event] = []


def follow_stop(asked: threading.Event) -> None:
    """Names the event that is set once this process is asked to stop."""
    _asked.append(asked)


def stop_asked() -> bool:
    """Whether this process was asked to stop: a job that goes on for long looks now and then."""
    return any(event.is_set() for event in _asked)


def end_with_parent(parent: int, stop_signal: signal.Signals) -> None:
    """Have this process sent `stop_signal` when process `parent`, which started it, is gone, however it went.

    Linux does it by itself; the request is lost at fork, so that each process asks for its own.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
    else:
        threading.Thread(target=_watch_parent, args=(parent, stop_signal), daemon=True).start()
    # The parent may have gone before the request stood.
    if os.getppid() != parent:
        os.kill(os.getpid(), stop_signal)


def _watch_parent(parent: int, stop_signal: signal.Signals) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), stop_signal)


class Supervisor:
    """Runs commands side by side until a signal asks it to stop, or one of them ends by itself."""

    def __init__(self, commands: Mapping[str, Sequence[str]]) -> None:
        self.commands = commands
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.signals = 0

    def run(self, *, ready: Callable[[], bool], announce: Callable[[], None]) -> int:
        """Exit code of the whole: 0 when it was asked to stop. `announce` is called once `ready` says True."""
        for number in STOP_SIGNALS:
            signal.signal(number, self._ask_to_stop)
        try:
            self._start()
            self._wait_for(lambda: ready() or self._over())
            if not self._over():
                announce()
            self._wait_for(self._over)
            return self._verdict()
        finally:
            self._stop()

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        # Only counts: a lock taken here could be one that the interrupted code holds.
        self.signals += 1

    def _start(self) -> None:
        for name, command in self.commands.items():
            # A session of its own: Ctrl-C reaches this process alone, and the children stop in order.
            self.children[name] = subprocess.Popen(command, start_new_session=True)

    def _ended(self) -> list[str]:
        return [name for name, child in self.children.items() if child.poll() is not None]

    def _over(self) -> bool:
        return bool(self.signals or self._ended())

    def _wait_for(self, condition: Callable[[], bool]) -> None:
        while not condition():
            time.sleep(POLL_SECONDS)

    def _verdict(self) -> int:
        if self.signals:
            return 0
        for name in self._ended():
            code = self.children[name].returncode
            logger.error("The %s process ended by itself (exit code %s): stopping the rest.", name, code)
        return 1

    def _stop(self) -> None:
        """End what still runs; kill it when it takes too long, or at a second signal."""
        running = [child for child in self.children.values() if child.poll() is None]
        for child in running:
            # Not SIGINT: it would print a traceback of a child that is still starting.
            child.terminate()
        signals, deadline = self.signals, time.monotonic() + GRACE_SECONDS
        self._wait_for(
            lambda: (
                all(child.poll() is not None for child in running)
                or self.signals > signals
                or time.monotonic() > deadline
            )
        )
        for child in running:
            if child.poll() is None:
                child.kill()
            child.wait()
