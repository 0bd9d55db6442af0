"""A load balancer as plain as they come: each connection goes to the next machine that says it is ready."""

import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import cycle

import requests

LOOKS_EVERY = 0.2
PIECE = 64 * 1024


class Balancer:
    def __init__(self, machines: Sequence[str]) -> None:
        """`machines` are addresses such as http://localhost:8000."""
        self.is_ready = dict.fromkeys(machines, False)
        self.turns = cycle(machines)
        self.is_over = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        for work in (self._look, self._accept):
            threading.Thread(target=work, daemon=True).start()

    def close(self) -> None:
        self.is_over.set()
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _look(self) -> None:
        while not self.is_over.is_set():
            for machine in self.is_ready:
                self.is_ready[machine] = says_ready(machine)
            time.sleep(LOOKS_EVERY)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            machine = next((each for each in (next(self.turns) for _ in self.is_ready) if self.is_ready[each]), None)
            if machine is None:
                client.close()
                continue
            port = int(machine.rpartition(":")[2])
            with suppress(OSError):
                server = socket.create_connection(("127.0.0.1", port), timeout=10)
                server.settimeout(None)
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=pump, args=(source, sink), daemon=True).start()
                continue
            client.close()


def says_ready(machine: str) -> bool:
    try:
        return requests.get(f"{machine}/readyz?exclude=shared", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(PIECE):
            sink.sendall(piece)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
    source.close()
