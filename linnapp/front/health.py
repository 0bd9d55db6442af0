"""What the front answers by itself: whether the process is alive, whether requests should come here, and that the
portal is closed for maintenance. No page and no statement."""

from dataclasses import dataclass
from urllib.parse import parse_qs

from django.conf import settings
from django.template.loader import render_to_string

from linnapp import maintenance
from linnapp.calls import Reply
from linnapp.front.reader import Request
from linnapp.health.monitors import is_monitor
from linnapp.health.watch import State, Watch, of_a_web_process
from linnapp.maintenance import Maintenance

ALIVE, READY = "/healthz", "/readyz"
TEXT = "text/plain; charset=utf-8"
NO_STORE = ("Cache-Control", "no-store")
# In ?exclude=, all parts that are the whole portal's.
SHARED = "shared"
# More than the names of all parts.
MOST_OF_QUERY = 500
METHODS = ("GET", "HEAD")


class Health:
    def __init__(self) -> None:
        self.watch: Watch = of_a_web_process(self._read_maintenance)
        # Set once the process is asked to stop; what it has begun, and whoever still comes, is answered.
        self.is_draining = False
        self._closed: Closed | None = None

    def _read_maintenance(self) -> None:
        found, before = maintenance.current(), self._closed
        if found is None:
            self._closed = None
        elif before is None or found != before.maintenance:
            self._closed = Closed(found, render_to_string("maintenance.html", {"maintenance": found}).encode())

    def reply(self, request: Request) -> Reply | None:
        """To a question about health, whatever host it names; None for any other request."""
        if request.path not in (ALIVE, READY):
            return None
        if request.method not in METHODS:
            return Reply(405, b"Use GET.\n", (("Allow", ", ".join(METHODS)), NO_STORE), TEXT)
        if request.path == ALIVE:
            return Reply(200, b"ok\n", (NO_STORE,), TEXT)
        return self._readiness(request)

    def _readiness(self, request: Request) -> Reply:
        # Anybody may ask, and a long query takes long to be taken apart.
        query = request.query if len(request.query) <= MOST_OF_QUERY else ""
        excluded = {name for value in parse_qs(query).get("exclude", []) for name in value.split(",")}
        states = self.watch.states()
        is_ill = any(state.words for state in states if not is_excluded(state, excluded))
        # Whoever is closed on purpose has a page to show for it, which a balancer would not let anybody see.
        is_ready = not self.is_draining and (self._closed is not None or not is_ill)
        lines = ["ready" if is_ready else "not ready"]
        if is_monitor(request.meta):
            lines += self._lines(states, excluded)
        return Reply(200 if is_ready else 503, "".join(f"{line}\n" for line in lines).encode(), (NO_STORE,), TEXT)

    def _lines(self, states: list[State], excluded: set[str]) -> list[str]:
        lines = [f"{state.name}: {said_of(state, excluded)}" for state in states]
        unknown = excluded - {state.name for state in states} - {SHARED}
        lines += [f"exclude: there is no part {name[:40]!a}" for name in sorted(unknown)]
        lines += ["stopping: takes no more"] if self.is_draining else []
        return [*lines, "maintenance: the portal is closed"] if self._closed else lines

    def closed(self, request: Request) -> "Closed | None":
        """What keeps this request from being answered; styles and figures are there meanwhile."""
        if request.path.startswith(settings.STATIC_URL) or request.path.lower() == "/metrics":
            return None
        return self._closed


@dataclass(frozen=True)
class Closed:
    """For maintenance, and the page that says so, made once."""

    maintenance: Maintenance
    page: bytes

    SENTENCE = "The portal is closed for maintenance. Wait as long as Retry-After says, then send this again."

    @property
    def retry_after(self) -> tuple[str, str]:
        return "Retry-After", str(self.maintenance.retry_after)

    def as_page(self) -> Reply:
        return Reply(503, self.page, (self.retry_after, NO_STORE), "text/html; charset=utf-8")


def is_excluded(state: State, excluded: set[str]) -> bool:
    return state.name in excluded or (state.is_shared and SHARED in excluded)


def said_of(state: State, excluded: set[str]) -> str:
    words = f"{state.words} (for {state.seconds:.0f} s)" if state.words else "ok"
    return f"{words}, excluded" if is_excluded(state, excluded) else words
