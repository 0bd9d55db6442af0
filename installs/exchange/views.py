"""The endpoints of `installs.exchange.endpoints` as views, under any WSGI server: one request at a time.

They stand in a URL conf of their own, without sessions, cookies or CSRF: `linnapp.middleware.MachineApi`.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from installs.exchange import endpoints, steps
from installs.exchange.endpoints import METHODS, Served, has_readable_length
from installs.exchange.steps import Answering, Unavailable
from installs.exchange.wire import MOST_BYTES
from linnapp.calls import Call, Reply
from linnapp.page_requests import reference_of

ApiView = Callable[[HttpRequest], HttpResponse]


def view_of(served: Served) -> ApiView:
    def view(request: HttpRequest) -> HttpResponse:
        reads = served.reads_body and request.method in METHODS
        return response(run(served.answer(call_of(request, body_of(request) if reads else b""))))

    return view


def run(answering: Answering) -> Reply:
    """Every ask is answered at once, on this thread."""
    try:
        ask = next(answering)
        while True:
            try:
                answered = steps.answer(ask)
            except Unavailable as away:
                ask = answering.throw(away)
            else:
                ask = answering.send(answered)
    except StopIteration as done:
        replied: Reply = done.value
        return replied


def body_of(request: HttpRequest) -> bytes:
    """The body, whatever the method: one client sends a form with GET. Chunked ones have no length; both are cut."""
    if not has_readable_length(request.META):
        return b""
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        return bytes(request.META["wsgi.input"].read(MOST_BYTES + 1))
    return request.body


def call_of(request: HttpRequest, body: bytes = b"") -> Call:
    return Call(
        method=request.method or "",
        path=request.path_info,
        query=request.META.get("QUERY_STRING", ""),
        meta=request.META,
        body=body,
        reference=reference_of(request),
    )


def response(reply: Reply) -> HttpResponse:
    answer = HttpResponse(reply.body, status=reply.status, content_type=reply.content_type)
    if not reply.content_type:
        del answer.headers["Content-Type"]
    for name, value in reply.headers:
        answer.headers[name] = value
    if reply.reference:
        answer.headers["X-Request-Id"] = reply.reference
    return answer


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return response(run(endpoints.not_found(call_of(request))))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return response(endpoints.bad_request(call_of(request)))


def server_error(request: HttpRequest) -> HttpResponse:
    return response(endpoints.server_error(call_of(request)))
