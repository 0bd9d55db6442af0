"""A request of a machine and what it is answered, whole: what the endpoints of the API read and give back, whichever
way the request came in. No ORM, no Django request."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Call:
    """`path` is decoded and has no query; `meta` holds headers and peer by the names of CGI (HTTP_AUTHORIZATION,
    CONTENT_TYPE, REMOTE_ADDR); `reference` is what the answer, the log and a refusal's record call it by."""

    method: str
    path: str
    query: str
    meta: Mapping[str, str]
    body: bytes = field(repr=False)
    reference: str


@dataclass(frozen=True, slots=True)
class Reply:
    """`headers` are those beside Content-Type and Content-Length, which follow from the body; where there is none for
    certain (204), `content_type` is "" and neither is sent. `reference` stands in the place of the call's, where the
    answer is a refusal that is kept under one of its own."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"
    reference: str = ""
