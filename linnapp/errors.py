"""What services raise when a person asks for something that cannot be done."""

from collections.abc import Callable


class NotPossible(Exception):
    """A refusal in words: what is so, and what to do about it. Shown to the person as it is."""


class OverQuota(NotPossible):
    """There are so many already, or were so many lately: no field of a form is wrong."""


class SignInIsOld(Exception):
    """Whoever acts would show or move a secret, and has not signed in within minutes; or acts on a page without the
    mark of `linnapp.signing_in.fresh_sign_ins`, which makes a question of this."""


class Moved(Exception):
    """Somebody else saved first: what the person started from is no longer what stands."""


def refused(check: Callable[..., None], *of: object) -> str:
    """What a service would refuse, before anything is typed for it; "" where it would not."""
    try:
        check(*of)
    except NotPossible as refusal:
        return str(refusal)
    return ""
