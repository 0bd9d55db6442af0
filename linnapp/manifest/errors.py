from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class ManifestError:
    """One thing to mend: where ("modules[2].parameters[0].value"), which rule, and in words.

    `line` and `column`, from 1, are set where the text is not JSON at all.
    """

    path: str
    code: str
    message: str
    line: int | None = None
    column: int | None = None


class ManifestInvalid(Exception):
    """All that is wrong with a manifest, at once."""

    def __init__(self, errors: Iterable[ManifestError]) -> None:
        self.errors = list(errors)
        super().__init__("; ".join(f"{error.path}: {error.message}" for error in self.errors))
