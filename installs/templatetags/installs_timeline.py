"""What a timeline shows of exchanges, on pages of all wings and of the registry."""

from django import template

from installs.exchange import hours
from installs.exchange.hours import Running
from linnapp.timeline_pages import TimelinePage

register = template.Library()


@register.simple_tag
def running_hour(timeline: TimelinePage) -> Running | None:
    """What has no line yet; None for a timeline that is about no application, and where nothing was asked for."""
    if timeline.application is None:
        return None
    return hours.running(timeline.application, timeline.installation.pk if timeline.installation else None)
