"""Answers that are for everybody and never change, such as styles and logos: given again without asking a page."""

from collections import OrderedDict

from linnapp.front.answers import Headers
from linnapp.front.pages import Page
from linnapp.front.reader import Request

MOST_BYTES = 16 * 1024 * 1024
# With one of these a client asks for less than the whole.
PARTIAL = ("HTTP_RANGE", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")
CODINGS = ("br", "gzip")
Key = tuple[str, tuple[str, ...]]


class Kept:
    """The least recently asked for goes first."""

    def __init__(self) -> None:
        self._pages: OrderedDict[Key, Page] = OrderedDict()
        self._size = 0

    def get(self, request: Request) -> Page | None:
        if request.method not in {"GET", "HEAD"} or not _is_plain(request):
            return None
        page = self._pages.get(key := _key(request))
        if page:
            self._pages.move_to_end(key)
        return page

    def keep(self, request: Request, page: Page) -> None:
        """Keeps it where it says of itself that it is everybody's and for ever, and where it is whole."""
        if request.method != "GET" or page.status != 200 or page.rest or not _is_for_ever(page.headers):
            return
        if not _is_plain(request):
            return
        key = _key(request)
        # Two may have asked for it at the same time.
        if before := self._pages.pop(key, None):
            self._size -= len(before.part)
        self._pages[key] = page
        self._size += len(page.part)
        while self._size > MOST_BYTES:
            _, dropped = self._pages.popitem(last=False)
            self._size -= len(dropped.part)


def _is_plain(request: Request) -> bool:
    """Asks for the whole, by the one address that it has: anybody may put any query behind it."""
    return not request.query and not any(name in request.meta for name in PARTIAL)


def _key(request: Request) -> Key:
    accepted = request.meta.get("HTTP_ACCEPT_ENCODING", "")
    return request.path, tuple(coding for coding in CODINGS if coding in accepted)


def _is_for_ever(headers: Headers) -> bool:
    said = {name.lower(): value.lower() for name, value in headers}
    policy = {word.strip() for word in said.get("cache-control", "").split(",")}
    return {"public", "immutable"} <= policy and "set-cookie" not in said
