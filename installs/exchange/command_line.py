"""The first exchange as a line for a shell, for whoever makes the first call."""

from django.conf import settings

from linnapp.models import Application


def exchange_command(application: Application) -> str:
    """The first exchange as a line for a shell; the two secrets come from variables, so that no history keeps them."""
    return exchange_line(str(application.pk), '"$PERMANENT_TOKEN"')


def exchange_line(application_id: str, permanent_token: str) -> str:
    """An exchange as a line for a shell, for which both values are quoted already."""
    return " \\\n  ".join(
        (
            f"curl {settings.SITE_URL}/api/Auth/AuthorizeByApplication",
            f"-d ApplicationId={application_id}",
            '-d ApplicationSecret="$APPLICATION_SECRET"',
            f"-d Token={permanent_token}",
        )
    )
