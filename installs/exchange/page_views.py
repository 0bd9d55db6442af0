"""The page for developers that says which calls are answered here, and how another one is added."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from installs.exchange import shapes
from installs.exchange.endpoints import SERVED
from installs.exchange.stand_in import SHIPPED, SHIPPED_FOLDER


@require_safe
def answered_calls(request: HttpRequest) -> HttpResponse:
    stand_in = settings.STAND_IN_ANSWERS
    context = {
        "site_url": settings.SITE_URL,
        "data_server_url": settings.DATA_SERVER_URL,
        "own": shapes.own_calls(SERVED),
        "stand_in": stand_in,
        "files": [shapes.shape_of(answer, SERVED) for answer in stand_in.sorted()],
        "is_shipped": stand_in.folder == SHIPPED,
        "shipped_folder": SHIPPED_FOLDER.relative_to(settings.BASE_DIR).as_posix(),
    }
    return render(request, "installs/exchange/answered_calls.html", context)
