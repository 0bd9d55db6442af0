"""Runs the same tests on one mutant after the other without starting anew: `python -m tests.mutants.warm [pytest's
arguments]` collects them, to have all imported, runs them in a copy of the process as they are, and then for each line
of its input in another copy, in which one function has other code. Nothing runs in the process itself: threads that a
test leaves behind, and locks they hold, would be in no copy.

A line is JSON: module, dotted name, code. The answer is pytest's exit status, on a line of its own; `cold` for what can
only be tried by starting anew: constants, and what takes too long here.
"""

import contextlib
import functools
import importlib
import json
import os
import signal
import sys
import time
import types
from typing import Any

import pytest

ANSWER = "mutant: "
LONGEST_SECONDS = 120
COLD = 99


def main(arguments: list[str]) -> None:
    pytest.main([*arguments, "--collect-only"])
    say(tried({}, arguments))
    for line in sys.stdin:
        say(tried(json.loads(line), arguments))


def say(answer: str) -> None:
    sys.stdout.write(f"\n{ANSWER}{answer}\n")
    sys.stdout.flush()


def tried(mutant: dict[str, str], arguments: list[str]) -> str:
    child = os.fork()
    if child == 0:
        os.setsid()
        status = COLD
        try:
            if not mutant or put_in(mutant["module"], mutant["name"], mutant["code"]):
                status = int(pytest.main(arguments))
        finally:
            os._exit(status)
    return waited_for(child)


def waited_for(child: int) -> str:
    until = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            # What a test started and did not end, because it was broken.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(status)
            return "cold" if code == COLD else str(code)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "cold"


def put_in(module: str, name: str, code: str) -> bool:
    """Whether the function has this code now, for all who imported it already."""
    holder: Any = importlib.import_module(module)
    *classes, last = name.split(".")
    for each in classes:
        holder = vars(holder)[each]
    function = plain(vars(holder).get(last))
    made = [each for each in compile(code, "<mutant>", "exec").co_consts if isinstance(each, types.CodeType)]
    named = [each for each in made if each.co_name == last]
    if not isinstance(function, types.FunctionType) or len(named) != 1:
        return False
    if named[0].co_freevars != function.__code__.co_freevars:
        return False
    function.__code__ = named[0]
    return True


def plain(found: Any) -> Any:
    """The function itself, below what decorators made of it."""
    if isinstance(found, property):
        found = found.fget
    elif isinstance(found, functools.cached_property):
        found = found.func
    while hasattr(found, "__wrapped__") or isinstance(found, classmethod | staticmethod):
        found = getattr(found, "__wrapped__", None) or found.__func__
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
