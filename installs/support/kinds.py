"""What support does."""

from linnapp.kinds import register

SUPPORT_VIEWED = register("SUPPORT_VIEWED", "Viewed by {who}")
# Read on the side that it was written to, with the text as its reason, and by support.
SUPPORT_WROTE = register("SUPPORT_WROTE", "{who} wrote to {to}: {title}", own_side_only=True)
# Done on no side but support's own: nobody else reads it.
SUPPORT_ASSIGNED = register("SUPPORT_ASSIGNED", "Case assigned to {to} by {who}", own_side_only=True)
SUPPORT_TOOK = register("SUPPORT_TOOK", "Case taken by {who}", own_side_only=True)
SUPPORT_FREED = register("SUPPORT_FREED", "Case given back by {who}; {to} had it", own_side_only=True)
SUPPORT_VIEWED_APPLICATION = register("SUPPORT_VIEWED_APPLICATION", "{application} viewed by {who}")
SUPPORT_VIEWED_ACCOUNT = register("SUPPORT_VIEWED_ACCOUNT", "{account} viewed by {who}", about="account")
