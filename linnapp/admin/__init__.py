"""The registry in the admin. Accounts, applications and versions are in `installs.admin`, as what staff do to them
reaches who installed them."""

from linnapp.admin import bulk_changes, exports, internals, mails, manifests, people, teams

__all__ = ["bulk_changes", "exports", "internals", "mails", "manifests", "people", "teams"]
