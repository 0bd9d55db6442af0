"""E-mail addresses as mail is sent to them: what cannot be is told where it is typed, and not when a mail is due.
No ORM."""

import idna
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

# RFC 5321, section 4.5.3.1: of the part before the @.
LONGEST_NAME = 64
# Of the whole, and of the column it is kept in.
LONGEST = 254
NO_ADDRESS = "Enter an e-mail address, such as name@example.com."


class NotMailable(ValueError):
    """Why no mail can be sent there, in a sentence for whoever typed it."""


def mailable(text: str) -> str:
    """The address with its domain as mail servers write it: of letters beyond a to z, IDNA makes xn--…. Raises
    NotMailable. Names beyond ASCII before the @ need SMTPUTF8, which few servers on the way have."""
    name, at, domain = text.strip().rpartition("@")
    if not (name and at and domain):
        raise NotMailable(NO_ADDRESS)
    if not (name.isascii() and name.isprintable()):
        raise NotMailable("Before the @, use only the letters a to z, digits and symbols such as . _ + and -.")
    if len(name) > LONGEST_NAME:
        raise NotMailable(f"The part before the @ is longer than {LONGEST_NAME} characters, so no e-mail can reach it.")
    address = f"{name}@{_domain(domain)}"
    if len(address) > LONGEST:
        raise NotMailable(f"Use at most {LONGEST} characters, with the domain as mail servers write it.")
    try:
        validate_email(address)
    except ValidationError:
        raise NotMailable(NO_ADDRESS) from None
    return address


def spelled(text: str) -> str:
    """The same for a look-up, of what may be no address: that stays as it is."""
    try:
        return mailable(text)
    except NotMailable:
        return text


def _domain(domain: str) -> str:
    if domain.isascii() and "xn--" not in domain.lower():
        return domain
    try:
        written = idna.encode(domain, uts46=True).decode("ascii")
        # Labels that came as xn--… must be those of a name.
        idna.decode(written)
    except UnicodeError:
        raise NotMailable("No e-mail can be sent to this domain: it is not a domain name.") from None
    return written
