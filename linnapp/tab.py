"""What the tabs of an application share: fetching it, and the context of their base template."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from linnapp.models import Application
from linnapp.models.applications import ApplicationQuerySet
from linnapp.staff_requests import refuse_to_look


def visible(request: HttpRequest, account: str, application: UUID) -> Application:
    """The application in the address, as one of its account's team; everybody else gets 404."""
    return _get(Application.objects.visible_to(request.user), account, application)


def editable(request: HttpRequest, account: str, application: UUID, *facts: str) -> Application:
    """For whoever may change it. `facts` are rows that the page shows beside it."""
    refuse_to_look(request)
    return _get(Application.objects.editable_by(request.user).select_related(*facts), account, application)


def of_team(request: HttpRequest, account: str, application: UUID) -> Application:
    """For whoever reads what only the team does: summary, names and folders of modules."""
    refuse_to_look(request)
    return visible(request, account, application)


def _get(queryset: ApplicationQuerySet, account: str, application: UUID) -> Application:
    return get_object_or_404(queryset.of_account(account).select_related("account"), pk=application)


def context(application: Application, tab: str, **more: Any) -> dict[str, Any]:
    return {"application": application, "tab": tab, **more}
