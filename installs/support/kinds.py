"""What support does."""

from linnapp.kinds import register

SUPPORT_VIEWED = register("SUPPORT_VIEWED", "Viewed by {who}")
