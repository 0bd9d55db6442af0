"""Runs `manage.py` again and again, each time in a child of its own with an environment of its own.

A process that starts from nothing spends most of its time on imports; this one has made them before it forks. Reads one
JSON line for a run (environment, arguments) and answers with one (exit code, what it printed).
"""

import json
import os
import runpy
import sys
import tempfile

# What the settings import, and not the settings themselves.
import csp.constants  # noqa: F401
import environ  # noqa: F401
import huey  # noqa: F401
from django.core.management import execute_from_command_line  # noqa: F401

import linnapp.credentials
import linnapp.setting_values  # noqa: F401


def run(environment: dict[str, str], arguments: list[str]) -> tuple[int, str]:
    with tempfile.TemporaryFile() as printed:
        child = os.fork()
        if not child:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(printed.fileno(), 1)
            os.dup2(printed.fileno(), 2)
            os.environ.clear()
            os.environ.update(environment)
            sys.argv = ["manage.py", *arguments]
            code = 1
            try:
                runpy.run_path("manage.py", run_name="__main__")
                code = 0
            except SystemExit as left:
                if isinstance(left.code, str):
                    sys.stderr.write(f"{left.code}\n")
                code = int(left.code is not None and left.code != 0)
            except BaseException:
                sys.excepthook(*sys.exc_info())
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        printed.seek(0)
        return os.waitstatus_to_exitcode(status), printed.read().decode(errors="replace")


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(run(*json.loads(line))) + "\n")
        sys.stdout.flush()
