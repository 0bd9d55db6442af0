"""Two Application Secrets may live at once: make the next, move the programs over, retire the first."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from installs.application import secret_ends
from installs.application.forms.removal import RetireSecretForm
from linnapp import pages, tab
from linnapp.actors import Side
from linnapp.models import Secret
from linnapp.services import secrets
from linnapp.signing_in.fresh_sign_ins import shows_or_moves_secret
from linnapp.words import span_in_words


@require_POST
@shows_or_moves_secret("Makes the next Application Secret, and shows it")
def secret_create(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row = tab.editable(request, account, application)
    with pages.refusal_told(request):
        made = secrets.create_secret(application=row, by=pages.acting(request, Side.DEVELOPER))
        pages.show_once(request, "secret", made.pk)
        messages.success(request, "New Application Secret created. Both work until you retire one.")
    return redirect(pages.at_section("secrets", "application_general", account, row.pk))


@require_http_methods(["GET", "HEAD", "POST"])
def secret_retire(request: HttpRequest, account: str, application: UUID, secret: int) -> HttpResponse:
    row = tab.editable(request, account, application)
    chosen = get_object_or_404(Secret.objects.visible_to(request.user).live(), pk=secret, application=row)
    form = RetireSecretForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with pages.refusal_in(form):
            secret_ends.retire_secret(
                chosen, after=form.cleaned_data["after"], by=pages.acting(request, Side.DEVELOPER)
            )
            messages.success(request, f"The Application Secret ending …{chosen.tail} {_ending(form)}.")
            return redirect(pages.at_section("secrets", "application_general", account, application))
    context = tab.context(
        row,
        "general",
        secret=chosen,
        form=form,
        use=secret_ends.uses_of_secrets(row).get(chosen.pk),
        stays=secret_ends.another_stays(chosen),
    )
    return render(request, "installs/application/secret_retire.html", context, status=422 if form.is_bound else 200)


def _ending(form: RetireSecretForm) -> str:
    after = form.cleaned_data["after"]
    if not after:
        return "has ended, and its sessions with it"
    return f"ends in {span_in_words(after)}"
