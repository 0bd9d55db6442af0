"""Likely causes: each goes when it is over, and is charged to nobody who has no part in it."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import instead, returns

EVIDENCE = "installs.support.likely.evidence"
EXCHANGES = "installs.support.likely.exchanges"
DELIVERIES = "installs.support.likely.deliveries"

BREAKAGES = (
    Breakage(
        "refusals of before the last good exchange are counted with those of after it",
        "installs.support.likely.refusals",
        "_counted",
        instead("good is None or group.hour > good", "True"),
        ("test_likely_goes_on",),
    ),
    Breakage(
        "a client that has authorised again is said never to do so",
        EVIDENCE,
        "Evidence._is_overtaken",
        returns("False"),
        ("test_likely_goes_on",),
    ),
    Breakage(
        "clients that learn of an end from one answer each are taken for one that never does",
        "installs.support.likely.refusals",
        "Found.alike",
        instead("self.group.session_id if self.group.reason == Reason.SESSION_ENDED else None", "None"),
        ("test_likely_goes_on",),
    ),
    Breakage(
        "good calls leave a cause about calls where it was",
        EVIDENCE,
        "Evidence.last_good_at",
        returns("self.last_exchange_at"),
        ("test_likely_goes_on",),
    ),
    Breakage(
        "a call that was refused beside good ones is told until the next of them is written",
        EVIDENCE,
        "Evidence.last_good_at",
        instead("row.last_used_at + USED_AGAIN_AFTER", "row.last_used_at"),
        ("test_likely_goes_on",),
    ),
    Breakage(
        "a session that was replaced is told a whole day",
        EXCHANGES,
        "_goes_on_capping",
        instead("seen.now - CAPPED_LATELY", "seen.now - CAPPED_WITHIN"),
        ("test_likely_goes_on",),
    ),
    Breakage(
        "too many sessions are told when all of them were ended",
        EXCHANGES,
        "_goes_on_capping",
        instead("ended is None or ended.at < last", "True"),
        ("test_likely_goes_on",),
    ),
    Breakage(
        "what came from a server of many is charged to each of them",
        EVIDENCE,
        "Evidence._own_prefixes",
        instead("len(sharing.get(prefix, ())) <= most", "True"),
        ("test_likely_goes_on",),
    ),
    Breakage(
        "the reference of what may be another's goes out with a message",
        "installs.support.likely.causes",
        "LikelyCause.told_reference",
        returns("self.reference"),
        ("test_likely_goes_on",),
    ),
    Breakage(
        "what may be another's is told before what is proven",
        "installs.support.likely.rules",
        "likely_causes",
        instead("cause.rank", "0"),
        ("test_likely_goes_on",),
    ),
    Breakage(
        "a postback is told as the missing token though the token is in use",
        EVIDENCE,
        "Evidence.has_its_token",
        instead("self._was_exchanged_since(telling)", "False"),
        ("test_likely_postbacks",),
    ),
    Breakage(
        "an exchange of before a postback was owed says that its token is there",
        EVIDENCE,
        "Evidence._was_exchanged_since",
        instead("row.created_at > owed.created_at", "True"),
        ("test_likely_postbacks",),
    ),
    Breakage(
        "an exchange with the permanent token of before says that the new one is there",
        EVIDENCE,
        "Evidence._was_exchanged_since",
        instead("row.permanent_token_id == newest", "True"),
        ("test_likely_postbacks",),
    ),
    Breakage(
        "the permanent token of before a rotation counts as the new one",
        "installs.installations.connecting",
        "has_arrived",
        instead("arrived_at >= token_at", "True"),
        ("test_likely_postbacks",),
    ),
    Breakage(
        "a postback that fails when it is sent once more takes away that it arrived",
        "installs.installations.connecting",
        "telling",
        returns("newest_first[0]"),
        ("test_likely_postbacks",),
    ),
    Breakage(
        "a postback that was given up is told twice",
        DELIVERIES,
        "_tried_again",
        instead("missing.state == Delivery.State.DUE", "True"),
        ("test_likely_states",),
    ),
    Breakage(
        "what sent its permanent token with a wrong secret is left out of the case's figures",
        "installs.support.overview",
        "causes_of_installation",
        instead("Q(installation_id=seen.installation.pk) | Q(pk__in=keys)", "Q(installation_id=seen.installation.pk)"),
        ("test_likely_goes_on",),
    ),
)
