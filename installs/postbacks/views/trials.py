"""Send test postback: a form, and a page that tells step by step what came of it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from installs.models import Delivery
from installs.postbacks import asking, explaining
from installs.postbacks.forms.settings import PostbackTestForm
from installs.postbacks.packing import TEST_TOKEN
from linnapp import manifest, pages, tab
from linnapp.actors import Side
from linnapp.models import Application
from linnapp.services.manifests import manifest_of

# What App Modules calls the place of a parameter's value: the module's name in the form, and its number there.
PLACE = "parameter"


@require_http_methods(["GET", "HEAD", "POST"])
def postback_test(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row = tab.editable(request, account, application)
    if request.method != "POST":
        return _page(request, row, PostbackTestForm(initial={"url": request.GET.get("url") or _known_url(row)}))
    form = PostbackTestForm(request.POST)
    if form.is_valid():
        with pages.refusal_in(form, "url"):
            sent = asking.send_test(row, url=form.cleaned_data["url"], by=pages.acting(request, Side.DEVELOPER))
            return redirect("postback_test_run", account, row.pk, sent.pk)
    return _page(request, row, form, status=422)


@require_POST
def postback_test_typed(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    """The same form with what stands in App Modules at this moment, saved or not. Nothing is sent yet, and no address
    holds it: a Postback URL may hold a key of the developer's own."""
    row = tab.editable(request, account, application)
    module, _, number = request.POST.get(PLACE, "").partition("-")
    values = request.POST.getlist(f"{module}-p-value")
    place = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else len(values)
    typed = values[place].strip() if place < len(values) else _known_url(row)
    return _page(request, row, PostbackTestForm(initial={"url": typed}))


@require_safe
def postback_test_run(request: HttpRequest, account: str, application: UUID, delivery: UUID) -> HttpResponse:
    row = tab.editable(request, account, application)
    found = get_object_or_404(Delivery.objects.of_application(row).tests(), pk=delivery)
    context = tab.context(
        row,
        "postbacks",
        trial=explaining.explained(found),
        form=PostbackTestForm(initial={"url": found.url}),
        test_token=TEST_TOKEN,
    )
    return pages.page_or_part(request, "installs/postbacks/postback_test_run.html", context)


def _known_url(application: Application) -> str:
    """The saved manifest's Postback URL, else the newest version's."""
    newest = application.versions.the_latest()
    return manifest.postback_url(manifest_of(application)) or (newest.postback_url if newest else "")


def _page(request: HttpRequest, application: Application, form: PostbackTestForm, status: int = 200) -> HttpResponse:
    context = tab.context(application, "postbacks", form=form, test_token=TEST_TOKEN)
    return render(request, "installs/postbacks/postback_test.html", context, status=status)
