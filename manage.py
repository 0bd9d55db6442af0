#!/usr/bin/env python
import os
import signal
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    # Whatever any command writes is for whoever runs the portal alone.
    os.umask(0o077)
    if sys.argv[1:2] == ["serve"]:
        # The wish to reload, which would end whoever has no answer to it yet, waits until it has.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linnapp.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # A setting that is missing or unsafe: the sentence says what to do, a traceback would hide it.
        sys.exit(f"linnapp cannot start: {error}")
