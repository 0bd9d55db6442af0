"""How much one may have, and may ask for in a time, so that nobody's load is another's. The settings say how much.

What is had is counted in its rows, which the caller holds together by a lock; what is asked for in rows of `knocks`, by
one atomic statement, and within the transaction: what does not happen is not counted. Staff, who answer for what they
do by name and reason, are held by none of it but the tests, which knock at the doors of strangers.
"""

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from linnapp import kinds, web_servers
from linnapp.actors import Actor
from linnapp.errors import OverQuota
from linnapp.models import Account, Application, TimelineEntry, User
from linnapp.models.timeline import TimelineEntryQuerySet
from linnapp.services import knocks
from linnapp.services.knocks import DAY, Limit
from linnapp.words import counted

RAISED = "This portal's staff can raise the limit."
MINUTE = 60
# Times what one may, of all accounts together.
BY_ALL = 5
# Times what one may have, made in a day: each of them given up once, and made anew.
ANEW = 2
# This part of the tests of a host is kept for each person.
KEPT = 12
Counting = tuple[Limit, tuple[object, ...]]


def count_account(person: User) -> None:
    """Raises OverQuota for one account too many: of those that they opened and still own, and of those opened in a
    day, whoever owns them now."""
    refuse_account(person)
    most = settings.ACCOUNTS_PER_PERSON * ANEW
    said = f"You may create {counted(most, 'account')} in 24 hours. The next one can be created in"
    _count((_limit("accounts of a person a day", most, DAY, said), (person.pk,)))


def refuse_account(person: User) -> None:
    """Raises OverQuota for one account too many. Counted are those that they opened and still own: who is invited to
    the accounts of many customers opens their own all the same."""
    most = settings.ACCOUNTS_PER_PERSON
    if _opened_and_owned(person).count() >= most:
        raise OverQuota(
            f"You may have {counted(most, 'account')} that you created. Use one of them, or hand one over to another "
            f"Owner and leave it. {RAISED}"
        )


def refuse_seat_of_owner(account: Account, person: User, *, by: Actor) -> None:
    """Raises OverQuota for somebody who handed this account over, and has as many others by now. The caller holds
    the person."""
    if by.may_act_as_staff or not _opened_by(person).filter(account_id=account.pk).exists():
        return
    most = settings.ACCOUNTS_PER_PERSON
    if _opened_and_owned(person).exclude(pk=account.pk).count() >= most:
        raise OverQuota(
            f"{person} created {account} and handed it over. One person may have {counted(most, 'account')} that they "
            f"created, and cannot be its Owner again until they leave one. {RAISED}"
        )


def _opened_by(person: User) -> TimelineEntryQuerySet:
    return TimelineEntry.objects.of_kinds(kinds.ACCOUNT_CREATED).by_person(person).filter(application_id=None)


def _opened_and_owned(person: User) -> QuerySet[Account]:
    return Account.objects.owned_by(person).filter(Exists(_opened_by(person).filter(account_id=OuterRef("pk"))))


def count_application(account: Account, *, by: Actor) -> None:
    """Raises OverQuota for one application too many: of those that are not retired, and of those made in a day,
    whatever became of them."""
    if by.may_act_as_staff:
        return
    refuse_application(account)
    most = settings.APPLICATIONS_PER_ACCOUNT * ANEW
    said = f"{account} may create {counted(most, 'application')} in 24 hours. The next one can be created in"
    _count((_limit("applications of an account a day", most, DAY, said), (account.pk,)))


def refuse_application(account: Account) -> None:
    most = settings.APPLICATIONS_PER_ACCOUNT
    if Application.objects.of_account(account.slug).not_retired().count() >= most:
        raise OverQuota(f"{account} may have {counted(most, 'application')}. Remove one that is not used. {RAISED}")


def count_version(account: Account, *, by: Actor) -> None:
    if by.may_act_as_staff:
        return
    most = settings.VERSIONS_PER_DAY
    said = f"{account} may release {counted(most, 'version')} in 24 hours. The next one can be released in"
    _count((_limit("versions of an account a day", most, DAY, said), (account.pk,)))


def count_invitation(account: Account, email: str, *, by: Actor) -> None:
    """By the account, by who invites over all their accounts, by each of these and the address, and last by the address
    alone: whoever invites one address many times leaves others their invitations."""
    if by.may_act_as_staff:
        return
    most, to_one = settings.INVITATIONS_PER_DAY, settings.INVITATIONS_PER_DAY_TO_ONE
    invites = f"may invite {counted(most, 'person', 'people')} in 24 hours. The next one can be invited in"
    same = f"may invite one address {times(to_one)} in 24 hours. The link in the newest e-mail to {email} works."
    again = f"{same} The next one can be sent in"
    by_all = f"All accounts together may invite one address {times(to_one * BY_ALL)} in 24 hours."
    to_address = f"{by_all} {email} can be invited again in"
    invited = knocks.folded(email)
    _count(
        (_limit("invitations of an account a day", most, DAY, f"{account} {invites}"), (account.pk,)),
        (_limit("invitations of a person a day", most, DAY, f"You {invites}"), (by.reader.pk,)),
        (_limit("invitations of one by an account a day", to_one, DAY, f"{account} {again}"), (account.pk, invited)),
        (_limit("invitations of one by a person a day", to_one, DAY, f"You {again}"), (by.reader.pk, invited)),
        (_limit("invitations of an address a day", to_one * BY_ALL, DAY, to_address), (invited,)),
    )


def count_test(url: str, *, by: Actor) -> None:
    """A test postback, test event or test of a connector: by who asks, over all their accounts, and by the host that it
    goes to, whoever asks. A few at each host are kept for each person: others cannot use these up."""
    host = hostname_of(url)
    most, to_host = settings.TESTS_PER_MINUTE, settings.TESTS_PER_MINUTE_TO_HOST
    of_person = f"You may send {counted(most, 'test')} a minute. Wait"
    at_host = f"All people together may send {counted(to_host, 'test')} a minute to {host}. Wait"
    person = (_limit("tests of a person", most, MINUTE, of_person), (by.reader.pk,))
    kept = (_limit("tests of a person at a host", to_host // KEPT, MINUTE, at_host), (by.reader.pk, host))
    all_there = (_limit("tests of a host", to_host, MINUTE, at_host), (host,))
    _count(person)
    if to_host < KEPT or not _is_counted(kept):
        _count(all_there)
    else:
        _is_counted(all_there)


def _is_counted(of: Counting) -> bool:
    try:
        knocks.count_each(of)
    except knocks.TooOften:
        return False
    return True


def times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number) or counted(number, "time")


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
        raise OverQuota(str(refused.message)) from refused
