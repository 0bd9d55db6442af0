"""A person about themselves: the mails they want, what is kept of them as a file, and the end of it."""

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from linnapp import mail_choices, own_data
from linnapp.forms.own_person import DeleteForm, MailsForm
from linnapp.models import User
from linnapp.pages import refusal_told, signed_in
from linnapp.services import deleting
from linnapp.signing_in.fresh_sign_ins import ask_for_fresh_sign_in, fresh_sign_in_first, shows_or_moves_secret
from linnapp.typed import nothing_typed


@require_http_methods(["GET", "HEAD", "POST"])
def profile_mails(request: HttpRequest) -> HttpResponse:
    person = signed_in(request)
    form = MailsForm(request.POST if request.method == "POST" else None, person=person)
    if form.is_valid():
        mail_choices.choose(person, form.unwanted())
        messages.success(request, "Saved.")
        return redirect("profile_mails")
    return render(request, "linnapp/people/profile_mails.html", {"form": form}, status=422 if form.is_bound else 200)


@nothing_typed
@require_http_methods(["GET", "HEAD", "POST"])
@shows_or_moves_secret("Exports the data we hold about you")
@fresh_sign_in_first
def profile_export(request: HttpRequest) -> HttpResponseBase:
    if request.method != "POST":
        return render(request, "linnapp/people/profile_export.html")
    made = StreamingHttpResponse(own_data.as_file(signed_in(request)), content_type="application/json")
    made.headers["Content-Disposition"] = f'attachment; filename="linnapp-{timezone.now():%Y-%m-%d}.json"'
    made.headers["Cache-Control"] = "no-store"
    return made


@require_http_methods(["GET", "HEAD", "POST"])
@shows_or_moves_secret("Deletes your profile")
def profile_delete(request: HttpRequest) -> HttpResponse:
    """Says what goes and what stays, and asks for the address first."""
    person = User.objects.get(pk=signed_in(request).pk)
    leaves = deleting.farewell(person)
    form = DeleteForm(request.POST if request.method == "POST" else None, person=person)
    if leaves.is_possible and form.is_valid():
        ask_for_fresh_sign_in(request)
        with refusal_told(request):
            deleting.delete_person(person)
            logout(request)
            messages.success(request, "Your profile was deleted, and you are signed out.")
            return redirect("account_login")
        return redirect("profile_delete")
    context = {"form": form, "leaves": leaves}
    return render(request, "linnapp/people/profile_delete.html", context, status=422 if form.is_bound else 200)


@require_safe
def account_none(request: HttpRequest) -> HttpResponse:
    """Where somebody without an account comes to: what there is to do."""
    if signed_in(request).memberships.exists():
        return redirect("home")
    return render(request, "linnapp/people/account_none.html")
