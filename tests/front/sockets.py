"""A client that writes its requests byte by byte, as no library would."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse

SECONDS = 20.0


class Raw:
    """A connection to a portal on this machine."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self.host = f"localhost:{port}"

    def send(self, text: str | bytes) -> None:
        """With `{host}` filled in."""
        data = text if isinstance(text, bytes) else text.replace("{host}", self.host).encode("latin-1")
        self.socket.sendall(data)

    def line(self) -> str:
        """One line of an answer, byte by byte, so that nothing behind it is taken."""
        line = b""
        while not line.endswith(b"\r\n"):
            byte = self.socket.recv(1)
            assert byte, f"closed after {line!r}"
            line += byte
        return line.decode().rstrip()

    def interim(self) -> str:
        """The status line of an answer that announces another."""
        status = self.line()
        assert self.line() == ""
        return status

    def answers(self, methods: Iterator[str] | list[str]) -> list[tuple[int, dict[str, str], bytes]]:
        """Status, headers and body of an answer to each method, in the order in which they were asked."""
        file = self.socket.makefile("rb")
        found = []
        for method in methods:
            # Only how it reads is borrowed: one file for all, or the first would take what belongs to the next.
            response = HTTPResponse(_Shared(file), method=method)  # type: ignore[arg-type]
            response.begin()
            headers = {name.lower(): value for name, value in response.getheaders()}
            found.append((response.status, headers, response.read()))
        return found

    def answer(self, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        return self.answers([method])[0]

    def is_closed(self) -> bool:
        """Whether the portal has ended the connection, with nothing more to read."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


class _Shared:
    """A file that HTTPResponse may close, and that stays open."""

    def __init__(self, file: object) -> None:
        self.file = file

    def makefile(self, mode: str) -> "_Shared":
        return self

    def __getattr__(self, name: str) -> object:
        return getattr(self.file, name)

    def close(self) -> None: ...

    def flush(self) -> None: ...


@contextmanager
def connected(port: int) -> Iterator[Raw]:
    raw = Raw(port)
    try:
        yield raw
    finally:
        raw.socket.close()
