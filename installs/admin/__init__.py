"""Both packages' applications and all of `installs` in the admin: a file a subject; the acts of staff are in
`installs.admin.acts`."""

from installs.admin import applications, installations, records

__all__ = ["applications", "installations", "records"]
