"""Another publisher's postback beside a load of one person's, with the run command and each database."""

import shutil
import threading
from contextlib import ExitStack, nullcontext
from pathlib import Path

import pytest

from tests.kit.portal import environment, prepared_postgres, serving
from tests.kit.receivers import Received, Reply, receiving

pytestmark = pytest.mark.slow
HOSTS, CONSENTS, TESTS = 4, 48, 60


def test_nobody_waits_for_what_one_person_sends_to_endpoints_that_hang(
    tmp_path: Path, empty_state: Path, engine: str
) -> None:
    over = threading.Event()

    def hang(received: Received) -> Reply:
        """But for the other publisher, who has an endpoint at the same host."""
        if not received.path.startswith("/quick"):
            over.wait(30)
        return Reply()

    shutil.copytree(empty_state, tmp_path / "state")
    with ExitStack() as stack:
        database = stack.enter_context(prepared_postgres("empty") if engine == "postgres" else nullcontext(""))
        env = environment(tmp_path / "state", DEMO="false", **{"DATABASE_URL": database} if database else {})
        slow = [stack.enter_context(receiving(hang)) for _ in range(HOSTS)]
        quick = stack.enter_context(receiving())
        stack.callback(over.set)
        portal = stack.enter_context(serving(env))

        def ask(call: str) -> str:
            return portal.ask(f"from tests.drill import starving; starving.{call}")

        urls = [receiver.url for receiver in slow]
        ask(f"lay_out({urls!r}, {quick.url!r}, {urls[0] + '/quick'!r}, {HOSTS}, {CONSENTS})")
        # The tests last: they are due at once, and fill what one person may have.
        ask(f"load({urls[0]!r}, {CONSENTS}, {TESTS}, 0)")
        slow[0].wait_for(1, seconds=30)
        ask("others(0, 1)")
        strict = ask("others(0, 2)").split()[0]
        quick.wait_for(1, seconds=20)
        sent = sum(len(receiver.received) for receiver in slow)
        assert ask(f"completed_at({strict!r}, 20)").split()[0] == "ACTIVE"
        # One person's: a part of the 32 threads, however many accounts and hosts they are.
        assert sent < 32
