"""Postbacks: whose turn it is, what is sent and tried again, and what of it is kept."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import both, instead, never, returns, without, without_argument, without_element

POSTING = "installs.postbacks.posting"
CREDENTIALS = "linnapp.credentials"
RETRIES = "installs.postbacks.retries"
RETRY_AFTER = "installs.outbound.retry_after"
CLAIMS = "installs.postbacks.turns.claims"
LINE = "installs.postbacks.turns.line"
PARKING = "installs.postbacks.parking"
PACKING = "installs.postbacks.packing"
RETENTION = "installs.postbacks.retention"

BREAKAGES = (
    Breakage(
        "what was sent stands in the log of postbacks",
        POSTING,
        "_seen",
        instead("credentials.masked(post.token)", "post.token"),
        ("test_deliveries",),
    ),
    Breakage(
        "what an endpoint answers with stands in the log of postbacks: not masked",
        CREDENTIALS,
        "without_values",
        returns("text"),
        ("test_deliveries",),
    ),
    Breakage(
        "what decides an installation goes over a connection that others used",
        POSTING,
        "_attempt",
        instead("post.decides or post.hands_over is not None", "False"),
        ("test_answers_of_endpoints",),
    ),
    Breakage(
        "201 completes an installation that waits for 200",
        RETRIES,
        "judge",
        instead("status == 200", "status in (200, 201)"),
        ("test_wait_for_200",),
    ),
    Breakage(
        "two workers claim the same postback: no lease",
        CLAIMS,
        "_hold",
        without("Delivery.objects.filter(pk__in=held).update(claimed_until=until)"),
        ("test_courier_share",),
    ),
    Breakage(
        "a publisher that does not answer takes the whole courier",
        LINE,
        "WaitingLine._may",
        instead("(not of_sender or of_sender < most) and (not of_both or of_host < most)", "True"),
        ("test_courier_share",),
    ),
    Breakage(
        "retries come every five seconds: the schedule is not kept",
        RETRIES,
        "judge",
        instead("SCHEDULE[attempt - 1]", "SCHEDULE[0]"),
        ("test_deliveries",),
    ),
    Breakage(
        "Retry-After is not honoured",
        RETRIES,
        "judge",
        never("status in SLOW_DOWN"),
        ("test_deliveries",),
    ),
    Breakage(
        "a header of one endpoint stops all postbacks",
        RETRY_AFTER,
        "retry_after",
        without_element("OverflowError"),
        ("test_deliveries",),
    ),
    Breakage(
        "a parked host is never released",
        PARKING,
        "free_stranded",
        instead("Delivery.State.DUE", "Delivery.State.HELD"),
        ("test_parking",),
    ),
    Breakage(
        "the permanent token of an installation that is over is sent",
        PACKING,
        "pack",
        both(
            never("_stands(row)"),
            instead(
                "tokens.get(row.installation_id)",
                "PermanentToken.objects.filter(installation=row.installation_id)[0]",
            ),
        ),
        ("test_deliveries", "test_wait_for_200"),
    ),
    Breakage(
        "the log of postbacks is emptied early",
        RETENTION,
        "_drop_batch",
        without_argument("filter", "created_at__lt"),
        ("test_retention",),
    ),
)
