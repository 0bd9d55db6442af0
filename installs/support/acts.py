"""What support may do about an installation, by the name that stands in addresses and on the buttons of causes."""

from enum import StrEnum


class Act(StrEnum):
    SUSPEND = "suspend"
    RESUME = "resume"
    END_SESSIONS = "end-sessions"
    REDELIVER = "redeliver"
    REPLAY = "replay"
    ROTATE = "rotate"
    END_OLD_TOKEN = "end-old-token"
    TELL_DEVELOPER = "tell-developer"
    TELL_CUSTOMER = "tell-customer"


def permission_of(act: Act) -> str:
    """What somebody of support needs to do it; see `ACTS_OF_SUPPORT` of the model Installation."""
    return f"installs.{act.replace('-', '_')}_for_support"
