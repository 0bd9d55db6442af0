"""Several processes run as one: they start together, stop together, and none outlives the one that started it."""

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType

logger = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Tells a child that drains that the end is near: it answers on, and says that it is not to be sent any more.
DRAIN = signal.SIGUSR2
# The children give up what they are at 8 s after the wish to stop (serve), so that only a broken one meets this limit.
GRACE_SECONDS = 10.0
POLL_SECONDS = 0.1
START_SECONDS = 60.0
# One that ends sooner than this after its start, or before it answers, is broken: another in its place would end as
# well. Once all have run it is tried again nevertheless, after the first of these pauses, and then longer ones.
SOON = 3.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0
# Names, to a child, the file descriptor to which it writes a byte once it answers.
READY = "LINNAPP_READY"
# Holds, for `serve`, the id of the process that started it and that it ends with.
SERVED_BY = "LINNAPP_SERVED_BY"
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


@dataclass(frozen=True)
class Task:
    """A command that is to run. One that `returns` is started again when it ends by itself; `tells` says that it writes
    to READY; `leaves_on` is the signal that ends it once another has taken its place; one that `drains` is sent DRAIN
    some time before it is stopped; `files` are descriptors that it is given."""

    command: Sequence[str]
    returns: bool = False
    tells: bool = False
    leaves_on: signal.Signals = signal.SIGTERM
    drains: bool = False
    files: tuple[int, ...] = ()


class Child:
    """A process that carries out a task."""

    def __init__(self, name: str, task: Task, pause: float = 0.0) -> None:
        self.name = name
        self.task = task
        # Seconds that passed before this one took another's place; and, once it has ended, when its turn is over.
        self.pause = pause
        self.another_at: float | None = None
        self.began = time.monotonic()
        self.is_ready = not task.tells
        self._asked: set[signal.Signals] = set()
        self._told = -1
        told = None
        env = dict(os.environ)
        if task.tells:
            self._told, told = os.pipe()
            os.set_blocking(self._told, False)
            env[READY] = str(told)
        files = task.files if told is None else (*task.files, told)
        # A session of its own: Ctrl-C reaches the parent alone, and the children stop in order.
        self.process = subprocess.Popen(task.command, start_new_session=True, pass_fds=files, env=env)
        if told is not None:
            os.close(told)

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    @property
    def is_broken(self) -> bool:
        """Of one that has ended just now."""
        return not self.is_ready or time.monotonic() - self.began < SOON

    def ask(self, number: signal.Signals) -> None:
        """Sends a signal, once: where it asks for an end, a second one would cut short what the first lets finish."""
        if number not in self._asked:
            self._asked.add(number)
            self.process.send_signal(number)

    def looks_ready(self) -> bool:
        if not self.is_ready and self._told >= 0:
            try:
                self.is_ready = bool(os.read(self._told, 1))
            except BlockingIOError:
                return False
        self._close()
        return self.is_ready

    def _close(self) -> None:
        if self._told >= 0:
            os.close(self._told)
            self._told = -1


class Supervisor:
    """Runs tasks side by side until a signal asks it to stop, or one of them ends by itself. SIGHUP puts a new process
    in the place of each, and ends the old one once the new one answers. SIGTERM, which a machine sends, gives those
    that drain so many seconds before the end; who presses Ctrl-C waits for nothing."""

    def __init__(
        self, tasks: Mapping[str, Task], *, drain_seconds: float = 0.0, had_terminal: bool | None = None
    ) -> None:
        self.tasks = tasks
        self.drain_seconds = drain_seconds
        self.is_drained_first = False
        self.children: dict[str, Child] = {}
        # Those whose place another has taken.
        self.leaving: list[Child] = []
        self.signals = 0
        self.wishes = 0
        self._failed = False
        self._all_ran = False
        self._had_terminal = has_terminal() if had_terminal is None else had_terminal

    def run(self, *, announce: Callable[[], None], stopping: Callable[[], None] = lambda: None) -> int:
        """Exit code of the whole: 0 when it was asked to stop. `announce` is called once all that tell are ready,
        `stopping` before they are stopped."""
        for number in STOP_SIGNALS:
            signal.signal(number, self._ask_to_stop)
        signal.signal(signal.SIGHUP, self._ask_to_reload)
        # One that came earlier was kept back by manage.py, and is heard now.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])
        try:
            for name, task in self.tasks.items():
                self.children[name] = Child(name, task)
            self._wait_for(lambda: self._all_ready() or self._over())
            if not self._over():
                self._all_ran = True
                announce()
                tell_service_manager("READY=1")
            while not self._over():
                self._reload_if_asked()
                time.sleep(POLL_SECONDS)
            return 0 if self.signals else 1
        finally:
            tell_service_manager("STOPPING=1")
            stopping()
            if self.is_drained_first:
                self._drain()
            self._stop()

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        # Only counts: a lock taken here could be one that the interrupted code holds.
        self.is_drained_first = not self.signals and number == signal.SIGTERM
        self.signals += 1

    def _ask_to_reload(self, number: int, frame: FrameType | None) -> None:
        """A terminal that was closed says the same; whoever closes it wants an end."""
        if self._had_terminal and not has_terminal():
            self.is_drained_first = False
            self.signals += 1
        else:
            self.wishes += 1

    def _all_ready(self) -> bool:
        return all(child.looks_ready() for child in self.children.values())

    def _over(self) -> bool:
        """Whether it is time to stop all. One that returns is started again on the way."""
        for child in list(self.children.values()):
            if self.signals or self._failed:
                break
            child.looks_ready()
            if child.has_ended:
                self._follow(child)
        return bool(self.signals) or self._failed

    def _follow(self, ended: Child) -> None:
        """Puts another in the place of one that ended by itself, at once or in a while. Before all have run a broken
        one ends the whole; later the others are worth more than an end that somebody notices."""
        if ended.another_at is None:
            code, pause = ended.process.returncode, 0.0
            if not ended.task.returns or (ended.is_broken and not self._all_ran):
                logger.error("The %s process ended unexpectedly (exit code %s): stopping the rest.", ended.name, code)
                self._failed = True
                return
            if ended.is_broken:
                pause = min(max(2 * ended.pause, FIRST_PAUSE), LONGEST_PAUSE)
            when = f" in {pause:.0f} s" if pause else ""
            logger.error(
                "The %s process ended unexpectedly (exit code %s): another takes its place%s.", ended.name, code, when
            )
            ended.pause, ended.another_at = pause, time.monotonic() + pause
        if time.monotonic() >= ended.another_at:
            self.children[ended.name] = Child(ended.name, ended.task, ended.pause)

    def _reload_if_asked(self) -> None:
        self.leaving = [child for child in self.leaving if not child.has_ended]
        if not self.wishes:
            return
        self.wishes = 0
        for name, task in self.tasks.items():
            if not self._replace(Child(name, task)):
                return

    def _replace(self, new: Child) -> bool:
        """Whether the new process took over. One that does not start leaves the old one where it is. All others are
        looked after meanwhile."""
        deadline = time.monotonic() + START_SECONDS
        self.leaving.append(new)
        self._wait_for(lambda: new.looks_ready() or new.has_ended or self._over() or time.monotonic() > deadline)
        if self.signals or self._failed:
            return False
        if not new.is_ready or new.has_ended:
            logger.error("A new %s process does not start: the old one goes on. SIGHUP tries again.", new.name)
            new.ask(signal.SIGTERM)
            return False
        old, self.children[new.name] = self.children[new.name], new
        self.leaving.remove(new)
        self.leaving.append(old)
        old.ask(old.task.leaves_on)
        logger.info("A new %s process took the place of the old one, which finishes what it has begun.", new.name)
        return True

    def _wait_for(self, condition: Callable[[], bool]) -> None:
        while not condition():
            time.sleep(POLL_SECONDS)

    def _drain(self) -> None:
        """A second signal ends it."""
        draining = [child for child in self.children.values() if child.task.drains and child.is_ready]
        for child in draining:
            if not child.has_ended:
                child.ask(DRAIN)
        deadline = time.monotonic() + self.drain_seconds
        self._wait_for(
            lambda: (
                all(child.has_ended for child in draining) or not self.is_drained_first or time.monotonic() > deadline
            )
        )

    def _stop(self) -> None:
        """End what still runs; kill it when it takes too long, or at a second signal."""
        running = [child for child in (*self.children.values(), *self.leaving) if not child.has_ended]
        for child in running:
            # Not SIGINT: it would print a traceback of a child that is still starting.
            child.ask(signal.SIGTERM)
        signals, deadline = self.signals, time.monotonic() + GRACE_SECONDS
        self._wait_for(
            lambda: all(child.has_ended for child in running) or self.signals > signals or time.monotonic() > deadline
        )
        for child in running:
            if not child.has_ended:
                logger.error("The %s process did not end in time: it is killed.", child.name)
                child.process.kill()
            child.process.wait()


def has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def tell_service_manager(state: str) -> None:
    """To systemd, where it waits to be told (Type=notify)."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        # One that begins with an @ has no file.
        manager.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        manager.sendall(state.encode())
