"""Kinds of timeline entries: each is registered where its act lives, so that a new act needs no migration. Those of the
registry itself stand here; a wing of `installs` has a `kinds` module of its own. No ORM."""

from collections.abc import Callable
from typing import Any

_registered: dict[str, "Kind"] = {}


class Kind(str):
    """The name that is stored, with what a reader is told.

    `sentence` names facts in braces, and `who`. `about` is the subject by which Activity is narrowed. With
    `own_side_only` only the side that it happened on reads it, staff aside. With `of_each` it is told of each
    installation, and once of the application as a whole: whoever reads of the application has it there. `opens` says
    what lines of this kind open to, for a reader: lines and side in, parts by the number of the entry out.
    """

    sentence: str
    about: str
    own_side_only: bool
    of_each: bool
    opens: Callable[[Any, Any], dict[int, Any]] | None


def register(
    name: str,
    sentence: str,
    *,
    about: str = "",
    own_side_only: bool = False,
    of_each: bool = False,
    opens: Callable[[Any, Any], dict[int, Any]] | None = None,
) -> Kind:
    """Raises ValueError for a name that is taken: an entry that is stored would be told as another."""
    if name in _registered:
        raise ValueError(f"There is a kind {name} already.")
    kind = Kind(name)
    kind.sentence, kind.about, kind.own_side_only, kind.of_each = sentence, about, own_side_only, of_each
    kind.opens = opens
    _registered[name] = kind
    return kind


def registered() -> list[Kind]:
    return sorted(_registered.values())


def known(name: str) -> Kind:
    """The kind of a stored name. One that nothing registers any more is told by its name, to its own side only."""
    if kind := _registered.get(name):
        return kind
    unknown = Kind(name)
    words = name.replace("_", " ").capitalize().replace("{", "{{").replace("}", "}}")
    unknown.sentence, unknown.about = f"{words}, by {{who}}", ""
    unknown.own_side_only, unknown.of_each, unknown.opens = True, False, None
    return unknown


def about(subject: str) -> list[Kind]:
    return [kind for kind in registered() if kind.about == subject]


def about_a_person() -> list[Kind]:
    """How somebody gets in here, whatever they then do: Owners read it of the people of their team."""
    changed_by_staff = [MEMBER_SWITCHED_OFF, MEMBER_SWITCHED_ON, PERSON_FACTORS_REMOVED, PERSON_SIGNED_OUT]
    return [*of_record_alone(), *changed_by_staff]


def of_record_alone() -> list[Kind]:
    """Those that the timeline never has."""
    return [kind for kind in registered() if kind.about in ("sign-in", "factors", "password")]


def own_side_only() -> list[Kind]:
    return [kind for kind in registered() if kind.own_side_only]


def of_each() -> list[Kind]:
    return [kind for kind in registered() if kind.of_each]


APPLICATION_CREATED = register("APPLICATION_CREATED", "{application} created by {who}", about="details")
APPLICATION_EDITED = register("APPLICATION_EDITED", "{fields} changed by {who}", about="details", own_side_only=True)
APPLICATION_LOGO = register("APPLICATION_LOGO", "Logo {change} by {who}", about="details")
SECRET_CREATED = register(
    "SECRET_CREATED", "Application Secret …{tail} created by {who}", about="credentials", own_side_only=True
)
SECRET_REVEALED = register(
    "SECRET_REVEALED", "Application Secret …{tail} revealed to {who}", about="credentials", own_side_only=True
)
MANIFEST_SAVED = register("MANIFEST_SAVED", "Manifest saved by {who}, {changes}", about="versions", own_side_only=True)
VERSION_CREATED = register("VERSION_CREATED", "Version {version} created by {who}", about="versions")
MEMBER_INVITED = register("MEMBER_INVITED", "{email} invited as {role} by {who}", about="team")
INVITATION_REVOKED = register("INVITATION_REVOKED", "Invitation of {email} taken back by {who}", about="team")
MEMBER_JOINED = register("MEMBER_JOINED", "{who} joined as {role}", about="team")
MEMBER_ROLE = register("MEMBER_ROLE", "{member} is now {role}, changed by {who}", about="team")
MEMBER_REMOVED = register("MEMBER_REMOVED", "{member} removed by {who}", about="team")
MEMBER_LEFT = register("MEMBER_LEFT", "{who} left", about="team")
PERSON_DELETED = register("MEMBER_DELETED", "A member of this team deleted their profile and left", about="team")
MEMBER_SWITCHED_OFF = register("MEMBER_SWITCHED_OFF", "Sign-in of {member} switched off by {who}", about="team")
MEMBER_SWITCHED_ON = register("MEMBER_SWITCHED_ON", "Sign-in of {member} switched on again by {who}", about="team")
PERSON_RIGHTS = register("PERSON_RIGHTS", "{who} changed what {member} may do in this portal to: {now}", about="rights")
GROUP_RIGHTS = register("PERSON_GROUP_RIGHTS", "{who} changed what the group {group} may do to: {now}", about="rights")
# Without the name of before: whoever deletes their profile is named nowhere any more, by none of their names.
PERSON_RENAMED = register("PERSON_RENAMED", "{who} changed the name of a person to {member}", about="rights")
PERSON_SENT_RESET = register("PERSON_SENT_RESET", "{who} sent {member} a link to set a new password", about="rights")
PERSON_SENT_CONFIRMATION = register(
    "PERSON_SENT_CONFIRMATION", "{who} sent {member} another link to confirm their e-mail", about="rights"
)
PERSON_FACTORS_REMOVED = register(
    "PERSON_FACTORS_REMOVED",
    "{who} removed the second factors of {member} and signed them out everywhere",
    about="rights",
)
PERSON_SIGNED_OUT = register("PERSON_SIGNED_OUT", "{who} signed {member} out everywhere", about="rights")
MAIL_SENT_AGAIN = register("MAIL_SENT_AGAIN", "{who} sent a failed e-mail again: {mail}")
MAIL_TRIED_NOW = register("MAIL_TRIED_NOW", "{who} sent a waiting e-mail immediately: {mail}")
ACCOUNT_CREATED = register("ACCOUNT_CREATED", "Account created by {who}", about="account")
ACCOUNT_EDITED = register("ACCOUNT_EDITED", "Account details changed by {who}", about="account")
FACTORS_ASKED = register("ACCOUNT_FACTORS_ASKED", "{who} made a second factor required for members", about="team")
FACTORS_NOT_ASKED = register("ACCOUNT_FACTORS_NOT_ASKED", "{who} stopped requiring a second factor", about="team")
STAFF_ENTERED = register("STAFF_ENTERED", "{who} opened this account's pages {purpose}", about="access")
STAFF_LOOKED = register("STAFF_LOOKED", "{who} looked at {page}", about="access")
STAFF_LEFT = register("STAFF_LEFT", "{who} left this account's pages", about="access")
STAFF_SENT_AWAY = register(
    "STAFF_SENT_AWAY", "{who} ended the access of {member} of this portal's staff", about="access"
)
STAFF_EXPORTED = register("STAFF_EXPORTED", "{number}{with} exported as {way} by {who}{narrowed}")
STAFF_COPIED = register("STAFF_COPIED", "{who} exported {number} of this account with {private}", about="access")

# Of the record alone, which has an end (linnapp.services.audit).
SIGNED_IN = register("SIGN_IN", "{who} signed in with {way}", about="sign-in")
SIGNED_OUT = register("SIGN_OUT", "{who} signed out", about="sign-in")
SIGNED_OUT_ELSEWHERE = register("SIGN_IN_ENDED", "{who} signed out {browsers}", about="sign-in")
SIGNED_OUT_IDLE = register("SIGN_IN_IDLE", "{member} was signed out after {span} without activity", about="sign-in")
SIGN_IN_FAILED = register("SIGN_IN_FAILED", "Wrong {what} for {member}", about="sign-in")
SIGN_IN_UNKNOWN = register("SIGN_IN_UNKNOWN", "Failed sign-in with an unknown address or passkey", about="sign-in")
SIGN_INS_MORE = register("SIGN_IN_MORE", "More failed sign-ins in this hour than are listed", about="sign-in")
FACTOR_ADDED = register("FACTOR_ADDED", "{factor} added by {who}", about="factors")
FACTOR_REMOVED = register("FACTOR_REMOVED", "{factor} removed by {who}", about="factors")
FACTOR_MADE_ANEW = register("FACTOR_MADE_ANEW", "{who} replaced the recovery codes", about="factors")
FACTOR_CODE_USED = register("FACTOR_CODE_USED", "Recovery code used by {who}, {left} left", about="factors")
PASSWORD_CHANGED = register(
    "PASSWORD_CHANGED", "Password changed by {who}, who was signed out everywhere", about="password"
)
PASSWORD_RESET = register(
    "PASSWORD_RESET",
    "{who} reset the password by e-mail and was signed out everywhere",
    about="password",
)
PASSWORD_SET = register("PASSWORD_SET", "{who} set a password with a link in an e-mail", about="password")
EMAIL_CONFIRMED = register("EMAIL_CONFIRMED", "E-mail {email} confirmed by {who}", about="password")
EMAIL_CHANGED = register("EMAIL_CHANGED", "E-mail changed from {before} to {email} by {who}", about="password")
