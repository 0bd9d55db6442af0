"""What support does to an installation, on its case: each act with what it does told before, and the service that does
it. Messages are acts as well, and stand in `installs.support.messages`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from installs.installations import acts as rules
from installs.installations import effects, rotating, session_ends, suspending
from installs.installations.acts import Act as Ruled
from installs.models import Installation
from installs.postbacks.asking import TOGETHER
from installs.support import sending
from installs.support.acts import Act, permission_of
from linnapp.actors import Actor
from linnapp.errors import NotPossible
from linnapp.models import User
from linnapp.words import counted

Typed = Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """What an act does as things stand, or why there is nothing to do."""

    sentence: str
    possible: bool


class Standing:
    """What acts are told from, each read once."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation

    @cached_property
    def sessions(self) -> int:
        return self.installation.sessions.live().count()

    @cached_property
    def is_rotated(self) -> bool:
        return rotating.rotation_of(self.installation) is not None

    def may(self, act: Ruled) -> bool:
        return rules.is_possible(act, self.installation)


@dataclass(frozen=True)
class SupportAct:
    """`label` stands on its button, `asked` over its page, with {application} and {account} in it. `perform` is told
    what was typed beside the reason, and says what it came to, or raises NotPossible."""

    act: Act
    label: str
    asked: str
    told: Callable[[Standing], Told]
    perform: Callable[[Installation, Actor, Typed], str] = field(default=lambda row, by, typed: "")
    # Whether the page asks for a fresh sign-in first: where it moves a secret, the service asks by itself.
    fresh: bool = False
    destroys: bool = False
    read_by_developer_only: bool = False

    def read_by(self, installation: Installation) -> str:
        account, publisher = installation.account, installation.application.account
        if self.read_by_developer_only or account == publisher:
            return f"{publisher} reads this."
        return f"{account} and {publisher} read this."


def _suspend(now: Standing) -> Told:
    return Told(effects.suspends(now.installation, now.sessions), now.may(Ruled.SUSPEND_BY_STAFF))


def _resume(now: Standing) -> Told:
    return Told(effects.resumes(now.installation), now.may(Ruled.RESUME_BY_STAFF))


def _end_sessions(now: Standing) -> Told:
    return Told(effects.ends_sessions(now.sessions), bool(now.sessions) and now.may(Ruled.END_SESSIONS))


def _rotate(now: Standing) -> Told:
    sentence = effects.rotates(now.installation, is_rotated=now.is_rotated)
    return Told(sentence, now.may(Ruled.ROTATE) and not now.is_rotated)


def _end_old_token(now: Standing) -> Told:
    sentence = effects.ends_old_token(now.installation, is_rotated=now.is_rotated)
    return Told(sentence, now.is_rotated and now.may(Ruled.END_OLD_TOKEN))


def _suspended(row: Installation, by: Actor, typed: Typed) -> str:
    if not suspending.suspend_by_staff(row, by=by):
        raise NotPossible("Another member of staff has just suspended it: nothing changed.")
    return f"{row.application} is suspended on {row.account} until staff resume it."


def _resumed(row: Installation, by: Actor, typed: Typed) -> str:
    if not suspending.resume_by_staff(row, by=by):
        raise NotPossible("Another member of staff has just resumed it: nothing changed.")
    if others := effects.others_of(row):
        return f"The suspension by staff has ended. It stays suspended by {others[0]}."
    return f"{row.application} works on {row.account} again."


def _ended(row: Installation, by: Actor, typed: Typed) -> str:
    number = session_ends.end_sessions(row, by=by)
    if not number:
        raise NotPossible("No session is live now: nothing changed.")
    return f"{counted(number, 'session has', 'sessions have')} ended."


def _rotated(row: Installation, by: Actor, typed: Typed) -> str:
    rotation = rotating.rotate(row, by=by)
    if rotation.delivery:
        return f"The new permanent token …{rotation.new.tail} is being sent to {rotation.delivery.host}."
    return f"The new permanent token …{rotation.new.tail} is ready for the customer or the developer to reveal."


def _old_ended(row: Installation, by: Actor, typed: Typed) -> str:
    new = rotating.end_old_token(row, by=by)
    return f"The old permanent token no longer works. Only …{new.tail} does now."


def _sent_again(row: Installation, by: Actor, typed: Typed) -> str:
    number = sending.send_again(row, which=typed["which"], to_newest=typed["to"] == sending.NEWEST, by=by)
    return f"{counted(number, 'postback is', 'postbacks are')} being sent again."


def _replayed(row: Installation, by: Actor, typed: Typed) -> str:
    since, to_newest = typed["asked"] - typed["since"], typed["to"] == sending.NEWEST
    number = sending.replay(row, since=since, to_newest=to_newest, by=by)
    if not number:
        raise NotPossible("Nothing has failed since that moment. Choose an earlier one.")
    rest = " Replay again for the rest." if number == TOGETHER else ""
    return f"{counted(number, 'postback is', 'postbacks are')} being sent again, oldest first.{rest}"


TABLE = {
    each.act: each
    for each in (
        SupportAct(Act.RESUME, "Resume", "Resume {application} on {account}?", _resume, _resumed),
        SupportAct(
            Act.REDELIVER,
            "Redeliver postbacks",
            "Redeliver postbacks of {application}?",
            lambda now: Told(*sending.told(now.installation)),
            _sent_again,
        ),
        SupportAct(
            Act.REPLAY,
            "Replay failed postbacks",
            "Replay the failed postbacks of {application}?",
            lambda now: Told(*sending.replay_told(now.installation)),
            _replayed,
            read_by_developer_only=True,
        ),
        SupportAct(
            Act.END_SESSIONS, "End sessions", "End the sessions of {application} on {account}?", _end_sessions, _ended
        ),
        SupportAct(
            Act.ROTATE,
            "Rotate the permanent token",
            "Rotate the permanent token of {application} on {account}?",
            _rotate,
            _rotated,
        ),
        SupportAct(
            Act.END_OLD_TOKEN,
            "End the old permanent token",
            "End the old permanent token of {application} on {account}?",
            _end_old_token,
            _old_ended,
            fresh=True,
            destroys=True,
        ),
        SupportAct(Act.SUSPEND, "Suspend", "Suspend {application} on {account}?", _suspend, _suspended, destroys=True),
    )
}
MESSAGES = {Act.TELL_DEVELOPER: "Write to {publisher}", Act.TELL_CUSTOMER: "Write to {account}"}


def allowed(reader: User) -> list[Act]:
    """What this person's permissions let them do on a case."""
    return [act for act in (*TABLE, *MESSAGES) if reader.has_perm(permission_of(act))]


def offered(installation: Installation, reader: User) -> list[SupportAct]:
    """The acts that this person may do and that would change something now; those that stop something last."""
    now = Standing(installation)
    mine = [TABLE[act] for act in allowed(reader) if act in TABLE]
    return [each for each in mine if each.told(now).possible]


def messages_offered(installation: Installation, reader: User) -> list[tuple[Act, str]]:
    """With the words on the button. On its own account an installation has one side only."""
    mine = [act for act in allowed(reader) if act in MESSAGES]
    if installation.is_on_own_account:
        mine = [act for act in mine if act == Act.TELL_DEVELOPER]
    named = {"account": installation.account, "publisher": installation.application.account}
    return [(act, MESSAGES[act].format(**named)) for act in mine]
