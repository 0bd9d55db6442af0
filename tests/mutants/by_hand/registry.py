"""Accounts, applications, manifests and secrets, and the staff's admin."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import (
    instead,
    never,
    returns,
    sets,
    without,
    without_element,
    without_operand,
)

APPLICATION_ROWS = "linnapp.models.applications"
GUARDS = "linnapp.migrations.0014_folded_names"
ROTATION = "installs.application.secret_ends"
GENERAL = "linnapp.views.general"
SECRETS = "linnapp.services.secrets"
MANIFESTS = "linnapp.services.manifests"
MEANING = "linnapp.manifest.meaning"
ADMIN_PAGES = "linnapp.admin_pages"
SESSIONS = "linnapp.sessions"
MIDDLEWARE = "linnapp.middleware"
LISTINGS = "installs.store.listings"
ACTORS = "linnapp.actors"
TIMELINE = "linnapp.timeline"

BREAKAGES = (
    Breakage(
        "strangers see applications: no visible_to",
        APPLICATION_ROWS,
        "ApplicationQuerySet.visible_to",
        returns("self.all()"),
        ("test_applications", "test_overview", "test_general"),
    ),
    Breakage(
        "a released version can be updated: no trigger",
        GUARDS,
        "Migration.operations",
        without_element("guard_released_versions"),
        ("test_version_snapshots", "test_versions", "test_new_version"),
    ),
    Breakage(
        "a session survives the retirement of its secret",
        ROTATION,
        "retire_secret",
        without("Session.objects.filter"),
        ("test_secrets", "test_exchange_races"),
    ),
    Breakage(
        "an Application Secret is revealed without a fresh sign-in",
        SECRETS,
        "reveal_secret",
        without("refuse_unless_fresh(by)"),
        ("test_general",),
    ),
    Breakage(
        "any number of secrets may be live",
        SECRETS,
        "create_secret",
        never("MOST_LIVE"),
        ("test_secrets",),
    ),
    Breakage(
        "what somebody saved meanwhile is overwritten: Moved is not raised",
        MANIFESTS,
        "save_manifest",
        never("row.manifest_revision != expected_revision"),
        ("test_modules_conflict",),
    ),
    Breakage(
        "two PostbackUrls are allowed",
        MEANING,
        "_rules",
        without_element("_second_postback_urls"),
        ("test_manifest_values",),
    ),
    Breakage(
        "staff read ciphertexts",
        "linnapp.admin_columns",
        "is_hidden",
        without_operand("field.endswith((ENCRYPTED, FOLDED))"),
        ("test_admin",),
    ),
    Breakage(
        "staff list what they did not read",
        ADMIN_PAGES,
        "ask_and_perform",
        sets("moved", "False"),
        ("test_listing_review",),
    ),
    Breakage(
        "one tab erases what another keeps",
        SESSIONS,
        "SessionStore._take_in",
        instead("merged(now, getattr(self, '_as_loaded', now), mine)", "mine"),
        ("test_sessions",),
    ),
    Breakage(
        "a page that asks for news decides where its reader works",
        MIDDLEWARE,
        "LastAccount.__call__",
        without_operand("not wants_part(request)"),
        ("test_sessions",),
    ),
    Breakage(
        "whoever is no staff lists an application in the store",
        ACTORS,
        "refuse_unless_staff",
        never("not by.may_act_as_staff"),
        ("test_listing", "test_acts"),
    ),
    Breakage(
        "what staff do reads as the developer's own act",
        TIMELINE,
        "entry",
        instead("by.side", "Side.DEVELOPER"),
        ("test_kinds", "test_listing"),
    ),
)
