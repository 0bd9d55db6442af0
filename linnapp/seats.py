"""The seats of whoever asks for a page: the frame names their accounts, and a second factor is asked for by them."""

from typing import cast

from django.db.models import Exists, OuterRef
from django.http import HttpRequest

from linnapp.models import Application, Membership, User
from linnapp.refused_pages import SAFE

FOUND = "_seats"


def seats_of(request: HttpRequest) -> list[Membership]:
    """By the names of their accounts, each with `developing`: whether its account has applications. Asked once where a
    request only reads; one that writes may change them on its way."""
    found: list[Membership] | None = getattr(request, FOUND, None)
    if found is None or request.method not in SAFE:
        developing = Exists(Application.objects.filter(account=OuterRef("account")))
        rows = Membership.objects.filter(user=cast(User, request.user)).select_related("account")
        found = list(rows.annotate(developing=developing).order_by("account__name"))
        setattr(request, FOUND, found)
    return found
