"""A breakage: what goes wrong then, where, and which tests are meant to notice."""

from dataclasses import dataclass

from tests.mutants.places import Broken, Change, broken_module, broken_template, file_of_tests


@dataclass(frozen=True)
class Breakage:
    """`tests` are names of test files without their folder; tried one after the other. `slow` where only a slow test
    can notice: no other breakage waits for those."""

    what: str
    module: str
    name: str
    change: Change
    tests: tuple[str, ...]
    slow: bool = False

    @property
    def place(self) -> str:
        return f"{self.module}.{self.name}"

    def broken(self) -> Broken:
        """Raises Gone where the place is not there once."""
        return broken_module(self.module, self.name, self.change)

    def test_paths(self) -> list[str]:
        return [file_of_tests(stem) for stem in self.tests]

    @property
    def swap(self) -> None:
        return None

    def further(self) -> list[str]:
        return ["tests"]


@dataclass(frozen=True)
class TemplateBreakage:
    """In a template, found by its file name."""

    what: str
    place: str
    original: str
    written: str
    tests: tuple[str, ...]
    slow: bool = False

    def broken(self) -> Broken:
        return broken_template(self.place, self.original, self.written)

    def test_paths(self) -> list[str]:
        return [file_of_tests(stem) for stem in self.tests]

    @property
    def swap(self) -> None:
        return None

    def further(self) -> list[str]:
        return ["tests"]
