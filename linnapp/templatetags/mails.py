"""What mails write in their own way."""

from datetime import UTC, datetime

from django import template

from linnapp.moments import kept

register = template.Library()


@register.filter
def in_mail(moment: datetime, name: str) -> str:
    """In UTC, by one format for everybody: nobody knows where a mail is read. Not in the locale of whoever sends it."""
    return f"{kept(moment.astimezone(UTC), name)} UTC"
