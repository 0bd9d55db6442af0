"""One SELECT by an indexed digest and one INSERT, both by the ORM: the least that a token exchange can be."""

import json
import uuid

from django.http import HttpRequest, JsonResponse
from django.urls import path

from bench.bare import digest
from bench.bare.models import Credential, Session


def exchange(request: HttpRequest) -> JsonResponse:
    credential = Credential._default_manager.get(digest=digest(json.loads(request.body)["Token"]))
    token = str(uuid.uuid4())
    Session._default_manager.create(digest=digest(token), credential=credential)
    response = JsonResponse({"Token": token, "TTL": 1800})
    response.headers["Content-Length"] = str(len(response.content))
    return response


urlpatterns = [path("api/Auth/AuthorizeByApplication", exchange)]
