"""The look-up behind the support console: from whatever a customer sends to what it is about."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from installs.exchange.explanations import Explanation, explain
from installs.models import Delivery, Installation, PermanentToken, RefusalGroup, RefusedConsent, Session
from installs.support.pasted import Pasted, read
from linnapp import credentials
from linnapp.addresses import prefix_of
from linnapp.models import Account, Application, Membership, Secret, User, commonness

MOST_FOUND = 20
AnyRow = TypeVar("AnyRow", bound=Model)


@dataclass(frozen=True)
class Found:
    """`exact` is the one installation that was meant, where there is no doubt. `looked_for` says in words what was
    searched, once nothing was found."""

    exact: Installation | None = None
    installations: Sequence[Installation] = ()
    applications: Sequence[Application] = ()
    accounts: Sequence[Account] = ()
    people: Sequence[User] = ()
    refusal: Explanation | None = None
    # An installation that was refused before it began, with the account it was for.
    consent: RefusedConsent | None = None
    # Secrets of applications that were pasted, live or retired.
    secrets: Sequence[Secret] = ()
    # From an address that was pasted.
    refused: Sequence[RefusalGroup] = ()
    looked_for: Sequence[str] = field(default=())

    @property
    def anything(self) -> bool:
        lists = (self.installations, self.applications, self.accounts, self.people, self.refused)
        return bool(self.exact or self.refusal or self.consent or any(lists))


def may_hold_credential(text: str) -> bool:
    """Whether showing the text again could show a token."""
    return credentials.may_be_in(text)


def find(text: str, reader: User) -> Found:
    """Ids and tokens in any spelling, a webhook-id, a reference, an e-mail address, the address of a caller, a part
    of a name. They are picked out of a whole message; what names one installation goes before what names many."""
    pasted = read(text)
    keys = _meant(pasted.ids)
    if exact := Installation.objects.with_its_facts().filter(pk__in=keys).first():
        return Found(exact=exact)
    steps: tuple[tuple[Callable[[Any], Found], Sequence[object]], ...] = (
        (lambda _: _refused(text, reader), pasted.references),
        (_refused_consent, pasted.references),
        (_about_ids, pasted.ids),
        (_by_words, pasted.emails),
        (_from_addresses, pasted.addresses),
        (_by_words, pasted.words),
    )
    for look, given in steps:
        if given and (found := look(given)).anything:
            return found
    return Found(looked_for=looked_for(pasted))


def _meant(ids: Sequence[UUID]) -> set[UUID]:
    """Keys of the installations that these ids, tokens and webhook-ids belong to. One statement a table, each by its
    own index: one for all would read every installation."""
    if not ids:
        return set()
    digests = [credentials.digest(str(value)) for value in ids]
    tokens = PermanentToken.objects.filter(digest__in=digests).values_list("installation", flat=True)
    sessions = Session.objects.filter(digest__in=digests).values_list("installation", flat=True)
    owed = Delivery.objects.filter(pk__in=ids).exclude(installation=None).values_list("installation", flat=True)
    return {*ids, *tokens, *sessions, *(key for key in owed if key)}


def _about_ids(ids: Sequence[UUID]) -> Found:
    """What else an id can be of: an application, by its secret, a test or an event of its own too; an account."""
    digests = [credentials.digest(str(value)) for value in ids]
    secrets = list(Secret.objects.filter(digest__in=digests).select_related("application__account"))
    of_applications = Delivery.objects.filter(pk__in=ids, installation=None).values_list("application", flat=True)
    keys = {*ids, *(secret.application_id for secret in secrets), *of_applications}
    found = _with_installations(
        list(Application.objects.select_related("account").filter(pk__in=keys)),
        list(Account.objects.filter(pk__in=ids)),
    )
    return replace(found, secrets=secrets)


def _refused(text: str, reader: User) -> Found:
    refusal = explain(text, reader)
    if refusal is None:
        return Found()
    applications = [refusal.application] if refusal.application else []
    return Found(exact=refusal.installation, refusal=refusal, applications=applications)


def _refused_consent(references: Sequence[str]) -> Found:
    consent = RefusedConsent.objects.led_to_by(references)
    if consent is None:
        return Found()
    applications = Application.objects.select_related("account").filter(pk__in=_one(consent.application_id))
    accounts = Account.objects.filter(pk__in=_one(consent.account_id))
    return Found(consent=consent, applications=list(applications), accounts=list(accounts))


def _one(key: UUID | None) -> list[UUID]:
    return [key] if key else []


def _by_words(texts: Sequence[str]) -> Found:
    """Parts of names and e-mail addresses, in whatever case and accents; a person leads to their accounts."""
    people = _first(User.objects.filter(_any(("name", "email"), texts)))
    seats = list(Membership.objects.filter(user__in=people).values_list("account", flat=True)) if people else []
    own = _first(Account.objects.filter(_any(("name", "slug", "contact_email"), texts)))
    accounts = {row.pk: row for row in own} | Account.objects.in_bulk(seats[:MOST_FOUND])
    applications = _first(Application.objects.select_related("account").filter(_any(("name",), texts)))
    shown = sorted(accounts.values(), key=lambda row: (row.name, row.pk))[:MOST_FOUND]
    return _with_installations(applications, shown, people)


def _first(found: QuerySet[AnyRow]) -> list[AnyRow]:
    """Some of them: by keys, since for twenty rows PostgreSQL would rather read the table until it has met them."""
    keys = list(found.order_by().values_list("pk", flat=True)[: commonness.FEW + 1])[:MOST_FOUND]
    return list(found.filter(pk__in=keys))


def _any(names: Sequence[str], texts: Sequence[str]) -> Q:
    lookups = [(f"{name}_folded__has", text) for name in names for text in texts]
    return Q(*lookups, _connector=Q.OR)


def _from_addresses(addresses: Sequence[str]) -> Found:
    """Who was refused from that network, in the 30 days that refusals are kept, and whose latest exchanges came from
    there."""
    refused = list(RefusalGroup.objects.from_addresses(map(prefix_of, addresses))[:MOST_FOUND])
    keys = {group.installation_id for group in refused if group.installation_id}
    keys |= set(Session.objects.latest_from(addresses).values_list("installation", flat=True)[: MOST_FOUND * 10])
    return Found(installations=_in_order(keys), refused=refused)


def _with_installations(
    applications: Sequence[Application], accounts: Sequence[Account], people: Sequence[User] = ()
) -> Found:
    """What the applications and accounts have to do with, live ones first. The newest of each, by an index: an
    application may be on a hundred thousand accounts."""
    made = Application.objects.filter(account__in=accounts).values_list("pk", flat=True)[:MOST_FOUND]
    rows = Installation.objects.order_by("-installed_at").values("pk")
    newest = [rows.filter(account=account)[:MOST_FOUND] for account in accounts]
    newest += [rows.filter(application=key)[:MOST_FOUND] for key in {*(row.pk for row in applications), *made}]
    arms = [Installation.objects.filter(pk__in=arm).order_by().values_list("pk", flat=True) for arm in newest]
    keys = arms[0].union(*arms[1:]) if arms else ()
    return Found(installations=_in_order(keys), applications=applications, accounts=accounts, people=people)


def _in_order(keys: Iterable[UUID]) -> list[Installation]:
    rows = Installation.objects.with_its_facts().defer("version__snapshot", "version__notes_folded")
    found = rows.filter(pk__in=list(keys)).order_by("state", "-installed_at")
    return list(found[:MOST_FOUND])


def looked_for(pasted: Pasted) -> list[str]:
    """In words, for whoever found nothing. Of what may be a credential only the last digits are told."""
    said = [
        f"…{key.hex[-4:]} as the id of an installation, application, account or postback, and as a permanent token, "
        "session token or Application Secret."
        for key in pasted.ids
    ]
    said += [
        f"{one} as the reference of a refused request, or of a refused installation, of the last 30 days."
        for one in pasted.references
    ]
    said += [f"{one} as the e-mail address of a person or the contact of an account." for one in pasted.emails]
    said += [f"{one} as the address of refused requests and of the latest sessions." for one in pasted.addresses]
    said += [f"“{one}” in the names of companies, applications and people, and in e-mails." for one in pasted.words]
    return said or ["An id, token, reference, e-mail address or IP address in this text: there is none."]
