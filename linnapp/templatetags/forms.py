"""What stands in every form. In the place of Django's tag of this name, in every template: linnapp/settings.py."""

from typing import Any

from django import template
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html
from django.utils.safestring import SafeString

from linnapp.typed import MARK, mark_for

register = template.Library()


class FormNode(CsrfTokenNode):
    def render(self, context: Context) -> SafeString:
        """Beside the token the mark of whom the form is drawn for: what they type outlives their sign-in."""
        token = SafeString(super().render(context))
        mark = mark_for(context["request"]) if "request" in context else ""
        return token + format_html('<input type="hidden" name="{}" value="{}">', MARK, mark) if mark else token


@register.tag
def csrf_token(parser: Any, token: Any) -> FormNode:
    return FormNode()
