"""Staff suspend a whole account: what stops on either side of it, and who reads why."""

from tests.mutants.breakages import Breakage, TemplateBreakage
from tests.mutants.changes import instead, never, returns, sets, without

ACTS = "installs.installations.acts"
CASES = "installs.exchange.cases"
SUSPENDING = "installs.installations.suspending_accounts"
INSTALLATION_ROWS = "installs.models.installations"
LIFECYCLE = "installs.installations.lifecycle"
LOCKING = "linnapp.services.locking"
APPLICATION_ROWS = "linnapp.models.applications"
TESTS = ("test_suspending_accounts", "test_suspended_accounts", "test_suspended_account_pages")

BREAKAGES: tuple[Breakage | TemplateBreakage, ...] = (
    Breakage(
        "a session survives the suspension of a whole account",
        SUSPENDING,
        "suspend_account",
        without("Session.objects.of_either_side"),
        ("test_suspended_accounts",),
    ),
    Breakage(
        "sessions of what a suspended account makes live on",
        INSTALLATION_ROWS,
        "InstallationQuerySet.of_either_side",
        returns("self.filter(account=account)"),
        ("test_suspended_accounts",),
    ),
    Breakage(
        "suspending a whole account waits for nobody who ends the same sessions",
        SUSPENDING,
        "_locked",
        without("list"),
        ("test_exchange_races",),
        slow=True,
    ),
    Breakage(
        "the other side of an installation reads why an account is suspended",
        SUSPENDING,
        "_record_everywhere",
        instead("replace(by, reason='')", "by"),
        TESTS,
    ),
    Breakage(
        "what is installed on a suspended account moves",
        ACTS,
        "MOVED",
        sets("MOVED", "HELD"),
        ("test_acts",),
    ),
    Breakage(
        "a developer is told nothing of the suspension of their own account",
        CASES,
        "_refusal_of",
        never("case.publisher_suspended"),
        ("test_suspended_accounts",),
    ),
    Breakage(
        "what a suspended account makes is installed",
        LIFECYCLE,
        "_refuse_unless_installable",
        without("refuse_suspended(application.account, f'nobody can install {application}')"),
        TESTS,
    ),
    Breakage(
        "a suspended account releases and lists",
        LOCKING,
        "locked_to_publish",
        without("refuse_suspended"),
        TESTS,
    ),
    Breakage(
        "the store offers what a suspended account makes",
        APPLICATION_ROWS,
        "ApplicationQuerySet.in_state",
        instead("models.Q(account__suspended_by_staff_at__isnull=False)", "models.Q()"),
        TESTS,
    ),
    TemplateBreakage(
        "the people of a suspended account are not told why",
        "_account_suspended.html",
        '{{ account.suspension_reason|default:"none was given."|bdi }}',
        "",
        ("test_suspended_account_pages",),
    ),
)
