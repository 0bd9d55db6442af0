"""Second factors of the people of the tests: an app that shows codes, recovery codes, and a passkey that needs no
browser."""

import json
import time
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any

from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.webauthn.internal.auth import WebAuthn
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings
from django.test import Client
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from linnapp.models import Account, Membership, User
from linnapp.services import passkeys, people
from tests.kit.people import PASSWORD
from tests.kit.people import person as make_person

SIGN_IN, FACTOR, SECURITY = "/sign-in/", "/sign-in/factor/", "/profile/security/"
BY_PASSKEY = "/sign-in/passkey/"
ORIGIN = "http://localhost:8000"
HOME = {"Host": "localhost:8000"}
# Of the stage: has an app and a passkey.
FAY = "fay@northwind.example"
# Of the stage: nobody of the demo, with an account that has nothing in it.
INA_AT = "ina@inkwell.example"
# User present, user verified.
PRESENT, VERIFIED = AuthenticatorData.FLAG.UP, AuthenticatorData.FLAG.UV


def with_app(person: User) -> str:
    """The secret of an app that this person has from now on, with recovery codes beside it."""
    secret = str(generate_totp_secret())
    TOTP.activate(person, secret)
    RecoveryCodes.activate(person)
    return secret


def with_both(person: User, name: str) -> Authenticator:
    """The passkey of somebody who has an app and recovery codes as well, made without a page."""
    with_app(person)
    passkey, asked = Passkey(person, settings.SITE_URL), passkeys.ask_for_new(person, "")
    kept = passkeys.made(json.loads(passkey.answer(asked.options)), asked.token, person, "")
    row: Authenticator = WebAuthn.add(person, name, kept).instance
    return row


def forget_password(person: User) -> None:
    person.set_unusable_password()
    person.save(update_fields=["password"])


def second_factors(alice: User) -> dict[str, str]:
    """What the stage sets, and what its addresses are made of."""
    fay = make_person("Fay", FAY)
    with_both(fay, "Phone")
    return {
        "person": str(fay.pk),
        "passkey": str(with_both(alice, "Work laptop").pk),
        **account_that_asks(fay),
    }


def account_that_asks(owner: User) -> dict[str, str]:
    """Of its members for a second factor: Bob has one, Dave none."""
    account = people.create_account(name="Firm Hand", owner=owner)
    Account.objects.filter(pk=account.pk).update(members_need_factor=True)
    for name in ("Bob", "Dave"):
        Membership.objects.create(account=account, user=User.objects.get(name=name), role=Membership.Role.DEVELOPER)
    with_app(User.objects.get(name="Bob"))
    return {"asking account": account.slug}


def recovery_codes(person: User) -> list[str]:
    row = Authenticator.objects.get(user=person, type=Authenticator.Type.RECOVERY_CODES)
    codes: list[str] = row.wrap().get_unused_codes()
    return codes


def code_of(secret: str, steps: int = 0) -> str:
    """What an app with this secret shows so many times 30 seconds from now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))


def wrong_code(secret: str) -> str:
    """None of those that could be right within this minute."""
    right = {code_of(secret, steps) for steps in range(-3, 4)}
    return next(code for code in map("{:06}".format, range(10)) if code not in right)


def past_the_password(person: User, browser: Client | None = None, **sent: str) -> Client:
    """A browser in which the right password was given, and that is asked for more."""
    browser = browser or Client()
    answer = browser.post(SIGN_IN, {"login": person.email, "password": PASSWORD, **sent})
    assert answer.headers["Location"] == FACTOR
    return browser


def is_signed_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def public_part(key: ec.EllipticCurvePrivateKey) -> ES256:
    numbers = key.public_key().public_numbers()
    return ES256({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})


@dataclass
class Passkey:
    """What a browser and a device do, without either."""

    person: User
    origin: str = ORIGIN
    flags: AuthenticatorData.FLAG = PRESENT | VERIFIED
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: token_bytes(16))

    def answer(self, options: dict[str, Any]) -> str:
        """What a page posts when it is created with these options."""
        data = AttestedCredentialData.create(b"\0" * 16, self.credential_id, public_part(self.key))
        flags = self.flags | AuthenticatorData.FLAG.AT
        seen = AuthenticatorData.create(sha256(b"localhost"), flags, 0, data)
        made = AttestationObject.create("none", seen, {})
        return self._written({"clientDataJSON": self._client("webauthn.create", options), "attestationObject": made})

    def sign(self, options: dict[str, Any]) -> str:
        """What a page posts when it is used."""
        seen = AuthenticatorData.create(sha256(b"localhost"), self.flags, 0)
        client = self._client("webauthn.get", options)
        signature = self.key.sign(seen + sha256(client), ec.ECDSA(SHA256()))
        handle = user_pk_to_url_str(self.person).encode()
        parts = {"clientDataJSON": client, "authenticatorData": seen, "signature": signature, "userHandle": handle}
        return self._written(parts)

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        asked = {"type": kind, "challenge": options["publicKey"]["challenge"], "origin": self.origin}
        return json.dumps(asked).encode()

    def _written(self, parts: dict[str, bytes]) -> str:
        response = {name: websafe_encode(part) for name, part in parts.items()}
        spelled = websafe_encode(self.credential_id)
        kept = {"id": spelled, "rawId": spelled, "type": "public-key", "response": response}
        return json.dumps(kept | {"clientExtensionResults": {}})


def at_home() -> Client:
    """A browser at the address that passkeys belong to."""
    return Client(headers=HOME)


def answered(passkey: Passkey, page: Any, **more: str) -> dict[str, str]:
    """What the page posts when the passkey is used there."""
    asked = page.context["asked"]
    return {"credential": passkey.sign(asked.options), "asked": asked.token, **more}


def made(passkey: Passkey, page: Any, name: str = "Laptop") -> dict[str, str]:
    """What the page posts when the passkey is made there."""
    asked = page.context["asked"]
    return {"name": name, "credential": passkey.answer(asked.options), "asked": asked.token}


def with_passkey(person: User, browser: Client) -> Passkey:
    """A passkey that the person, signed in there, has from now on."""
    passkey = Passkey(person)
    address = f"{SECURITY}passkeys/add/"
    answer = browser.post(address, made(passkey, browser.get(address, headers=HOME)), headers=HOME)
    assert answer.status_code == 302, answer.context["form"].errors
    return passkey


def answered_alone(passkey: Passkey, browser: Client, **more: str) -> dict[str, str]:
    """The same for the page of the sign-in, whose script asks first."""
    asked = browser.get(BY_PASSKEY, headers={"Accept": "application/json"}).json()
    return {"credential": passkey.sign(asked["options"]), "asked": asked["asked"], **more}
