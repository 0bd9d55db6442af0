from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from linnapp.backups import faults, restoring
from linnapp.errors import NotPossible


class Command(BaseCommand):
    help = (
        "Put a backup into an empty database, SQLite or PostgreSQL, and get the portal ready to start. Needs the keys "
        "that the portal had when the backup was taken."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            about = restoring.restore(file, self.stdout.write)
        except NotPossible as fault:
            raise CommandError(str(fault)) from None
        try:
            call_command("prepare", stdout=self.stdout, stderr=self.stderr)
        except Exception as fault:
            # Whatever it is: told as a failed restore it would have somebody begin again.
            raise CommandError(
                f"{restoring.NOT_PREPARED.format(faults.said(fault))}Do not restore again: run `manage.py prepare`, "
                "which is all that is left."
            ) from fault
        self.stdout.write(
            f"All as of {about.made_at}: {about.rows:,} rows of {len(about.kept)} tables and {about.logos:,} logos. "
            "`manage.py serve` starts the portal."
        )
