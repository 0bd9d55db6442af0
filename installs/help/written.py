"""What people write to support, and support writes, as it is kept: without a token or secret."""

from installs.models import PermanentToken, Session
from linnapp import credentials
from linnapp.errors import NotPossible
from linnapp.models import Secret

LEFT_OUT = "…{tail} (left out: this is or was a token or secret, which support never needs)"
Span = tuple[int, int, str]


def without_credentials(text: str) -> str:
    """The same without the tokens and secrets of this portal that somebody pasted in good faith: mails and pages carry
    it on. Ids, which are spelled the same, stay."""
    for begin, end, value in reversed(credentials_in(text)):
        text = text[:begin] + LEFT_OUT.format(tail=credentials.tail(value)) + text[end:]
    return text


def refuse_credentials(text: str) -> None:
    """Raises NotPossible where the text holds a secret or token of this portal, also one that has ended: people of
    support paste what customers send."""
    if found := credentials_in(text):
        named = credentials.masked(found[0][2])
        raise NotPossible(f"This contains a secret or token, {named}. Write only its last four characters.")


def credentials_in(text: str) -> list[Span]:
    """Begin, end and value of each token and secret of this portal in it, also those that have ended, in the order they
    stand. A signing secret is known by its shape."""
    signing = [(*found.span(), found[0]) for found in credentials.SIGNING_SHAPE.finditer(text)]
    spelled = credentials.loosely_spelled(text)
    known = _known({credentials.digest(value) for _, _, value in spelled}) if spelled else set()
    ours = [span for span in spelled if credentials.digest(span[2]) in known]
    return sorted(_apart([*signing, *ours]))


def _known(digests: set[str]) -> set[str]:
    models = (PermanentToken, Session, Secret)
    found = (model._default_manager.filter(digest__in=digests).values_list("digest", flat=True) for model in models)
    return {digest for rows in found for digest in rows}


def _apart(spans: list[Span]) -> list[Span]:
    """Without those that begin within another."""
    kept: list[Span] = []
    for span in sorted(spans):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept
