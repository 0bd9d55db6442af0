"""Accounts, applications, versions and all of `installs` in the admin: a file a subject; the acts of staff are in
`installs.admin.acts` and `installs.admin.acts_on_versions`."""

from installs.admin import accounts, applications, installations, of_events, of_support, records, reviews, versions

__all__ = ["accounts", "applications", "installations", "of_events", "of_support", "records", "reviews", "versions"]
