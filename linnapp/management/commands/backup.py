from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from linnapp import work_figures
from linnapp.backups import taking
from linnapp.backups.faults import NoBackup
from linnapp.errors import NotPossible


class Command(BaseCommand):
    help = "Write all rows and logos to one file, while the portal runs. The keys in .env are not in it: keep them too."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="if left out, a new one in STATE_DIR/backups")
        parser.add_argument(
            "--without-missing-logos",
            action="store_true",
            help="continue even if logos listed in the database are missing on this machine; the backup will lack them",
        )

    def handle(self, *args: Any, file: Path | None, without_missing_logos: bool, **options: Any) -> None:
        try:
            path = file or fresh_path()
            about = taking.take(path, missing_logos_allowed=without_missing_logos)
        except NotPossible as fault:
            raise CommandError(str(fault)) from None
        work_figures.LAST_BACKUP.set_to_current_time()
        megabytes = path.stat().st_size / 1_000_000
        self.stdout.write(
            f"{path}: {about.rows:,} rows of {len(about.kept)} tables, {about.logos:,} logos, {megabytes:,.1f} MB. "
            "Keep it on another machine, and `.env` apart from it: without its keys no stored credential can be read."
        )


def fresh_path() -> Path:
    folder = Path(settings.STATE_DIR, "backups")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise NoBackup(f"{folder} cannot be made: {error.strerror}.") from error
    return folder / f"linnapp-{datetime.now(UTC):%Y%m%d-%H%M%S}.zip"
