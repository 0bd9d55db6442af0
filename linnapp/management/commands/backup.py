from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from linnapp.backups import taking
from linnapp.errors import NotPossible


class Command(BaseCommand):
    help = "Write all rows and logos to one file, while the portal runs. The keys of .env are not in it: keep them too."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="unset, a new one in STATE_DIR/backups")

    def handle(self, *args: Any, file: Path | None, **options: Any) -> None:
        path = file or fresh_path()
        try:
            about = taking.take(path)
        except NotPossible as fault:
            raise CommandError(str(fault)) from None
        megabytes = path.stat().st_size / 1_000_000
        self.stdout.write(
            f"{path}: {about.rows:,} rows of {len(about.kept)} tables, {about.logos:,} logos, {megabytes:,.1f} MB. "
            "Keep it on another machine, and `.env` apart from it: without its keys no stored credential can be read."
        )


def fresh_path() -> Path:
    folder = Path(settings.STATE_DIR, "backups")
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"linnapp-{datetime.now(UTC):%Y%m%d-%H%M%S}.zip"
