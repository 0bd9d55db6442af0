import shlex
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from installs import demo
from installs.installations import lifecycle
from installs.models import Installation
from linnapp.demo_people import PEOPLE


class Command(BaseCommand):
    help = "Print addresses, credentials and sign-ins of the demo as shell assignments."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO or not demo.is_loaded():
            raise CommandError("There is no demo here: set DEMO=true in .env and run `make run` once.")
        for name, value in {**credentials_of_one(), **sign_ins()}.items():
            self.stdout.write(f"{name}={shlex.quote(value)}")


def credentials_of_one() -> dict[str, str]:
    """Stock Bridge on Carol's Cakes, while it is installed."""
    installation = (
        Installation.objects.active()
        .filter(account__slug="carols-cakes", application__name="Stock Bridge")
        .select_related("application")
        .first()
    )
    if installation is None:
        raise CommandError("Stock Bridge is not active on Carol's Cakes any more: install it there again.")
    secret = installation.application.secrets.live().last()
    if secret is None:
        raise CommandError("Stock Bridge has no live Application Secret any more: make one on its General page.")
    return {
        "PORTAL_URL": settings.SITE_URL,
        "APPLICATION_ID": str(installation.application_id),
        "APPLICATION_SECRET": secret.value(),
        "PERMANENT_TOKEN": lifecycle.current_token(installation).value(),
    }


def sign_ins() -> dict[str, str]:
    pairs = {}
    for person in PEOPLE:
        pairs[f"{person.name.upper()}_EMAIL"] = person.email
        pairs[f"{person.name.upper()}_PASSWORD"] = settings.DEMO_PASSWORD
    return pairs
