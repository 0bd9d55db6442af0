"""One module of a version at a time. Of a long manifest a page draws a line for each module; what one holds is asked
for when it is opened, and is a page of its own without scripts."""

from django.http import Http404, HttpRequest, HttpResponse

from linnapp import tab
from linnapp.models import Application
from linnapp.pages import page_or_part
from linnapp.snapshots import ChangedPart, ReadModule

PAGE = "installs/application/version_part.html"


def changed_part(request: HttpRequest, row: Application, parts: list[ChangedPart], heading: str) -> HttpResponse:
    """What changed in the module that `changes` names; `heading` says which comparison it belongs to."""
    part = next((part for part in parts if part.key == request.GET["changes"]), None)
    if part is None:
        raise Http404("Nothing of this module differs")
    context = tab.context(row, "versions", part=part, heading=heading)
    return page_or_part(request, PAGE, context, part="installs/application/_version_changed_part.html")


def one_module(request: HttpRequest, row: Application, modules: list[ReadModule], heading: str) -> HttpResponse:
    """The module that `module` names."""
    read = next((read for read in modules if read.module.key == request.GET["module"]), None)
    if read is None:
        raise Http404("This version has no such module")
    context = tab.context(row, "versions", read=read, heading=heading)
    return page_or_part(request, PAGE, context, part="installs/application/_version_module.html")
