"""What installations leave behind, and what belongs to accounts: to look at, without secrets."""

from typing import Any, ClassVar, cast

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest

from installs.admin.acts_on_postbacks import REDELIVER
from installs.exchange.refusals import Reason, cause_of
from installs.models import (
    AddressDay,
    AlertSent,
    Attempt,
    AttemptCount,
    Connector,
    ConnectorCheck,
    Delivery,
    ExchangeHour,
    FailureWindow,
    HelpCase,
    HelpMessage,
    Installation,
    PermanentToken,
    PostbackAlerts,
    PostbackHost,
    PostbackPolicy,
    RefusalGroup,
    RefusalSample,
    RefusedConsent,
    SecretHour,
    Session,
    SigningSecret,
    StockLocation,
    UpdateMailing,
)
from installs.outbound import masking
from linnapp import credentials
from linnapp.admin_filters import FewFilter, SinceFilter, StateFilter
from linnapp.admin_pages import ReadOnlyAdmin
from linnapp.models import Application
from linnapp.moments import shown
from linnapp.words import counted


class SinceHour(SinceFilter):
    field = "hour"
    whole_hours = True


class CauseFilter(admin.SimpleListFilter):
    """In plain words. Asking the rows for their reasons would read them all."""

    title = "cause"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(reason, cause_of(reason)) for reason in Reason]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(reason=self.value()) if self.value() else queryset


class DeliveryState(StateFilter):
    conditions: ClassVar[dict[str, Q]] = {
        "Waiting or held": Delivery.IS_WAITING,
        "Stopped or exhausted": Delivery.HAS_FAILED,
        **{label: Q(state=value) for value, label in Delivery.State.choices},
        **{state.label: Delivery.IS_WAITING & Q(state=state) for state in Delivery.WAITING},
        **{state.label: Delivery.HAS_FAILED & Q(state=state) for state in Delivery.FAILED},
    }


class DeliveryKind(FewFilter):
    most = frozenset({Delivery.Kind.POSTBACK})
    condition = Delivery.IS_EVENT
    says_all = True


class DeliveryEvent(FewFilter):
    most = frozenset({"installed"})
    condition = Delivery.IS_NOT_OF_MOST


class OfInstallation(ReadOnlyAdmin):
    list_select_related = ("installation__application", "installation__account")
    search_fields = ("installation__application__name", "installation__account__name")
    search_ids = ("installation_id",)


@admin.register(PermanentToken)
class PermanentTokenAdmin(OfInstallation):
    list_display = ("installation", "ending", "created_at", "ends_at")
    ordering = ("-pk",)
    sortable_by = ()

    @admin.display(description="permanent token")
    def ending(self, token: PermanentToken) -> str:
        return f"…{token.tail}"


class End(FewFilter):
    most = frozenset({""})
    condition = Q(ended_at__isnull=False)


@admin.register(Session)
class SessionAdmin(OfInstallation):
    list_display = ("installation", "address", "created_at", "last_used_at", "ended_at", "end")
    list_filter = (("end", End),)
    ordering = ("-created_at", "-pk")
    sortable_by = ("created_at",)


@admin.register(ExchangeHour)
class ExchangeHourAdmin(OfInstallation):
    list_display = ("installation", "hour", "exchanges", "refused", "addresses")
    list_filter = (SinceHour,)
    # The newest: each row is made in its hour.
    ordering = ("-pk",)
    sortable_by = ("hour",)
    summed: ClassVar[dict[str, str]] = {"exchanges": "exchanges", "refused": "refused"}


@admin.register(SecretHour)
class SecretHourAdmin(OfInstallation):
    list_display = ("installation", "hour", "secret_id", "exchanges")
    list_filter = (SinceHour,)
    ordering = ("-pk",)
    sortable_by = ("hour",)


@admin.register(AddressDay)
class AddressDayAdmin(OfInstallation):
    list_display = ("installation", "day")
    ordering = ("-pk",)
    sortable_by = ("day",)


@admin.register(RefusalGroup)
class RefusalGroupAdmin(ReadOnlyAdmin):
    room = "What happened"
    exclude = ("key", "reason")
    readonly_fields = ("cause", "application", "account")
    list_display = ("hour", "cause", "count", "address", "application", "account", "last_at")
    list_filter = (SinceHour, CauseFilter)
    summed: ClassVar[dict[str, str]] = {"count": "refused"}
    search_fields = ("address",)
    search_ids = ("application_id", "installation_id", "named_application_id")
    ordering = ("-hour", "-pk")
    sortable_by = ("hour",)

    def named(self, row: RefusalGroup) -> str:
        return f"{cause_of(row.reason)}, {counted(row.count, 'time')}, {shown(row.hour, 'DATE_FORMAT')}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[RefusalGroup]:
        application = Application.objects.filter(pk=OuterRef("application_id"))
        installation = Installation.objects.filter(pk=OuterRef("installation_id"))
        rows: QuerySet[RefusalGroup] = super().get_queryset(request)
        return rows.annotate(
            application_name=Subquery(application.values("name")[:1]),
            account_name=Subquery(installation.values("account__name")[:1]),
        )

    @admin.display(ordering="reason")
    def cause(self, group: RefusalGroup) -> str:
        return cause_of(group.reason)

    @admin.display
    def application(self, group: Any) -> str | None:
        return cast("str | None", group.application_name)

    @admin.display
    def account(self, group: Any) -> str | None:
        return cast("str | None", group.account_name)


@admin.register(RefusalSample)
class RefusalSampleAdmin(ReadOnlyAdmin):
    list_display = ("reference", "at", "cause", "address")
    list_select_related = ("group",)
    search_fields = ("reference",)
    ordering = ("-pk",)
    sortable_by = ()

    @admin.display
    def cause(self, sample: RefusalSample) -> str:
        return cause_of(sample.group.reason)

    @admin.display
    def address(self, sample: RefusalSample) -> str:
        return sample.group.address


@admin.register(RefusedConsent)
class RefusedConsentAdmin(ReadOnlyAdmin):
    list_display = ("reference", "at", "person", "heading")
    list_select_related = ("person",)
    search_fields = ("reference",)
    search_ids = ("application_id", "account_id")
    ordering = ("-at", "-pk")


@admin.register(FailureWindow)
class FailureWindowAdmin(ReadOnlyAdmin):
    list_display = ("address", "failures", "began_at", "last_at")
    search_fields = ("address",)
    ordering = ("-last_at", "-pk")


@admin.register(PostbackPolicy)
class PostbackPolicyAdmin(ReadOnlyAdmin):
    list_display = ("application", "mode")
    list_filter = ("mode",)
    list_select_related = ("application",)
    search_fields = ("application__name",)


@admin.register(PostbackAlerts)
class PostbackAlertsAdmin(ReadOnlyAdmin):
    list_display = ("application", "exhausted", "parked", "recovered")
    list_select_related = ("application",)
    search_fields = ("application__name",)


@admin.register(AlertSent)
class AlertSentAdmin(ReadOnlyAdmin):
    list_display = ("host", "matter", "sent_at")
    list_filter = ("matter",)
    list_select_related = ("host__application",)
    search_fields = ("host__application__name", "host__host")
    ordering = ("-sent_at", "-pk")


@admin.register(SigningSecret)
class SigningSecretAdmin(ReadOnlyAdmin):
    list_display = ("application", "ending", "created_at", "ends_at")
    list_select_related = ("application",)
    search_fields = ("application__name",)

    @admin.display(description="signing secret")
    def ending(self, secret: SigningSecret) -> str:
        return f"…{secret.tail}"


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    room = "Installations"
    also_exported: ClassVar = {"url": "address", "outcome": "shown_outcome"}
    export_related = ("installation__application", "installation__account")
    list_display = (
        "application",
        "shown_kind",
        "event",
        "host",
        "state",
        "created_at",
        "next_attempt_at",
        "shown_outcome",
    )
    list_filter = (DeliveryState, ("kind", DeliveryKind), ("event", DeliveryEvent))
    list_select_related = ("application",)
    search_fields = ("application__name", "host")
    search_ids = ("pk", "application_id", "installation_id")
    ordering = ("-created_at", "pk")
    sortable_by = ("created_at",)
    staff_actions = (REDELIVER,)
    # Keys stand in an address: those are the team's own. What a test came to quotes it.
    private = frozenset({"url", "steps", "outcome"})
    readonly_fields = ("address", "shown_outcome")

    def named(self, row: Delivery) -> str:
        return f"{row.application}: {row}, {row.get_state_display().lower()}, {shown(row.created_at, 'DATE_FORMAT')}"

    @admin.display(description="kind")
    def shown_kind(self, delivery: Delivery) -> str:
        """With the number of an event: two of one kind are told apart by it."""
        return delivery.get_kind_display() if delivery.number is None else f"Event {delivery.number}"

    @admin.display(description="URL")
    def address(self, delivery: Delivery) -> str:
        return credentials.masked_addresses(delivery.url)

    @admin.display(description="outcome")
    def shown_outcome(self, delivery: Delivery) -> str:
        return credentials.masked_addresses(delivery.outcome)


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    list_display = ("at", "delivery", "status", "milliseconds", "shown_cause")
    list_select_related = ("delivery",)
    search_fields = ("delivery__application__name",)
    search_ids = ("delivery_id",)
    ordering = ("-pk",)
    sortable_by = ()
    # The request begins with the address, its keys in it, and an answer may quote them.
    private = frozenset({"request", "answer", "cause"})
    readonly_fields = ("shown_cause", "shown_request")

    @admin.display(description="cause")
    def shown_cause(self, attempt: Attempt) -> str:
        return credentials.masked_addresses(attempt.cause)

    @admin.display(description="request")
    def shown_request(self, attempt: Attempt) -> str:
        return masking.without_keys(attempt.request)


@admin.register(AttemptCount)
class AttemptCountAdmin(ReadOnlyAdmin):
    list_display = ("outcome", "count")
    ordering = ("outcome",)


@admin.register(PostbackHost)
class PostbackHostAdmin(ReadOnlyAdmin):
    list_display = ("application", "host", "kind", "failing_since", "parked_at", "next_trial_at")
    list_select_related = ("application",)
    search_fields = ("application__name", "host")
    search_ids = ("application_id",)


@admin.register(Connector)
class ConnectorAdmin(ReadOnlyAdmin):
    room = "Installations"
    also_exported: ClassVar = {"account_slug": "account__slug"}
    list_display = ("name", "account", "state", "enabled", "last_success_at", "last_error_at")
    list_filter = ("state", "enabled")
    list_select_related = ("account",)
    search_fields = ("name", "account__name")
    search_ids = ("pk", "account_id")
    ordering = ("-created_at", "pk")


@admin.register(ConnectorCheck)
class ConnectorCheckAdmin(ReadOnlyAdmin):
    # What the first call was answered with is the customer's.
    private = frozenset({"conversation"})
    list_display = ("connector", "state", "created_at", "ended_at", "fault")
    list_filter = ("state",)
    list_select_related = ("connector",)
    search_ids = ("pk", "connector_id")
    ordering = ("-created_at", "pk")


@admin.register(StockLocation)
class StockLocationAdmin(ReadOnlyAdmin):
    list_display = ("name", "account", "location_id", "is_fulfilment_center")
    list_select_related = ("account",)
    search_fields = ("name", "account__name")
    search_ids = ("location_id", "account_id")
    ordering = ("-pk",)
    sortable_by = ()


@admin.register(UpdateMailing)
class UpdateMailingAdmin(ReadOnlyAdmin):
    list_display = ("user", "sent_at")
    list_select_related = ("user",)
    search_fields = ("user__name", "user__email")
    ordering = ("-sent_at", "-pk")
    sortable_by = ("sent_at",)


@admin.register(HelpCase)
class HelpCaseAdmin(ReadOnlyAdmin):
    room = "What happened"
    list_display = ("sentence", "account", "kind", "state", "since", "opened_at", "assigned_to")
    list_filter = ("state", "kind")
    list_select_related = ("account", "assigned_to")
    search_fields = ("account__name", "reference")
    ordering = ("-opened_at", "-pk")


@admin.register(HelpMessage)
class HelpMessageAdmin(ReadOnlyAdmin):
    list_display = ("case", "writer", "written_by", "at")
    list_filter = ("writer",)
    list_select_related = ("case__account", "written_by")
    ordering = ("-pk",)
