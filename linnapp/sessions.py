"""Browser sessions whose requests do not erase what one another keep: two tabs share one, and both write it whole.

What two requests may keep at the same time stands under a key of its own (`shown:secret:…`, `version_draft:…`): keys
are what is merged, never what is in them.
"""

import copy
import time
from typing import Any
from uuid import uuid4

from django.contrib.messages.storage.base import BaseStorage, Message
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.db import transaction
from django.http.response import HttpResponseBase
from django.utils import timezone

from linnapp.services.browser_sessions import SEEN_AT

Kept = dict[str, Any]


def merged(now: Kept, was: Kept, mine: Kept) -> Kept:
    """What is kept `now`, with what a request made `mine` of what it `was`. A key that the request took out stays
    where another request has written it since."""
    removed = {key for key in was.keys() - mine.keys() if now.get(key) == was[key]}
    written = {key: value for key, value in mine.items() if key not in was or was[key] != value}
    return {key: value for key, value in now.items() if key not in removed} | written


class SessionStore(db.SessionStore):
    """Django's own; but a save writes what this request changed, over what is kept at that moment, under a lock."""

    _session: Kept

    # Django's would pass these by.
    aload = SessionBase.aload
    asave = SessionBase.asave

    def load(self) -> Kept:
        kept = super().load()
        self._as_loaded = copy.deepcopy(kept)
        return kept

    def save(self, must_create: bool = False) -> None:
        """Raises UpdateError where the session was ended meanwhile: whoever signed out stays signed out."""
        if self.session_key is None:
            return self.create()
        with transaction.atomic():
            if not must_create and not self._take_in():
                raise UpdateError
            super().save(must_create)
        self._as_loaded = copy.deepcopy(self._session)
        return None

    def cycle_key(self) -> None:
        """Signing in: what others kept under the old key goes over to the new one. Raises UpdateError where the session
        was ended meanwhile."""
        with transaction.atomic():
            if self.session_key and not self._take_in():
                raise UpdateError
            super().cycle_key()
        self[SEEN_AT] = int(time.time())

    def _take_in(self) -> bool:
        """Merges what is kept now into this request's own, and holds the row until the transaction ends. Whether there
        is a row."""
        mine = self._session
        row = self.model.objects.select_for_update().filter(session_key=self.session_key).first()
        if row is None:
            return False
        now = self.decode(row.session_data)
        # A session that was cleared unread was never loaded: all that is there goes.
        self._session_cache = merged(now, getattr(self, "_as_loaded", now), mine)
        return True


class LongMessages(SessionStorage):
    """Each message under a key of its own, which it keeps until it is shown: requests that write all of them anew, side
    by side, would double them each time."""

    PREFIX = "message:"
    # Of those that nobody looked at, the newest.
    MOST = 20

    def _get(self, *args: Any, **kwargs: Any) -> tuple[list[Message], bool]:
        session = self.request.session
        self._read = {
            key: message
            for key in sorted(key for key, _ in session.items() if key.startswith(self.PREFIX))
            for message in self.deserialize_messages(session[key]) or ()
        }
        return list(self._read.values()), True

    def _store(self, messages: list[Message], response: HttpResponseBase, *args: Any, **kwargs: Any) -> list[Message]:
        read: dict[str, Message] = getattr(self, "_read", {})
        kept = {id(message) for message in messages[-self.MOST :]}
        for key in [key for key, message in read.items() if id(message) not in kept]:
            self.request.session.pop(key, None)
        known = {id(message) for message in read.values()}
        for place, message in enumerate(messages[-self.MOST :]):
            if id(message) not in known:
                key = f"{self.PREFIX}{timezone.now().isoformat()} {place:03} {uuid4().hex}"
                self.request.session[key] = self.serialize_messages([message])
        return []


class MessageStorage(FallbackStorage):
    """In a cookie, so that showing them writes no session; what a cookie is too small for, in the session."""

    storage_classes = (CookieStorage, LongMessages)
    _used_storages: set[BaseStorage]

    def _get(self, *args: Any, **kwargs: Any) -> tuple[list[Message], bool]:
        """Out of both: Django looks into the second where the cookie says so, and another tab may have emptied that."""
        found: list[Message] = []
        for storage in self.storages:
            if messages := storage._get()[0]:
                self._used_storages.add(storage)
                found += messages
        return found, True
