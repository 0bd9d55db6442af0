"""`manage.py serve`: the web server and the worker as one command, or either of them alone by role."""

import functools
import os
import signal
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils.module_loading import autodiscover_modules, import_string
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server
from huey.contrib.djhuey import HUEY

from linnapp import credentials
from linnapp.models import KeyCanary
from linnapp.supervision import Supervisor, end_with_parent, follow_stop

# A worker looks for new jobs this often, in seconds, when there were none.
QUEUE_DELAY = 0.25
# A request or job that is still at work this many seconds after the wish to stop is given up.
STOP_SECONDS = 8
# Holds the process id of the `serve` that started this one as its child.
SERVED_BY = "LINNAPP_SERVED_BY"
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class Command(BaseCommand):
    help = "Run the portal: its web server and its worker. With a role, one of the two."

    def add_arguments(self, parser: ArgumentParser) -> None:
        role = parser.add_mutually_exclusive_group()
        role.add_argument("--web", dest="role", action="store_const", const="web", help="only the web server")
        role.add_argument("--worker", dest="role", action="store_const", const="worker", help="only the worker")
        parser.add_argument("--host", default=settings.HOST, help="address to listen on (HOST)")
        parser.add_argument("--port", default=settings.PORT, type=int, help="port to listen on (PORT)")

    def handle(self, *args: Any, role: str | None, host: str, port: int, **options: Any) -> None:
        if (host, port) != (settings.HOST, settings.PORT):
            start_again_with(host, port)
        refuse_missing_migrations()
        refuse_other_keys()
        if role != "worker":
            refuse_taken_port(host, port)
        if served_by := os.environ.get(SERVED_BY):
            end_with_parent(int(served_by), signal.SIGTERM)
        else:
            self.tell(role)
        # What is forked from here must not share a connection with this process.
        connections.close_all()
        HUEY.storage.close()
        self.roles()[role](host, port)

    def tell(self, role: str | None) -> None:
        if settings.IN_THE_CLEAR:
            warning = f"ALLOW_HTTP: passwords and tokens travel to {settings.SITE_URL} in the clear."
            self.stderr.write(self.style.WARNING(warning))
        for warning in outbound_warnings():
            self.stderr.write(self.style.WARNING(warning))
        if role:
            self.stdout.write(f"The {role} role runs (Ctrl-C stops it).")

    def roles(self) -> dict[str | None, Callable[[str, int], None]]:
        return {None: self.everything, "web": serve_web, "worker": serve_worker}

    def everything(self, host: str, port: int) -> None:
        os.environ[SERVED_BY] = str(os.getpid())
        command = [sys.executable, sys.argv[0], "serve", "--skip-checks"]
        supervisor = Supervisor({"web": [*command, "--web"], "worker": [*command, "--worker"]})
        code = supervisor.run(ready=functools.partial(answers, host, port), announce=self.announce)
        if code:
            sys.exit(code)
        self.stdout.write("Stopped.")

    def announce(self) -> None:
        self.stdout.write(self.style.SUCCESS(f"Portal at {settings.SITE_URL}") + " (Ctrl-C stops it)")
        self.stdout.flush()


def outbound_warnings() -> Iterator[str]:
    """One line about what postbacks may do beyond https to public addresses."""
    allowed = ", ".join(str(network) for network in settings.OUTBOUND_ALLOWED_NETWORKS)
    more = [f"to {allowed}"] if allowed else []
    if settings.OUTBOUND_ALLOW_HTTP:
        more.append("without https")
    if more:
        yield f"OUTBOUND_*: postbacks may go {' and '.join(more)}. Meant for trying out on one machine."


def start_again_with(host: str, port: int) -> None:
    """Run this command anew with HOST and PORT set, because settings, such as SITE_URL, follow from them."""
    os.environ.update(HOST=host, PORT=str(port))
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def refuse_missing_migrations() -> None:
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise CommandError(
            f"The database lacks {len(missing)} migrations. Run `python manage.py prepare` first; `make run` does both."
        )


def refuse_other_keys() -> None:
    if not all(credentials.reads(canary.encrypted) for canary in KeyCanary.objects.all()):
        raise CommandError("These keys cannot read this database: restore the `.env` it was made with.")


def address_of(host: str, port: int) -> tuple[socket.AddressFamily, str]:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise CommandError(f"HOST is “{host}”, which is no address of this machine: {error.strerror}.") from error
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


def answers(host: str, port: int) -> bool:
    _, address = address_of(host, port)
    try:
        socket.create_connection((ANY_ADDRESS.get(address, address), port), timeout=1).close()
    except OSError:
        return False
    return True


def serve_web(host: str, port: int) -> None:
    server = Server(
        "linnapp.wsgi:application",
        address=address_of(host, port)[1],
        port=port,
        interface=Interfaces.WSGI,
        workers=settings.WEB_WORKERS,
        # More threads only contend: the work is Python's. See docs/performance.md.
        blocking_threads=1,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    )
    server.serve(target_loader=functools.partial(load_application, os.getpid()), wrap_loader=False)


def load_application(server: int) -> Any:
    """The WSGI application, in a web worker, which ends at once when its server, a process id, is gone."""
    end_with_parent(server, signal.SIGKILL)
    # The server's handlers came along with the fork and would swallow a stop until the worker has set its own.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for start in settings.ON_WEB_START:
        import_string(start)()
    return import_string("linnapp.wsgi.application")


def serve_worker(host: str, port: int) -> None:
    autodiscover_modules("tasks")
    consumer = HUEY.create_consumer(
        workers=settings.WORKER_THREADS,
        max_delay=QUEUE_DELAY,
        shutdown_timeout=STOP_SECONDS,
        graceful_signal="TERM",
    )
    follow_stop(consumer.stop_flag)
    consumer.run()
