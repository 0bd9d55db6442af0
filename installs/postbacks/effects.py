"""What sending postbacks again does, told before it is done: in the admin and in the support console."""

from collections.abc import Sequence

from installs.models import Delivery
from installs.postbacks import asking
from linnapp.admin_pages import some_of
from linnapp.words import counted


def again(row: Delivery) -> str:
    if refused := asking.why_not(row):
        return refused
    return f"It is sent to {row.host} again at once, with all its attempts."


def failed_again(hosts: Sequence[str]) -> str:
    """`hosts` has one for each postback that failed."""
    if not hosts:
        return "None of its postbacks has failed: nothing changes."
    are = counted(len(hosts), "postback is", "postbacks are")
    return f"{are} sent again at once, to {some_of(sorted(set(hosts)))}."
