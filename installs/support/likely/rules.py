"""What is likely wrong with an installation: one table of rules, in the order of likelihood. What stops everything goes
first, then what refusals prove, then what never arrived, then what merely does not go well. What is not proven of the
installation, and what it works in spite of, stand below the rest."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from installs.models import Installation, RefusalGroup
from installs.support.likely import deliveries, exchanges, states
from installs.support.likely.causes import LikelyCause
from installs.support.likely.evidence import Evidence
from linnapp.models import User


@dataclass(frozen=True)
class Rule:
    """`checked` says what was looked at where nothing is wrong."""

    name: str
    checked: str
    find: Callable[[Evidence], LikelyCause | None]


RULES = (
    Rule("application-retired", "The application is not retired.", states.application_retired),
    Rule("installed-again", "No permanent token from before it was installed again is sent.", states.installed_again),
    Rule("uninstalled", "It is not uninstalled.", states.uninstalled),
    Rule("installation-failed", "The installation did not fail.", states.installation_failed),
    Rule("waits-for-200", "It is not waiting for its endpoint.", states.waits_for_200),
    Rule("application-suspended", "The application is not suspended.", states.application_suspended),
    Rule("developer-suspended", "The developer's account is not suspended.", states.developer_suspended),
    Rule("account-suspended", "The account is not suspended.", states.account_suspended),
    Rule("suspended-by-staff", "Staff have not suspended it.", states.suspended_by_staff),
    Rule("suspended-by-account", "The account has not suspended it.", states.suspended_by_account),
    Rule("retired-secret", "No retired Application Secret is sent.", exchanges.retired_secret),
    Rule("wrong-application", "No credentials of another application are sent.", exchanges.wrong_application),
    Rule("wrong-application-id", "No wrong Application ID is sent.", exchanges.wrong_application_id),
    Rule("wrong-secret", "No wrong Application Secret is sent.", exchanges.wrong_secret),
    Rule("old-token", "No permanent token from before a rotation is sent.", exchanges.token_ended),
    Rule("session-token-sent", "No session token is exchanged.", exchanges.session_token_sent),
    Rule("other-value-sent", "No other value is sent instead of a token.", exchanges.other_value_sent),
    Rule("permanent-token-in-calls", "No call carries the permanent token.", exchanges.permanent_token_in_calls),
    Rule("over-quota", "It stays within its exchanges per minute.", exchanges.over_quota),
    Rule("never-authorises-again", "No client keeps calling with an ended session.", exchanges.never_authorises_again),
    Rule("postback-held", "None of its postbacks is held.", deliveries.postback_held),
    Rule("postback-given-up", "None of its postbacks is exhausted or stopped.", deliveries.postback_given_up),
    Rule("endpoint-answers", "The endpoint took its last postback.", deliveries.endpoint_answers),
    Rule("endpoint-not-reached", "The endpoint was reached.", deliveries.endpoint_not_reached),
    Rule("postback-waits", "None of its postbacks is waiting for a worker.", deliveries.postback_waits),
    Rule("never-connected", "It has connected, or is less than a day old.", exchanges.never_connected),
    Rule("call-not-served", "The calls it makes are served.", exchanges.call_not_served),
    Rule("sessions-capped", "No session was ended because there were too many.", exchanges.sessions_capped),
    Rule("version-withdrawn", "Its version is not withdrawn.", states.version_withdrawn),
    Rule("connector-fails", "No connector of the account is failing.", deliveries.connector_fails),
)


def likely_causes(
    installation: Installation, reader: User, seen: Evidence | None = None, pasted: RefusalGroup | None = None
) -> list[LikelyCause]:
    """All that hold, the likeliest first; before them what shows the refusal that was `pasted`. Nothing for whom the
    console is not open to: what stands in them is of several teams. `seen` is what was read of it already."""
    if not reader.is_support:
        return []
    seen = seen or Evidence(installation)
    found = [cause for rule in RULES if (cause := _found(rule, seen))]
    meant = seen.reference_of_alike(pasted) if pasted else ""
    return sorted(found, key=lambda cause: (not meant or cause.reference != meant, cause.rank))


def named(installation: Installation, reader: User, rule: str) -> LikelyCause | None:
    """The one with this name, where it holds."""
    found = next((each for each in RULES if each.name == rule), None)
    return _found(found, Evidence(installation)) if found and reader.is_support else None


def _found(rule: Rule, seen: Evidence) -> LikelyCause | None:
    found = rule.find(seen)
    if found is None:
        return None
    # On its own account customer and developer are one.
    buttons = {fix.label: fix for fix in reversed(found.fixes)}
    return replace(found, rule=rule.name, fixes=tuple(fix for fix in found.fixes if fix in buttons.values()))
