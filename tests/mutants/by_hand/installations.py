"""Installing, what ends with an installation, and the store."""

from tests.mutants.breakages import Breakage, TemplateBreakage
from tests.mutants.changes import (
    both,
    condition,
    instead,
    never,
    returns,
    then,
    without,
    without_argument,
    without_call,
)

LIFECYCLE = "installs.installations.lifecycle"
ACTS = "installs.installations.acts"
LOCKING = "linnapp.services.locking"
SUSPENDING = "installs.installations.suspending"
INSTALLATION_ROWS = "installs.models.installations"
DECIDING = "installs.postbacks.deciding"
STORE = "installs.store.offers"
LISTINGS = "installs.store.listings"

BREAKAGES: tuple[Breakage | TemplateBreakage, ...] = (
    Breakage(
        "two consents at once: no lock in install",
        LOCKING,
        "locked",
        without_call("select_for_update"),
        ("test_install_races", "test_exchange_races"),
        slow=True,
    ),
    Breakage(
        "strangers see installations: no visible_to",
        INSTALLATION_ROWS,
        "InstallationQuerySet.visible_to",
        returns("self.all()"),
        ("test_application_installations", "test_search", "test_my_apps"),
    ),
    Breakage(
        "a forged version is accepted",
        LIFECYCLE,
        "_refuse_unless_offered",
        condition("version in offered", "version"),
        ("test_consent", "test_install"),
    ),
    Breakage(
        "anybody installs on any account",
        LIFECYCLE,
        "_refuse_unless_installable",
        condition("Account.objects.installable_by", "account is None"),
        ("test_install", "test_consent"),
    ),
    Breakage(
        "a session survives uninstalling",
        LIFECYCLE,
        "uninstall",
        without("row.sessions.end"),
        ("test_my_apps", "test_install", "test_exchange_races"),
    ),
    Breakage(
        "a session survives suspension",
        SUSPENDING,
        "suspend_by_staff",
        without("row.sessions.end"),
        ("test_authorize", "test_admin_actions", "test_exchange_races"),
    ),
    Breakage(
        "a session survives the account's suspension",
        SUSPENDING,
        "suspend",
        without("row.sessions.end"),
        ("test_suspending", "test_acts", "test_exchange_races"),
    ),
    Breakage(
        "the account lifts what staff set",
        SUSPENDING,
        "resume",
        both(
            then("row.suspended_by_account_at", "row.suspended_by_staff_at = None"),
            without_argument("row.save", "update_fields"),
        ),
        ("test_suspending",),
    ),
    Breakage(
        "a permanent token is revealed without a record",
        LIFECYCLE,
        "reveal_token",
        without("timeline.record_about"),
        ("test_my_apps", "test_application_installations"),
    ),
    Breakage(
        "authorising again moves a customer to the latest version",
        LIFECYCLE,
        "_offered",
        instead("installed.version", "application.versions.latest() or installed.version"),
        ("test_install", "test_consent", "test_seed_manifest", "test_seed_installing"),
    ),
    Breakage(
        "anybody moves an installation: no manager asked for",
        ACTS,
        "refuse_others",
        never("not allowed & who_is(by, installation)"),
        ("test_updates", "test_switching", "test_acts"),
    ),
    TemplateBreakage(
        "the internal Summary is shown to whoever installs",
        "_consent.html",
        "{% if question.application.description %}",
        "{{ question.application.summary }}{% if question.application.description %}",
        ("test_consent",),
    ),
    TemplateBreakage(
        "the page after installing holds the permanent token that was sent",
        "_installation_sent.html",
        ">First connection: ",
        " data-token={{ installation.permanent_tokens.first.value }}>First connection: ",
        ("test_installation_sent", "test_install_with_postback"),
    ),
    Breakage(
        "a session survives an installation that fails",
        DECIDING,
        "fail",
        without("row.sessions.end"),
        ("test_wait_for_200", "test_pending_races"),
    ),
    Breakage(
        "the permanent token of a failed installation lives on",
        DECIDING,
        "fail",
        without("_tokens"),
        ("test_wait_for_200", "test_pending_races"),
    ),
    Breakage(
        "an answer after the end completes the installation",
        DECIDING,
        "decide",
        never("Installation.State.PENDING"),
        ("test_installation_sent", "test_pending_races"),
    ),
    Breakage(
        "what is not listed is in the store",
        STORE,
        "on_offer",
        without_call("listed"),
        ("test_store",),
    ),
    Breakage(
        "an edit of what is listed is not marked",
        LISTINGS,
        "differences",
        never("getattr(review, field)"),
        ("test_listing_review",),
    ),
)
