"""Staff inside an account: for how long, how far, and as whom."""

from tests.mutants.breakages import Breakage
from tests.mutants.changes import (
    condition,
    instead,
    never,
    returns,
    without,
    without_argument,
    without_operand,
)

ACCESS = "linnapp.models.access"
PEOPLE = "linnapp.models.people"
PAGES = "linnapp.pages"
ABOUT = ("test_staff_access", "test_access_of_staff")

BREAKAGES = (
    Breakage("an access does not end", ACCESS, "StaffAccessQuerySet.running", returns("self"), ABOUT),
    Breakage(
        "a permission that was taken away stays open",
        ACCESS,
        "inside",
        without_argument("filter", "purpose__in"),
        ("test_staff_boundaries",),
    ),
    Breakage(
        "an access to look edits",
        ACCESS,
        "inside",
        never("to_work"),
        ABOUT,
    ),
    Breakage(
        "whoever looks sends forms through the glass",
        "linnapp.staff_inside",
        "StaffInside.process_view",
        never("access.is_to_look"),
        ABOUT,
    ),
    Breakage(
        "an Owner's pages are an access's too",
        PEOPLE,
        "AccountQuerySet.owned_by",
        returns("self.overseen_by(user)"),
        ABOUT,
    ),
    Breakage(
        "staff reveal without the permission",
        "linnapp.actors",
        "refuse_to_reveal",
        never("by.is_staff"),
        ABOUT,
    ),
    Breakage(
        "what was shown once stays when the access has ended",
        PAGES,
        "may_show",
        never("shown.partition"),
        ABOUT,
    ),
    Breakage(
        "staff act in the developer's name",
        PAGES,
        "acting",
        instead("Side.STAFF", "side"),
        ABOUT,
    ),
    Breakage(
        "whoever has a seat is treated as staff",
        "linnapp.services.access",
        "access_of",
        condition("Account.objects.with_seat_of", "False"),
        ABOUT,
    ),
    Breakage(
        "what staff look at is put on record without an end",
        "linnapp.services.access",
        "looked_at",
        never("len(seen) == MOST_LOOKED_AT"),
        ("test_account_activity",),
    ),
    Breakage(
        "a page that staff looked at is listed as often as they open it",
        "linnapp.services.access",
        "looked_at",
        without_operand("known"),
        ("test_account_activity",),
    ),
    Breakage(
        "staff enter an account as often as they like",
        "linnapp.services.access",
        "enter",
        without("_count(person, row)"),
        ("test_staff_boundaries",),
    ),
    Breakage(
        "staff take a seat by another address of theirs",
        "linnapp.services.people",
        "accept",
        never("row.invited_by_id == by.person.pk"),
        ("test_owners_by_staff",),
    ),
    Breakage(
        "a review is decided that was taken back while it was read",
        "installs.store.listings",
        "_open_of",
        never("read is not None"),
        ("test_admin_reviews",),
    ),
    Breakage(
        "everybody of the team reads the account's Activity",
        "linnapp.views.account_activity",
        "account_activity",
        instead("Account.objects.overseen_by", "Account.objects.visible_to"),
        ("test_account_activity",),
    ),
    Breakage(
        "the next secret is made with an old sign-in",
        "linnapp.services.secrets",
        "create_secret",
        without("refuse_unless_fresh(by)"),
        ("test_secrets",),
    ),
    Breakage(
        "links that only a seat opens are shown to staff inside",
        "linnapp.frames",
        "Frame.may_own",
        returns("True"),
        ("test_dead_links",),
    ),
)
