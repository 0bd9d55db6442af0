"""Moving one application to another account: the page that asks where to and when the old secrets end, then what that
does, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from installs.application import moving
from installs.application.moving import Plan
from installs.models import Connector, SigningSecret
from linnapp import credentials
from linnapp.actors import Side
from linnapp.admin_pages import ReadOnlyAdmin, ReasonForm, digest_of, some_of
from linnapp.endings import ending_field
from linnapp.errors import NotPossible
from linnapp.models import Account, Application
from linnapp.pages import acting
from linnapp.staff_actions import Effect
from linnapp.words import counted, moment_in_words

VERB = "Move to another account"
Listing = Application.Listing


class AccountField(forms.CharField):
    """Cleaned to the one account that is meant."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        key = credentials.canonical(text)
        found = Account.objects.filter(pk=key) if key else Account.objects.filter(slug=text.lower())
        rows = list(found or Account.objects.filter(name__iexact=text)[:2])
        if len(rows) == 1:
            return rows[0]
        several = f"Several accounts are named {text}. Write the slug of the one you mean."
        raise forms.ValidationError(several if rows else f"There is no account {text}.")


class MoveForm(forms.Form):
    account = AccountField(
        label="To which account",
        widget=forms.TextInput(
            attrs={"class": "vTextField", "autocomplete": "off", "spellcheck": "false", "autofocus": True}
        ),
        help_text="Its slug (from the address of its pages), its name or its id.",
        error_messages={"required": "Say which account."},
    )
    ends = ending_field("When the old secrets end")


class MomentForm(forms.Form):
    """The moment that was named before, to the minute."""

    at = forms.DateTimeField(input_formats=["%Y-%m-%dT%H:%M%z"])


def into_review(application: Application) -> str:
    """What becomes of its listing; "" where it has none."""
    words = {
        Listing.LISTED: "It leaves the store until it is reviewed again. The move requests the review.",
        Listing.IN_REVIEW: "The open request is closed, and the move makes a new one.",
        Listing.RETURNED: "It stays returned, with the reasons.",
    }
    return words.get(Listing(application.listing), "")


@dataclass(frozen=True)
class Preview:
    """What a move does, in words, with the moment at which the old secrets end."""

    plan: Plan
    at: datetime

    @property
    def sent_at(self) -> str:
        return f"{self.at:%Y-%m-%dT%H:%M%z}"

    @property
    def ends(self) -> str:
        return f"on {moment_in_words(self.at)}" if self.at > timezone.now() else "now"

    @property
    def lines(self) -> list[tuple[str, str]]:
        before, to = self.plan.before, self.plan.to
        found = [
            (f"Team of {before}", self._old_team()),
            (f"Team of {to}", self._new_team()),
            ("Application Secrets", self._secrets()),
            ("Signing secret", self._signing_secret()),
            ("Installed", self._installed()),
            (f"Installed on {before}", self._on_old_account()),
            (f"Installed on {to}", self._on_new_account()),
            ("Store", self._store()),
            ("Postbacks", self._postbacks()),
            ("Events", self._events()),
            ("Connectors", self._connectors()),
            ("Undo", "This cannot be undone. Moving it back is another move, with new secrets again."),
        ]
        return [(what, words) for what, words in found if words]

    @property
    def digest(self) -> str:
        plan = self.plan
        own = plan.leaves_development and plan.newest
        rows = [str(row.pk) for row in plan.installations]
        secrets = [secret.tail for secret in plan.application.secrets.live()]
        facts = [plan.before.pk, plan.to.pk, own and own.pk, plan.application.listing, *plan.hosts, *rows, *secrets]
        facts.append(plan.events_host)
        return digest_of([Effect(plan.application, "", "\0".join(map(str, facts)))])

    def _old_team(self) -> str:
        """Who has a seat in both loses nothing."""
        members = self.plan.before.members.exclude(pk__in=self.plan.to.members.values("pk"))
        names = some_of([f"{person}" for person in members.order_by("name")])
        who = f"{names}: its" if names else "Its"
        return f"{who} pages are no longer found at the old address, and drafts cannot be saved there."

    def _new_team(self) -> str:
        owners = [f"{person}" for person in self.plan.to.owners() if person.is_active]
        told = f"{some_of(owners)} get an e-mail" if len(owners) > 1 else f"{some_of(owners)} gets an e-mail"
        mail = f"{told} and reveal the new secret." if len(owners) > 1 else f"{told} and reveals the new secret."
        nobody = "It has no Owner: nobody gets an e-mail, and nobody can reveal the new secret until it has one."
        return f"{mail if owners else nobody} They get the whole application, with its history."

    def _secrets(self) -> str:
        tails = [f"…{secret.tail}" for secret in self.plan.application.secrets.live()]
        verb = "end" if len(tails) > 1 else "ends"
        return f"A new one is created. {some_of(tails)} {verb} {self.ends}, with the sessions made with it."

    def _signing_secret(self) -> str:
        tails = [f"…{row.tail}" for row in SigningSecret.objects.of_application(self.plan.application).live()]
        verb = "sign" if len(tails) > 1 else "signs"
        if not tails:
            return "There is none: the new team gets its first one."
        if self.ends == "now":
            return f"A new one is created. {some_of(tails)} {verb} nothing from now on."
        return f"A new one is created. {some_of(tails)} {verb} as well until {moment_in_words(self.at)}."

    def _installed(self) -> str:
        names = [row.account.name for row in self.plan.of_others]
        if not names:
            return "On no other account."
        keep = counted(len(names), "account keeps it", "accounts keep it")
        return f"{keep}: {some_of(names)}. Their Owners get an e-mail saying that {self.plan.to} now owns it."

    def _on_old_account(self) -> str:
        row, newest = self.plan.installed_on(self.plan.before), self.plan.newest
        if row is None:
            return ""
        if self.plan.leaves_development and newest:
            return f"It moves from the Development Version to {newest.label}, and is a customer's from then on."
        return f"It stays on {row.version.label}, and is a customer's from then on."

    def _on_new_account(self) -> str:
        if self.plan.installed_on(self.plan.to) is None:
            return ""
        return "It becomes an own installation: the team may choose any version, including the Development Version."

    def _store(self) -> str:
        return into_review(self.plan.application) or "It is not in the store. That does not change."

    def _postbacks(self) -> str:
        if not self.plan.hosts:
            return "It has no Postback URL."
        waiting = self.plan.postbacks_waiting
        keep = counted(waiting, "that waits keeps its address", "that wait keep their address")
        hosts = f"They go to {', '.join(self.plan.hosts)} as before. Both teams and the installers are told."
        return f"{hosts} {keep}." if waiting else hosts

    def _events(self) -> str:
        if not self.plan.events_host:
            return ""
        gone = f"Its Events URL at {self.plan.events_host} is removed, and events waiting for it are not sent."
        return f"{gone} The new team sets its own."

    def _connectors(self) -> str:
        number = Connector.objects.on_account(self.plan.before.slug).count()
        stay = counted(number, "connector stays", "connectors stay")
        return (
            f"{stay} with {self.plan.before}. A connector that uses an old secret stops when the secret ends."
            if number
            else ""
        )


def ask_and_move(page: ReadOnlyAdmin, request: HttpRequest, row: Application) -> HttpResponse:
    """The form; with it sent, what the move does; with the reason too, the move. Whatever is refused stands in the
    form, and what was typed stays."""
    if request.method != "POST":
        return _form(page, request, row, MoveForm(initial=request.GET.dict()))
    if "again" in request.POST:
        return _form(page, request, row, MoveForm(initial=request.POST.dict()))
    form = MoveForm(request.POST)
    if not form.is_valid():
        return _form(page, request, row, form)
    asked, applies = timezone.now(), "apply" in request.POST
    moment = MomentForm(request.POST)
    at = moment.cleaned_data["at"] if applies and moment.is_valid() else asked + form.cleaned_data["ends"]
    try:
        preview = Preview(moving.plan(row, form.cleaned_data["account"]), at.replace(second=0, microsecond=0))
        reason = ReasonForm(request.POST if applies else None)
        moved = applies and request.POST.get("read", "") != preview.digest
        if not (reason.is_valid() and not moved):
            return _preview(page, request, form, preview, reason, moved=moved)
        by = acting(request, Side.STAFF, reason.cleaned_data["reason"])
        moving.move_application(row, to=preview.plan.to, secrets_end=preview.at, by=by)
    except NotPossible as refusal:
        form.add_error(None, str(refusal))
        return _form(page, request, row, form)
    page.message_user(request, f"{row} belongs to {preview.plan.to} now.", messages.SUCCESS)
    return redirect(page.page_of(row))


def _form(page: ReadOnlyAdmin, request: HttpRequest, row: Application, form: MoveForm) -> HttpResponse:
    return _answer(page, request, row, {"form": form}, 422 if form.is_bound else 200)


def _preview(
    page: ReadOnlyAdmin, request: HttpRequest, form: MoveForm, preview: Preview, reason: ReasonForm, *, moved: bool
) -> HttpResponse:
    context = {"form": form, "preview": preview, "reason_form": reason, "moved": moved}
    return _answer(page, request, preview.plan.application, context, 422 if reason.is_bound else 200)


def _answer(
    page: ReadOnlyAdmin, request: HttpRequest, row: Application, context: dict[str, Any], status: int
) -> HttpResponse:
    facts = {
        "title": f"Move {row} to another account",
        "opts": page.opts,
        "application": row,
        "typed_reason": request.POST.get("reason", ""),
        "back": page.page_of(row),
    }
    context = page.admin_site.each_context(request) | facts | context
    return TemplateResponse(request, "admin/move.html", context, status=status)
