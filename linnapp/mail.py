"""Mail is written down as a row, in the transaction of what it tells: a page waits for no mail server, a mail of what
failed is never sent, and no queue can lose one. `linnapp.outbox` sends what is written here."""

import json
from collections.abc import Sequence
from datetime import datetime
from email.utils import make_msgid
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from huey.contrib.djhuey import db_task

from linnapp import credentials, jobs, outbox
from linnapp.mail_choices import OPTIONAL, wanting
from linnapp.models import Account, OutgoingMail
from linnapp.names import in_header

Kind = OutgoingMail.Kind
OVER = "What its link opens was already done or withdrawn before it could be sent."
REPLACED = "A newer e-mail with another link replaced it before it could be sent."
FOOT = "Choose which e-mails you get: {}"
SIGNATURE = "— linnapp at {}"
# Why somebody gets a mail that they may switch off, where its text does not say so.
WHY: dict[str, str] = {
    Kind.UPDATES: "You get this e-mail because you are an Owner of an account that has these applications installed.",
    Kind.HELP: "You get this e-mail because you asked for help, or are an Owner of the account that did.",
    Kind.CASES: "You get this e-mail because the case is, or was, assigned to you.",
}
# What of a message is kept, by the names of its attributes.
ADDRESSES = ("to", "cc", "bcc", "reply_to")


class Letter(EmailMultiAlternatives):
    """A message that says what it is about, when a link in it ends, and what the link opens: with the end, and once
    `take_back` is told of what it opens, or another mail of this kind opens the same, it is not sent. The one place
    that signs: all mails of the portal end alike."""

    def __init__(
        self,
        subject: object,
        text: object,
        *parts: Any,
        kind: str = Kind.OTHER,
        ends_at: datetime | None = None,
        opens: str = "",
        **options: Any,
    ) -> None:
        super().__init__(str(subject), f"{str(text).strip()}\n\n{signature_of(kind)}\n", *parts, **options)
        self.kind, self.ends_at, self.opens = kind, ends_at, opens


def signature_of(kind: str) -> str:
    """From where the mail comes, why to this reader, and where they choose otherwise, if they may."""
    lines = [SIGNATURE.format(settings.SITE.netloc), WHY.get(kind, "")]
    if kind in OPTIONAL:
        lines.append(FOOT.format(settings.SITE_URL + reverse("profile_mails")))
    return "\n".join(filter(None, lines))


def send(
    kind: str,
    subject: str,
    text: str,
    address: str,
    *,
    account: Account | None = None,
    ends_at: datetime | None = None,
    opens: str = "",
    headers: dict[str, str] | None = None,
) -> None:
    """Nothing, where whoever has this address wants no such mail: the one place that asks. `account` is what it is
    about, for mails that are chosen by account."""
    if not wanting(kind, [address], account):
        return
    Letter(subject, text, None, [address], headers=headers, kind=kind, ends_at=ends_at, opens=opens).send()


def take_back(kind: str, *opens: str, said: str = OVER) -> None:
    """What is still to be sent, and leads to what is over: in the transaction of its end. One that a worker is sending
    at this moment arrives."""
    unsent = OutgoingMail.objects.leading_to(kind, *opens)
    unsent.update(state=OutgoingMail.State.LAPSED, said=said, content_encrypted="", ended_at=timezone.now())


class Outbox(BaseEmailBackend):
    """The e-mail backend of every process of the portal."""

    def __init__(self, **options: Any) -> None:
        super().__init__(fail_silently=options.get("fail_silently", False))

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        rows = [row_of(message) for message in email_messages]
        for row in rows:
            if row.opens:
                take_back(row.kind, row.opens, said=REPLACED)
        OutgoingMail.objects.bulk_create(rows)
        transaction.on_commit(_call)
        return len(rows)


def _call() -> None:
    jobs.ask(outbox.wake)


def row_of(message: EmailMessage) -> OutgoingMail:
    if message.attachments:
        raise ValueError("A mail with attachments cannot be written down: send a link to the file.")
    own = message.from_email if message.from_email != settings.DEFAULT_FROM_EMAIL else ""
    content = {name: list(getattr(message, name)) for name in ADDRESSES} | {
        # Whatever went into it: later nobody could be told that it cannot be sent.
        "subject": in_header(str(message.subject)),
        "body": str(message.body),
        "subtype": message.content_subtype,
        "from": own,
        "headers": {name: str(value) for name, value in message.extra_headers.items()},
        "alternatives": [list(each) for each in getattr(message, "alternatives", ())],
    }
    return OutgoingMail(
        message_id=make_msgid(domain=settings.SITE_HOST),
        kind=getattr(message, "kind", Kind.OTHER),
        recipient=", ".join(message.recipients()),
        content_encrypted=credentials.encrypt(json.dumps(content)),
        ends_at=getattr(message, "ends_at", None),
        opens=getattr(message, "opens", ""),
    )


@db_task()
def send_mail(messages: list[EmailMessage]) -> None:
    """What an older release left in the queue, by the name that it knew: jobs that held the mails themselves."""
    Outbox().send_messages(messages)
