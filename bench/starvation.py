"""Whether one person's load is another's: 12 accounts of one person with 240 consents, 360 tests and 12 checks of
connectors, all at once and all to an endpoint that takes 9.5 s; beside them another publisher's postback, a mail and an
installation that waits for its 200, from a quick endpoint at the very host and port of the slow one.

    python -m bench.starvation [sqlite|postgres] [SHARE]

From the run command as it comes, with the quotas lifted. Prints the seconds to each, several times over. SHARE is of
those numbers, 1 by default.
"""

import socketserver
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.deliveries import sink, told_by
from tests.kit.engines import fresh_postgres_database
from tests.kit.inside import Inside
from tests.kit.portal import environment, manage, serving
from tests.kit.receivers import Receiver, receiving

ACCOUNTS, CONSENTS, TESTS, CHECKS = 12, 240, 360, 12
SLOW_MILLISECONDS = 9_500
ROUNDS, PATIENCE_SECONDS = 5, 90.0
NEVER = float("inf")
# The quotas, each without a limit.
QUOTAS = (
    "ACCOUNTS_PER_PERSON",
    "APPLICATIONS_PER_ACCOUNT",
    "CONNECTORS_PER_ACCOUNT",
    "VERSIONS_PER_DAY",
    "TESTS_PER_MINUTE",
    "TESTS_PER_MINUTE_TO_HOST",
    "MAILS_PER_DAY",
    "MAILS_PER_DAY_TO_ONE",
)
SETTINGS = dict.fromkeys(QUOTAS, "0") | {
    "DEMO": "false",
    "OUTBOUND_ALLOW_HTTP": "true",
    "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8",
}


class _Mails(socketserver.StreamRequestHandler):
    """As much of SMTP as it takes to be handed a mail."""

    server: "_MailServer"

    def handle(self) -> None:
        self._say("220 sink")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self._say("354 go on")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                self.server.arrived.append(time.time())
            self._say("221 bye" if word == b"QUIT" else "250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


class _MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Mails)
        self.arrived: list[float] = []


@contextmanager
def mails() -> Iterator[_MailServer]:
    with _MailServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def ask(inside: Inside, call: str) -> str:
    return inside.ask(f"from tests.drill import starving; starving.{call}")


def until(found: list[float], began: float) -> float:
    """Seconds from `began` to what is found last, once it is there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not found and time.monotonic() < deadline:
        time.sleep(0.01)
    return found[-1] - began if found else NEVER


def a_round(inside: Inside, place: int, quick: Receiver, server: _MailServer) -> tuple[float, float, float]:
    """Seconds to the postback, the mail and the installation."""
    key, began = ask(inside, f"others({place}, 1)").split()
    arrived: list[float] = []
    watch = threading.Thread(target=lambda: arrived.extend(_arrivals(quick, key)), daemon=True)
    watch.start()
    strict, strict_began = ask(inside, f"others({place}, 2)").split()
    state, ended = ask(inside, f"completed_at({strict!r}, {PATIENCE_SECONDS})").split()
    server.arrived.clear()
    mailed = float(ask(inside, "mail()"))
    watch.join(PATIENCE_SECONDS)
    mail = until(server.arrived, mailed)
    return until(arrived, float(began)), mail, float(ended) - float(strict_began) if state == "ACTIVE" else NEVER


def _arrivals(receiver: Receiver, key: str) -> list[float]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := [one.at for one in receiver.received if one.form.get("InstallationId") == key]:
            return found
        time.sleep(0.01)
    return []


def main(engine: str = "sqlite", share: str = "1") -> None:
    consents, tests, checks = (int(number * float(share)) for number in (CONSENTS, TESTS, CHECKS))
    with ExitStack() as stack:
        slow = stack.enter_context(sink(SLOW_MILLISECONDS)).rstrip("/")
        quick = stack.enter_context(receiving())
        server = stack.enter_context(mails())
        state = stack.enter_context(tempfile.TemporaryDirectory(prefix="linnapp-starvation-"))
        env = environment(Path(state), **SETTINGS, EMAIL_URL=f"smtp://127.0.0.1:{server.server_address[1]}")
        if engine == "postgres":
            env["DATABASE_URL"] = stack.enter_context(fresh_postgres_database())
        manage(env, "prepare")
        inside = Inside(env)
        stack.callback(inside.close)
        ask(inside, f"lay_out([{slow!r}], {quick.url!r}, {slow + '/quick'!r}, {ACCOUNTS}, {consents})")
        began = time.monotonic()
        ask(inside, f"load({slow!r}, {consents}, {tests}, {checks})")
        sys.stdout.write(f"{engine}: {consents} consents, {tests} tests, {checks} checks within ")
        sys.stdout.write(f"{time.monotonic() - began:.1f} s\n  postback      mail   installation  (seconds)\n")
        stack.enter_context(serving(env))
        while told_by(slow).requests < ACCOUNTS // 4:
            time.sleep(0.1)
        time.sleep(2)
        for place in range(ROUNDS):
            seconds = a_round(inside, place, quick, server)
            under_way, due = ask(inside, "standing()").split()
            sys.stdout.write("".join(f"{one:10.2f}" for one in seconds))
            sys.stdout.write(f"      beside {under_way} claimed of the loader's, {due} due\n")
            sys.stdout.flush()
            time.sleep(2)


if __name__ == "__main__":
    main(*sys.argv[1:])
