"""The least that a token exchange can be, one SELECT by an indexed digest and one INSERT, and the least that a data
call can be, one SELECT; in plain SQL."""

import json
import uuid

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone

from bench.bare import digest

FIND = "SELECT id FROM bare_credential WHERE digest = %s"
BEGIN = "INSERT INTO bare_session (id, digest, credential_id, created_at) VALUES (%s, %s, %s, %s)"
LOOK = "SELECT credential_id FROM bare_session WHERE digest = %s"


def exchange(request: HttpRequest) -> JsonResponse:
    token, session = str(uuid.uuid4()), uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute(FIND, [digest(json.loads(request.body)["Token"])])
        (credential,) = cursor.fetchone()
        key = session if connection.vendor == "postgresql" else session.hex
        cursor.execute(BEGIN, [key, digest(token), credential, str(timezone.now())])
    return answer({"Token": token, "TTL": 1800})


def me(request: HttpRequest) -> JsonResponse:
    with connection.cursor() as cursor:
        cursor.execute(LOOK, [digest(request.headers["Authorization"])])
        (credential,) = cursor.fetchone()
    return answer({"credential": credential})


def answer(members: dict[str, object]) -> JsonResponse:
    response = JsonResponse(members)
    response.headers["Content-Length"] = str(len(response.content))
    return response


urlpatterns = [path("api/Auth/AuthorizeByApplication", exchange), path("me", me)]
