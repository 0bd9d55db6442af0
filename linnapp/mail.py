"""Mail leaves through the worker: a page never waits for a mail server, and a mail is not lost with a request."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from huey.contrib.djhuey import task

from linnapp.names import in_header


@task(retries=5, retry_delay=60)
def send_mail(messages: list[EmailMessage]) -> None:
    names = {"EMAIL_HOST": "host", "EMAIL_PORT": "port", "EMAIL_HOST_USER": "username"}
    names |= {"EMAIL_HOST_PASSWORD": "password", "EMAIL_USE_TLS": "use_tls", "EMAIL_USE_SSL": "use_ssl"}
    server = {names[key]: value for key, value in settings.DELIVERY_EMAIL.items() if key in names}
    if "smtp" not in settings.DELIVERY_EMAIL["EMAIL_BACKEND"]:
        server = {}
    get_connection(settings.DELIVERY_EMAIL["EMAIL_BACKEND"], **server).send_messages(messages)


class QueuedMail(BaseEmailBackend):
    """The e-mail backend of the web process."""

    def __init__(self, **options: Any) -> None:
        super().__init__(fail_silently=options.get("fail_silently", False))

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        messages = list(email_messages)
        for message in messages:
            message.connection = None
            # Whatever went into it: in the job nobody could be told that it cannot be sent.
            message.subject = in_header(str(message.subject))
        transaction.on_commit(lambda: send_mail(messages))
        return len(messages)
