from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from installs import demo
from linnapp.demo_people import PEOPLE


class Command(BaseCommand):
    help = "Load the demo data, once, and print who can sign in."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("DEMO is not true: demo data stays out of a portal that people use.")
        if not demo.is_loaded():
            self.stdout.write("Making the demo data, which takes some seconds.")
            demo.load()
        self.stdout.write("The people of the demo, whom the sign-in page offers:")
        for person in PEOPLE:
            self.stdout.write(f"  {person.email:28} {person.what}")
        if settings.DEMO_PASSWORD:
            self.stdout.write(f"  Password for each: {settings.DEMO_PASSWORD}")
