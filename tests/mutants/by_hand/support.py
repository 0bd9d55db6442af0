"""Support: what it does by a permission, what it writes down, and what people ask of it."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import instead, sets, without, without_call

ACTS = "installs.support.views.acts"
NOTES = "installs.support.notes"
INBOX = "installs.help.inbox"
ASKING = "installs.help.asking"

BREAKAGES = (
    Breakage(
        "whoever the console is open to does every act",
        ACTS,
        "allowed",
        instead("pages.signed_in(request).has_perm(permission_of(Act(act)))", "True"),
        ("test_acts_of_support",),
    ),
    Breakage(
        "a secret is written into the reason of an act",
        ACTS,
        "_act",
        without("refuse_credentials(form.cleaned_data['reason'])"),
        ("test_acts_of_support",),
    ),
    Breakage(
        "a secret is noted down",
        NOTES,
        "add",
        without("refuse_credentials(text)"),
        ("test_notes",),
    ),
    Breakage(
        "a person of support notes without an end",
        NOTES,
        "add",
        without("knocks.count(NOTES, by.reader.pk)"),
        ("test_notes",),
    ),
    Breakage(
        "notes past the newest are read by nobody",
        NOTES,
        "notes_on",
        instead("len(rows) > MOST_SHOWN", "False"),
        ("test_notes",),
    ),
    Breakage(
        "what a colleague has is taken along with the installation",
        INBOX,
        "follow",
        without_call("filter", "free"),
        ("test_handing_over",),
    ),
    Breakage(
        "another account's case goes where its reference leads",
        INBOX,
        "follow",
        without_call("of_account"),
        ("test_handing_over",),
    ),
    Breakage(
        "whoever loses a case is not told",
        INBOX,
        "assign",
        without("mails.tell_taken_away(row, before, by=by)"),
        ("test_inbox",),
    ),
    Breakage(
        "support answers with a secret",
        INBOX,
        "answer",
        without("refuse_credentials(text)"),
        ("test_inbox",),
    ),
    Breakage(
        "solved cases are opened again past the most of an account",
        ASKING,
        "put",
        without("_refuse_past_most(case.account)"),
        ("test_inbox",),
    ),
    Breakage(
        "help begins with a refusal of long ago",
        ASKING,
        "newest_refusal",
        sets("since", "timezone.now() - 30 * LATELY"),
        ("test_references",),
    ),
    Breakage(
        "a connector of another application stands first beside a case",
        "installs.support.connectors",
        "beside",
        instead("not each.is_its_client", "each.is_its_client"),
        ("test_beside_a_case",),
    ),
)
