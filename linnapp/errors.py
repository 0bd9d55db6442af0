"""What services raise when a person asks for something that cannot be done."""


class NotPossible(Exception):
    """A refusal in words: what is so, and what to do about it. Shown to the person as it is."""


class OverQuota(NotPossible):
    """There are so many already, or were so many lately: no field of a form is wrong."""


class Moved(Exception):
    """Somebody else saved first: what the person started from is no longer what stands."""
