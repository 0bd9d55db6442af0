"""Mail that is written down and sent, and the queue that may be away."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import instead, never, without

OUTBOX, QUEUES = "linnapp.outbox", "linnapp.queues"

BREAKAGES = (
    Breakage("a mail is sent after its link ended", OUTBOX, "_send", never("mail.ends_at"), ("test_sending_mail",)),
    Breakage(
        "two threads send the same mail",
        OUTBOX,
        "_taken",
        instead("timezone.now() + TAKEN_FOR", "timezone.now()"),
        ("test_sending_mail",),
    ),
    Breakage(
        "an address that is refused for good is tried for two days",
        OUTBOX,
        "_send",
        never("for_good"),
        ("test_sending_mail",),
    ),
    Breakage(
        "the worker and the pages no longer meet in the file of the queue",
        QUEUES,
        "QueueFile.conn",
        never("self._file"),
        ("test_queue_away",),
    ),
    Breakage(
        "a bulk change that the queue does not take is never done",
        "linnapp.bulk_changes",
        "take_up",
        without("jobs.ask(work, key)"),
        ("test_without_a_queue",),
    ),
)
