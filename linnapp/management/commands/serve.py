"""`manage.py serve`: the web processes and the worker as one command, or either of them alone by role."""

import argparse
import gc
import logging
import os
import signal
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections
from django.db.migrations.loader import MigrationLoader
from django.utils.module_loading import autodiscover_modules
from huey.contrib.djhuey import HUEY

from linnapp import credentials, crews, figures, work_figures
from linnapp.front import serving
from linnapp.health.parts import missing_migrations
from linnapp.models import KeyCanary
from linnapp.supervision import READY, SERVED_BY, Supervisor, Task, end_with_parent, follow_stop, has_terminal

log = logging.getLogger(__name__)
# A worker looks for new jobs this often, in seconds, when there were none.
QUEUE_DELAY = 0.25
# A request or job that is still at work this many seconds after the wish to stop is given up.
STOP_SECONDS = 8
# Holds, for a child, what whoever started it has looked at in the database.
LOOKED_AT = "LINNAPP_LOOKED_AT"
# Of a database, what makes it another one.
WHICH = ("ENGINE", "HOST", "PORT", "NAME", "USER")


class Command(BaseCommand):
    help = "Run the portal: its web server and its workers. With a role, one of the two."

    def add_arguments(self, parser: ArgumentParser) -> None:
        role = parser.add_mutually_exclusive_group()
        role.add_argument("--web", dest="role", action="store_const", const="web", help="only the web processes")
        role.add_argument("--worker", dest="role", action="store_const", const="worker", help="only the workers")
        # One worker, which does what is due by the clock; and one beside it.
        role.add_argument("--first-worker", dest="role", action="store_const", const="first", help=argparse.SUPPRESS)
        role.add_argument("--second-worker", dest="role", action="store_const", const="second", help=argparse.SUPPRESS)
        # One web process, on the file descriptor of a listening socket.
        role.add_argument("--listener", type=int, help=argparse.SUPPRESS)
        parser.add_argument("--host", default=settings.HOST, help="address to listen on (HOST)")
        parser.add_argument("--port", default=settings.PORT, type=int, help="port to listen on (PORT)")

    def handle(self, *args: Any, role: str | None, listener: int | None, host: str, port: int, **options: Any) -> None:
        self.had_terminal = has_terminal()
        if (host, port) != (settings.HOST, settings.PORT):
            start_again_with(host, port)
        is_child = listener is not None or role in {"first", "second"}
        refuse_what_does_not_fit(looked_at=os.environ.get(LOOKED_AT) if is_child else None)
        if served_by := os.environ.get(SERVED_BY):
            end_with_parent(int(served_by), signal.SIGTERM)
        # What is begun from here must not share a connection with this process.
        connections.close_all()
        HUEY.storage.close()
        if listener is not None:
            serve_web(listener)
        elif role in {"first", "second"}:
            serve_worker(has_clock=role == "first")
        else:
            self.supervise(role, host, port)

    def say(self, sentence: str, aside: str = "") -> None:
        """To whoever sits before it, or as a line of the log for what reads these."""
        if settings.LOG_FORMAT == "json":
            log.info(sentence)
            return
        self.stdout.write(self.style.SUCCESS(sentence) + aside)
        self.stdout.flush()

    def warn(self, sentence: str) -> None:
        if settings.LOG_FORMAT == "json":
            log.warning(sentence)
        else:
            self.stderr.write(self.style.WARNING(sentence))

    def tell_what_is_open(self) -> None:
        if settings.IN_THE_CLEAR:
            self.warn(f"ALLOW_HTTP: passwords and tokens travel to {settings.SITE_URL} in the clear.")
        for warning in outbound_warnings():
            self.warn(warning)

    def supervise(self, role: str | None, host: str, port: int) -> None:
        """One process alone is watched over as well: another can take its place only under somebody who stays."""
        self.tell_what_is_open()
        if role != "worker":
            refuse_taken_port(host, port)
        os.environ[SERVED_BY] = str(os.getpid())
        command = [sys.executable, sys.argv[0], "serve", "--skip-checks"]
        tasks, sockets = {}, [] if role == "worker" else listeners(host, port)
        for number, listener in enumerate(sockets, start=1):
            file = listener.fileno()
            tasks[f"web {number}"] = Task(
                [*command, "--listener", str(file)],
                returns=True,
                tells=True,
                leaves_on=signal.SIGUSR1,
                drains=True,
                files=(file,),
            )
        if role != "web":
            tasks["worker"] = Task([*command, "--first-worker"], returns=True, tells=True)
            tasks |= {
                f"worker {number}": Task([*command, "--second-worker"], returns=True, tells=True)
                for number in range(2, settings.WORKERS + 1)
            }
        supervisor = Supervisor(tasks, drain_seconds=settings.DRAIN_SECONDS, had_terminal=self.had_terminal)
        with seen_in_database():
            code = supervisor.run(announce=partial(self.announce, role), stopping=partial(close_all, sockets))
        if code:
            sys.exit(code)
        self.say("Stopped.")

    def announce(self, role: str | None) -> None:
        if role:
            self.say(f"The {role} role runs", " (Ctrl-C stops it).")
        if role != "worker":
            self.say(f"Portal at {settings.SITE_URL}", " (Ctrl-C stops it)")


@contextmanager
def seen_in_database() -> Iterator[None]:
    """Whoever wants SQLite for themselves, as `move_to` does, is refused while somebody has read from it and has it
    open. The other processes do when they are first asked something; this one from the start to the end."""
    if connection.vendor != "sqlite":
        yield
        return
    with closing(connection):
        connection.introspection.table_names()
        yield


def close_all(sockets: Iterable[socket.socket]) -> None:
    """Once the web processes take no more, a client is refused at once, and not kept waiting for the end of all."""
    for listener in sockets:
        listener.close()


def outbound_warnings() -> Iterator[str]:
    """One line about what postbacks may do beyond https to public addresses."""
    allowed = ", ".join(str(network) for network in settings.OUTBOUND_ALLOWED_NETWORKS)
    more = [f"to {allowed}"] if allowed else []
    if settings.OUTBOUND_ALLOW_HTTP:
        more.append("without https")
    if more:
        yield f"OUTBOUND_*: postbacks may go {' and '.join(more)}. Meant for trying things out on one machine."


def start_again_with(host: str, port: int) -> None:
    """Run this command anew with HOST and PORT set, because settings, such as SITE_URL, follow from them."""
    os.environ.update(HOST=host, PORT=str(port))
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def refuse_what_does_not_fit(*, looked_at: str | None) -> None:
    """What the process above has looked at is not looked at again: a child takes another's place while the database is
    away. One with other settings, or of another release, has to look."""
    looking_at = what_has_to_fit()
    if looked_at == looking_at:
        return
    try:
        refuse_missing_migrations()
        KeyCanary.refuse_other_keys()
    except (OperationalError, InterfaceError) as error:
        said = str(error).partition("\n")[0].strip().rstrip(".")
        raise CommandError(f"The database cannot be reached: {said}. Start it, or correct DATABASE_URL.") from error
    os.environ[LOOKED_AT] = looking_at


def what_has_to_fit() -> str:
    """A digest of which database it is, the migrations of this release and the keys."""
    which = connections[DEFAULT_DB_ALIAS].settings_dict
    newest = MigrationLoader(None).graph.leaf_nodes()
    return credentials.digest_of(*(which[name] for name in WHICH), newest, settings.CREDENTIAL_KEYS)


def refuse_missing_migrations() -> None:
    if missing := missing_migrations(connections[DEFAULT_DB_ALIAS]):
        raise CommandError(
            f"The database lacks {missing} migrations. Run `python manage.py prepare` first; `make run` does both."
        )


def address_of(host: str, port: int) -> tuple[socket.AddressFamily, str]:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise CommandError(f"HOST is “{host}”, which is not an address of this machine: {error.strerror}.") from error
    return family, str(address[0])


def refuse_taken_port(host: str, port: int) -> None:
    family, address = address_of(host, port)
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are still winding down is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {host}:{port} ({error.strerror}). "
                f"Stop what uses it, or choose another port: PORT={port + 1} make run"
            ) from error


def listeners(host: str, port: int) -> list[socket.socket]:
    """A listening socket for each web process, which stays while processes come and go: who connects in between waits.
    The system deals connections out among them; where it does not, all processes have one."""
    count = settings.WEB_WORKERS if sys.platform == "linux" else 1
    family, address = address_of(host, port)
    made = []
    for _ in range(count):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Else a reader who takes nothing would have megabytes made for the system to hold.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, serving.SYSTEM_HOLDS)
        if count > 1:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((address, port))
        listener.listen(serving.BACKLOG)
        made.append(listener)
    return made * (settings.WEB_WORKERS // count)


def serve_web(listener: int) -> None:
    serving.run(socket.socket(fileno=listener), ready=told_to(), grace=STOP_SECONDS)


def told_to() -> int | None:
    """The file descriptor to which this process says that it is ready, where anybody waits for that."""
    ready = os.environ.pop(READY, None)
    return int(ready) if ready else None


def serve_worker(*, has_clock: bool) -> None:
    """With the clock, it does what is due by the minute, the hour and the day: of a machine's workers one is enough."""
    # huey would begin this process anew in the midst of what its crews are at. Whoever watches over it does that.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
    autodiscover_modules("tasks")
    consumer = HUEY.create_consumer(
        workers=settings.WORKER_THREADS,
        # linnapp.periodic does, without the queue.
        periodic=False,
        max_delay=QUEUE_DELAY,
        shutdown_timeout=STOP_SECONDS,
        graceful_signal="TERM",
    )
    follow_stop(consumer.stop_flag)
    figures.begin("worker")
    of_the_queue = work_figures.OfTheQueue()
    HUEY.pre_execute("figures")(of_the_queue.begins)
    HUEY.post_execute("figures")(of_the_queue.ends)
    # What is loaded by now stays: looking through it again for what is gone would hold up a transaction for 80 ms.
    gc.collect()
    gc.freeze()
    crews.start([*([settings.CLOCK] if has_clock else []), *settings.ON_WORKER_START])
    # Jobs and crews finish beside each other: one after the other they would take longer than anybody waits for them.
    finishing = crews.finish_once(consumer.stop_flag, STOP_SECONDS)
    if (ready := told_to()) is not None:
        os.write(ready, b"1")
        os.close(ready)
    consumer.run()
    finishing.join()
