"""What happens to postbacks, and to an installation that waits for one."""

from linnapp.kinds import register

INSTALLATION_COMPLETED = register(
    "INSTALLATION_COMPLETED", "{host} answered 200: the installation is complete", about="installations"
)
INSTALLATION_FAILED = register("INSTALLATION_FAILED", "Installation failed: {cause}", about="installations")
POSTBACK = register("POSTBACK", "Postback ({event}) to {host}: {outcome}", about="postbacks")
POSTBACK_ENDED = register("POSTBACK_ENDED", "Postback ({event}) to {host} not delivered: {outcome}", about="postbacks")
POSTBACK_AGAIN = register("POSTBACK_AGAIN", "Postback ({event}) to {host} redelivered by {who}", about="postbacks")
POSTBACKS_REPLAYED = register("POSTBACKS_REPLAYED", "{count} failed postbacks replayed by {who}", about="postbacks")
EVENTS_REPLAYED = register("EVENTS_REPLAYED", "{count} failed events replayed by {who}", about="postbacks")
POSTBACK_TESTED = register(
    "POSTBACK_TESTED", "Test postback to {host} sent by {who}", about="postbacks", own_side_only=True
)
POSTBACKS_PARKED = register(
    "POSTBACKS_PARKED", "Postbacks to {host} held: it has failed since {since}", about="postbacks"
)
POSTBACKS_RELEASED = register(
    "POSTBACKS_RELEASED", "{host} answers again: {count} held postbacks released", about="postbacks"
)
EVENT = register("EVENT", "Event {number} ({event}) to {host}: {outcome}", about="postbacks")
EVENT_ENDED = register("EVENT_ENDED", "Event {number} ({event}) to {host} not delivered: {outcome}", about="postbacks")
EVENT_AGAIN = register("EVENT_AGAIN", "Event {number} ({event}) to {host} redelivered by {who}", about="postbacks")
EVENT_TESTED = register("EVENT_TESTED", "Test event to {host} sent by {who}", about="postbacks", own_side_only=True)
EVENTS_PARKED = register("EVENTS_PARKED", "Events to {host} held: it has failed since {since}", about="postbacks")
EVENTS_RELEASED = register("EVENTS_RELEASED", "{host} answers again: {count} held events released", about="postbacks")
EVENTS_HOST_LEFT = register(
    "EVENTS_HOST_LEFT", "Events to {host} no longer held: none are sent there", about="postbacks"
)
EVENTS_URL = register("EVENTS_URL", "Events for {host} set by {who}: {chosen}", about="postbacks")
EVENTS_URL_CLEARED = register(
    "EVENTS_URL_CLEARED", "Events URL at {host} removed by {who}: no events are sent", about="postbacks"
)
POSTBACK_MODE = register("POSTBACK_MODE", "Postbacks set to “{mode}” by {who}", about="postbacks", own_side_only=True)
POSTBACK_ALERTS = register(
    "POSTBACK_ALERTS", "E-mails to Owners set by {who}: {alerts}", about="postbacks", own_side_only=True
)
SIGNING_SECRET_REVEALED = register(
    "SIGNING_SECRET_REVEALED", "Signing secret …{tail} revealed to {who}", about="credentials", own_side_only=True
)
SIGNING_SECRET_ROTATED = register(
    "SIGNING_SECRET_ROTATED",
    "Signing secret …{tail} created by {who}; the one before ends {ends}",
    about="credentials",
    own_side_only=True,
)
