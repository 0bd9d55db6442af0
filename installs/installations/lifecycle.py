"""What happens to an installation, from consent to its end. Each function is one transaction, lock first."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from installs.installations import acts, kinds
from installs.installations.acts import Act
from installs.installations.telling import tell, tell_moved
from installs.models import Delivery, EventType, Installation, PermanentToken, Session, StockLocation
from installs.postbacks import deciding, handover, owing, policy
from linnapp import credentials, timeline
from linnapp.actors import Actor, refuse_to_reveal, refuse_unless_fresh
from linnapp.errors import Moved, NotPossible
from linnapp.models import Account, Application, Membership, User, Version
from linnapp.models.people import Reader
from linnapp.services.locking import locked as locked_application
from linnapp.services.locking import locked_accounts, refuse_suspended
from linnapp.timeline import Side


@dataclass(frozen=True)
class Consented:
    """What a consent form led to. `created` is False where the application was installed already. With a `delivery`
    the permanent token goes to the developer's endpoint, and to no page. `repeated` where the same form led to it
    before: it shows nothing a second time."""

    installation: Installation
    token: PermanentToken
    created: bool
    delivery: Delivery | None = None
    repeated: bool = False


def owners_beside(user: User) -> list[Membership]:
    """The Owners of the accounts this person is a member of: whom to ask, as they can sign in, for what only an Owner
    may."""
    accounts = Account.objects.with_seat_of(user).values("pk")
    owners = Membership.objects.filter(account__in=accounts, role=Membership.Role.OWNER, user__is_active=True)
    return list(owners.select_related("account", "user").order_by("account__name", "user__name"))


def installed_on(application: Application, account: Account) -> Installation | None:
    """The one live installation of the application on the account."""
    rows = Installation.objects.live().filter(application=application, account=account)
    return rows.with_its_facts().first()


def offered_versions(application: Application, account: Account, user: Reader) -> list[Version]:
    """Versions this person may choose, the one taken by default first.

    On the application's own account its members have the Development Version and every released one. Everybody else,
    and they themselves on any other account, the latest alone; where it is installed already, the version it is on:
    authorising again moves nobody to what they did not consent to.
    """
    return _offered(application, account, user, installed_on(application, account))


def _offered(application: Application, account: Account, user: Reader, installed: Installation | None) -> list[Version]:
    is_own = account.pk == application.account_id
    if is_own and Account.objects.with_seat_of(user).filter(pk=account.pk).exists():
        versions = [application.versions.development(), *application.versions.installable().newest_first()]
        on_it = [version for version in versions if installed and version.pk == installed.version_id]
        return on_it + [version for version in versions if version not in on_it]
    if installed:
        return [installed.version]
    latest = application.versions.the_latest()
    return [latest] if latest else []


@transaction.atomic
def install(
    application: Application, *, account: Account, version: Version, consent: str = "", tracking: str = "", by: Actor
) -> Consented:
    """Installs, or authorises again what is installed: the same permanent token then.

    Raises NotPossible for a person, account or version that may not, Moved for a version that was offered once and is
    no longer; nothing is written in either case. Both accounts are locked first: neither is suspended meanwhile. The
    application's lock makes a second consent wait, and find the first one's installation; no version is released or
    withdrawn meanwhile. `consent` names the form that was sent: sent twice, it counts once. `tracking` belongs to the
    postback of this consent, not to the installation.

    Where the version has a PostbackUrl a postback is owed. Where the developer wants its 200 first, a new installation
    is pending, and its permanent token has an end until that has come.
    """
    accounts = locked_accounts(account.pk, application.account_id)
    row = locked_application(application, retired="it can no longer be installed")
    account, row.account = accounts[account.pk], accounts[row.account_id]
    _refuse_unless_installable(row, account, by)
    if consent and (given := _given_already(row, account, consent)):
        return given
    deciding.fail_lapsed(Installation.objects.lapsed().filter(application=row, account=account))
    existing = _live_locked(row, account)
    _refuse_unless_offered(version, _offered(row, account, by.reader, existing), row)
    if existing:
        return _authorise_again(existing, version, consent, tracking, by)
    waits = bool(version.postback_url) and policy.waits_for_200(row)
    installation = Installation.objects.create(
        application=row,
        account=account,
        version=version,
        consent=consent,
        installed_by=by.person,
        state=Installation.State.PENDING if waits else Installation.State.ACTIVE,
        waits_until=timezone.now() + owing.TAKEN_WITHIN if waits else None,
    )
    for used in {account, row.account}:
        used.note_use()
    token = give_token(installation)
    StockLocation.objects.get_or_create(account=account)
    if waits:
        # That it is installed is an event once it is complete.
        timeline.record_about(installation, kinds.INSTALLED, by=by, version=version.label)
    else:
        tell(installation, kinds.INSTALLED, EventType.INSTALLED, by=by, version=version.label)
    delivery = owing.owe(installation, Delivery.Event.INSTALLED, consent=consent, tracking=tracking, decides=waits)
    return Consented(installation, token, created=True, delivery=delivery)


def _refuse_unless_installable(application: Application, account: Account, by: Actor) -> None:
    if application.suspended_by_staff_at:
        raise NotPossible(f"{application} is suspended: {application.suspension_reason}".strip(": "))
    refuse_suspended(account, "nothing can be installed on it")
    refuse_suspended(application.account, f"nobody can install {application}")
    # Staff install for nobody, whatever seats they have: who has one comes as who they are there.
    if by.is_staff or account not in Account.objects.installable_by(by.reader, application.account_id):
        raise NotPossible(f"Only an Owner of {account} can install applications on it.")


def _given_already(application: Application, account: Account, consent: str) -> Consented | None:
    """What this very form led to before; raises NotPossible where that is over, because a page brought back with the
    Back button is no new consent."""
    row = Installation.objects.filter(application=application, account=account, consent=consent).first()
    if row is None:
        return None
    if row.has_failed:
        raise NotPossible(f"This form was already used, and that installation failed: {row.why_failed}")
    if not row.is_live:
        raise NotPossible(f"This form was already used, and {application} has since been uninstalled.")
    return Consented(row, current_token(row), created=False, delivery=owing.owed_by(row, consent), repeated=True)


def _live_locked(application: Application, account: Account) -> Installation | None:
    """Locked, so that an uninstallation under way ends first: its permanent token is not handed out again."""
    rows = Installation.objects.select_for_update(of=("self",), no_key=True).select_related("version").live()
    installation = rows.filter(application=application, account=account).first()
    if installation:
        installation.application, installation.account = application, account
    return installation


def _refuse_unless_offered(version: Version, offered: list[Version], application: Application) -> None:
    if version in offered:
        return
    if version.application_id == application.pk and not version.is_development:
        # Read anew: it may have been withdrawn while this waited for the application.
        if application.versions.filter(pk=version.pk, withdrawn_at__isnull=False).exists():
            raise Moved(
                f"{version.label} was withdrawn while you were reading. This is the version you can install now."
            )
        raise Moved("A newer version was released while you were reading. This is what it can do.")
    raise NotPossible("You cannot choose this version. Accounts always install the latest.")


def _authorise_again(installation: Installation, version: Version, consent: str, tracking: str, by: Actor) -> Consented:
    """The own account moves to the version chosen. A suspension stays: it is lifted only by who set it. The postback is
    sent again, and whatever comes of it changes nothing here."""
    acts.refuse_unless_possible(Act.AUTHORISE_AGAIN, installation, by=by)
    before = installation.version
    if before != version:
        acts.refuse_unless_possible(Act.SWITCH, installation, by=by)
    if owing.leads_elsewhere(installation, version.postback_url):
        refuse_unless_fresh(by)
    installation.version, installation.consent = version, consent
    if before != version:
        # What it was updated from is no way back any more: it was left for a version chosen here.
        installation.previous_version, installation.moved_at = None, timezone.now()
    installation.save(update_fields=["version", "consent", "previous_version", "moved_at"])
    if before != version:
        tell_moved(installation, kinds.VERSION_MOVED, before=before, by=by)
    tell(installation, kinds.AUTHORISED_AGAIN, EventType.AUTHORISED, by=by)
    delivery = owing.owe(installation, Delivery.Event.AUTHORISED, consent=consent, tracking=tracking)
    token = current_token(installation)
    if delivery is None:
        # The one that is in use, and not a new one: shown here, it is revealed.
        refuse_unless_fresh(by)
        handover.was_shown(token)
    return Consented(installation, token, created=False, delivery=delivery)


def give_token(installation: Installation, *, replaces: PermanentToken | None = None) -> PermanentToken:
    value = credentials.new_credential()
    return PermanentToken.objects.create(
        installation=installation,
        digest=credentials.digest(value),
        encrypted=credentials.encrypt(value),
        tail=credentials.tail(value),
        ends_at=installation.waits_until,
        replaces=replaces,
    )


def current_token(installation: Installation) -> PermanentToken:
    """The newest live permanent token; raises DoesNotExist once the installation is over."""
    return installation.permanent_tokens.live().latest("created_at", "pk")


@transaction.atomic
def reveal_token(installation: Installation, *, by: Actor) -> PermanentToken:
    """The permanent token, to be shown in the clear: on record, for whoever may install on the account and for the
    application's team; raises NotPossible for others and for what is over."""
    refuse_to_reveal(by)
    row = locked_for(Act.REVEAL, installation, by)
    refuse_unless_fresh(by)
    token = current_token(row)
    handover.was_shown(token)
    timeline.record_about(row, kinds.TOKEN_REVEALED, by=by, tail=token.tail)
    return token


@transaction.atomic
def uninstall(installation: Installation, *, by: Actor) -> None:
    """Ends the installation for ever: its permanent token is dead and its sessions end in the same moment. Raises
    NotPossible for whoever may not, and for what is over."""
    row = locked_for(Act.UNINSTALL, installation, by)
    row.state, row.uninstalled_at = Installation.State.UNINSTALLED, timezone.now()
    row.save(update_fields=["state", "uninstalled_at"])
    row.permanent_tokens.end()
    row.sessions.end(Session.End.UNINSTALLED)
    tell(row, kinds.UNINSTALLED, EventType.UNINSTALLED, by=by)


def locked(installation: Installation) -> Installation:
    """The row as it stands, locked: an exchange that holds it (FOR SHARE) ends first, a later one sees the change.

    The application is locked before it, as everywhere: ending sessions here and suspending it there take turns, and
    do not wait for each other's session rows in a circle. Exchanges of its other installations go on.
    """
    Application.objects.select_for_update(no_key=True).get(pk=installation.application_id)
    return Installation.objects.select_for_update(of=("self",), no_key=True).with_its_facts().get(pk=installation.pk)


def locked_for(act: Act, installation: Installation, by: Actor) -> Installation:
    """The row, locked, for somebody who may do this to it as it stands; raises NotPossible else."""
    row = locked(installation)
    acts.refuse_unless_possible(act, row, by=by)
    return row


def installing_side(application: Application, account: Account) -> Side:
    """The side of whoever acts as an account that installs it, or has: its own one is its developer's."""
    return Side.DEVELOPER if application.account_id == account.pk else Side.CUSTOMER
