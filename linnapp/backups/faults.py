"""What keeps a backup from being taken, read or put back."""

from linnapp.errors import NotPossible


class NoBackup(NotPossible):
    """This file is no whole backup, or holds what these keys cannot read."""
