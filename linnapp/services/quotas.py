"""How much one may have, and may ask for in a time, so that nobody's load is another's. The settings say how much.

What is had is counted in its rows, which the caller holds together by a lock; what is asked for in rows of `knocks`, by
one atomic statement, and within the transaction: what does not happen is not counted. Staff, who answer for what they
do by name and reason, are held by none of it but the tests, which knock at the doors of strangers.
"""

from django.conf import settings
from django.db.models import Exists, OuterRef

from linnapp import kinds, web_servers
from linnapp.actors import Actor
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, TimelineEntry, User
from linnapp.services import knocks
from linnapp.services.knocks import DAY, Limit
from linnapp.words import counted

RAISED = "Whoever runs this portal can raise the limit."
MINUTE = 60
Counting = tuple[Limit, tuple[object, ...]]


def refuse_account(person: User) -> None:
    """Raises NotPossible for one account too many. Counted are those that they opened and still own: who is invited to
    the accounts of many customers opens their own all the same."""
    opened = TimelineEntry.objects.of_kinds(kinds.ACCOUNT_CREATED).by_person(person)
    by_them = opened.filter(application_id=None, account_id=OuterRef("pk"))
    most = settings.ACCOUNTS_PER_PERSON
    if Account.objects.owned_by(person).filter(Exists(by_them)).count() >= most:
        raise NotPossible(
            f"You opened {counted(most, 'account')}, and one person has no more. Use one of them, or hand one over to "
            f"another Owner and leave it. {RAISED}"
        )


def refuse_application(account: Account, *, by: Actor) -> None:
    """Raises NotPossible for one application too many. One that is retired is not counted."""
    most = settings.APPLICATIONS_PER_ACCOUNT
    if not by.may_act_as_staff and Application.objects.of_account(account.slug).not_retired().count() >= most:
        raise NotPossible(
            f"{account} has {counted(most, 'application')}, and an account has no more. Delete or retire one that is "
            f"not used. {RAISED}"
        )


def count_version(account: Account, *, by: Actor) -> None:
    if by.may_act_as_staff:
        return
    most = settings.VERSIONS_PER_DAY
    said = f"{account} released {counted(most, 'version')} today. The next one can be released in"
    _count((_limit("versions of an account a day", most, DAY, said), (account.pk,)))


def count_invitation(account: Account, email: str, *, by: Actor) -> None:
    """By the account, by who invites over all their accounts, and by the address, whoever invites it."""
    if by.may_act_as_staff:
        return
    most, to_one = settings.INVITATIONS_PER_DAY, settings.INVITATIONS_PER_DAY_TO_ONE
    invited = f"{counted(most, 'person was', 'people were')} invited to {account} today."
    of_account = f"{invited} The next one can be invited in"
    of_person = f"You invited {counted(most, 'person', 'people')} today. The next one can be invited in"
    mailed = f"{email} was invited {counted(to_one, 'time')} today: the links are in those mails."
    to_address = f"{mailed} The next one can be sent in"
    _count(
        (_limit("invitations of an account a day", most, DAY, of_account), (account.pk,)),
        (_limit("invitations of a person a day", most, DAY, of_person), (by.reader.pk,)),
        (_limit("invitations of an address a day", to_one, DAY, to_address), (knocks.folded(email),)),
    )


def count_test(url: str, *, by: Actor) -> None:
    """A test postback, test event or test of a connector: by who asks, over all their accounts, and by the host that it
    goes to, whoever asks."""
    host = hostname_of(url)
    most, to_host = settings.TESTS_PER_MINUTE, settings.TESTS_PER_MINUTE_TO_HOST
    of_person = f"You sent {counted(most, 'test')} in the last minute. Wait"
    at_host = f"{host} was sent {counted(to_host, 'test')} in the last minute, by all who test there. Wait"
    _count(
        (_limit("tests of a person", most, MINUTE, of_person), (by.reader.pk,)),
        (_limit("tests of a host", to_host, MINUTE, at_host), (host,)),
    )


def hostname_of(url: str) -> str:
    """What an address leads to, whatever the port: servers are counted by it, in one spelling."""
    return web_servers.host_of(url)


def _limit(name: str, most: int, seconds: int, said: str) -> Limit:
    """`said` ends where the time to wait goes on."""
    literal = said.replace("{", "{{").replace("}", "}}")
    return Limit(name, most, seconds, f"{literal} {{wait}}. {RAISED}", proven=True)


def _count(*of: Counting) -> None:
    try:
        knocks.count_each(*of)
    except knocks.TooOften as refused:
        raise NotPossible(str(refused.message)) from refused
