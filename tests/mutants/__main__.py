"""`make mutants` runs all; `make mutants ARGS="secrets"` those whose description or place has the word."""

import sys
import tempfile
import time
from pathlib import Path

from tests.mutants.by_hand import BREAKAGES
from tests.mutants.trial import Mutant, Verdict, try_all


def chosen(word: str) -> list[Mutant]:
    return [mutant for mutant in BREAKAGES if word in f"{mutant.what} {mutant.place}"]


def tell(verdict: Verdict) -> None:
    sys.stdout.write(f"{verdict.said:24} {verdict.seconds:5.0f} s  {verdict.mutant.what} ({verdict.mutant.place})\n")
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
