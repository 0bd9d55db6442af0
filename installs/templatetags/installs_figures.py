"""Figures: small charts, drawn by the server."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from installs.application.figures import Week, polyline

WIDTH, HEIGHT = 200, 40
register = template.Library()


@register.simple_tag
def sparkline(week: Week, series: str, title: str) -> SafeString:
    """One series of the week as a line; the same figures stand in the page's table."""
    values = [getattr(day, series) for day in week.days]
    return format_html(
        '<svg class="sparkline" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img"><title>{}</title>'
        '<polyline points="{}" vector-effect="non-scaling-stroke"/></svg>',
        WIDTH,
        HEIGHT,
        f"{title} by day: {', '.join(map(str, values))}",
        polyline(values, width=WIDTH, height=HEIGHT),
    )
