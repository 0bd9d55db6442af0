"""Whoever sits down at an open browser: reads no secret, and has none sent anywhere."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import instead, never, without, without_decorator

ASKING = "installs.postbacks.asking"
PEOPLE = "linnapp.services.people"
ABOUT = ("test_pages_with_secrets", "test_left_open")

BREAKAGES = (
    Breakage(
        "a page reveals a secret and has no mark",
        "linnapp.views.general",
        "secret_reveal",
        without_decorator("shows_or_moves_secret"),
        ABOUT,
    ),
    Breakage(
        "a page without the mark may do all that one with it may",
        "linnapp.pages",
        "acting",
        instead("asks_for_sign_in(request)", "True"),
        ABOUT,
    ),
    Breakage(
        "a permanent token is sent to another address by an old sign-in",
        ASKING,
        "redeliver",
        without("refuse_unless_fresh(by)"),
        ABOUT,
    ),
    Breakage(
        "permanent tokens are replayed to another address by an old sign-in",
        ASKING,
        "_refuse_to_lead_away",
        without("refuse_unless_fresh(by)"),
        ABOUT,
    ),
    Breakage(
        "another PostbackUrl is saved by an old sign-in",
        "linnapp.services.manifests",
        "_save",
        never("postback_url(manifest)"),
        ABOUT,
    ),
    Breakage(
        "another PostbackUrl is released by an old sign-in",
        "linnapp.services.versions",
        "create_version",
        without("refuse_unless_fresh(by)"),
        ABOUT,
    ),
    Breakage(
        "a seat is given by an old sign-in",
        PEOPLE,
        "invite",
        without("refuse_unless_fresh(by)"),
        ABOUT,
    ),
    Breakage(
        "somebody is made an Owner by an old sign-in",
        PEOPLE,
        "change_role",
        without("refuse_unless_fresh(by)"),
        ABOUT,
    ),
    Breakage(
        "authorising again shows the permanent token in use to an old sign-in",
        "installs.installations.lifecycle",
        "_authorise_again",
        never("delivery is None"),
        ABOUT,
    ),
    Breakage(
        "authorising again leads the permanent token elsewhere by an old sign-in",
        "installs.installations.lifecycle",
        "_authorise_again",
        never("owing.leads_elsewhere(installation, version.postback_url)"),
        ABOUT,
    ),
    Breakage(
        "a consent form that is sent once more shows the permanent token once more",
        "installs.installations.views.consent",
        "_install",
        instead("not consented.repeated", "True"),
        ABOUT,
    ),
    Breakage(
        "a job does to many rows what nobody signed in for",
        "linnapp.bulk_changes",
        "_step",
        instead("act.fresh", "True"),
        ABOUT,
    ),
)
