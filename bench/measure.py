"""What `make bench` does: measures each part, prints its figures and writes them to docs/performance.md."""

import argparse
import sys
from collections.abc import Callable

from bench import deliveries, exchanges, flood
from bench.scale import part as scale
from tests.kit.portal import ROOT

DOCUMENT = ROOT / "docs" / "performance.md"
PARTS: dict[str, Callable[[float], tuple[str, bool]]] = {
    "exchanges": exchanges.part,
    "flood": flood.part,
    "deliveries": deliveries.part,
    "scale": scale.part,
}


def write(name: str, figures: str) -> None:
    begin, end = f"<!-- {name}: written by make bench -->", f"<!-- end of {name} -->"
    before, _, rest = DOCUMENT.read_text().partition(begin)
    DOCUMENT.write_text(f"{before}{begin}\n{figures}\n{end}{rest.partition(end)[2]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of one run, or about")
    parser.add_argument("--only", choices=PARTS, help="measure only this part")
    parser.add_argument("--print", action="store_true", help="print the figures, write no document")
    options = parser.parse_args()
    for name in [options.only] if options.only else PARTS:
        figures, whole = PARTS[name](options.seconds)
        sys.stdout.write(f"{figures}\n\n")
        if whole and not options.print:
            write(name, figures)


if __name__ == "__main__":
    main()
