"""What stands between a portal and a part of it, so that the part can be away, or hang, without being stopped."""

import socket
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

PIECE = 64 * 1024


class Between:
    """A TCP proxy on a port of its own. `sent` counts the pieces that came from the portal."""

    def __init__(self, url: str) -> None:
        self.parts = urlsplit(url)
        self.target = (self.parts.hostname or "127.0.0.1", self.parts.port or 0)
        self.flows = threading.Event()
        self.flows.set()
        self.sent = 0
        # Seconds by which each piece comes late, either way.
        self.delay = 0.0
        self.open: set[socket.socket] = set()
        self.lock = threading.Lock()
        self.listener: socket.socket | None = None
        self.port = 0
        self.let_in()

    @property
    def url(self) -> str:
        user = f"{self.parts.username}@" if self.parts.username else ""
        return self.parts._replace(netloc=f"{user}127.0.0.1:{self.port}").geturl()

    def let_in(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(100)
        self.port = listener.getsockname()[1]
        self.listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def refuse(self) -> None:
        """As a server that is stopped: nobody listens, and every connection ends."""
        if self.listener is not None:
            # Closing it alone leaves who accepts waiting, and the port open.
            with suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        with self.lock:
            ended, self.open = self.open, set()
        for end in ended:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def hang(self) -> None:
        """As a network that swallows all: connections stand, and nothing comes through."""
        self.flows.clear()

    def mend(self) -> None:
        self.flows.set()
        if self.listener is None:
            self.let_in()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self.target, timeout=10)
            except OSError:
                # The part itself is away: as it would, this one ends the connection, and takes the next.
                client.close()
                continue
            server.settimeout(None)
            with self.lock:
                self.open |= {client, server}
            for source, sink, counts in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pump, args=(source, sink, counts), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, counts: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(PIECE):
                self.sent += counts
                self.flows.wait()
                time.sleep(self.delay)
                sink.sendall(piece)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self.lock:
            self.open -= {source, sink}
        source.close()
