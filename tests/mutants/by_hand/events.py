"""Events: in which order and under which numbers they go out, and what holds them."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import instead, without

DELIVERIES = "installs.models.deliveries"
PARKING = "installs.postbacks.parking"
RECORDING = "installs.postbacks.recording"
SETTINGS = "installs.postbacks.event_settings"
VIEWS = "installs.postbacks.views.events"

BREAKAGES = (
    Breakage(
        "an event is sent before the one before it had its first attempt",
        DELIVERIES,
        "DeliveryQuerySet.due",
        instead(
            'models.Q(number=None) | ~models.Exists(before.filter(subject=models.OuterRef("subject")))', "models.Q()"
        ),
        ("test_event_order",),
    ),
    Breakage(
        "events are numbered with gaps",
        RECORDING,
        "_next_number",
        instead('F("last") + 1', 'F("last") + 2'),
        ("test_twelve_events",),
    ),
    Breakage(
        "a failing Events URL holds the permanent tokens of the same host",
        PARKING,
        "_held_or_due",
        instead(
            "Delivery.objects.without_tests().of_kind(row.kind).to_host(row.host)",
            "Delivery.objects.without_tests().to_host(row.host)",
        ),
        ("test_event_order",),
    ),
    Breakage(
        "events are led to another address without a fresh sign-in",
        SETTINGS,
        "choose",
        without("refuse_unless_fresh(by)"),
        ("test_event_settings",),
    ),
    Breakage(
        "a host that events left stays parked for ever",
        SETTINGS,
        "choose",
        without("parking.forget_events(row)"),
        ("test_event_settings",),
    ),
    Breakage(
        "what was held while its host was released stays held for ever",
        PARKING,
        "free_stranded",
        without("_in_batches"),
        ("test_event_order",),
    ),
    Breakage(
        "customers read a host that is told nothing of their installation",
        SETTINGS,
        "host_told_of",
        instead('any(event.startswith("installation.") for event in settings.chosen)', "True"),
        ("test_event_settings",),
    ),
)
