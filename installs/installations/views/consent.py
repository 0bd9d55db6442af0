"""From an Installation URL to an installation, and the page after it: protocol.md section 4."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from installs.installations import lifecycle, progress, refused_consents
from installs.installations.forms.consent import ConsentForm
from installs.installations.links import InstallationLink, NothingToInstall, read_link
from installs.models import Installation
from installs.models.deliveries import host_of
from installs.postbacks import policy
from linnapp import pages
from linnapp.errors import Moved, NotPossible
from linnapp.last_account import last_account
from linnapp.manifest import ConsentLine, Manifest, consent_lines
from linnapp.models import Account, Application, Secret, User, Version
from linnapp.page_requests import reference_of, wants_part
from linnapp.services.factor_rules import accounts_asking
from linnapp.signing_in.factor_requests import open_here, refuse_closed, refuse_without_factor
from linnapp.signing_in.fresh_sign_ins import shows_or_moves_secret
from linnapp.typed import sign_in_first


@dataclass(frozen=True)
class Question:
    """What one person is asked about one account. `version` is None where nothing was released."""

    link: InstallationLink
    application: Application
    accounts: list[Account]
    account: Account
    installed: Installation | None
    versions: list[Version]
    version: Version | None

    @property
    def reaches(self) -> list[ConsentLine]:
        return consent_lines(self.version.manifest() if self.version else Manifest())

    @property
    def postback_host(self) -> str:
        """Where the permanent token is sent; empty without a PostbackUrl."""
        return host_of(self.version.postback_url) if self.version else ""

    @property
    def waits_for_200(self) -> bool:
        return bool(self.postback_host) and not self.installed and policy.waits_for_200(self.application)

    @property
    def may_choose_version(self) -> bool:
        return any(version.is_development for version in self.versions)

    @property
    def may_be_answered(self) -> bool:
        """On an account that is suspended nothing is installed or authorised again."""
        return self.version is not None and not self.account.suspended_by_staff_at

    @property
    def why_not(self) -> str:
        """What keeps it from being answered, as the page says it; empty where it may be."""
        if self.account.suspended_by_staff_at:
            return f"{self.account} is suspended: nothing can be installed on it."
        if self.version is None:
            return "No version can be installed now." if self.all_withdrawn else "No version was released yet."
        return ""

    @property
    def all_withdrawn(self) -> bool:
        """Whether nothing can be installed because every version was withdrawn, and not because none was released."""
        return self.version is None and self.application.versions.released().exists()

    @property
    def newer(self) -> Version | None:
        """What could be moved to, for somebody who stays on an older version or a withdrawn one."""
        latest = self.application.versions.the_latest() if self.installed else None
        return latest if latest and latest not in self.versions else None


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@shows_or_moves_secret("Shows the permanent token of what is installed already, authorised again without a PostbackUrl")
def authorize(request: HttpRequest, application: str) -> HttpResponse:
    """Signing in comes first for everybody whose link can be read: the answer tells nobody else what exists."""
    link = None
    try:
        link = read_link(application, ((name, values[0]) for name, values in request.GET.lists()))
        if not request.user.is_authenticated:
            return sign_in_first(request, reverse("authorize", args=[link.application_id]) + link.query())
        question = _question(request, link)
    except NothingToInstall as refusal:
        return _nothing(request, link, refusal)
    if request.method == "POST":
        return _install(request, question)
    return _page(request, question, _form(question), 200 if question.version else 404)


# A link with NUL is told with a reference, by which support finds it.
authorize.reads_nul = True  # type: ignore[attr-defined]


def _nothing(request: HttpRequest, link: InstallationLink | None, refusal: NothingToInstall) -> HttpResponse:
    named = link.application_id if link else None
    reference = _kept(request, named, None, refusal.heading, refusal.told)
    context = {"refusal": refusal, "reference": reference}
    return render(request, "installs/installations/nothing_to_install.html", context, status=refusal.status)


def _kept(request: HttpRequest, named: UUID | None, account: Account | None, heading: str, told: str) -> str:
    """The reference by which support finds what somebody signed in was told here; "" for everybody else."""
    if not request.user.is_authenticated:
        return ""
    reference, person = reference_of(request), pages.signed_in(request)
    refused_consents.note(reference, person=person, application_id=named, account=account, heading=heading, told=told)
    return reference


def _question(request: HttpRequest, link: InstallationLink) -> Question:
    """Raises NothingToInstall unless this person may install this application on the account asked for."""
    user, choices = pages.signed_in(request), request.POST if request.method == "POST" else request.GET
    application = _application(link)
    mine = Account.objects.installable_by(user, application.account_id).order_by("name")
    accounts = open_here(request, user, mine)
    account = _account(request, choices, accounts)
    versions = lifecycle.offered_versions(application, account, user)
    return Question(
        link=link,
        application=application,
        accounts=accounts,
        account=account,
        installed=lifecycle.installed_on(application, account),
        versions=versions,
        version=_version(request, choices, versions),
    )


def _application(link: InstallationLink) -> Application:
    row = Application.objects.select_related("account").filter(pk=link.application_id).first()
    if row is None:
        message = "No application has this Application ID. Ask the person who sent you the link for a new one."
        raise NothingToInstall(404, "There is no such application", message)
    if row.retired_at:
        message = f"{row.account} has retired it: it can no longer be installed."
        raise NothingToInstall(410, f"{row} is retired", message)
    if row.suspended_by_staff_at:
        message = "It cannot be installed until this portal's staff resume it."
        raise NothingToInstall(403, f"{row} is suspended", message, row.suspension_reason)
    if row.account.suspended_by_staff_at:
        message = f"{row.account}, its developer, has been suspended by this portal's staff. Until they lift the "
        raise NothingToInstall(403, f"{row} is suspended", f"{message}suspension, nobody can install {row}.")
    return row


def _account(request: HttpRequest, choices: QueryDict, accounts: list[Account]) -> Account:
    """The account chosen; before a choice was made, the one last worked on. Raises FactorNeeded for one that needs a
    second factor first."""
    by_slug, user = {account.slug: account for account in accounts}, pages.signed_in(request)
    if not accounts:
        for asking in accounts_asking(user)[:1]:
            refuse_without_factor(request, user, asking)
        raise NothingToInstall(403, "You cannot install applications", _who_may(user))
    if request.method == "POST" or "account" in choices:
        chosen = by_slug.get(choices.get("account", ""))
        if chosen is None:
            refuse_closed(request, user, choices.get("account", ""))
            raise NothingToInstall(404, "You cannot install on this account", "Only an Owner of it can.")
        return chosen
    return by_slug.get(last_account(request), accounts[0])


def _who_may(user: User) -> str:
    owners = ", ".join(f"{row.user} ({row.user.email}) of {row.account}" for row in lifecycle.owners_beside(user))
    if owners:
        return f"Only an Owner of an account can install applications on it. Ask {owners}."
    return "Applications are installed on an account, and you belong to none. Create one first."


def _version(request: HttpRequest, choices: QueryDict, versions: list[Version]) -> Version | None:
    """The version whose reach is shown: the one chosen, else the one taken by default. A version that is sent back
    and not offered is for the service to refuse."""
    chosen = next((version for version in versions if str(version.pk) == choices.get("version")), None)
    if chosen is None and "version" in request.GET:
        message = "Accounts always install the latest version. Open the link again to see what it can do."
        raise NothingToInstall(404, "You cannot choose this version", message)
    return chosen or next(iter(versions), None)


def _form(question: Question, typed: QueryDict | None = None) -> ConsentForm | None:
    return ConsentForm(typed, account=question.account) if question.version else None


def _install(request: HttpRequest, question: Question) -> HttpResponse:
    form = _form(question, request.POST)
    if form is None or not form.is_valid():
        return _page(request, question, form, 422 if form else 404)
    read = get_object_or_404(question.application.versions, pk=form.cleaned_data["version"])
    side = lifecycle.installing_side(question.application, question.account)
    try:
        consented = lifecycle.install(
            question.application,
            account=question.account,
            version=read,
            consent=form.cleaned_data["nonce"].hex,
            tracking=question.link.tracking,
            by=pages.acting(request, side),
        )
    except (Moved, NotPossible) as refusal:
        return _page(request, question, _form(question), 422, refusal)
    if consented.delivery is None and not consented.repeated:
        pages.show_once(request, "token", consented.token.pk)
    return redirect("installation_installed", question.account.slug, consented.installation.pk)


def _page(
    request: HttpRequest,
    question: Question,
    form: ConsentForm | None,
    status: int,
    refusal: Exception | None = None,
) -> HttpResponse:
    context = {
        "question": question,
        "form": form,
        "query": question.link.query(),
        "refusal": refusal,
        "reference": _reference(request, question, refusal),
    }
    return pages.page_or_part(request, "installs/installations/consent.html", context, status=status)


def _reference(request: HttpRequest, question: Question, refusal: Exception | None) -> str:
    told = str(refusal or question.why_not)
    if not told:
        return ""
    return _kept(request, question.application.pk, question.account, f"{question.application} was not installed", told)


@never_cache
@require_safe
def installation_installed(request: HttpRequest, account: str, installation: UUID) -> HttpResponse:
    rows = Installation.objects.manageable_by(request.user).on_account(account).with_its_facts()
    row = get_object_or_404(rows, pk=installation)
    if not (row.is_live or row.has_failed):
        return redirect("installation_detail", account, row.pk)
    if sent := progress.progress_of(row):
        return _sent(request, row, sent)
    call = progress.first_call(row)
    if wants_part(request):
        return _first_call(request, row, call)
    token = lifecycle.current_token(row)
    shown = token.value() if pages.may_show(request, "token", token.pk) else ""
    secret = _secret_shown(request, row) if shown else ""
    context = {"installation": row, "token": token, "shown": shown, "secret": secret, "call": call}
    return render(request, "installs/installations/installed.html", context)


def _first_call(request: HttpRequest, installation: Installation, call: progress.FirstCall) -> HttpResponse:
    """Whether it was made, for the page that asks every two seconds; without news it stays as it is."""
    if call.asks_again:
        return HttpResponse(status=204)
    context = {"installation": installation, "call": call}
    return render(request, "installs/installations/_first_call.html", context)


def _secret_shown(request: HttpRequest, installation: Installation) -> str:
    """The Application Secret, for somebody who made or revealed it minutes ago and installs on the account that owns
    the application: their first call needs nothing else. "" for everybody else."""
    if not installation.is_on_own_account:
        return ""
    live = Secret.objects.revealable_by(request.user).live().filter(application=installation.application_id)
    shown = (row for row in live.order_by("-created_at") if pages.may_show(request, "secret", row.pk))
    return next((row.value() for row in shown), "")


def _sent(request: HttpRequest, installation: Installation, sent: progress.Progress) -> HttpResponse:
    """How far the permanent token has come on its way to the developer's endpoint, which is the one that gets it.

    The part that asks each second says what it shows: without news it is left alone, for those who have it read out.
    """
    if request.GET.get("seen") == sent.mark and request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    link = InstallationLink(installation.application_id, sent.delivery.tracking if sent.delivery else "")
    context = {
        "installation": installation,
        "application": installation.application,
        "sent": sent,
        "again": link.query(account=installation.account.slug),
    }
    return pages.page_or_part(request, "installs/installations/installation_sent.html", context)
