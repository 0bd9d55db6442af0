"""The second factors of people: an authenticator app, passkeys, recovery codes. Each code and each challenge is taken
once; which were taken stands in the factor's own row, under a lock, so that two at the same moment pass once."""

from collections.abc import Iterable
from dataclasses import dataclass

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from django.db import transaction

from linnapp.errors import NotPossible
from linnapp.models import User

Type = Authenticator.Type
# All of them are read whenever one is used.
MOST_PASSKEYS = 20
# Of the data that allauth keeps in a factor's row.
LAST_STEP, LAST_CHALLENGE = "last_step", "last_challenge"


def has_factor(person: User) -> bool:
    """Whether signing in asks this person for more than a password."""
    return bool(Authenticator.objects.filter(user=person, type__in=(Type.TOTP, Type.WEBAUTHN)).exists())


def one_is_there(person: User, keys: Iterable[int]) -> bool:
    """Whether a factor of this person with one of these keys was not removed."""
    return bool(Authenticator.objects.filter(user=person, pk__in=keys).exists())


@dataclass(frozen=True)
class Factors:
    """What one person has."""

    app: Authenticator | None
    passkeys: tuple[Authenticator, ...]
    recovery: Authenticator | None

    @property
    def are_there(self) -> bool:
        return bool(self.app or self.passkeys)

    @property
    def are_one(self) -> bool:
        """Removing it leaves the password alone."""
        return bool(self.app) + len(self.passkeys) == 1

    @property
    def codes_left(self) -> int:
        return len(codes_of(self.recovery)) if self.recovery else 0


def factors_of(person: User) -> Factors:
    rows = list(Authenticator.objects.filter(user=person).order_by("pk"))
    one = {row.type: row for row in rows}
    passkeys = tuple(row for row in rows if row.type == Type.WEBAUTHN)
    return Factors(one.get(Type.TOTP), passkeys, one.get(Type.RECOVERY_CODES))


def codes_of(recovery: Authenticator) -> list[str]:
    """The recovery codes that were not used, in the clear."""
    codes: list[str] = recovery.wrap().get_unused_codes()
    return codes


def step_of(secret: str, code: str) -> int | None:
    """The 30 seconds since 1970 that the code of an app with this secret is for; None for a code of any others than now
    and the ones before and after."""
    steps = totp.yield_hotp_counters_from_time()
    values = ((step, totp.format_hotp_value(totp.hotp_value(secret, step))) for step in steps)
    return next((step for step, value in values if compare_user_code(actual=code, expected=value)), None)


@transaction.atomic
def use_code(person: User, code: str) -> Authenticator | None:
    """Uses up a code of the person's app, or one of their recovery codes, and gives the factor that it is of; None for
    one that is wrong, late or used. Of an app no code counts that is older than the last one used."""
    rows = Authenticator.objects.select_for_update().filter(user=person, type__in=(Type.TOTP, Type.RECOVERY_CODES))
    for row in sorted(rows, key=lambda row: row.type == Type.RECOVERY_CODES):
        taken = _use_step(row, code) if row.type == Type.TOTP else row.wrap().validate_code(code)
        if taken:
            return row
    return None


def _use_step(app: Authenticator, code: str) -> bool:
    step = step_of(decrypt(app.data["secret"]), code)
    if step is None or step <= app.data.get(LAST_STEP, 0):
        return False
    keep_step(app, step)
    return True


def keep_step(app: Authenticator, step: int) -> None:
    """The row is held, or not there for others yet."""
    app.data[LAST_STEP] = step
    app.save(update_fields=["data"])


@transaction.atomic
def use_challenge(passkey: Authenticator, asked_at: float) -> bool:
    """Whether a challenge of `asked_at`, in seconds since 1970, is newer than the last one this passkey signed in with;
    from now on it is the last one."""
    row = Authenticator.objects.select_for_update().filter(pk=passkey.pk).first()
    if row is None or asked_at <= row.data.get(LAST_CHALLENGE, 0):
        return False
    row.data[LAST_CHALLENGE] = asked_at
    row.save(update_fields=["data"])
    return True


@transaction.atomic
def rename_passkey(passkey: Authenticator, name: str) -> None:
    """Raises NotPossible where it was removed meanwhile."""
    row = Authenticator.objects.select_for_update().filter(pk=passkey.pk).first()
    if row is None:
        raise NotPossible("This passkey has been removed.")
    row.data["name"] = name
    row.save(update_fields=["data"])


def hold(person: User) -> None:
    """Until the transaction ends nobody else adds or removes a factor of this person."""
    User.objects.select_for_update(no_key=True).get(pk=person.pk)


def refuse_one_too_many(person: User) -> None:
    """Raises NotPossible for another passkey of somebody who has MOST_PASSKEYS. The person is held."""
    if Authenticator.objects.filter(user=person, type=Type.WEBAUTHN).count() >= MOST_PASSKEYS:
        raise NotPossible(f"You already have {MOST_PASSKEYS} passkeys. Remove one that you no longer use first.")
