"""Who typed the password of somebody whose address nobody has confirmed yet.

Anybody may sign up with anybody's address. The mail then asks its reader whether the address is theirs; that they say
yes must not make the password work that a stranger typed. So each browser session keeps for whom a password was typed
in it, and only there does confirming keep that password; anywhere else it is taken away, and a new one set.
"""

from django.http import HttpRequest

from linnapp import credentials
from linnapp.models import User

TYPED = "typed_password_of:"
# The address that somebody signs up with in this browser, whether it is known here or not.
SIGNING_UP = "signing_up_as"


def keep_typed(request: HttpRequest, person: User) -> None:
    """The mark holds for the password as it is: it ends with it."""
    request.session[f"{TYPED}{person.pk}"] = person.get_session_auth_hash()


def was_typed_here(request: HttpRequest, person: User) -> bool:
    kept = request.session.get(f"{TYPED}{person.pk}", "")
    return credentials.same(kept, person.get_session_auth_hash())
