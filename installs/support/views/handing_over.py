"""Who has a case: taken, given to a colleague, or free."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from installs.support import handing_over
from installs.support.forms import HandOverForm
from installs.support.views.case import opened
from linnapp import pages
from linnapp.actors import Side
from linnapp.services.support import colleagues


@require_http_methods(["GET", "HEAD", "POST"])
def support_hand_over(request: HttpRequest, installation: UUID) -> HttpResponse:
    row = opened(request, installation)
    has = handing_over.assignment_of(row)
    form = HandOverForm(
        request.POST if request.method == "POST" else None,
        colleagues=colleagues(),
    )
    if form.is_valid():
        with pages.refusal_in(form):
            to = form.person
            by = pages.acting(request, Side.STAFF)
            handing_over.assign(row, to=to, by=by, note=form.cleaned_data["note"])
            messages.success(request, _came_to(request, to))
            return redirect("support_installation", row.pk)
    context = {"installation": row, "assignment": has, "form": form}
    return render(request, "installs/support/support_hand_over.html", context, status=422 if form.is_bound else 200)


def _came_to(request: HttpRequest, to: object) -> str:
    if to is None:
        return "Nobody has this case now."
    return "This case is yours." if to == request.user else f"{to} has this case now, and gets an e-mail."
