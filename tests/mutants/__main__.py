"""`make mutants` runs all; `make mutants ARGS="secrets"` those whose description or place has the word, and then all of
the generated ones that have it, not a sample."""

import sys
import tempfile
import time
from pathlib import Path

from tests.mutants.by_hand import BREAKAGES
from tests.mutants.generated import SUBJECTS, Generated, accepted, all_of, sample_of
from tests.mutants.trial import Mutant, Verdict, try_all


def chosen(word: str) -> list[Mutant]:
    known = accepted()
    mutants: list[Mutant] = [mutant for mutant in BREAKAGES if word in f"by hand: {mutant.what} {mutant.place}"]
    for subject in SUBJECTS:
        made = [mutant for mutant in (all_of(subject) if word else sample_of(subject)) if mutant.full_name not in known]
        mutants += [mutant for mutant in made if word in f"generated: {mutant.full_name}"]
    return mutants


def tell(verdict: Verdict) -> None:
    """A generated one that was noticed is no news."""
    if verdict.is_noticed and isinstance(verdict.mutant, Generated):
        return
    sys.stdout.write(f"{verdict.said:24} {verdict.seconds:5.0f} s  {verdict.mutant.place}: {verdict.mutant.what}\n")
    if not verdict.is_noticed:
        sys.stdout.writelines(f"    {line}\n" for line in verdict.lines)
    sys.stdout.flush()


def main(word: str = "") -> int:
    began = time.monotonic()
    mutants = chosen(word)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="linnapp-mutants-") as folder:
        for verdict in try_all(mutants, Path(folder)):
            failed += not verdict.is_noticed
            tell(verdict)
    minutes = (time.monotonic() - began) / 60
    sys.stdout.write(f"{len(mutants) - failed} of {len(mutants)} noticed, in {minutes:.0f} minutes\n")
    return 1 if failed or not mutants else 0


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
