"""The search of the support console. Those it is not open to are told what they are told everywhere: there is no such
page."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from installs.exchange.causes import in_words
from installs.support import finding, handing_over, looks
from installs.support.forms import SupportSearchForm
from linnapp.pages import signed_in


@require_http_methods(["GET", "HEAD", "POST"])
def support_search(request: HttpRequest) -> HttpResponse:
    """What is searched for is posted: a pasted token in an address would lie in logs and histories."""
    if not signed_in(request).is_support:
        raise Http404
    form = SupportSearchForm(request.POST or None)
    if not form.is_valid():
        context = {"form": form, "viewed": looks.viewed_lately(signed_in(request))}
        context["assigned"] = handing_over.assigned_to(signed_in(request))
        return render(request, "installs/support/support_search.html", context, status=422 if form.is_bound else 200)
    text = form.cleaned_data["q"]
    found = finding.find(text, signed_in(request))
    if found.exact:
        case = reverse("support_installation", args=(found.exact.pk,))
        return redirect(f"{case}?reference={found.refusal.reference}" if found.refusal else case)
    hidden = finding.may_hold_credential(text)
    context = {
        "form": SupportSearchForm() if hidden else form,
        "asked": "" if hidden else text,
        "found": found,
        "refused": [(group, in_words(group.reason)) for group in found.refused],
        "most": finding.MOST_FOUND,
    }
    return render(request, "installs/support/support_search.html", context)
