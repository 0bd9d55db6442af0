"""What staff do for a person who cannot sign in: a link for a new password, the confirmation of an e-mail again, and
without the second factors that they lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urljoin

from allauth.account.models import EmailAddress
from allauth.core import context
from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from linnapp import kinds, timeline
from linnapp.actors import Actor
from linnapp.errors import NotPossible
from linnapp.forms.people import ResetForm
from linnapp.models import User
from linnapp.services import audit, browser_sessions, factor_rules, knocks, rights
from linnapp.services.factors import has_factor
from linnapp.staff_actions import Effect, StaffAction

FOR_THE_RECORD = "It stays on record."


def unconfirmed(person: User) -> EmailAddress | None:
    """The address that they sign in with, while nobody has confirmed it."""
    return EmailAddress.objects.filter(user=person, email=person.email, verified=False).first()


class RequestOfAJob(HttpRequest):
    """What a mail is made with where nobody asks for a page: its links lead to this portal all the same."""

    def __init__(self) -> None:
        super().__init__()
        port = settings.SITE.port or (443 if settings.HTTPS else 80)
        self.META = {"SERVER_NAME": settings.SITE_HOST, "SERVER_PORT": str(port)}

    def build_absolute_uri(self, location: str | None = None) -> str:
        return urljoin(settings.SITE_URL, location or "/")


@contextmanager
def _mailing() -> Iterator[HttpRequest]:
    request = context.request or RequestOfAJob()
    with context.request_context(request):
        yield request


def _unconfirmed(people: QuerySet[User]) -> QuerySet[User]:
    own = EmailAddress.objects.filter(user=OuterRef("pk"), email=OuterRef("email"), verified=False)
    return people.filter(Exists(own))


def _can_sign_in(people: QuerySet[User]) -> QuerySet[User]:
    return people.filter(is_active=True)


def _cannot_sign_in(people: QuerySet[User]) -> QuerySet[User]:
    return people.filter(is_active=False)


def _count(limit: knocks.Limit, person: User) -> knocks.Counted:
    """As the forms count that anybody may send: nobody's mailbox is flooded by staff either."""
    try:
        return knocks.count(limit, knocks.folded(person.email))
    except knocks.TooOften as refused:
        wait = knocks.in_words(refused.seconds)
        raise NotPossible(f"This was sent to {person.email} a moment ago. It can be sent again in {wait}.") from refused


def resetting(rows: list[User]) -> list[Effect]:
    return [Effect(row, _is_sent_reset(row)) for row in rows]


def _is_sent_reset(row: User) -> str:
    if not row.is_active:
        return "Cannot sign in: nothing is sent."
    return f"A link for a new password is sent to {row.email}. The current password works until it is used."


def _send_reset(person: User, by: Actor) -> bool:
    if not person.is_active:
        raise NotPossible(f"{person} cannot sign in, so a new password would not help.")
    _count(knocks.RESETS_OF_ACCOUNT, person)
    form = ResetForm({"email": person.email})
    if not form.is_valid():
        raise NotPossible(f"Nothing can be sent to {person.email}.")
    with _mailing() as request:
        form.save(request)
    audit.copied(timeline.record(kinds.PERSON_SENT_RESET, by=by, member=person), of=person)
    return True


def confirming(rows: list[User]) -> list[Effect]:
    waiting = set(_unconfirmed(User.objects.filter(pk__in=[row.pk for row in rows])).values_list("pk", flat=True))
    return [Effect(row, _is_sent_confirmation(row, row.pk in waiting)) for row in rows]


def _is_sent_confirmation(row: User, is_waiting: bool) -> str:
    if not is_waiting:
        return f"{row.email} is confirmed: nothing is sent."
    return f"The link that confirms {row.email} is sent there again."


def _send_confirmation(person: User, by: Actor) -> bool:
    address = unconfirmed(person)
    if address is None:
        return False
    # Sending counts it once more.
    _count(knocks.CONFIRMATIONS, person).take_back()
    with _mailing() as request:
        address.send_confirmation(request)
    audit.copied(timeline.record(kinds.PERSON_SENT_CONFIRMATION, by=by, member=person), of=person)
    return True


SEND_RESET = StaffAction(
    "send_reset",
    "Send a password reset",
    "sent a link for a new password",
    FOR_THE_RECORD,
    resetting,
    _send_reset,
    concerns=_can_sign_in,
    of=" to",
    label="Send password reset",
    fits=lambda row: row.is_active,
)
SEND_CONFIRMATION = StaffAction(
    "send_confirmation",
    "Send the confirmation again",
    "sent the confirmation again",
    FOR_THE_RECORD,
    confirming,
    _send_confirmation,
    concerns=_unconfirmed,
    of=" to",
    label="Resend verification",
    fits=lambda row: unconfirmed(row) is not None,
)


def removing_factors(rows: list[User]) -> list[Effect]:
    have = factor_rules.with_factor(rows)
    return [Effect(row, _loses_factors(row, row.pk in have)) for row in rows]


def _loses_factors(row: User, has_one: bool) -> str:
    if not has_one:
        return "Has no second factor: nothing changes."
    return (
        f"Authenticator app, passkeys and recovery codes of {row.email} are removed. They are signed out everywhere, "
        f"get an e-mail with your reason, and sign in by their password alone until they set up another one."
    )


# Of one person at a time, by somebody who made sure who asks: there is no good reason to do it to many.
REMOVE_FACTORS = StaffAction(
    "remove_factors",
    "Remove the second factors",
    "left without second factors",
    "They get this by e-mail, and the Owners of their accounts can read it.",
    removing_factors,
    lambda row, by: factor_rules.remove_all(row, by=by),
    of=" of",
    label="Remove second factors",
    destroys=True,
    fresh=True,
    one_by_one=True,
    for_superusers=True,
    fits=has_factor,
    possible=has_factor,
)


def signing_out(rows: list[User]) -> list[Effect]:
    return [Effect(row, _is_signed_out(row)) for row in rows]


def _is_signed_out(row: User) -> str:
    told = "Signed out in every browser at once, including unfinished sign-ins, and gets an e-mail."
    if not row.is_staff:
        return told
    left = "This person is staff: this also closes any account that they opened with staff access."
    return f"{told} {left} If this is you, sign in again afterwards."


SIGN_OUT = StaffAction(
    "sign_out",
    "Sign out everywhere",
    "signed out everywhere",
    "They get this by e-mail, and the Owners of their accounts can read it.",
    signing_out,
    lambda row, by: browser_sessions.end_all_by_staff(row, by=by),
    # A sign-in that waits for its second factor is no browser of theirs yet, and cannot be looked for: all of them.
    concerns=lambda people: people,
    of=":",
    for_superusers=True,
    fresh=True,
)


def switching_off(rows: list[User]) -> list[Effect]:
    return [Effect(row, _is_switched_off(row)) for row in rows]


def _is_switched_off(row: User) -> str:
    return "Signed out, and cannot sign in." if row.is_active else "Already cannot sign in: nothing changes."


def switching_on(rows: list[User]) -> list[Effect]:
    return [Effect(row, "Can sign in." if row.is_active else "Can sign in again.") for row in rows]


SWITCH_OFF = StaffAction(
    "switch_off",
    "Deactivate",
    "deactivated",
    "Their accounts read this.",
    switching_off,
    lambda row, by: bool(rights.edit_person_by_staff(row, by=by, is_active=False)),
    concerns=_can_sign_in,
    # As on the page of one.
    fresh=True,
    fits=lambda row: False,
    undone_by="switch_on",
    mark=lambda row: row.switched_at,
)
SWITCH_ON = StaffAction(
    "switch_on",
    "Activate",
    "activated",
    "Their accounts read this.",
    switching_on,
    lambda row, by: bool(rights.edit_person_by_staff(row, by=by, is_active=True)),
    concerns=_cannot_sign_in,
    # As on the page of one.
    fresh=True,
    fits=lambda row: False,
    undone_by="switch_off",
    mark=lambda row: row.switched_at,
)
