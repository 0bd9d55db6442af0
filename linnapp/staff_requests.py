"""What a request of staff inside an account carries, and what it is refused."""

from django.http import HttpRequest
from django.urls import Resolver404, resolve

from linnapp.models import StaffAccess, User
from linnapp.services.access import access_of

FOUND = "_staff_access"


class OnlyToLook(Exception):
    """The page is one that only the team reads, and staff are here to look."""

    def __init__(self, access: StaffAccess) -> None:
        super().__init__(str(access))
        self.access = access


def staff_access_of(request: HttpRequest) -> StaffAccess | None:
    """The access by which somebody of staff is on this page of an account. Asked of the request itself and not left
    there by a middleware: one that was kept for a fresh sign-in reaches its view without passing any."""
    path, found = getattr(request, FOUND, ("", None))
    if path != request.path:
        found = _found(request)
        setattr(request, FOUND, (request.path, found))
    return found


def _found(request: HttpRequest) -> StaffAccess | None:
    person = getattr(request, "user", None)
    if not isinstance(person, User) or not person.is_staff:
        return None
    try:
        slug = resolve(request.path).kwargs.get("account")
    except Resolver404:
        return None
    return access_of(person, slug) if slug else None


def refuse_to_look(request: HttpRequest) -> None:
    """Raises OnlyToLook."""
    access = staff_access_of(request)
    if access is not None and access.is_to_look:
        raise OnlyToLook(access)
