"""Names among other words. Every template knows these filters: linnapp/settings.py."""

from html import escape

from django import template
from django.utils.safestring import SafeString

from linnapp import names

register = template.Library()


@register.filter(is_safe=True)
def bdi(name: object) -> SafeString:
    """In HTML: a name that is read from the right leaves the words beside it where they are, and they leave it."""
    text = drawn(name)
    return SafeString(f"<bdi>{text}</bdi>" if names.reads_from_right(text) else text)


def drawn(value: object) -> str:
    """Any value as HTML, as a template would put it: what is HTML stays so. For rows of lists, which are put together
    by functions; `format_html` takes five times as long."""
    return str(value.__html__()) if hasattr(value, "__html__") else escape(str(value))


@register.filter
def isolated(name: object) -> str:
    """The same where no element can stand: in mails, titles, choices and attributes."""
    return names.isolated(str(name))
