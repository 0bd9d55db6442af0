"""What an application is made of, to look at."""

from django.contrib import admin
from django.utils.safestring import SafeString

from linnapp import credentials
from linnapp.admin_pages import ReadOnlyAdmin, lines
from linnapp.models import Module, Parameter, Secret


def shown_value(parameter: Parameter) -> str:
    return credentials.masked_parameter(parameter.name, parameter.value or "")


@admin.register(Secret)
class SecretAdmin(ReadOnlyAdmin):
    """That there is one, and its last four characters; the value is for the application's own team."""

    list_display = ("application", "ending", "created_at", "created_by", "ends_at")
    list_select_related = ("application", "created_by")
    search_fields = ("application__name",)
    search_ids = ("application_id",)

    @admin.display(description="secret")
    def ending(self, secret: Secret) -> str:
        return f"…{secret.tail}"


@admin.register(Module)
class ModuleAdmin(ReadOnlyAdmin):
    # What a manifest holds beyond the fields that are known may hold anything of the team.
    private = frozenset({"group", "name", "formatted_name", "extra"})
    list_display = ("application", "position", "type")
    list_filter = ("type",)
    list_select_related = ("application",)
    search_fields = ("application__name", "type")
    search_ids = ("application_id", "key")
    readonly_fields = ("parameters",)

    @admin.display
    def parameters(self, module: Module) -> SafeString:
        return lines(f"{parameter.name}: {shown_value(parameter)}" for parameter in module.parameters.all())


@admin.register(Parameter)
class ParameterAdmin(ReadOnlyAdmin):
    # Its keys are the team's own.
    private = frozenset({"value", "extra"})
    readonly_fields = ("shown_value",)
    list_display = ("name", "module", "application", "position")
    list_select_related = ("module__application",)
    search_fields = ("name", "module__application__name")

    @admin.display
    def application(self, parameter: Parameter) -> str:
        return str(parameter.module.application)

    @admin.display(description="value")
    def shown_value(self, parameter: Parameter) -> str:
        return shown_value(parameter)
