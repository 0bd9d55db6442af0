"""`manage.py receive_postbacks`: a receiver to try postbacks with, and to read before writing one's own."""

import os
import shlex
import signal
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils import timezone

from installs.exchange.command_line import exchange_line
from installs.models import Delivery, SigningSecret
from installs.postbacks import signing
from installs.postbacks.receiver import Answer, Event, Message, Receiver
from linnapp import credentials

FIELDS = ("Event", "ApplicationId", "AccountId", "InstallationId", "Tracking")
# A Tracking of 2 kB would push everything else off the screen.
MOST_CHARACTERS = 200


def a_port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= 65_535):
        raise ArgumentTypeError(f"“{text}” is no port: write a number up to 65535")
    return int(text)


def an_answer(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) == 3 and 200 <= int(text) <= 599):
        raise ArgumentTypeError(f"“{text}” is no answer: write a status from 200 to 599")
    return int(text)


def a_secret(text: str) -> str:
    if not credentials.is_signing_secret(text):
        raise ArgumentTypeError("the signing secret (or SIGNING_SECRET) is none: copy it whole, it begins with whsec_")
    return text


class Command(BaseCommand):
    help = (
        "Receive postbacks and events on loopback: print what arrives, say whether it is genuine, and print the "
        "command that exchanges a permanent token."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=a_port, default=9000, help="port to listen on (9000)")
        parser.add_argument(
            "--secret",
            type=a_secret,
            # Of this command alone, and no setting of the portal: argparse judges it as if it had been typed.
            default=os.environ.get("SIGNING_SECRET") or None,
            help="signing secret to verify with (SIGNING_SECRET); without one, that of the application whose postback "
            "arrives is looked up in the portal's database",
        )
        parser.add_argument(
            "--answer", type=an_answer, default=200, help="what a genuine postback is answered (200); 503 shows retries"
        )

    def handle(self, *args: Any, port: int, secret: str | None, answer: int, **options: Any) -> None:
        self.secret, self.status = secret, answer
        self.seen: Counter[str] = Counter()
        self.told_of_events = False
        self.one_at_a_time = threading.RLock()
        # A shell starts what it puts in the background with SIGINT ignored.
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, signal.default_int_handler)
        try:
            with receiver_at(port, self) as receiver:
                self.tell(f"Postbacks and events are received at {receiver.url} and any path below it. Ctrl-C ends it.")
                receiver.serve_forever()
        except KeyboardInterrupt:
            self.tell("Ended.")

    def tell(self, *lines: str) -> None:
        with self.one_at_a_time:
            self.stdout.write("\n".join(lines) + "\n", ending="")
            self.stdout.flush()

    def receive(self, message: Message) -> Answer:
        """Answers what came, and tells it. One at a time, so that messages do not mix on the screen."""
        with self.one_at_a_time:
            try:
                signing.verify(message.headers, message.body, self.secrets_for(message), now=timezone.now())
            except signing.NotGenuine as why:
                answer = Answer(400, f"Not genuine: {why}")
                self.tell(*listed(message), self.style.ERROR(f"  {answer.sentence} Answered 400."), "")
                return answer
            finally:
                # Of this thread, which ends with the connection it answers.
                connections.close_all()
            self.tell(*listed(message), *self.what_to_do(message), "")
            return Answer(self.status, "Genuine.")

    def secrets_for(self, message: Message) -> list[str]:
        event = message.event
        application_id = event.application_id if event else message.form.get("ApplicationId", "")
        return [self.secret] if self.secret else live_secrets(application_id)

    def what_to_do(self, message: Message) -> Iterator[str]:
        message_id = message.headers[signing.ID]
        self.seen[message_id] += 1
        yield self.style.SUCCESS(f"  Genuine. Answered {self.status}.")
        if (times := self.seen[message_id]) > 1:
            yield f"  The same webhook-id came before, {times} times with this one: act on it only once."
        if event := message.event:
            if event.type == Delivery.Event.TEST:
                yield "  It is a test: nothing happened."
            elif not self.told_of_events:
                self.told_of_events = True
                yield "  An event: it holds no token."
            return
        if message.form.get("Event") == Delivery.Event.TEST:
            yield "  It is a test: nobody installed anything, and its token cannot be exchanged."
            return
        yield "  Set APPLICATION_SECRET to the Application Secret on General, then exchange the permanent token:"
        form = message.form
        yield exchange_line(shlex.quote(form.get("ApplicationId", "")), shlex.quote(form.get("Token", "")))


def receiver_at(port: int, command: Command) -> Receiver:
    try:
        return Receiver(port, command.receive, command.tell)
    except OSError as error:
        raise CommandError(
            f"Port {port} cannot be had ({error.strerror}): choose another with --port, and write it into the "
            "PostbackUrl too."
        ) from error


def live_secrets(application_id: str) -> list[str]:
    """Raises NotGenuine where this portal has nothing to verify with."""
    try:
        rows = SigningSecret.objects.live().filter(application_id=UUID(application_id))
    except ValueError:
        raise signing.NotGenuine("There is no ApplicationId in the body to find a signing secret by.") from None
    secrets = [row.value() for row in rows]
    if not secrets:
        raise signing.NotGenuine(
            "This portal has no signing secret of the application: give --secret to verify with another portal's."
        )
    return secrets


def listed(message: Message) -> Iterator[str]:
    """What came, a line each. The permanent token is masked wherever it stands."""
    path = credentials.UUID_SHAPE.sub(lambda found: credentials.masked(found.group()), message.path)
    yield f"{timezone.now():%Y-%m-%d %H:%M:%S} UTC  POST {printable(path)}"
    yield from of_event(event) if (event := message.event) else of_postback(message.form)
    for name in (signing.ID, signing.TIMESTAMP):
        yield f"  {name:<18}{printable(message.headers.get(name, ''))}"


def of_postback(form: dict[str, str]) -> Iterator[str]:
    for name in FIELDS:
        yield f"  {name:<18}{printable(form.get(name, '')) or '-'}"
    yield f"  {'Token':<18}{credentials.masked(printable(form.get('Token', '')))}"


def of_event(event: Event) -> Iterator[str]:
    told = {"Event": event.type, "Number": event.number, "Account": event.account}
    told |= {"ApplicationId": event.application_id, "InstallationId": event.installation_id, "State": event.state}
    told |= {"Version": event.version, "Previous version": event.previous_version}
    told |= {"By": event.by, "Reason": event.reason}
    for name, value in told.items():
        yield f"  {name:<18}{printable(value) or '-'}"


def printable(text: str) -> str:
    """Anybody can post here: characters that would command the terminal are replaced, and what is long is cut."""
    cut = text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"
    return "".join(character if character.isprintable() else "�" for character in cut)
