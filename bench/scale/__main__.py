"""Databases of many installations, and how long each page takes on them.

python -m bench.scale seed postgres 1000000 --database scale1m
python -m bench.scale time postgres scale1m --only "^Support"
python -m bench.scale table postgres scale10k scale1m
python -m bench.scale drop postgres scale1m
python -m bench.scale figures scale200k
"""

import argparse
import sys

from bench.scale import databases, pages, part, work


def main() -> None:
    options = parsed()
    match options.act:
        case "seed":
            name = options.database or databases.name_of(options.installations)
            databases.make(options.installations, options.engine, name)
        case "time":
            pages.measure(options.engine, options.database, options.only, options.rounds, lists=not options.few)
        case "work":
            work.measure(options.engine, options.database)
        case "table":
            sys.stdout.write(f"{part.tables_of(options.engine, options.small, options.large)}\n")
        case "figures":
            databases.write_figures(options.database)
        case "drop":
            databases.drop(options.engine, options.database)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench.scale", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    acts = parser.add_subparsers(dest="act", required=True)
    about = {
        "seed": "fill a database, in place of one of that name",
        "time": "time the pages of a filled one",
        "work": "measure exchanges, calls, installations, deliveries and jobs on a copy of it",
        "table": "two that were timed, side by side",
        "drop": "take it away",
        "figures": "write down what SQLite plans by, as it is found in one of SQLite",
    }
    of = {act: acts.add_parser(act, help=words) for act, words in about.items()}
    for act in acts.choices.keys() - {"figures"}:
        of[act].add_argument("engine", choices=("postgres", "sqlite"))
    of["seed"].add_argument("installations", type=int)
    of["seed"].add_argument("--database", help="its name")
    of["time"].add_argument("database")
    of["time"].add_argument("--only", default="", help="pages whose name this expression is found in")
    of["time"].add_argument("--rounds", type=int, default=pages.ROUNDS)
    of["time"].add_argument("--few", action="store_true", help="without the filters and sorts that lists lead to")
    of["work"].add_argument("database")
    of["table"].add_argument("small")
    of["table"].add_argument("large")
    of["drop"].add_argument("database")
    of["figures"].add_argument("database")
    return parser.parse_args()


if __name__ == "__main__":
    main()
