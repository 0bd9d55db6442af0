"""Pages are compressed on their way out, but for those that show a credential in the clear."""

import re

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import patch_vary_headers

from linnapp.page_requests import shows_credential

# Scripts and styles come packed from their folder, but for one that the admin makes.
TYPES = frozenset({"text/html", "application/json", "text/javascript"})
# A client may name a coding to say that it does not want it.
UNWANTED = re.compile(r"\bgzip\s*;\s*q=0(?:\.0*)?\s*(?:,|$)", re.IGNORECASE)


class CompressedPages(GZipMiddleware):
    """What is sent in parts, such as a list as a file, is not compressed: each part is made when its reader has taken
    the one before. Django adds up to a hundred bytes of random length to each answer."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if response.streaming or kind not in TYPES or shows_credential(request):
            return response
        if UNWANTED.search(request.headers.get("Accept-Encoding", "")):
            patch_vary_headers(response, ["Accept-Encoding"])
            return response
        return super().process_response(request, response)
