import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from linnapp import maintenance

MOST_WORDS = 300
MOST_MINUTES = 7 * 24 * 60


class Command(BaseCommand):
    help = (
        "Close the portal on this machine for a while: pages and the API answer 503 with Retry-After. Needs no "
        "database. With several machines, run it on each web machine."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=("on", "off", "status"))
        parser.add_argument(
            "words", nargs="?", default="", help="shown to people, such as “We move to another server.”"
        )
        parser.add_argument(
            "--minutes", type=int, help="how long it takes: shown to people, and sent to clients as Retry-After"
        )

    def handle(self, *args: Any, what: str, words: str, minutes: int | None, **options: Any) -> None:
        if what != "on" and (words or minutes is not None):
            raise CommandError(f"A message and --minutes go with `on`, not with `{what}`.")
        try:
            if what == "on":
                self.begin(words.strip(), minutes)
            elif what == "off":
                self.end()
            else:
                self.stdout.write(said_of(maintenance.current()))
        except OSError as error:
            raise CommandError(f"{maintenance.file()} cannot be written: {error.strerror}.") from error

    def begin(self, words: str, minutes: int | None) -> None:
        if len(words) > MOST_WORDS:
            raise CommandError(f"The message is longer than {MOST_WORDS} characters.")
        if minutes is not None and not 1 <= minutes <= MOST_MINUTES:
            raise CommandError(f"--minutes is a whole number from 1 to {MOST_MINUTES}.")
        maintenance.begin(words, None if minutes is None else time.time() + minutes * 60)
        self.stdout.write(said_of(maintenance.current()))

    def end(self) -> None:
        was = maintenance.end()
        self.stdout.write("The portal is open again." if was else "The portal was open: nothing changed.")


def said_of(found: maintenance.Maintenance | None) -> str:
    if found is None:
        return "The portal is open."
    back = f", until about {found.back_at:%Y-%m-%d %H:%M} UTC" if found.back_at else ""
    return f"The portal is closed for maintenance{back}."
