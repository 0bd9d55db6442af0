"""Who reads a document, and what its examples hold for them: their own ids, and never a secret or a token."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString

from installs.exchange.refusals import FAILURE_WINDOW, FAILURES_ALLOWED
from linnapp.frames import current_account
from linnapp.models import Account, Application, User
from linnapp.pages import installation_url
from linnapp.signing_in.factor_requests import open_here
from linnapp.words import span_in_words

# Of an account with hundreds of applications the newest are offered; a link may still name another.
MOST_OFFERED = 50
PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
PAGE_LINK = re.compile(r'<a href="\{\{page_(\w+)\}\}">(.*?)</a>', re.DOTALL)
NO_APPLICATION = "YOUR_APPLICATION_ID"
OWN_VALUES = frozenset({"application_id", "installation_url"})
# Pages that a document leads to, and what is in their addresses.
EVERYBODY, ACCOUNT, APPLICATION = (), ("account",), ("account", "application")
PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "calls": ("answered_calls", EVERYBODY),
    "get_help": ("help_new", EVERYBODY),
    "sign_up": ("account_signup", EVERYBODY),
    "applications": ("application_list", ACCOUNT),
    "new_app": ("application_new", ACCOUNT),
    "my_apps": ("my_apps", ACCOUNT),
    "store": ("store", ACCOUNT),
    "overview": ("application_overview", APPLICATION),
    "general": ("application_general", APPLICATION),
    "app_modules": ("manifest_edit", APPLICATION),
    "versions": ("version_list", APPLICATION),
    "installations": ("application_installations", APPLICATION),
    "postbacks": ("postback_list", APPLICATION),
    "postback_settings": ("postback_settings", APPLICATION),
    "postback_test": ("postback_test", APPLICATION),
    "refused": ("application_refused", APPLICATION),
}


@dataclass(frozen=True)
class Reader:
    """`account` is the one at hand, None for somebody without one; `applications` those that a document may be shown
    with, and `application` the one it is shown with."""

    account: Account | None = None
    applications: Sequence[Application] = ()
    application: Application | None = None

    @property
    def values(self) -> dict[str, str]:
        own = self.application
        return values_of_the_portal() | {
            "application_id": str(own.pk) if own else NO_APPLICATION,
            "installation_url": installation_url(own.pk) if own else _installation_url_of_nobody(),
        }

    def address_of(self, page: str) -> str:
        """Of one of PAGES; "" where this reader has none."""
        name, needs = PAGES[page]
        parts = {"account": self.account and self.account.slug, "application": self.application and self.application.pk}
        if not all(parts[need] for need in needs):
            return ""
        return reverse(name, args=[parts[need] for need in needs])


def values_of_the_portal() -> dict[str, str]:
    return {
        "portal": settings.SITE_URL,
        "server": settings.DATA_SERVER_URL,
        "session_seconds": str(settings.SESSION_IDLE_SECONDS),
        "session_idle": span_in_words(timedelta(seconds=settings.SESSION_IDLE_SECONDS)),
        "session_longest": span_in_words(timedelta(seconds=settings.SESSION_ABSOLUTE_SECONDS)),
        "sessions": str(settings.SESSIONS_PER_INSTALLATION),
        "exchanges_per_minute": str(settings.EXCHANGES_PER_MINUTE),
        "failures_allowed": str(FAILURES_ALLOWED),
        "failure_window": span_in_words(FAILURE_WINDOW),
    }


def _installation_url_of_nobody() -> str:
    return f"{settings.SITE_URL}{reverse('authorize', args=[NO_APPLICATION])}"


def reader_of(request: HttpRequest) -> Reader:
    """`application` in the query chooses one of the account's own; another's, or one that does not exist, is as if
    none had been chosen."""
    person = request.user
    account = current_account(request) if isinstance(person, User) else None
    if not isinstance(person, User) or account is None or not open_here(request, person, [account]):
        return Reader()
    rows = Application.objects.developed_by(person).of_account(account.slug).not_retired()
    offered = list(rows.order_by("-created_at", "pk")[:MOST_OFFERED])
    wanted = _as_id(request.GET.get("application", ""))
    chosen = rows.filter(pk=wanted).first() if wanted else None
    if chosen and chosen not in offered:
        offered.append(chosen)
    return Reader(account, offered, chosen or next(iter(offered), None))


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def filled(html: str, reader: Reader) -> SafeString:
    """A rendered document with the reader's values, each escaped. A link to a page that this reader does not have is
    its words alone. Raises KeyError for a name that nobody knows."""
    linked = PAGE_LINK.sub(lambda found: _link(found[1], found[2], reader), html)
    values = _escaped(reader.values)
    return SafeString(PLACEHOLDER.sub(lambda found: values[found[1]], linked))


def _link(page: str, words: str, reader: Reader) -> str:
    address = reader.address_of(page)
    return f'<a href="{escape(address)}">{words}</a>' if address else words


def _escaped(values: Mapping[str, str]) -> dict[str, str]:
    return {name: escape(value) for name, value in values.items()}
