"""Every secret of the portal is made, digested, encrypted, compared and masked here, and nowhere else.

Three kinds of value: *credentials* that clients parse as a UUID (Application Secret, permanent token, session token),
128 random bits each; *signing secrets*, which sign postbacks; and *link keys* in mails. Because credentials are random,
a fast keyed digest finds them: a password hash would cost 100 ms for nothing.
"""

import hmac
import json
import re
import secrets
from base64 import b32decode, b32encode, b64decode, b64encode
from collections.abc import Collection, Iterator
from functools import lru_cache
from hashlib import blake2b
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from django.conf import settings

from linnapp import json_texts

UUID_SHAPE = re.compile(r"\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?", re.IGNORECASE)
# A dash, also as scripts, addresses and pages escape it; a UUID with such dashes; what may be left of one that was cut.
_DASH = r"(?:-|%(?:25){0,3}2d|\\{1,4}(?:u00|x)2d|&\#(?:0{0,6}45|x0{0,6}2d);)"
_DASHES = re.compile(_DASH, re.IGNORECASE)
_SPELLINGS = re.compile(rf"\{{?[0-9a-f]{{8}}{_DASH}?(?:[0-9a-f]{{4}}{_DASH}?){{3}}[0-9a-f]{{12}}\}}?", re.IGNORECASE)
_BEGUN = re.compile(rf"\{{?(?:[0-9a-f]|{_DASH}){{1,36}}[\\&%#;xu0-9]{{0,6}}$", re.IGNORECASE)
# Characters of the longest spelling of one.
_LONGEST_SPELLING = 100

# 32 hexadecimal digits wherever they begin, with what mails, addresses and line ends put between them.
_BETWEEN = r"(?:[\s{}\u00ad\u200b\u2010-\u2015\u2060\u2212\ufe58\ufe63\uff0d-]|%(?:20|2d|0a|0d)){0,4}"
_LOOSE = re.compile(rf"(?=((?:[0-9a-f]{_BETWEEN}){{31}}[0-9a-f]))", re.IGNORECASE)
# What a receiver may put between the digits of the value that it was sent: one of these, or any character that is none.
_ESCAPE = re.compile(
    r"&(?:amp;)?(?:\#\d{1,7}|\#x[0-9a-f]{1,6}|[a-z]{2,12});|%(?:25){0,3}[0-9a-f]{2}|=[0-9a-f]{2}"
    r"|\\{1,4}(?:u[0-9a-f]{4}|x[0-9a-f]{2}|u\{[0-9a-f]{1,6}\})|<[^<>]{1,16}>",
    re.IGNORECASE,
)
_DIGITS = frozenset("0123456789abcdef")
# How many of them in a row; of a value that was cut, how many digits are one, and how far from the end its last stands.
_MOST_BETWEEN, _FEWEST_BEGUN, _NEAR_END = 8, 6, 12
# Letters and digits in a row that are a part of a value and no coincidence.
_PART = 12
_LOOSE_PART = re.compile(r"%(?:20|2d|0a|0d)|[^0-9a-f]", re.IGNORECASE)

# What other people's servers call what opens something; and an unbroken run that could be such a value (a JWT, a key).
SECRET_NAMES = re.compile(r"token(?!_?type)|secret|passw|jwt|bearer|session|credential|api_?key|\bsid\b", re.IGNORECASE)
PLAIN_NAME = re.compile(r"[A-Za-z]+(?:_[A-Za-z]+)*")
OPAQUE = re.compile(r"[A-Za-z0-9+/_.~=%-]{20,}")
# Of an address, also in the middle of a text: what stands before its host, the values of its query, and a part of its
# path or fragment that could be a key: long, with letters and digits. A placeholder of ours is none.
_USERINFO = re.compile(r"(?<=://)[^/?#@\s]+(?=@)")
_IN_QUERY = re.compile(r"(?<=[?&;#])[^&;#\s]+")
_PLACEHOLDER = re.compile(r"\[\{\w+\}\]")
_KEY_IN_PATH = re.compile(r"(?<=[/#])(?=[^/?#\s]*\d)(?=[^/?#\s]*[A-Za-z])[\w.~%+=-]{20,}(?=[/?#\s]|$)")

SIGNING_PREFIX = "whsec_"
SIGNING_SHAPE = re.compile(rf"{SIGNING_PREFIX}[A-Za-z0-9+/_-]{{20,}}={{0,2}}")
# What Standard Webhooks asks of a signing secret, in bytes.
SIGNING_BYTES = range(24, 64 + 1)


class WrongKey(Exception):
    """The value was encrypted with a key that CREDENTIAL_KEYS does not hold."""


def new_credential() -> str:
    """128 random bits, written as a UUID with dashes, which is what clients of the protocol parse."""
    return str(UUID(bytes=secrets.token_bytes(16)))


def new_link_key() -> str:
    """192 random bits for a link in a mail."""
    return secrets.token_urlsafe(24)


def new_signing_secret() -> str:
    """192 random bits, written as Standard Webhooks writes them, which is what its libraries read."""
    return SIGNING_PREFIX + b64encode(secrets.token_bytes(24)).decode()


def is_signing_secret(text: str) -> bool:
    """Whether `sign` can sign with this."""
    try:
        return bool(_signing_key(text))
    except ValueError:
        return False


def sign(secret: str, message: bytes) -> str:
    """HMAC-SHA256 in base64, the `v1` of Standard Webhooks. Raises ValueError for what is no signing secret."""
    return b64encode(hmac.digest(_signing_key(secret), message, "sha256")).decode()


def _signing_key(secret: str) -> bytes:
    key = b64decode(secret.removeprefix(SIGNING_PREFIX), validate=True)
    if not secret.startswith(SIGNING_PREFIX) or len(key) not in SIGNING_BYTES:
        raise ValueError(f"A signing secret is “{SIGNING_PREFIX}” and the base64 of 24 to 64 bytes.")
    return key


def is_encryption_key(text: str) -> bool:
    """Whether CREDENTIAL_KEYS may hold this."""
    try:
        return bool(Fernet(text))
    except ValueError:
        return False


def canonical(value: str) -> str | None:
    """32 hexadecimal digits of a UUID written with or without dashes and braces, in any case; None for other text."""
    value = value.strip()
    if not UUID_SHAPE.fullmatch(value):
        return None
    return value.strip("{}").replace("-", "").lower()


def loosely_spelled(text: str) -> list[tuple[int, int, str]]:
    """Begin, end and digits of all that could be a value of ours in a text that somebody pasted, however it was broken
    up on the way. They overlap: which are values is for their digests to say."""
    found = ((match.start(1), match.end(1), match[1]) for match in _LOOSE.finditer(text))
    return [(begin, end, _LOOSE_PART.sub("", spelled).lower()) for begin, end, spelled in found]


def digest(value: str) -> str:
    """Keyed digest by which a value is found, 64 hexadecimal digits. A UUID has one digest in all its spellings."""
    spelled = canonical(value) or value
    return blake2b(spelled.encode(errors="replace"), key=settings.DIGEST_KEY.encode()[:64], digest_size=32).hexdigest()


def digest_of(*parts: object) -> str:
    """Keyed digest of several values together: no other values, however they are cut, have the same."""
    return digest(json.dumps([str(part) for part in parts]))


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(value: str) -> str:
    return encrypt_bytes(value.encode())


def decrypt(encrypted: str) -> str:
    """The value again; raises WrongKey rather than return anything else."""
    return decrypt_bytes(encrypted).decode()


def encrypt_bytes(content: bytes) -> str:
    """For a part of a file; a third longer than what it holds."""
    return _cipher(tuple(settings.CREDENTIAL_KEYS)).encrypt(content).decode()


def decrypt_bytes(encrypted: str) -> bytes:
    """The content again; raises WrongKey rather than return anything else."""
    try:
        return _cipher(tuple(settings.CREDENTIAL_KEYS)).decrypt(encrypted.encode())
    except InvalidToken as error:
        raise WrongKey("These keys cannot read this value: restore the `.env` it was made with.") from error


def new_canary() -> str:
    """A known word with its digest, encrypted: what other keys cannot read back."""
    return encrypt(digest("canary"))


def reads(canary: str) -> bool:
    """Whether CREDENTIAL_KEYS and DIGEST_KEY are those that the canary was made with."""
    try:
        return same(decrypt(canary), digest("canary"))
    except WrongKey:
        return False


def may_be_in(text: str) -> bool:
    """Whether showing the text again could show a credential: a UUID in any spelling, or a signing secret."""
    return _SPELLINGS.search(text) is not None or SIGNING_PREFIX in text.lower()


def number_in(text: str) -> int:
    """How many of those there are."""
    return sum(1 for _ in _SPELLINGS.finditer(text)) + text.lower().count(SIGNING_PREFIX)


def tail(value: str) -> str:
    """The last four characters: enough to tell two values apart, of no use to anybody else."""
    return value[-4:]


def masked(value: str) -> str:
    return f"…{tail(value)}"


def without_values(text: str, known: Collection[UUID] = ()) -> str:
    """The text with every UUID but these shortened to its tail, in whatever spelling it stands."""
    kept = {value.hex for value in known}
    return _SPELLINGS.sub(lambda found: _unless(kept, found.group()), text)


def _unless(kept: Collection[str], value: str) -> str:
    return value if canonical(_DASHES.sub("-", value)) in kept else f"[{masked(value.strip('{}'))}]"


def without_begun(text: str) -> str:
    """A text that was cut, without what may be left of a UUID at its end, which has no longer its shape. Looked for at
    the end only, because looking through all of a long text takes its time."""
    return text[:-_LONGEST_SPELLING] + _BEGUN.sub("", text[-_LONGEST_SPELLING:])


def masked_addresses(text: str) -> str:
    """The text with the keys in its addresses left out: what is told of a PostbackUrl to whoever is not of its team.
    Scheme, host, path and the names in the query stay, and so do placeholders."""
    if "://" not in text:
        return text
    text = _IN_QUERY.sub(lambda found: _named_only(found.group()), _USERINFO.sub("…", text))
    return _KEY_IN_PATH.sub("…", without_values(text))


def _named_only(part: str) -> str:
    name, equals, value = part.partition("=") if "=" in part else ("", "", part)
    return f"{name}{equals}{value if _PLACEHOLDER.fullmatch(value) else '…'}"


def masked_parameter(name: str, value: str) -> str:
    """A parameter of a module, as staff read it: nothing of a value that is named or looks like a secret."""
    if not value:
        return value
    if "://" in value:
        return masked_addresses(value)
    looks_so = OPAQUE.fullmatch(value) and re.search(r"\d", value) and re.search(r"[A-Za-z]", value)
    return "…" if SECRET_NAMES.search(name) or looks_so or UUID_SHAPE.search(value) else value


def without_opaque(text: str, values: Collection[str] = ()) -> str:
    """For what another server said: without these values, and without whatever could be one."""
    return OPAQUE.sub(lambda found: f"[{masked(found.group())}]", without_values(without_these(text, values)))


def without_these(text: str, values: Collection[str], *, is_cut: bool = False) -> str:
    """Without these values, in any letter case; a credential also where its digits are broken up, and of a text that
    `is_cut` without what may be left of one at its end. Each takes time as the text is long."""
    for value in filter(None, values):
        digits = canonical(value)
        found = _broken_up(text, digits, is_cut) if digits else _literally(text, value)
        shown, seen = [], 0
        for begin, end in found:
            shown += [text[seen:begin], f"[{masked(value)}]" if begin >= seen else ""]
            seen = max(seen, end)
        text = "".join([*shown, text[seen:]])
    return text


def _literally(text: str, value: str) -> Iterator[tuple[int, int]]:
    """Found as bytes are: an expression that ignores letter case compares a long value anew at every character."""
    lowered, wanted = _lowered(text), _lowered(value)
    begin = lowered.find(wanted)
    while begin >= 0:
        yield begin, begin + len(wanted)
        begin = lowered.find(wanted, begin + len(wanted))


def _lowered(text: str) -> str:
    """As long as it was."""
    if text.isascii():
        return text.lower()
    return "".join(lower if len(lower := letter.lower()) == 1 else letter for letter in text)


def _broken_up(text: str, digits: str, is_cut: bool) -> list[tuple[int, int]]:
    """Where these digits stand, whatever is between them. At each place is known how many of them may have been seen,
    with how much since the last one and where they began: those that are few, because digits are random."""
    found: list[tuple[int, int]] = []
    if len(text) < len(digits) and not is_cut:
        return found
    begun, text = len(text), _lowered(text)
    ahead: dict[int, dict[int, tuple[int, int]]] = {}
    at = text.find(digits[0])
    while 0 <= at < len(text):
        seen = ahead.pop(at, {})
        if text[at] in _DIGITS:
            for number, (_, begin) in (seen | {0: (0, at)}).items():
                if digits[number] != text[at]:
                    continue
                if number + 1 == len(digits):
                    found.append((begin, at + 1))
                    continue
                ahead.setdefault(at + 1, {})[number + 1] = 0, begin
                if number + 1 >= _FEWEST_BEGUN and at >= len(text) - _NEAR_END:
                    begun = min(begun, begin)
        elif seen:
            escape = _ESCAPE.match(text, at)
            for end in {at + 1, escape.end() if escape else at + 1}:
                if later := _passed_on(seen, ahead.get(end, {})):
                    ahead[end] = later
        at = at + 1 if ahead else text.find(digits[0], at + 1)
    return [*found, (begun, len(text))] if is_cut and begun < len(text) else found


def _passed_on(seen: dict[int, tuple[int, int]], later: dict[int, tuple[int, int]]) -> dict[int, tuple[int, int]]:
    """`later` with what is seen a character or escape before: of each number the one with less in between."""
    longer = {number: (between + 1, begin) for number, (between, begin) in seen.items() if between < _MOST_BETWEEN}
    return later | {number: min(place, later.get(number, place)) for number, place in longer.items()}


def part_in(text: str, values: Collection[str]) -> bool:
    """Whether the text holds a dozen letters and digits in a row of one of the values, whatever stands between them.
    Words are none: one of the digits has to be among them."""
    letters = _letters_of(text)
    pieces = {letters[at : at + _PART] for at in range(len(letters) - _PART + 1)}
    told = [piece for piece in pieces if not piece.isalpha()]
    return any(piece in _letters_of(value) for value in values for piece in told)


def _letters_of(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def without_secrets(text: str, values: Collection[str] = ()) -> str:
    """The same for a whole body; in JSON the values of members named like secrets are left out whatever they are."""
    try:
        # What can be read may still be too deep to be walked through and written.
        return json.dumps(_emptied(json_texts.load(text), values), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return without_opaque(text, values)


def _emptied(value: object, values: Collection[str]) -> object:
    if isinstance(value, list):
        return [_emptied(each, values) for each in value]
    if isinstance(value, dict):
        return {
            _name(name, values): "[hidden]" if each and SECRET_NAMES.search(name) else _emptied(each, values)
            for name, each in value.items()
        }
    return _plain(value, values)


def _plain(value: object, values: Collection[str]) -> object:
    """A text, or a number: a long one could be a value too. None, True and False are none."""
    shown = without_opaque(str(value), values)
    return value if shown == str(value) else shown


def _name(name: str, values: Collection[str]) -> str:
    """Of a member: words in a row are long, and no value."""
    return without_these(name, values) if PLAIN_NAME.fullmatch(name) else without_opaque(name, values)


def new_reference() -> str:
    """What a person reads out to support: no secret, but not to be guessed from the one before either."""
    return secrets.token_hex(8)


@lru_cache(maxsize=4)
def _block_cipher(digest_key: str) -> Cipher[ECB]:
    """Of one block with random bits in it: two that are alike in part have nothing in common."""
    key = blake2b(b"sealed references", key=digest_key.encode()[:64], digest_size=16).digest()
    return Cipher(AES(key), ECB())


def sealed(content: bytes) -> str:
    """11 bytes as 26 letters and digits, others each time. Whoever has no DIGEST_KEY reads nothing in them, not even
    whether two hold the same, and can make none."""
    block = content + secrets.token_bytes(5)
    return b32encode(_block_cipher(settings.DIGEST_KEY).encryptor().update(block)).decode().rstrip("=").lower()


def opened(text: str) -> bytes:
    """What was sealed; of a text that nobody sealed, bytes without a meaning. Raises ValueError for another shape."""
    encrypted = b32decode(text.upper() + "======")
    return _block_cipher(settings.DIGEST_KEY).decryptor().update(encrypted)[:11]
