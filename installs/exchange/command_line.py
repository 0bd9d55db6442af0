"""The first exchange as a line for a shell, for whoever makes the first call."""

from django.conf import settings

from linnapp.models import Application

SECRET_IN_VARIABLE = '"$APPLICATION_SECRET"'


def exchange_command(application: Application) -> str:
    """The first exchange as a line for a shell; the two secrets come from variables, so that no history keeps them."""
    return exchange_line(str(application.pk), '"$PERMANENT_TOKEN"')


def exchange_command_with(application: Application, *, permanent_token: str, secret: str) -> str:
    """The same with what its own developer is shown in the clear anyway; where the secret is not, as a variable."""
    return exchange_line(str(application.pk), permanent_token, secret or SECRET_IN_VARIABLE)


def exchange_line(application_id: str, permanent_token: str, secret: str = SECRET_IN_VARIABLE) -> str:
    """An exchange as a line for a shell, for which all values are quoted already."""
    return " \\\n  ".join(
        (
            f"curl {settings.SITE_URL}/api/Auth/AuthorizeByApplication",
            f"-d ApplicationId={application_id}",
            f"-d ApplicationSecret={secret}",
            f"-d Token={permanent_token}",
        )
    )
