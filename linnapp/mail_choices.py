"""Which mails a person wants: asked by `linnapp.mail`, where each is written, and chosen under Profile, E-mails."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from linnapp.models import Account, MailRefusal, OutgoingMail, User

Kind = OutgoingMail.Kind


@dataclass(frozen=True)
class Choice:
    """A kind of mail that may be switched off. `owners`: only they get it; `staff`: only support does, and it is about
    their work, whatever the account."""

    kind: str
    label: str
    hint: str
    owners: bool = False
    staff: bool = False

    def accounts(self, person: User) -> Sequence[Account]:
        if self.staff:
            return []
        seats = Account.objects.owned_by(person) if self.owners else Account.objects.with_seat_of(person)
        return list(seats)


# All others always come: what lets somebody in, who came in, and what somebody else did to what is theirs.
CHOICES = (
    Choice(
        Kind.UPDATES,
        "Updates of installed applications",
        "When there is another version of an application you have installed. At most one e-mail a week.",
        owners=True,
    ),
    Choice(
        Kind.POSTBACKS,
        "Alerts about postbacks and events",
        "When postbacks or events of your applications are exhausted, are held, or arrive again.",
        owners=True,
    ),
    Choice(
        Kind.HELP, "Answers from support", "When support answers in your help cases. You can also read them under Help."
    ),
    Choice(
        Kind.CASES,
        "Cases assigned to you",
        "When a case is handed to you or taken over, and when accounts write in yours.",
        staff=True,
    ),
)
OPTIONAL = frozenset(choice.kind for choice in CHOICES)


def wanting(kind: str, addresses: Iterable[str], account: Account | None = None) -> list[str]:
    """Those of the addresses whose people want a mail of this kind, about this account where it is about one."""
    asked = list(addresses)
    if kind not in OPTIONAL or not asked:
        return asked
    refused = MailRefusal.objects.of_kind(kind, account.pk if account else None).of_addresses(asked)
    unwanted = set(refused.values_list("user__email", flat=True))
    return [address for address in asked if address not in unwanted]


def choices_of(person: User) -> list[Choice]:
    """Those that this person may be sent."""
    return [choice for choice in CHOICES if not choice.staff or person.is_support]


def unwanted_accounts(person: User, kind: str) -> list[UUID | None]:
    """The keys of the accounts about which they want no such mail."""
    rows = MailRefusal.objects.of(person).filter(kind=kind, account__isnull=False)
    return list(rows.values_list("account", flat=True))


def is_stopped(person: User, kind: str) -> bool:
    """Whether they want none at all."""
    return MailRefusal.objects.of(person).of_kind(kind).exists()


def stop(person: User, kind: str) -> None:
    MailRefusal.objects.get_or_create(user=person, kind=kind, account=None)


def start_again(person: User, kind: str) -> None:
    MailRefusal.objects.of(person).of_kind(kind).delete()


@transaction.atomic
def choose(person: User, unwanted: Mapping[str, Collection[Account | None]]) -> None:
    """Sets what this person does not want: by kind, the accounts, and None for all of them. What was chosen for
    accounts that somebody has no seat in any more goes with it."""
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    MailRefusal.objects.of(person).filter(kind__in=unwanted).delete()
    MailRefusal.objects.bulk_create(
        MailRefusal(user=person, kind=kind, account=account)
        for kind, accounts in unwanted.items()
        for account in accounts
    )
