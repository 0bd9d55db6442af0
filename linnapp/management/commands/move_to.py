import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from linnapp.backups import moving
from linnapp.errors import NotPossible


class Command(BaseCommand):
    help = "Copy everything from SQLite into an empty PostgreSQL database. The portal has to be stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "database_url", help="postgres://user:password@host:5432/name, or - to read it from standard input"
        )

    def handle(self, *args: Any, database_url: str, **options: Any) -> None:
        if database_url == "-":
            database_url = sys.stdin.readline().strip()
        try:
            rows = moving.move_to(database_url, self.tell)
        except (NotPossible, ImproperlyConfigured) as fault:
            raise CommandError(str(fault)) from None
        self.stdout.write(
            f"{rows:,} rows are there, and every table has as many as here. Write DATABASE_URL with this address into "
            "`.env` and start the portal. The SQLite file was left as it is: remove it once all is well."
        )

    def tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
