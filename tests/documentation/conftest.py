"""Credentials that are right, and no refusal noted before, as for the tests of the exchange."""

from tests.exchange.conftest import nothing_noted, right

__all__ = ["nothing_noted", "right"]
