"""What keeps a backup from being taken, read or put back."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import Error

from linnapp.errors import NotPossible

# Of what Django wraps, and of the drivers themselves, whose connections are used without it.
OF_DATABASES = (Error, sqlite3.Error, psycopg.Error)


class NoBackup(NotPossible):
    """This file is no whole backup, or holds what these keys cannot read."""


@contextmanager
def database_told(outcome: str) -> Iterator[None]:
    """Raises NotPossible, with the outcome, wherever the database refuses, breaks off or is away."""
    try:
        yield
    except OF_DATABASES as error:
        raise NotPossible(f"The database says: {said(error)}. {outcome}") from error


def said(error: Exception) -> str:
    """Its first line, without a dot at its end: later ones quote rows."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")
