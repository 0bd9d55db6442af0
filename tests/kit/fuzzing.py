"""How many examples the tests make up: few in every run, many by hand (`FUZZ=100`, docs/testing.md)."""

import os


def examples(usual: int) -> int:
    return usual * int(os.environ.get("FUZZ", "1"))
