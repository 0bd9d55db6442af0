"""Signatures of postbacks, and the receiver that reads them."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import always, condition, instead, without

SECRETS = "installs.postbacks.signing_secrets"
SIGNING = "installs.postbacks.signing"
RECEIVE_POSTBACKS = "installs.management.commands.receive_postbacks"
POSTBACK_SETTINGS = "installs.postbacks.views.settings"

BREAKAGES = (
    Breakage(
        "a postback leaves with no signature",
        SIGNING,
        "headers",
        instead("' '.join(signatures)", "''"),
        ("test_signing",),
    ),
    Breakage(
        "the timestamp of a postback is not signed",
        SIGNING,
        "_signed",
        instead("f'{message_id}.{timestamp}.'", "f'{message_id}.'"),
        ("test_signing",),
    ),
    Breakage(
        "an old postback is genuine for ever",
        SIGNING,
        "verify",
        without("_refuse_other_times"),
        ("test_signing", "test_receive_postbacks"),
    ),
    Breakage(
        "a forged postback is genuine",
        SIGNING,
        "verify",
        condition("credentials.same", "not expected"),
        ("test_signing", "test_receive_postbacks"),
    ),
    Breakage(
        "what arrives at the receiver commands the terminal",
        RECEIVE_POSTBACKS,
        "printable",
        always("character.isprintable()"),
        ("test_receive_postbacks",),
    ),
    Breakage(
        "the signing secret is revealed without a fresh sign-in",
        SECRETS,
        "reveal",
        without("refuse_unless_fresh(by)"),
        ("test_postback_settings",),
    ),
)
