"""What passkeys are asked to sign, and what they signed.

Nothing that was asked is kept here: it travels in the page, signed, for one person, one browser and five minutes, so
that strangers who ask leave no row and two tabs do not undo one another. That it is taken once stands in the passkey's
own row."""

import json
import struct
import time
from dataclasses import dataclass
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as webauthn
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from fido2.cose import UnsupportedKey
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    PublicKeyCredentialRpEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from linnapp.errors import NotPossible
from linnapp.models import User
from linnapp.services import factors

LASTS_SECONDS = 300
REQUIRED = UserVerificationRequirement.REQUIRED
TOO_LATE = "This took too long. Try again."
NO_GOOD = "This passkey isn’t registered here. Try again, or use another way."
# What reading bytes that somebody made up ends in.
UNREADABLE = (
    AttributeError, IndexError, KeyError, NotImplementedError, OverflowError, TypeError, ValueError, ValidationError,
    struct.error,
)  # fmt: skip


class WrongPasskey(NotPossible):
    """Of `person`, None where nobody here has it: one that opens nothing, or no longer."""

    def __init__(self, person: User | None) -> None:
        super().__init__(NO_GOOD)
        self.person = person


@dataclass(frozen=True)
class Asked:
    """What a browser is told, and what it sends back beside its answer."""

    options: dict[str, Any]
    token: str

    @property
    def as_json(self) -> str:
        return json.dumps(self.options)


def ask_for_new(person: User, browser: str) -> Asked:
    """For a passkey that signs in by itself: kept on the device, and opened by a finger, a face or a PIN."""
    options, state = _server().register_begin(
        user=webauthn.build_user_payload(person),
        credentials=webauthn.get_credentials(person),
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=REQUIRED,
    )
    return _asked(options, state, "new", person, browser)


def ask(person: User | None, browser: str) -> Asked:
    """For a passkey of this person, or of whomever it says."""
    known = webauthn.get_credentials(person) if person else None
    options, state = _server().authenticate_begin(credentials=known, user_verification=REQUIRED)
    return _asked(options, state, "use", person, browser)


def _server() -> Fido2Server:
    """Of one origin: the library's own also takes what was signed on any address below the portal's."""
    relying_party = PublicKeyCredentialRpEntity(**get_adapter().get_public_key_credential_rp_entity())
    return Fido2Server(relying_party, verify_origin=lambda origin: origin == settings.SITE_URL)


def _asked(options: Any, state: Any, act: str, person: User | None, browser: str) -> Asked:
    return Asked(dict(options), signing.dumps({"state": state, "at": time.time()}, salt=_salt(act, person, browser)))


def _salt(act: str, person: User | None, browser: str) -> str:
    return f"passkey {act} {person.pk if person else 'anybody'} {browser}"


def _read(token: str, act: str, person: User | None, browser: str) -> tuple[Any, float]:
    try:
        kept = signing.loads(token, salt=_salt(act, person, browser), max_age=LASTS_SECONDS)
    except signing.BadSignature as error:
        raise NotPossible(TOO_LATE) from error
    return kept["state"], kept["at"]


def made(sent: Any, token: str, person: User, browser: str) -> dict[str, Any]:
    """The new passkey that a browser sent, as it is kept: what is read of it later, and nothing else that was sent.
    Raises NotPossible."""
    state, _ = _read(token, "new", person, browser)
    try:
        data = _server().register_complete(state, sent).credential_data
        registration = RegistrationResponse.from_dict(sent)
    except UNREADABLE as error:
        raise NotPossible(NO_GOOD) from error
    if data is None or isinstance(data.public_key, UnsupportedKey):
        raise NotPossible(NO_GOOD)
    if webauthn.get_authenticator_by_credential_id(person, data.credential_id):
        raise NotPossible("You already have this passkey.")
    response = registration.response
    parts = {"clientDataJSON": response.client_data, "attestationObject": response.attestation_object}
    spelled = websafe_encode(data.credential_id)
    return {
        "id": spelled,
        "rawId": spelled,
        "type": "public-key",
        "response": {name: websafe_encode(part) for name, part in parts.items()},
        "clientExtensionResults": {},
    }


def used(sent: Any, token: str, person: User | None, browser: str) -> Authenticator:
    """The passkey that signed what was asked; of anybody, where no person is given. Raises WrongPasskey for all others
    and for an answer that was given before, and NotPossible for one that comes too late."""
    state, asked_at = _read(token, "use", person, browser)
    try:
        webauthn.parse_authentication_response(sent)
        owner = person or webauthn.extract_user_from_response(sent)
        known = webauthn.get_credentials(owner)
        found = _server().authenticate_complete(state, known, sent)
        passkey = webauthn.get_authenticator_by_credential_id(owner, found.credential_id)
    except UNREADABLE as error:
        raise WrongPasskey(person or _owner(sent)) from error
    if passkey is None or not factors.use_challenge(passkey, asked_at):
        raise WrongPasskey(owner)
    return passkey


def _owner(sent: Any) -> User | None:
    """Whose passkey an answer names. The key of a person alone, which anybody may write into it, makes it nobody's."""
    try:
        named = webauthn.parse_authentication_response(sent).raw_id
        owner: User = webauthn.extract_user_from_response(sent)
        return owner if webauthn.get_authenticator_by_credential_id(owner, named) else None
    except UNREADABLE:
        return None
