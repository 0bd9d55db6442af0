"""Staff move an application to another account: its installations stay, and the old team keeps no way in."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Upper
from django.urls import reverse
from django.utils import timezone

from installs.application import kinds, secret_ends
from installs.installations import moving as moving_installations
from installs.models import Delivery, Installation
from installs.models.deliveries import host_of
from installs.postbacks import event_settings, signing_secrets
from installs.store import listings
from linnapp import timeline
from linnapp.actors import Actor, Side, refuse_unless_fresh, refuse_unless_staff
from linnapp.errors import NotPossible
from linnapp.models import Account, Application, Membership, TimelineEntry, User, Version
from linnapp.services import notices, secrets
from linnapp.services.locking import locked, locked_accounts, refuse_suspended
from linnapp.words import moment_in_words, span_in_words

# For so long the old secrets may work on, for programs to move over.
LONGEST_OVERLAP = timedelta(days=7)


@dataclass(frozen=True)
class Plan:
    """What a move does, as things stand. `newest` is what the old account's own installation goes to, where it is on
    the Development Version, which is `leaves_development` then. `events_host` is where events go until it moves."""

    application: Application
    before: Account
    to: Account
    installations: list[Installation]
    leaves_development: Installation | None
    newest: Version | None
    events_host: str

    def installed_on(self, account: Account) -> Installation | None:
        return next((row for row in self.installations if row.account_id == account.pk), None)

    @property
    def of_others(self) -> list[Installation]:
        """On neither of the two accounts."""
        return [row for row in self.installations if row.account_id not in (self.before.pk, self.to.pk)]

    @property
    def hosts(self) -> list[str]:
        """Where postbacks go, with permanent tokens: of the latest version, of that in development, and of those in
        use."""
        versions = [self.application.versions.development(), *(row.version for row in self.installations)]
        addresses = [version.postback_url for version in (*versions, self.newest) if version]
        return sorted({host for host in map(host_of, addresses) if host})

    @property
    def postbacks_waiting(self) -> int:
        return Delivery.objects.of_application(self.application).owed().waiting().count()


class Refusal(NamedTuple):
    """`kind` fits behind a number: “2 retired”."""

    kind: str
    sentence: str


def plan(application: Application, to: Account) -> Plan:
    """Raises NotPossible where it cannot be moved there: nothing is locked yet, and the move asks again."""
    before = application.account
    if refused := refusals([application], to).get(application.pk):
        raise NotPossible(refused.sentence)
    rows = Installation.objects.of_application(application).live().select_related("account", "version")
    installations = list(rows.order_by("account__name", "pk"))
    newest = application.versions.the_latest()
    leaves = next((row for row in installations if row.version.is_development), None)
    events_host = host_of(event_settings.url_of(application))
    return Plan(application, before, to, installations, leaves, newest, events_host)


def refusals(rows: Sequence[Application], to: Account, going: dict[str, str] | None = None) -> dict[UUID, Refusal]:
    """Why each of those that cannot be moved there cannot, one after the other, as things stand. `going` holds the
    names that go there before these, and gets those of these. Few statements, however many the rows."""
    going = {} if going is None else going
    folded, taken = _names(rows, to)
    stuck = _left_without_version(rows)
    found: dict[UUID, Refusal] = {}
    for row in rows:
        name = folded.get(row.pk, row.name)
        refused = _refused(row, to) or _refused_name(row, to, row.pk in taken, going.get(name)) or stuck.get(row.pk)
        if refused:
            found[row.pk] = refused
        else:
            going[name] = f"{row.account}"
    return found


def _refused(row: Application, to: Account) -> Refusal | None:
    if row.account == to:
        return Refusal("there already", f"{row} already belongs to {to}.")
    if row.retired_at:
        return Refusal("retired", f"{row} is retired, so it cannot be moved.")
    try:
        refuse_suspended(row.account, "nothing can be moved away from it")
        refuse_suspended(to, "nothing can be moved to it")
    except NotPossible as refused:
        return Refusal("for a suspended account", str(refused))
    return None


def _refused_name(row: Application, to: Account, is_taken: bool, going: str | None) -> Refusal | None:
    kind = "for a name that is taken"
    if is_taken:
        return Refusal(kind, f"{to} already has an application named {row}. Rename one of the two first.")
    if going is None:
        return None
    return Refusal(
        kind, f"Another application named {row}, of {going}, moves to {to} before it. Rename one of the two first."
    )


def _names(rows: Sequence[Application], to: Account) -> tuple[dict[UUID, str], set[UUID]]:
    """The names of these, folded as the database compares them; and those whose name is taken there."""
    there = Application.objects.not_retired().filter(account=to).exclude(pk=OuterRef("pk"))
    like = Exists(there.annotate(like=Upper("name")).filter(like=Upper(OuterRef("name"))))
    named = Application.objects.filter(pk__in=[row.pk for row in rows]).order_by()
    found = list(named.values_list("pk", Upper("name"), like))
    return {key: name for key, name, _ in found}, {key for key, _, is_taken in found if is_taken}


def _left_without_version(rows: Sequence[Application]) -> dict[UUID, Refusal]:
    """Those of which the Development Version is installed, and nothing is released."""
    live = Installation.objects.live().filter(application__in=rows, version__kind=Version.Kind.DEVELOPMENT)
    released = Version.objects.installable().filter(application=OuterRef("application"))
    stuck = live.exclude(Exists(released)).select_related("account", "application")
    return {
        row.application_id: Refusal(
            "for a Development Version in use with nothing released",
            f"{row.account} has the Development Version of {row.application} installed. Only the application's "
            "own account can have that, and there is no released version to move it to. Release one, or uninstall it.",
        )
        for row in stuck
    }


@transaction.atomic
def move_application(application: Application, *, to: Account, secrets_end: datetime, by: Actor) -> Application:
    """By staff, with a reason. A new Application Secret waits for the new team, and a new signing secret where one was
    in use; those that the old team knows end at `secrets_end`, in seven days at most, with their sessions. Raises
    NotPossible as `plan` does. Both accounts are locked, then the application, then its installations: neither is
    suspended meanwhile, and nobody installs. Who was about to change it for the old team is refused (`locked`)."""
    _refuse_unless_asked_well(secrets_end, by)
    accounts = locked_accounts(application.account_id, to.pk)
    row = locked(application, ends_exchanges=True, retired="it cannot be moved")
    row.account = accounts[row.account_id]
    list(
        Installation.objects.select_for_update(no_key=True).of_application(row).live().order_by("pk").values_list("pk")
    )
    planned = plan(row, accounts[to.pk])
    # Its new team reveals whatever it has.
    refuse_unless_fresh(by)
    row.account, row.changed_at = planned.to, timezone.now()
    row.save(update_fields=["account", "changed_at"])
    planned.before.forget_use()
    _change_secrets(row, secrets_end, by)
    event_settings.clear(row, by=replace(by, on_side=Side.DEVELOPER))
    for installation in planned.installations:
        installation.application = row
    if planned.leaves_development and planned.newest:
        moving_installations.leave_development(planned.leaves_development, to=planned.newest, by=by)
    _record(planned, by)
    listings.review_anew(row, by=by)
    _tell_teams(planned, secrets_end, by)
    _tell_installers(planned, by)
    return row


def _refuse_unless_asked_well(secrets_end: datetime, by: Actor) -> None:
    refuse_unless_staff(by)
    if not by.reason.strip():
        raise NotPossible("Give the reason. Both teams and the accounts that installed it read it.")
    if secrets_end > timezone.now() + LONGEST_OVERLAP:
        raise NotPossible(f"The secrets that the old team knows have to end within {span_in_words(LONGEST_OVERLAP)}.")


def _change_secrets(application: Application, at: datetime, by: Actor) -> None:
    """The team that has it now reads of this as of what it does itself."""
    by = replace(by, on_side=Side.DEVELOPER)
    secret_ends.end_all_but(secrets.make_secret(application, by=by), at=at, by=by)
    signing_secrets.replace_all(application, at=at, by=by)


def _record(planned: Plan, by: Actor) -> None:
    """A line of the application's, one of each installation, and one of each of the two accounts."""
    application, before, to = planned.application, planned.before, planned.to
    told: dict[str, Any] = {"before": before.name, "publisher": to.name, "postbacks": postbacks_in_words(planned.hosts)}
    timeline.record(kinds.APPLICATION_MOVED, by=by, application=application, **told)
    timeline.record_all(_of_each(planned.installations, before, by))
    for kind, account in ((kinds.ACCOUNT_GAVE_APPLICATION, before), (kinds.ACCOUNT_GOT_APPLICATION, to)):
        timeline.record(kind, by=by, account=account, moved=application.name, **told)


def _of_each(rows: Iterable[Installation], before: Account, by: Actor) -> Iterator[TimelineEntry]:
    for row in rows:
        postbacks = postbacks_in_words(filter(None, [host_of(row.version.postback_url)]))
        yield timeline.entry_about(row, kinds.APPLICATION_MOVED, by=by, before=before.name, postbacks=postbacks)


def postbacks_in_words(hosts: Iterable[str]) -> str:
    named = ", ".join(hosts)
    return f"its postbacks go to {named}" if named else "it has no Postback URL"


# By mail, each Owner once.


def _tell_teams(planned: Plan, at: datetime, by: Actor) -> None:
    application, before, to = planned.application, planned.before, planned.to
    ends = f"on {moment_in_words(at)}" if at > timezone.now() else "now"
    facts = _facts(planned) | {"ends": ends, "stays": planned.installed_on(before)}
    here = facts | {"link": _site("application_general", to.slug, application.pk)}
    _mail(f"{application} now belongs to {to}", "moved_here", here, to.owners(), by)
    away = facts | {"link": _site("account_activity", before.slug)}
    _mail(f"{application} was moved to {to}", "moved_away", away, before.owners(), by)


def _tell_installers(planned: Plan, by: Actor) -> None:
    rows: dict[object, Installation] = {row.account_id: row for row in planned.of_others}
    seats = Membership.objects.filter(role=Membership.Role.OWNER, account__in=list(rows)).select_related("user")
    owned: dict[User, list[Installation]] = defaultdict(list)
    for seat in seats.order_by("user__name", "account__name"):
        owned[seat.user].append(rows[seat.account_id])
    for owner, installed in owned.items():
        pages = [(row, _site("installation_detail", row.account.slug, row.pk)) for row in installed]
        facts = _facts(planned) | {"pages": pages}
        _mail(f"{planned.application} now belongs to {planned.to}", "moved_publisher", facts, [owner], by)


def _facts(planned: Plan) -> dict[str, object]:
    return {"plan": planned, "postbacks": postbacks_in_words(planned.hosts)}


def _site(name: str, *args: object) -> str:
    return settings.SITE_URL + reverse(name, args=args)


def _mail(subject: str, template: str, facts: dict[str, object], people: list[User], by: Actor) -> None:
    notices.tell(people, subject, f"installs/application/mail/{template}.txt", facts, by=by)
