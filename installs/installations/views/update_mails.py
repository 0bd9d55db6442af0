"""Where the link of a mail about updates leads: no more of them, by one click and without signing in."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from installs.installations import update_mails
from linnapp.models import User


# Exempt: a mail program posts for its reader, with neither page nor cookie (RFC 8058); it follows no redirect, so the
# answer is the page. A GET changes nothing: scanners of mail follow every link.
@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def update_mails_stop(request: HttpRequest, key: str) -> HttpResponse:
    person = _person(key)
    if request.method == "POST":
        update_mails.stop(person)
    context = {"key": key, "stopped": update_mails.are_stopped(person)}
    return render(request, "installs/installations/update_mails_stop.html", context)


@login_not_required
@require_POST
def update_mails_start_again(request: HttpRequest, key: str) -> HttpResponse:
    update_mails.start_again(_person(key))
    return redirect("update_mails_stop", key)


def _person(key: str) -> User:
    person = update_mails.person_of(key)
    if person is None:
        raise Http404("The link is not one of ours.")
    return person
