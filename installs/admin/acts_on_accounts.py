"""What staff do in the admin to whole accounts: the effect in words, told before, and the service."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count, Q

from installs.admin import in_numbers
from installs.application.closing import Closing, close_account, closings
from installs.installations import suspending_accounts
from installs.installations.effects import ending
from installs.models import Installation, Session
from linnapp.admin_pages import some_of
from linnapp.form_fields import MailAddressField
from linnapp.models import Account, Application, User
from linnapp.services import people
from linnapp.staff_actions import Effect, FieldEdit, StaffAction
from linnapp.words import counted

Names = dict[UUID, list[str]]


def suspending(rows: list[Account]) -> list[Effect]:
    here, made, sessions = _installed_on(rows), _made_by(rows), _live_sessions(rows)
    return [Effect(row, _stops(row, here[row.pk], made[row.pk], sessions[row.pk])) for row in rows]


def _live_sessions(rows: list[Account]) -> Counter[UUID]:
    """Of either side; what an account has installed of its own counts once."""
    sides = ("installation__account", "installation__application__account")
    live = Session.objects.live().filter(Q(**{f"{sides[0]}__in": rows}) | Q(**{f"{sides[1]}__in": rows})).order_by()
    found = Counter[UUID]()
    for on, of, number in live.values_list(*sides).annotate(Count("pk")):
        for key in {on, of}:
            found[key] += number
    return found


def _stops(row: Account, here: list[str], made: list[str], sessions: int) -> str:
    if row.suspended_by_staff_at:
        return "Already suspended: nothing changes."
    return f"{ending(sessions)}. {_reached(here, made, 'cannot use', 'Nobody can use')}"


def _reached(here: list[str], made: list[str], uses: str, used: str) -> str:
    installed = f"It {uses} what it has installed: {some_of(here)}." if here else "Nothing is installed on it."
    makes = f"{used} what it makes: {some_of(made)}." if made else "It has no applications of its own."
    return f"{installed} {makes}"


def resuming(rows: list[Account]) -> list[Effect]:
    here, made = _installed_on(rows), _made_by(rows)
    return [Effect(row, _goes_on(row, here[row.pk], made[row.pk])) for row in rows]


def _goes_on(row: Account, here: list[str], made: list[str]) -> str:
    if not row.suspended_by_staff_at:
        return "Not suspended: nothing changes."
    stays = "Applications and installations suspended on their own stay suspended."
    return f"{_reached(here, made, 'can use again', 'Others can use again')} {stays}"


def _installed_on(rows: list[Account]) -> Names:
    live = Installation.objects.live().filter(account__in=rows).order_by("application__name")
    return _by_account(live.values_list("account_id", "application__name"))


def _made_by(rows: list[Account]) -> Names:
    """With on how many accounts each is installed."""
    made = Application.objects.not_retired().filter(account__in=rows).order_by("name")
    named = list(made.values_list("account_id", "pk", "name"))
    live = Installation.objects.live().filter(application__account__in=rows).order_by()
    on = dict(live.values_list("application_id").annotate(Count("pk")))
    return _by_account((account, f"{name} (on {counted(on.get(key, 0), 'account')})") for account, key, name in named)


def _by_account(pairs: Iterable[tuple[UUID, str]]) -> Names:
    names: Names = defaultdict(list)
    for account, name in pairs:
        names[account].append(name)
    return names


def closing_down(rows: list[Account]) -> list[Effect]:
    here, made, sessions, told = _installed_on(rows), _made_by(rows), _live_sessions(rows), closings(rows)
    words = {key: _closes(one, here[key], made[key], sessions[key]) for key, one in told.items()}
    return [Effect(row, words[row.pk], _judged(told[row.pk])) for row in rows]


def _closes(told: Closing, here: list[str], made: list[str], sessions: int) -> str:
    if not told.deletes:
        installed = counted(told.installed, "installation")
        why = f"{installed} on it or of what it makes, live or over: it is suspended, and not deleted."
        return f"{why} {_stops(told.account, here, made, sessions)}"
    why = (
        "Never used: nothing was installed on it, and nobody installed its applications. "
        "It will be deleted permanently."
    )
    with_it = _deleted_with(told) or "nothing"
    stay = f" Without a seat in it, but still there: {some_of(_names(told.staying))}." if told.staying else ""
    return f"{why} With it: {with_it}.{stay} The timeline keeps its record."


def _deleted_with(told: Closing) -> str:
    parts = {
        "application": [row.name for row in told.applications],
        "person who has no other seat": _names(told.leaving),
    }
    many = {"person who has no other seat": "people who have no other seat"}
    found = [f"{counted(len(n), one, many.get(one, ''))} ({some_of(n)})" for one, n in parts.items() if n]
    numbers = {"connector": told.connectors, "open invitation": told.invitations, "help case": told.cases}
    return ", ".join([*found, *(counted(number, one) for one, number in numbers.items() if number)])


def _names(people: list[User]) -> list[str]:
    return [f"{person}" for person in people]


def _judged(told: Closing) -> str:
    """Whether it is deleted, and who and what with it: an installation meanwhile shows the page anew."""
    keys = [row.pk for row in (*told.applications, *told.leaving)] if told.deletes else []
    return "\0".join(map(str, [told.deletes, *keys]))


READ_BY_ITS_PEOPLE = "The account's people read this on all of its pages. Apart from staff, nobody else does."
SUSPEND_ACCOUNTS = StaffAction(
    "suspend",
    "Suspend",
    "suspended",
    READ_BY_ITS_PEOPLE,
    suspending,
    lambda row, by: suspending_accounts.suspend_account(row, by=by),
    concerns=in_numbers.open_accounts,
    reach=in_numbers.stopping_accounts,
    fits=lambda row: row.suspended_by_staff_at is None,
    undone_by="resume",
    mark=lambda row: row.suspended_by_staff_at,
)
RESUME_ACCOUNTS = StaffAction(
    "resume",
    "Resume",
    "resumed",
    READ_BY_ITS_PEOPLE,
    resuming,
    lambda row, by: suspending_accounts.resume_account(row, by=by),
    concerns=in_numbers.stopped_accounts,
    reach=in_numbers.resuming_accounts,
    fits=lambda row: row.suspended_by_staff_at is not None,
    undone_by="suspend",
    mark=lambda row: row.suspended_by_staff_at,
)
EDIT_CONTACT_EMAIL = FieldEdit(
    "edit_contact_email",
    "Change the contact e-mail",
    "given a new contact e-mail",
    "Their Owners read this.",
    of=" of",
    fits=lambda row: False,
    undone_by="edit_contact_email",
    field="contact_email",
    fields=lambda: {
        "contact_email": MailAddressField(
            label="Contact e-mail", help_text="Given to applications as the account's e-mail."
        )
    },
    edit=people.edit_account,
)
CLOSE_ACCOUNTS = StaffAction(
    "close",
    "Close",
    "closed",
    "It stays on record. If the account is suspended, its people read it on all of its pages.",
    closing_down,
    lambda row, by: close_account(row, by=by),
    concerns=in_numbers.to_close,
    reach=in_numbers.closing_accounts,
    destroys=True,
)
