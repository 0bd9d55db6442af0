"""What a request of staff inside an account carries, and what it is refused."""

from django.http import HttpRequest

from linnapp.models import StaffAccess


class Inside(HttpRequest):
    """As it is passed to the view of an account's page for somebody of staff who is inside the account."""

    staff_access: StaffAccess


class OnlyToLook(Exception):
    """The page is one that only the team reads, and staff are here to look."""

    def __init__(self, access: StaffAccess) -> None:
        super().__init__(str(access))
        self.access = access


def staff_access_of(request: HttpRequest) -> StaffAccess | None:
    """The access by which somebody of staff is on this page of an account."""
    return getattr(request, "staff_access", None)


def refuse_to_look(request: HttpRequest) -> None:
    """Raises OnlyToLook."""
    access = staff_access_of(request)
    if access is not None and access.is_to_look:
        raise OnlyToLook(access)
