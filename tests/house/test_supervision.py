"""Processes that run as one, tried with small scripts in the place of the web server and the worker."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.portal import ROOT

RUN = """
import json, sys
from linnapp.supervision import Supervisor, Task
tasks = {
    name: Task([sys.executable, "-c", script], returns=name.startswith("returns"), tells=name.endswith("tells"))
    for name, script in json.loads(sys.argv[1]).items()
}
sys.exit(Supervisor(tasks).run(announce=lambda: print("ready", flush=True)))
"""
# Say who you are, end with the parent, and wait.
STAY = """
import os, signal, sys, time
from linnapp.supervision import end_with_parent
end_with_parent(os.getppid(), signal.SIGTERM)
open(str(os.getpid()), "w").close()
time.sleep(60)
"""
TELL = "import os, time; time.sleep(0.3); os.write(int(os.environ['LINNAPP_READY']), b'1')" + STAY
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" + STAY.replace("SIGTERM)", "SIGKILL)")


# Takes its time once asked to end, and leaves a file where it was asked twice.
SLOW = """
import os, signal, sys, time
asked = []
def ask(number, frame):
    asked.append(number)
    if len(asked) == 2:
        open("twice", "w").close()
signal.signal(signal.SIGTERM, ask)
open(str(os.getpid()), "w").close()
while not asked:
    time.sleep(0.01)
open(f"leaves-{os.getpid()}", "w").close()
time.sleep(1)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where each child leaves a file named like its process id."""
    return tmp_path


def start(folder: Path, **scripts: str) -> subprocess.Popen[str]:
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", RUN, json.dumps(scripts)]
    return subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def children(folder: Path, count: int) -> list[int]:
    for _ in until(10):
        if len(found := [int(path.name) for path in folder.iterdir()]) == count:
            return found
    raise AssertionError("the children did not start")


def until(seconds: float) -> Iterator[None]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(0.02)


def alive(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text() if sys.platform == "linux" else True
    except FileNotFoundError:
        return False


def all_gone(processes: list[int], seconds: float = 5) -> bool:
    return any(not any(map(alive, processes)) for _ in until(seconds))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_wish_to_stop_ends_all_and_is_no_failure(folder: Path, number: signal.Signals) -> None:
    parent = start(folder, web=STAY, worker=STAY)
    processes = children(folder, 2)
    parent.send_signal(number)
    out, err = parent.communicate(timeout=10)
    assert (parent.returncode, out, err) == (0, "ready\n", "")
    assert all_gone(processes, 0.1)


def test_when_one_ends_the_others_are_stopped_and_it_is_a_failure(folder: Path) -> None:
    parent = start(folder, web=STAY, worker="import time; time.sleep(1); raise SystemExit(3)")
    processes = children(folder, 1)
    _, err = parent.communicate(timeout=10)
    assert parent.returncode == 1
    assert err == "The worker process ended unexpectedly (exit code 3): stopping the rest.\n"
    assert all_gone(processes, 0.1)


def test_when_the_parent_is_killed_no_child_outlives_it(folder: Path) -> None:
    parent = start(folder, web=STAY, worker=STAY)
    processes = children(folder, 2)
    parent.kill()
    parent.communicate(timeout=10)
    assert all_gone(processes)


def test_a_second_signal_kills_what_does_not_want_to_stop(folder: Path) -> None:
    parent = start(folder, web=STUBBORN)
    processes = children(folder, 1)
    parent.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert parent.poll() is None
    parent.send_signal(signal.SIGINT)
    parent.communicate(timeout=5)
    assert parent.returncode == 0
    assert all_gone(processes, 0.1)


def test_it_is_announced_once_all_that_tell_are_ready(folder: Path) -> None:
    parent = start(folder, tells=TELL)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"
    assert len(list(folder.iterdir())) <= 1
    parent.send_signal(signal.SIGTERM)
    assert parent.communicate(timeout=10) == ("", "")


def test_one_that_returns_is_started_again(folder: Path) -> None:
    parent = start(folder, returns=STAY)
    before = children(folder, 1)
    # What ends at once would end again.
    time.sleep(3.2)
    os.kill(before[0], signal.SIGKILL)
    after = children(folder, 2)
    parent.send_signal(signal.SIGTERM)
    _, err = parent.communicate(timeout=10)
    assert (parent.returncode, err) == (
        0,
        "The returns process ended unexpectedly (exit code -9): another takes its place.\n",
    )
    assert all_gone(after)


def test_a_hangup_puts_new_ones_in_the_place_of_all(folder: Path) -> None:
    parent = start(folder, tells=TELL, worker=STAY)
    before = children(folder, 2)
    assert parent.stdout is not None
    parent.stdout.readline()
    parent.send_signal(signal.SIGHUP)
    after = set(children(folder, 4)) - set(before)
    assert all_gone(before)
    assert all(map(alive, after))
    parent.send_signal(signal.SIGTERM)
    assert parent.communicate(timeout=10) == ("", "")
    assert all_gone(list(after))


def test_a_stop_does_not_hurry_one_that_is_leaving(folder: Path) -> None:
    """A second SIGTERM would cut short what the first lets finish."""
    parent = start(folder, worker=SLOW)
    children(folder, 1)
    parent.send_signal(signal.SIGHUP)
    assert any(counted(folder) == (2, 1) for _ in until(10))
    parent.send_signal(signal.SIGTERM)
    parent.communicate(timeout=10)
    assert parent.returncode == 0
    assert counted(folder) == (2, 2)
    assert not (folder / "twice").exists()


def counted(folder: Path) -> tuple[int, int]:
    """How many have begun, and how many were asked to end."""
    names = [path.name for path in folder.iterdir()]
    return sum(name.isdecimal() for name in names), sum(name.startswith("leaves") for name in names)


def test_one_that_does_not_end_is_killed_and_named(folder: Path) -> None:
    parent = start(folder, web=STUBBORN)
    processes = children(folder, 1)
    for _ in range(2):
        parent.send_signal(signal.SIGTERM)
        time.sleep(0.5)
    _, err = parent.communicate(timeout=30)
    assert (parent.returncode, err) == (0, "The web process did not end in time: it is killed.\n")
    assert all_gone(processes, 0.1)


def test_a_new_one_that_does_not_start_leaves_the_old_one(folder: Path) -> None:
    """As after a setting that is wrong: what ran goes on."""
    parent = start(folder, tells=f"import os\nif os.listdir(): raise SystemExit(2)\n{TELL}")
    before = children(folder, 1)
    assert parent.stdout is not None
    parent.stdout.readline()
    parent.send_signal(signal.SIGHUP)
    assert parent.stderr is not None
    assert parent.stderr.readline() == (
        "A new tells process does not start: the old one goes on. SIGHUP tries again.\n"
    )
    assert all(map(alive, before))
    parent.send_signal(signal.SIGTERM)
    parent.communicate(timeout=10)
    assert parent.returncode == 0


def line_of(parent: subprocess.Popen[str], text: str) -> str:
    assert parent.stderr is not None
    for line in parent.stderr:
        if text in line:
            return line
    raise AssertionError(f"{text} was never said")


def test_one_that_breaks_again_and_again_later_leaves_the_others_running(folder: Path) -> None:
    """As one that finds the database away, or a setting that was changed and is wrong."""
    flaky = f"import os\nif os.path.exists('broken'): raise SystemExit(2)\n{TELL}"
    parent = start(folder, web=STAY, returns_tells=flaky)
    before = children(folder, 2)
    assert parent.stdout is not None
    parent.stdout.readline()
    (folder / "broken").touch()
    flaky_one = next(process for process in before if "broken" in Path(f"/proc/{process}/cmdline").read_text())
    os.kill(flaky_one, signal.SIGKILL)
    pauses = [int(line_of(parent, "(exit code 2): another takes its place in").split()[-2]) for _ in range(2)]
    assert pauses in ([1, 2], [2, 4])
    (folder / "broken").unlink()
    after = set(children(folder, 3)) - {flaky_one}
    assert all(map(alive, after))
    parent.send_signal(signal.SIGTERM)
    parent.communicate(timeout=10)
    assert parent.returncode == 0
    assert all_gone(list(after))


def test_one_that_breaks_before_all_have_run_stops_the_rest(folder: Path) -> None:
    parent = start(folder, web=STAY, returns_tells="import time; time.sleep(1); raise SystemExit(2)")
    _, err = parent.communicate(timeout=10)
    assert parent.returncode == 1
    assert err == "The returns_tells process ended unexpectedly (exit code 2): stopping the rest.\n"


def test_one_that_ends_during_a_hangup_is_replaced_meanwhile(folder: Path) -> None:
    """The new one takes its time: nobody waits for it but whoever asked for it."""
    slow = f"import os, time\nif len(os.listdir()) > 1: open('slow', 'w').close(); time.sleep(60)\n{TELL}"
    parent = start(folder, tells=slow, returns=STAY)
    before = children(folder, 2)
    assert parent.stdout is not None
    parent.stdout.readline()
    time.sleep(3.2)
    parent.send_signal(signal.SIGHUP)
    assert any((folder / "slow").exists() for _ in until(10))
    (folder / "slow").unlink()
    staying = next(process for process in before if "listdir" not in Path(f"/proc/{process}/cmdline").read_text())
    os.kill(staying, signal.SIGKILL)
    assert len(children(folder, 3)) == 3
    parent.send_signal(signal.SIGTERM)
    parent.communicate(timeout=20)
    assert parent.returncode == 0


def test_a_service_manager_is_told_once_all_answer_and_before_the_end(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = tmp_path_factory.mktemp("systemd") / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(address))
        parent = start(folder, tells=TELL)
        assert manager.recv(100) == b"READY=1"
        assert children(folder, 1)
        parent.send_signal(signal.SIGTERM)
        assert manager.recv(100) == b"STOPPING=1"
    assert parent.communicate(timeout=10) == ("ready\n", "")
