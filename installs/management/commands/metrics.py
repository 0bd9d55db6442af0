"""What the processes of this machine have counted, for one that has no web process to ask."""

from typing import Any

from django.core.management.base import BaseCommand

from installs.metrics.text import of_processes


class Command(BaseCommand):
    help = "Print what the processes of this machine have counted, as /metrics does, without what the database tells."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(of_processes().decode(), ending="")
