"""The Installation URL as people arrive with it: protocol.md section 4. No ORM."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from linnapp import credentials
from linnapp.words import counted, with_commas

LONGEST_TRACKING = 2048


@dataclass(frozen=True)
class InstallationLink:
    """`tracking` is free text of the application's maker: handed back to it, never read here."""

    application_id: UUID
    tracking: str = ""

    def query(self, **choices: str) -> str:
        """The part behind the question mark that brings the link, and what was chosen so far, to the next page."""
        members = choices | ({"Tracking": self.tracking} if self.tracking else {})
        return f"?{urlencode(members)}" if members else ""


class NothingToInstall(Exception):
    """Why a link leads to no consent, for the person who followed it. `reason` is what staff wrote of it, if they
    did."""

    def __init__(self, status: int, heading: str, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.heading = heading
        self.reason = reason

    @property
    def told(self) -> str:
        """All of it as plain text, the reason in a line of its own."""
        return "\n".join(filter(None, (str(self), self.reason and f"Their reason: {self.reason}")))


def read_link(identifier: str, members: Iterable[tuple[str, str]]) -> InstallationLink:
    """Reads an Application ID in any spelling of a UUID, and `Tracking` in any letter case; the first one counts.

    Raises NothingToInstall for another identifier, for NUL in the tracking, or for more than 2 kB of it.
    """
    application_id = credentials.canonical(identifier)
    if application_id is None:
        message = "An Installation URL ends with an Application ID. Ask the person who sent you the link for all of it."
        raise NothingToInstall(404, "This is not an Installation URL", message)
    tracking = next((value for name, value in members if name.lower() == "tracking"), "")
    if "\0" in tracking:
        message = (
            "Its Tracking contains a NUL character (%00), which is not allowed. Tell the person who sent it to you."
        )
        raise NothingToInstall(400, "This link does not work", message)
    size = len(tracking.encode(errors="replace"))
    if size > LONGEST_TRACKING:
        most = with_commas(LONGEST_TRACKING)
        message = (
            f"Its Tracking is {counted(size, 'byte')}, and the most is {most}. Tell the person who sent you the link."
        )
        raise NothingToInstall(414, "This link is too long", message)
    return InstallationLink(UUID(application_id), tracking)
