"""What pages of other wings show of the cases that people open with support."""

from django import template

from installs.help import inbox
from installs.models import HelpCase, Installation

register = template.Library()


@register.simple_tag
def open_cases() -> str:
    """“3 open”; "" for none."""
    return inbox.open_in_words()


@register.simple_tag
def cases_of_installation(installation: Installation) -> list[HelpCase]:
    """Those that are not solved."""
    return inbox.unsolved_about(installation)
