import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from linnapp.backups import moving
from linnapp.errors import NotPossible


class Command(BaseCommand):
    help = "Copy everything from SQLite into an empty PostgreSQL database. Stop the portal first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "database_url", help="postgres://user:password@host:5432/name, or - to read it from standard input"
        )

    def handle(self, *args: Any, database_url: str, **options: Any) -> None:
        if database_url == "-":
            database_url = typed()
        try:
            rows = moving.move_to(database_url, self.tell)
        except (NotPossible, ImproperlyConfigured) as fault:
            raise CommandError(str(fault)) from None
        self.stdout.write(
            f"{rows:,} rows are there, and every table has as many as here. Set DATABASE_URL to this address in "
            "`.env` and start the portal. The SQLite file is unchanged: remove it once all is well."
        )

    def tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def typed() -> str:
    """An address with a password in it, which a terminal does not show."""
    if sys.stdin.isatty():
        return getpass("Address of the database (not shown): ").strip()
    return sys.stdin.readline().strip()
