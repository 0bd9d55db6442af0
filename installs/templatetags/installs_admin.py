"""What the first page of the admin tells of installations."""

from django import template
from django.http import HttpRequest

from installs.admin import figures
from installs.admin.figures import Figure

register = template.Library()


@register.simple_tag
def day_in_figures(request: HttpRequest) -> list[Figure]:
    return figures.day(request)
