"""Both packages' applications and all of `installs` in the admin: a file a subject; the acts of staff are in
`installs.admin.acts` and `installs.admin.acts_on_versions`."""

from installs.admin import applications, installations, records, versions

__all__ = ["applications", "installations", "records", "versions"]
