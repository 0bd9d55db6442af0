"""Moving to another version, what is shown of it, and the mails about it."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import instead, never, sets, without, without_operand

MOVING = "installs.installations.moving"
COMPARISON = "installs.installations.comparison"
UPDATE_MAILS = "installs.installations.update_mails"
UPDATE_MAILINGS = "installs.models.update_mailings"

BREAKAGES = (
    Breakage(
        "an update takes what was released after it was read",
        MOVING,
        "update",
        without("_refuse_unless_read"),
        ("test_updates",),
    ),
    Breakage(
        "the way back is open for ever",
        MOVING,
        "way_back",
        without_operand("GO_BACK_WITHIN"),
        ("test_going_back",),
    ),
    Breakage(
        "the way back leads to a withdrawn version",
        MOVING,
        "way_back",
        without_operand("before.withdrawn_at"),
        ("test_going_back",),
    ),
    Breakage(
        "a version is chosen on a customer's account",
        MOVING,
        "switch",
        never("row.is_on_own_account"),
        ("test_switching",),
    ),
    Breakage(
        "going back takes what was not read",
        MOVING,
        "go_back",
        never("to != before"),
        ("test_going_back",),
    ),
    Breakage(
        "customers read the names of modules",
        COMPARISON,
        "_titles",
        instead("type_label(module)", "module.label"),
        ("test_update_page", "test_hygiene"),
    ),
    Breakage(
        "customers read keys in the addresses of an update",
        COMPARISON,
        "_value",
        instead("_host_only(value)", "value"),
        ("test_update_page",),
    ),
    Breakage(
        "a mail about updates comes each day",
        UPDATE_MAILINGS,
        "EVERY",
        sets("EVERY", "timedelta(days=1)"),
        ("test_update_mails",),
    ),
    Breakage(
        "mails about updates come to who wants none",
        UPDATE_MAILS,
        "owners_due",
        instead("MailRefusal.objects.of_kind(mail.Kind.UPDATES)", "MailRefusal.objects.none()"),
        ("test_choice_of_mails",),
    ),
    Breakage(
        "mails come to who switched them off",
        "linnapp.mail_choices",
        "wanting",
        instead("address not in unwanted", "address"),
        ("test_choice_of_mails",),
    ),
    Breakage(
        "anybody stops anybody's mails: the link is not signed",
        UPDATE_MAILS,
        "person_of",
        instead("SIGNER.unsign(key)", "key.partition(':')[0]"),
        ("test_update_mails",),
    ),
    Breakage(
        "a mail about updates that is lost is never sent again",
        UPDATE_MAILS,
        "send_to",
        # Outside of a transaction it does nothing.
        instead("transaction.atomic()", "transaction.mark_for_rollback_on_error()"),
        ("test_update_mails",),
    ),
)
