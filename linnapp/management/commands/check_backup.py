from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from linnapp.backups import taking
from linnapp.errors import NotPossible


class Command(BaseCommand):
    help = "Read a whole backup: count its rows, and decrypt everything encrypted in it with the keys in .env."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            about, values = taking.check(file)
        except NotPossible as fault:
            raise CommandError(str(fault)) from None
        self.stdout.write(
            f"{file} is whole: {about.rows:,} rows of {len(about.kept)} tables as of {about.made_at}, "
            f"{about.logos:,} logos; these keys can read all of its {values:,} encrypted values."
        )
