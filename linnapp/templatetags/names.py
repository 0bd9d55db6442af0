"""Names among other words. Every template knows these filters: linnapp/settings.py."""

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from linnapp import names

register = template.Library()


@register.filter(is_safe=True)
def bdi(name: object) -> SafeString:
    """In HTML: a name that is read from the right leaves the words beside it where they are, and they leave it."""
    text = conditional_escape(name)  # type: ignore[arg-type]
    return format_html("<bdi>{}</bdi>", text) if names.reads_from_right(str(text)) else SafeString(text)


@register.filter
def isolated(name: object) -> str:
    """The same where no element can stand: in mails, titles, choices and attributes."""
    return names.isolated(str(name))
