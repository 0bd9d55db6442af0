"""Setting the Events URL, and sending a test event to it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from installs.postbacks import asking, event_settings
from installs.postbacks.forms.events import EventsForm
from installs.postbacks.views.settings import page
from linnapp import pages, tab
from linnapp.actors import Side
from linnapp.signing_in.fresh_sign_ins import shows_or_moves_secret


@require_POST
@shows_or_moves_secret("Sends events to another address")
def events_set(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row = tab.editable(request, account, application)
    form = EventsForm(request.POST)
    if form.is_valid():
        url, events = form.cleaned_data["url"], form.cleaned_data["events"]
        with pages.refusal_in(form, "url"):
            event_settings.choose(row, url=url, events=events, by=pages.acting(request, Side.DEVELOPER))
            said = "Saved. Events are sent from now on." if url else "Saved. No events are sent."
            messages.success(request, said)
            return redirect(pages.at_section("events", "postback_settings", account, row.pk))
    return page(request, row, events_form=form)


@require_POST
def events_test(request: HttpRequest, account: str, application: UUID) -> HttpResponse:
    row = tab.editable(request, account, application)
    with pages.refusal_told(request):
        sent = asking.send_test_event(row, by=pages.acting(request, Side.DEVELOPER))
        return redirect("postback_test_run", account, row.pk, sent.pk)
    return redirect(pages.at_section("events", "postback_settings", account, row.pk))
