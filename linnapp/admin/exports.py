"""Files that somebody had made of lists: their own alone, to fetch and to delete."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.urls import path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_GET, require_POST

from linnapp import export_files
from linnapp.admin_pages import ReadOnlyAdmin
from linnapp.exports import TYPES, Listed, file_name
from linnapp.models import ExportFile, ExportPart, User


@admin.register(ExportFile)
class ExportFileAdmin(ReadOnlyAdmin):
    """One's own: they need no permission of their own, and no permission opens those of others. They are few: there is
    nothing to search."""

    room = "What happened"
    change_form_template = "admin/export_file.html"
    list_display = ("title", "created_at", "state", "total", "shown_size", "ends_at")
    list_filter = ("state",)
    ordering = ("-created_at", "-pk")
    exclude = ("id", "table", "closed", "person", "asked_encrypted", "written", "size", "tries", "beaten_at")
    readonly_fields = ("shown_size",)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """To whoever sees a list that could be exported."""
        others = (page for page in admin.site._registry.values() if page is not self)
        return any(isinstance(page, Listed) and page.room and page.has_view_permission(request) for page in others)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExportFile]:
        """One whose time is up is gone, also before it is deleted."""
        own: QuerySet[ExportFile] = super().get_queryset(request).filter(person=request.user.pk)
        return own & ExportFile.objects.current()

    @admin.display(description="size", ordering="size")
    def shown_size(self, file: ExportFile) -> str:
        return filesizeformat(file.size) if file.size else ""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("<uuid:key>/file/", view(self.fetch_view), name="linnapp_exportfile_file"),
            path("<uuid:key>/drop/", view(self.drop_view), name="linnapp_exportfile_drop"),
        ]
        return [*own, *super().get_urls()]

    def _own(self, request: HttpRequest, key: Any) -> ExportFile:
        found = self.get_queryset(request).filter(pk=key).first() if isinstance(request.user, User) else None
        if found is None:
            raise Http404
        return found

    @method_decorator(require_GET)
    def fetch_view(self, request: HttpRequest, key: Any) -> HttpResponseBase:
        file = self._own(request, key)
        if not export_files.may(file, request):
            raise PermissionDenied
        if file.state != ExportFile.State.READY:
            raise Http404
        answer = StreamingHttpResponse(export_files.content_of(file), content_type=TYPES[export_files.WAY])
        name = file_name(export_files.page_of(file), export_files.WAY)
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        answer.headers["Content-Length"] = str(file.size)
        return answer

    @method_decorator(require_POST)
    def drop_view(self, request: HttpRequest, key: Any) -> HttpResponse:
        file = self._own(request, key)
        export_files.drop(file.pk)
        self.message_user(request, f"The file of {file} was deleted.")
        return redirect("admin:linnapp_exportfile_changelist")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> HttpResponse:
        if file := context["original"]:
            context["may_fetch"] = export_files.may(file, request)
        return super().render_change_form(request, context, *args, **options)


@admin.register(ExportPart)
class ExportPartAdmin(ReadOnlyAdmin):
    list_display = ("file", "position")
    list_select_related = ("file",)
    search_ids = ("file_id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExportPart]:
        return super().get_queryset(request).filter(file__person=request.user.pk)
