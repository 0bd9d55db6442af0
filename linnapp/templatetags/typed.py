"""What waits behind a sign-in, in words."""

from urllib.parse import urlsplit

from django import template
from django.template.context import Context
from django.urls import Resolver404, resolve

from linnapp.services import typed
from linnapp.signing_in.fresh_sign_ins import told_of
from linnapp.typed import is_kept_behind, key_of, link_in, next_of

register = template.Library()


@register.simple_tag(takes_context=True)
def something_is_kept(context: Context) -> bool:
    return is_kept_behind(context["request"], next_of(context["request"]))


@register.simple_tag(takes_context=True)
def act_behind(context: Context) -> str:
    """What the page behind the sign-in shows or moves, by its mark, to go on a sentence with; "" without one."""
    request = context["request"]
    address = next_of(request)
    if link := link_in(address):
        kept = typed.kept(request.user, key_of(request, link))
        address = kept.path if kept else ""
    try:
        told = told_of(resolve(urlsplit(address).path).func)
    except (Resolver404, ValueError):
        return ""
    return told[:1].lower() + told[1:]
