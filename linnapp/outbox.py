"""Sends the mails that are written down as rows: a few threads of the worker, beside all other work, which each take
the next one, put it off so that nobody else takes it meanwhile, send it, and write down what came of it. One that is
killed in between leaves a mail that is sent once more, with the same Message-ID."""

import json
import logging
import smtplib
import ssl
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from itertools import cycle
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.db import transaction
from django.utils import timezone
from huey.contrib.djhuey import task

from linnapp import credentials, jobs, kinds, timeline, work_figures
from linnapp.actors import Actor
from linnapp.batches import work_off
from linnapp.crews import Crew
from linnapp.errors import NotPossible
from linnapp.models import OutgoingMail
from linnapp.models.mails import OutgoingMailQuerySet
from linnapp.supervision import stop_asked

log = logging.getLogger(__name__)
State = OutgoingMail.State
# After each try, how long until the next; the one after the last of them is given up.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 1440))
# Nobody else takes a mail for so long: longer than a mail server may be silent (EMAIL_TIMEOUT) at all of its answers.
TAKEN_FOR = timedelta(minutes=3)
# A mail that was given up can be sent again for so long, and a row stays for so long.
TEXT_KEPT, ROW_KEPT = timedelta(days=7), timedelta(days=30)
LOOKS_EVERY, THREADS = 2.0, 2
# Of so many mails that are waited for one other follows.
WAITED_FOR_IN_TURN = 3
LONGEST_SAID = 300
# While the mail server is away each process asks so often whether it is back, in seconds.
ASKS_EVERY = 60.0
# What begins so kept every mail back, and no single one.
NONE_LEAVES = "No mail leaves: "
NAMES = {
    "EMAIL_HOST": "host",
    "EMAIL_PORT": "port",
    "EMAIL_HOST_USER": "username",
    "EMAIL_HOST_PASSWORD": "password",
    "EMAIL_USE_TLS": "use_tls",
    "EMAIL_USE_SSL": "use_ssl",
}
# Mails that are printed do not mix.
_printing = threading.Lock()
# Whoever holds it asks whether the server is back.
_asking = threading.Lock()


class NotConnected(Exception):
    """The mail server did not let the portal in, whatever the mail; why is the cause of this."""


class _Asked:
    at = -ASKS_EVERY


def send_due() -> None:
    """All that is due, over one connection: first what somebody waits for, but now and then the oldest of all, so that
    a flood of sign-ups keeps no mail back for ever."""
    post, turns = _Post(), cycle((*[OutgoingMail.WAITED_FOR] * WAITED_FOR_IN_TURN, ()))
    try:
        while not stop_asked() and (mail := _next(next(turns))):
            _send(mail, post)
        _ask_whether_it_is_back(post)
    finally:
        post.close()


crew = Crew("mail", send_due, looks_every=LOOKS_EVERY, threads=THREADS)


@task()
def wake() -> None:
    crew.wake()


def _next(first: Sequence[str] = OutgoingMail.WAITED_FOR) -> OutgoingMail | None:
    """A mail of these kinds that is due, or else the one that has been due longest; for nobody else."""
    now = timezone.now()
    # Without a lock first: most looks find nothing.
    if not OutgoingMail.objects.due(now).exists():
        return None
    queues = [OutgoingMail.objects.due_of_kind(kind, now) for kind in first]
    due = next((queue for queue in queues if queue.exists()), OutgoingMail.objects.due(now))
    return _taken(due) or _taken(OutgoingMail.objects.due(now))


@transaction.atomic
def _taken(due: OutgoingMailQuerySet) -> OutgoingMail | None:
    mail = due.select_for_update(skip_locked=True).first()
    if mail:
        mail.due_at, mail.tries = timezone.now() + TAKEN_FOR, mail.tries + 1
        # What is said of the row again is how others see that nobody has it in hand.
        OutgoingMail.objects.filter(pk=mail.pk).update(due_at=mail.due_at, tries=mail.tries, said="")
    return mail


def _send(mail: OutgoingMail, post: "_Post") -> None:
    now = timezone.now()
    if mail.ends_at and mail.ends_at <= now:
        work_figures.MAILS.labels("lapsed").inc()
        _end(mail, State.LAPSED, mail.said or "Its link expired before it could be sent.", content_encrypted="")
        return
    try:
        post.send(message_of(mail))
    except Exception as error:
        sentence, for_good = _said_of(error)
        if for_good or mail.tries > len(WAITS):
            work_figures.MAILS.labels("failed").inc()
            _end(mail, State.FAILED, sentence)
        else:
            work_figures.MAILS.labels("put_off").inc()
            _ours(mail).update(due_at=now + WAITS[mail.tries - 1], said=sentence)
        log.warning("%s was not sent at try %s: %s", mail.message_id, mail.tries, sentence)
    else:
        work_figures.MAILS.labels("sent").inc()
        _end(mail, State.SENT, "", content_encrypted="")


def _ours(mail: OutgoingMail) -> Any:
    """While nobody else took it up."""
    return OutgoingMail.objects.waiting().filter(pk=mail.pk, tries=mail.tries)


def _end(mail: OutgoingMail, state: str, said: str, **more: str) -> None:
    _ours(mail).update(state=state, said=said, ended_at=timezone.now(), **more)


def message_of(mail: OutgoingMail) -> EmailMessage:
    content = json.loads(credentials.decrypt(mail.content_encrypted))
    message = EmailMultiAlternatives(
        content["subject"],
        content["body"],
        content["from"] or None,
        content["to"],
        bcc=content["bcc"],
        cc=content["cc"],
        reply_to=content["reply_to"],
        headers={
            **content["headers"],
            "Message-ID": mail.message_id,
            "Date": format_datetime(mail.created_at),
        },
    )
    message.content_subtype = content["subtype"]
    for text, kind in content["alternatives"]:
        message.attach_alternative(text, kind)
    return message


class _Post:
    """A connection to the mail server, opened with the first mail and again where the server ended it."""

    def __init__(self) -> None:
        self.by_smtp = "smtp" in settings.DELIVERY_EMAIL["EMAIL_BACKEND"]
        given = {NAMES[key]: value for key, value in settings.DELIVERY_EMAIL.items() if key in NAMES}
        options: dict[str, Any] = given if self.by_smtp else {}
        self.connection = get_connection(settings.DELIVERY_EMAIL["EMAIL_BACKEND"], **options)

    def send(self, message: EmailMessage) -> None:
        if not self.by_smtp:
            with _printing:
                self.connection.send_messages([message])
            return
        is_fresh = self.open()
        try:
            self.connection.send_messages([message])
        except (smtplib.SMTPServerDisconnected, ConnectionError):
            self.close()
            if is_fresh:
                raise
            # Servers end a connection after so many mails, or so long: no fault of this one.
            self.open()
            self.connection.send_messages([message])
        except smtplib.SMTPException:
            # What it was at is not known for sure: the next mail begins anew.
            self.close()
            raise

    def open(self) -> bool:
        """Whether it is a new one; then others find the server back as well."""
        try:
            is_fresh = bool(self.connection.open())
        except Exception as error:
            # Half of one is left where the server offers no TLS or refuses the password: nothing may go over that.
            self.close()
            raise NotConnected from error
        if is_fresh:
            make_due()
        return is_fresh

    def close(self) -> None:
        try:
            self.connection.close()
        except (OSError, smtplib.SMTPException):
            self.connection.connection = None  # type: ignore[attr-defined]


def _said_of(error: Exception) -> tuple[str, bool]:
    """What went wrong in a sentence, and whether another try would go wrong as well. What refuses the portal, and not
    this mail, is the operator's to mend."""
    if isinstance(error, NotConnected):
        return f"{NONE_LEAVES}{_why_not_connected(error.__cause__)}", False
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()), (0, b""))
        return f"The mail server refused the address: {_words(code, words)}.", code >= 500
    if isinstance(error, smtplib.SMTPSenderRefused):
        return f"The mail server refused DEFAULT_FROM_EMAIL: {_words(error.smtp_code, error.smtp_error)}.", False
    if isinstance(error, smtplib.SMTPDataError):
        return (
            f"The mail server refused the e-mail: {_words(error.smtp_code, error.smtp_error)}.",
            error.smtp_code >= 500,
        )
    if isinstance(error, smtplib.SMTPResponseException):
        return f"The mail server answered {_words(error.smtp_code, error.smtp_error)}.", False
    if isinstance(error, OSError):
        return "The mail server closed the connection while the e-mail was being sent.", False
    if isinstance(error, credentials.WrongKey):
        return str(error), False
    # What cannot be written as a mail: an address that no rule of mail allows.
    return f"This cannot be sent as an e-mail: {type(error).__name__}.", isinstance(error, ValueError)


def _why_not_connected(error: BaseException | None) -> str:
    """And what to look at. What smtplib raises is an OSError too, without words of the system."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        said = _words(error.smtp_code, error.smtp_error)
        return f"the mail server refuses the user name or the password in EMAIL_URL ({said})."
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server accepts nothing at the moment ({_words(error.smtp_code, error.smtp_error)})."
    if isinstance(error, smtplib.SMTPNotSupportedError):
        lacks = "a sign-in" if "AUTH" in str(error) else "STARTTLS"
        return f"the mail server does not offer {lacks}, which EMAIL_URL asks for. Check its scheme and port."
    if isinstance(error, smtplib.SMTPException):
        return "the mail server closed the connection immediately. Check the scheme and the port in EMAIL_URL."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the mail server's certificate is not trusted ({error.verify_message}). Check the host in EMAIL_URL."
    if isinstance(error, ssl.SSLError):
        return "the mail server does not speak TLS there. Check the scheme and the port in EMAIL_URL."
    if isinstance(error, TimeoutError):
        return "the mail server did not answer in time. Check the host and the port in EMAIL_URL."
    words = getattr(error, "strerror", None) or "no connection"
    return f"the mail server could not be reached ({words}). Check the host and the port in EMAIL_URL."


def _words(code: int, said: bytes | str) -> str:
    """The server's own, without what it may repeat of the mail."""
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return credentials.without_opaque(f"{code} {' '.join(text.split())}"[:LONGEST_SAID]).rstrip(". ")


@transaction.atomic
def send_again(mail: OutgoingMail, *, by: Actor) -> None:
    """Raises NotPossible for one that was not given up, whose text is gone, or whose link ended."""
    row = OutgoingMail.objects.select_for_update().get(pk=mail.pk)
    if not row.may_be_sent_again:
        raise NotPossible(f"{row} cannot be sent again: {why_not(row)}.")
    row.state, row.tries, row.due_at, row.ended_at = State.WAITING, 0, timezone.now(), None
    row.save(update_fields=["state", "tries", "due_at", "ended_at"])
    timeline.record(kinds.MAIL_SENT_AGAIN, by=by, mail=str(row))
    transaction.on_commit(lambda: jobs.ask(wake))


def make_due() -> int:
    """All that waits for the server alone, as if it had not been tried: it is back."""
    return work_off(_made_due)


@transaction.atomic
def _made_due(number: int) -> int:
    now = timezone.now()
    rows = _kept_back(now).select_for_update(skip_locked=True).order_by("due_at", "pk")
    keys = list(rows.values_list("pk", flat=True)[:number])
    return OutgoingMail.objects.filter(pk__in=keys).update(due_at=now, tries=0) if keys else 0


def _kept_back(now: datetime) -> Any:
    return OutgoingMail.objects.waiting().filter(due_at__gt=now, said__startswith=NONE_LEAVES)


def _ask_whether_it_is_back(post: "_Post") -> None:
    """With no mail: a try would count against that one."""
    if not post.by_smtp or stop_asked() or not _asking.acquire(blocking=False):
        return
    try:
        if time.monotonic() - _Asked.at < ASKS_EVERY or not _kept_back(timezone.now()).exists():
            return
        _Asked.at = time.monotonic()
        post.open()
    except NotConnected as away:
        log.warning("%s%s", NONE_LEAVES, _why_not_connected(away.__cause__))
    finally:
        _asking.release()


@transaction.atomic
def send_now(mail: OutgoingMail, *, by: Actor) -> None:
    """Raises NotPossible for one that waits for nothing."""
    row = OutgoingMail.objects.select_for_update().get(pk=mail.pk)
    if not row.may_be_sent_now:
        raise NotPossible(f"{row} cannot be sent now: {why_not_now(row)}.")
    row.tries, row.due_at = 0, timezone.now()
    row.save(update_fields=["tries", "due_at"])
    timeline.record(kinds.MAIL_TRIED_NOW, by=by, mail=str(row))
    transaction.on_commit(lambda: jobs.ask(wake))


def why_not_now(mail: OutgoingMail) -> str:
    if mail.state != State.WAITING:
        return "it is not waiting"
    if mail.is_over:
        return "its link has expired"
    return "it is being sent, or is about to be"


def why_not(mail: OutgoingMail) -> str:
    if mail.state == State.WAITING:
        return "it is still waiting: use “Send now”"
    if mail.state != State.FAILED:
        return "it did not fail"
    if not mail.content_encrypted:
        return f"its text is only kept for {TEXT_KEPT.days} days"
    return "its link has expired"


def drop_old() -> int:
    """Texts that nobody sends any more, and rows."""
    now = timezone.now()
    given_up = OutgoingMail.objects.failed().filter(ended_at__lte=now - TEXT_KEPT).exclude(content_encrypted="")
    work_off(lambda number: OutgoingMail.objects.filter(pk__in=_keys(given_up, number)).update(content_encrypted=""))
    old = OutgoingMail.objects.over().filter(created_at__lte=now - ROW_KEPT)
    return work_off(lambda number: OutgoingMail.objects.filter(pk__in=_keys(old, number)).delete()[0])


def _keys(rows: Any, number: int) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True)[:number])
