"""Who may knock, and how often."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import instead, never, returns, text, without

KNOCKS = "linnapp.services.knocks"
DEVICES = "linnapp.signing_in.devices"
FORMS = "linnapp.forms.people"

BREAKAGES = (
    Breakage(
        "a stranger's wrong passwords keep a known device out", KNOCKS, "sign_in", never("device"), ("test_knocking",)
    ),
    Breakage(
        "parallel sign-ins pass the limit together",
        KNOCKS,
        "COUNT",
        text(" OR k.count < %(most)s", " OR TRUE"),
        ("test_knocking",),
    ),
    Breakage(
        "a flood of unknown addresses adds rows without end",
        KNOCKS,
        "COUNT",
        text("< %(room)s", "< 1000 * %(room)s"),
        ("test_knocking",),
    ),
    Breakage(
        "whoever is refused uses up the tries of others",
        KNOCKS,
        "count_each",
        without("take_back(done)"),
        ("test_knocking",),
    ),
    Breakage(
        "each address of an IPv6 network has tries of its own",
        "linnapp.addresses",
        "counted_as",
        returns("address"),
        ("test_knocking", "test_addresses"),
    ),
    Breakage(
        "a known device stays known when the password changes",
        DEVICES,
        "_mark",
        instead("person.get_session_auth_hash()", "''"),
        ("test_known_devices",),
    ),
    Breakage(
        "the time of a sign-up tells who has an account",
        FORMS,
        "SignUpForm",
        never("self.account_already_exists"),
        ("test_known_or_unknown",),
    ),
    Breakage(
        "the demo's sign-in answers through a proxy",
        "linnapp.views.demo",
        "is_offered",
        returns("settings.DEMO"),
        ("test_demo_sign_in",),
    ),
)
