"""What waits behind a sign-in, in words."""

from django import template
from django.template.context import Context

from linnapp.services import typed
from linnapp.signing_in.fresh_sign_ins import told_of
from linnapp.typed import is_kept_behind, key_of, link_in, next_of, page_at

register = template.Library()


@register.simple_tag(takes_context=True)
def something_is_kept(context: Context) -> bool:
    return is_kept_behind(context["request"], next_of(context["request"]))


@register.simple_tag(takes_context=True)
def is_installing(context: Context) -> bool:
    """Whether the sign-in leads on to an installation link. Of which application, only somebody signed in learns."""
    page = page_at(next_of(context["request"]))
    return page is not None and page.url_name == "authorize"


@register.simple_tag(takes_context=True)
def act_behind(context: Context) -> str:
    """What the page behind the sign-in shows or moves, by its mark, to go on a sentence with; "" without one."""
    request = context["request"]
    address = next_of(request)
    if link := link_in(address):
        kept = typed.kept(request.user, key_of(request, link))
        address = kept.path if kept else ""
    page = page_at(address)
    told = told_of(page.func) if page else ""
    return told[:1].lower() + told[1:]
