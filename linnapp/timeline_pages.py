"""A timeline as one reader reads it: the page of it, what opens in it, what it does not tell, and it as a file."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone

from linnapp import credentials, kinds
from linnapp.models import Account, Application, TimelineEntry
from linnapp.models.timeline import TimelineEntryQuerySet
from linnapp.pages import Column, ListPage, Sort
from linnapp.timeline import Line, Part, Side, Subject, is_told, line, lines_of_account, opened
from linnapp.timeline_days import Day, by_day
from linnapp.timeline_filter import OF_ACCOUNT, OF_APPLICATION, OF_INSTALLATION, Choices, TimelineFilter

SORTS = {
    "newest": Sort("Newest first", ("-id",), in_head=False),
    "oldest": Sort("Oldest first", ("id",), in_head=False),
}
# Applications of one account whose acts of staff stand in its timeline.
MOST_APPLICATIONS = 1000
ASKED = ("q", "about", "since", "until", "installation", "access")


class TimelinePage(ListPage):
    """What `portal/_timeline.html` needs, under the name `timeline`. Made by `of_installation`, `of_application` and
    `of_account`; a view gives `file()` where it is not None, and its page otherwise:

        timeline = timeline_pages.of_account(request, account, reader=Side.STAFF)
        if file := timeline.file():
            return file
        return render(request, "…", {"timeline": timeline})

    `reader` is the side that reads; None are the people of an account, who develop and install. `not_told` is said at
    the foot, and `hint` in the field for words. `installation` and `application` are what it is about, where it is
    about one.
    """

    hint = "Name, version or id"

    def __init__(
        self,
        request: HttpRequest,
        entries: TimelineEntryQuerySet,
        *,
        reader: Side | None,
        choices: Choices,
        name: str,
        not_told: str = "",
        application: Application | None = None,
        installation: Subject | None = None,
        filters: Callable[..., TimelineFilter] = TimelineFilter,
        columns: Sequence[Column] | None = None,
    ) -> None:
        self.reader, self.choices, self.name, self.not_told = reader, choices, name, not_told
        self.application, self.installation = application, installation
        filters = partial(filters, reader=reader, hours=installation is not None or application is None)
        self._entries = entries if reader is None else entries.told_to(reader)
        super().__init__(
            request, self._entries, filters=filters, sorts=SORTS, columns=columns or _columns(), told=self._with_parts
        )

    def lines(self, entries: Iterable[Any]) -> list[Line]:
        if self.reader is None:
            return lines_of_account(entries)
        return [line(entry, self.reader) for entry in entries if is_told(entry, self.reader)]

    def _parts(self, listed: Iterable[Line]) -> dict[int, list[Part]]:
        return opened(listed, self.reader) if self.reader else {}

    def _with_parts(self, entries: Sequence[Model]) -> list[tuple[Line, list[Part]]]:
        listed = self.lines(entries)
        parts = self._parts(listed)
        return [(one, parts.get(one.entry_id, [])) for one in listed]

    @cached_property
    def days(self) -> list[Day]:
        return by_day(self._told)

    @cached_property
    def _told(self) -> list[Line]:
        return self.lines(self.rows)

    @cached_property
    def parts(self) -> dict[int, list[Part]]:
        return self._parts(self._told)

    @property
    def is_for_support(self) -> bool:
        return self.reader == Side.STAFF

    @property
    def refused_url(self) -> str:
        """Where this reader has the references explained that lines open to; "" where none opens."""
        if self.reader == Side.STAFF:
            return reverse("support_refused")
        if self.reader == Side.CUSTOMER and self.installation:
            return reverse("installation_refused", args=(self.installation.account.slug, self.installation.pk))
        if self.reader == Side.DEVELOPER and self.application:
            return reverse("application_refused", args=(self.application.account.slug, self.application.pk))
        return ""

    @property
    def words(self) -> str:
        """What was searched for, as the page may show it again."""
        return "" if self._hides else self.request.GET.get("q", "")

    @cached_property
    def _hides(self) -> bool:
        """Whether the words may be a credential: an id of what this timeline is about is none."""
        text = self.request.GET.get("q", "")
        identifier = credentials.canonical(text)
        is_known = identifier and self._entries.about(UUID(identifier)).exists()
        return credentials.may_be_in(text) and not is_known

    def url(self, **changes: str | None) -> str:
        return super().url(**({"q": None} if self._hides else {}) | changes)

    @property
    def is_narrowed(self) -> bool:
        return any(self.request.GET.get(name) for name in ASKED)

    @property
    def filters_in_force(self) -> int:
        return sum(bool(self.request.GET.get(name)) for name in ("q", "about", "since", "until"))

    @property
    def is_searched(self) -> bool:
        return any(self.request.GET.get(name) for name in ("q", "since", "until"))

    @property
    def about_chips(self) -> list[tuple[str, str, bool]]:
        return self.chips("about", self.choices)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the form of words and period sends along."""
        mine = {"q", "since", "until", "after", "format"}
        return [(name, str(value)) for name, value in self.request.GET.items() if value and name not in mine]

    @property
    def everything_url(self) -> str:
        return self.url(**dict.fromkeys((*ASKED, "after")))

    @property
    def begins_now(self) -> bool:
        """Whether what happens now would stand on this page: the first one, and about exchanges if about anything."""
        asked = self.request.GET
        about_exchanges = asked.get("about") in {None, "", "exchanges"}
        return about_exchanges and self.sort_key == "newest" and not (self.is_searched or self.first_url)

    @property
    def csv_url(self) -> str:
        return self.url(format="csv", after=None)

    @property
    def json_url(self) -> str:
        return self.url(format="json", after=None)

    def file(self) -> StreamingHttpResponse | None:
        """What is listed, from the first page to the last, where the address asks for a file."""
        asked = self.request.GET.get("format")
        if asked == "csv":
            return self.as_csv(self.name)
        return self.as_json(self.name) if asked == "json" else None


def of_installation(request: HttpRequest, installation: Subject, *, reader: Side) -> TimelinePage:
    """For whoever may read the installation, on the side that they read it from."""
    return TimelinePage(
        request,
        TimelineEntry.objects.about(installation.pk),
        reader=reader,
        choices=OF_INSTALLATION,
        name=f"timeline-of-{installation.pk}",
        not_told=_not_told_of_installation(installation, reader),
        application=installation.application,
        installation=installation,
    )


def of_application(
    request: HttpRequest, application: Application, *, reader: Side, installation: Subject | None = None
) -> TimelinePage:
    """As a whole, or what concerns it on one account: then `installation` is in the address too."""
    entries = TimelineEntry.objects.about_application(application.pk)
    return TimelinePage(
        request,
        entries if installation else entries.of_application_as_a_whole(),
        reader=reader,
        choices=OF_APPLICATION,
        name=f"timeline-of-{application.pk}",
        not_told=STAFF_ARE_NOT_TOLD if reader == Side.STAFF else TEAM_IS_NOT_TOLD,
        application=application,
        installation=installation,
    )


def of_account(request: HttpRequest, account: Account, *, reader: Side | None = None) -> TimelinePage:
    """For its Owners, or for staff."""
    applications = Application.objects.of_account(account.slug).values_list("pk", flat=True)[:MOST_APPLICATIONS]
    return TimelinePage(
        request,
        TimelineEntry.objects.about_account(account.pk, list(applications)),
        reader=reader,
        choices=OF_ACCOUNT,
        name=f"activity-of-{account.slug}",
        not_told=STAFF_ARE_NOT_TOLD if reader == Side.STAFF else OWNERS_ARE_NOT_TOLD,
    )


# What stands at the foot: the one place that says it.
TEAM_IS_NOT_TOLD = (
    "Not shown here: who acted at an account that installed it, and which member of this portal's staff acted, unless "
    "they were inside your account."
)
OWNERS_ARE_NOT_TOLD = (
    "Not shown here: what your own people do to an application or an installation. Each has its own timeline."
)
STAFF_ARE_NOT_TOLD = "Not shown here: permanent tokens, session tokens, Application Secrets and signing secrets."


def _not_told_of_installation(installation: Subject, reader: Side) -> str:
    publisher, account = installation.application.account, installation.account
    if reader == Side.STAFF:
        both = publisher.pk != account.pk
        readers = f"{account} and {publisher} can read" if both else f"{account} can read"
        return f"{STAFF_ARE_NOT_TOLD} {readers} that support looked at this page."
    if publisher.pk == account.pk:
        return ""
    if reader == Side.DEVELOPER:
        return TEAM_IS_NOT_TOLD
    hidden = "the Application Secret, which one was sent, the manifest, what postbacks said, and who acted at"
    return f"Not shown here: {hidden} {publisher}."


# Files.


def _columns() -> tuple[Column, ...]:
    """Of pairs of a line and what it opens to; times with the reader's own offset."""
    zone = timezone.get_current_timezone()
    return (
        Column("When", lambda told: told[0].begin.astimezone(zone)),
        Column("What", lambda told: told[0].sentence),
        Column("Reason", lambda told: told[0].reason),
        Column("Application", lambda told: told[0].application),
        Column("Account", lambda told: told[0].account),
        Column("By", lambda told: told[0].who if "{who}" in kinds.known(told[0].kind).sentence else ""),
        Column("On behalf of", lambda told: told[0].on_behalf_of),
        Column("Details", lambda told: [f"{part.label}: {'; '.join(map(str, part.items))}" for part in told[1]]),
    )
