"""The way into the store and out of it."""

from linnapp.kinds import register

APPLICATION_LISTED = register("APPLICATION_LISTED", "Listed in the store by {who}", about="details")
APPLICATION_UNLISTED = register("APPLICATION_UNLISTED", "Removed from the store by {who}", about="details")
LISTING_REQUESTED = register("LISTING_REQUESTED", "Listing in the store requested by {who}", about="details")
LISTING_RETURNED = register("LISTING_RETURNED", "Listing returned by {who}", about="details")
LISTING_TAKEN_BACK = register("LISTING_TAKEN_BACK", "Request for a listing taken back by {who}", about="details")
LISTING_WAYS = (APPLICATION_LISTED, APPLICATION_UNLISTED, LISTING_REQUESTED, LISTING_RETURNED, LISTING_TAKEN_BACK)
