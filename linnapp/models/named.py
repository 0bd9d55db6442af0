"""What is called by a name that people typed."""

from linnapp import names


class Named:
    def __format__(self, spec: str) -> str:
        """In a sentence, which an f-string is, the name keeps to its place: one that is read from the right would take
        the words beside it along. `str()` is the name as it is."""
        return format(names.isolated(str(self)), spec)
